/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/sha.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

void lewesi_sha256(uint8_t out[32], struct lewesi_span a, struct lewesi_span b)
{
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, a.data, a.len);
    SHA256_Update(&context, b.data, b.len);
    SHA256_Final(out, &context);
    lewesi_wipe(&context, sizeof context);
}

void lewesi_sha512(uint8_t out[64], struct lewesi_span message)
{
    SHA512_CTX context;

    SHA512_Init(&context);
    SHA512_Update(&context, message.data, message.len);
    SHA512_Final(out, &context);
    lewesi_wipe(&context, sizeof context);
}
