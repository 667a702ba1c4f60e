/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/env.h"

#include <string.h>

#include "lib/base/secret.h"

void *lewesi_allocate(const struct lewes_env *env, size_t size)
{
    void *const block = env->allocate(env->user, size);

    if (block != NULL)
        memset(block, 0, size);
    return block;
}

void lewesi_release(const struct lewes_env *env, void *block, size_t size)
{
    if (block != NULL) {
        lewesi_wipe(block, size);
        env->release(env->user, block, size);
    }
}

enum lewes_error lewesi_random(const struct lewes_env *env, uint8_t *out, size_t len)
{
    if (env->random(env->user, out, len) != 0) {
        lewesi_wipe(out, len);
        return LEWES_ERROR_RANDOM;
    }
    return LEWES_OK;
}
