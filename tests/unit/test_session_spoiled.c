/* SPDX-License-Identifier: Apache-2.0 */
/* Every bit and every length of every message spoiled in turn: the stated error, nothing changed,
 * and then the good packet succeeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

static bool early; /* the kind of flights that is tested */

#define INDEX_END 4                     /* protocol.md 3.1 */
#define COUNTER_END 12                  /* protocol.md 3.1 */
#define TYPE_AT 16                      /* protocol.md 3.1 */
#define PSQ_AT (LEWESI_BODY_OFFSET + 2) /* protocol.md 9.3 */
#define NOISE_AT (PSQ_AT + 207)         /* protocol.md 8.3, suite X25519 */
#define FIRST_ENCRYPTED 6               /* message, protocol.md 6 */

static struct pair pair;
static struct pair_packet good, bad;
static struct pair_image image;

/* Opens a pair in which `message` has been written to `good` and not been delivered. */
static struct lewes_session *prepare(unsigned message)
{
    pair_open_flights(&pair, early, message - 1);
    pair_write(&pair, pair_writer(&pair), &good);
    bad.len = good.len;
    memcpy(bad.bytes, good.bytes, good.len);
    pair_image_take(&image, pair_reader(&pair));
    return pair_reader(&pair);
}

static bool is_one_of(enum lewes_error error, const enum lewes_error *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == error)
            return true;
    return false;
}

/* `bad` is dropped with one of these errors, and `good` is as good as before. */
static void assert_dropped(struct lewes_session *reader, const enum lewes_error *expected,
                           size_t count)
{
    struct lewes_event event;
    const enum lewes_error error = pair_read(&pair, reader, &bad, &event);

    if (!is_one_of(error, expected, count))
        fail_msg("message %u: %s", pair.done + 1, lewes_strerror(error));
    assert_int_equal(event.kind, LEWES_EVENT_NONE);
    assert_null(event.payload);
    assert_true(pair_image_same(&image, reader));
    pair_assert_silent(&pair, reader);
    reader->drops = 0; /* the budget has tests of its own */
}

static void finish(void)
{
    struct lewes_event event;

    assert_int_equal(pair_deliver(&pair, &good, &event), LEWES_OK);
    pair_advance(&pair, PAIR_MESSAGES);
    pair_exchange(&pair, pair.initiator, pair.responder, 20);
    pair_exchange(&pair, pair.responder, pair.initiator, 20);
    pair_end(&pair);
}

/* ---- bits ---- */

/* Is this byte one that P7 tells the receiver of a clear packet to ignore? */
static bool is_ignored(size_t at)
{
    return (at >= INDEX_END && at < TYPE_AT) || at >= good.len - LEWESI_TRAILER_LEN;
}

static void spoil_each_bit(struct lewes_session *reader, size_t from, size_t to,
                           enum lewes_error expected)
{
    for (size_t at = from; at < to; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bad.bytes[at] ^= (uint8_t)(1u << bit);
            assert_dropped(reader, &expected, 1);
            bad.bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
}

static void every_bit_of_a_clear_packets_index_counts(void **state)
{
    early = pair_is_early(state);
    for (unsigned message = 2; message < FIRST_ENCRYPTED; message++) {
        struct lewes_session *const reader = prepare(message);

        spoil_each_bit(reader, 0, INDEX_END, LEWES_ERROR_INDEX);
        finish();
    }
}

static void every_bit_of_the_key_transfer_counts(void **state)
{
    early = pair_is_early(state);
    for (unsigned message = 3; message <= 4; message++) {
        struct lewes_session *const reader = prepare(message);

        spoil_each_bit(reader, LEWESI_BODY_OFFSET, good.len - LEWESI_TRAILER_LEN, LEWES_ERROR_KKT);
        finish();
    }
}

static void every_bit_of_handshake1_counts(void **state)
{
    struct lewes_session *const reader = prepare(5);

    early = pair_is_early(state);
    spoil_each_bit(reader, LEWESI_BODY_OFFSET, NOISE_AT, LEWES_ERROR_PSQ);
    spoil_each_bit(reader, NOISE_AT, good.len - LEWESI_TRAILER_LEN, LEWES_ERROR_NOISE);
    finish();
}

static void a_changed_type_of_a_clear_packet_is_dropped(void **state)
{
    static const enum lewes_error errors[] = {LEWES_ERROR_STATE, LEWES_ERROR_TYPE,
                                              LEWES_ERROR_LENGTH, LEWES_ERROR_FORMAT};

    early = pair_is_early(state);
    for (unsigned message = 3; message < FIRST_ENCRYPTED; message++) {
        struct lewes_session *const reader = prepare(message);

        for (unsigned bit = 0; bit < 32; bit++) {
            bad.bytes[TYPE_AT + bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_dropped(reader, errors, 4);
            bad.bytes[TYPE_AT + bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        finish();
    }
}

static void counter_version_reserved_and_trailer_of_a_clear_packet_are_ignored(void **state)
{
    struct lewes_event event;

    early = pair_is_early(state);
    for (unsigned message = 2; message < FIRST_ENCRYPTED; message++) {
        prepare(message);
        for (size_t at = 0; at < good.len; at++)
            good.bytes[at] ^= is_ignored(at) ? 0x5a : 0;
        assert_int_equal(pair_deliver(&pair, &good, &event), LEWES_OK);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_end(&pair);
    }
}

/* Messages 6 to 8 and data: all of the packet is authentic or nothing. */
static void spoil_encrypted(struct lewes_session *reader)
{
    static const enum lewes_error errors[] = {LEWES_ERROR_AUTH, LEWES_ERROR_REPLAY};

    spoil_each_bit(reader, 0, INDEX_END, LEWES_ERROR_INDEX);
    for (size_t at = INDEX_END; at < COUNTER_END; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bad.bytes[at] ^= (uint8_t)(1u << bit);
            assert_dropped(reader, errors, 2);
            bad.bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
    spoil_each_bit(reader, COUNTER_END, good.len, LEWES_ERROR_AUTH);
}

static void every_bit_of_an_encrypted_handshake_packet_counts(void **state)
{
    early = pair_is_early(state);
    for (unsigned message = FIRST_ENCRYPTED; message <= PAIR_MESSAGES; message++) {
        struct lewes_session *const reader = prepare(message);

        spoil_encrypted(reader);
        finish();
    }
}

static void every_bit_of_a_data_packet_counts(void **state)
{
    static const uint8_t text[] = "a payload that nobody may see";
    struct lewes_event event;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_int_equal(lewes_session_send(pair.initiator, text, sizeof text, pair.now), LEWES_OK);
    pair_write(&pair, pair.initiator, &good);
    bad.len = good.len;
    memcpy(bad.bytes, good.bytes, good.len);
    pair_image_take(&image, pair.responder);
    spoil_encrypted(pair.responder);
    assert_int_equal(pair_read(&pair, pair.responder, &good, &event), LEWES_OK);
    assert_memory_equal(event.payload, text, sizeof text);
    pair_end(&pair);
}

static void a_data_packet_with_a_wrong_noise_tag_shows_no_plaintext(void **state)
{
    static const uint8_t text[] = "a payload that nobody may see";
    struct lewes_event event;
    uint64_t counter;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_int_equal(lewes_session_send(pair.initiator, text, sizeof text, pair.now), LEWES_OK);
    pair_write(&pair, pair.initiator, &good);
    counter = lewesi_load64le(good.bytes + INDEX_END);
    assert_int_equal(lewesi_packet_open(good.bytes, good.len, &pair.responder->outer_key),
                     LEWES_OK);
    good.bytes[good.len - LEWESI_TRAILER_LEN - 1] ^= 1;
    pair_make_sealed(&good,
                     &(struct lewesi_packet){
                         .index = pair.responder->index, .counter = counter, .type = LEWESI_DATA},
                     good.len - LEWESI_PACKET_FRAME, &pair.responder->outer_key);
    assert_int_equal(lewes_session_read(pair.responder, good.bytes, good.len, pair.now, &event),
                     LEWES_ERROR_NOISE);
    assert_int_equal(event.kind, LEWES_EVENT_NONE);
    assert_null(event.payload);
    for (size_t at = 0; at + sizeof text <= good.len; at++)
        assert_memory_not_equal(good.bytes + at, text, sizeof text);
    pair_end(&pair);
}

/* ---- lengths ---- */

static void a_packet_cut_anywhere_is_dropped(void **state)
{
    static const enum lewes_error clear[] = {LEWES_ERROR_LENGTH, LEWES_ERROR_KKT};
    static const enum lewes_error encrypted[] = {LEWES_ERROR_LENGTH, LEWES_ERROR_AUTH};

    early = pair_is_early(state);
    for (unsigned message = 2; message <= PAIR_MESSAGES; message++) {
        struct lewes_session *const reader = prepare(message);

        for (bad.len = 0; bad.len < good.len; bad.len++)
            assert_dropped(reader, message < FIRST_ENCRYPTED ? clear : encrypted, 2);
        bad.bytes[good.len] = 0;
        for (bad.len = good.len + 1; bad.len < good.len + 20; bad.len++) {
            bad.bytes[bad.len] = 0;
            assert_dropped(reader, message < FIRST_ENCRYPTED ? clear : encrypted, 2);
        }
        finish();
    }
}

static void a_handshake1_of_any_other_length_is_a_length_error(void **state)
{
    static const enum lewes_error expected = LEWES_ERROR_LENGTH;
    struct lewes_session *const reader = prepare(5);

    early = pair_is_early(state);
    for (size_t len = 0; len <= 1400; len++) {
        if (len == 257) /* protocol.md 9.3 */
            continue;
        pair_make_clear(
            &bad,
            &(struct lewesi_packet){.index = reader->index, .counter = 1, .type = LEWESI_HANDSHAKE},
            len);
        assert_dropped(reader, &expected, 1);
    }
    finish();
}

static void a_good_psq_part_with_a_bad_noise_part_changes_nothing(void **state)
{
    static const enum lewes_error expected = LEWES_ERROR_NOISE;
    struct lewes_session *const reader = prepare(5);

    early = pair_is_early(state);
    memset(bad.bytes + NOISE_AT, 0, 32); /* a low-order point */
    assert_dropped(reader, &expected, 1);
    memset(bad.bytes + NOISE_AT, 9, LEWESI_NOISE_E_LEN);
    assert_dropped(reader, &expected, 1);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_BOTH_FLIGHTS(every_bit_of_a_clear_packets_index_counts),
        PAIR_TEST_BOTH_FLIGHTS(every_bit_of_the_key_transfer_counts),
        PAIR_TEST_BOTH_FLIGHTS(every_bit_of_handshake1_counts),
        PAIR_TEST_BOTH_FLIGHTS(a_changed_type_of_a_clear_packet_is_dropped),
        PAIR_TEST_BOTH_FLIGHTS(counter_version_reserved_and_trailer_of_a_clear_packet_are_ignored),
        PAIR_TEST_BOTH_FLIGHTS(every_bit_of_an_encrypted_handshake_packet_counts),
        cmocka_unit_test(every_bit_of_a_data_packet_counts),
        cmocka_unit_test(a_data_packet_with_a_wrong_noise_tag_shows_no_plaintext),
        PAIR_TEST_BOTH_FLIGHTS(a_packet_cut_anywhere_is_dropped),
        PAIR_TEST_BOTH_FLIGHTS(a_handshake1_of_any_other_length_is_a_length_error),
        PAIR_TEST_BOTH_FLIGHTS(a_good_psq_part_with_a_bad_noise_part_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
