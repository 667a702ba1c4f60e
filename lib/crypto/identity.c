/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/identity.h"

#include "lib/base/env.h"
#include "lib/base/secret.h"

enum lewes_error lewes_identity_new(struct lewes_identity **identity, const struct lewes_env *env,
                                    const struct lewes_ed25519_seed *seed)
{
    struct lewes_identity *const made = lewesi_allocate(env, sizeof *made);
    struct lewes_x25519_public converted;

    if (made == NULL)
        return LEWES_ERROR_MEMORY;
    made->env = *env;
    lewesi_ed25519_from_seed(&made->ed25519_private, &made->ed25519, seed);
    lewesi_x25519_private_from_seed(&made->x25519_private, seed);
    lewesi_x25519_public(&made->x25519, &made->x25519_private);
    /* Two independent ways lead to the public key. */
    if (lewesi_x25519_public_from_ed25519(&converted, &made->ed25519) != LEWES_OK ||
        !lewesi_equal(&converted, &made->x25519, sizeof converted)) {
        lewes_identity_free(made);
        return LEWES_ERROR_CRYPTO;
    }
    *identity = made;
    return LEWES_OK;
}

void lewes_identity_free(struct lewes_identity *identity)
{
    struct lewes_env env;

    if (identity == NULL)
        return;
    env = identity->env;
    for (size_t i = 0; i < LEWESI_IDENTITY_PAIRS; i++)
        lewesi_release(&env, identity->pairs[i], sizeof *identity->pairs[i]);
    lewesi_release(&env, identity, sizeof *identity);
}

const struct lewes_ed25519_public *lewes_identity_public(const struct lewes_identity *identity)
{
    return &identity->ed25519;
}
