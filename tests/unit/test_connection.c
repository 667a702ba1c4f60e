/* SPDX-License-Identifier: Apache-2.0 */
/* How failures look from outside: each row of gateway.md G3.5, and what must not be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "lib/wire/packet.h"
#include "tests/support/gateway_client.h"

static struct rig rig;
static struct client client, other;

static int up(void **state)
{
    (void)state;
    rig_up(&rig);
    return 0;
}

static int down(void **state)
{
    (void)state;
    rig_down(&rig);
    return 0;
}

static void expect_closed(enum end end)
{
    client_expect_end(&client);
    rig_wait_end(&rig, end, 1);
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).half_open + rig_count(&rig).sessions, 0);
}

static void send_prefix(uint32_t len)
{
    uint8_t prefix[4];
    lewesi_store32be(prefix, len);
    client_send(&client, prefix, sizeof prefix);
}

static void refuse_prefix(uint32_t len, unsigned messages)
{
    client_open(&client, &rig, 1);
    if (messages > 0)
        client_advance(&client, messages);
    send_prefix(len);
    client_expect_end(&client);
    client_close(&client);
}

static void a_first_frame_of_another_length_than_a_hello_closes(void **state)
{
    const uint32_t lengths[] = {0, 35, 36, 135, 137, 4096, 65536, 65537, 0xffffffff};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        refuse_prefix(lengths[i], 0);
    rig_wait_end(&rig, END_FRAMING, sizeof lengths / sizeof lengths[0]);
}

static void half_open_frames_have_36_to_4096_bytes(void **state)
{
    (void)state;
    refuse_prefix(35, 2);
    refuse_prefix(4097, 2);
    rig_wait_end(&rig, END_FRAMING, 2);
    client_open(&client, &rig, 1);
    client_advance(&client, 2);
    uint8_t longest[4096] = {0};
    client_send_packet(&client, longest, sizeof longest);
    client_expect_end(&client);
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).ends[END_FRAMING], 2);
}

static void established_frames_have_36_to_65536_bytes(void **state)
{
    (void)state;
    refuse_prefix(35, 8);
    refuse_prefix(65537, 8);
    rig_wait_end(&rig, END_FRAMING, 2);
    uint8_t longest[65536] = {0};
    client_open(&client, &rig, 1);
    client_handshake(&client);
    lewesi_store32le(longest, lewes_session_receiver_index(client.session));
    lewesi_store64le(longest + 4, UINT64_C(1) << 63); /* above every counter of a client */
    client_send_packet(&client, longest, sizeof longest);
    expect_closed(END_AUTH);
    assert_int_equal(rig_count(&rig).ends[END_FRAMING], 2);
}

static void the_longest_payload_is_read_whole(void **state)
{
    static uint8_t forward[LEWES_PAYLOAD_MAX];
    size_t len = 0;
    (void)state;
    struct lewes_forward message = {.address = {.ip = {4, {192, 0, 2, 7}}, .port = 41264}};
    static uint8_t inner[LEWES_FORWARD_INNER_MAX];
    memset(inner, 0x5a, sizeof inner);
    message.packet = inner;
    message.packet_len = sizeof inner;
    assert_int_equal(lewes_forward_encode(&message, forward, sizeof forward, &len), LEWES_OK);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    struct shared_env_counts before = shared_env_count(&rig.env);
    client_send_payload(&client, forward, len);
    assert_true(client_receive_payload(&client));
    assert_int_equal(client.payload_len, 36);
    assert_int_equal(lewesi_load32le(client.payload), 0x5a5a5a5a);
    assert_int_equal(lewesi_load64le(client.payload + 4), 1); /* target not allowed */
    rig_settle(&rig);
    assert_int_equal(shared_env_count(&rig.env).bytes, before.bytes);
    client_close(&client);
}

static void a_slow_reader_gets_every_answer_in_order(void **state)
{
    enum { MESSAGES = 300 };
    uint8_t bytes[200], inner[64] = {0};
    size_t len;
    (void)state;
    rig.client_buffer = 1;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_narrow(&client);
    uv_poll_stop(&client.poll);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        const struct lewes_forward forward = {.address = {.ip = {4, {192, 0, 2, 7}}, .port = 1},
                                              .packet = inner,
                                              .packet_len = sizeof inner};
        lewesi_store32le(inner, i);
        assert_int_equal(lewes_forward_encode(&forward, bytes, sizeof bytes, &len), LEWES_OK);
        client_send_payload(&client, bytes, len);
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    }
    client_listen(&client);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        assert_true(client_receive_payload(&client));
        assert_int_equal(lewesi_load32le(client.payload), i);
    }
    client_close(&client);
}

static void a_promised_length_costs_no_memory(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    struct shared_env_counts before = shared_env_count(&rig.env);
    send_prefix(65536);
    client_send(&client, "x", 1);
    rig_settle(&rig);
    assert_in_range(shared_env_count(&rig.env).bytes - before.bytes, 0, 4100);
    client_close(&client);
    rig_wait_quiet(&rig);
}

static void a_first_packet_that_is_no_hello_closes(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    client_make_hello(&client);
    lewesi_store32le(client.packet + 16, LEWESI_KKT_REQUEST);
    client_send_packet(&client, client.packet, client.packet_len);
    expect_closed(END_PARSE);
    assert_int_equal(rig_count(&rig).hellos[HELLO_MALFORMED], 1);
}

static void a_first_packet_that_names_a_live_session_closes(void **state)
{
    (void)state;
    client_open(&other, &rig, 2);
    client_handshake(&other);
    client_open(&client, &rig, 1);
    client_make_hello(&client);
    lewesi_store32le(client.packet, lewes_session_receiver_index(other.session));
    client_send_packet(&client, client.packet, client.packet_len);
    client_expect_end(&client);
    rig_wait_end(&rig, END_INDEX, 1);
    client_close(&client);
    struct client_ticket ticket;
    client_ticket(&ticket, &rig, 2);
    struct lewes_request request = client_request(&rig, 2, &ticket);
    struct lewes_answer answer = client_register(&other, &request);
    assert_dvpn(&answer, 500000000);
    client_close(&other);
}

static void try_hello_at(uint64_t unix_ms, bool accepted)
{
    client_open(&client, &rig, 1);
    atomic_store(&rig.unix_ms, unix_ms);
    client_make_hello(&client);
    atomic_store(&rig.unix_ms, RIG_UNIX_MS);
    client_send_packet(&client, client.packet, client.packet_len);
    if (accepted)
        client_expect_clear(&client, LEWESI_ACK, lewes_session_receiver_index(client.session));
    else
        client_expect_end(&client);
    client_close(&client);
}

static void a_hello_may_be_30_seconds_off_and_no_more(void **state)
{
    (void)state;
    try_hello_at(RIG_UNIX_MS - 30000, true);
    try_hello_at(RIG_UNIX_MS + 30000, true);
    try_hello_at(RIG_UNIX_MS - 31000, false);
    try_hello_at(RIG_UNIX_MS + 31000, false);
    rig_wait_end(&rig, END_REFUSED, 2);
    assert_int_equal(rig_count(&rig).hellos[HELLO_TIME], 2);
}

static void a_hello_with_a_bad_key_closes(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    client_make_hello(&client);
    memset(client.packet + 20 + 36, 0, 32); /* y = 0: a point of order 4 */
    client_send_packet(&client, client.packet, client.packet_len);
    expect_closed(END_REFUSED);
    assert_int_equal(rig_count(&rig).hellos[HELLO_KEY], 1);
}

static void a_hello_is_accepted_once(void **state)
{
    uint8_t hello[LEWES_HELLO_PACKET_LEN];
    (void)state;
    client_open(&client, &rig, 1);
    client_make_hello(&client);
    memcpy(hello, client.packet, sizeof hello);
    client_send_packet(&client, hello, sizeof hello);
    client_expect_clear(&client, LEWESI_ACK, lewes_session_receiver_index(client.session));
    client_close(&client);
    rig_wait_quiet(&rig);
    client_open(&client, &rig, 1);
    client_send_packet(&client, hello, sizeof hello);
    expect_closed(END_REPLAY);
    assert_int_equal(rig_count(&rig).hellos[HELLO_REPLAYED], 1);
}

static void propose(uint32_t index)
{
    client_make_hello(&client);
    lewesi_store32le(client.packet + 20, index);
    client_send_packet(&client, client.packet, client.packet_len);
}

static void a_taken_index_collides_and_the_next_hello_may_succeed(void **state)
{
    (void)state;
    client_open(&other, &rig, 2);
    client_advance(&other, 2);
    uint32_t taken = lewes_session_receiver_index(other.session);
    client_open(&client, &rig, 1);
    for (int i = 0; i < 3; i++) {
        propose(taken);
        client_expect_clear(&client, LEWESI_COLLISION, taken);
    }
    client_handshake(&client);
    assert_int_equal(rig_count(&rig).hellos[HELLO_COLLISION], 3);
    client_close(&client);
    client_close(&other);
}

static void after_so_many_collisions_the_connection_ends(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    for (int i = 0; i < 4; i++) {
        propose(0);
        client_expect_clear(&client, LEWESI_COLLISION, 0);
    }
    expect_closed(END_REFUSED);
}

static void after_a_collision_only_a_hello_will_do(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    propose(0);
    client_expect_clear(&client, LEWESI_COLLISION, 0);
    send_prefix(LEWES_PACKET_MIN);
    expect_closed(END_FRAMING);
}

static void of_two_hellos_with_one_index_one_wins(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct client *racers[2] = {&client, &other};
        unsigned acks = 0;
        for (uint8_t who = 0; who < 2; who++)
            client_open(racers[who], &rig, who);
        for (int who = 0; who < 2; who++) {
            client_make_hello(racers[who]);
            lewesi_store32le(racers[who]->packet + 20, i + 1);
            client_send_packet(racers[who], racers[who]->packet, LEWES_HELLO_PACKET_LEN);
        }
        for (int who = 0; who < 2; who++) {
            assert_true(client_receive(racers[who]));
            acks += lewesi_load32le(racers[who]->packet + 16) == LEWESI_ACK;
            assert_int_equal(lewesi_load32le(racers[who]->packet), i + 1);
        }
        assert_int_equal(acks, 1);
        client_close(&client);
        client_close(&other);
    }
    rig_wait_quiet(&rig);
    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.hellos[HELLO_ACCEPTED], 200);
    assert_int_equal(counts.hellos[HELLO_COLLISION], 200);
    assert_int_equal(counts.half_open, 0);
}

static void a_second_hello_closes(void **state)
{
    (void)state;
    client_open(&client, &rig, 1);
    client_advance(&client, 2);
    client_make_hello(&client);
    client_send_packet(&client, client.packet, client.packet_len);
    expect_closed(END_INDEX);
}

/* Message `number` of the handshake, with a bit of its last byte flipped. */
static void spoil(unsigned number, enum end end)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    size_t len;
    client_open(&client, &rig, 1);
    client_advance(&client, number - 1);
    assert_int_equal(lewes_session_write(client.session, packet, sizeof packet, &len, 0), LEWES_OK);
    packet[number == 7 ? len - 1 : len - 20] ^= 1;
    client_send_packet(&client, packet, len);
    expect_closed(end);
}

static void a_spoiled_key_request_closes(void **state)
{
    (void)state;
    spoil(3, END_KKT);
}

static void a_spoiled_handshake_1_closes(void **state)
{
    (void)state;
    spoil(5, END_NOISE);
}

static void a_spoiled_handshake_3_closes(void **state)
{
    (void)state;
    spoil(7, END_AUTH);
}

static void a_repeated_packet_closes(void **state)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    size_t len;
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    struct client_ticket ticket;
    uint8_t bytes[LEWES_REQUEST_MAX];
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    assert_int_equal(lewes_request_encode(&request, bytes, sizeof bytes, &len), LEWES_OK);
    assert_int_equal(lewes_session_send(client.session, bytes, len, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(client.session, packet, sizeof packet, &len, 0), LEWES_OK);
    client_send_packet(&client, packet, len);
    assert_true(client_receive_payload(&client));
    client_send_packet(&client, packet, len);
    expect_closed(END_REPLAY);
}

static void payloads_that_are_nothing_close(void **state)
{
    const uint8_t junk[100] = {1, 2, 3};
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_send_payload(&client, junk, sizeof junk);
    client_expect_end(&client);
    client_close(&client);
    client_open(&client, &rig, 2);
    client_handshake(&client);
    client_send_payload(&client, junk, 0);
    client_expect_end(&client);
    rig_wait_end(&rig, END_PARSE, 2);
    client_close(&client);
}

static void a_malformed_registration_is_answered_and_then_ends(void **state)
{
    struct client_ticket ticket;
    struct lewes_answer answer;
    uint8_t bytes[LEWES_REQUEST_MAX];
    size_t len;
    (void)state;
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    assert_int_equal(lewes_request_encode(&request, bytes, sizeof bytes, &len), LEWES_OK);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_send_payload(&client, bytes, len - 1);
    assert_true(client_answer(&client, &answer));
    assert_refused(&answer, LEWES_REFUSAL_MALFORMED);
    expect_closed(END_REFUSED);
}

static void the_third_ticket_that_fails_is_the_last(void **state)
{
    struct client_ticket ticket;
    struct lewes_answer answer;
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    ticket.payment[737] = 2; /* its value: ecash.md 5 */
    for (uint8_t i = 1; i <= 3; i++) {
        struct lewes_request request = client_request(&rig, i, &ticket);
        answer = client_register(&client, &request);
        assert_refused(&answer, LEWES_REFUSAL_MULTIPLE);
    }
    expect_closed(END_REFUSED);
    assert_int_equal(rig_peers(&rig), 0);
    assert_int_equal(rig_count(&rig).leased_pairs, 0);
}

static void a_stranger_cannot_disturb_a_session(void **state)
{
    struct client_ticket ticket;
    (void)state;
    client_open(&other, &rig, 2);
    client_advance(&other, 4);
    for (uint32_t type = 0; type < 16; type++) {
        uint8_t packet[LEWES_HELLO_PACKET_LEN] = {0};
        client_open(&client, &rig, 1);
        lewesi_store32le(packet, lewes_session_receiver_index(other.session));
        packet[12] = 1;
        lewesi_store32le(packet + 16, type);
        client_send_packet(&client, packet, sizeof packet);
        client_expect_end(&client);
        client_close(&client);
    }
    client_write(&other);
    enum lewes_event_kind kind;
    assert_true(client_read(&other, &kind));
    client_write(&other);
    assert_true(client_read(&other, &kind));
    assert_int_equal(kind, LEWES_EVENT_ESTABLISHED);
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_answer answer = client_register(&other, &request);
    assert_dvpn(&answer, 500000000);
    client_close(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_first_frame_of_another_length_than_a_hello_closes),
        TEST(half_open_frames_have_36_to_4096_bytes),
        TEST(established_frames_have_36_to_65536_bytes),
        TEST(the_longest_payload_is_read_whole),
        TEST(a_slow_reader_gets_every_answer_in_order),
        TEST(a_promised_length_costs_no_memory),
        TEST(a_first_packet_that_is_no_hello_closes),
        TEST(a_first_packet_that_names_a_live_session_closes),
        TEST(a_hello_may_be_30_seconds_off_and_no_more),
        TEST(a_hello_with_a_bad_key_closes),
        TEST(a_hello_is_accepted_once),
        TEST(a_taken_index_collides_and_the_next_hello_may_succeed),
        TEST(after_so_many_collisions_the_connection_ends),
        TEST(after_a_collision_only_a_hello_will_do),
        TEST(of_two_hellos_with_one_index_one_wins),
        TEST(a_second_hello_closes),
        TEST(a_spoiled_key_request_closes),
        TEST(a_spoiled_handshake_1_closes),
        TEST(a_spoiled_handshake_3_closes),
        TEST(a_repeated_packet_closes),
        TEST(payloads_that_are_nothing_close),
        TEST(a_malformed_registration_is_answered_and_then_ends),
        TEST(the_third_ticket_that_fails_is_the_last),
        TEST(a_stranger_cannot_disturb_a_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
