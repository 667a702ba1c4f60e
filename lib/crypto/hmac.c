/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/hmac.h"

#include <string.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

/* SHA256_* cannot fail. */

void lewesi_hmac_init(struct lewesi_hmac *hmac, struct lewesi_span key)
{
    uint8_t pad[SHA256_CBLOCK] = {0};

    if (key.len > sizeof pad)
        lewesi_sha256(pad, key, (struct lewesi_span){NULL, 0});
    else if (key.len > 0)
        memcpy(pad, key.data, key.len);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36;
    SHA256_Init(&hmac->inner);
    SHA256_Update(&hmac->inner, pad, sizeof pad);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&hmac->outer);
    SHA256_Update(&hmac->outer, pad, sizeof pad);
    lewesi_wipe(pad, sizeof pad);
}

void lewesi_hmac_update(struct lewesi_hmac *hmac, struct lewesi_span part)
{
    SHA256_Update(&hmac->inner, part.data, part.len);
}

void lewesi_hmac_final(struct lewesi_hmac *hmac, uint8_t out[32])
{
    SHA256_Final(out, &hmac->inner);
    SHA256_Update(&hmac->outer, out, SHA256_DIGEST_LENGTH);
    SHA256_Final(out, &hmac->outer);
}

void lewesi_hmac_sha256(uint8_t out[32], struct lewesi_span key, struct lewesi_span message)
{
    struct lewesi_hmac hmac;

    lewesi_hmac_init(&hmac, key);
    lewesi_hmac_update(&hmac, message);
    lewesi_hmac_final(&hmac, out);
    lewesi_wipe(&hmac, sizeof hmac);
}
