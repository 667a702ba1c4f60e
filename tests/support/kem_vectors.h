/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded KKT and PSQ exchanges (tests/vectors/lp). */
#ifndef TESTS_SUPPORT_KEM_VECTORS_H
#define TESTS_SUPPORT_KEM_VECTORS_H

#include <jansson.h>

#include "lib/crypto/crypto.h"
#include "lib/crypto/kem.h"

/* Both identities of an exchange. */
struct kem_parties {
    struct lewesi_ed25519_private client_private, gateway_private;
    struct lewes_ed25519_public client, gateway;
    struct lewes_x25519_private client_x25519_private, gateway_x25519_private;
    struct lewes_x25519_public client_x25519, gateway_x25519;
};

/* The key pair of a suite, and the randomness of the recorded encapsulation. */
struct kem_pair {
    const struct lewesi_kem *kem;
    uint8_t public_key[LEWESI_KEM_PUBLIC_MAX];
    uint8_t private_key[LEWESI_KEM_PRIVATE_MAX]; /* expanded */
    uint8_t randomness[LEWESI_KEM_RANDOM_MAX];
};

/* Seeds 11…11 and 22…22 (protocol.md 17): those of all `kem_vectors`, which is asserted when they
 * are read. */
void kem_parties_init(struct kem_parties *parties);
/* Those of a recorded session. */
void kem_parties_of_session(struct kem_parties *parties, const json_t *session);

/* The recorded key pair of `kem`. */
void kem_pair_init(struct kem_pair *pair, const struct lewesi_kem *kem);
struct lewesi_kem_public kem_pair_public(const struct kem_pair *pair);
struct lewesi_kem_private kem_pair_private(const struct kem_pair *pair);

/* Calls `check` for each of the three suites. */
void kem_suites_each(void (*check)(const struct lewesi_kem *kem));

/*
 * Calls `check` for every recorded exchange of `kind` ("kkt", "psq"), and asserts that there were
 * `per_suite` for each suite.
 */
void kem_vectors_each(const char *kind, unsigned per_suite,
                      void (*check)(const json_t *vector, const struct lewesi_kem *kem));

/*
 * Calls `check` for the first session of every recording with the packets of its handshake, as
 * hexadecimal text with prefix: wire[0] is the ClientHello, wire[2] the KKTRequest. Asserts their
 * number.
 */
void kem_transcripts_each(unsigned count, void (*check)(const json_t *transcript,
                                                        const json_t *session, const json_t *wire));

/* The body of the clear packet `index` of `wire`, for at most `cap` bytes; returns its length. */
size_t kem_packet_body(const json_t *wire, size_t index, uint8_t *out, size_t cap);

#endif
