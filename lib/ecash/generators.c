/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ecash/generators.h"

#include <string.h>

#include "lib/base/env.h"

#define SCALAR_BITS 255
/* Of the back end, in limbs: a projective point of G2 has six coordinates of six limbs. */
#define SCRATCH_LIMBS (LEWESI_SCRATCH_POINTS * 36)

const uint8_t lewesi_exp_type[LEWESI_SCALAR_LEN] = "ZKNYMEXPIRATIONDATE4llCBMEypAxr3";
const uint8_t lewesi_idx_type[LEWESI_SCALAR_LEN] = "ZKNYMSINDICESh^7gTYbhnap*12n5GG6";

static void hash_text(blst_p1 *point, const char *text)
{
    lewesi_hash_to_g1(point, (struct lewesi_span){(const uint8_t *)text, strlen(text)});
}

enum lewes_error lewes_ecash_new(struct lewes_ecash **ecash, const struct lewes_env *env)
{
    static const char *const gamma_texts[LEWESI_GAMMAS] = {"gamma1", "gamma2", "gamma3", "gamma4"};
    struct lewes_ecash *const made = lewesi_allocate(env, sizeof *made);
    blst_p1_affine points[LEWESI_G1_TABLES];
    const blst_p1_affine *list[LEWESI_G1_TABLES];

    if (made == NULL)
        return LEWES_ERROR_MEMORY;
    made->env = *env;
    for (size_t i = 0; i < LEWESI_GAMMAS; i++) {
        hash_text(&made->gamma[i], gamma_texts[i]);
        lewesi_g1_encode(made->gamma_bytes[i], &made->gamma[i]);
    }
    hash_text(&made->delta, "delta");
    points[LEWESI_TABLE_G1] = *blst_p1_affine_generator();
    blst_p1_to_affine(&points[LEWESI_TABLE_GAMMA1], &made->gamma[1]);
    blst_p1_to_affine(&points[LEWESI_TABLE_DELTA], &made->delta);
    for (size_t i = 0; i < LEWESI_G1_TABLES; i++)
        list[i] = &points[i];
    blst_p1s_mult_wbits_precompute(made->table[0], LEWESI_WINDOW, list, LEWESI_G1_TABLES);
    *ecash = made;
    return LEWES_OK;
}

void lewes_ecash_free(struct lewes_ecash *ecash)
{
    struct lewes_env env;

    if (ecash == NULL)
        return;
    env = ecash->env;
    lewesi_release(&env, ecash, sizeof *ecash);
}

/* The scalars as the back end reads them. */
struct raw_scalars {
    uint8_t bytes[LEWESI_SCRATCH_POINTS][LEWESI_SCALAR_LEN];
    const uint8_t *list[LEWESI_SCRATCH_POINTS];
};

static void make_raw(struct raw_scalars *raw, const lewesi_scalar scalars[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lewesi_scalar_encode(raw->bytes[i], &scalars[i]);
        raw->list[i] = raw->bytes[i];
    }
}

void lewesi_g1_sum(blst_p1 *sum, const blst_p1_affine (*tables)[LEWESI_TABLE],
                   const lewesi_scalar scalars[], size_t count)
{
    limb_t scratch[SCRATCH_LIMBS];
    struct raw_scalars raw;

    make_raw(&raw, scalars, count);
    blst_p1s_mult_wbits(sum, tables[0], LEWESI_WINDOW, count, raw.list, SCALAR_BITS, scratch);
}

void lewesi_g2_sum(blst_p2 *sum, const blst_p2_affine (*tables)[LEWESI_TABLE],
                   const lewesi_scalar scalars[], size_t count)
{
    limb_t scratch[SCRATCH_LIMBS];
    struct raw_scalars raw;

    make_raw(&raw, scalars, count);
    blst_p2s_mult_wbits(sum, tables[0], LEWESI_WINDOW, count, raw.list, SCALAR_BITS, scratch);
}
