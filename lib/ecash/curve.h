/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLS12-381 as tickets use it: encodings, hashes, multiplication (ecash.md 1). Scalars are numbers
 * modulo r in the form that the back end computes with; points in sums are projective, at rest
 * affine. Only this room sees the back end's header.
 */
#ifndef LEWESI_ECASH_CURVE_H
#define LEWESI_ECASH_CURVE_H

#include <blst.h>
#include <stdbool.h>

#include "lib/base/bytes.h"

#define LEWESI_G1_LEN 48     /* ecash.md E1 */
#define LEWESI_G2_LEN 96     /* ecash.md E1 */
#define LEWESI_SCALAR_LEN 32 /* ecash.md E2 */

typedef blst_fr lewesi_scalar;

/* ---- encodings; public data only ---- */

/* E1: false if the bytes are no point of the group. Infinity is one. */
bool lewesi_g1_decode(blst_p1_affine *point, const uint8_t bytes[LEWESI_G1_LEN]);
bool lewesi_g2_decode(blst_p2_affine *point, const uint8_t bytes[LEWESI_G2_LEN]);
void lewesi_g1_encode(uint8_t bytes[LEWESI_G1_LEN], const blst_p1 *point);
void lewesi_g2_encode(uint8_t bytes[LEWESI_G2_LEN], const blst_p2 *point);

/* ---- scalars, in constant time ---- */

/* E2: false if the number is not below r. */
bool lewesi_scalar_decode(lewesi_scalar *scalar, const uint8_t bytes[LEWESI_SCALAR_LEN]);
void lewesi_scalar_encode(uint8_t bytes[LEWESI_SCALAR_LEN], const lewesi_scalar *scalar);
void lewesi_scalar_of(lewesi_scalar *scalar, uint64_t number);
/* Reduces 64 little-endian bytes; of random ones the result is uniform. */
void lewesi_scalar_reduce(lewesi_scalar *scalar, const uint8_t bytes[64]);
bool lewesi_scalar_is_zero(const lewesi_scalar *scalar);
/* a + b * c */
void lewesi_scalar_mul_add(lewesi_scalar *out, const lewesi_scalar *a, const lewesi_scalar *b,
                           const lewesi_scalar *c);

/* ---- multiplication, in constant time; the point may be infinity ---- */

void lewesi_g1_mul(blst_p1 *out, const blst_p1 *point, const lewesi_scalar *scalar);
void lewesi_g2_mul(blst_p2 *out, const blst_p2 *point, const lewesi_scalar *scalar);
/* out += scalar * point */
void lewesi_g1_mul_add(blst_p1 *out, const blst_p1 *point, const lewesi_scalar *scalar);
void lewesi_g2_mul_add(blst_p2 *out, const blst_p2 *point, const lewesi_scalar *scalar);

/* ---- hashes, ecash.md 1 ---- */

void lewesi_hash_to_g1(blst_p1 *point, struct lewesi_span message);               /* HG */
void lewesi_hash_to_scalar(lewesi_scalar *scalar, struct lewesi_span message);    /* HS */
void lewesi_hash_to_challenge(lewesi_scalar *scalar, struct lewesi_span message); /* HC */

/* ---- pairings; public data only ---- */

/* e(p1, q1) = e(p2, q2)? */
bool lewesi_pairings_equal(const blst_p1_affine *p1, const blst_p2_affine *q1,
                           const blst_p1_affine *p2, const blst_p2_affine *q2);

#endif
