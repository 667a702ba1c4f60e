/* SPDX-License-Identifier: Apache-2.0 */
/* What is written to standard output or standard error meanwhile. */
#ifndef TESTS_SUPPORT_CAPTURED_STREAM_H
#define TESTS_SUPPORT_CAPTURED_STREAM_H

#include <stdio.h>

struct captured_stream {
    FILE **stream;
    FILE *before;
    char *text;
    size_t len;
};

/* `stream` is &stdout or &stderr. */
void captured_stream_begin(struct captured_stream *captured, FILE **stream);
/* The text is the caller's to free(). */
char *captured_stream_end(struct captured_stream *captured);

#endif
