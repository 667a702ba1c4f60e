/* SPDX-License-Identifier: Apache-2.0 */
/* Early flights: what leaves before an answer, and what becomes of the answers (protocol.md 14). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair_suites.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define FLIGHT_MAX 5

static struct pair pair;
static struct pair_packet packet;

/* ---- flights ---- */

struct flight {
    unsigned count;
    size_t len; /* with the prefixes */
    struct pair_packet packets[FLIGHT_MAX];
};

/* Everything that `session` has to say now. */
static void write_all(struct lewes_session *session, struct flight *flight)
{
    flight->len = 0;
    for (flight->count = 0; flight->count < FLIGHT_MAX; flight->count++) {
        struct pair_packet *const out = &flight->packets[flight->count];

        assert_int_equal(
            lewes_session_write(session, out->bytes, sizeof out->bytes, &out->len, pair.now),
            LEWES_OK);
        if (out->len == 0)
            return;
        flight->len += LEWES_FRAME_PREFIX_LEN + out->len;
    }
    fail_msg("it does not fall silent");
}

/* An initiator that nothing has been asked of, and no responder. */
static void open_initiator(const struct lewes_suite *suites, size_t count, bool early)
{
    const struct lewes_env env = watched_env(&pair.sessions);
    const struct lewes_session_config config = {.role = LEWES_INITIATOR,
                                                .identity = pair.client,
                                                .unix_ms = PAIR_UNIX_MS + pair.now,
                                                .peer = lewes_identity_public(pair.gateway),
                                                .suites = suites,
                                                .suite_count = count,
                                                .early = early};

    assert_int_equal(lewes_session_new(&pair.initiator, &env, &config, pair.now), LEWES_OK);
}

/* protocol.md 6 and P75; with the prefixes 564, 1 622 and 1 654 bytes. */
static void the_first_flight_is_hello_request_and_handshake1(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        static struct flight flight;
        const size_t handshake1 = pair_kinds[i].kem == LEWES_KEM_X25519     ? 293
                                  : pair_kinds[i].kem == LEWES_KEM_MLKEM768 ? 1351
                                                                            : 1383;

        if (!pair_kinds[i].early)
            continue;
        pair_init_kind(&pair, &pair_kinds[i]);
        open_initiator(pair.suites, pair.suite_count, true);
        write_all(pair.initiator, &flight);
        assert_int_equal(flight.count, 3);
        assert_int_equal(flight.packets[0].len, 136);
        assert_int_equal(flight.packets[1].len, 123);
        assert_int_equal(flight.packets[2].len, handshake1);
        assert_int_equal(flight.len, 140 + 127 + 4 + handshake1);
        assert_int_equal(lewes_session_state(pair.initiator), LEWES_AWAIT_ACK);
        pair_end(&pair);
    }
}

/* The same draws lead to the same bytes, whichever way they leave. */
static void both_kinds_of_flights_carry_the_same_bytes(void **state)
{
    static struct pair_packet messages[2][PAIR_MESSAGES];

    (void)state;
    for (unsigned early = 0; early < 2; early++) {
        pair_open_flights(&pair, early, 0);
        for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
            struct lewes_event event;

            pair_write(&pair, pair_writer(&pair), &messages[early][i]);
            assert_int_equal(pair_deliver(&pair, &messages[early][i], &event), LEWES_OK);
        }
        pair_end(&pair);
    }
    for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
        assert_int_equal(messages[0][i].len, messages[1][i].len);
        assert_memory_equal(messages[0][i].bytes, messages[1][i].bytes, messages[0][i].len);
    }
}

/* Lets the two talk, each saying all that it can, the responder reading one packet and answering it
 * before the next; returns how often the initiator had to wait for an answer. */
static unsigned round_trips_to_an_answer(const uint8_t *request, size_t request_len)
{
    static struct flight flight, answers;
    struct lewes_event event = {.kind = LEWES_EVENT_NONE};
    bool sent = false;

    for (unsigned trips = 1;; trips++) {
        write_all(pair.initiator, &flight);
        assert_true(flight.count > 0);
        for (unsigned i = 0; i < flight.count; i++) {
            pair.done = pair.responder == NULL ? 0 : 2; /* the hello makes the responder */
            assert_int_equal(pair_deliver(&pair, &flight.packets[i], &event), LEWES_OK);
            if (event.kind == LEWES_EVENT_PAYLOAD)
                assert_int_equal(lewes_session_send(pair.responder, request, request_len, pair.now),
                                 LEWES_OK);
        }
        write_all(pair.responder, &answers);
        assert_int_equal(answers.count, flight.count); /* one each */
        for (unsigned i = 0; i < answers.count; i++) {
            assert_int_equal(pair_read(&pair, pair.initiator, &answers.packets[i], &event),
                             LEWES_OK);
            if (event.kind == LEWES_EVENT_PAYLOAD)
                return trips;
            if (event.kind == LEWES_EVENT_MAY_SEND && !sent) {
                sent = true;
                assert_int_equal(lewes_session_send(pair.initiator, request, request_len, pair.now),
                                 LEWES_OK);
            }
        }
    }
}

static void assert_round_trips(const struct pair_kind *kind, bool early, unsigned expected)
{
    static const uint8_t request[1296];

    pair_init_kind(&pair, kind); /* its key is known if the kind is early */
    open_initiator(pair.suites, pair.suite_count, early);
    assert_int_equal(round_trips_to_an_answer(request, sizeof request), expected);
    assert_int_equal(lewes_session_state(pair.initiator), LEWES_TRANSPORT);
    assert_int_equal(lewes_session_state(pair.responder), LEWES_TRANSPORT);
    pair_end(&pair);
}

/* Without the one of TCP. */
static void an_answer_takes_two_round_trips_three_without_a_key_and_four_step_by_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        const bool key_known = pair_kinds[i].early || pair_kinds[i].kem == LEWES_KEM_X25519;

        assert_round_trips(&pair_kinds[i], true, key_known ? 2 : 3);
        assert_round_trips(&pair_kinds[i], false, 4);
    }
}

static void the_second_flight_is_handshake3_and_the_request(void **state)
{
    static const uint8_t request[1292]; /* a dVPN registration, protocol.md P76 */
    static struct flight flight;

    (void)state;
    pair_open_flights(&pair, true, 6);
    assert_int_equal(lewes_session_send(pair.initiator, request, sizeof request, pair.now),
                     LEWES_OK);
    write_all(pair.initiator, &flight);
    assert_int_equal(flight.count, 2);
    assert_int_equal(flight.len, 1452);
    pair_end(&pair);
}

/* ---- replies out of turn ---- */

/* The replies to the first flight: Ack, KKTResponse, Handshake2. */
static void prepare_replies(struct flight *replies)
{
    static struct flight flight;
    struct lewes_event event;

    pair_init(&pair, 1);
    open_initiator(NULL, 0, true);
    write_all(pair.initiator, &flight);
    assert_int_equal(pair_deliver(&pair, &flight.packets[0], &event), LEWES_OK);
    for (unsigned i = 1; i < flight.count; i++)
        assert_int_equal(pair_read(&pair, pair.responder, &flight.packets[i], &event), LEWES_OK);
    write_all(pair.responder, replies);
    assert_int_equal(replies->count, 3);
}

static void replies_count_in_their_order_only(void **state)
{
    static const enum lewes_state states[] = {LEWES_AWAIT_ACK, LEWES_AWAIT_KEY,
                                              LEWES_AWAIT_HANDSHAKE2, LEWES_AWAIT_ESTABLISHED};
    static struct flight replies;

    (void)state;
    prepare_replies(&replies);
    for (unsigned i = 0; i < replies.count; i++) {
        struct lewes_event event;

        for (unsigned other = 0; other < replies.count; other++) {
            enum lewes_error error;

            if (other == i)
                continue;
            error = pair_read(&pair, pair.initiator, &replies.packets[other], &event);
            assert_int_equal(lewes_error_class(error), LEWES_CLASS_PACKET);
            assert_int_equal(lewes_session_state(pair.initiator), states[i]);
            pair.initiator->drops = 0; /* the budget has tests of its own */
        }
        assert_int_equal(pair_read(&pair, pair.initiator, &replies.packets[i], &event), LEWES_OK);
        assert_int_equal(event.kind, i == 2 ? LEWES_EVENT_MAY_SEND : LEWES_EVENT_NONE);
        assert_int_equal(lewes_session_state(pair.initiator), states[i + 1]);
    }
    pair.done = 6;
    pair_advance(&pair, PAIR_MESSAGES);
    pair_exchange(&pair, pair.initiator, pair.responder, 20);
    pair_end(&pair);
}

/* It has the key already, but not a reason to use it (P11). */
static void a_clear_reply_that_comes_encrypted_is_dropped(void **state)
{
    (void)state;
    for (unsigned messages = 1; messages <= 3; messages += 2) {
        struct lewes_event event;

        pair_open_flights(&pair, true, messages);
        assert_true(pair.initiator->keyed);
        pair_write(&pair, pair.responder, &packet);
        pair_make_sealed(
            &packet,
            &(struct lewesi_packet){.index = pair.initiator->index,
                                    .counter = UINT64_C(1) << 63,
                                    .type = messages == 1 ? LEWESI_ACK : LEWESI_KKT_RESPONSE},
            packet.len - LEWESI_PACKET_FRAME, &pair.initiator->outer_key);
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_TYPE);
        assert_int_equal(lewes_session_state(pair.initiator),
                         messages == 1 ? LEWES_AWAIT_ACK : LEWES_AWAIT_KEY);
        pair_end(&pair);
    }
}

static void nothing_is_answered_before_it_has_left(void **state)
{
    static const enum lewes_error unasked[] = {LEWES_ERROR_STATE, LEWES_ERROR_STATE,
                                               LEWES_ERROR_AUTH};
    static struct flight replies;
    struct lewes_event event;

    (void)state;
    prepare_replies(&replies);
    pair_end(&pair);
    pair_init(&pair, 1); /* the same draws once more, so that the replies fit */
    open_initiator(NULL, 0, true);
    for (unsigned i = 0; i < COUNT(unasked); i++) {
        assert_int_equal(pair_read(&pair, pair.initiator, &replies.packets[i], &event), unasked[i]);
        pair_write(&pair, pair.initiator, &packet);
        assert_int_equal(pair_read(&pair, pair.initiator, &replies.packets[i], &event), LEWES_OK);
    }
    assert_int_equal(lewes_session_state(pair.initiator), LEWES_AWAIT_ESTABLISHED);
    pair_end(&pair);
}

static void a_responder_may_read_the_whole_flight_before_it_answers(void **state)
{
    static struct flight replies;
    struct lewes_event event;

    (void)state;
    prepare_replies(&replies);
    for (unsigned i = 0; i < replies.count; i++)
        assert_int_equal(pair_read(&pair, pair.initiator, &replies.packets[i], &event), LEWES_OK);
    pair.done = 6;
    pair_advance(&pair, PAIR_MESSAGES);
    pair_exchange(&pair, pair.responder, pair.initiator, 20);
    pair_end(&pair);
}

/* ---- refusals, P79 and P80 ---- */

static void assert_ends(enum lewes_error expected)
{
    struct lewes_event event;

    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), expected);
    assert_int_equal(lewes_session_state(pair.initiator), LEWES_CLOSED);
    assert_null(pair.initiator->handshake);
    assert_false(pair.initiator->keyed);
    pair_assert_silent(&pair, pair.initiator);
}

static void collision_and_busy_end_an_early_session_at_every_point_of_its_flight(void **state)
{
    static const enum lewesi_type types[] = {LEWESI_COLLISION, LEWESI_BUSY};
    static const enum lewes_error errors[] = {LEWES_ERROR_COLLISION, LEWES_ERROR_BUSY};

    (void)state;
    for (unsigned written = 1; written <= PAIR_FLIGHT; written++) {
        for (size_t i = 0; i < COUNT(types); i++) {
            pair_init(&pair, 1);
            open_initiator(NULL, 0, true);
            for (unsigned j = 0; j < written; j++)
                pair_write(&pair, pair.initiator, &packet);
            pair_make_clear(
                &packet, &(struct lewesi_packet){.index = pair.initiator->index, .type = types[i]},
                0);
            assert_ends(errors[i]);
            pair_end(&pair);
        }
    }
}

static void collision_and_busy_after_the_ack_are_out_of_place(void **state)
{
    static const enum lewesi_type types[] = {LEWESI_COLLISION, LEWESI_BUSY};

    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct lewes_event event;

        pair_open_flights(&pair, true, 2);
        pair_make_clear(
            &packet, &(struct lewesi_packet){.index = pair.initiator->index, .type = types[i]}, 0);
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_STATE);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_end(&pair);
    }
}

/* Replaces message 4 by one that the gateway really signed, with another key or a status. */
static void put_response(struct lewesi_kem_public key)
{
    struct lewesi_kkt_request request = {.suite = lewesi_kkt_suite_of(LEWES_KEM_X25519),
                                         .served_form = key.kem != NULL};
    struct lewesi_writer w;

    memcpy(request.session_id, pair.initiator->handshake->params.kkt_session_id,
           sizeof request.session_id);
    lewesi_writer_init(&w, packet.bytes + LEWESI_BODY_OFFSET, LEWESI_KKT_RESPONSE_MAX);
    assert_int_equal(lewesi_kkt_response_write(&w, &request, key, &pair.gateway->ed25519_private),
                     LEWES_OK);
    pair_make_clear(&packet,
                    &(struct lewesi_packet){.index = lewes_session_receiver_index(pair.initiator),
                                            .type = LEWESI_KKT_RESPONSE},
                    w.at);
}

static void another_key_than_the_one_that_was_used_ends_an_early_session(void **state)
{
    (void)state;
    pair_open_flights(&pair, true, 3);
    put_response(lewesi_kem_public_of_x25519(&pair.client->x25519));
    assert_ends(LEWES_ERROR_KKT_KEY);
    pair_end(&pair);
}

static void a_status_frame_ends_an_early_session_although_a_suite_is_left(void **state)
{
    static const struct lewes_kem_digest digest = {.kem = LEWES_KEM_MLKEM768};

    (void)state;
    pair_init(&pair, 1);
    pair.early = true;
    pair.suites[0] = (struct lewes_suite){.kem = LEWES_KEM_X25519};
    pair.suites[1] = (struct lewes_suite){.kem = LEWES_KEM_MLKEM768, .digest = &digest};
    pair.suite_count = 2;
    pair_start(&pair);
    pair_advance(&pair, 3);
    put_response((struct lewesi_kem_public){NULL, NULL});
    assert_ends(LEWES_ERROR_KKT_STATUS);
    assert_int_equal(lewes_session_kkt_status(pair.initiator), 4);
    pair_end(&pair);
}

/* ---- without a key ---- */

static void without_a_known_key_the_first_flight_ends_with_the_request(void **state)
{
    static const struct lewes_kem_digest digest = {.kem = LEWES_KEM_MLKEM768};
    static const struct lewes_suite suite = {.kem = LEWES_KEM_MLKEM768, .digest = &digest};
    static struct flight flight;

    (void)state;
    pair_init(&pair, 1);
    open_initiator(&suite, 1, true);
    write_all(pair.initiator, &flight);
    assert_int_equal(flight.count, 2);
    assert_int_equal(flight.packets[0].len, 136);
    assert_int_equal(flight.packets[1].len, 123);
    assert_false(pair.initiator->keyed);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_flight_is_hello_request_and_handshake1),
        cmocka_unit_test(both_kinds_of_flights_carry_the_same_bytes),
        cmocka_unit_test(an_answer_takes_two_round_trips_three_without_a_key_and_four_step_by_step),
        cmocka_unit_test(the_second_flight_is_handshake3_and_the_request),
        cmocka_unit_test(replies_count_in_their_order_only),
        cmocka_unit_test(a_clear_reply_that_comes_encrypted_is_dropped),
        cmocka_unit_test(nothing_is_answered_before_it_has_left),
        cmocka_unit_test(a_responder_may_read_the_whole_flight_before_it_answers),
        cmocka_unit_test(collision_and_busy_end_an_early_session_at_every_point_of_its_flight),
        cmocka_unit_test(collision_and_busy_after_the_ack_are_out_of_place),
        cmocka_unit_test(another_key_than_the_one_that_was_used_ends_an_early_session),
        cmocka_unit_test(a_status_frame_ends_an_early_session_although_a_suite_is_left),
        cmocka_unit_test(without_a_known_key_the_first_flight_ends_with_the_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
