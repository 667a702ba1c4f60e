/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of an authority (ecash.md E5). */
#include "lib/ecash/authority.h"

#include <string.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"

#define WIDE_LEN 64  /* reduced modulo r, so many random bytes are uniform */
#define DRAWS_MAX 16 /* a source that gives zero so often is broken */

enum lewes_error lewesi_scalar_draw(lewesi_scalar *scalar, const struct lewes_env *env)
{
    uint8_t wide[WIDE_LEN];
    enum lewes_error error = LEWES_ERROR_RANDOM;

    for (unsigned i = 0; i < DRAWS_MAX && error != LEWES_OK; i++) {
        if (lewesi_random(env, wide, sizeof wide) != LEWES_OK)
            break;
        lewesi_scalar_reduce(scalar, wide);
        if (!lewesi_scalar_is_zero(scalar))
            error = LEWES_OK;
    }
    if (error != LEWES_OK)
        lewesi_wipe(scalar, sizeof *scalar);
    lewesi_wipe(wide, sizeof wide);
    return error;
}

static enum lewes_error draw_bytes(uint8_t out[LEWESI_SCALAR_LEN], const struct lewes_env *env)
{
    lewesi_scalar scalar;
    const enum lewes_error error = lewesi_scalar_draw(&scalar, env);

    lewesi_scalar_encode(out, &scalar);
    lewesi_wipe(&scalar, sizeof scalar);
    return error;
}

enum lewes_error lewes_mint_generate(struct lewes_mint_secret *secret, unsigned elements,
                                     const struct lewes_env *env)
{
    enum lewes_error error;

    lewesi_wipe(secret, sizeof *secret);
    if (elements < LEWES_MINT_ELEMENTS_MIN || elements > LEWES_MINT_ELEMENTS_MAX)
        return LEWES_ERROR_ARGUMENT;
    error = draw_bytes(secret->x, env);
    for (unsigned i = 0; i < elements && error == LEWES_OK; i++)
        error = draw_bytes(secret->y[i], env);
    if (error == LEWES_OK)
        secret->elements = elements;
    else
        lewesi_wipe(secret, sizeof *secret);
    return error;
}

/* ---- E5 ---- */

size_t lewes_mint_secret_write(uint8_t out[LEWES_MINT_SECRET_MAX],
                               const struct lewes_mint_secret *secret)
{
    struct lewesi_writer w;

    lewesi_writer_init(&w, out, LEWES_MINT_SECRET_MAX);
    lewesi_write_copy(&w, secret->x, sizeof secret->x);
    lewesi_write_u64le(&w, secret->elements);
    for (unsigned i = 0; i < secret->elements; i++)
        lewesi_write_copy(&w, secret->y[i], sizeof secret->y[i]);
    return w.at;
}

enum lewes_error lewes_mint_secret_read(struct lewes_mint_secret *secret, const uint8_t *bytes,
                                        size_t len)
{
    struct lewesi_authority authority;
    struct lewesi_reader r;
    enum lewes_error error = LEWES_ERROR_KEY;

    lewesi_wipe(secret, sizeof *secret);
    lewesi_reader_init(&r, bytes, len);
    lewesi_read_copy(&r, secret->x, sizeof secret->x);
    const uint64_t elements = lewesi_read_u64le(&r);
    if (elements >= LEWES_MINT_ELEMENTS_MIN && elements <= LEWES_MINT_ELEMENTS_MAX) {
        secret->elements = (unsigned)elements;
        for (unsigned i = 0; i < elements; i++)
            lewesi_read_copy(&r, secret->y[i], sizeof secret->y[i]);
        if (lewesi_reader_done(&r))
            error = lewesi_authority_open(&authority, secret);
        lewesi_wipe(&authority, sizeof authority);
    }
    if (error != LEWES_OK)
        lewesi_wipe(secret, sizeof *secret);
    return error;
}

static bool open_scalar(lewesi_scalar *scalar, const uint8_t bytes[LEWESI_SCALAR_LEN])
{
    return lewesi_scalar_decode(scalar, bytes) && !lewesi_scalar_is_zero(scalar);
}

enum lewes_error lewesi_authority_open(struct lewesi_authority *authority,
                                       const struct lewes_mint_secret *secret)
{
    bool good = open_scalar(&authority->x, secret->x) &&
                secret->elements >= LEWES_MINT_ELEMENTS_MIN &&
                secret->elements <= LEWES_MINT_ELEMENTS_MAX;

    for (unsigned i = 0; good && i < secret->elements; i++)
        good = open_scalar(&authority->y[i], secret->y[i]);
    if (!good)
        lewesi_wipe(authority, sizeof *authority);
    return good ? LEWES_OK : LEWES_ERROR_KEY;
}

size_t lewes_mint_key_write(uint8_t out[LEWES_MINT_KEY_MAX], const struct lewes_mint_secret *secret)
{
    struct lewesi_authority authority;
    struct lewesi_writer w;
    blst_p1 g1;
    blst_p2 g2;

    lewesi_writer_init(&w, out, LEWES_MINT_KEY_MAX);
    if (lewesi_authority_open(&authority, secret) != LEWES_OK)
        return 0;
    lewesi_g2_mul(&g2, blst_p2_generator(), &authority.x);
    lewesi_g2_encode(lewesi_write_space(&w, LEWESI_G2_LEN), &g2);
    lewesi_write_u64le(&w, secret->elements);
    for (unsigned i = 0; i < secret->elements; i++) {
        lewesi_g1_mul(&g1, blst_p1_generator(), &authority.y[i]);
        lewesi_g1_encode(lewesi_write_space(&w, LEWESI_G1_LEN), &g1);
    }
    for (unsigned i = 0; i < secret->elements; i++) {
        lewesi_g2_mul(&g2, blst_p2_generator(), &authority.y[i]);
        lewesi_g2_encode(lewesi_write_space(&w, LEWESI_G2_LEN), &g2);
    }
    lewesi_wipe(&authority, sizeof authority);
    return w.at;
}

void lewesi_authority_exponent(lewesi_scalar *out, const struct lewesi_authority *authority,
                               const lewesi_scalar attributes[], size_t count)
{
    *out = authority->x;
    for (size_t i = 0; i < count; i++)
        lewesi_scalar_mul_add(out, out, &authority->y[i], &attributes[i]);
}

/* ---- users ---- */

enum lewes_error lewes_user_generate(struct lewes_user_secret *secret, const struct lewes_env *env)
{
    return draw_bytes(secret->bytes, env);
}

enum lewes_error lewes_user_public(uint8_t out[LEWES_USER_KEY_LEN],
                                   const struct lewes_user_secret *secret)
{
    lewesi_scalar scalar;
    blst_p1 point;
    enum lewes_error error = LEWES_ERROR_KEY;

    if (open_scalar(&scalar, secret->bytes)) {
        lewesi_g1_mul(&point, blst_p1_generator(), &scalar);
        lewesi_g1_encode(out, &point);
        error = LEWES_OK;
    }
    lewesi_wipe(&scalar, sizeof scalar);
    return error;
}
