/* SPDX-License-Identifier: Apache-2.0 */
/* Each deadline of gateway.md G2.9 ends the connection for its own reason. They are short here;
 * that one comes is what is tested, not when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_client.h"
#include "tests/support/serial_verifier.h"

#define SHORT 60 /* ms; the others are a minute */

static struct rig rig;
static struct client client;

static int set_up(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    serial_verifier_hold(false);
    rig_down(&rig);
    return 0;
}

static void expect_end(enum end end)
{
    client_expect_gone(&client);
    rig_wait_end(&rig, end, 1);
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).half_open + rig_count(&rig).sessions, 0);
}

static void silence_after_connecting_ends(void **state)
{
    (void)state;
    rig.settings.timeouts.first_byte = SHORT;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    expect_end(END_FIRST_BYTE);
}

static void a_message_that_stops_ends(void **state)
{
    (void)state;
    rig.settings.timeouts.message = SHORT;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_send(&client, "\0\0", 2);
    expect_end(END_MESSAGE);
}

static bool is_over(void *user)
{
    const struct client *c = user;
    return c->eof || c->reset;
}

struct drip {
    uv_timer_t timer;
    unsigned sent;
};

static void send_byte(uv_timer_t *timer)
{
    struct drip *drip = (struct drip *)timer;
    client_send(&client, drip->sent < 3 ? "\0" : "\x88", 1);
    drip->sent++;
}

static void single_bytes_do_not_extend_it(void **state)
{
    struct drip drip = {.sent = 0};
    (void)state;
    rig.settings.timeouts.message = 2 * SHORT;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    uv_timer_init(&rig.loop, &drip.timer);
    uv_timer_start(&drip.timer, send_byte, 0, SHORT / 4);
    rig_wait(&rig, is_over, &client);
    uv_close((uv_handle_t *)&drip.timer, NULL);
    assert_in_range(drip.sent, 2, 139);
    expect_end(END_MESSAGE);
}

static void a_handshake_that_stops_ends(void **state)
{
    (void)state;
    rig.settings.timeouts.handshake = 4 * SHORT;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_advance(&client, 4);
    expect_end(END_HANDSHAKE);
}

static void an_established_session_outlives_the_handshake_deadline(void **state)
{
    (void)state;
    rig.settings.timeouts.handshake = 4 * SHORT;
    rig.settings.timeouts.idle = 8 * SHORT;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    expect_end(END_IDLE);
}

static void a_lifetime_ends(void **state)
{
    (void)state;
    rig.settings.timeouts.lifetime = 4 * SHORT;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    expect_end(END_LIFETIME);
}

static void a_peer_that_does_not_read_ends(void **state)
{
    static uint8_t forward[200];
    const uint8_t inner[64] = {0};
    const struct lewes_forward message = {.address = {.ip = {4, {192, 0, 2, 7}}, .port = 1},
                                          .packet = inner,
                                          .packet_len = sizeof inner};
    size_t len;
    (void)state;
    rig.settings.timeouts.write = SHORT;
    rig.client_buffer = 2048;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_narrow(&client);
    uv_poll_stop(&client.poll);
    assert_int_equal(lewes_forward_encode(&message, forward, sizeof forward, &len), LEWES_OK);
    while (rig_count(&rig).ends[END_IO] == 0) {
        client_send_payload(&client, forward, len);
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    }
    client_close(&client);
}

static void a_registration_that_takes_too_long_is_refused(void **state)
{
    struct client_ticket ticket;
    struct lewes_answer answer;
    (void)state;
    rig.settings.timeouts.registration = SHORT;
    rig.verifier = &serial_verifier;
    serial_verifier_hold(true);
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_BUSY);
    assert_int_equal(rig_count(&rig).registrations, 1); /* until the verdict has come */
    serial_verifier_decide(true);
    rig_settle(&rig);
    assert_int_equal(rig_count(&rig).registrations, 0);
    assert_int_equal(rig_count(&rig).free_pairs, 4096 - 3);
    serial_verifier_hold(false);
    answer = client_register(&client, &request);
    assert_dvpn(&answer, 500000000);
    client_close(&client);
}

static void a_committed_registration_that_takes_too_long_is_finished_unheard(void **state)
{
    struct client_ticket ticket;
    (void)state;
    rig.settings.timeouts.registration = SHORT;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    rig_gate_close(&rig.device_gate);
    client_send_request(&client, &request);
    client_expect_end(&client);
    rig_gate_open(&rig.device_gate);
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).ends[END_IO], 1);
    assert_int_equal(rig_peers(&rig), 1);
}

static void in_a_crowd_handshakes_have_5_seconds(void **state)
{
    static struct client crowd[10];
    (void)state;
    rig.settings.limits.max_half_open = 11;
    rig.settings.timeouts.handshake = 60000;
    rig_start(&rig);
    for (uint8_t i = 0; i < 10; i++) {
        client_open(&crowd[i], &rig, i);
        client_advance(&crowd[i], 2);
    }
    client_open(&client, &rig, 100); /* more than 90 % are taken */
    client_expect_gone(&client);     /* the others have a minute */
    rig_wait_end(&rig, END_HANDSHAKE, 1);
    for (int i = 0; i < 10; i++)
        client_close(&crowd[i]);
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(silence_after_connecting_ends),
        TEST(a_message_that_stops_ends),
        TEST(single_bytes_do_not_extend_it),
        TEST(a_handshake_that_stops_ends),
        TEST(an_established_session_outlives_the_handshake_deadline),
        TEST(a_lifetime_ends),
        TEST(a_peer_that_does_not_read_ends),
        TEST(a_registration_that_takes_too_long_is_refused),
        TEST(a_committed_registration_that_takes_too_long_is_finished_unheard),
        TEST(in_a_crowd_handshakes_have_5_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
