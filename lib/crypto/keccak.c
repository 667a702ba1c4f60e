/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-3 and SHAKE (FIPS 202). The back end's functions on whole messages are called: those of its
 * digest objects allocate. Its installed headers name these functions, but do not declare them. */
#include <openssl/base.h>

#include "lib/crypto/crypto.h"

/* Each returns `out`; they wipe their state, and cannot fail in one call. */
uint8_t *SHA3_256(const uint8_t *data, size_t len, uint8_t *out);
uint8_t *SHAKE128(const uint8_t *data, size_t len, uint8_t *out, size_t out_len);
uint8_t *SHAKE256(const uint8_t *data, size_t len, uint8_t *out, size_t out_len);

void lewesi_sha3_256(uint8_t out[32], struct lewesi_span message)
{
    (void)SHA3_256(message.data, message.len, out);
}

void lewesi_shake128(uint8_t *out, size_t out_len, struct lewesi_span message)
{
    (void)SHAKE128(message.data, message.len, out, out_len);
}

void lewesi_shake256(uint8_t *out, size_t out_len, struct lewesi_span message)
{
    (void)SHAKE256(message.data, message.len, out, out_len);
}
