/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between lib/ecash and blst, as backend.c is for lib/crypto. blst has branches of its own that
 * numbers of ours only ever leave at one side: a scalar is below the order of the group, a point is
 * not infinity, what is inverted is not zero. What is public although secrets went into it:
 *
 *   whether 32 bytes are a scalar, and 48 a point: a damaged file is refused;
 *   commitments and what is hashed from them: they are sent, or follow from what is sent (E13,
 * E17); whether a signature holds for a wallet (E15).
 */
#include <string.h>

#include "lib/ecash/curve.h"
#include "tests/support/secret.h"

/* `copy` is `from`, and may be looked at; returns whether that was a secret. */
static bool copy_public(void *copy, const void *from, size_t len)
{
    memcpy(copy, from, len);
    make_public(copy, len);
    return is_secret(from, len);
}

static void mark(void *at, size_t len, bool secret)
{
    if (secret)
        make_secret(at, len);
}

/* ---- scalars ---- */

bool __real_blst_scalar_fr_check(const blst_scalar *a);
bool __wrap_blst_scalar_fr_check(const blst_scalar *a);
void __real_blst_fr_inverse(blst_fr *out, const blst_fr *a);
void __wrap_blst_fr_inverse(blst_fr *out, const blst_fr *a);

bool __wrap_blst_scalar_fr_check(const blst_scalar *a)
{
    bool good = __real_blst_scalar_fr_check(a);
    make_public(&good, sizeof good);
    return good;
}

void __wrap_blst_fr_inverse(blst_fr *out, const blst_fr *a)
{
    blst_fr copy;
    const bool secret = copy_public(&copy, a, sizeof copy);
    __real_blst_fr_inverse(out, &copy);
    mark(out, sizeof *out, secret);
}

/* ---- points ---- */

void __real_blst_p1_mult(blst_p1 *out, const blst_p1 *p, const uint8_t *scalar, size_t bits);
void __wrap_blst_p1_mult(blst_p1 *out, const blst_p1 *p, const uint8_t *scalar, size_t bits);
void __real_blst_p2_mult(blst_p2 *out, const blst_p2 *p, const uint8_t *scalar, size_t bits);
void __wrap_blst_p2_mult(blst_p2 *out, const blst_p2 *p, const uint8_t *scalar, size_t bits);
void __real_blst_p1_compress(uint8_t *out, const blst_p1 *in);
void __wrap_blst_p1_compress(uint8_t *out, const blst_p1 *in);
void __real_blst_p2_compress(uint8_t *out, const blst_p2 *in);
void __wrap_blst_p2_compress(uint8_t *out, const blst_p2 *in);

void __wrap_blst_p1_mult(blst_p1 *out, const blst_p1 *p, const uint8_t *scalar, size_t bits)
{
    blst_p1 point;
    uint8_t number[LEWESI_SCALAR_LEN];
    const bool secret_point = copy_public(&point, p, sizeof point);
    const bool secret_number = copy_public(number, scalar, sizeof number);
    __real_blst_p1_mult(out, &point, number, bits);
    mark(out, sizeof *out, secret_point || secret_number);
}

void __wrap_blst_p2_mult(blst_p2 *out, const blst_p2 *p, const uint8_t *scalar, size_t bits)
{
    blst_p2 point;
    uint8_t number[LEWESI_SCALAR_LEN];
    const bool secret_point = copy_public(&point, p, sizeof point);
    const bool secret_number = copy_public(number, scalar, sizeof number);
    __real_blst_p2_mult(out, &point, number, bits);
    mark(out, sizeof *out, secret_point || secret_number);
}

void __wrap_blst_p1_compress(uint8_t *out, const blst_p1 *in)
{
    blst_p1 point;
    const bool secret = copy_public(&point, in, sizeof point);
    __real_blst_p1_compress(out, &point);
    mark(out, LEWESI_G1_LEN, secret);
}

void __wrap_blst_p2_compress(uint8_t *out, const blst_p2 *in)
{
    blst_p2 point;
    const bool secret = copy_public(&point, in, sizeof point);
    __real_blst_p2_compress(out, &point);
    mark(out, LEWESI_G2_LEN, secret);
}

BLST_ERROR __real_blst_p1_uncompress(blst_p1_affine *out, const uint8_t *in);
BLST_ERROR __wrap_blst_p1_uncompress(blst_p1_affine *out, const uint8_t *in);
bool __real_blst_p1_affine_in_g1(const blst_p1_affine *p);
bool __wrap_blst_p1_affine_in_g1(const blst_p1_affine *p);
bool __real_blst_p1_affine_is_inf(const blst_p1_affine *p);
bool __wrap_blst_p1_affine_is_inf(const blst_p1_affine *p);
void __real_lewesi_hash_to_g1(blst_p1 *point, struct lewesi_span message);
void __wrap_lewesi_hash_to_g1(blst_p1 *point, struct lewesi_span message);
void __real_blst_p2_to_affine(blst_p2_affine *out, const blst_p2 *in);
void __wrap_blst_p2_to_affine(blst_p2_affine *out, const blst_p2 *in);

BLST_ERROR __wrap_blst_p1_uncompress(blst_p1_affine *out, const uint8_t *in)
{
    uint8_t bytes[LEWESI_G1_LEN];
    const bool secret = copy_public(bytes, in, sizeof bytes);
    const BLST_ERROR error = __real_blst_p1_uncompress(out, bytes);
    mark(out, sizeof *out, secret);
    return error;
}

bool __wrap_blst_p1_affine_in_g1(const blst_p1_affine *p)
{
    blst_p1_affine point;
    (void)copy_public(&point, p, sizeof point);
    return __real_blst_p1_affine_in_g1(&point);
}

bool __wrap_blst_p1_affine_is_inf(const blst_p1_affine *p)
{
    blst_p1_affine point;
    (void)copy_public(&point, p, sizeof point);
    return __real_blst_p1_affine_is_inf(&point);
}

/* com, of a request (E13) */
void __wrap_lewesi_hash_to_g1(blst_p1 *point, struct lewesi_span message)
{
    make_public((void *)(uintptr_t)message.data, message.len);
    __real_lewesi_hash_to_g1(point, message);
}

void __wrap_blst_p2_to_affine(blst_p2_affine *out, const blst_p2 *in)
{
    blst_p2 point;
    const bool secret = copy_public(&point, in, sizeof point);
    __real_blst_p2_to_affine(out, &point);
    mark(out, sizeof *out, secret);
}

/* ---- pairings ---- */

bool __real_lewesi_pairings_equal(const blst_p1_affine *p1, const blst_p2_affine *q1,
                                  const blst_p1_affine *p2, const blst_p2_affine *q2);
bool __wrap_lewesi_pairings_equal(const blst_p1_affine *p1, const blst_p2_affine *q1,
                                  const blst_p1_affine *p2, const blst_p2_affine *q2);

bool __wrap_lewesi_pairings_equal(const blst_p1_affine *p1, const blst_p2_affine *q1,
                                  const blst_p1_affine *p2, const blst_p2_affine *q2)
{
    blst_p1_affine left[2];
    blst_p2_affine right[2];
    (void)copy_public(&left[0], p1, sizeof left[0]);
    (void)copy_public(&left[1], p2, sizeof left[1]);
    (void)copy_public(&right[0], q1, sizeof right[0]);
    (void)copy_public(&right[1], q2, sizeof right[1]);
    return __real_lewesi_pairings_equal(&left[0], &right[0], &left[1], &right[1]);
}
