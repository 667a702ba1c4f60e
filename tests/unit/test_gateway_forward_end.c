/* SPDX-License-Identifier: Apache-2.0 */
/* Every wait of a forward ends with its client, with the gateway, and without memory (gateway.md
 * G3.4, G5.7), and leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rig_exit.h"

#define LONG_MS 60000 /* longer than the test waits for anything */
#define INDEX 0x04030201

static struct rig rig;
static struct client client;
static struct rig_exit target;
static uint8_t packet[LEWES_FORWARD_INNER_MAX];

static int up(void **state)
{
    (void)state;
    rig_init(&rig);
    rig_exit_open(&target, &rig, 1);
    rig_exit_directory(&rig, &target, 1);
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)(i + 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    rig_down(&rig);
    rig_exit_close(&target);
    return 0;
}

static void start(void)
{
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
}

/* ---- the waits ---- */

static bool has_stream(void *user)
{
    (void)user;
    return rig_count(&rig).forward_streams == 1;
}

static void to_connecting(void)
{
    rig_exit_fill(&target);
    start();
    client_send_forward(&client, &target, packet, 100);
    rig_wait(&rig, has_stream, NULL);
}

static void to_writing(void)
{
    rig_exit_narrow(&target);
    start();
    client_send_forward(&client, &target, packet, sizeof packet);
    rig_wait(&rig, has_stream, NULL);
    rig_settle(&rig);
}

static void to_reading(void)
{
    start();
    client_send_forward(&client, &target, packet, 100);
    rig_exit_receive(&target);
}

static void to_half_an_answer(void)
{
    to_reading();
    rig_exit_send(&target, "\0\0\0\x24xyz", 7);
    rig_settle(&rig);
}

static void to_rest(void)
{
    to_reading();
    rig_exit_answer(&target, packet, 36);
    client_expect_forwarded(&client, packet, 36);
}

/* The client does not take its answers. */
static void to_answering(void)
{
    rig.client_buffer = 1;
    start();
    client_narrow(&client);
    uv_poll_stop(&client.poll);
    client_send_forward(&client, &target, packet, 100);
    rig_exit_receive(&target);
    rig_exit_answer(&target, packet, sizeof packet);
    rig_settle(&rig);
}

/* A packet waits for the exit, more of them in the socket. */
static void to_a_queue(void)
{
    start();
    for (int i = 0; i < 3; i++)
        client_send_forward(&client, &target, packet, 100);
    rig_exit_receive(&target);
}

static void (*const waits[])(void) = {to_connecting, to_writing,   to_reading, to_half_an_answer,
                                      to_rest,       to_answering, to_a_queue};
#define WAITS (sizeof waits / sizeof waits[0])

/* ---- ends ---- */

static void the_client_vanishes_at_each_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        waits[i]();
        assert_int_equal(rig_count(&rig).forward_streams, 1);
        client_close(&client);
        rig_wait_quiet(&rig);
        struct gateway_counts counts = rig_count(&rig);
        assert_int_equal(counts.forward_streams, 0);
        assert_int_equal(counts.sessions, 0);
        rig_settle(&rig);
        (void)down(NULL); /* nothing leaks: asserted there */
        (void)up(NULL);
    }
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

static void wait_stopped(void)
{
    rig_wait(&rig, is_stopped, &rig);
    rig.gateway = NULL;
    rig_settle(&rig);
}

static void the_gateway_stops_at_each_wait_without_a_drain(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAITS; i++) {
        waits[i]();
        gateway_stop(rig.gateway, 0, on_stopped, &rig);
        wait_stopped();
        client_close(&client);
        (void)down(NULL);
        (void)up(NULL);
    }
}

static void a_running_exchange_is_finished_within_the_drain(void **state)
{
    (void)state;
    to_reading();
    gateway_stop(rig.gateway, LONG_MS, on_stopped, &rig);
    rig_settle(&rig);
    rig_exit_answer(&target, packet, 36);
    client_expect_forwarded(&client, packet, 36);
    client_expect_end(&client);
    rig_exit_expect_end(&target);
    client_close(&client);
    wait_stopped();
}

static void a_resting_stream_ends_with_its_connection_at_the_drain(void **state)
{
    (void)state;
    to_rest();
    gateway_stop(rig.gateway, LONG_MS, on_stopped, &rig);
    client_expect_end(&client);
    rig_exit_expect_end(&target);
    client_close(&client);
    wait_stopped();
}

static void descriptors_come_back(void **state)
{
    (void)state;
    rig_start(&rig);
    size_t before = 0;
    for (int i = 0; i < 20; i++) {
        client_open(&client, &rig, 1);
        client_handshake(&client);
        client_send_forward(&client, &target, packet, 1000);
        rig_exit_receive(&target);
        rig_exit_answer(&target, packet, 36);
        client_expect_forwarded(&client, packet, 36);
        client_close(&client);
        rig_exit_expect_end(&target);
        rig_wait_quiet(&rig);
        if (i == 1)
            before = rig_descriptors();
    }
    assert_int_equal(rig_descriptors(), before);
}

static bool something_came(void *user)
{
    struct client *c = user;
    return c->in_len > 0 || c->eof || c->reset;
}

/* One exchange in which the n-th allocation of the gateway fails; true if none did. */
static bool exchange_without_memory(unsigned long n)
{
    client_open(&client, &rig, 1);
    client.tolerant = true;
    client_handshake(&client);
    shared_env_fail(&rig.env, n, 0);
    client_send_forward(&client, &target, packet, 20000);
    unsigned accepted = target.accepted;
    while (!something_came(&client)) {
        uv_run(&rig.loop, UV_RUN_NOWAIT);
        rig_exit_look(&target);
        if (target.accepted > accepted && target.in_len == 20004) {
            rig_exit_answer(&target, packet, 30000);
            target.in_len = 0;
        }
    }
    unsigned failures = shared_env_count(&rig.env).failures;
    shared_env_fail(&rig.env, 0, 0);
    if (client_receive_payload(&client))
        assert_true(client.payload_len == (failures > 0 ? 36 : 30000));
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
    return failures == 0;
}

static void want_of_memory_is_a_notice_or_the_end(void **state)
{
    unsigned long n = 1;
    (void)state;
    rig_start(&rig);
    while (!exchange_without_memory(n))
        n++;
    assert_true(n > 5);
    assert_true(rig_count(&rig).forwarded[FORWARD_NO_STREAM] > 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_client_vanishes_at_each_wait),
        TEST(the_gateway_stops_at_each_wait_without_a_drain),
        TEST(a_running_exchange_is_finished_within_the_drain),
        TEST(a_resting_stream_ends_with_its_connection_at_the_drain),
        TEST(descriptors_come_back),
        TEST(want_of_memory_is_a_notice_or_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
