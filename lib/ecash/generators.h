/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed points of the scheme (ecash.md 1), and tables that make their multiples cheap for a
 * verifier. Read-only once made. */
#ifndef LEWESI_ECASH_GENERATORS_H
#define LEWESI_ECASH_GENERATORS_H

#include <lewes/ticket.h>

#include "lib/ecash/curve.h"

#define LEWESI_WINDOW 8 /* bits; a table of a point has 128 multiples */
#define LEWESI_TABLE (1 << (LEWESI_WINDOW - 1))
#define LEWESI_GAMMAS 4
#define LEWESI_SCRATCH_POINTS 8 /* more than any sum over tables has */

enum { LEWESI_TABLE_G1, LEWESI_TABLE_GAMMA1, LEWESI_TABLE_DELTA, LEWESI_G1_TABLES };

struct lewes_ecash {
    struct lewes_env env;
    blst_p1 gamma[LEWESI_GAMMAS], delta;
    uint8_t gamma_bytes[LEWESI_GAMMAS][LEWESI_G1_LEN];
    blst_p1_affine table[LEWESI_G1_TABLES][LEWESI_TABLE]; /* of g1, gamma1, delta */
};

extern const uint8_t lewesi_exp_type[LEWESI_SCALAR_LEN]; /* EXP of ecash.md 1 */
extern const uint8_t lewesi_idx_type[LEWESI_SCALAR_LEN]; /* IDX */

/* The sum of scalars[i] times the points of `count` tables that stand in a row. Not in constant
 * time: public data only. */
void lewesi_g1_sum(blst_p1 *sum, const blst_p1_affine (*tables)[LEWESI_TABLE],
                   const lewesi_scalar scalars[], size_t count);
void lewesi_g2_sum(blst_p2 *sum, const blst_p2_affine (*tables)[LEWESI_TABLE],
                   const lewesi_scalar scalars[], size_t count);

#endif
