/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket books in words and in JSON, without their secrets. */
#ifndef LEWES_CLIENT_TICKET_REPORT_H
#define LEWES_CLIENT_TICKET_REPORT_H

#include <jansson.h>

#include "client/books.h"

/* "can be read by others; chmod 600 it" and so on, from errno of a book that could not be read. */
const char *ticket_fault(int error);

/* A line of the list, and the line above all of them. */
void ticket_put_head(void);
void ticket_put_line(const char *file, const struct lewes_book *book);

/* Everything about one book that is no secret; `good`: its signatures hold. */
void ticket_put_book(const char *file, const struct lewes_book *book, bool good);

json_t *ticket_json(const char *file, const struct lewes_book *book);

/* Writes and releases it. Returns 0, or -1. */
int ticket_put_json(json_t *root);

#endif
