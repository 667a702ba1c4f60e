/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_STANDARD_DIRS_H
#define LEWES_CLIENT_STANDARD_DIRS_H

#include <stddef.h>

/* The directory of this program under $`variable`, or under `fallback` in the home directory if
 * that is not an absolute path (XDG Base Directory Specification). Returns `out`; NULL if there is
 * no home, or it is too long. */
const char *standard_dir(char *out, size_t cap, const char *variable, const char *fallback,
                         const char *name);

#endif
