/* SPDX-License-Identifier: Apache-2.0 */
/* The KEM suites as a table: a suite is a row (protocol.md 7.1, 7.2, 8.1). */
#ifndef LEWESI_CRYPTO_KEM_H
#define LEWESI_CRYPTO_KEM_H

#include <lewes/kem.h>

#include "lib/crypto/crypto.h"

#define LEWESI_KEM_PUBLIC_MAX 1216     /* raw, X-Wing */
#define LEWESI_KEM_CIPHERTEXT_MAX 1120 /* raw, X-Wing */
#define LEWESI_KEM_RANDOM_MAX 64       /* X-Wing: m, then the X25519 scalar */
#define LEWESI_KEM_SEED_MAX 64         /* ML-KEM-768 */
#define LEWESI_KEM_PRIVATE_MAX 2464    /* expanded, X-Wing */
#define LEWESI_KEM_SECRET_LEN 32
#define LEWESI_KEM_PREFIX_MAX 3 /* tag and length in front of a serialised object */

struct lewesi_kem {
    enum lewes_kem id;
    uint8_t tag;                                     /* of serialised objects, protocol.md 8.1 */
    uint16_t public_len, ciphertext_len, random_len; /* raw */
    uint16_t seed_len, private_len;                  /* as stored; as decapsulation wants it */
    uint8_t prefix_len;                              /* 1 or 3 */
    uint8_t public_prefix[LEWESI_KEM_PREFIX_MAX];
    uint8_t ciphertext_prefix[LEWESI_KEM_PREFIX_MAX];
    /* LEWES_ERROR_CRYPTO: both keys zeroed. */
    enum lewes_error (*keypair)(uint8_t *public_key, uint8_t *private_key, const uint8_t *seed);
    /* LEWES_ERROR_KEY: malformed public key. */
    enum lewes_error (*check_public)(const uint8_t *public_key);
    /* Deterministic: `randomness` has random_len bytes. LEWES_ERROR_KEY on a zero X25519 result. */
    enum lewes_error (*encapsulate)(uint8_t *ciphertext, uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                    const uint8_t *public_key, const uint8_t *randomness);
    enum lewes_error (*decapsulate)(uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                    const uint8_t *ciphertext, const uint8_t *private_key);
};

/* The row of `id`, or NULL for a suite that this build does not have. */
const struct lewesi_kem *lewesi_kem_find(unsigned id);

/* Of a raw key (protocol.md 7.3). LEWES_ERROR_ARGUMENT, `out` untouched: no such hash. */
LEWES_MUST_USE enum lewes_error lewesi_kem_digest(uint8_t out[LEWES_KEM_DIGEST_LEN],
                                                  struct lewesi_span key, enum lewes_hash hash);

/* A KEM key pair's halves, borrowed. */
struct lewesi_kem_public {
    const struct lewesi_kem *kem;
    const uint8_t *bytes; /* kem->public_len */
};
struct lewesi_kem_private {
    const struct lewesi_kem *kem;
    const uint8_t *bytes; /* kem->private_len: expanded, nothing is derived when it is used */
};

/* The one place where an X25519 identity key becomes the KEM key of suite X25519 (P21). */
struct lewesi_kem_public lewesi_kem_public_of_x25519(const struct lewes_x25519_public *key);
struct lewesi_kem_private lewesi_kem_private_of_x25519(const struct lewes_x25519_private *key);

#endif
