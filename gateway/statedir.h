/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of the database, which one lewesd at a time may use (gateway.md G1.5). */
#ifndef LEWES_GATEWAY_STATEDIR_H
#define LEWES_GATEWAY_STATEDIR_H

#include "gateway/settings.h"

#define STATEDIR_ERROR_TEXT 512

struct statedir_error {
    char text[STATEDIR_ERROR_TEXT];
};

/* Returns the path in a storage url "sqlite:PATH", NULL for any other url. */
const char *statedir_database(const char *url);

/*
 * Locks the directory of the database until the returned descriptor is closed or the program ends.
 *
 * @param database    path of the database file, below SETTINGS_TEXT bytes
 * @param[out] error  on error: what is wrong and what to do
 * @return a descriptor, or -1
 */
int statedir_lock(const char *database, struct statedir_error *error);

#endif
