/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes of blocking descriptors, as long as it takes. */
#ifndef LEWES_HOST_IO_H
#define LEWES_HOST_IO_H

#include <stddef.h>
#include <sys/types.h>

/* Reads `cap` bytes, or what there is until the end. Returns how many; -1 with errno. */
ssize_t io_read(int fd, void *out, size_t cap);

/* Reads all there is. Returns its length; -1 with errno, EFBIG if it is longer than `cap`. */
ssize_t io_read_all(int fd, void *out, size_t cap);

/* Returns 0 if all was written; -1 with errno. */
int io_write(int fd, const void *bytes, size_t len);

/* A new name is on disk only once its directory is. Syncs the one that holds `path`; -1 with
 * errno. */
int io_sync_directory(const char *path);

#endif
