/* SPDX-License-Identifier: Apache-2.0 */
/* An exit through an entry (registration.md 8, protocol.md 13): who fails, what stands, and which
 * coin is touched. The virtual net fails every connection to the exit itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "client/run.h"
#include "tests/support/env.h"
#include "tests/support/recorded_tickets.h"
#include "tests/support/virtual_net.h"

/* Forwards of a registration with early flights: hello, KKTRequest, Handshake1; Handshake3 and
 * request. */
#define FLIGHT_2 3
#define FORWARDS 5
#define EXIT_COIN 0 /* it is reserved first */
#define ENTRY_COIN 1

struct run_of {
    struct vnet net;
    struct recorded_tickets tickets;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_register_result result;
};

static void begin(struct run_of *r)
{
    memset(r, 0, sizeof *r);
    vnet_init(&r->net);
    vnet_options(&r->net, &r->options, &r->exit);
    r->options.tickets = recorded_source(&r->tickets);
    r->options.tries = 1;
}

static enum lewes_register_class register_now(struct run_of *r)
{
    run_register(&r->options, &r->result, &r->net.world);
    recorded_assert_settled(&r->tickets);
    return r->result.outcome;
}

static void assert_failed_at(const struct run_of *r, enum lewes_register_class outcome,
                             enum lewes_hop hop)
{
    assert_int_equal(r->result.outcome, outcome);
    assert_int_equal(r->result.hop, hop);
    assert_int_equal(recorded_state(&r->tickets, ENTRY_COIN), RECORDED_FREE);
    assert_int_equal(r->net.entry.requests, 0);
}

static void every_notice_about_every_forward_is_reported(void **state)
{
    (void)state;
    for (unsigned reason = 1; reason <= 7; reason++)
        for (unsigned forward = 0; forward < FORWARDS; forward++) {
            struct run_of r;
            begin(&r);
            r.options.stepwise = reason == 5; /* else it would begin anew, step by step */
            r.net.notice[forward] = reason;
            register_now(&r);
            bool ticket_left = forward >= (r.options.stepwise ? FLIGHT_2 + 1 : FLIGHT_2);
            assert_failed_at(&r,
                             ticket_left ? LEWES_REGISTER_MAYBE_SPENT : LEWES_REGISTER_BEFORE_SPEND,
                             LEWES_HOP_EXIT);
            assert_int_equal(r.result.notice, reason);
            assert_int_equal(r.result.step,
                             ticket_left ? LEWES_STEP_REGISTER : LEWES_STEP_HANDSHAKE);
            assert_int_equal(recorded_state(&r.tickets, EXIT_COIN),
                             ticket_left ? RECORDED_BURNED : RECORDED_FREE);
            assert_non_null(strstr(r.result.text, forwarding_reason(reason)));
            vnet_free(&r.net);
        }
}

static void a_failed_forward_leaves_the_outer_session_alone(void **state)
{
    (void)state;
    for (unsigned reason = 2; reason <= 6; reason++)
        for (unsigned forward = 0; forward < FORWARDS; forward++) {
            struct run_of r;
            begin(&r);
            r.options.tries = 2;
            r.net.notice[forward] = reason;
            assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
            assert_int_equal(r.net.connects, 1);
            assert_int_equal(r.net.entry.hellos, 1);
            assert_int_equal(r.net.entry.requests, 1);
            assert_int_equal(recorded_state(&r.tickets, EXIT_COIN), RECORDED_SPENT);
            assert_int_equal(recorded_state(&r.tickets, ENTRY_COIN), RECORDED_SPENT);
            vnet_free(&r.net);
        }
}

static void what_asking_again_cannot_change_is_not_asked_again(void **state)
{
    static const unsigned reasons[] = {1, 7};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct run_of r;
        begin(&r);
        r.options.tries = 4;
        r.net.notice[0] = reasons[i];
        assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(r.net.pauses, 0);
        vnet_free(&r.net);
    }
}

static void an_answer_that_comes_too_late_is_not_taken_for_another(void **state)
{
    static const unsigned lates[] = {3, FORWARDS};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct run_of r;
        begin(&r);
        r.options.tries = 2;
        r.options.forward_ms = 1000;
        r.net.late = lates[i];
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_int_equal(r.net.connects, 1);
        assert_int_equal(r.net.exit.requests, i ? 2 : 1);
        assert_int_equal(r.result.hops[LEWES_HOP_EXIT].repeated, i == 1);
        vnet_free(&r.net);
    }
}

static void a_forward_that_times_out_has_the_class_of_its_moment(void **state)
{
    static const struct {
        unsigned late;
        enum lewes_register_class outcome;
    } cases[] = {{3, LEWES_REGISTER_BEFORE_SPEND}, {FORWARDS, LEWES_REGISTER_MAYBE_SPENT}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct run_of r;
        begin(&r);
        r.net.late = cases[i].late;
        register_now(&r);
        assert_failed_at(&r, cases[i].outcome, LEWES_HOP_EXIT);
        assert_int_equal(r.result.error, LEWES_ERROR_TIMEOUT);
        vnet_free(&r.net);
    }
}

/* As the original does: any forward error ends the client's connection. */
static void an_entry_that_closes_fails_both_and_all_begins_again(void **state)
{
    (void)state;
    for (unsigned forward = 0; forward < FORWARDS; forward++) {
        struct run_of r;
        begin(&r);
        r.options.tries = 2;
        r.net.closes = true;
        r.net.notice[forward] = 3;
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_int_equal(r.net.connects, 2);
        assert_int_equal(r.net.entry.hellos, 2);
        assert_int_equal(r.net.entry.requests, 1);
        vnet_free(&r.net);
    }
}

static void an_exit_that_refuses_costs_no_entry_coin(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.exit.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_PROOF);
    register_now(&r);
    assert_failed_at(&r, LEWES_REGISTER_REJECTED, LEWES_HOP_EXIT);
    assert_int_equal(r.result.refusal, LEWES_REFUSAL_PROOF);
    assert_int_equal(recorded_state(&r.tickets, EXIT_COIN), RECORDED_BURNED);
    vnet_free(&r.net);
}

static void an_entry_that_refuses_does_not_take_the_exits_result(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.net.entry.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_PROOF);
    assert_int_equal(register_now(&r), LEWES_REGISTER_REJECTED);
    assert_int_equal(r.result.hop, LEWES_HOP_ENTRY);
    assert_true(r.result.hops[LEWES_HOP_EXIT].registered);
    assert_false(r.result.hops[LEWES_HOP_ENTRY].registered);
    assert_int_equal(recorded_state(&r.tickets, EXIT_COIN), RECORDED_SPENT);
    assert_int_equal(recorded_state(&r.tickets, ENTRY_COIN), RECORDED_BURNED);
    vnet_free(&r.net);
}

static void an_entry_that_is_asked_again_does_not_cost_another_exit_registration(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.options.tries = 3;
    r.net.entry.plan[0] = VNET_VANISH;
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(r.net.connects, 2);
    assert_int_equal(r.net.exit.requests, 1);
    assert_int_equal(r.net.exit.connections, 1);
    assert_true(r.result.hops[LEWES_HOP_ENTRY].repeated);
    assert_false(r.result.hops[LEWES_HOP_EXIT].repeated);
    vnet_free(&r.net);
}

static void the_entrys_answer_must_not_repeat_the_exits(void **state)
{
    (void)state;
    for (int endpoint = 0; endpoint < 2; endpoint++) {
        struct run_of r;
        begin(&r);
        if (endpoint) { /* the addresses differ, unless the exit stands at the entry's */
            r.exit.host = "192.0.2.1";
            r.net.exit_at_entry = true;
        } else {
            r.net.entry.answer.as.dvpn.gateway_key = r.net.exit.answer.as.dvpn.gateway_key;
        }
        assert_int_equal(register_now(&r), LEWES_REGISTER_MAYBE_SPENT);
        assert_int_equal(r.result.hop, LEWES_HOP_ENTRY);
        assert_true(r.result.hops[LEWES_HOP_EXIT].registered);
        vnet_free(&r.net);
    }
}

static void neither_gateway_may_answer_with_a_key_of_ours(void **state)
{
    (void)state;
    for (int hop = 0; hop < 2; hop++) {
        struct run_of r;
        begin(&r);
        lewes_wg_public(&r.net.exit.answer.as.dvpn.gateway_key,
                        hop ? &r.exit.wg_key : &r.options.entry.wg_key);
        assert_int_equal(register_now(&r), LEWES_REGISTER_MAYBE_SPENT);
        assert_int_equal(r.result.hop, LEWES_HOP_EXIT);
        vnet_free(&r.net);
    }
}

static void settings_that_link_the_hops_are_refused(void **state)
{
    (void)state;
    for (int fault = 0; fault < 6; fault++) {
        struct run_of r;
        begin(&r);
        if (fault == 0)
            r.exit.gateway = r.options.entry.gateway;
        else if (fault == 1)
            r.exit.wg_key = r.options.entry.wg_key;
        else if (fault == 2)
            r.exit.identity = r.options.entry.identity;
        else if (fault == 3)
            r.exit.host = "exit.example"; /* the entry takes addresses only */
        else if (fault == 4)
            r.options.mode = LEWES_MODE_MIXNET;
        else
            r.options.forward_ms = 300001;
        assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(r.result.error, LEWES_ERROR_ARGUMENT);
        assert_int_equal(r.net.connects, 0);
        assert_int_equal(r.tickets.calls, 0);
        vnet_free(&r.net);
    }
}

static void a_mapped_address_of_the_exit_means_ipv4(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.exit.host = "::ffff:198.51.100.7";
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(r.result.exit.tunnel.endpoint.ip.family, 4);
    vnet_free(&r.net);
}

/* A refusal that was asked again is what stands, if the gateway cannot be reached any more. */
static void a_refusal_stands_when_the_next_try_fails_before_it(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r);
    r.options.tries = 2;
    r.net.exit.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_STORE);
    r.net.notice[FORWARDS] = 3; /* of the second try */
    assert_int_equal(register_now(&r), LEWES_REGISTER_REJECTED);
    assert_int_equal(r.result.refusal, LEWES_REFUSAL_STORE);
    assert_int_equal(r.result.coin, LEWES_COIN_NOT_TAKEN);
    assert_int_equal(r.result.notice, 3);
    assert_int_equal(recorded_state(&r.tickets, EXIT_COIN), RECORDED_BURNED);
    assert_int_equal(recorded_state(&r.tickets, ENTRY_COIN), RECORDED_FREE);
    vnet_free(&r.net);
}

static void every_failed_allocation_and_draw_is_a_clean_error(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        enum lewes_register_class outcome = LEWES_REGISTER_BEFORE_SPEND;
        for (unsigned n = 1; outcome != LEWES_REGISTER_OK; n++) {
            struct run_of r;
            struct test_env env;
            begin(&r);
            test_env_init(&env, n);
            *(kind ? &env.fail_draw : &env.fail_allocation) = n;
            r.options.env = &env.env;
            outcome = register_now(&r);
            test_env_assert_clean(&env);
            if (outcome != LEWES_REGISTER_OK)
                assert_int_equal(r.result.error, kind ? LEWES_ERROR_RANDOM : LEWES_ERROR_MEMORY);
            assert_int_not_equal(outcome, LEWES_REGISTER_MAYBE_SPENT);
            assert_true(n < 100);
            vnet_free(&r.net);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_notice_about_every_forward_is_reported),
        cmocka_unit_test(a_failed_forward_leaves_the_outer_session_alone),
        cmocka_unit_test(what_asking_again_cannot_change_is_not_asked_again),
        cmocka_unit_test(an_answer_that_comes_too_late_is_not_taken_for_another),
        cmocka_unit_test(a_forward_that_times_out_has_the_class_of_its_moment),
        cmocka_unit_test(an_entry_that_closes_fails_both_and_all_begins_again),
        cmocka_unit_test(an_exit_that_refuses_costs_no_entry_coin),
        cmocka_unit_test(an_entry_that_refuses_does_not_take_the_exits_result),
        cmocka_unit_test(an_entry_that_is_asked_again_does_not_cost_another_exit_registration),
        cmocka_unit_test(the_entrys_answer_must_not_repeat_the_exits),
        cmocka_unit_test(neither_gateway_may_answer_with_a_key_of_ours),
        cmocka_unit_test(settings_that_link_the_hops_are_refused),
        cmocka_unit_test(a_mapped_address_of_the_exit_means_ipv4),
        cmocka_unit_test(a_refusal_stands_when_the_next_try_fails_before_it),
        cmocka_unit_test(every_failed_allocation_and_draw_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
