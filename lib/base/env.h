/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWESI_BASE_ENV_H
#define LEWESI_BASE_ENV_H

#include <lewes/base.h>

/* Zeroed memory, or NULL. */
void *lewesi_allocate(const struct lewes_env *env, size_t size);

/* Wipes, then gives back; NULL is fine. */
void lewesi_release(const struct lewes_env *env, void *block, size_t size);

/* LEWES_OK or LEWES_ERROR_RANDOM with `out` zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_random(const struct lewes_env *env, uint8_t *out,
                                              size_t len);

#endif
