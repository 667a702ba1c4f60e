/* SPDX-License-Identifier: Apache-2.0 */
/* What overload looks like from outside: each row of gateway.md G2.8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/packet.h"
#include "tests/support/rig_exit.h"

static struct rig rig;
static struct client client, other;

static int set_up(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_down(&rig);
    return 0;
}

/* gateway.md G2.8, byte for byte */
static const uint8_t busy_frame[40] = {0, 0, 0, 0x24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

static bool is_over(void *user)
{
    const struct client *c = user;
    return c->eof || c->reset;
}

static void expect_busy_connection(enum busy reason)
{
    rig_wait(&rig, is_over, &client);
    assert_false(client.reset);
    assert_int_equal(client.in_len, sizeof busy_frame);
    assert_memory_equal(client.in, busy_frame, sizeof busy_frame);
    assert_int_equal(rig_count(&rig).busies[reason], 1);
    client_close(&client);
}

/* The gateway starts, and somebody else is there first. */
static void start_beside_another(void)
{
    rig_start(&rig);
    client_open(&other, &rig, 2);
    rig_wait_open(&rig, 1);
}

static void a_client_is_served(void)
{
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_close(&client);
}

/* T2.7: clients come from an address of the directory. */
static void a_gateway_of_the_directory_may_bring_more(void **state)
{
    static struct client many[6];
    const struct lewes_ed25519_public identity = {{1}};
    const struct lewes_endpoint at = {{4, {127, 0, 0, 1}}, 41264};
    (void)state;
    rig.settings.limits.connections_per_source = 2;
    rig.settings.limits.peer_factor = 3;
    rig.settings.forward.enabled = false; /* what it is for does not matter */
    rig_directory(&rig, &identity, &at);
    rig_start(&rig);
    for (size_t i = 0; i < 6; i++)
        client_open(&many[i], &rig, (uint8_t)(i + 1));
    rig_wait_open(&rig, 6);
    client_open(&client, &rig, 7);
    expect_busy_connection(BUSY_SOURCE);
    for (size_t i = 0; i < 6; i++)
        client_close(&many[i]);
}

static void one_connection_too_many_hears_busy(void **state)
{
    (void)state;
    rig.settings.limits.max_connections = 1;
    start_beside_another();
    client_open(&client, &rig, 1);
    expect_busy_connection(BUSY_CONNECTIONS);
    client_close(&other);
    rig_wait_quiet(&rig);
    a_client_is_served();
}

static void one_connection_too_many_of_a_source_hears_busy(void **state)
{
    (void)state;
    rig.settings.limits.connections_per_source = 1;
    start_beside_another();
    client_open(&client, &rig, 1);
    expect_busy_connection(BUSY_SOURCE);
    client_close(&other);
}

static void an_empty_bucket_says_busy(void **state)
{
    (void)state;
    rig.settings.limits.accept_burst = 3;
    rig.settings.limits.accept_rate = (struct settings_rate){1, 3600000};
    rig_start(&rig);
    for (int i = 0; i < 3; i++)
        a_client_is_served();
    client_open(&client, &rig, 1);
    expect_busy_connection(BUSY_RATE);
}

static void busy_is_read_though_the_client_talks(void **state)
{
    uint8_t chatter[3000] = {0};
    (void)state;
    rig.settings.limits.connections_per_source = 1;
    start_beside_another();
    client_open(&client, &rig, 1);
    client_send(&client, chatter, sizeof chatter);
    expect_busy_connection(BUSY_SOURCE);
    client_close(&other);
    rig_wait_quiet(&rig);
}

static void a_talker_is_cut_off(void **state)
{
    static uint8_t chatter[65536];
    (void)state;
    rig.settings.limits.connections_per_source = 1;
    start_beside_another();
    client_open(&client, &rig, 1);
    client_send(&client, chatter, sizeof chatter);
    client_close(&other);
    rig_wait_quiet(&rig);
    client_close(&client);
}

static void who_does_not_close_is_closed(void **state)
{
    (void)state;
    rig.settings.limits.connections_per_source = 1;
    start_beside_another();
    client_open(&client, &rig, 1);
    client_expect_clear(&client, LEWESI_BUSY, 0);
    assert_int_equal(rig_count(&rig).farewells, 1);
    client_close(&other);
    rig_wait_quiet(&rig); /* the client's socket is still open */
    client_close(&client);
}

static void expect_busy_hello(enum busy reason)
{
    client_open(&client, &rig, 1);
    client_make_hello(&client);
    client_send_packet(&client, client.packet, client.packet_len);
    client_expect_clear(&client, LEWESI_BUSY, lewes_session_receiver_index(client.session));
    client_expect_end(&client);
    client_close(&client);
    assert_int_equal(rig_count(&rig).busies[reason], 1);
    assert_int_equal(rig_count(&rig).hellos[HELLO_BUSY], 1);
    rig_wait_end(&rig, END_BUSY, 1);
}

static void too_many_half_open_of_a_source_hear_busy(void **state)
{
    (void)state;
    rig.settings.limits.half_open_per_source = 1;
    rig_start(&rig);
    client_open(&other, &rig, 2);
    client_advance(&other, 2);
    expect_busy_hello(BUSY_HALF_OPEN);
    client_close(&other);
    rig_wait_quiet(&rig);
    a_client_is_served();
}

static void too_many_half_open_hear_busy(void **state)
{
    (void)state;
    rig.settings.limits.max_half_open = 1;
    rig_start(&rig);
    client_open(&other, &rig, 2);
    client_advance(&other, 2);
    expect_busy_hello(BUSY_HALF_OPEN);
    client_close(&other);
}

static void too_many_sessions_hear_busy(void **state)
{
    (void)state;
    rig.settings.limits.max_sessions = 1;
    rig_start(&rig);
    client_open(&other, &rig, 2);
    client_handshake(&other);
    assert_int_equal(rig_count(&rig).sessions, 1);
    expect_busy_hello(BUSY_SESSIONS);
    client_close(&other);
    rig_wait_quiet(&rig);
    a_client_is_served();
}

static void more_farewells_than_256_are_plain_closes(void **state)
{
    enum { CROWD = 300 };
    static struct client crowd[CROWD];
    unsigned polite = 0;
    (void)state;
    rig.settings.limits.connections_per_source = 1;
    rig.settings.limits.max_connections = 1;
    start_beside_another();
    for (int i = 0; i < CROWD; i++)
        client_open(&crowd[i], &rig, 1);
    rig_wait(&rig, is_over, &crowd[CROWD - 1]);
    assert_in_range(rig_count(&rig).farewells, 1, 256);
    for (int i = 0; i < CROWD; i++) {
        rig_wait(&rig, is_over, &crowd[i]);
        polite += crowd[i].in_len == 40;
        client_close(&crowd[i]);
    }
    assert_in_range(polite, 256, CROWD);
    client_close(&other);
    rig_wait_quiet(&rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_gateway_of_the_directory_may_bring_more),
        TEST(one_connection_too_many_hears_busy),
        TEST(one_connection_too_many_of_a_source_hears_busy),
        TEST(an_empty_bucket_says_busy),
        TEST(busy_is_read_though_the_client_talks),
        TEST(a_talker_is_cut_off),
        TEST(who_does_not_close_is_closed),
        TEST(too_many_half_open_of_a_source_hear_busy),
        TEST(too_many_half_open_hear_busy),
        TEST(too_many_sessions_hear_busy),
        TEST(more_farewells_than_256_are_plain_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
