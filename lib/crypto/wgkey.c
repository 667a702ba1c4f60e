/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/base/env.h"
#include "lib/crypto/crypto.h"

enum lewes_error lewes_wg_generate(struct lewes_wg_private *key, const struct lewes_env *env)
{
    const enum lewes_error error = lewesi_random(env, key->bytes, sizeof key->bytes);

    if (error == LEWES_OK) {
        key->bytes[0] &= 248;
        key->bytes[31] = (uint8_t)((key->bytes[31] & 127) | 64);
    }
    return error;
}

void lewes_wg_public(struct lewes_wg_public *public_key, const struct lewes_wg_private *private_key)
{
    struct lewes_x25519_private scalar;
    struct lewes_x25519_public point;

    memcpy(scalar.bytes, private_key->bytes, sizeof scalar.bytes);
    lewesi_x25519_public(&point, &scalar);
    memcpy(public_key->bytes, point.bytes, sizeof public_key->bytes);
    lewes_wipe(&scalar, sizeof scalar);
}

enum lewes_error lewes_wg_check(const struct lewes_wg_public *key)
{
    /* Clamped to 2^254, a multiple of 8 and of no large order: zero for small orders alone. */
    static const struct lewes_x25519_private scalar;
    struct lewes_x25519_public point;
    uint8_t unused[32];

    memcpy(point.bytes, key->bytes, sizeof point.bytes);
    return lewesi_x25519(unused, &scalar, &point);
}
