/* SPDX-License-Identifier: Apache-2.0 */
/* host/words.h: what is written is read again, and nothing else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/words.h"

static void every_byte_has_two_lower_case_digits(void **state)
{
    uint8_t bytes[256], again[256];
    char text[2 * sizeof bytes + 1];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    hex_write(text, bytes, sizeof bytes);
    assert_int_equal(strlen(text), sizeof text - 1);
    assert_memory_equal(text, "000102030405060708090a0b", 24);
    assert_memory_equal(text + 2 * 0xf8, "f8f9fafbfcfdfeff", 17);
    assert_int_equal(hex_read(again, sizeof again, text), sizeof again);
    assert_memory_equal(again, bytes, sizeof again);
    hex_write(text, bytes, 0);
    assert_string_equal(text, "");
}

static void what_is_not_hexadecimal_or_too_long_is_refused(void **state)
{
    static const char *const bad[] = {"0",   "000",  "AB", "0g", "g0",
                                      " 00", "0x00", "0/", ":0", "`0"};
    uint8_t out[2];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(hex_read(out, sizeof out, bad[i]), -1);
    assert_int_equal(hex_read(out, sizeof out, "00ff00"), -1);
    assert_int_equal(hex_read(out, sizeof out, "00ff"), 2);
    assert_int_equal(hex_read(out, sizeof out, "ff"), 1);
    assert_int_equal(hex_read(out, sizeof out, ""), 0);
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Returns the number of the days of a month, which begins at `first`. */
static unsigned dates_are_right(unsigned year, unsigned month, uint32_t first)
{
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const unsigned last = lengths[month - 1] + (month == 2 && is_leap(year));
    char text[32], again[DATE_CAP];
    uint32_t seconds = 7;

    for (unsigned day = 1; day <= last; day++) {
        const uint32_t expected = first + (day - 1) * LEWES_DAY;
        const uint32_t evening = expected + LEWES_DAY - 1;
        snprintf(text, sizeof text, "%04u-%02u-%02u", year, month, day);
        assert_true(date_read(&seconds, text));
        assert_int_equal(seconds, expected);
        assert_int_equal(day_of(evening), expected);
        date_write(again, evening);
        assert_string_equal(again, text);
    }
    snprintf(text, sizeof text, "%04u-%02u-%02u", year, month, last + 1);
    assert_false(date_read(&seconds, text));
    return last;
}

/* The calendar, counted day by day. */
static void every_day_of_2020_to_2105_is_its_date(void **state)
{
    uint32_t first = 1577836800U; /* 2020-01-01 */

    (void)state;
    for (unsigned year = 2020; year <= 2105; year++)
        for (unsigned month = 1; month <= 12; month++)
            first += dates_are_right(year, month, first) * LEWES_DAY;
    assert_int_equal(first, 4291747200U); /* 2106-01-01 */
}

static void what_is_no_date_is_refused(void **state)
{
    static const char *const bad[] = {
        "",           "2026",        "2026-1-1",    "26-01-01",   "2026-00-01",
        "2026-13-01", "2026-01-00",  "2019-12-31",  "2106-01-01", "2026/01/01",
        "2026-01-0a", " 2026-01-01", "2026-01-01 ", "2026-01- 1", "2026-01-+1",
        "-026-01-01", "20260-1-01",  "2026-01101",
    };
    uint32_t seconds = 7;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(date_read(&seconds, bad[i]));
    assert_int_equal(seconds, 7);
}

static void numbers_are_digits_up_to_a_bound(void **state)
{
    static const char *const bad[] = {"",    "-1",  "+1",  " 1",
                                      "1 ",  "0x1", "1.0", "18446744073709551616",
                                      "1e3", "one", "1\n", "99999999999999999999999"};
    uint64_t number = 7;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(number_read(&number, bad[i], UINT64_MAX));
    assert_false(number_read(&number, "256", 255));
    assert_int_equal(number, 7);
    assert_true(number_read(&number, "255", 255));
    assert_int_equal(number, 255);
    assert_true(number_read(&number, "0", 0));
    assert_int_equal(number, 0);
    assert_true(number_read(&number, "18446744073709551615", UINT64_MAX));
    assert_true(number == UINT64_MAX);
}

static void a_ticket_type_is_its_name_or_its_number(void **state)
{
    static const char *const bad[] = {"",   "4",        "-1",        "00",
                                      "wg", "WG-ENTRY", "wg-entry ", "wg-exits"};
    enum lewes_ticket_type type;
    char digit[2] = "0";

    (void)state;
    for (unsigned i = 0; i < TICKET_TYPES; i++) {
        digit[0] = (char)('0' + i);
        assert_true(ticket_type_read(&type, digit));
        assert_int_equal(type, i);
        assert_true(ticket_type_read(&type, ticket_type_name((enum lewes_ticket_type)i)));
        assert_int_equal(type, i);
    }
    assert_true(ticket_type_read(&type, "wg-entry"));
    assert_int_equal(type, LEWES_TICKET_WG_ENTRY);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ticket_type_read(&type, bad[i]));
    assert_int_equal(type, LEWES_TICKET_WG_ENTRY);
    assert_string_equal(ticket_type_name((enum lewes_ticket_type)TICKET_TYPES), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_has_two_lower_case_digits),
        cmocka_unit_test(what_is_not_hexadecimal_or_too_long_is_refused),
        cmocka_unit_test(every_day_of_2020_to_2105_is_its_date),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(numbers_are_digits_up_to_a_bound),
        cmocka_unit_test(a_ticket_type_is_its_name_or_its_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
