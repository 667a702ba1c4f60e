/* SPDX-License-Identifier: Apache-2.0 */
/* A mint: a directory with its secret key, the epochs, the ledger and the accounts. */
#ifndef LEWES_MINT_MINT_H
#define LEWES_MINT_MINT_H

#include <lewes/mint.h>

#include "mint/key_file.h"

#define MINT_DIRECTORY "/var/lib/lewes-mint"
#define MINT_SECRET "secret"        /* ecash.md E5, raw */
#define MINT_BEFORE "secret.before" /* of the epochs before */
#define MINT_EPOCHS "epochs"
#define MINT_LEDGER "ledger"
#define MINT_ACCOUNTS "accounts"
#define MINT_PATH_CAP 4096

struct mint {
    struct lewes_env env;
    int dir;
    const char *path; /* borrowed */
    struct lewes_ecash *ecash;
    struct lewes_mint_secret secret;
    size_t key_len;
    uint8_t key_bytes[LEWES_MINT_KEY_MAX]; /* of the secret */
    struct lewes_ecash_key *key;
    struct key_file *epochs;
    struct key_epoch epoch; /* the last; under it books are issued */
};

/* Opens the directory and reads the secret key. mint_open_epoch() also reads the epochs and checks
 * that the last has the key of the secret. Both return an exit code and have said why; on success
 * mint_close() is due. */
int mint_open_secret(struct mint *mint, const char *directory);
int mint_open_epoch(struct mint *mint, const char *directory);
void mint_close(struct mint *mint);

/* The path of a file of the mint. */
void mint_path(char out[MINT_PATH_CAP], const char *directory, const char *name);

#endif
