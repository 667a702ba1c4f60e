/* SPDX-License-Identifier: Apache-2.0 */
/* A book in a file, whose coins are used one after the other. It shares its lock file with the
 * client: FILE.lock, a byte for each coin and one for the book. */
#ifndef LEWES_MINT_BOOK_FILE_H
#define LEWES_MINT_BOOK_FILE_H

#include <lewes/mint.h>

/* Takes the next free coin for a payment on `day`: it is marked in the file, durably, before this
 * returns, and never free again. `book` is secret, and the caller's to wipe. Returns 0; -1 with
 * errno: EBADMSG not a book, or damaged; EPERM others may read it; ERANGE no book of that day;
 * ENOSPC all coins are used. */
int book_file_take(const char *path, uint32_t day, struct lewes_book *book, unsigned *coin);

#endif
