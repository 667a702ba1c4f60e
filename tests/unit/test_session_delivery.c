/* SPDX-License-Identifier: Apache-2.0 */
/* The same packets, but split, repeated, reordered or lost on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair_suites.h"

static bool early; /* the kind of flights that is tested */

/* ---- a byte stream ---- */

struct stream {
    uint8_t bytes[LEWES_FRAME_PREFIX_LEN + LEWES_HANDSHAKE_PACKET_MAX];
    size_t len;
};

/* Adds bytes; true when `packet` has been filled with a whole packet. */
static bool stream_take(struct stream *stream, const uint8_t *bytes, size_t len,
                        struct pair_packet *packet)
{
    size_t packet_len;

    assert_true(len <= sizeof stream->bytes - stream->len);
    memcpy(stream->bytes + stream->len, bytes, len);
    stream->len += len;
    if (stream->len < LEWES_FRAME_PREFIX_LEN)
        return false;
    assert_int_equal(lewes_frame_length(stream->bytes, LEWES_HANDSHAKE_PACKET_MAX, &packet_len),
                     LEWES_OK);
    if (stream->len < LEWES_FRAME_PREFIX_LEN + packet_len)
        return false;
    assert_int_equal(stream->len, LEWES_FRAME_PREFIX_LEN + packet_len);
    memcpy(packet->bytes, stream->bytes + LEWES_FRAME_PREFIX_LEN, packet_len);
    packet->len = packet_len;
    stream->len = 0;
    return true;
}

static size_t frame(uint8_t *out, const struct pair_packet *packet)
{
    lewes_frame_prefix(out, packet->len);
    memcpy(out + LEWES_FRAME_PREFIX_LEN, packet->bytes, packet->len);
    return LEWES_FRAME_PREFIX_LEN + packet->len;
}

/* Sends the next message in pieces of `piece` bytes after a first one of `first`. */
static void deliver_in_pieces(struct pair *pair, size_t first, size_t piece)
{
    static uint8_t bytes[LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX];
    static struct pair_packet sent, received;
    struct stream stream = {.len = 0};
    struct lewes_event event;
    size_t len, at = 0;
    bool whole = false;

    pair_write(pair, pair_writer(pair), &sent);
    len = frame(bytes, &sent);
    while (at < len) {
        size_t now = at == 0 ? first : piece;
        now = now < len - at ? now : len - at;
        assert_false(whole);
        whole = stream_take(&stream, bytes + at, now, &received);
        at += now;
    }
    assert_true(whole);
    assert_int_equal(pair_deliver(pair, &received, &event), LEWES_OK);
}

static void a_handshake_survives_a_split_after_every_byte(void **state)
{
    early = pair_is_early(state);
    for (size_t first = 1; first <= LEWES_FRAME_PREFIX_LEN + 293; first++) {
        struct pair pair;

        pair_open_flights(&pair, early, 0);
        while (pair.done < PAIR_MESSAGES)
            deliver_in_pieces(&pair, first, SIZE_MAX);
        pair_exchange(&pair, pair.initiator, pair.responder, 9);
        pair_end(&pair);
    }
}

static void a_handshake_survives_byte_by_byte(void **state)
{
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 0);
    while (pair.done < PAIR_MESSAGES)
        deliver_in_pieces(&pair, 1, 1);
    pair_exchange(&pair, pair.initiator, pair.responder, 9);
    pair_end(&pair);
}

/* The packets of the other suites are more than one segment. */
static void a_handshake_of_any_suite_survives_any_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        for (size_t piece = 1; piece <= 1500; piece += 1 + piece / 4) {
            struct pair pair;

            pair_open_kind(&pair, &pair_kinds[i], 0);
            while (pair.done < PAIR_MESSAGES)
                deliver_in_pieces(&pair, piece, piece);
            pair_exchange(&pair, pair.initiator, pair.responder, 9);
            pair_end(&pair);
        }
    }
}

/* ---- repeated ---- */

static void a_repeated_packet_is_dropped_and_does_no_harm(void **state)
{
    static const enum lewes_error errors[PAIR_MESSAGES] = {
        LEWES_ERROR_STATE, /* the hello, which a responder has seen before it was made */
        LEWES_ERROR_STATE,  LEWES_ERROR_STATE,  LEWES_ERROR_AUTH,   LEWES_ERROR_AUTH,
        LEWES_ERROR_REPLAY, LEWES_ERROR_REPLAY, LEWES_ERROR_REPLAY,
    };
    static struct pair_packet packet;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 0);
    for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
        pair_write(&pair, pair_writer(&pair), &packet);
        assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
        if (i == 0) { /* its index is 0, which names no session */
            assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_ERROR_INDEX);
            continue;
        }
        assert_int_equal(pair_read(&pair, pair_writer(&pair), &packet, &event), errors[i]);
        assert_int_equal(event.kind, LEWES_EVENT_NONE);
    }
    pair_exchange(&pair, pair.initiator, pair.responder, 9);
    pair_exchange(&pair, pair.responder, pair.initiator, 9);
    pair_end(&pair);
}

static void a_packet_that_comes_back_to_its_sender_is_dropped(void **state)
{
    static struct pair_packet packet;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 0);
    for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
        struct lewes_session *const writer = pair_writer(&pair);
        enum lewes_error error;

        pair_write(&pair, writer, &packet);
        error = pair_read(&pair, writer, &packet, &event);
        assert_int_equal(lewes_error_class(error), LEWES_CLASS_PACKET);
        writer->drops = 0; /* the budget has tests of its own */
        assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
    }
    pair_end(&pair);
}

/* Both directions share the outer key: taken, such a packet would move the replay window away from
 * all that the peer sends. */
static void data_that_comes_back_to_its_sender_is_dropped(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        static struct pair_packet packet;
        struct lewes_session *from, *to;
        struct lewes_event event;
        struct pair pair;

        pair_init(&pair, 1);
        pair.original_client = kind == 1; /* or the original's low counters at the other end */
        pair.original_gateway = kind == 3;
        pair_start(&pair);
        pair_advance(&pair, PAIR_MESSAGES);
        from = kind < 2 ? pair.responder : pair.initiator;
        to = kind < 2 ? pair.initiator : pair.responder;
        for (unsigned i = 0; i < 20; i++) {
            assert_int_equal(lewes_session_send(from, NULL, 0, pair.now), LEWES_OK);
            pair_write(&pair, from, &packet);
            assert_int_equal(pair_read(&pair, from, &packet, &event), LEWES_ERROR_REPLAY);
            assert_int_equal(pair_read(&pair, to, &packet, &event), LEWES_OK);
            pair_exchange(&pair, to, from, 1);
        }
        pair_end(&pair);
    }
}

/* ---- reordered and lost ---- */

static void write_data(struct pair *pair, struct lewes_session *from, uint8_t text,
                       struct pair_packet *out)
{
    assert_int_equal(lewes_session_send(from, &text, 1, pair->now), LEWES_OK);
    pair_write(pair, from, out);
}

static void data_before_the_ack_waits_for_the_ack(void **state)
{
    static struct pair_packet ack, data;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 7);
    pair_write(&pair, pair.responder, &ack);
    write_data(&pair, pair.responder, 7, &data);
    assert_int_equal(pair_read(&pair, pair.initiator, &data, &event), LEWES_ERROR_STATE);
    assert_int_equal(lewes_session_state(pair.initiator), LEWES_AWAIT_ESTABLISHED);
    assert_int_equal(pair_read(&pair, pair.initiator, &ack, &event), LEWES_OK);
    /* Half-open, a failure uses up no counter: the same packet is good now. */
    assert_int_equal(pair_read(&pair, pair.initiator, &data, &event), LEWES_OK);
    assert_int_equal(event.len, 1);
    pair_end(&pair);
}

static void data_before_handshake3_waits_for_handshake3(void **state)
{
    static struct pair_packet handshake3, data;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 6);
    pair_write(&pair, pair.initiator, &handshake3);
    write_data(&pair, pair.initiator, 7, &data);
    assert_int_equal(pair_read(&pair, pair.responder, &data, &event), LEWES_ERROR_STATE);
    assert_int_equal(pair_read(&pair, pair.responder, &handshake3, &event), LEWES_OK);
    assert_int_equal(pair_read(&pair, pair.responder, &data, &event), LEWES_OK);
    pair_end(&pair);
}

static void data_out_of_order_is_dropped_and_its_counter_used_up(void **state)
{
    static struct pair_packet first, second, third;
    struct lewes_event event;
    struct pair pair;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    write_data(&pair, pair.initiator, 1, &first);
    write_data(&pair, pair.initiator, 2, &second);
    write_data(&pair, pair.initiator, 3, &third);
    assert_int_equal(pair_read(&pair, pair.responder, &second, &event), LEWES_ERROR_NOISE);
    assert_int_equal(pair_read(&pair, pair.responder, &first, &event), LEWES_OK);
    assert_int_equal(event.payload[0], 1);
    assert_int_equal(pair_read(&pair, pair.responder, &second, &event), LEWES_ERROR_REPLAY);
    /* Noise counts messages, so what follows a lost one cannot be opened (P60). */
    assert_int_equal(pair_read(&pair, pair.responder, &third, &event), LEWES_ERROR_NOISE);
    assert_int_equal(lewes_session_state(pair.responder), LEWES_TRANSPORT);
    pair_exchange(&pair, pair.responder, pair.initiator, 9);
    pair_end(&pair);
}

static void packets_of_an_earlier_session_are_dropped(void **state)
{
    static struct pair_packet old[PAIR_MESSAGES], packet;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 0);
    for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
        pair_write(&pair, pair_writer(&pair), &old[i]);
        assert_int_equal(pair_deliver(&pair, &old[i], &event), LEWES_OK);
    }
    pair_end_sessions(&pair);
    pair_start(&pair);
    for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
        pair_write(&pair, pair_writer(&pair), &packet);
        /* Ack has nothing in it but the index, and KKTRequest nothing that belongs to a session. */
        if (i >= 3) {
            struct lewes_session *const reader = pair_reader(&pair);
            enum lewes_error error;

            lewesi_store32le(old[i].bytes, reader->index); /* or it alone would give it away */
            error = pair_read(&pair, reader, &old[i], &event);
            assert_int_equal(lewes_error_class(error), LEWES_CLASS_PACKET);
            reader->drops = 0;
        }
        assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
    }
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_BOTH_FLIGHTS(a_handshake_survives_a_split_after_every_byte),
        PAIR_TEST_BOTH_FLIGHTS(a_handshake_survives_byte_by_byte),
        cmocka_unit_test(a_handshake_of_any_suite_survives_any_split),
        PAIR_TEST_BOTH_FLIGHTS(a_repeated_packet_is_dropped_and_does_no_harm),
        PAIR_TEST_BOTH_FLIGHTS(a_packet_that_comes_back_to_its_sender_is_dropped),
        cmocka_unit_test(data_that_comes_back_to_its_sender_is_dropped),
        PAIR_TEST_BOTH_FLIGHTS(data_before_the_ack_waits_for_the_ack),
        PAIR_TEST_BOTH_FLIGHTS(data_before_handshake3_waits_for_handshake3),
        cmocka_unit_test(data_out_of_order_is_dropped_and_its_counter_used_up),
        PAIR_TEST_BOTH_FLIGHTS(packets_of_an_earlier_session_are_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
