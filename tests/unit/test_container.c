/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials as they stand in registrations, for the mint (registration.md 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/mint.h>
#include <lewes/ticket.h>

#include "mint/container.h"

#define AT_PAY_INFO LEWES_PAYMENT_BOUND_LEN
#define AT_DATE (AT_PAY_INFO + 1 + LEWES_PAY_INFO_LEN)

static uint8_t payment[LEWES_PAYMENT_BOUND_LEN], bytes[CONTAINER_CAP];

static struct lewes_credential credential_of(uint16_t year, uint16_t day)
{
    struct lewes_credential credential = {
        .payment = payment, .payment_len = sizeof payment, .spend_date = {year, day}, .epoch = 7};
    lewes_payment_mock(payment, LEWES_TICKET_WG_EXIT);
    memset(credential.pay_info, 0x55, sizeof credential.pay_info);
    return credential;
}

static void what_is_written_is_read(void **state)
{
    const struct lewes_credential credential = credential_of(2026, 14);
    struct lewes_credential read;
    const size_t len = container_write(bytes, &credential);

    (void)state;
    /* registration.md 1: 2026 is 4052 in zigzag, fb and two bytes; day and epoch are one byte each
     */
    assert_int_equal(len, AT_DATE + 5);
    assert_memory_equal(bytes, payment, sizeof payment);
    assert_int_equal(bytes[AT_PAY_INFO], LEWES_PAY_INFO_LEN);
    assert_memory_equal(bytes + AT_DATE, "\xfb\x0f\xd4\x0e\x07", 5);
    assert_int_equal(container_read(&read, bytes, len), LEWES_OK);
    assert_ptr_equal(read.payment, bytes);
    assert_int_equal(read.payment_len, sizeof payment);
    assert_memory_equal(read.pay_info, credential.pay_info, sizeof read.pay_info);
    assert_int_equal(read.spend_date.year, 2026);
    assert_int_equal(read.spend_date.day, 14);
    assert_int_equal(read.epoch, 7);
}

static void a_container_ends_where_it_ends(void **state)
{
    const struct lewes_credential credential = credential_of(2026, 14);
    struct lewes_credential read;
    const size_t len = container_write(bytes, &credential);

    (void)state;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(container_read(&read, bytes, cut),
                         cut < sizeof payment ? LEWES_ERROR_TICKET_FORM : LEWES_ERROR_FORMAT);
    bytes[len] = 0;
    assert_int_equal(container_read(&read, bytes, len + 1), LEWES_ERROR_FORMAT);
    bytes[AT_PAY_INFO]--;
    assert_int_equal(container_read(&read, bytes, len), LEWES_ERROR_FORMAT);
}

static void a_date_fits_into_a_ticket(void **state)
{
    static const struct {
        uint16_t year, day;
        bool written, read;
    } dates[] = {
        {2019, 365, false, false}, {2020, 1, true, true},   {2020, 366, true, true},
        {2021, 366, false, false}, {2026, 0, false, false}, {2105, 365, true, true},
        {2106, 1, true, false},    {2200, 1, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        const struct lewes_credential credential = credential_of(dates[i].year, dates[i].day);
        struct lewes_credential read;
        const size_t len = container_write(bytes, &credential);
        assert_int_equal(len != 0, dates[i].written);
        if (dates[i].written)
            assert_int_equal(container_read(&read, bytes, len),
                             dates[i].read ? LEWES_OK : LEWES_ERROR_FORMAT);
    }
}

/* Seconds by `date -u -d YYYY-01-01 +%s`, and days on. */
static void the_day_of_a_date_is_its_midnight(void **state)
{
    const struct lewes_credential first = credential_of(2020, 1), leap = credential_of(2020, 366),
                                  next = credential_of(2021, 1), last = credential_of(2105, 365);

    (void)state;
    assert_int_equal(container_day(&first), 1577836800);
    assert_int_equal(container_day(&leap), 1577836800 + 365 * LEWES_DAY);
    assert_int_equal(container_day(&next), 1609459200);
    assert_int_equal(container_day(&last), 4291747200 - LEWES_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_container_ends_where_it_ends),
        cmocka_unit_test(a_date_fits_into_a_ticket),
        cmocka_unit_test(the_day_of_a_date_is_its_midnight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
