/* SPDX-License-Identifier: Apache-2.0 */
/* Packets for exits, over sockets: what goes there, what comes back, what the client hears of a
 * failure, and that its session goes on (gateway.md 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "tests/support/rig_exit.h"

#define SHORT 60 /* ms, where a deadline is to come; the others are a minute */
#define INDEX 0x04030201

static struct rig rig;
static struct client client, other;
static struct rig_exit exits[2];
static struct rig_exit *const first = &exits[0];
static struct rig_exit *const second = &exits[1];
static uint8_t packet[LEWES_PACKET_MAX + 1];

/* Everything but the start of the gateway. */
static int prepare(void **state)
{
    (void)state;
    rig_init(&rig);
    for (uint8_t i = 0; i < 2; i++)
        rig_exit_open(&exits[i], &rig, (uint8_t)(i + 1));
    rig_exit_directory(&rig, exits, 2);
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)(i + 1);
    return 0;
}

static int up(void **state)
{
    (void)prepare(state);
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    return 0;
}

static void start(void)
{
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
}

/* The client's session has borne everything. */
static int down(void **state)
{
    struct client_ticket ticket;
    (void)state;
    if (client.session != NULL) {
        client_ticket(&ticket, &rig, 1);
        struct lewes_request request = client_request(&rig, 1, &ticket);
        struct lewes_answer answer = client_register(&client, &request);
        assert_dvpn(&answer, 500000000);
        client_close(&client);
        rig_wait_quiet(&rig);
        assert_int_equal(rig_count(&rig).forward_streams, 0);
    }
    rig_down(&rig);
    rig_exit_close(first);
    rig_exit_close(second);
    return 0;
}

static void exchange(size_t out, size_t in)
{
    static uint8_t answer[LEWES_PACKET_MAX];
    for (size_t i = 0; i < in; i++)
        answer[i] = (uint8_t)(in + i * 3);
    client_send_forward(&client, first, packet, out);
    rig_exit_receive(first);
    assert_int_equal(first->packet_len, out);
    assert_memory_equal(first->packet, packet, out);
    rig_exit_answer(first, answer, in);
    client_expect_forwarded(&client, answer, in);
}

static void packets_of_every_size_go_there_and_back_over_one_stream(void **state)
{
    static const size_t sizes[] = {36, 37, 136, 4092, 4096, 4097, 40000, 65395};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        exchange(sizes[i], 36);
        exchange(36, sizes[i]);
        assert_int_equal(rig_count(&rig).forward_streams, 1);
    }
    exchange(65395, 65484);
    assert_int_equal(first->accepted, 1);
    assert_int_equal(rig_count(&rig).forwarded[FORWARD_DONE], 17);
}

static void what_is_not_in_the_directory_hears_1_and_nobody_is_called(void **state)
{
    struct rig_exit wrong[3] = {*first, *first, *first};
    (void)state;
    wrong[0].identity.bytes[0] ^= 1;
    wrong[1].at.ip.bytes[3] = 2;
    wrong[2].at.port = second->at.port;
    for (size_t i = 0; i < 3; i++) {
        client_send_forward(&client, &wrong[i], packet, 100);
        client_expect_notice(&client, FORWARD_NOT_ALLOWED, INDEX);
        assert_int_equal(rig_count(&rig).forward_streams, 0);
    }
    assert_int_equal(rig_count(&rig).forwarded[FORWARD_NOT_ALLOWED], 3);
    exchange(36, 36);
    assert_int_equal(first->accepted, 1);
    rig_exit_expect_nobody(second);
}

static void hear_1_at(uint8_t family, const char *bytes)
{
    struct rig_exit target = *first;
    memset(&target.at.ip, 0, sizeof target.at.ip);
    target.at.ip.family = family;
    memcpy(target.at.ip.bytes, bytes, family == 4 ? 4 : 16);
    rig_init(&rig);
    rig.settings.forward.allow_private = false;
    rig_directory(&rig, &target.identity, &target.at);
    start();
    client_send_forward(&client, &target, packet, 100);
    client_expect_notice(&client, FORWARD_NOT_ALLOWED, INDEX);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
    client_close(&client);
    rig_down(&rig);
}

/* The directory has them all; only allow_private is missing. */
static void private_targets_hear_1_without_leave(void **state)
{
    (void)state;
    rig_down(&rig);
    hear_1_at(4, "\x7f\0\0\x01");
    hear_1_at(4, "\xa9\xfe\x01\x01");
    hear_1_at(6, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01");
    hear_1_at(6, "\xfc\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01");
    hear_1_at(4, "\xc0\0\x02\x01");
    rig_exit_expect_nobody(first);
    rig_exit_close(first);
    rig_exit_close(second);
    (void)prepare(NULL);
}

/* registration.md 6: the text form decides, and a mapped address is the IPv4 address. */
static void a_mapped_address_is_the_ipv4_address(void **state)
{
    char text[64];
    uint8_t payload[200];
    (void)state;
    int n = snprintf(text, sizeof text, "[::ffff:127.0.0.1]:%u", (unsigned)first->at.port);
    memcpy(payload, first->identity.bytes, 32);
    payload[32] = (uint8_t)n;
    memcpy(payload + 33, text, (size_t)n);
    payload[33 + n] = 36;
    memcpy(payload + 34 + n, packet, 36);
    client_send_payload(&client, payload, (size_t)n + 34 + 36);
    rig_exit_receive(first);
    rig_exit_answer(first, packet, 36);
    client_expect_forwarded(&client, packet, 36);
}

static void the_gateway_does_not_call_itself(void **state)
{
    struct rig_exit own = *first;
    (void)state;
    own.identity = *lewes_identity_public(rig.identity);
    rig_directory(&rig, &own.identity, &own.at);
    start();
    client_send_forward(&client, &own, packet, 100);
    client_expect_notice(&client, FORWARD_NOT_ALLOWED, INDEX);
    assert_int_equal(rig_count(&rig).accepted, 1);
}

static void packets_that_no_exit_would_take_hear_7(void **state)
{
    (void)state;
    client_send_forward(&client, first, packet, 35);
    client_expect_notice(&client, FORWARD_MALFORMED, INDEX);
    client_send_forward(&client, first, packet, 3);
    client_expect_notice(&client, FORWARD_MALFORMED, 0);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
}

static void another_target_hears_6_while_the_stream_is_open(void **state)
{
    (void)state;
    exchange(100, 100);
    client_send_forward(&client, second, packet, 100);
    client_expect_notice(&client, FORWARD_OTHER_TARGET, INDEX);
    exchange(100, 100);
    assert_int_equal(first->accepted, 1);
    rig_exit_hang_up(first, false);
    client_send_forward(&client, second, packet, 100);
    rig_exit_receive(second);
    rig_exit_answer(second, packet, 36);
    client_expect_forwarded(&client, packet, 36);
}

static void streams_are_capped_and_come_free_again(void **state)
{
    (void)state;
    rig.settings.forward.max_streams = 1;
    start();
    client_open(&other, &rig, 2);
    client_handshake(&other);
    client_send_forward(&other, second, packet, 100);
    rig_exit_receive(second);
    client_send_forward(&client, first, packet, 100);
    client_expect_notice(&client, FORWARD_NO_STREAM, INDEX);
    client_close(&other);
    rig_wait_open(&rig, 1);
    exchange(100, 100);
}

static void a_cap_of_0_opens_no_stream(void **state)
{
    (void)state;
    rig.settings.forward.max_streams = 0;
    start();
    client_send_forward(&client, first, packet, 100);
    client_expect_notice(&client, FORWARD_NO_STREAM, INDEX);
}

/* 5.4: the client's session goes on, and its next packet opens a new stream. */
static void a_silent_exit_is_4(void **state)
{
    (void)state;
    rig.settings.forward.io = SHORT;
    start();
    client_send_forward(&client, first, packet, 100);
    client_expect_notice(&client, FORWARD_TIMED_OUT, INDEX);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
    rig_exit_receive(first);
    rig_exit_expect_end(first);
    client_send_forward(&client, first, packet, 100);
    rig_exit_wait_accepted(first, 2);
    client_expect_notice(&client, FORWARD_TIMED_OUT, INDEX);
}

static void an_exit_that_does_not_read_is_4(void **state)
{
    (void)state;
    rig_exit_narrow(first);
    rig.settings.forward.io = SHORT;
    start();
    client_send_forward(&client, first, packet, LEWES_FORWARD_INNER_MAX);
    client_expect_notice(&client, FORWARD_TIMED_OUT, INDEX);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
    /* It was the writing that took too long. */
    assert_true(rig_exit_drain(first) < LEWES_FORWARD_INNER_MAX);
}

static void nobody_there_is_3(void **state)
{
    (void)state;
    close(first->listener);
    first->listener = -1;
    client_send_forward(&client, first, packet, 100);
    client_expect_notice(&client, FORWARD_CONNECT_FAILED, INDEX);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
}

static void a_connection_that_does_not_come_about_is_3(void **state)
{
    (void)state;
    rig_exit_fill(first);
    rig.settings.forward.connect = SHORT;
    start();
    client_send_forward(&client, first, packet, 100);
    client_expect_notice(&client, FORWARD_CONNECT_FAILED, INDEX);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
}

/* ---- what exits do wrong ---- */

/* After it the next packet finds a new stream and a good exit. */
static void expect_5(void)
{
    unsigned accepted = first->accepted;
    client_expect_notice(&client, FORWARD_EXIT_CLOSED, INDEX);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
    exchange(100, 100);
    assert_int_equal(first->accepted, accepted + 1);
}

static void ask(void)
{
    client_send_forward(&client, first, packet, 100);
    rig_exit_receive(first);
}

static void frames_that_no_packet_has_are_5(void **state)
{
    static const uint32_t lengths[] = {0, 35, 65485, 65536, 65537, 0xffffffff};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t prefix[4];
        lewesi_store32be(prefix, lengths[i]);
        ask();
        rig_exit_send(first, prefix, sizeof prefix);
        rig_exit_expect_end(first);
        expect_5();
        rig_exit_hang_up(first, false);
    }
}

static void half_a_frame_is_5(void **state)
{
    (void)state;
    for (size_t len = 0; len < 40; len += 3) {
        ask();
        rig_exit_send(first, "\0\0\0\x24", len < 4 ? len : 4);
        if (len > 4)
            rig_exit_send(first, packet, len - 4);
        rig_exit_hang_up(first, false);
        expect_5();
        rig_exit_hang_up(first, false);
    }
}

static void a_reset_is_5(void **state)
{
    (void)state;
    ask();
    rig_exit_hang_up(first, true);
    expect_5();
}

static void of_two_frames_the_first_counts_and_the_stream_closes(void **state)
{
    uint8_t frames[80] = {0, 0, 0, 36};
    (void)state;
    ask();
    memcpy(frames + 4, packet, 36);
    frames[43] = 36;
    memcpy(frames + 44, packet + 1, 36);
    rig_exit_send(first, frames, sizeof frames);
    client_expect_forwarded(&client, packet, 36);
    rig_exit_expect_end(first);
    assert_int_equal(rig_count(&rig).forward_streams, 0);
    exchange(100, 100);
    assert_int_equal(first->accepted, 2);
}

static void an_answer_in_single_bytes_is_an_answer(void **state)
{
    uint8_t frame[76] = {0, 0, 0, 72};
    (void)state;
    memcpy(frame + 4, packet, 72);
    ask();
    for (size_t i = 0; i < sizeof frame; i++)
        rig_exit_send(first, frame + i, 1);
    client_expect_forwarded(&client, packet, 72);
}

/* ---- time and order ---- */

static bool no_stream(void *user)
{
    (void)user;
    return rig_count(&rig).forward_streams == 0;
}

static void an_idle_stream_closes_and_the_next_packet_opens_another(void **state)
{
    (void)state;
    rig.settings.forward.idle = SHORT;
    start();
    exchange(100, 100);
    rig_wait(&rig, no_stream, NULL);
    rig_exit_expect_end(first);
    exchange(100, 100);
    assert_int_equal(first->accepted, 2);
}

/* protocol.md P82 */
static void packets_sent_at_once_are_exchanged_one_after_the_other(void **state)
{
    uint8_t answer[36] = {0};
    (void)state;
    for (uint8_t i = 0; i < 8; i++)
        client_send_forward(&client, first, packet + i, 500);
    for (uint8_t i = 0; i < 8; i++) {
        rig_exit_receive(first);
        assert_int_equal(first->packet_len, 500);
        assert_memory_equal(first->packet, packet + i, 500);
        rig_settle(&rig);
        assert_int_equal(first->in_len, 0); /* the next one waits for this one's answer */
        answer[0] = i;
        rig_exit_answer(first, answer, sizeof answer);
    }
    for (uint8_t i = 0; i < 8; i++) {
        answer[0] = i;
        client_expect_forwarded(&client, answer, sizeof answer);
    }
}

/* The first failure of a flight is heard of alone; what follows is exchanged anew. */
static void a_failure_within_a_flight_costs_its_own_packet_only(void **state)
{
    (void)state;
    client_send_forward(&client, first, packet, 100);
    client_send_forward(&client, first, packet + 1, 100);
    rig_exit_receive(first);
    rig_exit_hang_up(first, true);
    rig_exit_receive(first);
    assert_memory_equal(first->packet, packet + 1, 100);
    rig_exit_answer(first, packet, 36);
    client_expect_notice(&client, FORWARD_EXIT_CLOSED, INDEX);
    client_expect_forwarded(&client, packet, 36);
    assert_int_equal(first->accepted, 2);
}

static void a_forward_that_does_not_decode_ends_the_connection(void **state)
{
    const uint8_t nothing[1] = {0};
    (void)state;
    client_send_payload(&client, nothing, sizeof nothing);
    client_expect_end(&client);
    rig_wait_end(&rig, END_PARSE, 1);
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)
#define PREPARED(name) cmocka_unit_test_setup_teardown(name, prepare, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packets_of_every_size_go_there_and_back_over_one_stream),
        TEST(what_is_not_in_the_directory_hears_1_and_nobody_is_called),
        PREPARED(private_targets_hear_1_without_leave),
        TEST(a_mapped_address_is_the_ipv4_address),
        PREPARED(the_gateway_does_not_call_itself),
        TEST(packets_that_no_exit_would_take_hear_7),
        TEST(another_target_hears_6_while_the_stream_is_open),
        PREPARED(streams_are_capped_and_come_free_again),
        PREPARED(a_cap_of_0_opens_no_stream),
        PREPARED(a_silent_exit_is_4),
        PREPARED(an_exit_that_does_not_read_is_4),
        TEST(nobody_there_is_3),
        PREPARED(a_connection_that_does_not_come_about_is_3),
        TEST(frames_that_no_packet_has_are_5),
        TEST(half_a_frame_is_5),
        TEST(a_reset_is_5),
        TEST(of_two_frames_the_first_counts_and_the_stream_closes),
        TEST(an_answer_in_single_bytes_is_an_answer),
        PREPARED(an_idle_stream_closes_and_the_next_packet_opens_another),
        TEST(packets_sent_at_once_are_exchanged_one_after_the_other),
        TEST(a_failure_within_a_flight_costs_its_own_packet_only),
        TEST(a_forward_that_does_not_decode_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
