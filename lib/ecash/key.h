/* SPDX-License-Identifier: Apache-2.0 */
/* A verification key (ecash.md 2), with what follows from it. Read-only once made. */
#ifndef LEWESI_ECASH_KEY_H
#define LEWESI_ECASH_KEY_H

#include "lib/ecash/generators.h"

#define LEWESI_KEY_ELEMENTS_MIN 4                   /* ecash.md E6 */
#define LEWESI_KEY_ELEMENTS_MAX 8                   /* ecash.md E6 */
#define LEWESI_KEY_LEN(n) (104 + 144 * (size_t)(n)) /* ecash.md E5 */
#define LEWESI_KEY_LEN_MAX LEWESI_KEY_LEN(LEWESI_KEY_ELEMENTS_MAX)

enum {
    LEWESI_TABLE_ALPHA,
    LEWESI_TABLE_G2,
    LEWESI_TABLE_BETA0,
    LEWESI_TABLE_BETA1,
    LEWESI_TABLE_BETA2,
    LEWESI_G2_TABLES
};

struct lewes_ecash_key {
    struct lewes_env env;
    const struct lewes_ecash *ecash;
    size_t len;
    uint8_t bytes[LEWESI_KEY_LEN_MAX];
    blst_p2 alpha;
    blst_p1 beta_g1[LEWESI_KEY_ELEMENTS_MIN]; /* those beyond the fourth are only hashed */
    blst_p2 beta_g2[LEWESI_KEY_ELEMENTS_MIN];
    blst_p2 expiration; /* EXP * beta2 */
    blst_p2 index;      /* IDX * (beta1 + beta2) */
    blst_p2_affine table[LEWESI_G2_TABLES][LEWESI_TABLE];
};

#endif
