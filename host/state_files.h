/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that a program keeps in directories of its own: 0600 in 0700, replaced as a whole
 * or not at all. */
#ifndef LEWES_HOST_STATE_FILES_H
#define LEWES_HOST_STATE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens a directory; it and its parents are made (0700) if they are missing. Returns a descriptor,
 * or -1 with errno, EPERM if others may write there. */
int state_dir_open(const char *path);

/* Reads all of a file. Returns its length; -1 with errno, EPERM if others may read or write it,
 * EFBIG if it is longer than `cap`. */
ssize_t state_file_read(int dir, const char *name, uint8_t *out, size_t cap);

/* Writes NAME.new and renames it, each made durable. Returns 0; or -1 with errno, ENOTSUP if there
 * is something that is no file, and the file is as it was. If only the last step fails, the sync of
 * the directory, the new file is in place, and either may be there after a crash of the machine. */
int state_file_replace(int dir, const char *name, const uint8_t *bytes, size_t len);

#endif
