/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_TICKET_WITHDRAW_H
#define LEWES_CLIENT_TICKET_WITHDRAW_H

#include "client/books.h"
#include "client/ticket_options.h"

/* Gets a book from a mint into `books`, the directory `path`; goes on with a request that is under
 * way. Returns an exit code, after a complaint if it is not EXIT_DONE. */
int ticket_withdraw(const struct ticket_arguments *arguments, struct lewes_books *books,
                    const char *path);

#endif
