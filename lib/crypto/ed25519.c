/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/curve25519.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

void lewesi_ed25519_from_seed(struct lewesi_ed25519_private *private_key,
                              struct lewes_ed25519_public *public_key,
                              const struct lewes_ed25519_seed *seed)
{
    ED25519_keypair_from_seed(public_key->bytes, private_key->bytes, seed->bytes);
}

enum lewes_error lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                     const struct lewesi_ed25519_private *key,
                                     struct lewesi_span message)
{
    if (ED25519_sign(out, message.data, message.len, key->bytes) != 1) {
        lewesi_wipe(out, LEWESI_SIGNATURE_LEN);
        return LEWES_ERROR_CRYPTO;
    }
    return LEWES_OK;
}

bool lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                           const uint8_t signature[LEWESI_SIGNATURE_LEN],
                           struct lewesi_span message)
{
    return ED25519_verify(message.data, message.len, signature, key->bytes) == 1;
}

enum lewes_error lewes_ed25519_generate(struct lewes_ed25519_seed *seed,
                                        const struct lewes_env *env)
{
    return lewesi_random(env, seed->bytes, sizeof seed->bytes);
}

enum lewes_error lewes_ed25519_check(const struct lewes_ed25519_public *key)
{
    struct lewes_x25519_public unused;

    return lewesi_x25519_public_from_ed25519(&unused, key);
}
