/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts of ecash.md 6, and the keys to come to them. */
#ifndef LEWES_MINT_VERDICT_H
#define LEWES_MINT_VERDICT_H

#include <stdbool.h>

#include "mint/key_file.h"

#define VERDICT_TOLERANCE 30 /* seconds between the clocks of client and gateway */

/* A key file with its keys in use. */
struct verdict_keys {
    struct lewes_env env;
    struct lewes_ecash *ecash;
    struct key_file *file;
    struct lewes_ecash_key *keys[KEY_FILE_EPOCHS];
};

/* Returns 0; -1 and has said why. verdict_keys_close() is due in both cases. */
int verdict_keys_open(struct verdict_keys *keys, const char *path);
void verdict_keys_close(struct verdict_keys *keys);

struct verdict_question {
    const uint8_t *payment;
    size_t len;
    const uint8_t *pay_info;
    uint64_t epoch;
    uint32_t day; /* spend date */
    bool accept_unbound;
};

/* Steps 1, 5 and 7 to 11. Returns NULL if the payment is valid, else the verdict, such as E_PROOF.
 */
const char *verdict_of(const struct verdict_keys *keys, const struct verdict_question *question,
                       struct lewes_ticket *ticket);

/* E_FORM for what is no ticket error. */
const char *verdict_name(enum lewes_error error);

#endif
