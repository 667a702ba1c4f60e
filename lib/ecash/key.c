/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ecash/key.h"

#include <string.h>

#include "lib/base/env.h"

/* E6: both halves of an element hold the same secret. */
static bool is_pair(const blst_p1_affine *beta_g1, const blst_p2_affine *beta_g2)
{
    return lewesi_pairings_equal(beta_g1, blst_p2_affine_generator(), blst_p1_affine_generator(),
                                 beta_g2);
}

static bool read_element(struct lewes_ecash_key *key, size_t i, const uint8_t *g1,
                         const uint8_t *g2)
{
    blst_p1_affine beta_g1;
    blst_p2_affine beta_g2;

    if (!lewesi_g1_decode(&beta_g1, g1) || !lewesi_g2_decode(&beta_g2, g2) ||
        !is_pair(&beta_g1, &beta_g2))
        return false;
    if (i >= LEWESI_KEY_ELEMENTS_MIN)
        return true;
    if (blst_p1_affine_is_inf(&beta_g1) || blst_p2_affine_is_inf(&beta_g2))
        return false;
    blst_p1_from_affine(&key->beta_g1[i], &beta_g1);
    blst_p2_from_affine(&key->beta_g2[i], &beta_g2);
    return true;
}

/* E5, E6 */
static bool read_key(struct lewes_ecash_key *key)
{
    struct lewesi_reader r;
    blst_p2_affine alpha;

    lewesi_reader_init(&r, key->bytes, key->len);
    const uint8_t *const alpha_bytes = lewesi_read_bytes(&r, LEWESI_G2_LEN);
    const uint64_t n = lewesi_read_u64le(&r);
    if (r.failed || n < LEWESI_KEY_ELEMENTS_MIN || n > LEWESI_KEY_ELEMENTS_MAX ||
        key->len != LEWESI_KEY_LEN(n) || !lewesi_g2_decode(&alpha, alpha_bytes) ||
        blst_p2_affine_is_inf(&alpha))
        return false;
    blst_p2_from_affine(&key->alpha, &alpha);
    const uint8_t *const g1 = lewesi_read_bytes(&r, (size_t)n * LEWESI_G1_LEN);
    const uint8_t *const g2 = lewesi_read_bytes(&r, (size_t)n * LEWESI_G2_LEN);
    for (size_t i = 0; i < n; i++)
        if (!read_element(key, i, g1 + i * LEWESI_G1_LEN, g2 + i * LEWESI_G2_LEN))
            return false;
    return true;
}

static void precompute(struct lewes_ecash_key *key)
{
    const blst_p2 *const points[LEWESI_G2_TABLES] = {
        &key->alpha, blst_p2_generator(), &key->beta_g2[0], &key->beta_g2[1], &key->beta_g2[2]};
    blst_p2_affine affine[LEWESI_G2_TABLES];
    const blst_p2_affine *list[LEWESI_G2_TABLES];
    lewesi_scalar type;
    blst_p2 sum;

    for (size_t i = 0; i < LEWESI_G2_TABLES; i++) {
        blst_p2_to_affine(&affine[i], points[i]);
        list[i] = &affine[i];
    }
    blst_p2s_mult_wbits_precompute(key->table[0], LEWESI_WINDOW, list, LEWESI_G2_TABLES);
    (void)lewesi_scalar_decode(&type, lewesi_exp_type);
    lewesi_g2_mul(&key->expiration, &key->beta_g2[2], &type);
    blst_p2_add_or_double(&sum, &key->beta_g2[1], &key->beta_g2[2]);
    (void)lewesi_scalar_decode(&type, lewesi_idx_type);
    lewesi_g2_mul(&key->index, &sum, &type);
}

enum lewes_error lewes_ecash_key_new(struct lewes_ecash_key **key, const struct lewes_env *env,
                                     const struct lewes_ecash *ecash, const uint8_t *bytes,
                                     size_t len)
{
    struct lewes_ecash_key *made;

    if (len > LEWESI_KEY_LEN_MAX)
        return LEWES_ERROR_KEY;
    made = lewesi_allocate(env, sizeof *made);
    if (made == NULL)
        return LEWES_ERROR_MEMORY;
    made->env = *env;
    made->ecash = ecash;
    made->len = len;
    memcpy(made->bytes, bytes, len);
    if (!read_key(made)) {
        lewes_ecash_key_free(made);
        return LEWES_ERROR_KEY;
    }
    precompute(made);
    *key = made;
    return LEWES_OK;
}

void lewes_ecash_key_free(struct lewes_ecash_key *key)
{
    struct lewes_env env;

    if (key == NULL)
        return;
    env = key->env;
    lewesi_release(&env, key, sizeof *key);
}
