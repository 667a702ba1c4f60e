/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_REGISTER_TICKETS_H
#define LEWES_CLIENT_REGISTER_TICKETS_H

#include <lewes/client.h>

#include "client/register_options.h"

/* The directory of the user's ticket books: `given`, or the usual place. NULL after a complaint. */
const char *ticket_directory(const char *command, const char *given, char *out, size_t cap);

/* Opens what the command line pays from. `*books` is to be closed, and NULL with mock tickets.
 * Returns 0, or -1 after a complaint. */
int register_tickets_open(const struct register_arguments *arguments, struct lewes_books **books,
                          struct lewes_ticket_source *source);

/* Tells why books could not be opened, from errno. */
void ticket_directory_fault(const char *command, const char *path);

#endif
