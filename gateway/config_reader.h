/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The INI dialect of the configuration: `[section]`, `key = value`, `#` at the start of a line or
 * of a value or after a blank begins a comment. No quotes, no escapes, no line continues on the
 * next.
 */
#ifndef LEWES_GATEWAY_CONFIG_READER_H
#define LEWES_GATEWAY_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>

struct config_span {
    const char *text; /* no NUL at the end */
    size_t len;
};

struct config_reader {
    const char *text;
    size_t len;
    size_t at;
    unsigned line;              /* of the last item or error, from 1 */
    struct config_span section; /* of the last item; empty before the first [section] */
    const char *why;            /* of an error */
};

enum config_read { CONFIG_READ_ITEM, CONFIG_READ_END, CONFIG_READ_BAD };

void config_reader_init(struct config_reader *reader, const char *text, size_t len);

/* Reads up to the next `key = value`. The spans point into the text. After CONFIG_READ_BAD there
 * is nothing more to read. */
enum config_read config_reader_next(struct config_reader *reader, struct config_span *key,
                                    struct config_span *value);

/* Can a file say this value? It has no blanks around it, no comment and no control characters. */
bool config_reader_can_say(struct config_span value);

#endif
