/* SPDX-License-Identifier: Apache-2.0 */
/* Noise handshakes as token tables and one interpreter each for writing and reading
 * (protocol.md 9, 12). 25519, ChaChaPoly, SHA256 only. */
#ifndef LEWESI_NOISE_NOISE_H
#define LEWESI_NOISE_NOISE_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/keys.h>

#include "lib/base/bytes.h"

#define LEWESI_NOISE_TAG_LEN 16
#define LEWESI_NOISE_MESSAGE_MAX 65535

struct lewesi_noise_pattern; /* patterns.c */
extern const struct lewesi_noise_pattern lewesi_noise_xkpsk3;
extern const struct lewesi_noise_pattern lewesi_noise_kkpsk0;

struct lewesi_cipher { /* a transport direction after Split; nonces are implicit (P60) */
    uint8_t key[32];
    uint64_t nonce;
};

struct lewesi_noise {
    const struct lewesi_noise_pattern *pattern;
    bool initiator, has_key, has_psk, expects_static;
    uint8_t message; /* number of the next one */
    uint8_t h[32], ck[32], k[32];
    uint64_t n;
    struct lewes_x25519_private s_private, e_private;
    struct lewes_x25519_public s, e, rs, re, expected_rs;
    uint8_t psk[32];
};

struct lewesi_noise_setup {
    const struct lewesi_noise_pattern *pattern;
    bool initiator;
    const struct lewes_x25519_private *s_private;
    const struct lewes_x25519_public *s;
    const struct lewes_x25519_public *rs; /* known before the start, or NULL */
    struct lewesi_span prologue;
};

/* Starts a handshake: name, prologue and pre-messages are hashed. Keys are copied. */
void lewesi_noise_start(struct lewesi_noise *noise, const struct lewesi_noise_setup *setup);

/* Must be called before the message whose tokens have psk. */
void lewesi_noise_set_psk(struct lewesi_noise *noise, const uint8_t psk[32]);

/* The static key that the peer must show; another one is LEWES_ERROR_IDENTITY (P42), found before
 * the psk is mixed. */
void lewesi_noise_expect_static(struct lewesi_noise *noise, const struct lewes_x25519_public *rs);

/* Writes the next message. `ephemeral` is used if the message has an e token, else ignored; it may
 * be NULL then. Errors, object and `out` as before: SPACE, TOO_LONG (for a Noise message),
 * NOT_READY (not our turn, no psk), ARGUMENT (no ephemeral), KEY (a DH result of zero), CRYPTO. */
LEWES_MUST_USE enum lewes_error
lewesi_noise_write(struct lewesi_noise *noise, const struct lewes_x25519_private *ephemeral,
                   struct lewesi_span payload, struct lewesi_writer *out);

/* Reads the next message and its payload; `payload` has room for message.len bytes, may be NULL if
 * the payload must be empty; `payload_len` may be NULL. Errors, object unchanged (copy, then
 * commit), payload untouched or zeroed: NOISE (short, tag, DH zero, payload where none may be),
 * NOT_READY (not the peer's turn, no psk), IDENTITY. */
LEWES_MUST_USE enum lewes_error lewesi_noise_read(struct lewesi_noise *noise,
                                                  struct lewesi_span message, uint8_t *payload,
                                                  size_t *payload_len);

/* True after the last message. */
bool lewesi_noise_finished(const struct lewesi_noise *noise);

/* Gives the keys of both directions, nonces 0; NOT_READY before the end. The object should be
 * wiped afterwards. `h` stays readable until then. */
LEWES_MUST_USE enum lewes_error lewesi_noise_split(const struct lewesi_noise *noise,
                                                   struct lewesi_cipher *send,
                                                   struct lewesi_cipher *receive);

/* One transport message, in place: `text` has `len` bytes and room for the tag behind them.
 * EXHAUSTED at nonce 2^64-1, TOO_LONG, CRYPTO: nonce not moved. */
LEWES_MUST_USE enum lewes_error lewesi_cipher_seal(struct lewesi_cipher *cipher, uint8_t *text,
                                                   size_t len);
/* In place: `len` includes the tag. NOISE: nonce not moved, text undefined. */
LEWES_MUST_USE enum lewes_error lewesi_cipher_open(struct lewesi_cipher *cipher, uint8_t *text,
                                                   size_t len);

#endif
