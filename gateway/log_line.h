/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the log, as text or as JSON. Both are printable ASCII whatever the fields hold. */
#ifndef LEWES_GATEWAY_LOG_LINE_H
#define LEWES_GATEWAY_LOG_LINE_H

#include "gateway/log.h"

#define LOG_LINE_MAX 4096 /* every field at its longest, each byte escaped */

struct log_style {
    bool json;
    int addresses; /* enum settings_log_addresses */
};

struct log_head {
    uint64_t unix_ms;
    enum settings_log_level level;
    const char *event;
    uint64_t dropped; /* lines of this event that were left out before this one */
};

/* Writes a line with its newline, no NUL; returns its length. */
size_t log_line_format(char line[LOG_LINE_MAX], const struct log_style *style,
                       const struct log_head *head, const struct log_fields *fields);

#endif
