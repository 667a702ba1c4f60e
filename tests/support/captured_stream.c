/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/captured_stream.h"

#include <stdlib.h>

void captured_stream_begin(struct captured_stream *captured, FILE **stream)
{
    *captured = (struct captured_stream){.stream = stream, .before = *stream};
    *stream = open_memstream(&captured->text, &captured->len);
    if (!*stream)
        abort();
}

char *captured_stream_end(struct captured_stream *captured)
{
    fclose(*captured->stream);
    *captured->stream = captured->before;
    return captured->text;
}
