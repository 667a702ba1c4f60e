/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/watched_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *allocate(void *user, size_t size)
{
    struct watched_env *const watched = user;
    void *const block = watched->test.env.allocate(&watched->test, size);

    if (block != NULL) {
        assert_true(watched->count < WATCHED_BLOCKS);
        watched->live[watched->count++] = (struct watched_block){block, size};
    }
    return block;
}

static void release(void *user, void *block, size_t size)
{
    struct watched_env *const watched = user;
    size_t i = 0;

    while (i < watched->count && watched->live[i].bytes != block)
        i++;
    assert_true(i < watched->count);
    assert_int_equal(watched->live[i].size, size);
    watched->live[i] = watched->live[--watched->count];
    watched->test.env.release(&watched->test, block, size);
}

static int draw(void *user, uint8_t *out, size_t len)
{
    struct watched_env *const watched = user;

    return watched->test.env.random(&watched->test, out, len);
}

void watched_env_init(struct watched_env *watched, uint64_t seed)
{
    watched->count = 0;
    test_env_init(&watched->test, seed);
}

struct lewes_env watched_env(struct watched_env *watched)
{
    return (struct lewes_env){
        .user = watched, .allocate = allocate, .release = release, .random = draw};
}

static bool block_holds(const struct watched_block *block, const void *secret, size_t len)
{
    for (size_t at = 0; at + len <= block->size; at++)
        if (memcmp(block->bytes + at, secret, len) == 0)
            return true;
    return false;
}

bool watched_env_holds(const struct watched_env *watched, const void *secret, size_t len)
{
    for (size_t i = 0; i < watched->count; i++)
        if (block_holds(&watched->live[i], secret, len))
            return true;
    return false;
}
