/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/command_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/captured_stream.h"

#define WORDS_MAX 32

enum parse_result words_parse(words_parser *parser, const char *const *words, FILE **stream,
                              char **said)
{
    /* What was parsed points into them. */
    static char copies[WORDS_MAX][WORDS_CAP], *argv[WORDS_MAX + 1];
    struct captured_stream captured;
    int argc = 1;
    snprintf(copies[0], WORDS_CAP, "command");
    argv[0] = copies[0];
    for (; words[argc - 1]; argc++) {
        assert_in_range(argc, 1, WORDS_MAX - 1);
        snprintf(copies[argc], WORDS_CAP, "%s", words[argc - 1]);
        argv[argc] = copies[argc];
    }
    argv[argc] = NULL;
    captured_stream_begin(&captured, stream);
    enum parse_result result = parser(argc, argv);
    *said = captured_stream_end(&captured);
    return result;
}

void words_accept(words_parser *parser, const char *const *words)
{
    char *said;
    enum parse_result result = words_parse(parser, words, &stderr, &said);
    assert_string_equal(said, "");
    assert_int_equal(result, PARSE_GO);
    free(said);
}

void words_refuse(words_parser *parser, const char *part, const char *const *words)
{
    char *said;
    assert_int_equal(words_parse(parser, words, &stderr, &said), PARSE_BAD);
    if (!strstr(said, part))
        fail_msg("'%s' is not in: %s", part, said);
    free(said);
}
