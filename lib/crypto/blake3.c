/* SPDX-License-Identifier: Apache-2.0 */
#include <blake3.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

void lewesi_blake3_derive(uint8_t out[32], const char *context, struct lewesi_span material)
{
    blake3_hasher hasher;

    blake3_hasher_init_derive_key(&hasher, context);
    blake3_hasher_update(&hasher, material.data, material.len);
    blake3_hasher_finalize(&hasher, out, 32);
    lewesi_wipe(&hasher, sizeof hasher);
}

void lewesi_blake3(uint8_t *out, size_t out_len, struct lewesi_span message)
{
    blake3_hasher hasher;

    blake3_hasher_init(&hasher);
    blake3_hasher_update(&hasher, message.data, message.len);
    blake3_hasher_finalize(&hasher, out, out_len);
    lewesi_wipe(&hasher, sizeof hasher);
}
