/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/curve25519.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

void lewesi_x25519_public(struct lewes_x25519_public *public_key,
                          const struct lewes_x25519_private *private_key)
{
    X25519_public_from_private(public_key->bytes, private_key->bytes);
}

enum lewes_error lewesi_x25519(uint8_t out[32], const struct lewes_x25519_private *private_key,
                               const struct lewes_x25519_public *public_key)
{
    if (X25519(out, private_key->bytes, public_key->bytes) != 1) {
        lewesi_wipe(out, 32);
        return LEWES_ERROR_KEY;
    }
    return LEWES_OK;
}
