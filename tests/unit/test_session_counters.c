/* SPDX-License-Identifier: Apache-2.0 */
/* Counters on the wire, and that no key meets a nonce twice: P64, P65. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

#define INITIATOR_BASE (UINT64_C(1) << 62)
#define RESPONDER_BASE (UINT64_C(1) << 63)
#define SESSIONS 2500 /* of each of four kinds */
#define DATA_PACKETS 3
#define ENCRYPTED_PACKETS (3 + 2 * DATA_PACKETS)

static struct pair pair;
static struct pair_packet packet;

static uint64_t counter_of(const struct pair_packet *of)
{
    return lewesi_load64le(of->bytes + 4);
}

static uint64_t deliver_next(void)
{
    struct lewes_event event;

    pair_write(&pair, pair_writer(&pair), &packet);
    assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
    return counter_of(&packet);
}

static uint64_t deliver_data(struct lewes_session *from, struct lewes_session *to)
{
    struct lewes_event event;

    assert_int_equal(lewes_session_send(from, NULL, 0, pair.now), LEWES_OK);
    pair_write(&pair, from, &packet);
    assert_int_equal(pair_read(&pair, to, &packet, &event), LEWES_OK);
    return counter_of(&packet);
}

/* ---- on the wire ---- */

static void counters_on_the_wire_are_ours(void **state)
{
    static const uint64_t clear[5] = {0, 0, 0, 0, 1};
    uint64_t b;

    (void)state;
    pair_open(&pair, 0);
    for (unsigned i = 0; i < 5; i++)
        assert_true(deliver_next() == clear[i]);
    b = deliver_next();
    assert_true(b >= RESPONDER_BASE && b - RESPONDER_BASE < UINT64_C(1) << 61);
    assert_true(deliver_next() == INITIATOR_BASE);
    assert_true(deliver_next() == b + 1);
    for (unsigned i = 1; i < 5; i++) {
        assert_true(deliver_data(pair.initiator, pair.responder) == INITIATOR_BASE + i);
        assert_true(deliver_data(pair.responder, pair.initiator) == b + 1 + i);
    }
    pair_end(&pair);
}

static void the_profile_of_the_original_counts_like_the_original(void **state)
{
    static const uint64_t handshake[PAIR_MESSAGES] = {0, 0, 0, 0, 1, 1, 2, 0};

    (void)state;
    pair_init(&pair, 3);
    pair.original_client = pair.original_gateway = true;
    pair_start(&pair);
    for (unsigned i = 0; i < PAIR_MESSAGES; i++)
        assert_true(deliver_next() == handshake[i]);
    assert_true(deliver_data(pair.initiator, pair.responder) == 3);
    assert_true(deliver_data(pair.responder, pair.initiator) == 2);
    assert_true(deliver_data(pair.initiator, pair.responder) == 4);
    assert_true(deliver_data(pair.responder, pair.initiator) == 3);
    pair_end(&pair);
}

static void the_responders_base_has_61_random_bits(void **state)
{
    uint64_t ones = 0, zeros = 0;

    (void)state;
    pair_init(&pair, 9);
    for (unsigned i = 0; i < 64; i++) {
        pair_start(&pair);
        pair_advance(&pair, 1);
        ones |= pair.responder->counter;
        zeros |= ~pair.responder->counter;
        pair_end_sessions(&pair);
    }
    assert_true(ones == (RESPONDER_BASE | ((UINT64_C(1) << 61) - 1)));
    assert_true(zeros == ~RESPONDER_BASE);
    pair_end(&pair);
}

/* ---- the end of the counters ---- */

static void the_last_packet_of_a_direction_is_packet_2_to_the_60(void **state)
{
    static const uint8_t payload[1];
    size_t len = 1;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_true(pair.initiator->counter_end - INITIATOR_BASE == UINT64_C(1) << 60);
    pair.initiator->counter = pair.initiator->counter_end - 2;
    pair_exchange(&pair, pair.initiator, pair.responder, 3);
    pair_exchange(&pair, pair.initiator, pair.responder, 3);
    assert_int_equal(lewes_session_send(pair.initiator, payload, 1, pair.now),
                     LEWES_ERROR_EXHAUSTED);
    pair_assert_silent(&pair, pair.initiator);
    assert_int_equal(lewes_session_state(pair.initiator), LEWES_TRANSPORT);
    pair_exchange(&pair, pair.responder, pair.initiator, 3);

    assert_int_equal(lewes_session_send(pair.responder, payload, 1, pair.now), LEWES_OK);
    pair.responder->counter = pair.responder->counter_end;
    assert_int_equal(
        lewes_session_write(pair.responder, packet.bytes, sizeof packet.bytes, &len, pair.now),
        LEWES_ERROR_EXHAUSTED);
    assert_int_equal(len, 0);
    pair_end(&pair);
}

static void a_receiver_without_nonces_closes(void **state)
{
    struct lewes_event event;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_int_equal(lewes_session_send(pair.initiator, NULL, 0, pair.now), LEWES_OK);
    pair_write(&pair, pair.initiator, &packet);
    pair.responder->receive.nonce = UINT64_MAX;
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_ERROR_EXHAUSTED);
    assert_int_equal(lewes_session_state(pair.responder), LEWES_CLOSED);
    pair_end(&pair);
}

/* ---- Acks with literal 0, P65 ---- */

/* Seals an Ack or another packet under the key of the session, with counter 0. */
static void make_zero(enum lewesi_type type, size_t body_len)
{
    memset(packet.bytes + LEWESI_BODY_OFFSET, 0x30, body_len);
    pair_make_sealed(&packet, &(struct lewesi_packet){.index = pair.initiator->index, .type = type},
                     body_len, &pair.initiator->outer_key);
}

static void an_ack_with_counter_0_is_taken_whatever_the_window_says_but_once(void **state)
{
    static const uint64_t handshake2_counters[] = {
        0, 1, 2, 1023, 1024, 5000, RESPONDER_BASE + 5, UINT64_MAX - 1};
    struct lewes_event event;

    (void)state;
    for (size_t i = 0; i < sizeof handshake2_counters / sizeof *handshake2_counters; i++) {
        pair_open(&pair, 5);
        pair.responder->counter_first = handshake2_counters[i];
        pair.responder->counter = handshake2_counters[i];
        pair.responder->counter_end = UINT64_MAX;
        pair_advance(&pair, 7);
        make_zero(LEWESI_ACK, 0);
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_OK);
        assert_int_equal(event.kind, LEWES_EVENT_ESTABLISHED);
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_REPLAY);
        pair_end(&pair);
    }
}

static void an_exempt_ack_takes_no_other_counter_away(void **state)
{
    struct lewes_event event;
    uint64_t next;

    (void)state;
    pair_open(&pair, 7);
    make_zero(LEWESI_ACK, 0);
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_OK);
    next = pair.initiator->replay.next;
    for (uint64_t c = next - 1024; c < next - 1; c++)
        assert_true(lewesi_replay_admissible(&pair.initiator->replay, c));
    pair_end(&pair);
}

static void nothing_but_an_ack_is_exempt_from_the_window(void **state)
{
    struct lewes_event event;

    (void)state;
    pair_open(&pair, 7);
    make_zero(LEWESI_DATA, 16);
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_REPLAY);
    make_zero(LEWESI_HANDSHAKE, 64);
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_REPLAY);
    pair_advance(&pair, PAIR_MESSAGES);
    make_zero(LEWESI_ACK, 0);
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_REPLAY);
    pair_end(&pair);
}

static void a_responder_exempts_nothing(void **state)
{
    struct lewes_event event;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    make_zero(LEWESI_ACK, 0);
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_ERROR_REPLAY);
    pair_end(&pair);
}

/* ---- no nonce twice ---- */

struct use { /* of a nonce */
    uint8_t key[32];
    uint64_t counter;
};

static struct use uses[2 * SESSIONS * ENCRYPTED_PACKETS];
static size_t use_count;

static void record(const struct lewes_session *session, uint64_t counter)
{
    assert_true(use_count < sizeof uses / sizeof *uses);
    memcpy(uses[use_count].key, session->outer_key.bytes, sizeof uses->key);
    uses[use_count++].counter = counter;
}

static int compare(const void *a, const void *b)
{
    const struct use *const left = a, *const right = b;
    const int keys = memcmp(left->key, right->key, sizeof left->key);

    if (keys != 0)
        return keys;
    return left->counter < right->counter ? -1 : left->counter > right->counter;
}

static size_t repeated_uses(void)
{
    size_t repeated = 0;

    qsort(uses, use_count, sizeof *uses, compare);
    for (size_t i = 1; i < use_count; i++)
        repeated += compare(&uses[i - 1], &uses[i]) == 0;
    return repeated;
}

/* Messages 6 to 8 and data in both directions. */
static void run_encrypted(void)
{
    for (unsigned i = 0; i < 3; i++)
        record(pair.initiator, deliver_next());
    for (unsigned i = 0; i < DATA_PACKETS; i++) {
        record(pair.initiator, deliver_data(pair.initiator, pair.responder));
        record(pair.initiator, deliver_data(pair.responder, pair.initiator));
    }
}

static size_t run_sessions(unsigned sessions, bool original_client, bool original_gateway)
{
    use_count = 0;
    pair_init(&pair, 11);
    pair.original_client = original_client;
    pair.original_gateway = original_gateway;
    for (unsigned i = 0; i < sessions; i++) {
        pair_start(&pair);
        pair_advance(&pair, 5);
        run_encrypted();
        pair_end_sessions(&pair);
    }
    pair_end(&pair);
    return repeated_uses();
}

static void no_nonce_is_used_twice_between_two_of_ours(void **state)
{
    (void)state;
    assert_int_equal(run_sessions(SESSIONS, false, false), 0);
}

static void no_nonce_is_used_twice_with_an_original_client(void **state)
{
    (void)state;
    assert_int_equal(run_sessions(SESSIONS, true, false), 0);
}

static void no_nonce_is_used_twice_with_an_original_gateway(void **state)
{
    (void)state;
    assert_int_equal(run_sessions(SESSIONS, false, true), 0);
}

static void two_originals_do_use_nonces_twice(void **state)
{
    (void)state;
    assert_true(run_sessions(20, true, true) >= 20); /* or the three tests above prove nothing */
}

/* A gateway that has lost its salt memory: the same hello, KKTRequest and Handshake1 again. */
static void a_replayed_hello_after_a_restart_meets_other_nonces(void **state)
{
    static struct pair_packet messages[3];
    struct lewes_event event;

    (void)state;
    use_count = 0;
    pair_init(&pair, 12);
    for (unsigned i = 0; i < SESSIONS; i++) {
        uint8_t key[32];

        pair_start(&pair);
        for (unsigned m = 0; m < 3; m++) {
            pair_write(&pair, pair.initiator, &messages[m]);
            assert_int_equal(pair_deliver(&pair, &messages[m], &event), LEWES_OK);
            pair_advance(&pair, 2 * m + 2 < 6 ? 2 * m + 2 : 5);
        }
        memcpy(key, pair.responder->outer_key.bytes, sizeof key);
        run_encrypted();

        lewes_session_free(pair.responder);
        pair.responder = NULL;
        for (unsigned m = 0; m < 3; m++) {
            pair.done = 2 * m;
            assert_int_equal(pair_deliver(&pair, &messages[m], &event), LEWES_OK);
            pair_write(&pair, pair.responder, &packet);
        }
        assert_memory_equal(pair.responder->outer_key.bytes, key, sizeof key);
        record(pair.responder, counter_of(&packet));
        pair_end_sessions(&pair);
    }
    pair_end(&pair);
    assert_int_equal(repeated_uses(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_on_the_wire_are_ours),
        cmocka_unit_test(the_profile_of_the_original_counts_like_the_original),
        cmocka_unit_test(the_responders_base_has_61_random_bits),
        cmocka_unit_test(the_last_packet_of_a_direction_is_packet_2_to_the_60),
        cmocka_unit_test(a_receiver_without_nonces_closes),
        cmocka_unit_test(an_ack_with_counter_0_is_taken_whatever_the_window_says_but_once),
        cmocka_unit_test(an_exempt_ack_takes_no_other_counter_away),
        cmocka_unit_test(nothing_but_an_ack_is_exempt_from_the_window),
        cmocka_unit_test(a_responder_exempts_nothing),
        cmocka_unit_test(no_nonce_is_used_twice_between_two_of_ours),
        cmocka_unit_test(no_nonce_is_used_twice_with_an_original_client),
        cmocka_unit_test(no_nonce_is_used_twice_with_an_original_gateway),
        cmocka_unit_test(two_originals_do_use_nonces_twice),
        cmocka_unit_test(a_replayed_hello_after_a_restart_meets_other_nonces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
