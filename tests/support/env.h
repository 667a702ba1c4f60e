/* SPDX-License-Identifier: Apache-2.0 */
/* An environment for tests: counted memory, seeded randomness, and failures on demand. */
#ifndef TESTS_SUPPORT_ENV_H
#define TESTS_SUPPORT_ENV_H

#include <lewes/base.h>

struct test_env {
    struct lewes_env env;     /* hand out a pointer to this; env.user is the whole */
    size_t live_blocks;       /* not yet released */
    size_t live_bytes;        /* of those */
    unsigned allocations;     /* so far */
    unsigned draws;           /* so far */
    unsigned fail_allocation; /* this one fails, counted from 1; 0 = none */
    unsigned fail_draw;       /* likewise */
    unsigned dirty_releases;  /* blocks that were given back without having been wiped */
    uint64_t stream;          /* state of the generator */
};

/* Nothing fails until a field says so. The same seed gives the same bytes. */
void test_env_init(struct test_env *test, uint64_t seed);

/* Asserts that everything was released, and wiped before. */
void test_env_assert_clean(const struct test_env *test);

#endif
