/* SPDX-License-Identifier: Apache-2.0 */
/* The table of protocol.md 15 at a gateway: connections, hellos and what comes under the outer
 * key. The messages of the key agreement are in test_gateway_stimuli_keys.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "tests/support/stimuli.h"

#define SHORT 60 /* ms */
#define HELLO_INDEX 20

static struct rig *const rig = &stimuli_rig;
static struct client *const client = &stimuli_client;

/* ---- frames ---- */

static void say_prefix(unsigned len)
{
    uint8_t prefix[4];
    lewesi_store32be(prefix, len);
    client_send(client, prefix, sizeof prefix);
}

static void lengths_that_no_packet_has_close(void **state)
{
    static const struct stimulus rows[] = {
        {"length 0 first", 0, say_prefix, 0, CLOSED, END_FRAMING},
        {"length 35 first", 0, say_prefix, 35, CLOSED, END_FRAMING},
        {"length 65537 first", 0, say_prefix, 65537, CLOSED, END_FRAMING},
        {"length 0 half-open", 2, say_prefix, 0, CLOSED, END_FRAMING},
        {"length 35 half-open", 4, say_prefix, 35, CLOSED, END_FRAMING},
        {"length 65537 half-open", 6, say_prefix, 65537, CLOSED, END_FRAMING},
        {"length 0 established", ESTABLISHED, say_prefix, 0, CLOSED, END_FRAMING},
        {"length 35 established", ESTABLISHED, say_prefix, 35, CLOSED, END_FRAMING},
        {"length 65537 established", ESTABLISHED, say_prefix, 65537, CLOSED, END_FRAMING},
        {"length 2^32-1 established", ESTABLISHED, say_prefix, UINT32_MAX, CLOSED, END_FRAMING},
    };
    (void)state;
    STIMULI_TRY(rows);
}

static int up_with_short_patience(void **state)
{
    (void)state;
    rig_init(rig);
    rig->settings.timeouts.message = SHORT;
    rig_start(rig);
    return 0;
}

static int down_alone(void **state)
{
    (void)state;
    rig_down(rig);
    return 0;
}

static void silence_in_a_packet_closes_at_its_deadline(void **state)
{
    static const uint8_t half[50];
    (void)state;
    client_open(client, rig, 1);
    client_advance(client, 2);
    say_prefix(100);
    client_send(client, half, sizeof half);
    client_expect_gone(client);
    rig_wait_end(rig, END_MESSAGE, 1);
    client_close(client);
}

/* ---- the first packet ---- */

static void send_hello(void)
{
    client_send_packet(client, client->packet, client->packet_len);
}

static void say_hello_with_byte(unsigned at)
{
    client_make_hello(client);
    client->packet[at] = 9;
    send_hello();
}

static void say_hello_of_type(unsigned type)
{
    client_make_hello(client);
    lewesi_store32le(client->packet + 16, type);
    send_hello();
}

static void say_hello_of_length(unsigned len)
{
    client_make_hello(client);
    client->packet_len = len;
    send_hello();
}

static void say_hello_with_header_index(unsigned index)
{
    client_make_hello(client);
    lewesi_store32le(client->packet, index);
    send_hello();
}

static void say_hello_to_a_live_session(unsigned detail)
{
    (void)detail;
    say_hello_with_header_index(stimuli_bystander_index());
}

static void what_is_reserved_is_ignored(void **state)
{
    static const struct stimulus rows[] = {
        {"version 9", 0, say_hello_with_byte, 12, GOES_ON, END_CLOSED},
        {"a reserved byte", 0, say_hello_with_byte, 13, GOES_ON, END_CLOSED},
        {"the last reserved byte", 0, say_hello_with_byte, 15, GOES_ON, END_CLOSED},
        {"a trailer that is not zero", 0, say_hello_with_byte, 120, GOES_ON, END_CLOSED},
        {"its last byte", 0, say_hello_with_byte, 135, GOES_ON, END_CLOSED},
    };
    (void)state;
    STIMULI_TRY(rows);
}

static void whoever_does_not_begin_with_a_hello_is_closed(void **state)
{
    static const struct stimulus rows[] = {
        {"a live index", 0, say_hello_to_a_live_session, 0, CLOSED, END_INDEX},
        {"an unknown index", 0, say_hello_with_header_index, 77, CLOSED, END_INDEX},
        {"99 bytes of hello", 0, say_hello_of_length, 135, CLOSED, END_FRAMING},
        {"101 bytes of hello", 0, say_hello_of_length, 137, CLOSED, END_FRAMING},
        {"a Busy", 0, say_hello_of_type, LEWESI_BUSY, CLOSED, END_PARSE},
        {"a Handshake", 0, say_hello_of_type, LEWESI_HANDSHAKE, CLOSED, END_PARSE},
        {"data", 0, say_hello_of_type, LEWESI_DATA, CLOSED, END_PARSE},
        {"a KKTRequest", 0, say_hello_of_type, LEWESI_KKT_REQUEST, CLOSED, END_PARSE},
        {"a KKTResponse", 0, say_hello_of_type, LEWESI_KKT_RESPONSE, CLOSED, END_PARSE},
        {"type 6", 0, say_hello_of_type, 6, CLOSED, END_PARSE},
        {"a Collision", 0, say_hello_of_type, LEWESI_COLLISION, CLOSED, END_PARSE},
        {"an Ack", 0, say_hello_of_type, LEWESI_ACK, CLOSED, END_PARSE},
        {"type 9", 0, say_hello_of_type, 9, CLOSED, END_PARSE},
        {"a KK1", 0, say_hello_of_type, LEWESI_SUBSESSION_KK1, CLOSED, END_PARSE},
        {"a KK2", 0, say_hello_of_type, LEWESI_SUBSESSION_KK2, CLOSED, END_PARSE},
        {"a Ready", 0, say_hello_of_type, LEWESI_SUBSESSION_READY, CLOSED, END_PARSE},
        {"an Abort", 0, say_hello_of_type, LEWESI_SUBSESSION_ABORT, CLOSED, END_PARSE},
        {"type 14", 0, say_hello_of_type, 14, CLOSED, END_PARSE},
        {"type 255", 0, say_hello_of_type, 255, CLOSED, END_PARSE},
        {"type 2^32-1", 0, say_hello_of_type, UINT32_MAX, CLOSED, END_PARSE},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* Not one packet, but the beginning of generation 2: random bytes (protocol.md 19). */
static void say_something_else(unsigned detail)
{
    uint8_t bytes[91];
    memset(bytes, 0xe5, sizeof bytes);
    client_send(client, bytes, detail);
}

static void another_protocol_is_closed_within_one_read(void **state)
{
    static const struct stimulus rows[] = {
        {"a request of generation 2", 0, say_something_else, 91, CLOSED, END_FRAMING},
        {"its first four bytes", 0, say_something_else, 4, CLOSED, END_FRAMING},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* ---- hellos ---- */

static void say_hello_at(unsigned seconds_later)
{
    atomic_store(&rig->unix_ms, RIG_UNIX_MS + 1000 * (uint64_t)seconds_later);
    client_make_hello(client);
    atomic_store(&rig->unix_ms, RIG_UNIX_MS);
    send_hello();
}

static void say_hello_before(unsigned seconds)
{
    atomic_store(&rig->unix_ms, RIG_UNIX_MS - 1000 * (uint64_t)seconds);
    client_make_hello(client);
    atomic_store(&rig->unix_ms, RIG_UNIX_MS);
    send_hello();
}

static void a_hello_may_be_30_seconds_off(void **state)
{
    static const struct stimulus rows[] = {
        {"30 s ahead", 0, say_hello_at, 30, GOES_ON, END_CLOSED},
        {"31 s ahead", 0, say_hello_at, 31, CLOSED, END_REFUSED},
        {"30 s behind", 0, say_hello_before, 30, GOES_ON, END_CLOSED},
        {"31 s behind", 0, say_hello_before, 31, CLOSED, END_REFUSED},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* An identity of ours: 32 bytes of `fill`, the last one `last`. */
static void say_key(unsigned fill_and_last)
{
    client_make_hello(client);
    memset(client->packet + HELLO_INDEX + 4 + 32, (int)(fill_and_last >> 8), 31);
    client->packet[HELLO_INDEX + 4 + 63] = (uint8_t)fill_and_last;
    send_hello();
}

static void say_x25519_with_bit(unsigned bit)
{
    client_make_hello(client);
    client->packet[HELLO_INDEX + 4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
    send_hello();
}

static void keys_that_are_none_close(void **state)
{
    static const struct stimulus rows[] = {
        {"small order: y = 0", 0, say_key, 0x0000, CLOSED, END_REFUSED},
        {"not canonical: y = 2^255-1", 0, say_key, 0xff7f, CLOSED, END_REFUSED},
        {"off the curve", 0, say_key, 0x0707, CLOSED, END_REFUSED},
        {"a wrong bit in the X25519 field", 0, say_x25519_with_bit, 0, CLOSED, END_REFUSED},
        {"its last bit", 0, say_x25519_with_bit, 255, CLOSED, END_REFUSED},
    };
    (void)state;
    STIMULI_TRY(rows);
}

static void say_hello_proposing(unsigned index)
{
    client_make_hello(client);
    lewesi_store32le(client->packet + HELLO_INDEX, index);
    send_hello();
}

static void say_hello_proposing_a_live_one(unsigned detail)
{
    (void)detail;
    say_hello_proposing(stimuli_bystander_index());
}

static void an_index_that_cannot_be_had_collides_and_nothing_more(void **state)
{
    static const struct stimulus rows[] = {
        {"index 0", 0, say_hello_proposing, 0, COLLISION, END_CLOSED},
        {"an index in use", 0, say_hello_proposing_a_live_one, 0, COLLISION, END_CLOSED},
    };
    (void)state;
    STIMULI_TRY(rows);
}

static uint8_t old_hello[LEWES_HELLO_PACKET_LEN];

/* On a connection that is over. */
static void send_old_hello_first(void)
{
    client_open(client, rig, 1);
    client_make_hello(client);
    memcpy(old_hello, client->packet, sizeof old_hello);
    send_hello();
    client_expect_clear(client, LEWESI_ACK, lewes_session_receiver_index(client->session));
    client_close(client);
    rig_wait_open(rig, 1);
}

static void say_old_hello(unsigned detail)
{
    (void)detail;
    client_send_packet(client, old_hello, sizeof old_hello);
}

static void say_hello_again(unsigned detail)
{
    (void)detail;
    client_make_hello(client);
    send_hello();
}

static void a_hello_counts_once(void **state)
{
    static const struct stimulus rows[] = {
        {"a replayed hello", 0, say_old_hello, 0, CLOSED, END_REPLAY},
        {"a second hello", 2, say_hello_again, 0, CLOSED, END_INDEX},
        {"a third-party index", 4, say_hello_with_header_index, 5, CLOSED, END_INDEX},
        {"a hello in a session", ESTABLISHED, say_hello_again, 0, CLOSED, END_INDEX},
    };
    (void)state;
    send_old_hello_first();
    STIMULI_TRY(rows);
}

/* ---- under the outer key ---- */

static void say_type(unsigned type)
{
    static const uint8_t body[64];
    /* Bodies that have the size of their type. */
    const size_t len = type == LEWESI_DATA || type == LEWESI_HANDSHAKE ? 64 : 0;
    stimuli_send_sealed(type, body, len);
}

static void say_type_then_nothing(unsigned type)
{
    stimuli_send_sealed(type, NULL, 0);
}

static void types_that_a_session_does_not_take_close(void **state)
{
    static const struct stimulus rows[] = {
        {"a Busy", ESTABLISHED, say_type, LEWESI_BUSY, CLOSED, END_PARSE},
        {"a Handshake", ESTABLISHED, say_type, LEWESI_HANDSHAKE, CLOSED, END_PARSE},
        {"type 6", ESTABLISHED, say_type, 6, CLOSED, END_PARSE},
        {"a Collision", ESTABLISHED, say_type, LEWESI_COLLISION, CLOSED, END_PARSE},
        {"an Ack", ESTABLISHED, say_type, LEWESI_ACK, CLOSED, END_PARSE},
        {"type 9", ESTABLISHED, say_type, 9, CLOSED, END_PARSE},
        {"type 14", ESTABLISHED, say_type, 14, CLOSED, END_PARSE},
        {"type 255", ESTABLISHED, say_type, 255, CLOSED, END_PARSE},
        {"an Abort", ESTABLISHED, say_type_then_nothing, LEWESI_SUBSESSION_ABORT, GOES_ON,
         END_CLOSED},
    };
    (void)state;
    STIMULI_TRY(rows);
}

static size_t take_payload(uint8_t *packet, size_t cap)
{
    static const uint8_t payload[100];
    assert_int_equal(lewes_session_send(client->session, payload, sizeof payload, 0), LEWES_OK);
    return stimuli_take(packet, cap);
}

static void say_data_with_a_wrong_outer_tag(unsigned detail)
{
    uint8_t packet[256];
    const size_t len = take_payload(packet, sizeof packet);
    (void)detail;
    packet[len - 1] ^= 1;
    client_send_packet(client, packet, len);
}

static void say_handshake3_with_a_wrong_outer_tag(unsigned detail)
{
    uint8_t packet[256];
    const size_t len = stimuli_take(packet, sizeof packet);
    (void)detail;
    packet[len - 1] ^= 1;
    client_send_packet(client, packet, len);
}

static void say_data_with_a_wrong_inner_layer(unsigned len)
{
    static const uint8_t body[64] = {1};
    stimuli_send_sealed(LEWESI_DATA, body, len);
}

/* A forward to nobody, which has an answer, and its packet once more. */
static void say_data_twice(unsigned detail)
{
    static const uint8_t inner[64];
    const struct lewes_forward forward = {
        .address = {.ip = {4, {192, 0, 2, 7}}, .port = 1}, .packet = inner, .packet_len = 64};
    uint8_t payload[200], packet[300];
    size_t len;
    (void)detail;
    assert_int_equal(lewes_forward_encode(&forward, payload, sizeof payload, &len), LEWES_OK);
    assert_int_equal(lewes_session_send(client->session, payload, len, 0), LEWES_OK);
    len = stimuli_take(packet, sizeof packet);
    client_send_packet(client, packet, len);
    assert_true(client_receive_payload(client));
    client_send_packet(client, packet, len);
}

static void what_is_not_authentic_or_not_new_closes(void **state)
{
    static const struct stimulus rows[] = {
        {"outer tag wrong, data", ESTABLISHED, say_data_with_a_wrong_outer_tag, 0, CLOSED,
         END_AUTH},
        {"outer tag wrong, Handshake3", 6, say_handshake3_with_a_wrong_outer_tag, 0, CLOSED,
         END_AUTH},
        {"the same packet twice", ESTABLISHED, say_data_twice, 0, CLOSED, END_REPLAY},
        {"outer valid, Noise wrong", ESTABLISHED, say_data_with_a_wrong_inner_layer, 64, CLOSED,
         END_NOISE},
        {"outer valid, too short for Noise", ESTABLISHED, say_data_with_a_wrong_inner_layer, 15,
         CLOSED, END_PARSE},
    };
    (void)state;
    STIMULI_TRY(rows);
}

static void say_kk1_twice(unsigned detail)
{
    uint8_t packet[256];
    struct lewes_event event;
    (void)detail;
    assert_int_equal(lewes_session_rekey(client->session, uv_now(&rig->loop)), LEWES_OK);
    const size_t len = stimuli_take(packet, sizeof packet);
    client_send_packet(client, packet, len);
    assert_true(client_receive(client));
    assert_int_equal(lewes_session_read(client->session, client->packet, client->packet_len,
                                        uv_now(&rig->loop), &event),
                     LEWES_OK);
    assert_int_equal(event.kind, LEWES_EVENT_SUBSESSION);
    lewes_session_free(event.subsession);
    client_send_packet(client, packet, len);
}

static void say_payload(unsigned len)
{
    static const uint8_t junk[100] = {1, 2, 3};
    client_send_payload(client, junk, len);
}

static void what_means_nothing_closes(void **state)
{
    static const struct stimulus rows[] = {
        {"a replayed KK1", ESTABLISHED, say_kk1_twice, 0, CLOSED, END_REPLAY},
        {"neither registration nor forward", ESTABLISHED, say_payload, 100, CLOSED, END_PARSE},
        {"an empty payload", ESTABLISHED, say_payload, 0, CLOSED, END_PARSE},
    };
    (void)state;
    STIMULI_TRY(rows);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stimuli_up, stimuli_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lengths_that_no_packet_has_close),
        cmocka_unit_test_setup_teardown(silence_in_a_packet_closes_at_its_deadline,
                                        up_with_short_patience, down_alone),
        TEST(what_is_reserved_is_ignored),
        TEST(whoever_does_not_begin_with_a_hello_is_closed),
        TEST(another_protocol_is_closed_within_one_read),
        TEST(a_hello_may_be_30_seconds_off),
        TEST(keys_that_are_none_close),
        TEST(an_index_that_cannot_be_had_collides_and_nothing_more),
        TEST(a_hello_counts_once),
        TEST(types_that_a_session_does_not_take_close),
        TEST(what_is_not_authentic_or_not_new_closes),
        TEST(what_means_nothing_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
