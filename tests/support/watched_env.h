/* SPDX-License-Identifier: Apache-2.0 */
/* A test environment whose live memory can be searched for secrets. */
#ifndef TESTS_SUPPORT_WATCHED_ENV_H
#define TESTS_SUPPORT_WATCHED_ENV_H

#include <stdbool.h>

#include "tests/support/env.h"

#define WATCHED_BLOCKS 64

struct watched_block {
    uint8_t *bytes;
    size_t size;
};

struct watched_env {
    struct test_env test; /* counts, and failures on demand */
    size_t count;
    struct watched_block live[WATCHED_BLOCKS];
};

void watched_env_init(struct watched_env *watched, uint64_t seed);

/* Points to `watched`, which must stay where it is. */
struct lewes_env watched_env(struct watched_env *watched);

/* Do the live blocks hold these bytes anywhere? */
bool watched_env_holds(const struct watched_env *watched, const void *secret, size_t len);

#endif
