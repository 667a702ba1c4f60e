/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/shared_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRESH 0xa5 /* nobody may count on zeros */

/* In front of each block. */
struct head {
    size_t size;
    max_align_t align;
};

/* Counts down; true when the call that is to fail has come. */
static bool due(struct shared_env *shared, unsigned long *left)
{
    if (*left == 0)
        return false;
    --*left;
    shared->failures += *left == 0;
    return *left == 0;
}

static void *allocate(void *user, size_t size)
{
    struct shared_env *shared = user;
    struct head *head = NULL;
    pthread_mutex_lock(&shared->mutex);
    if (!due(shared, &shared->calls_to_failure))
        head = malloc(sizeof *head + size);
    if (head != NULL) {
        head->size = size;
        memset(head + 1, FRESH, size);
        shared->blocks++;
        shared->bytes += size;
    }
    pthread_mutex_unlock(&shared->mutex);
    return head == NULL ? NULL : head + 1;
}

static void release(void *user, void *block, size_t size)
{
    struct shared_env *shared = user;
    struct head *head = (struct head *)block - 1;
    const uint8_t *bytes = block;
    bool dirty = head->size != size;
    for (size_t i = 0; !dirty && i < size; i++)
        dirty = bytes[i] != 0;
    pthread_mutex_lock(&shared->mutex);
    shared->dirty += dirty;
    shared->blocks--;
    shared->bytes -= head->size;
    pthread_mutex_unlock(&shared->mutex);
    free(head);
}

/* splitmix64 */
static uint64_t next(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int draw(void *user, uint8_t *out, size_t len)
{
    struct shared_env *shared = user;
    pthread_mutex_lock(&shared->mutex);
    bool fails = due(shared, &shared->draws_to_failure);
    for (size_t i = 0; !fails && i < len; i++)
        out[i] = (uint8_t)next(&shared->seed);
    pthread_mutex_unlock(&shared->mutex);
    return fails ? -1 : 0;
}

void shared_env_init(struct shared_env *shared, uint64_t seed)
{
    *shared = (struct shared_env){.seed = seed};
    shared->env = (struct lewes_env){
        .user = shared, .allocate = allocate, .release = release, .random = draw};
    assert_int_equal(pthread_mutex_init(&shared->mutex, NULL), 0);
}

void shared_env_end(struct shared_env *shared)
{
    assert_int_equal(shared->blocks, 0);
    assert_int_equal(shared->bytes, 0);
    assert_int_equal(shared->dirty, 0);
    pthread_mutex_destroy(&shared->mutex);
}

void shared_env_fail(struct shared_env *shared, unsigned long allocation, unsigned long draw_call)
{
    pthread_mutex_lock(&shared->mutex);
    shared->calls_to_failure = allocation;
    shared->draws_to_failure = draw_call;
    shared->failures = 0;
    pthread_mutex_unlock(&shared->mutex);
}

struct shared_env_counts shared_env_count(struct shared_env *shared)
{
    pthread_mutex_lock(&shared->mutex);
    struct shared_env_counts counts = {shared->blocks, shared->bytes, shared->failures};
    pthread_mutex_unlock(&shared->mutex);
    return counts;
}
