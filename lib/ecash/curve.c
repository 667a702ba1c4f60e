/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ecash/curve.h"

#include <blst_aux.h>
#include <string.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

#define SCALAR_BITS 255
#define HASH_SCALAR_LEN 48 /* ecash.md 1, HS */

static const char g1_domain[] = "NYMECASH-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_";
static const char scalar_domain[] = "NYMECASH-V01-CS02-with-expander-SHA256";

/* ---- encodings ---- */

bool lewesi_g1_decode(blst_p1_affine *point, const uint8_t bytes[LEWESI_G1_LEN])
{
    return blst_p1_uncompress(point, bytes) == BLST_SUCCESS && blst_p1_affine_in_g1(point);
}

bool lewesi_g2_decode(blst_p2_affine *point, const uint8_t bytes[LEWESI_G2_LEN])
{
    return blst_p2_uncompress(point, bytes) == BLST_SUCCESS && blst_p2_affine_in_g2(point);
}

void lewesi_g1_encode(uint8_t bytes[LEWESI_G1_LEN], const blst_p1 *point)
{
    blst_p1_compress(bytes, point);
}

void lewesi_g2_encode(uint8_t bytes[LEWESI_G2_LEN], const blst_p2 *point)
{
    blst_p2_compress(bytes, point);
}

/* ---- scalars ---- */

bool lewesi_scalar_decode(lewesi_scalar *scalar, const uint8_t bytes[LEWESI_SCALAR_LEN])
{
    blst_scalar raw;
    bool good;

    blst_scalar_from_lendian(&raw, bytes);
    good = blst_scalar_fr_check(&raw);
    if (good)
        blst_fr_from_scalar(scalar, &raw);
    lewesi_wipe(&raw, sizeof raw);
    return good;
}

void lewesi_scalar_encode(uint8_t bytes[LEWESI_SCALAR_LEN], const lewesi_scalar *scalar)
{
    blst_scalar raw;

    blst_scalar_from_fr(&raw, scalar);
    blst_lendian_from_scalar(bytes, &raw);
    lewesi_wipe(&raw, sizeof raw);
}

void lewesi_scalar_of(lewesi_scalar *scalar, uint64_t number)
{
    const uint64_t limbs[4] = {number};

    blst_fr_from_uint64(scalar, limbs);
}

void lewesi_scalar_reduce(lewesi_scalar *scalar, const uint8_t bytes[64])
{
    blst_scalar raw;

    /* The result says whether it is zero, which is no error here (ecash.md 12). */
    (void)blst_scalar_from_le_bytes(&raw, bytes, 64);
    blst_fr_from_scalar(scalar, &raw);
    lewesi_wipe(&raw, sizeof raw);
}

bool lewesi_scalar_is_zero(const lewesi_scalar *scalar)
{
    uint8_t bytes[LEWESI_SCALAR_LEN];
    bool zero;

    lewesi_scalar_encode(bytes, scalar);
    zero = lewesi_is_zero(bytes, sizeof bytes);
    lewesi_wipe(bytes, sizeof bytes);
    return zero;
}

void lewesi_scalar_mul_add(lewesi_scalar *out, const lewesi_scalar *a, const lewesi_scalar *b,
                           const lewesi_scalar *c)
{
    lewesi_scalar product;

    blst_fr_mul(&product, b, c);
    blst_fr_add(out, a, &product);
    lewesi_wipe(&product, sizeof product);
}

/* ---- multiplication ---- */

void lewesi_g1_mul(blst_p1 *out, const blst_p1 *point, const lewesi_scalar *scalar)
{
    uint8_t bytes[LEWESI_SCALAR_LEN];

    lewesi_scalar_encode(bytes, scalar);
    blst_p1_mult(out, point, bytes, SCALAR_BITS);
    lewesi_wipe(bytes, sizeof bytes);
}

void lewesi_g2_mul(blst_p2 *out, const blst_p2 *point, const lewesi_scalar *scalar)
{
    uint8_t bytes[LEWESI_SCALAR_LEN];

    lewesi_scalar_encode(bytes, scalar);
    blst_p2_mult(out, point, bytes, SCALAR_BITS);
    lewesi_wipe(bytes, sizeof bytes);
}

void lewesi_g1_mul_add(blst_p1 *out, const blst_p1 *point, const lewesi_scalar *scalar)
{
    blst_p1 product;

    lewesi_g1_mul(&product, point, scalar);
    blst_p1_add_or_double(out, out, &product);
    lewesi_wipe(&product, sizeof product);
}

void lewesi_g2_mul_add(blst_p2 *out, const blst_p2 *point, const lewesi_scalar *scalar)
{
    blst_p2 product;

    lewesi_g2_mul(&product, point, scalar);
    blst_p2_add_or_double(out, out, &product);
    lewesi_wipe(&product, sizeof product);
}

/* ---- hashes ---- */

void lewesi_hash_to_g1(blst_p1 *point, struct lewesi_span message)
{
    blst_hash_to_g1(point, message.data, message.len, (const uint8_t *)g1_domain,
                    sizeof g1_domain - 1, NULL, 0);
}

void lewesi_hash_to_scalar(lewesi_scalar *scalar, struct lewesi_span message)
{
    uint8_t big_endian[HASH_SCALAR_LEN];
    blst_scalar raw;

    blst_expand_message_xmd(big_endian, sizeof big_endian, message.data, message.len,
                            (const uint8_t *)scalar_domain, sizeof scalar_domain - 1);
    (void)blst_scalar_from_be_bytes(&raw, big_endian, sizeof big_endian);
    blst_fr_from_scalar(scalar, &raw);
}

void lewesi_hash_to_challenge(lewesi_scalar *scalar, struct lewesi_span message)
{
    uint8_t wide[64] = {0};

    lewesi_sha256(wide + 32, message, (struct lewesi_span){NULL, 0});
    lewesi_scalar_reduce(scalar, wide);
}

/* ---- pairings ---- */

bool lewesi_pairings_equal(const blst_p1_affine *p1, const blst_p2_affine *q1,
                           const blst_p1_affine *p2, const blst_p2_affine *q2)
{
    blst_fp12 left, right;

    /* One at a time: several at once go wrong when a point of G2 is infinity (ecash.md 12). */
    blst_miller_loop(&left, q1, p1);
    blst_miller_loop(&right, q2, p2);
    return blst_fp12_finalverify(&left, &right);
}
