/* SPDX-License-Identifier: Apache-2.0 */
/* What is tried again, when, and with which coin (registration.md R16 to R18). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "client/run.h"
#include "tests/support/env.h"
#include "tests/support/recorded_tickets.h"
#include "tests/support/virtual_net.h"

#define CONTAINER_LEN (LEWES_PAYMENT_BOUND_LEN + LEWES_PAY_INFO_LEN)

struct run_of {
    struct vnet net;
    struct recorded_tickets tickets;
    struct lewes_register_options options;
    struct lewes_register_result result;
};

static void begin(struct run_of *r)
{
    memset(r, 0, sizeof *r);
    vnet_init(&r->net);
    vnet_options(&r->net, &r->options, NULL);
    r->options.tickets = recorded_source(&r->tickets);
}

static enum lewes_register_class register_now(struct run_of *r)
{
    run_register(&r->options, &r->result, &r->net.world);
    recorded_assert_settled(&r->tickets);
    return r->result.outcome;
}

/* R10: whatever came to the gateway is one container. */
static void assert_one_container(const struct run_of *r)
{
    for (unsigned i = 1; i < r->net.entry.requests; i++)
        assert_memory_equal(r->net.entry.containers[i], r->net.entry.containers[0], CONTAINER_LEN);
    assert_int_equal(r->tickets.count, 1);
}

/* 100 ms * 2^min(n,4), and up to a quarter more. */
static void assert_delay(const struct run_of *r, unsigned n, uint64_t factor)
{
    uint64_t least = factor * 100 * (UINT64_C(1) << (n + 1 < 4 ? n + 1 : 4));
    assert_in_range(r->net.pause_ms[n], least, least + least / 4);
}

static void what_fails_before_spending_is_tried_four_times(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.unreachable = 10;
    assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.net.connects, 4);
    assert_int_equal(r.result.attempts, 4);
    assert_int_equal(r.net.pauses, 3);
    for (unsigned n = 0; n < 3; n++)
        assert_delay(&r, n, 1);
    assert_int_equal(recorded_state(&r.tickets, 0), RECORDED_FREE);
    assert_int_equal(r.tickets.count, 1); /* the reserved coin stays */
    vnet_free(&r.net);
}

static void the_number_of_tries_is_a_setting(void **state)
{
    (void)state;
    for (unsigned tries = 1; tries < 8; tries++) {
        struct run_of r;
        begin(&r);
        r.options.tries = tries;
        r.net.unreachable = 10;
        assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(r.net.connects, tries);
        for (unsigned n = 0; n + 1 < tries; n++)
            assert_delay(&r, n, 1); /* which grows no more from the fourth on */
        vnet_free(&r.net);
    }
}

static void a_try_that_works_ends_the_row(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.unreachable = 3;
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(r.result.attempts, 4);
    assert_int_equal(r.result.os_error, 0);
    assert_false(r.result.hops[LEWES_HOP_ENTRY].repeated);
    assert_int_equal(recorded_state(&r.tickets, 0), RECORDED_SPENT);
    vnet_free(&r.net);
}

static void a_busy_gateway_is_given_twice_the_time(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.entry.busy = 10;
    assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.error, LEWES_ERROR_BUSY);
    assert_int_equal(r.net.pauses, 3);
    for (unsigned n = 0; n < 3; n++)
        assert_delay(&r, n, 2);
    vnet_free(&r.net);
}

static void the_jitter_comes_from_the_environment(void **state)
{
    uint64_t first = 0;
    bool differs = false;
    (void)state;
    for (uint64_t seed = 1; seed < 6; seed++) {
        struct run_of r;
        struct test_env env;
        begin(&r);
        test_env_init(&env, seed);
        r.options.env = &env.env;
        r.net.unreachable = 10;
        register_now(&r);
        differs |= first && first != r.net.pause_ms[2];
        first = r.net.pause_ms[2];
        test_env_assert_clean(&env);
        vnet_free(&r.net);
    }
    assert_true(differs);
}

static void a_wrong_identity_is_never_tried_again(void **state)
{
    struct run_of r;
    struct lewes_env env;
    struct lewes_identity *other = NULL;
    (void)state;
    begin(&r);
    lewes_env_system(&env);
    assert_int_equal(lewes_identity_new(&other, &env, &(struct lewes_ed25519_seed){{9}}), LEWES_OK);
    r.options.entry.gateway = *lewes_identity_public(other);
    r.options.stepwise = true;
    assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.error, LEWES_ERROR_KKT);
    assert_int_equal(r.net.pauses, 0);
    assert_int_equal(recorded_state(&r.tickets, 0), RECORDED_FREE);
    lewes_identity_free(other);
    vnet_free(&r.net);
}

static void a_lost_answer_is_asked_for_with_the_same_container(void **state)
{
    static const enum vnet_plan plans[] = {VNET_VANISH, VNET_SILENCE, VNET_NONSENSE};
    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        for (unsigned losses = 1; losses <= 6; losses++) {
            struct run_of r;
            begin(&r);
            for (unsigned n = 0; n < losses; n++)
                r.net.entry.plan[n] = plans[i];
            enum lewes_register_class outcome = register_now(&r);
            assert_one_container(&r);
            if (losses < 5) {
                assert_int_equal(outcome, LEWES_REGISTER_OK);
                assert_true(r.result.hops[LEWES_HOP_ENTRY].repeated);
                assert_int_equal(recorded_state(&r.tickets, 0), RECORDED_SPENT);
            } else {
                assert_int_equal(outcome, LEWES_REGISTER_MAYBE_SPENT);
                assert_int_equal(r.net.entry.requests, 5);
                /* without a journal it can never be sent again */
                assert_int_equal(recorded_state(&r.tickets, 0), RECORDED_BURNED);
            }
            vnet_free(&r.net);
        }
}

static void only_the_timestamp_of_a_repeated_request_is_new(void **state)
{
    struct run_of r;
    struct lewes_pay_info info;
    (void)state;
    begin(&r);
    r.net.entry.plan[0] = VNET_SILENCE;
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    lewes_pay_info_decode(&info, r.net.entry.last.credential.pay_info);
    assert_true(r.net.entry.last.timestamp >= (uint64_t)info.unix_seconds + 30);
    vnet_free(&r.net);
}

static void a_spent_ticket_stays_maybe_spent_when_the_gateway_cannot_be_reached_again(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.entry.plan[0] = VNET_VANISH;
    r.net.entry.busy = 0;
    r.options.tries = 2;
    r.net.entry.plan[1] = VNET_VANISH;
    assert_int_equal(register_now(&r), LEWES_REGISTER_MAYBE_SPENT);
    assert_int_equal(r.net.connects, 2);
    vnet_free(&r.net);

    begin(&r);
    r.net.entry.plan[0] = VNET_VANISH;
    r.options.overall_ms = 1000;
    r.options.connect_ms = 300;
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    vnet_free(&r.net);
}

static void doubt_lasts_ten_minutes(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    for (unsigned n = 0; n < 5; n++)
        r.net.entry.plan[n] = VNET_SILENCE;
    r.options.registration_ms = 300000;
    assert_int_equal(register_now(&r), LEWES_REGISTER_MAYBE_SPENT);
    assert_int_equal(r.net.entry.requests, 3); /* after 5, 10 and 15 minutes */
    vnet_free(&r.net);
}

static void refused(enum lewes_refusal refusal, unsigned tries, enum recorded_state end)
{
    struct run_of r;
    begin(&r);
    for (unsigned n = 0; n < VNET_LOG; n++)
        r.net.entry.plan[n] = VNET_REFUSAL(refusal);
    assert_int_equal(register_now(&r), LEWES_REGISTER_REJECTED);
    assert_int_equal(r.result.refusal, refusal);
    assert_int_equal(r.net.entry.requests, tries);
    assert_one_container(&r);
    assert_non_null(strstr(r.result.text, ". ")); /* and what to do */
    assert_null(strstr(r.result.text, "(null)"));
    assert_int_equal(recorded_state(&r.tickets, 0), end);
    vnet_free(&r.net);
}

static void a_refusal_is_asked_again_only_where_that_can_help(void **state)
{
    (void)state;
    for (int refusal = 0; refusal < (int)LEWES_REFUSAL_OTHER; refusal++) {
        bool soon = refusal == LEWES_REFUSAL_BUSY || refusal == LEWES_REFUSAL_SHUTDOWN ||
                    refusal == LEWES_REFUSAL_STORE || refusal == LEWES_REFUSAL_DEVICE;
        refused((enum lewes_refusal)refusal, soon ? 5 : 1, RECORDED_BURNED);
    }
}

static void a_payment_that_is_not_fresh_any_more_is_not_sent_again(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.entry.plan[0] = VNET_SILENCE; /* that took 30 s */
    r.net.entry.plan[1] = VNET_REFUSAL(LEWES_REFUSAL_STORE);
    assert_int_equal(register_now(&r), LEWES_REGISTER_REJECTED);
    assert_int_equal(r.net.entry.requests, 2);
    assert_int_equal(recorded_state(&r.tickets, 0), RECORDED_BURNED);
    vnet_free(&r.net);
}

static void a_credited_ticket_is_sent_again_until_the_device_works(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.entry.plan[0] = r.net.entry.plan[1] = VNET_REFUSAL(LEWES_REFUSAL_DEVICE);
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_one_container(&r);
    assert_true(r.result.hops[LEWES_HOP_ENTRY].repeated);
    vnet_free(&r.net);
}

static void a_fresh_ticket_that_is_already_spent_points_at_the_wallet(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.entry.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_SPENT);
    assert_int_equal(register_now(&r), LEWES_REGISTER_REJECTED);
    assert_non_null(strstr(r.result.text, "wallet"));
    vnet_free(&r.net);
}

static void the_whole_call_has_a_limit(void **state)
{
    (void)state;
    for (uint32_t limit = 1; limit < 100000; limit = limit * 2 + 1) {
        struct run_of r;
        begin(&r);
        r.net.entry.plan[0] = r.net.entry.plan[1] = VNET_SILENCE;
        r.options.overall_ms = limit;
        enum lewes_register_class outcome = register_now(&r);
        assert_true(r.net.now - 1000 <= limit);
        assert_int_equal(outcome, limit > 61000 ? LEWES_REGISTER_OK : LEWES_REGISTER_MAYBE_SPENT);
        vnet_free(&r.net);
    }
}

/* ---- the wallet fails ---- */

static void a_wallet_that_fails_never_lets_an_unnoted_coin_leave(void **state)
{
    (void)state;
    for (unsigned call = 1; call <= 4; call++) { /* reserve, pay, settle(SENT), settle(SPENT) */
        struct run_of r;
        begin(&r);
        r.tickets.fail_call = call;
        enum lewes_register_class outcome = register_now(&r);
        assert_int_equal(outcome, call < 4 ? LEWES_REGISTER_BEFORE_SPEND : LEWES_REGISTER_OK);
        assert_int_equal(r.net.entry.requests, call < 4 ? 0 : 1);
        assert_int_equal(r.net.connects, call == 1 ? 0 : 1);
        assert_int_equal(r.net.pauses, 0);
        if (call == 2 || call == 3)
            assert_int_equal(recorded_state(&r.tickets, 0), RECORDED_FREE);
        if (call == 4)
            assert_non_null(strstr(r.result.text, "wallet"));
        vnet_free(&r.net);
    }
}

/* ---- another way ---- */

static int count_fallback(void *user, const struct lewes_register_result *failed)
{
    assert_int_not_equal(failed->outcome, LEWES_REGISTER_OK);
    ++*(unsigned *)user;
    return 0;
}

static void another_way_is_taken_only_when_no_ticket_is_in_doubt(void **state)
{
    static const struct {
        unsigned plan;
        bool unreachable, even_then, called;
    } cases[] = {
        {VNET_ACCEPT, false, true, false},
        {VNET_ACCEPT, true, false, true},
        {VNET_REFUSAL(LEWES_REFUSAL_PROOF), false, false, true},
        {VNET_VANISH, false, false, false},
        {VNET_VANISH, false, true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run_of r;
        unsigned calls = 0;
        begin(&r);
        for (unsigned n = 0; n < 8; n++)
            r.net.entry.plan[n] = cases[i].plan;
        r.net.unreachable = cases[i].unreachable ? 100 : 0;
        r.options.fallback = count_fallback;
        r.options.fallback_user = &calls;
        r.options.fallback_after_maybe_spent = cases[i].even_then;
        register_now(&r);
        assert_int_equal(calls, cases[i].called);
        assert_int_equal(r.result.fell_back, cases[i].called);
        vnet_free(&r.net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_before_spending_is_tried_four_times),
        cmocka_unit_test(the_number_of_tries_is_a_setting),
        cmocka_unit_test(a_try_that_works_ends_the_row),
        cmocka_unit_test(a_busy_gateway_is_given_twice_the_time),
        cmocka_unit_test(the_jitter_comes_from_the_environment),
        cmocka_unit_test(a_wrong_identity_is_never_tried_again),
        cmocka_unit_test(a_lost_answer_is_asked_for_with_the_same_container),
        cmocka_unit_test(only_the_timestamp_of_a_repeated_request_is_new),
        cmocka_unit_test(a_spent_ticket_stays_maybe_spent_when_the_gateway_cannot_be_reached_again),
        cmocka_unit_test(doubt_lasts_ten_minutes),
        cmocka_unit_test(a_refusal_is_asked_again_only_where_that_can_help),
        cmocka_unit_test(a_payment_that_is_not_fresh_any_more_is_not_sent_again),
        cmocka_unit_test(a_credited_ticket_is_sent_again_until_the_device_works),
        cmocka_unit_test(a_fresh_ticket_that_is_already_spent_points_at_the_wallet),
        cmocka_unit_test(the_whole_call_has_a_limit),
        cmocka_unit_test(a_wallet_that_fails_never_lets_an_unnoted_coin_leave),
        cmocka_unit_test(another_way_is_taken_only_when_no_ticket_is_in_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
