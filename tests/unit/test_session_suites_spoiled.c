/* SPDX-License-Identifier: Apache-2.0 */
/* The two messages whose form depends on the suite, KKTResponse and Handshake1, spoiled byte by
 * byte and cut at every length, in every suite and both kinds of flights (P40, P41). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair_suites.h"

#define KKT_RESPONSE 4 /* messages, protocol.md 6 */
#define HANDSHAKE1 5

static struct pair pair;
static struct pair_packet good, bad;
static struct pair_image image;

/* `message` has been written to `good` and not been delivered. */
static struct lewes_session *prepare(const struct pair_kind *kind, unsigned message)
{
    pair_open_kind(&pair, kind, message - 1);
    pair_write(&pair, pair_writer(&pair), &good);
    bad.len = good.len;
    memcpy(bad.bytes, good.bytes, good.len);
    pair_image_take(&image, pair_reader(&pair));
    return pair_reader(&pair);
}

static void assert_dropped(struct lewes_session *reader, enum lewes_error expected)
{
    struct lewes_event event;

    assert_int_equal(pair_read(&pair, reader, &bad, &event), expected);
    assert_int_equal(event.kind, LEWES_EVENT_NONE);
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

static void spoil(struct lewes_session *reader, size_t from, size_t to, enum lewes_error expected)
{
    for (size_t at = from; at < to; at++) {
        const uint8_t flip = (uint8_t)(1u << at % 8);

        bad.bytes[at] ^= flip;
        assert_dropped(reader, expected);
        bad.bytes[at] ^= flip;
    }
}

static void every_byte_of_the_response_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        struct lewes_session *const reader = prepare(&pair_kinds[i], KKT_RESPONSE);

        spoil(reader, LEWESI_BODY_OFFSET, good.len - LEWESI_TRAILER_LEN, LEWES_ERROR_KKT);
        finish();
    }
}

static void every_byte_of_handshake1_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        struct lewes_session *const reader = prepare(&pair_kinds[i], HANDSHAKE1);
        const size_t end = good.len - LEWESI_TRAILER_LEN, noise_at = end - LEWESI_NOISE_E_LEN;

        spoil(reader, LEWESI_BODY_OFFSET, noise_at, LEWES_ERROR_PSQ);
        spoil(reader, noise_at, end, LEWES_ERROR_NOISE);
        finish();
    }
}

/* A length that the packet's type cannot have is found by the outer layer already. */
static void cut_everywhere(struct lewes_session *reader, enum lewes_error other)
{
    memset(bad.bytes + good.len, 0, 200);
    for (bad.len = 0; bad.len < good.len + 200; bad.len++) {
        struct lewes_event event;
        enum lewes_error error;

        if (bad.len == good.len)
            continue;
        error = pair_read(&pair, reader, &bad, &event);
        assert_true(error == LEWES_ERROR_LENGTH || error == other);
        assert_true(pair_image_same(&image, reader));
        reader->drops = 0;
    }
}

static void both_are_dropped_at_every_other_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        cut_everywhere(prepare(&pair_kinds[i], KKT_RESPONSE), LEWES_ERROR_KKT);
        finish();
        cut_everywhere(prepare(&pair_kinds[i], HANDSHAKE1), LEWES_ERROR_LENGTH);
        finish();
    }
}

/* P37, step 1: all lengths and the tag are those of the suite that was answered. */
static void a_handshake1_of_another_suite_is_dropped(void **state)
{
    static struct pair_packet others[PAIR_KINDS];

    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        (void)prepare(&pair_kinds[i], HANDSHAKE1);
        others[i].len = good.len;
        memcpy(others[i].bytes, good.bytes, good.len);
        pair_end(&pair);
    }
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        struct lewes_session *const reader = prepare(&pair_kinds[i], HANDSHAKE1);

        for (size_t j = 0; j < PAIR_KINDS; j++) {
            if (pair_kinds[j].kem == pair_kinds[i].kem)
                continue;
            bad.len = others[j].len;
            memcpy(bad.bytes, others[j].bytes, bad.len);
            assert_dropped(reader, LEWES_ERROR_LENGTH);
        }
        bad.len = good.len;
        memcpy(bad.bytes, good.bytes, good.len);
        for (unsigned tag = 0; tag < 8; tag++) {
            bad.bytes[LEWESI_BODY_OFFSET + LEWESI_PSQ_PREFIX_LEN] = (uint8_t)tag;
            if (memcmp(bad.bytes, good.bytes, good.len) != 0)
                assert_dropped(reader, LEWES_ERROR_PSQ);
        }
        finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_the_response_counts),
        cmocka_unit_test(every_byte_of_handshake1_counts),
        cmocka_unit_test(both_are_dropped_at_every_other_length),
        cmocka_unit_test(a_handshake1_of_another_suite_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
