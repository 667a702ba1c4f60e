/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines as words that end with NULL, and what a command says of them. */
#ifndef TESTS_SUPPORT_COMMAND_WORDS_H
#define TESTS_SUPPORT_COMMAND_WORDS_H

#include <stdio.h>

#include "client/command.h"

#define WORDS_CAP 320 /* of one, with its NUL */

typedef enum parse_result words_parser(int argc, char **argv);

/* What is written to `stream` meanwhile is the caller's to free(). */
enum parse_result words_parse(words_parser *parser, const char *const *words, FILE **stream,
                              char **said);

/* Nothing is said, and the command can go. */
void words_accept(words_parser *parser, const char *const *words);
/* It is refused, in words in which `part` stands. */
void words_refuse(words_parser *parser, const char *part, const char *const *words);

#endif
