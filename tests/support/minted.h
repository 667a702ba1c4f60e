/* SPDX-License-Identifier: Apache-2.0 */
/* A mint of one authority, and books from it. */
#ifndef TESTS_SUPPORT_MINTED_H
#define TESTS_SUPPORT_MINTED_H

#include <lewes/mint.h>

struct minted {
    const struct lewes_env *env;
    struct lewes_ecash *ecash;
    struct lewes_ecash_key *key;
    struct lewes_mint_secret secret;
    uint8_t bytes[LEWES_MINT_KEY_MAX]; /* verification key */
    size_t len;
};

/* `env` must outlive it. */
void minted_open(struct minted *minted, const struct lewes_env *env);
void minted_close(struct minted *minted);

/* A book of a new user, epoch 1. */
void minted_book(const struct minted *minted, enum lewes_ticket_type type, uint32_t expiration,
                 struct lewes_book *book);

#endif
