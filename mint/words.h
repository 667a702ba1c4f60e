/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people write them: hexadecimal, dates, times, numbers, ticket types. */
#ifndef LEWES_MINT_WORDS_H
#define LEWES_MINT_WORDS_H

#include <stdbool.h>
#include <sys/types.h>

#include <lewes/mint.h>

#define DATE_CAP 11 /* YYYY-MM-DD, NUL */

/* `out` has room for 2 * len + 1. */
void hex_write(char *out, const uint8_t *bytes, size_t len);
/* Lower-case digits only. Returns the number of bytes, or -1: not hexadecimal, more than `cap`. */
ssize_t hex_read(uint8_t *out, size_t cap, const char *text);

/* YYYY-MM-DD of 2020 to 2105, as Unix seconds of 00:00 UTC. */
bool date_read(uint32_t *seconds, const char *text);
void date_write(char out[DATE_CAP], uint32_t seconds);

/* Decimal digits, at most `most`. */
bool number_read(uint64_t *number, const char *text, uint64_t most);

bool type_read(enum lewes_ticket_type *type, const char *text);
const char *type_name(enum lewes_ticket_type type);

/* Of the clock, or of --at. False: `text` is no time between 2020 and 2105. */
bool time_read(uint64_t *seconds, const char *text);
/* 00:00 UTC of that day. */
uint32_t day_of(uint64_t seconds);

#endif
