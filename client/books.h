/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket books in a directory, a file each (ecash.md 10), and the coins of a running registration.
 * A coin that is reserved is locked, not written down: whatever ends the process gives it back. A
 * coin that is about to leave is marked in its book, durably, and never again free
 * (registration.md 4, R10).
 */
#ifndef LEWES_CLIENT_BOOKS_H
#define LEWES_CLIENT_BOOKS_H

#include <lewes/client.h>
#include <lewes/mint.h>

#define BOOK_NAME_CAP 64

/* Takes in a book: writes it as a file of the directory, whose name is set. Returns 0; -1 with
 * errno, EEXIST if it is there already, EBADMSG if its signatures do not hold. */
int books_add(struct lewes_books *books, const struct lewes_book *book, char name[BOOK_NAME_CAP]);

/* Calls `each` for every book that can be read, those that expire first before the others; for a
 * damaged or exposed file `book` is NULL and errno set. Returns 0; -1 with errno. */
int books_each(struct lewes_books *books,
               void (*each)(void *user, const char *name, const struct lewes_book *book),
               void *user);

/* Is there a book of this name already? `name` is set to it. */
bool books_have(struct lewes_books *books, const struct lewes_book *book, char name[BOOK_NAME_CAP]);

/* Why there is no coin of a type: half a sentence. */
void books_explain(void *books, enum lewes_ticket_type type, char *out, size_t cap);

unsigned books_coins_left(const struct lewes_book *book);

/* Can the book be spent from on the day of `unix_seconds`? */
bool books_serves(const struct lewes_book *book, uint64_t unix_seconds);

#endif
