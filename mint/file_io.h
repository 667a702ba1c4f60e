/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are named on the command line; "-" is a standard stream. Both have said why if they
 * fail. */
#ifndef LEWES_MINT_FILE_IO_H
#define LEWES_MINT_FILE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads all of it. `secret`: refused if others may read or write it. Returns the length, or -1. */
ssize_t input_read(const char *path, bool secret, uint8_t *out, size_t cap);

/* Writes 0600, durably, as a whole or not at all; no secret to a terminal. Returns 0, or -1. */
int output_write(const char *path, bool secret, const uint8_t *bytes, size_t len);

/* The directory of a path, and what stands behind the last slash. Returns a descriptor, or -1 with
 * errno. */
int output_directory(const char *path, const char **name);

#endif
