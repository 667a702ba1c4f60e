/* SPDX-License-Identifier: Apache-2.0 */
/* The key file of the gateways (ecash.md E9): a line for each epoch. */
#ifndef LEWES_MINT_KEY_FILE_H
#define LEWES_MINT_KEY_FILE_H

#include <stdio.h>

#include <lewes/mint.h>

#define KEY_FILE_EPOCHS 64
#define KEY_FILE_MAX (256 * 1024)
#define KEY_LINE_CAP (2 * LEWES_MINT_KEY_MAX + 128)

struct key_epoch {
    uint64_t number;
    uint32_t from, to; /* first and last spend date */
    size_t len;
    uint8_t bytes[LEWES_MINT_KEY_MAX];
};

struct key_file {
    size_t count;
    struct key_epoch epochs[KEY_FILE_EPOCHS];
};

/* Reads all of it; whether the keys are keys is for lewes_ecash_key_new() to say. Returns 0; -1
 * with the number of the bad line, 0 for the file as a whole. */
int key_file_read(struct key_file *keys, const char *text, size_t len, unsigned *line);

/* Reads a file; has said why if it returns -1. */
int key_file_load(struct key_file *keys, const char *path);

/* NULL: there is none. */
const struct key_epoch *key_file_find(const struct key_file *keys, uint64_t number);
const struct key_epoch *key_file_last(const struct key_file *keys);

/* Writes the line of an epoch with its newline; returns its length. */
size_t key_line_write(char out[KEY_LINE_CAP], const struct key_epoch *epoch);

#endif
