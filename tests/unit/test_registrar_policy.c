/* SPDX-License-Identifier: Apache-2.0 */
/* The table of gateway.md G6.2, written out a second time: every combination of facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/registrar_policy.h"

/* [ticket][lease], for a known identity and for another one. */
static const enum policy_action known[4][4] = {
    [POLICY_TICKET_NEW] = {POLICY_NEW, POLICY_UNCHANGED, POLICY_TOPUP, POLICY_TOPUP},
    [POLICY_TICKET_SAME] = {POLICY_SPENT, POLICY_REPEAT, POLICY_REPEAT, POLICY_SPENT},
    [POLICY_TICKET_SPENT] = {POLICY_SPENT, POLICY_SPENT, POLICY_SPENT, POLICY_SPENT},
    [POLICY_TICKET_TWICE] = {POLICY_TWICE, POLICY_TWICE, POLICY_TWICE, POLICY_TWICE},
};
static const enum policy_action other[4][4] = {
    [POLICY_TICKET_NEW] = {POLICY_NEW, POLICY_JOIN, POLICY_JOIN, POLICY_JOIN},
    [POLICY_TICKET_SAME] = {POLICY_SPENT, POLICY_REPEAT, POLICY_REPEAT, POLICY_SPENT},
    [POLICY_TICKET_SPENT] = {POLICY_SPENT, POLICY_SPENT, POLICY_SPENT, POLICY_SPENT},
    [POLICY_TICKET_TWICE] = {POLICY_TWICE, POLICY_TWICE, POLICY_TWICE, POLICY_TWICE},
};

static void every_row_of_the_table(void **state)
{
    (void)state;
    for (int ticket = 0; ticket < 4; ticket++) {
        for (int lease = 0; lease < 4; lease++) {
            struct policy_facts facts = {(enum policy_ticket)ticket, (enum policy_lease)lease,
                                         true};
            assert_int_equal(policy_decide(&facts, SETTINGS_KEY_JOIN_PAY), known[ticket][lease]);
            assert_int_equal(policy_decide(&facts, SETTINGS_KEY_JOIN_REFUSE), known[ticket][lease]);
            facts.known_identity = false;
            enum policy_action expected = other[ticket][lease];
            assert_int_equal(policy_decide(&facts, SETTINGS_KEY_JOIN_PAY), expected);
            if (expected == POLICY_JOIN)
                expected = POLICY_FOREIGN;
            assert_int_equal(policy_decide(&facts, SETTINGS_KEY_JOIN_REFUSE), expected);
        }
    }
}

static void a_lease_is_rich_poor_or_held(void **state)
{
    struct lease lease = {.balance = 50, .expires = 1000};
    (void)state;
    assert_int_equal(policy_lease_of(NULL, 0, 50), POLICY_LEASE_NONE);
    assert_int_equal(policy_lease_of(&lease, 999, 50), POLICY_LEASE_RICH);
    assert_int_equal(policy_lease_of(&lease, 999, 51), POLICY_LEASE_POOR);
    assert_int_equal(policy_lease_of(&lease, 1000, 50), POLICY_LEASE_HELD);
    lease.balance = 0;
    assert_int_equal(policy_lease_of(&lease, 999, 0), POLICY_LEASE_HELD);
}

static void a_plan_installs_what_is_not_installed(void **state)
{
    const unsigned everything =
        POLICY_PLAN_RESERVE | POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT | POLICY_PLAN_INSTALL;
    struct lease lease = {.pair = 7, .state = LEASE_ACTIVE};
    (void)state;
    assert_int_equal(policy_plan(POLICY_NEW, NULL), everything);
    assert_int_equal(policy_plan(POLICY_REPEAT, &lease), 0);
    assert_int_equal(policy_plan(POLICY_UNCHANGED, &lease), 0);
    assert_int_equal(policy_plan(POLICY_TOPUP, &lease), POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT);
    assert_int_equal(policy_plan(POLICY_JOIN, &lease), POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT);
    lease.state = LEASE_PENDING;
    assert_int_equal(policy_plan(POLICY_REPEAT, &lease), POLICY_PLAN_INSTALL);
    lease.state = LEASE_HELD;
    assert_int_equal(policy_plan(POLICY_TOPUP, &lease),
                     POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT | POLICY_PLAN_INSTALL);
}

static void a_lease_without_addresses_gets_new_ones(void **state)
{
    const struct lease lease = {.pair = LEASE_NO_PAIR, .state = LEASE_ACTIVE};
    const unsigned place = POLICY_PLAN_RESERVE | POLICY_PLAN_COMMIT | POLICY_PLAN_INSTALL;
    (void)state;
    assert_int_equal(policy_plan(POLICY_REPEAT, &lease), place);
    assert_int_equal(policy_plan(POLICY_UNCHANGED, &lease), place);
    assert_int_equal(policy_plan(POLICY_TOPUP, &lease), place | POLICY_PLAN_VERIFY);
    assert_int_equal(policy_plan(POLICY_SPENT, &lease), 0);
    assert_int_equal(policy_plan(POLICY_TWICE, &lease), POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT);
    assert_int_equal(policy_plan(POLICY_FOREIGN, &lease), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table),
        cmocka_unit_test(a_lease_is_rich_poor_or_held),
        cmocka_unit_test(a_plan_installs_what_is_not_installed),
        cmocka_unit_test(a_lease_without_addresses_gets_new_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
