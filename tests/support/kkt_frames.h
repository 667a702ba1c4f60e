/* SPDX-License-Identifier: Apache-2.0 */
/* KKT frames made by hand from protocol.md 7, with anything in them and a good signature. */
#ifndef TESTS_SUPPORT_KKT_FRAMES_H
#define TESTS_SUPPORT_KKT_FRAMES_H

#include "lib/kkt/kkt.h"
#include "tests/support/kem_vectors.h"

#define KKT_FRAME_CAP 1408

struct kkt_frame {
    uint8_t bytes[KKT_FRAME_CAP];
    size_t len;
};

extern const uint8_t kkt_session_id[LEWESI_KKT_SESSION_ID_LEN]; /* a0…af */

/* context ‖ body ‖ session id, and then the signature of `key`. */
void kkt_frame_make(struct kkt_frame *frame, const uint8_t context[LEWESI_KKT_CONTEXT_LEN],
                    struct lewesi_span body, const struct lewesi_ed25519_private *key);

/* Signs anew whatever stands there, of at least 64 bytes. */
void kkt_frame_sign(struct kkt_frame *frame, const struct lewesi_ed25519_private *key);

/* Both read a copy of exactly `len` bytes, so that a sanitizer sees every step beyond it; what a
 * refusal must leave alone is asserted to be as before. */
enum lewes_error kkt_frame_read_request(const struct kkt_frame *frame, size_t len,
                                        struct lewesi_kkt_request *request,
                                        const struct lewes_ed25519_public *client);
/* The key of a mutual request is then that in `frame`. */
enum lewes_error kkt_frame_read_request_from(const struct kkt_frame *frame, size_t len,
                                             struct lewesi_kkt_request *request,
                                             const struct lewesi_kkt_asker *asker);
/* `status` is 0xff if none was given; the key is compared with `key`, NULL if none may come. */
enum lewes_error kkt_frame_read_response(const struct kkt_frame *frame, size_t len,
                                         const struct lewesi_kkt_expected *expected,
                                         const uint8_t *key, uint8_t *status);

#endif
