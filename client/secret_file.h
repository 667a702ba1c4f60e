/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold secrets: 0600, replaced as a whole or not at all. */
#ifndef LEWES_CLIENT_SECRET_FILE_H
#define LEWES_CLIENT_SECRET_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads all of `path` into `out`, NUL-terminated. Returns the length; -1 with errno, EACCES with
 * `*exposed` set if others may read or write the file, EFBIG if it does not fit. */
ssize_t secret_file_read(const char *path, char *out, size_t cap, bool *exposed);

/* Writes to a temporary name beside `path`, syncs, renames; -1 with errno, ENOTSUP if there is
 * something that is no file, and nothing left. */
int secret_file_write(const char *path, const char *text, size_t len);

#endif
