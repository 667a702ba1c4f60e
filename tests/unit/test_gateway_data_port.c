/* SPDX-License-Identifier: Apache-2.0 */
/* How the data port opens, and how long its sessions live (gateway.md 11, T11.4, T11.5). */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "tests/support/data_port.h"

static struct data_port port;

static int up(void **state)
{
    (void)state;
    data_port_init(&port);
    data_port_unix_sink(&port);
    data_port_start(&port);
    return 0;
}

static int down(void **state)
{
    (void)state;
    data_port_down(&port);
    return 0;
}

/* ---- T11.4, the start ---- */

static void without_the_setting_there_is_no_port(void **state)
{
    (void)state;
    rig_init(&port.rig);
    rig_start(&port.rig);
    assert_null(gateway_datagrams(port.rig.gateway));
    data_port_connect(&port, 1);
    data_port_register(&port, 1);
    client_vanish(&port.client);
    rig_wait_quiet(&port.rig);
    assert_int_equal(rig_count(&port.rig).sessions, 0);
    assert_int_equal(rig_count(&port.rig).lingering, 0);
    client_close(&port.client);
    rig_down(&port.rig);
}

static void a_port_in_use_stops_the_start(void **state)
{
    struct gateway_error error;
    struct gateway *second = NULL;

    (void)state;
    port.rig.settings.data.bind.at[0] = datagrams_address(gateway_datagrams(port.rig.gateway));
    rig_stop(&port.rig);
    int taken = data_port_socket(AF_INET);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons(port.rig.settings.data.bind.at[0].port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(taken, (const struct sockaddr *)&at, sizeof at), 0);
    const struct gateway_parts parts = rig_parts(&port.rig);
    assert_int_equal(gateway_start(&second, &parts, &error), -1);
    assert_non_null(strstr(error.text, "change [data] bind"));
    assert_null(second);
    rig_settle(&port.rig);
    close(taken);
    rig_start(&port.rig);
}

static void a_start_without_memory_leaves_nothing_behind(void **state)
{
    struct gateway_error error;
    unsigned long n = 0;

    (void)state;
    data_port_init(&port);
    data_port_unix_sink(&port);
    rig_open(&port.rig);
    const struct gateway_parts parts = rig_parts(&port.rig);
    for (int started = -1; started != 0;) {
        shared_env_fail(&port.rig.env, ++n, 0);
        started = gateway_start(&port.rig.gateway, &parts, &error);
        shared_env_fail(&port.rig.env, 0, 0);
        rig_settle(&port.rig);
    }
    assert_in_range(n, 10, 1000);
    close(port.sink);
    rig_down(&port.rig);
}

/* ---- T11.5 ---- */

static bool has_none_left(void *user)
{
    (void)user;
    return rig_count(&port.rig).lingering == 0;
}

static int up_idle(void **state)
{
    (void)state;
    data_port_init(&port);
    port.rig.settings.timeouts.idle = 800;
    data_port_unix_sink(&port);
    data_port_start(&port);
    return 0;
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

/* It ends after 800 ms without any, so it has had them if it lasts for 1 600. */
static void a_connection_with_datagrams_is_not_idle(void **state)
{
    const uint64_t begun = uv_now(&port.rig.loop);
    uint32_t number = 0;
    uv_timer_t ticks;

    (void)state;
    data_port_register(&port, 1);
    uv_timer_init(&port.rig.loop, &ticks);
    uv_timer_start(&ticks, tick, 100, 100);
    while (uv_now(&port.rig.loop) < begun + 1600) {
        static struct datagram datagram;

        data_port_seal_number(&port, number, &datagram);
        data_port_send(&port, &datagram, DATAGRAM_DELIVERED);
        data_port_assert_got_number(&port, number++);
        uv_run(&port.rig.loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&ticks, NULL);
    rig_settle(&port.rig);
    assert_int_equal(rig_count(&port.rig).connections, 1);
    rig_wait_end(&port.rig, END_IDLE, 1);
}

static int up_short(void **state)
{
    (void)state;
    data_port_init(&port);
    port.rig.settings.data.session_linger = 1500;
    data_port_unix_sink(&port);
    data_port_start(&port);
    return 0;
}

static void a_session_outlives_its_connection_by_the_linger_time(void **state)
{
    static struct datagram first, second;

    (void)state;
    data_port_register(&port, 1);
    data_port_seal_number(&port, 1, &first);
    data_port_seal_number(&port, 2, &second);
    client_vanish(&port.client);
    rig_wait_quiet(&port.rig);
    assert_int_equal(rig_count(&port.rig).lingering, 1);
    assert_int_equal(rig_count(&port.rig).sessions, 1);
    data_port_send(&port, &first, DATAGRAM_DELIVERED);
    data_port_assert_got_number(&port, 1);
    rig_wait(&port.rig, has_none_left, NULL);
    assert_int_equal(rig_count(&port.rig).sessions, 0);
    data_port_send(&port, &second, DATAGRAM_UNKNOWN);
    data_port_assert_nothing(&port);
}

static void a_session_that_has_not_registered_does_not_linger(void **state)
{
    (void)state;
    client_vanish(&port.client);
    rig_wait_quiet(&port.rig);
    assert_int_equal(rig_count(&port.rig).lingering, 0);
    assert_int_equal(rig_count(&port.rig).sessions, 0);
}

static void a_lingering_index_is_in_use(void **state)
{
    const uint32_t index = lewes_session_receiver_index(port.client.session);
    uint8_t hello[LEWES_HELLO_PACKET_LEN];

    (void)state;
    data_port_register(&port, 1);
    client_close(&port.client);
    rig_wait_quiet(&port.rig);
    client_open(&port.client, &port.rig, 2);
    client_make_hello(&port.client);
    memcpy(hello, port.client.packet, sizeof hello);
    lewesi_store32le(hello + 20, index);
    client_send_packet(&port.client, hello, sizeof hello);
    client_expect_clear(&port.client, 7, index);
}

/* max_sessions is 1000 in these tests: it is made small enough to be reached. */
static void whoever_has_lingered_longest_makes_room(void **state)
{
    (void)state;
    data_port_init(&port);
    port.rig.settings.limits.max_sessions = 2;
    port.rig.settings.limits.max_half_open = 2;
    data_port_unix_sink(&port);
    rig_start(&port.rig);
    data_port_dial(&port);
    for (uint8_t who = 1; who <= 5; who++) {
        data_port_connect(&port, who);
        data_port_register(&port, who);
        client_close(&port.client);
        rig_wait_quiet(&port.rig);
    }
    assert_int_equal(rig_count(&port.rig).lingering, 2);
    assert_int_equal(rig_count(&port.rig).busies[BUSY_SESSIONS], 0);
    data_port_connect(&port, 6);
    data_port_down(&port);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_setting_there_is_no_port),
        TEST(a_port_in_use_stops_the_start),
        cmocka_unit_test(a_start_without_memory_leaves_nothing_behind),
        cmocka_unit_test_setup_teardown(a_connection_with_datagrams_is_not_idle, up_idle, down),
        cmocka_unit_test_setup_teardown(a_session_outlives_its_connection_by_the_linger_time,
                                        up_short, down),
        TEST(a_session_that_has_not_registered_does_not_linger),
        TEST(a_lingering_index_is_in_use),
        cmocka_unit_test(whoever_has_lingered_longest_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
