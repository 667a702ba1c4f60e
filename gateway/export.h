/* SPDX-License-Identifier: Apache-2.0 */
/* What a gateway has been paid, for whoever settles it (ecash.md E27). */
#ifndef LEWES_GATEWAY_EXPORT_H
#define LEWES_GATEWAY_EXPORT_H

#include <stdint.h>
#include <stdio.h>

#define EXPORT_ERROR_TEXT 512

struct export_error {
    char text[EXPORT_ERROR_TEXT];
};

/*
 * Writes a line of JSON for each spent ticket and for each second payment of a coin, as they are at
 * one moment. The database is only read; a lewesd may work on it meanwhile.
 *
 * @param path        of the database
 * @param timeout     ms to wait for another program's lock
 * @param[out] error  on error: what is wrong and what to do
 * @return 0, or -1: what was written until then is not all
 */
int export_tickets(FILE *out, const char *path, uint64_t timeout, struct export_error *error);

#endif
