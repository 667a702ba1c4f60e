/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/keys.h>

#include "lib/base/secret.h"

#define LEN 70

static void wiping_leaves_zeros_and_nothing_else_changed(void **state)
{
    (void)state;
    for (size_t len = 0; len <= LEN; len++) {
        uint8_t inside[LEN + 2], outside[LEN + 2];

        memset(inside, 0xaa, sizeof inside);
        lewesi_wipe(inside + 1, len);
        memset(outside, 0xaa, sizeof outside);
        lewes_wipe(outside + 1, len);
        for (size_t i = 0; i < sizeof inside; i++) {
            const uint8_t expected = i >= 1 && i <= len ? 0 : 0xaa;

            assert_int_equal(inside[i], expected);
            assert_int_equal(outside[i], expected);
        }
    }
    lewesi_wipe(NULL, 0);
}

static void every_single_bit_makes_a_difference(void **state)
{
    uint8_t a[LEN], b[LEN];

    (void)state;
    for (size_t i = 0; i < LEN; i++)
        a[i] = b[i] = (uint8_t)(i * 37);
    assert_true(lewesi_equal(a, b, LEN));
    for (size_t bit = 0; bit < 8 * LEN; bit++) {
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(lewesi_equal(a, b, LEN));
        assert_true(lewesi_equal(a, b, bit / 8));
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(lewesi_equal(a, b, LEN));
    assert_true(lewesi_equal(NULL, NULL, 0));
}

static void every_single_bit_is_not_zero(void **state)
{
    uint8_t a[LEN] = {0};

    (void)state;
    assert_true(lewesi_is_zero(a, LEN));
    assert_true(lewesi_is_zero(NULL, 0));
    for (size_t bit = 0; bit < 8 * LEN; bit++) {
        a[bit / 8] = (uint8_t)(1U << bit % 8);
        assert_false(lewesi_is_zero(a, LEN));
        assert_true(lewesi_is_zero(a, bit / 8));
        a[bit / 8] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wiping_leaves_zeros_and_nothing_else_changed),
        cmocka_unit_test(every_single_bit_makes_a_difference),
        cmocka_unit_test(every_single_bit_is_not_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
