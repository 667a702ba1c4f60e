/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWESI_CRYPTO_IDENTITY_H
#define LEWESI_CRYPTO_IDENTITY_H

#include <lewes/keys.h>

#include "lib/crypto/crypto.h"
#include "lib/crypto/kem.h"

#define LEWESI_IDENTITY_PAIRS (LEWES_KEM_SUITES - 1) /* X25519 has none of its own */

struct lewesi_kem_pair {
    const struct lewesi_kem *kem;
    uint8_t public_key[LEWESI_KEM_PUBLIC_MAX];
    uint8_t private_key[LEWESI_KEM_PRIVATE_MAX];
};

/* Made once, read-only afterwards, shared by pointer (gateway.md G4.8). */
struct lewes_identity {
    struct lewes_env env;
    struct lewesi_ed25519_private ed25519_private;
    struct lewes_ed25519_public ed25519;
    struct lewes_x25519_private x25519_private;
    struct lewes_x25519_public x25519;
    struct lewesi_kem_pair *pairs[LEWESI_IDENTITY_PAIRS]; /* in the order of their coming */
};

/* The key pair with which this identity answers suite `id`; kem is NULL if it has none. */
struct lewesi_kem_public lewesi_identity_kem_public(const struct lewes_identity *identity,
                                                    unsigned id);
struct lewesi_kem_private lewesi_identity_kem_private(const struct lewes_identity *identity,
                                                      unsigned id);

#endif
