/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STALE 0xa5 /* fresh memory is not zero */

static void *counted_allocate(void *user, size_t size)
{
    struct test_env *const test = user;
    void *block;

    if (++test->allocations == test->fail_allocation)
        return NULL;
    block = malloc(size);
    assert_non_null(block);
    memset(block, STALE, size);
    test->live_blocks++;
    test->live_bytes += size;
    return block;
}

static void counted_release(void *user, void *block, size_t size)
{
    struct test_env *const test = user;
    const uint8_t *const bytes = block;
    size_t wiped = 0;

    assert_non_null(block);
    assert_true(test->live_blocks > 0 && test->live_bytes >= size);
    while (wiped < size && bytes[wiped] == 0)
        wiped++;
    test->dirty_releases += wiped < size;
    test->live_blocks--;
    test->live_bytes -= size;
    free(block);
}

/* xorshift64* */
static uint8_t next_byte(uint64_t *stream)
{
    *stream ^= *stream >> 12;
    *stream ^= *stream << 25;
    *stream ^= *stream >> 27;
    return (uint8_t)(*stream * UINT64_C(0x2545f4914f6cdd1d) >> 56);
}

static int seeded_random(void *user, uint8_t *out, size_t len)
{
    struct test_env *const test = user;

    /* A failing source may have written something. */
    for (size_t i = 0; i < len; i++)
        out[i] = next_byte(&test->stream);
    return ++test->draws == test->fail_draw ? -1 : 0;
}

void test_env_init(struct test_env *test, uint64_t seed)
{
    *test = (struct test_env){
        .env = {.user = test,
                .allocate = counted_allocate,
                .release = counted_release,
                .random = seeded_random},
        .stream = 2 * seed + 1,
    };
}

void test_env_assert_clean(const struct test_env *test)
{
    assert_int_equal(test->live_blocks, 0);
    assert_int_equal(test->live_bytes, 0);
    assert_int_equal(test->dirty_releases, 0);
}
