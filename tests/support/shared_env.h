/* SPDX-License-Identifier: Apache-2.0 */
/* An environment that several threads may use: counted memory, seeded randomness, failures on
 * demand. */
#ifndef TESTS_SUPPORT_SHARED_ENV_H
#define TESTS_SUPPORT_SHARED_ENV_H

#include <pthread.h>

#include <lewes/base.h>

struct shared_env {
    struct lewes_env env; /* hand out a pointer to this */
    pthread_mutex_t mutex;
    uint64_t seed;
    size_t blocks, bytes;           /* not given back yet */
    unsigned dirty;                 /* given back with content, or with a wrong size */
    unsigned long calls_to_failure; /* of allocations; 0 = none fails */
    unsigned long draws_to_failure;
    unsigned failures; /* so far */
};

struct shared_env_counts {
    size_t blocks, bytes;
    unsigned failures;
};

void shared_env_init(struct shared_env *shared, uint64_t seed);

/* Asserts that nothing is left and that everything was wiped. */
void shared_env_end(struct shared_env *shared);

/* The n-th allocation or draw from now on fails, then no more; 0 = none. Clears `failures`. */
void shared_env_fail(struct shared_env *shared, unsigned long allocation, unsigned long draw);

struct shared_env_counts shared_env_count(struct shared_env *shared);

#endif
