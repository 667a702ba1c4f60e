/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 in pieces, for this room alone: it shows the back end. */
#ifndef LEWESI_CRYPTO_HMAC_H
#define LEWESI_CRYPTO_HMAC_H

#include <openssl/sha.h>

#include "lib/base/bytes.h"

/* Plain data: a keyed one can be copied and used many times. The user wipes it. */
struct lewesi_hmac {
    SHA256_CTX inner, outer;
};

void lewesi_hmac_init(struct lewesi_hmac *hmac, struct lewesi_span key);
void lewesi_hmac_update(struct lewesi_hmac *hmac, struct lewesi_span part);
void lewesi_hmac_final(struct lewesi_hmac *hmac, uint8_t out[32]);

#endif
