/* SPDX-License-Identifier: Apache-2.0 */
/* PSQ: a post-quantum pre-shared key from a KEM, beside the Noise handshake (protocol.md 8, 9.2).
 */
#ifndef LEWESI_PSQ_PSQ_H
#define LEWESI_PSQ_PSQ_H

#include <lewes/base.h>
#include <lewes/keys.h>

#include "lib/crypto/crypto.h"
#include "lib/crypto/kem.h"

#define LEWESI_PSQ_PLAINTEXT_LEN 124 /* protocol.md 8.3 */
#define LEWESI_PSQ_MESSAGE_MAX 1297  /* protocol.md 8.3, X-Wing */
#define LEWESI_PSQ_ANSWER_LEN 30     /* protocol.md 8.5 */
#define LEWESI_PSQ_ANSWER_MIN 18     /* protocol.md P40 */
#define LEWESI_PSQ_ANSWER_MAX 80     /* protocol.md P40 */

struct lewesi_psq_keys {       /* derived by either side, protocol.md 8.2 */
    uint8_t responder_key[44]; /* kr: key and nonce of the responder message */
    uint8_t psk_registration[32];
};

struct lewesi_psq_times {
    uint64_t seconds;
    uint32_t milliseconds;
};

/* Exact length of the registration message under `kem`: 207, 1 265, 1 297. */
size_t lewesi_psq_message_len(const struct lewesi_kem *kem);

struct lewesi_psq_initiation {
    struct lewesi_kem_public gateway_key;
    const uint8_t *randomness; /* gateway_key.kem->random_len bytes */
    uint32_t receiver_index;   /* sctx */
    struct lewesi_psq_times time;
    const struct lewesi_ed25519_private *client_private;
    const struct lewes_ed25519_public *client;
};

/* Writes the registration message (8.3). KEY (bad KEM key), CRYPTO, SPACE: keys zeroed, nothing
 * written, what was begun is zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_psq_initiate(struct lewesi_writer *out,
                                                    struct lewesi_psq_keys *keys,
                                                    const struct lewesi_psq_initiation *in);

struct lewesi_psq_acceptance {
    struct lewesi_kem_public gateway_public; /* of the suite answered in KKT */
    struct lewesi_kem_private gateway_private;
    uint32_t receiver_index;
    const struct lewes_ed25519_public *client; /* of the ClientHello */
    uint64_t unix_ms;
    uint32_t clock_tolerance; /* seconds */
};

/* Checks the message in the order of P37: PSQ for steps 1-5, CLOCK for 6-7, CRYPTO; keys zeroed
 * on error. The message is not changed. */
LEWES_MUST_USE enum lewes_error lewesi_psq_accept(struct lewesi_psq_keys *keys,
                                                  struct lewesi_span message,
                                                  const struct lewesi_psq_acceptance *in);

/* Responder message, always the same 30-byte form (P38). CRYPTO: `out` zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_psq_answer(uint8_t out[LEWESI_PSQ_ANSWER_LEN],
                                                  const struct lewesi_psq_keys *keys);
/* Initiator: length prefix exact, AEAD opens; else LEWES_ERROR_PEER. CRYPTO. */
LEWES_MUST_USE enum lewes_error lewesi_psq_answer_check(struct lewesi_span message,
                                                        const struct lewesi_psq_keys *keys);

/* The final PSK and the outer key (9.2). */
struct lewesi_psk_input {
    const uint8_t *ecdh;             /* 32: X25519 of both static keys */
    const uint8_t *psk_registration; /* 32 */
    const uint8_t *salt;             /* 32 */
};
void lewesi_psk_derive(uint8_t psk[32], uint8_t outer_key[32], const struct lewesi_psk_input *in);

#endif
