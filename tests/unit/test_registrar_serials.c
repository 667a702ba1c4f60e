/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of gateway.md G6.2 that need a verifier which keeps serial numbers, and what happens
 * while a check is under way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_client.h"
#include "tests/support/serial_verifier.h"

#define ONE INT64_C(500000000)
#define SERIAL_AT 589 /* ecash.md 5 */

static struct rig rig;
static struct client client, other;
static struct client_ticket ticket;

static int up(void **state)
{
    (void)state;
    rig_init(&rig);
    rig.verifier = &serial_verifier;
    serial_verifier_hold(false);
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    serial_verifier_hold(false);
    client_close(&client);
    rig_down(&rig);
    return 0;
}

static uint64_t tickets(void)
{
    struct store_counts counts;
    assert_int_equal(store_count(rig.store, &counts), STORE_OK);
    return counts.tickets;
}

static struct lewes_answer ask(uint8_t wg_who)
{
    struct lewes_request request = client_request(&rig, wg_who, &ticket);
    return client_register(&client, &request);
}

static void a_ticket_is_spent_once(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    answer = ask(2); /* other key */
    assert_refused(&answer, LEWES_REFUSAL_SPENT);
    answer = ask(1); /* identical */
    assert_dvpn(&answer, ONE);
    client_ticket(&ticket, &rig, 2); /* same serial, other pay_info */
    answer = ask(1);
    assert_refused(&answer, LEWES_REFUSAL_SPENT);
    ticket.payment[SERIAL_AT] ^= 1; /* a new ticket */
    answer = ask(2);
    assert_dvpn(&answer, ONE);
    assert_int_equal(tickets(), 2);
    assert_int_equal(rig_peers(&rig), 2);
}

static void a_spent_ticket_does_not_revive_a_lease(void **state)
{
    struct lease lease;
    (void)state;
    (void)ask(1);
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    lease.balance = 0;
    lease.state = LEASE_HELD;
    assert_int_equal(store_update_lease(rig.store, &lease), STORE_OK);
    struct lewes_answer answer = ask(1);
    assert_refused(&answer, LEWES_REFUSAL_SPENT);
}

static void a_ticket_that_is_not_taken_can_be_used_later(void **state)
{
    (void)state;
    (void)ask(1);
    ticket.payment[SERIAL_AT] ^= 1;
    struct lewes_answer answer = ask(1); /* plenty of credit */
    assert_dvpn(&answer, ONE);
    assert_int_equal(tickets(), 1);
    answer = ask(2);
    assert_dvpn(&answer, ONE);
    assert_int_equal(tickets(), 2);
}

static bool both_wait(void *user)
{
    (void)user;
    return serial_verifier_waiting() == 2;
}

static void of_two_keys_with_one_ticket_one_is_served(void **state)
{
    struct lewes_answer answers[2];
    struct lewes_request first = client_request(&rig, 1, &ticket);
    struct lewes_request second = client_request(&rig, 2, &ticket);
    (void)state;
    client_open(&other, &rig, 2);
    client_handshake(&other);
    serial_verifier_hold(true);
    client_send_request(&client, &first);
    client_send_request(&other, &second);
    rig_wait(&rig, both_wait, NULL);
    serial_verifier_decide(true);
    serial_verifier_decide(true);
    assert_true(client_answer(&client, &answers[0]));
    assert_true(client_answer(&other, &answers[1]));
    int winner = answers[0].kind == LEWES_ANSWER_DVPN ? 0 : 1;
    assert_dvpn(&answers[winner], ONE);
    assert_refused(&answers[1 - winner], LEWES_REFUSAL_SPENT);
    assert_int_equal(tickets(), 1);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(rig_count(&rig).leased_pairs, 1);
    client_close(&other);
}

static bool one_waits(void *user)
{
    (void)user;
    return serial_verifier_waiting() == 1;
}

static void a_verdict_that_comes_late_counts(void **state)
{
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_answer answer;
    (void)state;
    serial_verifier_hold(true);
    for (int i = 0; i < 2; i++) {
        client_send_request(&client, &request);
        rig_wait(&rig, one_waits, NULL);
        serial_verifier_decide(i == 1);
        assert_true(client_answer(&client, &answer));
        if (i == 0)
            assert_refused(&answer, LEWES_REFUSAL_PROOF);
    }
    assert_dvpn(&answer, ONE);
    assert_int_equal(tickets(), 1);
}

static void who_vanishes_during_the_check_pays_nothing(void **state)
{
    struct lewes_request request = client_request(&rig, 1, &ticket);
    (void)state;
    serial_verifier_hold(true);
    client_send_request(&client, &request);
    rig_wait(&rig, one_waits, NULL);
    assert_int_equal(rig_count(&rig).free_pairs, 4096 - 4);
    client_vanish(&client);
    rig_wait_open(&rig, 0);
    serial_verifier_decide(true);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_ABANDONED], 1);
    assert_int_equal(rig_count(&rig).free_pairs, 4096 - 3);
    assert_int_equal(tickets(), 0);
    assert_int_equal(rig_peers(&rig), 0);
}

static void who_vanishes_after_the_commit_is_served_all_the_same(void **state)
{
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lease lease;
    (void)state;
    rig_gate_close(&rig.device_gate);
    client_send_request(&client, &request);
    rig_gate_reached(&rig, &rig.device_gate);
    client_vanish(&client);
    rig_wait_open(&rig, 0);
    assert_int_equal(rig_count(&rig).registrations, 1);
    rig_gate_open(&rig.device_gate);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(rig_lease(&rig, &request.wg_key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_ACTIVE);
    client_close(&client);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
}

static void who_vanishes_in_line_leaves_the_line(void **state)
{
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_answer answer;
    (void)state;
    serial_verifier_hold(true);
    client_send_request(&client, &request);
    rig_wait(&rig, one_waits, NULL);
    client_open(&other, &rig, 2);
    client_handshake(&other);
    client_send_request(&other, &request);
    while (rig_count(&rig).registrations < 2)
        uv_run(&rig.loop, UV_RUN_ONCE);
    client_close(&other);
    rig_wait_open(&rig, 1);
    assert_int_equal(rig_count(&rig).registrations, 1);
    serial_verifier_decide(true);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, ONE);
}

static void the_queue_of_checks_has_an_end(void **state)
{
    struct lewes_request first = client_request(&rig, 1, &ticket);
    struct lewes_request second = client_request(&rig, 2, &ticket);
    struct lewes_answer answer;
    (void)state;
    client_close(&client);
    rig_stop(&rig);
    rig.settings.registration.verify_queue = 1;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_open(&other, &rig, 2);
    client_handshake(&other);
    serial_verifier_hold(true);
    client_send_request(&client, &first);
    rig_wait(&rig, one_waits, NULL);
    answer = client_register(&other, &second);
    assert_refused(&answer, LEWES_REFUSAL_BUSY);
    serial_verifier_decide(true);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, ONE);
    client_close(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_is_spent_once),
        TEST(a_spent_ticket_does_not_revive_a_lease),
        TEST(a_ticket_that_is_not_taken_can_be_used_later),
        TEST(of_two_keys_with_one_ticket_one_is_served),
        TEST(a_verdict_that_comes_late_counts),
        TEST(who_vanishes_during_the_check_pays_nothing),
        TEST(who_vanishes_after_the_commit_is_served_all_the_same),
        TEST(who_vanishes_in_line_leaves_the_line),
        TEST(the_queue_of_checks_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
