/* SPDX-License-Identifier: Apache-2.0 */
/* How much nonsense a session bears: P33, P52, P53; and the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

static bool early; /* the kind of flights that is tested */

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define MCELIECE 2 /* protocol.md 7.1; never served */

static struct pair pair;
static struct pair_packet packet;

static enum lewes_error read_packet(struct lewes_session *session)
{
    struct lewes_event event;
    const enum lewes_error error = pair_read(&pair, session, &packet, &event);

    if (error != LEWES_OK)
        assert_int_equal(event.kind, LEWES_EVENT_NONE);
    return error;
}

/* ---- half-open, P52 ---- */

/* Bad packets of several kinds, none of which any half-open state takes. */
static void make_bad(const struct lewes_session *session, unsigned kind)
{
    static const enum lewesi_type types[] = {LEWESI_DATA, LEWESI_SUBSESSION_REQUEST};

    memset(packet.bytes, 0, 100);
    pair_make_clear(&packet,
                    &(struct lewesi_packet){.index = session->index, .type = types[kind % 2]},
                    kind % 2 == 0 ? 16 : 0);
    if (kind % 3 == 2)
        packet.len = 35;
}

static void three_bad_packets_are_borne_and_the_fourth_is_not(void **state)
{
    early = pair_is_early(state);
    for (unsigned messages = 1; messages < PAIR_MESSAGES; messages++) {
        for (unsigned responder = 0; responder < 2; responder++) {
            struct lewes_session *session;

            pair_open_flights(&pair, early, messages);
            session = responder ? pair.responder : pair.initiator;
            for (unsigned kind = 0; kind < 3 && session->state != LEWES_TRANSPORT; kind++) {
                make_bad(session, kind);
                assert_int_equal(lewes_error_class(read_packet(session)), LEWES_CLASS_PACKET);
            }
            pair_advance(&pair, PAIR_MESSAGES);
            pair_exchange(&pair, pair.initiator, pair.responder, 5);
            pair_end(&pair);

            pair_open_flights(&pair, early, messages);
            session = responder ? pair.responder : pair.initiator;
            for (unsigned kind = 0; kind < 4 && session->state < LEWES_TRANSPORT; kind++) {
                make_bad(session, kind);
                assert_int_equal(lewes_error_class(read_packet(session)),
                                 kind < 3 ? LEWES_CLASS_PACKET : LEWES_CLASS_SESSION);
            }
            assert_int_equal(session->state,
                             messages == 7 && responder ? LEWES_TRANSPORT : LEWES_CLOSED);
            pair_end(&pair);
        }
    }
}

static void the_fourth_bad_packet_is_given_up_on(void **state)
{
    early = pair_is_early(state);
    pair_open_flights(&pair, early, 2);
    for (unsigned i = 0; i < 4; i++) {
        make_bad(pair.responder, 0);
        assert_int_equal(read_packet(pair.responder),
                         i < 3 ? LEWES_ERROR_STATE : LEWES_ERROR_GIVE_UP);
    }
    assert_int_equal(read_packet(pair.responder), LEWES_ERROR_CLOSED);
    pair_end(&pair);
}

static void good_packets_do_not_refill_the_budget(void **state)
{
    early = pair_is_early(state);
    pair_open_flights(&pair, early, 2);
    for (unsigned i = 0; i < 2; i++) {
        make_bad(pair.responder, 0);
        assert_int_equal(read_packet(pair.responder), LEWES_ERROR_STATE);
    }
    pair_advance(&pair, 4);
    make_bad(pair.responder, 0);
    assert_int_equal(read_packet(pair.responder), LEWES_ERROR_STATE);
    make_bad(pair.responder, 0);
    assert_int_equal(read_packet(pair.responder), LEWES_ERROR_GIVE_UP);
    pair_end(&pair);
}

static void an_established_session_bears_any_number_of_unauthentic_packets(void **state)
{
    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    for (unsigned i = 0; i < 100; i++) {
        make_bad(pair.responder, i);
        assert_int_equal(lewes_error_class(read_packet(pair.responder)), LEWES_CLASS_PACKET);
        make_bad(pair.initiator, i);
        assert_int_equal(lewes_error_class(read_packet(pair.initiator)), LEWES_CLASS_PACKET);
    }
    pair_exchange(&pair, pair.initiator, pair.responder, 5);
    pair_exchange(&pair, pair.responder, pair.initiator, 5);
    pair_end(&pair);
}

/* ---- Noise failures in Transport, P53 ---- */

/* A packet that only a holder of the outer key can make, with a Noise part of nothing. */
static void make_bad_noise(const struct lewes_session *session)
{
    memset(packet.bytes + LEWESI_BODY_OFFSET, 0x33, 40);
    pair_make_sealed(
        &packet,
        &(struct lewesi_packet){.index = session->index,
                                .counter = session->replay.next + 5, /* honest ones stay free */
                                .type = LEWESI_DATA},
        40, &session->outer_key);
}

static void spoil(struct lewes_session *session, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        make_bad_noise(session);
        assert_int_equal(read_packet(session), LEWES_ERROR_NOISE);
        assert_int_equal(read_packet(session), LEWES_ERROR_REPLAY); /* its counter is used up */
    }
}

static void fifteen_noise_failures_are_borne_again_and_again(void **state)
{
    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    for (unsigned i = 0; i < 3; i++) {
        spoil(pair.responder, 15);
        pair_exchange(&pair, pair.initiator, pair.responder, 5);
        spoil(pair.initiator, 15);
        pair_exchange(&pair, pair.responder, pair.initiator, 5);
    }
    pair_end(&pair);
}

static void the_sixteenth_noise_failure_in_a_row_is_given_up_on(void **state)
{
    (void)state;
    for (unsigned responder = 0; responder < 2; responder++) {
        struct lewes_session *session;

        pair_open(&pair, PAIR_MESSAGES);
        session = responder ? pair.responder : pair.initiator;
        spoil(session, 15);
        make_bad_noise(session);
        assert_int_equal(read_packet(session), LEWES_ERROR_GIVE_UP);
        assert_int_equal(lewes_session_state(session), LEWES_CLOSED);
        pair_end(&pair);
    }
}

/* ---- status frames, P33 ---- */

static void make_request(uint8_t kem, uint8_t hash, uint8_t id)
{
    const struct lewesi_kkt_suite suite = {.kem = kem, .hash = hash};
    uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN];

    memset(session_id, id, sizeof session_id);
    assert_int_equal(lewesi_kkt_request_write(packet.bytes + LEWESI_BODY_OFFSET, suite, session_id,
                                              &pair.client->ed25519_private),
                     LEWES_OK);
    pair_make_clear(&packet,
                    &(struct lewesi_packet){.index = lewes_session_receiver_index(pair.responder),
                                            .type = LEWESI_KKT_REQUEST},
                    LEWESI_KKT_REQUEST_LEN);
}

static void assert_status_frame(uint8_t kem, uint8_t id)
{
    static struct pair_packet reply;

    pair_write(&pair, pair.responder, &reply);
    assert_int_equal(reply.len, 123); /* protocol.md 6 */
    assert_int_equal(reply.bytes[LEWESI_BODY_OFFSET], 0x11);
    assert_int_equal(reply.bytes[LEWESI_BODY_OFFSET + 1], 0x81);
    assert_int_equal(reply.bytes[LEWESI_BODY_OFFSET + 2], kem);
    assert_int_equal(reply.bytes[LEWESI_BODY_OFFSET + 7], id);
}

static void two_suites_that_are_not_served_are_answered_and_a_third_try_may_succeed(void **state)
{
    (void)state;
    pair_open(&pair, 2);
    for (uint8_t id = 1; id <= 2; id++) {
        make_request(MCELIECE, 0, id);
        assert_int_equal(read_packet(pair.responder), LEWES_OK);
        assert_int_equal(lewes_session_state(pair.responder), LEWES_AWAIT_REQUEST);
        assert_status_frame(MCELIECE, id);
    }
    pair_advance(&pair, PAIR_MESSAGES);
    pair_end(&pair);
}

static void a_hash_that_does_not_exist_is_a_suite_that_is_not_served(void **state)
{
    (void)state;
    pair_open(&pair, 2);
    make_request(LEWES_KEM_X25519, 4, 1);
    assert_int_equal(read_packet(pair.responder), LEWES_OK);
    assert_status_frame(LEWES_KEM_X25519, 1);
    pair_advance(&pair, PAIR_MESSAGES);
    pair_end(&pair);
}

static void a_third_suite_that_is_not_served_is_given_up_on(void **state)
{
    (void)state;
    pair_open(&pair, 2);
    for (uint8_t id = 1; id <= 2; id++) {
        make_request(MCELIECE, 0, id);
        assert_int_equal(read_packet(pair.responder), LEWES_OK);
    }
    make_request(MCELIECE, 0, 3);
    assert_int_equal(read_packet(pair.responder), LEWES_ERROR_GIVE_UP);
    assert_int_equal(lewes_session_state(pair.responder), LEWES_CLOSED);
    pair_end(&pair);
}

static void replies_that_wait_come_in_the_order_of_the_requests(void **state)
{
    static struct pair_packet reply;

    (void)state;
    pair_open(&pair, 1); /* the Ack waits as well */
    make_request(MCELIECE, 0, 1);
    assert_int_equal(read_packet(pair.responder), LEWES_OK);
    make_request(MCELIECE, 3, 2);
    assert_int_equal(read_packet(pair.responder), LEWES_OK);
    make_request(LEWES_KEM_X25519, 0, 3);
    assert_int_equal(read_packet(pair.responder), LEWES_OK);
    pair_write(&pair, pair.responder, &reply);
    assert_int_equal(reply.len, 36);
    assert_status_frame(MCELIECE, 1);
    assert_status_frame(MCELIECE, 2);
    pair_write(&pair, pair.responder, &reply);
    assert_int_equal(reply.len, 155);
    assert_int_equal(reply.bytes[LEWESI_BODY_OFFSET + 7 + 32], 3);
    pair_assert_silent(&pair, pair.responder);
    pair_end(&pair);
}

/* ---- the clock ---- */

/* A Handshake1 that reaches the responder `seconds` after it was made for. */
static enum lewes_error handshake1_after(uint64_t seconds)
{
    struct lewes_event event;
    enum lewes_error error;

    pair_open(&pair, 4);
    pair_write(&pair, pair.initiator, &packet);
    pair.now += seconds * 1000;
    error = pair_deliver(&pair, &packet, &event);
    pair_end(&pair);
    return error;
}

static void time_goes_on_during_a_handshake(void **state)
{
    (void)state;
    /* The initiator dates its PSQ 300 s back; an age of 3 630 s is too much. PAIR_UNIX_MS and
     * pair.now give half a second, which is dropped from the time of the hello. */
    assert_int_equal(handshake1_after(0), LEWES_OK);
    assert_int_equal(handshake1_after(3600 + 30 - 300 - 1), LEWES_OK);
    assert_int_equal(handshake1_after(3600 + 30 - 300), LEWES_ERROR_CLOCK);
}

static void the_clock_tolerance_is_the_responders_choice(void **state)
{
    static const struct {
        uint64_t seconds;
        enum lewes_error error;
    } delays[] = {{3600 + 90 - 300 - 1, LEWES_OK}, {3600 + 90 - 300, LEWES_ERROR_CLOCK}};

    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        struct lewes_event event;

        pair_init(&pair, 1);
        pair.clock_tolerance = 90;
        pair_start(&pair);
        pair_advance(&pair, 4);
        pair_write(&pair, pair.initiator, &packet);
        pair.now += delays[i].seconds * 1000;
        assert_int_equal(pair_deliver(&pair, &packet, &event), delays[i].error);
        pair_end(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_BOTH_FLIGHTS(three_bad_packets_are_borne_and_the_fourth_is_not),
        PAIR_TEST_BOTH_FLIGHTS(the_fourth_bad_packet_is_given_up_on),
        PAIR_TEST_BOTH_FLIGHTS(good_packets_do_not_refill_the_budget),
        cmocka_unit_test(an_established_session_bears_any_number_of_unauthentic_packets),
        cmocka_unit_test(fifteen_noise_failures_are_borne_again_and_again),
        cmocka_unit_test(the_sixteenth_noise_failure_in_a_row_is_given_up_on),
        cmocka_unit_test(two_suites_that_are_not_served_are_answered_and_a_third_try_may_succeed),
        cmocka_unit_test(a_hash_that_does_not_exist_is_a_suite_that_is_not_served),
        cmocka_unit_test(a_third_suite_that_is_not_served_is_given_up_on),
        cmocka_unit_test(replies_that_wait_come_in_the_order_of_the_requests),
        cmocka_unit_test(time_goes_on_during_a_handshake),
        cmocka_unit_test(the_clock_tolerance_is_the_responders_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
