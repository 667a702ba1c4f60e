/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping at each wait (gateway.md G3.4, G15.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/packet.h"
#include "tests/support/gateway_client.h"
#include "tests/support/serial_verifier.h"

#define ONE INT64_C(500000000)
#define LONG_MS 60000 /* longer than the test waits for anything */

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
    client_ticket(&ticket, &rig, 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    serial_verifier_hold(false);
    rig_down(&rig);
    return 0;
}

static void on_stopped(void *user)
{
    struct rig *r = user;
    r->stopped = true;
}

static bool is_stopped(void *user)
{
    const struct rig *r = user;
    return r->stopped;
}

static void begin_stop(uint64_t drain_ms)
{
    gateway_stop(rig.gateway, drain_ms, on_stopped, &rig);
}

static void wait_stopped(void)
{
    rig_wait(&rig, is_stopped, &rig);
    rig.gateway = NULL;
    rig_settle(&rig);
}

static void an_idle_gateway_stops_at_once(void **state)
{
    (void)state;
    begin_stop(LONG_MS);
    wait_stopped();
}

static void idle_connections_end_and_newcomers_hear_busy(void **state)
{
    static struct client half_open, idle, silent;
    (void)state;
    client_open(&silent, &rig, 1);
    client_open(&idle, &rig, 2);
    client_handshake(&idle);
    client_open(&half_open, &rig, 3);
    client_advance(&half_open, 4);
    rig_wait_open(&rig, 3);
    begin_stop(LONG_MS);
    client_expect_end(&silent);
    client_expect_end(&idle);
    assert_int_equal(rig_count(&rig).ends[END_SHUTDOWN], 2);
    client_open(&client, &rig, 4);
    client_expect_clear(&client, LEWESI_BUSY, 0);
    client_expect_end(&client);
    assert_int_equal(rig_count(&rig).busies[BUSY_DRAIN], 1);
    client_write(&half_open);
    enum lewes_event_kind kind;
    assert_true(client_read(&half_open, &kind));
    client_write(&half_open);
    assert_true(client_read(&half_open, &kind));
    assert_int_equal(kind, LEWES_EVENT_ESTABLISHED);
    client_expect_end(&half_open);
    client_close(&client);
    client_close(&silent);
    client_close(&idle);
    client_close(&half_open);
    wait_stopped();
}

static void a_hello_during_the_drain_hears_busy(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    client_send(&client, "\0", 1); /* begun, so not idle */
    rig_wait_open(&rig, 1);
    rig_settle(&rig);
    begin_stop(LONG_MS);
    client_make_hello(&client);
    client_send(&client, "\0\0\x88", 3);
    client_send(&client, client.packet, client.packet_len);
    client_expect_clear(&client, LEWESI_BUSY, lewes_session_receiver_index(client.session));
    client_expect_end(&client);
    client_close(&client);
    wait_stopped();
}

static void without_a_drain_half_open_ones_end(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    client_advance(&client, 6);
    client_open(&other, &rig, 2);
    client_send(&other, "\0\0", 2);
    rig_wait_open(&rig, 2);
    rig_settle(&rig);
    begin_stop(0);
    wait_stopped();
    client_expect_gone(&client);
    client_expect_gone(&other);
    client_close(&client);
    client_close(&other);
}

static bool one_waits(void *user)
{
    (void)user;
    return serial_verifier_waiting() == 1;
}

static void begin_registration(struct client *who, uint8_t number)
{
    client_open(who, &rig, number);
    client_handshake(who);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    client_send_request(who, &request);
}

static bool has_answer_or_end(void *user)
{
    const struct client *c = user;
    return c->in_len > 0 || c->eof;
}

static void a_check_under_way_may_finish_within_the_drain(void **state)
{
    struct lewes_answer answer;
    (void)state;
    serial_verifier_hold(true);
    begin_registration(&client, 1);
    rig_wait(&rig, one_waits, NULL);
    begin_stop(LONG_MS);
    rig_settle(&rig);
    assert_false(has_answer_or_end(&client));
    serial_verifier_decide(true);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, ONE);
    client_expect_end(&client);
    client_close(&client);
    wait_stopped();
    assert_int_equal(rig_peers(&rig), 1);
}

static void after_the_drain_a_check_is_refused(void **state)
{
    struct lewes_answer answer;
    struct lease lease;
    (void)state;
    serial_verifier_hold(true);
    begin_registration(&client, 1);
    rig_wait(&rig, one_waits, NULL);
    begin_registration(&other, 2); /* stands in line */
    while (rig_count(&rig).registrations < 2)
        uv_run(&rig.loop, UV_RUN_ONCE);
    begin_stop(0);
    assert_true(client_answer(&client, &answer));
    assert_refused(&answer, LEWES_REFUSAL_SHUTDOWN);
    client_expect_end(&client);
    assert_true(client_answer(&other, &answer));
    assert_refused(&answer, LEWES_REFUSAL_SHUTDOWN);
    client_expect_end(&other);
    serial_verifier_decide(true); /* too late */
    client_close(&client);
    client_close(&other);
    wait_stopped();
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_NOT_FOUND);
    assert_int_equal(rig_peers(&rig), 0);
}

static void a_look_up_is_refused(void **state)
{
    struct lewes_answer answer;
    (void)state;
    rig_gate_close(&rig.store_gate);
    begin_registration(&client, 1);
    rig_gate_reached(&rig, &rig.store_gate);
    begin_stop(0);
    assert_true(client_answer(&client, &answer));
    assert_refused(&answer, LEWES_REFUSAL_SHUTDOWN);
    rig_gate_open(&rig.store_gate);
    client_expect_end(&client);
    client_close(&client);
    wait_stopped();
}

/* Waits in the transaction: the look-up comes first. */
static void begin_commit(void)
{
    serial_verifier_hold(true);
    begin_registration(&client, 1);
    rig_wait(&rig, one_waits, NULL);
    rig_gate_close(&rig.store_gate);
    serial_verifier_decide(true);
    rig_gate_reached(&rig, &rig.store_gate);
}

static void what_is_being_committed_is_finished(void **state)
{
    struct lewes_answer answer;
    struct lease lease;
    (void)state;
    begin_commit();
    begin_stop(0);
    rig_settle(&rig);
    assert_false(has_answer_or_end(&client));
    rig_gate_open(&rig.store_gate);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, ONE);
    client_expect_end(&client);
    client_close(&client);
    wait_stopped();
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_ACTIVE);
    assert_int_equal(rig_peers(&rig), 1);
}

static void what_is_being_installed_is_finished(void **state)
{
    struct lewes_answer answer;
    (void)state;
    rig_gate_close(&rig.device_gate);
    begin_registration(&client, 1);
    rig_gate_reached(&rig, &rig.device_gate);
    begin_stop(0);
    rig_settle(&rig);
    assert_false(has_answer_or_end(&client));
    rig_gate_open(&rig.device_gate);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, ONE);
    client_expect_end(&client);
    client_close(&client);
    wait_stopped();
}

static void who_does_not_read_is_not_waited_for(void **state)
{
    uint8_t bytes[200];
    const uint8_t inner[64] = {0};
    const struct lewes_forward forward = {.address = {.ip = {4, {192, 0, 2, 7}}, .port = 1},
                                          .packet = inner,
                                          .packet_len = sizeof inner};
    size_t len;
    (void)state;
    assert_int_equal(lewes_forward_encode(&forward, bytes, sizeof bytes, &len), LEWES_OK);
    rig.client_buffer = 1;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_narrow(&client);
    uv_poll_stop(&client.poll);
    for (int i = 0; i < 300; i++) {
        client_send_payload(&client, bytes, len);
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    }
    begin_stop(0);
    wait_stopped();
    client_close(&client);
}

static void who_vanishes_in_the_drain_is_not_waited_for(void **state)
{
    (void)state;
    begin_commit();
    begin_stop(LONG_MS);
    client_close(&client);
    rig_gate_open(&rig.store_gate);
    wait_stopped();
    assert_int_equal(rig_peers(&rig), 1);
}

static void a_device_in_repair_is_not_waited_for(void **state)
{
    struct lewes_answer answer;
    (void)state;
    atomic_store(&rig.device_fault, WG_LOST);
    begin_registration(&client, 1);
    assert_true(client_answer(&client, &answer));
    assert_refused(&answer, LEWES_REFUSAL_DEVICE);
    begin_stop(0);
    client_expect_gone(&client);
    client_close(&client);
    wait_stopped();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_idle_gateway_stops_at_once),
        TEST(idle_connections_end_and_newcomers_hear_busy),
        TEST(a_hello_during_the_drain_hears_busy),
        TEST(without_a_drain_half_open_ones_end),
        TEST(a_check_under_way_may_finish_within_the_drain),
        TEST(after_the_drain_a_check_is_refused),
        TEST(a_look_up_is_refused),
        TEST(what_is_being_committed_is_finished),
        TEST(what_is_being_installed_is_finished),
        TEST(who_does_not_read_is_not_waited_for),
        TEST(who_vanishes_in_the_drain_is_not_waited_for),
        TEST(a_device_in_repair_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
