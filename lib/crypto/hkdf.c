/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/hmac.h"

#define BLOCK SHA256_DIGEST_LENGTH

void lewesi_hkdf_expand(uint8_t *out, size_t out_len, const uint8_t prk[32],
                        struct lewesi_span info)
{
    struct lewesi_hmac keyed, hmac;
    uint8_t block[BLOCK], counter = 0;
    size_t len;

    lewesi_hmac_init(&keyed, (struct lewesi_span){prk, 32});
    for (size_t at = 0; at < out_len; at += len) {
        hmac = keyed;
        if (at > 0)
            lewesi_hmac_update(&hmac, (struct lewesi_span){block, BLOCK});
        lewesi_hmac_update(&hmac, info);
        counter++;
        lewesi_hmac_update(&hmac, (struct lewesi_span){&counter, 1});
        lewesi_hmac_final(&hmac, block);
        len = out_len - at < BLOCK ? out_len - at : BLOCK;
        memcpy(out + at, block, len);
    }
    lewesi_wipe(block, sizeof block);
    lewesi_wipe(&hmac, sizeof hmac);
    lewesi_wipe(&keyed, sizeof keyed);
}

/* Noise's HKDF is that of RFC 5869 with `ck` as the salt and no info. */
void lewesi_hkdf_noise(uint8_t out1[32], uint8_t out2[32], uint8_t *out3, const uint8_t ck[32],
                       struct lewesi_span material)
{
    uint8_t prk[BLOCK], blocks[3 * BLOCK];

    lewesi_hmac_sha256(prk, (struct lewesi_span){ck, BLOCK}, material);
    lewesi_hkdf_expand(blocks, (out3 == NULL ? 2 : 3) * BLOCK, prk, (struct lewesi_span){NULL, 0});
    memcpy(out1, blocks, BLOCK);
    memcpy(out2, blocks + BLOCK, BLOCK);
    if (out3 != NULL)
        memcpy(out3, blocks + 2 * BLOCK, BLOCK);
    lewesi_wipe(prk, sizeof prk);
    lewesi_wipe(blocks, sizeof blocks);
}
