/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/bucket.h"

static const struct bucket_rate twenty = {20, 1000, 20};

static unsigned take_all(struct bucket *bucket, const struct bucket_rate *rate, lewes_time now)
{
    unsigned taken = 0;
    while (bucket_take(bucket, rate, now))
        taken++;
    return taken;
}

static void a_new_bucket_holds_its_burst(void **state)
{
    struct bucket bucket = {0};
    (void)state;
    assert_true(bucket_is_full(&bucket, &twenty, 0));
    assert_int_equal(take_all(&bucket, &twenty, 0), 20);
    assert_false(bucket_is_full(&bucket, &twenty, 0));
}

static void it_fills_at_its_rate_and_not_beyond(void **state)
{
    struct bucket bucket = {0};
    (void)state;
    assert_int_equal(take_all(&bucket, &twenty, 7), 20);
    assert_int_equal(take_all(&bucket, &twenty, 7 + 49), 0);
    assert_int_equal(take_all(&bucket, &twenty, 7 + 50), 1);
    assert_int_equal(take_all(&bucket, &twenty, 7 + 550), 10);
    assert_false(bucket_is_full(&bucket, &twenty, 7 + 1549));
    assert_true(bucket_is_full(&bucket, &twenty, 7 + 1550));
    assert_int_equal(take_all(&bucket, &twenty, 1000000), 20);
}

static void over_ten_seconds_it_lets_the_rate_through(void **state)
{
    struct bucket bucket = {0};
    unsigned taken = 0;
    (void)state;
    for (lewes_time now = 0; now <= 10000; now++)
        taken += take_all(&bucket, &twenty, now);
    assert_int_equal(taken, 20 + 200);
}

static void slow_rates_lose_nothing(void **state)
{
    const struct bucket_rate hourly = {10, 3600000, 1};
    struct bucket bucket = {0};
    (void)state;
    assert_int_equal(take_all(&bucket, &hourly, 0), 1);
    assert_int_equal(take_all(&bucket, &hourly, 359999), 0);
    assert_int_equal(take_all(&bucket, &hourly, 360000), 1);
}

static void the_end_of_time_does_not_overflow(void **state)
{
    const struct bucket_rate fast = {UINT32_MAX, 1000, UINT32_MAX};
    struct bucket bucket = {0};
    (void)state;
    assert_true(bucket_take(&bucket, &fast, 0));
    assert_true(bucket_take(&bucket, &fast, LEWES_NEVER - 1));
    assert_true(bucket_is_full(&bucket, &fast, LEWES_NEVER));
    assert_true(bucket_take(&bucket, &fast, 5)); /* a clock that went back adds nothing */
}

static void a_rate_of_nothing_gives_nothing_back(void **state)
{
    const struct bucket_rate none = {0, 1000, 2};
    struct bucket bucket = {0};
    (void)state;
    assert_int_equal(take_all(&bucket, &none, 0), 2);
    assert_int_equal(take_all(&bucket, &none, LEWES_NEVER - 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_bucket_holds_its_burst),
        cmocka_unit_test(it_fills_at_its_rate_and_not_beyond),
        cmocka_unit_test(over_ten_seconds_it_lets_the_rate_through),
        cmocka_unit_test(slow_rates_lose_nothing),
        cmocka_unit_test(the_end_of_time_does_not_overflow),
        cmocka_unit_test(a_rate_of_nothing_gives_nothing_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
