/* SPDX-License-Identifier: Apache-2.0 */
/* KKT: the signed transfer of a gateway's KEM key (protocol.md 7). */
#ifndef LEWESI_KKT_KKT_H
#define LEWESI_KKT_KKT_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/keys.h>

#include "lib/crypto/crypto.h"
#include "lib/crypto/kem.h"

#define LEWESI_KKT_SUITE_LEN 4       /* protocol.md 7.1 */
#define LEWESI_KKT_CONTEXT_LEN 7     /* protocol.md 7.1 */
#define LEWESI_KKT_SESSION_ID_LEN 16 /* protocol.md 7.2 */
#define LEWESI_KKT_REQUEST_LEN 87    /* protocol.md 7.2, signed one-way request */
#define LEWESI_KKT_ANONYMOUS_LEN 23  /* protocol.md 7.2 */
#define LEWESI_KKT_STATUS_LEN 87     /* protocol.md 7.2, status frame */
#define LEWESI_KKT_MUTUAL_MAX (LEWESI_KKT_REQUEST_LEN + LEWESI_KEM_PUBLIC_MAX)
#define LEWESI_KKT_RESPONSE_MAX (LEWESI_KKT_STATUS_LEN + LEWESI_KEM_PUBLIC_MAX)
#define LEWESI_KKT_STATUS_SUITE 4 /* protocol.md 7.1: unsupported suite */

struct lewesi_kkt_suite {
    uint8_t kem, hash, digest_len, signature; /* as on the wire */
};

/* FF 00 00 00 for X25519, hash BLAKE3, digest length 0, Ed25519. */
struct lewesi_kkt_suite lewesi_kkt_suite_of(enum lewes_kem kem);

/* Length of a response to a one-way request under `kem`. */
size_t lewesi_kkt_response_len(const struct lewesi_kem *kem);

/* Initiator: one-way signed request (P24). LEWES_ERROR_CRYPTO: `out` zeroed. */
LEWES_MUST_USE enum lewes_error
lewesi_kkt_request_write(uint8_t out[LEWESI_KKT_REQUEST_LEN], struct lewesi_kkt_suite suite,
                         const uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN],
                         const struct lewesi_ed25519_private *key);

/* Initiator: a request that carries the initiator's own KEM key, of the suite asked for (P32). No
 * session sends it. SPACE, CRYPTO: nothing written, what was begun is zeroed. */
LEWES_MUST_USE enum lewes_error
lewesi_kkt_mutual_write(struct lewesi_writer *out, struct lewesi_kkt_suite suite,
                        const uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN],
                        struct lewesi_kem_public own, const struct lewesi_ed25519_private *key);

struct lewesi_kkt_expected { /* what the initiator knows when the response comes */
    struct lewesi_kkt_suite suite;
    bool mutual; /* the request was one */
    const uint8_t *session_id;
    const struct lewes_ed25519_public *gateway;
    const struct lewes_x25519_public *gateway_x25519; /* P25 step 7, suite X25519 */
    const struct lewes_kem_digest *digest; /* step 8: of the key; NULL does for X25519 alone */
};

/*
 * Initiator: P25, P26. On success `key` points into the frame.
 * Errors: KKT (steps 1-4), KKT_STATUS with `*status` set (step 5), KKT_KEY (6-8), SUITE (P26).
 */
LEWES_MUST_USE enum lewes_error
lewesi_kkt_response_read(const struct lewesi_kkt_expected *expected, struct lewesi_span frame,
                         struct lewesi_kem_public *key, uint8_t *status);

struct lewesi_kkt_request { /* a request that passed P27 steps 1 to 3 */
    struct lewesi_kkt_suite suite;
    bool anonymous, mutual;
    struct lewesi_kem_public key; /* mutual: the initiator's, inside the frame */
    bool served_form; /* step 4 but the KEM: scheme 0, hash 0-3, digest length 0 or 32 */
    uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN];
};

struct lewesi_kkt_asker { /* from whom a responder takes a request */
    const struct lewes_ed25519_public *client;
    bool may_be_anonymous;                 /* P27, step 3 */
    const struct lewes_kem_digest *digest; /* of its own KEM key; NULL: mutual requests refused */
};

/* Responder: P27 steps 1-3 and the form part of 4; P32. KKT on error, `request` untouched. */
LEWES_MUST_USE enum lewes_error lewesi_kkt_request_read_from(struct lewesi_kkt_request *request,
                                                             struct lewesi_span frame,
                                                             const struct lewesi_kkt_asker *asker);

/* The same as sessions use it: signed one-way requests alone. */
LEWES_MUST_USE enum lewes_error lewesi_kkt_request_read(struct lewesi_kkt_request *request,
                                                        struct lewesi_span frame,
                                                        const struct lewes_ed25519_public *client);

/* Responder: the response with `key` (P28), or with key.kem == NULL the status frame 4 (P33).
 * SPACE, CRYPTO: nothing written, what was begun is zeroed. LEWESI_KKT_RESPONSE_MAX is always
 * enough. */
LEWES_MUST_USE enum lewes_error
lewesi_kkt_response_write(struct lewesi_writer *out, const struct lewesi_kkt_request *request,
                          struct lewesi_kem_public key,
                          const struct lewesi_ed25519_private *gateway);

#endif
