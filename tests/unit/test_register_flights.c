/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent together and what is waited for (protocol.md 14), in one hop and two. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "client/run.h"
#include "tests/support/virtual_net.h"

struct run_of {
    struct vnet net;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_register_result result;
};

static void begin(struct run_of *r, bool two_hops)
{
    vnet_init(&r->net);
    vnet_options(&r->net, &r->options, two_hops ? &r->exit : NULL);
}

static enum lewes_register_class register_now(struct run_of *r)
{
    return run_register(&r->options, &r->result, &r->net.world);
}

static unsigned round_trips(const struct run_of *r)
{
    return r->result.hops[LEWES_HOP_ENTRY].round_trips + r->result.hops[LEWES_HOP_EXIT].round_trips;
}

static void assert_both_tunnels(const struct run_of *r)
{
    assert_int_equal(r->result.outcome, LEWES_REGISTER_OK);
    assert_int_equal(r->result.step, LEWES_STEP_DONE);
    assert_true(r->result.hops[LEWES_HOP_ENTRY].registered);
    assert_memory_equal(&r->result.entry.tunnel.gateway_key,
                        &r->net.entry.answer.as.dvpn.gateway_key, LEWES_KEY_LEN);
    if (!r->options.exit)
        return;
    assert_true(r->result.hops[LEWES_HOP_EXIT].registered);
    assert_memory_equal(&r->result.exit.tunnel.gateway_key, &r->net.exit.answer.as.dvpn.gateway_key,
                        LEWES_KEY_LEN);
    assert_memory_equal(r->result.exit.tunnel.endpoint.ip.bytes, ((uint8_t[]){198, 51, 100, 7}), 4);
}

static void round_trips_are_as_few_as_the_protocol_allows(void **state)
{
    static const struct {
        bool two_hops, stepwise;
        unsigned entry, exit;
    } cases[] = {
        {false, false, 2, 0}, /* P75, P76 */
        {false, true, 5, 0},  /* a message each */
        {true, false, 2, 2},  /* P82 */
        {true, true, 5, 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run_of r = {0};
        begin(&r, cases[i].two_hops);
        r.options.stepwise = cases[i].stepwise;
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_both_tunnels(&r);
        assert_int_equal(r.result.hops[LEWES_HOP_ENTRY].round_trips, cases[i].entry);
        assert_int_equal(r.result.hops[LEWES_HOP_EXIT].round_trips, cases[i].exit);
        assert_int_equal(r.result.hops[LEWES_HOP_ENTRY].early, !cases[i].stepwise);
        assert_int_equal(r.net.connects, 1);
        assert_int_equal(r.result.attempts, 1);
        /* a flight is one write, and nothing is waited for in between */
        assert_int_equal(r.net.waits_for_room, 1 + round_trips(&r));
        vnet_free(&r.net);
    }
}

static void replies_may_come_byte_by_byte(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++)
        for (size_t split = 1; split < 60; split++) {
            struct run_of r = {0};
            begin(&r, two_hops);
            r.net.split = split;
            assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
            assert_both_tunnels(&r);
            vnet_free(&r.net);
        }
}

static void a_request_is_made_out_to_the_gateway_that_gets_it(void **state)
{
    struct run_of r = {0};
    struct lewes_pay_info info;
    (void)state;
    begin(&r, true);
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(r.net.entry.last.ticket_type, LEWES_TICKET_WG_ENTRY);
    assert_int_equal(r.net.exit.last.ticket_type, LEWES_TICKET_WG_EXIT);
    lewes_pay_info_decode(&info, r.net.entry.last.credential.pay_info);
    assert_memory_equal(&info.gateway, &r.net.entry.identity, LEWES_KEY_LEN);
    lewes_pay_info_decode(&info, r.net.exit.last.credential.pay_info);
    assert_memory_equal(&info.gateway, &r.net.exit.identity, LEWES_KEY_LEN);
    assert_memory_not_equal(&r.net.entry.last.wg_key, &r.net.exit.last.wg_key, LEWES_KEY_LEN);
    assert_memory_equal(r.net.exit.last.client_ip.bytes, ((uint8_t[]){198, 51, 100, 7}), 4);
    vnet_free(&r.net);
}

/* P79: the connection of an early flight is left; then step by step. */
static void a_collision_costs_an_early_flight_its_connection(void **state)
{
    (void)state;
    for (unsigned collisions = 1; collisions <= 4; collisions++) {
        struct run_of r = {0};
        begin(&r, false);
        r.options.tries = 1;
        r.net.entry.collisions = collisions;
        enum lewes_register_class outcome = register_now(&r);
        assert_int_equal(r.net.connects, 2);
        if (collisions < 4) {
            assert_int_equal(outcome, LEWES_REGISTER_OK);
            assert_int_equal(r.net.entry.hellos, collisions + 1);
            /* of the last connection: the hellos that collided, and a message each */
            assert_int_equal(round_trips(&r), collisions - 1 + 4);
            assert_false(r.result.hops[LEWES_HOP_ENTRY].early);
        } else {
            assert_int_equal(outcome, LEWES_REGISTER_BEFORE_SPEND);
            assert_int_equal(r.result.error, LEWES_ERROR_COLLISION);
            assert_int_equal(r.net.entry.hellos, 4); /* P17 */
        }
        vnet_free(&r.net);
    }
}

/* The four hellos are those of one try: the next one has its own. */
static void every_try_has_four_hellos(void **state)
{
    struct run_of r = {0};
    (void)state;
    begin(&r, false);
    r.options.tries = 2;
    r.net.entry.collisions = 7;
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(r.net.entry.hellos, 8);
    vnet_free(&r.net);
}

static void a_collision_of_a_hello_alone_keeps_the_connection(void **state)
{
    struct run_of r = {0};
    (void)state;
    begin(&r, false);
    r.options.stepwise = true;
    r.net.entry.collisions = 3;
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(r.net.connects, 1);
    assert_int_equal(round_trips(&r), 3 + 5);
    vnet_free(&r.net);
}

/* An exit closes a stream on which a KKTRequest follows its Collision; the entry's notices about
 * the rest of the flight are nobody's any more. */
static void a_collision_at_the_exit_does_not_harm_the_outer_session(void **state)
{
    (void)state;
    for (unsigned collisions = 1; collisions <= 3; collisions++) {
        struct run_of r = {0};
        begin(&r, true);
        r.options.tries = 1;
        r.net.exit.collisions = collisions;
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_both_tunnels(&r);
        assert_int_equal(r.net.connects, 1);
        assert_int_equal(r.net.exit.hellos, collisions + 1);
        assert_int_equal(r.result.hops[LEWES_HOP_EXIT].round_trips, 1 + collisions - 1 + 4);
        vnet_free(&r.net);
    }
}

static void an_early_flight_that_ends_unanswered_is_repeated_step_by_step(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        struct run_of r = {0};
        begin(&r, two_hops);
        r.options.tries = 1;
        (two_hops ? &r.net.exit : &r.net.entry)->ends = 1;
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_both_tunnels(&r);
        assert_int_equal(r.net.connects, two_hops ? 1 : 2);
        assert_false(r.result.hops[two_hops].early);
        vnet_free(&r.net);
    }
}

static void a_busy_gateway_ends_the_attempt(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        struct run_of r = {0};
        begin(&r, two_hops);
        r.options.tries = 1;
        (two_hops ? &r.net.exit : &r.net.entry)->busy = 1;
        assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(r.result.error, LEWES_ERROR_BUSY);
        assert_int_equal((int)r.result.hop, two_hops);
        assert_int_equal(r.result.step, LEWES_STEP_HANDSHAKE);
        assert_int_equal(r.net.entry.requests, 0);
        vnet_free(&r.net);
    }
}

static void the_answer_to_another_mode_is_refused(void **state)
{
    (void)state;
    for (int mixnet = 0; mixnet < 2; mixnet++) {
        struct run_of r = {0};
        begin(&r, false);
        r.options.tries = 1;
        r.options.mode = mixnet ? LEWES_MODE_MIXNET : LEWES_MODE_DVPN;
        if (!mixnet)
            r.net.entry.answer = (struct lewes_answer){.kind = LEWES_ANSWER_MIXNET};
        assert_int_equal(register_now(&r), LEWES_REGISTER_MAYBE_SPENT);
        vnet_free(&r.net);
    }
}

static void mixnet_mode_names_our_keys_and_returns_the_gateways(void **state)
{
    struct run_of r = {0};
    (void)state;
    begin(&r, false);
    r.options.mode = LEWES_MODE_MIXNET;
    r.options.mixnet_x25519 = (struct lewes_x25519_public){{0x42}};
    memset(&r.options.entry.wg_key, 0, sizeof r.options.entry.wg_key); /* is not used */
    r.net.entry.answer = (struct lewes_answer){
        .kind = LEWES_ANSWER_MIXNET,
        .as.mixnet = {.gateway_identity = r.net.entry.identity, .sphinx_key = {{0x51}}},
        .bandwidth = 200000000,
    };
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_memory_equal(&r.result.mixnet, &r.net.entry.answer.as.mixnet, sizeof r.result.mixnet);
    assert_int_equal(r.net.entry.last.mode, LEWES_MODE_MIXNET);
    assert_int_equal(r.net.entry.last.ticket_type, LEWES_TICKET_MIXNET_ENTRY);
    assert_memory_equal(&r.net.entry.last.mixnet_x25519, &r.options.mixnet_x25519, LEWES_KEY_LEN);
    assert_int_equal(lewes_wg_check(&r.net.entry.last.wg_key), LEWES_OK);
    vnet_free(&r.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_are_as_few_as_the_protocol_allows),
        cmocka_unit_test(replies_may_come_byte_by_byte),
        cmocka_unit_test(a_request_is_made_out_to_the_gateway_that_gets_it),
        cmocka_unit_test(a_collision_costs_an_early_flight_its_connection),
        cmocka_unit_test(every_try_has_four_hellos),
        cmocka_unit_test(a_collision_of_a_hello_alone_keeps_the_connection),
        cmocka_unit_test(a_collision_at_the_exit_does_not_harm_the_outer_session),
        cmocka_unit_test(an_early_flight_that_ends_unanswered_is_repeated_step_by_step),
        cmocka_unit_test(a_busy_gateway_ends_the_attempt),
        cmocka_unit_test(the_answer_to_another_mode_is_refused),
        cmocka_unit_test(mixnet_mode_names_our_keys_and_returns_the_gateways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
