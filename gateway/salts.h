/* SPDX-License-Identifier: Apache-2.0 */
/* Salts of accepted hellos, so that none is accepted twice (gateway.md G4.7). */
#ifndef LEWES_GATEWAY_SALTS_H
#define LEWES_GATEWAY_SALTS_H

#include <stdbool.h>

#include <lewes/session.h>

struct salts;

struct salts_caps {
    uint32_t salts;     /* at most so many; the oldest gives way */
    uint64_t memory_ms; /* how long one is remembered */
};

/* Errors: LEWES_ERROR_MEMORY, LEWES_ERROR_RANDOM. */
LEWES_MUST_USE enum lewes_error salts_new(struct salts **salts, const struct lewes_env *env,
                                          const struct salts_caps *caps);
void salts_free(struct salts *salts);

/* Tells whether the salt was accepted within the memory. */
bool salts_seen(const struct salts *salts, const uint8_t salt[LEWES_SALT_LEN], lewes_time now);

/*
 * Remembers a salt that has not been seen; `now` never goes back.
 *
 * Error: LEWES_ERROR_MEMORY, not remembered.
 */
LEWES_MUST_USE enum lewes_error salts_add(struct salts *salts, const uint8_t salt[LEWES_SALT_LEN],
                                          lewes_time now);

/* How many are remembered, stale ones included. */
uint32_t salts_count(const struct salts *salts);

#endif
