/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of datagrams, over real sockets (gateway.md 11, T11.1 to T11.3). */
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

static void assert_session_unhurt(void)
{
    static struct datagram good;
    static uint32_t number = 1000;

    data_port_assert_nothing(&port);
    data_port_seal_number(&port, ++number, &good);
    data_port_send(&port, &good, DATAGRAM_DELIVERED);
    data_port_assert_got_number(&port, number);
    data_port_register(&port, 9);
}

/* ---- T11.1 ---- */

static void deliver_sizes(size_t header)
{
    static const size_t sizes[] = {0, 1, 100, 1400, LEWES_DATAGRAM_PAYLOAD_MAX};
    static uint8_t payload[LEWES_DATAGRAM_PAYLOAD_MAX];

    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 31 + i / 256);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        static struct datagram datagram;
        static uint8_t expected[48 + LEWES_DATAGRAM_PAYLOAD_MAX];

        data_port_seal(&port, payload, sizes[i], &datagram);
        expected[0] = 1;
        expected[2] = (uint8_t)(sizes[i] >> 8);
        expected[3] = (uint8_t)sizes[i];
        lewesi_store32be(expected + 4, lewes_session_receiver_index(port.client.session));
        lewesi_store64be(expected + 8, lewesi_load64le(datagram.bytes + 4));
        memcpy(expected + 16, lewes_identity_public(port.client.identity)->bytes, 32);
        memcpy(expected + 48, payload, sizes[i]);
        data_port_send(&port, &datagram, DATAGRAM_DELIVERED);
        data_port_assert_got(&port, expected + 48 - header, header + sizes[i]);
    }
}

static void payloads_arrive_in_both_formats_on_both_sinks(void **state)
{
    static const int formats[] = {SETTINGS_SINK_FRAMED, SETTINGS_SINK_RAW};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        data_port_init(&port);
        port.rig.settings.data.sink_format = formats[i % 2];
        if (i < 2)
            data_port_unix_sink(&port);
        else
            data_port_udp_sink(&port);
        data_port_start(&port);
        data_port_register(&port, 1);
        deliver_sizes(formats[i % 2] == SETTINGS_SINK_FRAMED ? 48 : 0);
        data_port_down(&port);
    }
}

/* ---- T11.2 ---- */

/* Of 400, some are lost, the others come late and some twice. */
static void what_arrives_is_delivered_once(void **state)
{
    static struct datagram window[10];
    uint64_t delivered = 0, repeated = 0;

    (void)state;
    data_port_register(&port, 1);
    for (uint32_t round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < 10; i++)
            data_port_seal_number(&port, 10 * round + i, &window[i]);
        for (uint32_t i = 0; i < 10; i++) {
            const uint32_t which = (7 * i + round) % 10; /* another order each time */

            if (which == round % 10)
                continue; /* lost */
            data_port_send(&port, &window[which], DATAGRAM_DELIVERED);
            data_port_assert_got_number(&port, 10 * round + which);
            delivered++;
            if (i == 5) {
                data_port_send(&port, &window[which], DATAGRAM_REPLAY);
                repeated++;
            }
        }
        if (round % 10 == 0)
            data_port_register(&port, (uint8_t)(2 + round / 10)); /* over TCP, which still works */
    }
    data_port_assert_nothing(&port);
    assert_int_equal(rig_count(&port.rig).datagrams[DATAGRAM_DELIVERED], delivered);
    assert_int_equal(rig_count(&port.rig).datagrams[DATAGRAM_REPLAY], repeated);
}

/* ---- T11.3 ---- */

static void what_is_not_whole_or_not_genuine_is_dropped(void **state)
{
    static struct datagram good, bad;

    (void)state;
    data_port_register(&port, 1);
    data_port_seal_number(&port, 1, &good);
    for (size_t at = 0; at < good.len; at++) {
        bad = good;
        bad.bytes[at] ^= 1;
        data_port_send(&port, &bad, at < 4 ? DATAGRAM_UNKNOWN : DATAGRAM_AUTH);
    }
    bad = good;
    for (bad.len = 0; bad.len < 52; bad.len++)
        data_port_send(&port, &bad, DATAGRAM_SIZE);
    for (; bad.len < good.len; bad.len++)
        data_port_send(&port, &bad, DATAGRAM_AUTH);
    bad.len = 4097;
    data_port_send(&port, &bad, DATAGRAM_SIZE);
    bad.len = sizeof bad.bytes;
    data_port_send(&port, &bad, DATAGRAM_SIZE);
    data_port_send(&port, &good, DATAGRAM_DELIVERED);
    data_port_assert_got_number(&port, 1);
    data_port_send(&port, &good, DATAGRAM_REPLAY);
    assert_session_unhurt();
}

static void a_session_that_has_not_registered_is_unknown(void **state)
{
    static struct datagram datagram;

    (void)state;
    data_port_seal_number(&port, 1, &datagram);
    data_port_send(&port, &datagram, DATAGRAM_UNKNOWN);
    data_port_register(&port, 1);
    data_port_send(&port, &datagram, DATAGRAM_DELIVERED); /* not even its counter was used up */
    data_port_assert_got_number(&port, 1);
    assert_session_unhurt();
}

static void a_refused_registration_is_none(void **state)
{
    static struct datagram datagram;
    struct client_ticket ticket;

    (void)state;
    client_ticket(&ticket, &port.rig, 1);
    struct lewes_request request = client_request(&port.rig, 1, &ticket);
    request.timestamp -= 3600;
    const struct lewes_answer answer = client_register(&port.client, &request);
    assert_int_equal(answer.kind, LEWES_ANSWER_REFUSED);
    data_port_seal_number(&port, 1, &datagram);
    data_port_send(&port, &datagram, DATAGRAM_UNKNOWN);
    data_port_assert_nothing(&port);
}

static void nothing_but_data_is_taken(void **state)
{
    static struct datagram datagram;

    (void)state;
    data_port_register(&port, 1);
    assert_int_equal(lewes_session_rekey(port.client.session, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(port.client.session, datagram.bytes, sizeof datagram.bytes,
                                         &datagram.len, 0),
                     LEWES_OK);
    data_port_send(&port, &datagram, DATAGRAM_TYPE); /* KK1 */
    data_port_assert_nothing(&port);
    assert_int_equal(rig_count(&port.rig).ends[END_REPLAY], 0);
}

static void no_datagram_is_ever_answered(void **state)
{
    static struct datagram good;
    uint8_t byte;

    (void)state;
    data_port_register(&port, 1);
    data_port_seal_number(&port, 1, &good);
    data_port_send(&port, &good, DATAGRAM_DELIVERED);
    data_port_send(&port, &good, DATAGRAM_REPLAY);
    assert_int_equal(recv(port.out, &byte, 1, MSG_DONTWAIT), -1);
}

/* ---- what bounds it ---- */

static void one_session_has_a_burst_of_2000(void **state)
{
    uint64_t limited = 0, sent = 0;

    (void)state;
    data_port_register(&port, 1);
    while (limited == 0 && sent < 100000) {
        static struct datagram datagram;
        uint8_t payload[4];

        data_port_seal_number(&port, (uint32_t)sent++, &datagram);
        assert_int_equal(send(port.out, datagram.bytes, datagram.len, 0), datagram.len);
        uv_run(&port.rig.loop, UV_RUN_NOWAIT);
        while (recv(port.sink, payload, sizeof payload, MSG_DONTWAIT) > 0)
            ;
        limited = rig_count(&port.rig).datagrams[DATAGRAM_RATE_LIMIT];
    }
    assert_int_equal(limited, 1);
    assert_in_range(rig_count(&port.rig).datagrams[DATAGRAM_DELIVERED], 2000, 99999);
}

static void a_sink_that_is_gone_costs_the_datagram_alone(void **state)
{
    static struct datagram datagram;

    (void)state;
    data_port_register(&port, 1);
    close(port.sink);
    data_port_seal_number(&port, 1, &datagram);
    data_port_send(&port, &datagram, DATAGRAM_SINK);
    data_port_register(&port, 2);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/sink", port.rig.directory);
    assert_int_equal(unlink(path), 0);
    data_port_unix_sink(&port);
    assert_session_unhurt();
}

/* Whatever of a registration fails, and admission is a part of it: the next one makes it good. */
static void without_memory_the_next_registration_admits_the_session(void **state)
{
    unsigned failures = 1;

    (void)state;
    for (unsigned long n = 1; failures > 0; n++) {
        static struct datagram datagram;
        struct client_ticket ticket;
        struct lewes_answer answer;

        client_close(&port.client);
        rig_wait_quiet(&port.rig);
        data_port_connect(&port, (uint8_t)n);
        port.client.tolerant = true;
        client_ticket(&ticket, &port.rig, (uint8_t)n);
        const struct lewes_request request = client_request(&port.rig, (uint8_t)n, &ticket);
        shared_env_fail(&port.rig.env, n, 0);
        client_send_request(&port.client, &request);
        const bool answered = client_answer(&port.client, &answer);
        failures = shared_env_count(&port.rig.env).failures;
        shared_env_fail(&port.rig.env, 0, 0);
        if (!answered)
            continue; /* the connection has ended */
        answer = client_register(&port.client, &request);
        assert_dvpn(&answer, 500000000);
        data_port_seal_number(&port, (uint32_t)n, &datagram);
        data_port_send(&port, &datagram, DATAGRAM_DELIVERED);
        data_port_assert_got_number(&port, (uint32_t)n);
    }
}

/* ---- subsessions ---- */

static void a_subsession_of_a_registered_session_has_datagrams(void **state)
{
    static struct datagram old, new;

    (void)state;
    data_port_register(&port, 1);
    data_port_seal_number(&port, 1, &old);
    client_rekey(&port.client);
    data_port_seal_number(&port, 3, &new);
    data_port_send(&port, &old, DATAGRAM_DELIVERED); /* on the old index, read only */
    data_port_assert_got_number(&port, 1);
    data_port_register(&port, 2);
    data_port_send(&port, &new, DATAGRAM_DELIVERED);
    data_port_assert_got_number(&port, 3);
    client_vanish(&port.client);
    rig_wait_quiet(&port.rig);
    assert_int_equal(rig_count(&port.rig).lingering, 1);
    data_port_seal_number(&port, 4, &new);
    data_port_send(&port, &new, DATAGRAM_DELIVERED);
    data_port_assert_got_number(&port, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_arrive_in_both_formats_on_both_sinks),
        TEST(what_arrives_is_delivered_once),
        TEST(what_is_not_whole_or_not_genuine_is_dropped),
        TEST(a_session_that_has_not_registered_is_unknown),
        TEST(a_refused_registration_is_none),
        TEST(nothing_but_data_is_taken),
        TEST(no_datagram_is_ever_answered),
        TEST(one_session_has_a_burst_of_2000),
        TEST(a_sink_that_is_gone_costs_the_datagram_alone),
        TEST(without_memory_the_next_registration_admits_the_session),
        TEST(a_subsession_of_a_registered_session_has_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
