/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/lease.h"

#define MIDNIGHT INT64_C(1768348800) /* 2026-01-14 00:00:00 UTC */
#define DAY 86400

static struct lewes_ed25519_public identity(uint8_t number)
{
    struct lewes_ed25519_public key;
    memset(&key, number, sizeof key);
    return key;
}

static void a_lease_lives_while_it_has_credit_and_time(void **state)
{
    struct lease lease = {.balance = 1, .expires = 1000};
    (void)state;
    assert_true(lease_live(&lease, 999));
    assert_false(lease_live(&lease, 1000));
    lease.balance = 0;
    assert_false(lease_live(&lease, 999));
}

static void the_ninth_identity_takes_the_place_of_the_oldest(void **state)
{
    struct lease lease = {0};
    (void)state;
    for (uint8_t i = 1; i <= 8; i++) {
        struct lewes_ed25519_public key = identity(i);
        assert_false(lease_knows(&lease, &key));
        lease_remember(&lease, &key);
        assert_true(lease_knows(&lease, &key));
    }
    struct lewes_ed25519_public first = identity(1), second = identity(2), ninth = identity(9);
    lease_remember(&lease, &second); /* known: nothing moves */
    assert_int_equal(lease.identity_count, 8);
    assert_true(lease_knows(&lease, &first));
    lease_remember(&lease, &ninth);
    assert_int_equal(lease.identity_count, 8);
    assert_false(lease_knows(&lease, &first));
    assert_true(lease_knows(&lease, &second));
    assert_true(lease_knows(&lease, &ninth));
}

static void credit_is_added_up_to_its_limit(void **state)
{
    struct lease lease = {.balance = 100};
    (void)state;
    lease_credit(&lease, 500, 6, MIDNIGHT);
    assert_int_equal(lease.balance, 600);
    lease_credit(&lease, (uint64_t)LEASE_BALANCE_MAX - 601, 6, MIDNIGHT);
    assert_int_equal(lease.balance, LEASE_BALANCE_MAX - 1);
    lease_credit(&lease, 1, 6, MIDNIGHT);
    assert_int_equal(lease.balance, LEASE_BALANCE_MAX);
    lease_credit(&lease, UINT64_MAX, 6, MIDNIGHT);
    assert_int_equal(lease.balance, LEASE_BALANCE_MAX);
}

static void credit_ends_at_midnight_after_its_days(void **state)
{
    struct lease lease = {0};
    (void)state;
    lease_credit(&lease, 1, 6, MIDNIGHT);
    assert_int_equal(lease.expires, MIDNIGHT + 6 * DAY);
    lease_credit(&lease, 1, 6, MIDNIGHT + DAY - 1);
    assert_int_equal(lease.expires, MIDNIGHT + 6 * DAY);
    lease_credit(&lease, 1, 6, MIDNIGHT + DAY);
    assert_int_equal(lease.expires, MIDNIGHT + 7 * DAY);
}

static void new_credit_never_shortens_the_time(void **state)
{
    struct lease lease = {.expires = MIDNIGHT + 30 * DAY};
    (void)state;
    lease_credit(&lease, 1, 6, MIDNIGHT);
    assert_int_equal(lease.expires, MIDNIGHT + 30 * DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_lives_while_it_has_credit_and_time),
        cmocka_unit_test(the_ninth_identity_takes_the_place_of_the_oldest),
        cmocka_unit_test(credit_is_added_up_to_its_limit),
        cmocka_unit_test(credit_ends_at_midnight_after_its_days),
        cmocka_unit_test(new_credit_never_shortens_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
