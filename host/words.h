/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people write them: hexadecimal, dates, numbers, ticket types. */
#ifndef LEWES_HOST_WORDS_H
#define LEWES_HOST_WORDS_H

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
/* 00:00 UTC of that day. */
uint32_t day_of(uint64_t seconds);

/* Decimal digits, at most `most`. */
bool number_read(uint64_t *number, const char *text, uint64_t most);

#define TICKET_TYPES 4 /* registration.md 3 */
/* By enum lewes_ticket_type. */
extern const char *const ticket_type_names[TICKET_TYPES];
/* The name, or the number. */
bool ticket_type_read(enum lewes_ticket_type *type, const char *text);
const char *ticket_type_name(enum lewes_ticket_type type);

#endif
