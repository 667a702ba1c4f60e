/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

static bool early; /* the kind of flights that is tested */

/* The states after each message of protocol.md 6. */
static const struct {
    enum lewes_state initiator, responder;
} states_after[PAIR_MESSAGES + 1] = {
    {LEWES_AWAIT_ACK, LEWES_CLOSED}, /* no responder yet */
    {LEWES_AWAIT_ACK, LEWES_AWAIT_REQUEST},
    {LEWES_AWAIT_KEY, LEWES_AWAIT_REQUEST},
    {LEWES_AWAIT_KEY, LEWES_AWAIT_HANDSHAKE1},
    {LEWES_AWAIT_HANDSHAKE2, LEWES_AWAIT_HANDSHAKE1},
    {LEWES_AWAIT_HANDSHAKE2, LEWES_AWAIT_HANDSHAKE3},
    {LEWES_AWAIT_ESTABLISHED, LEWES_AWAIT_HANDSHAKE3},
    {LEWES_AWAIT_ESTABLISHED, LEWES_TRANSPORT},
    {LEWES_TRANSPORT, LEWES_TRANSPORT},
};

/* ---- the handshake ---- */

static void a_handshake_takes_eight_packets_of_the_listed_sizes(void **state)
{
    static const size_t sizes[PAIR_MESSAGES] = {136, 36, 123, 155, 293, 116, 100, 36};
    static const enum lewes_event_kind events[PAIR_MESSAGES] = {
        [5] = LEWES_EVENT_MAY_SEND, [6] = LEWES_EVENT_ESTABLISHED, [7] = LEWES_EVENT_ESTABLISHED};
    static struct pair_packet packet;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 0);
    for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
        pair_write(&pair, pair_writer(&pair), &packet);
        pair_assert_silent(&pair, pair_writer(&pair));
        assert_int_equal(packet.len, sizes[i]);
        assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
        assert_int_equal(event.kind, events[i]);
        assert_int_equal(lewes_session_state(pair.initiator), states_after[i + 1].initiator);
        assert_int_equal(lewes_session_state(pair.responder), states_after[i + 1].responder);
    }
    pair_assert_silent(&pair, pair.initiator);
    pair_assert_silent(&pair, pair.responder);
    pair_end(&pair);
}

static void both_ends_know_index_peer_and_suite(void **state)
{
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, PAIR_MESSAGES);
    assert_int_not_equal(lewes_session_receiver_index(pair.initiator), 0);
    assert_int_equal(lewes_session_receiver_index(pair.initiator),
                     lewes_session_receiver_index(pair.responder));
    assert_memory_equal(lewes_session_peer(pair.initiator)->bytes,
                        lewes_identity_public(pair.gateway)->bytes, LEWES_KEY_LEN);
    assert_memory_equal(lewes_session_peer(pair.responder)->bytes,
                        lewes_identity_public(pair.client)->bytes, LEWES_KEY_LEN);
    assert_int_equal(lewes_session_kem(pair.initiator), LEWES_KEM_X25519);
    assert_int_equal(lewes_session_kem(pair.responder), LEWES_KEM_X25519);
    pair_end(&pair);
}

static void data_goes_both_ways(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    for (size_t len = 0; len < 3000; len += 1 + len / 2) {
        pair_exchange(&pair, pair.initiator, pair.responder, len);
        pair_exchange(&pair, pair.responder, pair.initiator, len);
        pair_exchange(&pair, pair.responder, pair.initiator, len + 1);
    }
    pair_end(&pair);
}

static void data_may_follow_handshake3_at_once(void **state)
{
    static const uint8_t text[] = "early";
    static struct pair_packet handshake3, data;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 6);
    assert_int_equal(lewes_session_send(pair.initiator, text, sizeof text, pair.now), LEWES_OK);
    pair_write(&pair, pair.initiator, &handshake3);
    assert_int_equal(handshake3.len, 100);
    pair_write(&pair, pair.initiator, &data);
    pair_assert_silent(&pair, pair.initiator);
    assert_int_equal(pair_deliver(&pair, &handshake3, &event), LEWES_OK);
    assert_int_equal(pair_read(&pair, pair.responder, &data, &event), LEWES_OK);
    assert_int_equal(event.kind, LEWES_EVENT_PAYLOAD);
    assert_int_equal(event.len, sizeof text);
    assert_memory_equal(event.payload, text, sizeof text);
    pair_advance(&pair, PAIR_MESSAGES);
    pair_exchange(&pair, pair.responder, pair.initiator, 10);
    pair_end(&pair);
}

static void a_responder_that_may_send_sends_its_ack_first(void **state)
{
    static struct pair_packet ack, data;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 7);
    assert_int_equal(lewes_session_send(pair.responder, NULL, 0, pair.now), LEWES_OK);
    pair_write(&pair, pair.responder, &ack);
    pair_write(&pair, pair.responder, &data);
    assert_int_equal(pair_read(&pair, pair.initiator, &ack, &event), LEWES_OK);
    assert_int_equal(event.kind, LEWES_EVENT_ESTABLISHED);
    assert_int_equal(pair_read(&pair, pair.initiator, &data, &event), LEWES_OK);
    assert_int_equal(event.kind, LEWES_EVENT_PAYLOAD);
    assert_int_equal(event.len, 0);
    pair_end(&pair);
}

/* ---- sizes ---- */

static void the_largest_payload_fits_and_one_byte_more_is_refused(void **state)
{
    static const uint8_t payload[LEWES_PAYLOAD_MAX + 1];
    struct pair pair;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_int_equal(lewes_session_send(pair.initiator, payload, sizeof payload, pair.now),
                     LEWES_ERROR_TOO_LONG);
    pair_assert_silent(&pair, pair.initiator);
    pair_exchange(&pair, pair.initiator, pair.responder, LEWES_PAYLOAD_MAX);
    assert_int_equal(lewes_session_send(pair.responder, payload, SIZE_MAX, pair.now),
                     LEWES_ERROR_TOO_LONG);
    pair_exchange(&pair, pair.responder, pair.initiator, LEWES_PAYLOAD_MAX);
    pair_end(&pair);
}

static void a_packet_above_the_cap_of_the_handshake_is_refused_before_it_is_opened(void **state)
{
    static struct pair_packet packet;
    struct lewes_event event;
    struct pair pair;

    (void)state;
    pair_open(&pair, 7);
    packet.len = LEWES_HANDSHAKE_PACKET_MAX + 1;
    lewesi_store32le(packet.bytes, lewes_session_receiver_index(pair.initiator));
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_LENGTH);
    packet.len--;
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_AUTH);
    pair_end(&pair);
}

static void a_buffer_that_is_too_small_keeps_every_packet_due(void **state)
{
    static uint8_t payload[100];
    struct pair pair;

    (void)state;
    pair_open(&pair, 0);
    for (unsigned i = 0; i <= PAIR_MESSAGES; i++) {
        static struct pair_packet packet;
        static struct pair_image image;
        struct lewes_session *const writer =
            i == PAIR_MESSAGES ? pair.initiator : pair_writer(&pair);
        struct lewes_event event;

        if (i == PAIR_MESSAGES) {
            assert_int_equal(lewes_session_send(writer, payload, sizeof payload, pair.now),
                             LEWES_OK);
        }
        pair_image_take(&image, writer);
        for (size_t cap = 0; cap <= sizeof packet.bytes; cap++) {
            memset(packet.bytes, 0xee, sizeof packet.bytes);
            if (lewes_session_write(writer, packet.bytes, cap, &packet.len, pair.now) == LEWES_OK) {
                assert_int_equal(packet.len, cap);
                break;
            }
            assert_int_equal(packet.len, 0);
            assert_int_equal(packet.bytes[0], 0xee);
            assert_true(pair_image_same(&image, writer));
        }
        if (i < PAIR_MESSAGES) {
            assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
        } else {
            assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_OK);
            assert_memory_equal(event.payload, payload, sizeof payload);
        }
    }
    pair_end(&pair);
}

/* ---- local input, protocol.md 10.5 ---- */

static void assert_send(struct lewes_session *session, enum lewes_error expected)
{
    static const uint8_t payload[] = {1, 2, 3};

    assert_int_equal(lewes_session_send(session, payload, sizeof payload, 0), expected);
}

static void data_is_refused_before_it_may_be_sent(void **state)
{
    early = pair_is_early(state);
    for (unsigned messages = 1; messages <= PAIR_MESSAGES; messages++) {
        struct pair pair;

        pair_open_flights(&pair, early, messages);
        assert_send(pair.initiator, messages < 6 ? LEWES_ERROR_NOT_READY : LEWES_OK);
        assert_send(pair.responder, messages < 7 ? LEWES_ERROR_NOT_READY : LEWES_OK);
        pair_end(&pair);
    }
}

static void a_second_payload_waits_until_the_first_is_written(void **state)
{
    static struct pair_packet packet;
    struct pair pair;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_send(pair.initiator, LEWES_OK);
    assert_send(pair.initiator, LEWES_ERROR_NOT_READY);
    pair_write(&pair, pair.initiator, &packet);
    pair_assert_silent(&pair, pair.initiator);
    assert_send(pair.initiator, LEWES_OK);
    pair_end(&pair);
}

static void assert_closed(const struct pair *pair, struct lewes_session *session)
{
    static struct pair_packet packet = {.len = 36};
    struct lewes_event event = {.kind = LEWES_EVENT_PAYLOAD};

    assert_int_equal(lewes_session_state(session), LEWES_CLOSED);
    assert_int_equal(pair_read(pair, session, &packet, &event), LEWES_ERROR_CLOSED);
    assert_int_equal(event.kind, LEWES_EVENT_NONE);
    assert_send(session, LEWES_ERROR_CLOSED);
    pair_assert_silent(pair, session);
    assert_true(lewes_session_deadline(session) == LEWES_NEVER);
    assert_int_equal(lewes_session_expire(session, LEWES_NEVER - 1), LEWES_OK);
    lewes_session_close(session, pair->now);
    assert_int_equal(lewes_session_state(session), LEWES_CLOSED);
}

static void a_session_can_be_closed_in_every_state(void **state)
{
    early = pair_is_early(state);
    for (unsigned messages = 1; messages <= PAIR_MESSAGES; messages++) {
        struct pair pair;

        pair_open_flights(&pair, early, messages);
        lewes_session_close(pair.initiator, pair.now);
        assert_closed(&pair, pair.initiator);
        lewes_session_close(pair.responder, pair.now);
        assert_closed(&pair, pair.responder);
        pair_end(&pair);
    }
}

static void a_session_that_waits_with_a_payload_can_be_closed(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_send(pair.initiator, LEWES_OK);
    lewes_session_close(pair.initiator, pair.now);
    assert_closed(&pair, pair.initiator);
    pair_end(&pair);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    lewes_session_free(NULL);
}

/* ---- time ---- */

static void assert_expires(struct pair *pair, struct lewes_session *session, lewes_time deadline)
{
    assert_true(lewes_session_deadline(session) == deadline);
    assert_int_equal(lewes_session_expire(session, deadline - 1), LEWES_OK);
    assert_int_not_equal(lewes_session_state(session), LEWES_CLOSED);
    assert_int_equal(lewes_session_expire(session, deadline), LEWES_ERROR_TIMEOUT);
    assert_closed(pair, session);
}

static void a_handshake_ends_at_its_deadline_in_every_state(void **state)
{
    early = pair_is_early(state);
    for (unsigned messages = 1; messages < PAIR_MESSAGES; messages++) {
        struct pair pair;

        pair_open_flights(&pair, early, messages);
        assert_expires(&pair, pair.initiator, 1000 + 15000);
        if (messages < 7)
            assert_expires(&pair, pair.responder, 1000 + 30000);
        pair_end(&pair);
    }
}

static void an_established_session_has_no_deadline(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_true(lewes_session_deadline(pair.initiator) == LEWES_NEVER);
    assert_true(lewes_session_deadline(pair.responder) == LEWES_NEVER);
    assert_int_equal(lewes_session_expire(pair.initiator, LEWES_NEVER), LEWES_OK);
    assert_int_equal(lewes_session_expire(pair.responder, LEWES_NEVER), LEWES_OK);
    pair_exchange(&pair, pair.initiator, pair.responder, 5);
    pair_end(&pair);
}

/* A clock that the caller did not keep monotonic costs nothing (P37 step 7 has both bounds). */
static void a_clock_that_steps_back_does_not_end_a_handshake(void **state)
{
    struct pair pair;

    early = pair_is_early(state);
    pair_init(&pair, 1);
    pair.early = early;
    pair.now = 3600000;
    pair_start(&pair);
    pair_advance(&pair, 4);
    pair.now = 0;
    pair_advance(&pair, PAIR_MESSAGES);
    pair_end(&pair);
}

/* P36: 300 s before the hello, but not before the beginning of time. */
static void a_clock_at_1970_makes_no_time_in_the_far_future(void **state)
{
    static const uint64_t seconds[] = {0, 299, 300, 301};
    struct pair pair;

    (void)state;
    pair_init(&pair, 1);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        const struct lewes_env env = watched_env(&pair.sessions);
        const struct lewes_session_config config = {.role = LEWES_INITIATOR,
                                                    .identity = pair.client,
                                                    .unix_ms = 1000 * seconds[i],
                                                    .peer = lewes_identity_public(pair.gateway)};
        struct lewes_session *session = NULL;

        assert_int_equal(lewes_session_new(&session, &env, &config, 0), LEWES_OK);
        if (!session)
            abort();
        assert_true(session->handshake->params.psq_time.seconds == (seconds[i] > 300));
        lewes_session_free(session);
    }
    pair_end(&pair);
}

static void the_time_for_the_handshake_is_the_callers_choice(void **state)
{
    struct lewes_session *session = NULL;
    struct lewes_session_config config = {.role = LEWES_INITIATOR, .handshake_ms = 77};
    struct lewes_env env;
    struct pair pair;

    (void)state;
    pair_init(&pair, 1);
    env = watched_env(&pair.sessions);
    config.identity = pair.client;
    config.peer = lewes_identity_public(pair.gateway);
    assert_int_equal(lewes_session_new(&session, &env, &config, 5), LEWES_OK);
    assert_true(lewes_session_deadline(session) == 82);
    lewes_session_free(session);
    config.handshake_ms = UINT64_MAX;
    assert_int_equal(lewes_session_new(&session, &env, &config, 5), LEWES_OK);
    assert_true(lewes_session_deadline(session) == LEWES_NEVER);
    lewes_session_free(session);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_BOTH_FLIGHTS(a_handshake_takes_eight_packets_of_the_listed_sizes),
        PAIR_TEST_BOTH_FLIGHTS(both_ends_know_index_peer_and_suite),
        cmocka_unit_test(data_goes_both_ways),
        PAIR_TEST_BOTH_FLIGHTS(data_may_follow_handshake3_at_once),
        PAIR_TEST_BOTH_FLIGHTS(a_responder_that_may_send_sends_its_ack_first),
        cmocka_unit_test(the_largest_payload_fits_and_one_byte_more_is_refused),
        cmocka_unit_test(a_packet_above_the_cap_of_the_handshake_is_refused_before_it_is_opened),
        cmocka_unit_test(a_buffer_that_is_too_small_keeps_every_packet_due),
        PAIR_TEST_BOTH_FLIGHTS(data_is_refused_before_it_may_be_sent),
        cmocka_unit_test(a_second_payload_waits_until_the_first_is_written),
        PAIR_TEST_BOTH_FLIGHTS(a_session_can_be_closed_in_every_state),
        cmocka_unit_test(a_session_that_waits_with_a_payload_can_be_closed),
        cmocka_unit_test(freeing_nothing_is_fine),
        PAIR_TEST_BOTH_FLIGHTS(a_handshake_ends_at_its_deadline_in_every_state),
        cmocka_unit_test(an_established_session_has_no_deadline),
        PAIR_TEST_BOTH_FLIGHTS(a_clock_that_steps_back_does_not_end_a_handshake),
        cmocka_unit_test(a_clock_at_1970_makes_no_time_in_the_far_future),
        cmocka_unit_test(the_time_for_the_handshake_is_the_callers_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
