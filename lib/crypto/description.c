/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of self-descriptions (gateway.md G13.1). */
#include <string.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "lib/crypto/identity.h"

#define LABEL "lewes-self-description-1\n"
#define LABEL_LEN (sizeof LABEL - 1)

/* Label and text in one block, as the back end wants them; NULL without memory. */
static uint8_t *signed_bytes(const struct lewes_env *env, const uint8_t *text, size_t len)
{
    uint8_t *const block =
        len > SIZE_MAX - LABEL_LEN ? NULL : lewesi_allocate(env, LABEL_LEN + len);

    if (block == NULL)
        return NULL;
    memcpy(block, LABEL, LABEL_LEN);
    if (len > 0)
        memcpy(block + LABEL_LEN, text, len);
    return block;
}

enum lewes_error lewes_description_sign(uint8_t signature[LEWES_SIGNATURE_LEN],
                                        const struct lewes_identity *identity, const uint8_t *text,
                                        size_t len)
{
    uint8_t *const block = signed_bytes(&identity->env, text, len);
    enum lewes_error error = LEWES_ERROR_MEMORY;

    if (block != NULL)
        error = lewesi_ed25519_sign(signature, &identity->ed25519_private,
                                    (struct lewesi_span){block, LABEL_LEN + len});
    if (error != LEWES_OK)
        lewesi_wipe(signature, LEWES_SIGNATURE_LEN);
    lewesi_release(&identity->env, block, LABEL_LEN + len);
    return error;
}

enum lewes_error lewes_description_verify(const uint8_t signature[LEWES_SIGNATURE_LEN],
                                          const struct lewes_ed25519_public *gateway,
                                          const uint8_t *text, size_t len,
                                          const struct lewes_env *env)
{
    uint8_t *const block = signed_bytes(env, text, len);
    bool good;

    if (block == NULL)
        return LEWES_ERROR_MEMORY;
    good = lewesi_ed25519_verify(gateway, signature, (struct lewesi_span){block, LABEL_LEN + len});
    lewesi_release(env, block, LABEL_LEN + len);
    return good ? LEWES_OK : LEWES_ERROR_AUTH;
}
