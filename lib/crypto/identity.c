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

    if (identity != NULL) {
        env = identity->env;
        lewesi_release(&env, identity, sizeof *identity);
    }
}

const struct lewes_ed25519_public *lewes_identity_public(const struct lewes_identity *identity)
{
    return &identity->ed25519;
}

struct lewesi_kem_public lewesi_identity_kem_public(const struct lewes_identity *identity,
                                                    unsigned id)
{
    if (id == LEWES_KEM_X25519)
        return lewesi_kem_public_of_x25519(&identity->x25519);
    return (struct lewesi_kem_public){NULL, NULL};
}

struct lewesi_kem_private lewesi_identity_kem_private(const struct lewes_identity *identity,
                                                      unsigned id)
{
    if (id == LEWES_KEM_X25519)
        return lewesi_kem_private_of_x25519(&identity->x25519_private);
    return (struct lewesi_kem_private){NULL, NULL};
}
