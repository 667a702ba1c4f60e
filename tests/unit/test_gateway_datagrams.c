/* SPDX-License-Identifier: Apache-2.0 */
/* The UDP data port over real sockets (gateway.md 11, T11). */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "tests/support/gateway_client.h"

static struct rig rig;
static struct client client;
static int sink = -1; /* what the operator's program would have */
static int socket_out = -1;

struct datagram {
    size_t len;
    uint8_t bytes[8192];
};

/* ---- beginning and end ---- */

static void open_unix_sink(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/sink", rig.directory);
    (void)snprintf(rig.settings.data.sink, sizeof rig.settings.data.sink, "unix:%s", at.sun_path);
    sink = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(sink, (struct sockaddr *)&at, sizeof at), 0);
}

static void open_udp_sink(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    sink = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(sink, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(sink, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(rig.settings.data.sink, sizeof rig.settings.data.sink, "udp:127.0.0.1:%u",
                   (unsigned)ntohs(at.sin_port));
}

static void dial(void)
{
    const struct lewes_endpoint at = datagrams_address(gateway_datagrams(rig.gateway));
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(at.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    socket_out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(socket_out, (const struct sockaddr *)&to, sizeof to), 0);
}

static void connect_client(uint8_t who)
{
    client_open(&client, &rig, who);
    client.subsessions = true;
    client_handshake(&client);
}

static void start(void (*open_sink)(void), int format)
{
    rig_init(&rig);
    rig.settings.data.enabled = true;
    rig.settings.data.sink_format = format;
    open_sink();
    rig_start(&rig);
    dial();
    connect_client(1);
}

static int up(void **state)
{
    (void)state;
    start(open_unix_sink, SETTINGS_SINK_RAW);
    return 0;
}

static int down(void **state)
{
    (void)state;
    client_close(&client);
    close(socket_out);
    close(sink);
    rig_down(&rig);
    return 0;
}

static void register_with(uint8_t number)
{
    struct client_ticket ticket;

    client_ticket(&ticket, &rig, number);
    const struct lewes_request request = client_request(&rig, number, &ticket);
    const struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, 500000000);
}

/* ---- datagrams ---- */

static void seal(struct lewes_session *session, const void *payload, size_t len,
                 struct datagram *out)
{
    assert_int_equal(lewes_session_send(session, payload, len, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(session, out->bytes, sizeof out->bytes, &out->len, 0),
                     LEWES_OK);
}

static void seal_number(uint32_t number, struct datagram *out)
{
    uint8_t payload[4];

    lewesi_store32be(payload, number);
    seal(client.session, payload, sizeof payload, out);
}

struct awaited {
    enum datagram_result result;
    uint64_t times;
};

static bool is_counted(void *user)
{
    const struct awaited *awaited = user;
    return rig_count(&rig).datagrams[awaited->result] >= awaited->times;
}

/* Sends it, and waits until the gateway has counted it as this. */
static void send_as(const struct datagram *datagram, enum datagram_result result)
{
    struct awaited awaited = {.result = result, .times = rig_count(&rig).datagrams[result] + 1};

    assert_int_equal(send(socket_out, datagram->bytes, datagram->len, 0), datagram->len);
    rig_wait(&rig, is_counted, &awaited);
    assert_int_equal(rig_count(&rig).datagrams[result], awaited.times);
}

static void assert_sink_has(const void *payload, size_t len)
{
    static uint8_t got[8192];

    assert_int_equal(recv(sink, got, sizeof got, 0), len);
    assert_memory_equal(got, payload, len);
}

static void assert_sink_has_number(uint32_t number)
{
    uint8_t payload[4];

    lewesi_store32be(payload, number);
    assert_sink_has(payload, sizeof payload);
}

static void assert_sink_is_empty(void)
{
    uint8_t byte;
    assert_int_equal(recv(sink, &byte, 1, 0), -1);
}

static void assert_session_unhurt(void)
{
    static struct datagram good;
    static uint32_t number = 1000;

    assert_sink_is_empty();
    seal_number(++number, &good);
    send_as(&good, DATAGRAM_DELIVERED);
    assert_sink_has_number(number);
    register_with(9);
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

        seal(client.session, payload, sizes[i], &datagram);
        expected[0] = 1;
        expected[2] = (uint8_t)(sizes[i] >> 8);
        expected[3] = (uint8_t)sizes[i];
        lewesi_store32be(expected + 4, lewes_session_receiver_index(client.session));
        lewesi_store64be(expected + 8, lewesi_load64le(datagram.bytes + 4));
        memcpy(expected + 16, lewes_identity_public(client.identity)->bytes, 32);
        memcpy(expected + 48, payload, sizes[i]);
        send_as(&datagram, DATAGRAM_DELIVERED);
        assert_sink_has(expected + 48 - header, header + sizes[i]);
    }
}

static void payloads_arrive_in_both_formats_on_both_sinks(void **state)
{
    static const int formats[] = {SETTINGS_SINK_FRAMED, SETTINGS_SINK_RAW};

    for (unsigned i = 0; i < 4; i++) {
        start(i < 2 ? open_unix_sink : open_udp_sink, formats[i % 2]);
        register_with(1);
        deliver_sizes(formats[i % 2] == SETTINGS_SINK_FRAMED ? 48 : 0);
        (void)down(state);
    }
}

/* ---- T11.2 ---- */

/* Of 400, some are lost, the others come late and some twice. */
static void what_arrives_is_delivered_once(void **state)
{
    static struct datagram window[10];
    uint64_t delivered = 0, repeated = 0;

    (void)state;
    register_with(1);
    for (uint32_t round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < 10; i++)
            seal_number(10 * round + i, &window[i]);
        for (uint32_t i = 0; i < 10; i++) {
            const uint32_t which = (7 * i + round) % 10; /* another order each time */

            if (which == round % 10)
                continue; /* lost */
            send_as(&window[which], DATAGRAM_DELIVERED);
            assert_sink_has_number(10 * round + which);
            delivered++;
            if (i == 5) {
                send_as(&window[which], DATAGRAM_REPLAY);
                repeated++;
            }
        }
        if (round % 10 == 0)
            register_with((uint8_t)(2 + round / 10)); /* over TCP, which still works */
    }
    assert_sink_is_empty();
    assert_int_equal(rig_count(&rig).datagrams[DATAGRAM_DELIVERED], delivered);
    assert_int_equal(rig_count(&rig).datagrams[DATAGRAM_REPLAY], repeated);
}

/* ---- T11.3 ---- */

static void what_is_not_whole_or_not_genuine_is_dropped(void **state)
{
    static struct datagram good, bad;

    (void)state;
    register_with(1);
    seal_number(1, &good);
    for (size_t at = 0; at < good.len; at++) {
        bad = good;
        bad.bytes[at] ^= 1;
        send_as(&bad, at < 4 ? DATAGRAM_UNKNOWN : DATAGRAM_AUTH);
    }
    bad = good;
    for (bad.len = 0; bad.len < 52; bad.len++)
        send_as(&bad, DATAGRAM_SIZE);
    for (; bad.len < good.len; bad.len++)
        send_as(&bad, DATAGRAM_AUTH);
    bad.len = 4097;
    send_as(&bad, DATAGRAM_SIZE);
    bad.len = sizeof bad.bytes;
    send_as(&bad, DATAGRAM_SIZE);
    send_as(&good, DATAGRAM_DELIVERED);
    assert_sink_has_number(1);
    send_as(&good, DATAGRAM_REPLAY);
    assert_session_unhurt();
}

static void a_session_that_has_not_registered_is_unknown(void **state)
{
    static struct datagram datagram;

    (void)state;
    seal_number(1, &datagram);
    send_as(&datagram, DATAGRAM_UNKNOWN);
    register_with(1);
    send_as(&datagram, DATAGRAM_DELIVERED); /* not even its counter was used up */
    assert_sink_has_number(1);
    assert_session_unhurt();
}

static void a_refused_registration_is_none(void **state)
{
    static struct datagram datagram;
    struct client_ticket ticket;

    (void)state;
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    request.timestamp -= 3600;
    const struct lewes_answer answer = client_register(&client, &request);
    assert_int_equal(answer.kind, LEWES_ANSWER_REFUSED);
    seal_number(1, &datagram);
    send_as(&datagram, DATAGRAM_UNKNOWN);
    assert_sink_is_empty();
}

static void nothing_but_data_is_taken(void **state)
{
    static struct datagram datagram;

    (void)state;
    register_with(1);
    assert_int_equal(lewes_session_rekey(client.session, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(client.session, datagram.bytes, sizeof datagram.bytes,
                                         &datagram.len, 0),
                     LEWES_OK);
    send_as(&datagram, DATAGRAM_TYPE); /* KK1 */
    assert_sink_is_empty();
    assert_int_equal(rig_count(&rig).ends[END_REPLAY], 0);
}

static void no_datagram_is_ever_answered(void **state)
{
    static struct datagram good;
    uint8_t byte;

    (void)state;
    register_with(1);
    seal_number(1, &good);
    send_as(&good, DATAGRAM_DELIVERED);
    send_as(&good, DATAGRAM_REPLAY);
    assert_int_equal(recv(socket_out, &byte, 1, MSG_DONTWAIT), -1);
}

/* ---- what bounds it ---- */

static void one_session_has_a_burst_of_2000(void **state)
{
    uint64_t limited = 0, sent = 0;

    (void)state;
    register_with(1);
    while (limited == 0 && sent < 100000) {
        static struct datagram datagram;
        uint8_t payload[4];

        seal_number((uint32_t)sent++, &datagram);
        assert_int_equal(send(socket_out, datagram.bytes, datagram.len, 0), datagram.len);
        uv_run(&rig.loop, UV_RUN_NOWAIT);
        while (recv(sink, payload, sizeof payload, 0) > 0)
            ;
        limited = rig_count(&rig).datagrams[DATAGRAM_RATE_LIMIT];
    }
    assert_int_equal(limited, 1);
    assert_in_range(rig_count(&rig).datagrams[DATAGRAM_DELIVERED], 2000, 99999);
}

static void a_sink_that_is_gone_costs_the_datagram_alone(void **state)
{
    static struct datagram datagram;

    (void)state;
    register_with(1);
    close(sink);
    seal_number(1, &datagram);
    send_as(&datagram, DATAGRAM_SINK);
    register_with(2);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/sink", rig.directory);
    assert_int_equal(unlink(path), 0);
    open_unix_sink();
    assert_session_unhurt();
}

/* ---- T11.4 ---- */

static void without_the_setting_there_is_no_port(void **state)
{
    (void)state;
    rig_init(&rig);
    rig_start(&rig);
    assert_null(gateway_datagrams(rig.gateway));
    connect_client(1);
    register_with(1);
    client_vanish(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).sessions, 0);
    assert_int_equal(rig_count(&rig).lingering, 0);
    client_close(&client);
    rig_down(&rig);
}

static void a_port_in_use_stops_the_start(void **state)
{
    struct gateway_error error;
    struct gateway *second = NULL;

    (void)state;
    rig.settings.data.bind.at[0] = datagrams_address(gateway_datagrams(rig.gateway));
    rig_stop(&rig);
    int taken = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons(rig.settings.data.bind.at[0].port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(taken, (const struct sockaddr *)&at, sizeof at), 0);
    const struct gateway_parts parts = rig_parts(&rig);
    assert_int_equal(gateway_start(&second, &parts, &error), -1);
    assert_non_null(strstr(error.text, "change [data] bind"));
    assert_null(second);
    rig_settle(&rig);
    close(taken);
    rig_start(&rig);
}

/* ---- T11.5 ---- */

static bool has_none_left(void *user)
{
    (void)user;
    return rig_count(&rig).lingering == 0;
}

static int up_short(void **state)
{
    (void)state;
    rig_init(&rig);
    rig.settings.data.enabled = true;
    rig.settings.data.sink_format = SETTINGS_SINK_RAW;
    rig.settings.data.session_linger = 1500;
    open_unix_sink();
    rig_start(&rig);
    dial();
    connect_client(1);
    return 0;
}

static void a_session_outlives_its_connection_by_the_linger_time(void **state)
{
    static struct datagram first, second;

    (void)state;
    register_with(1);
    seal_number(1, &first);
    seal_number(2, &second);
    client_vanish(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).lingering, 1);
    assert_int_equal(rig_count(&rig).sessions, 1);
    send_as(&first, DATAGRAM_DELIVERED);
    assert_sink_has_number(1);
    rig_wait(&rig, has_none_left, NULL);
    assert_int_equal(rig_count(&rig).sessions, 0);
    send_as(&second, DATAGRAM_UNKNOWN);
    assert_sink_is_empty();
}

static void a_session_that_has_not_registered_does_not_linger(void **state)
{
    (void)state;
    client_vanish(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).lingering, 0);
    assert_int_equal(rig_count(&rig).sessions, 0);
}

static void a_lingering_index_is_in_use(void **state)
{
    const uint32_t index = lewes_session_receiver_index(client.session);
    uint8_t hello[LEWES_HELLO_PACKET_LEN];

    (void)state;
    register_with(1);
    client_close(&client);
    rig_wait_quiet(&rig);
    client_open(&client, &rig, 2);
    client_make_hello(&client);
    memcpy(hello, client.packet, sizeof hello);
    lewesi_store32le(hello + 20, index);
    client_send_packet(&client, hello, sizeof hello);
    client_expect_clear(&client, 7, index);
}

/* max_sessions is 1000 in these tests: it is made small enough to be reached. */
static void whoever_has_lingered_longest_makes_room(void **state)
{
    (void)state;
    rig_init(&rig);
    rig.settings.data.enabled = true;
    rig.settings.limits.max_sessions = 2;
    rig.settings.limits.max_half_open = 2;
    open_unix_sink();
    rig_start(&rig);
    dial();
    for (uint8_t who = 1; who <= 5; who++) {
        connect_client(who);
        register_with(who);
        client_close(&client);
        rig_wait_quiet(&rig);
    }
    assert_int_equal(rig_count(&rig).lingering, 2);
    assert_int_equal(rig_count(&rig).busies[BUSY_SESSIONS], 0);
    connect_client(6);
    (void)down(NULL);
}

/* ---- subsessions ---- */

static void a_subsession_of_a_registered_session_has_datagrams(void **state)
{
    static struct datagram old, new;

    (void)state;
    register_with(1);
    seal_number(1, &old);
    client_rekey(&client);
    seal_number(3, &new);
    send_as(&old, DATAGRAM_DELIVERED); /* on the old index, read only */
    assert_sink_has_number(1);
    register_with(2);
    send_as(&new, DATAGRAM_DELIVERED);
    assert_sink_has_number(3);
    client_vanish(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).lingering, 1);
    seal_number(4, &new);
    send_as(&new, DATAGRAM_DELIVERED);
    assert_sink_has_number(4);
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
        cmocka_unit_test(without_the_setting_there_is_no_port),
        TEST(a_port_in_use_stops_the_start),
        cmocka_unit_test_setup_teardown(a_session_outlives_its_connection_by_the_linger_time,
                                        up_short, down),
        TEST(a_session_that_has_not_registered_does_not_linger),
        TEST(a_lingering_index_is_in_use),
        cmocka_unit_test(whoever_has_lingered_longest_makes_room),
        TEST(a_subsession_of_a_registered_session_has_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
