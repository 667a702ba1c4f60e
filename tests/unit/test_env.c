/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "tests/support/env.h"

static void memory_comes_zeroed_and_goes_wiped(void **state)
{
    struct test_env test;
    uint8_t *block;

    (void)state;
    test_env_init(&test, 1);
    block = lewesi_allocate(&test.env, 100);
    assert_non_null(block);
    assert_true(lewesi_is_zero(block, 100));
    assert_int_equal(test.live_bytes, 100);
    memset(block, 0x77, 100);
    lewesi_release(&test.env, block, 100);
    assert_int_equal(test.dirty_releases, 0);
    test_env_assert_clean(&test);
}

static void nothing_can_be_released(void **state)
{
    struct test_env test;

    (void)state;
    test_env_init(&test, 1);
    lewesi_release(&test.env, NULL, 100);
    test_env_assert_clean(&test);
}

static void a_lack_of_memory_is_null(void **state)
{
    struct test_env test;

    (void)state;
    test_env_init(&test, 1);
    test.fail_allocation = 1;
    assert_null(lewesi_allocate(&test.env, 100));
    test_env_assert_clean(&test);
}

static void random_bytes_are_those_of_the_environment(void **state)
{
    struct test_env test;
    uint8_t expected[40], actual[40];

    (void)state;
    test_env_init(&test, 7);
    assert_int_equal(test.env.random(&test, expected, sizeof expected), 0);
    assert_false(lewesi_is_zero(expected, sizeof expected));
    test_env_init(&test, 7);
    assert_int_equal(lewesi_random(&test.env, actual, sizeof actual), LEWES_OK);
    assert_memory_equal(actual, expected, sizeof actual);
}

static void a_lack_of_randomness_leaves_zeros(void **state)
{
    struct test_env test;
    uint8_t out[40];

    (void)state;
    test_env_init(&test, 7);
    test.fail_draw = 1;
    memset(out, 0xaa, sizeof out);
    assert_int_equal(lewesi_random(&test.env, out, sizeof out), LEWES_ERROR_RANDOM);
    assert_true(lewesi_is_zero(out, sizeof out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed_and_goes_wiped),
        cmocka_unit_test(nothing_can_be_released),
        cmocka_unit_test(a_lack_of_memory_is_null),
        cmocka_unit_test(random_bytes_are_those_of_the_environment),
        cmocka_unit_test(a_lack_of_randomness_leaves_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
