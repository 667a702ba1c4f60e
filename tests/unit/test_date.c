/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "lib/registration/codec.h"

#define DAY 86400

static struct lewes_date date(uint16_t year, uint16_t day)
{
    return (struct lewes_date){.year = year, .day = day};
}

/* The C library has a calendar of its own: every day of the encodable years, its first and its
 * last second. */
static void every_day_is_that_of_the_system_calendar(void **state)
{
    const time_t from = 1577836800, to = 7258118400; /* 2020-01-01, 2200-01-01 */

    (void)state;
    for (time_t t = from; t < to; t += DAY) {
        const struct lewes_date first = lewes_date_of((uint64_t)t);
        const struct lewes_date last = lewes_date_of((uint64_t)t + DAY - 1);
        struct tm tm;

        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(first.year, tm.tm_year + 1900);
        assert_int_equal(first.day, tm.tm_yday + 1);
        assert_memory_equal(&first, &last, sizeof first);
        assert_true(lewesi_date_valid(first));
    }
}

static void a_time_outside_of_the_encodable_years_has_no_valid_date(void **state)
{
    static const uint64_t times[] = {0,
                                     1577836799,
                                     7258118400,
                                     7258118401,
                                     253402300800,
                                     (uint64_t)1 << 40,
                                     (uint64_t)1 << 50,
                                     INT64_MAX,
                                     UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_false(lewesi_date_valid(lewes_date_of(times[i])));
}

static void a_date_is_valid_if_its_year_has_the_day(void **state)
{
    (void)state;
    assert_true(lewesi_date_valid(date(2020, 1)));
    assert_true(lewesi_date_valid(date(2199, 365)));
    assert_true(lewesi_date_valid(date(2028, 366)));
    assert_true(lewesi_date_valid(date(2026, 365)));
    assert_false(lewesi_date_valid(date(2026, 366)));
    assert_false(lewesi_date_valid(date(2100, 366))); /* a century without its leap day */
    assert_false(lewesi_date_valid(date(2028, 367)));
    assert_false(lewesi_date_valid(date(2026, 0)));
    assert_false(lewesi_date_valid(date(2019, 365)));
    assert_false(lewesi_date_valid(date(2200, 1)));
    assert_false(lewesi_date_valid(date(0, 0)));
    assert_false(lewesi_date_valid(date(UINT16_MAX, UINT16_MAX)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_that_of_the_system_calendar),
        cmocka_unit_test(a_time_outside_of_the_encodable_years_has_no_valid_date),
        cmocka_unit_test(a_date_is_valid_if_its_year_has_the_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
