/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused on reading, and the order of calls. Values: test_patterns.c; writing:
 * test_noise_write.c; keys of small order: test_noise_small_order.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/noise_ends.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct lewesi_noise_pattern *const patterns[] = {&lewesi_noise_xkpsk3,
                                                              &lewesi_noise_kkpsk0};

/* The linker puts this in front of every wipe, to see the working copies go. */
void __real_lewesi_wipe(void *block, size_t len);
void __wrap_lewesi_wipe(void *block, size_t len);

static unsigned wiped_copies;

void __wrap_lewesi_wipe(void *block, size_t len)
{
    wiped_copies += len == sizeof(struct lewesi_noise);
    __real_lewesi_wipe(block, len);
}

/* ---- Refusals on reading ---- */

static void flip_each_bit(struct noise_ends *ends, unsigned message)
{
    size_t bit;

    assert_int_equal(noise_write(ends, message), LEWES_OK);
    for (bit = 0; bit < 8 * ends->len; bit++) {
        ends->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(noise_read(ends, message), LEWES_ERROR_NOISE);
        ends->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(noise_read(ends, message), LEWES_OK);
}

static void a_flipped_bit_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    noise_for_each_message(flip_each_bit);
}

static void cut_at_each_length(struct noise_ends *ends, unsigned message)
{
    struct lewesi_noise *reader = noise_reader(ends, message);
    size_t len;

    assert_int_equal(noise_write(ends, message), LEWES_OK);
    for (len = 0; len < ends->len; len++)
        assert_int_equal(noise_read_bytes(reader, ends->bytes, len), LEWES_ERROR_NOISE);
    ends->bytes[ends->len] = 0;
    assert_int_equal(noise_read_bytes(reader, ends->bytes, ends->len + 1), LEWES_ERROR_NOISE);
    assert_int_equal(noise_read(ends, message), LEWES_OK);
}

static void a_message_of_another_length_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    noise_for_each_message(cut_at_each_length);
}

static void refuse_payload(struct noise_ends *ends, unsigned message)
{
    uint8_t payload[64];
    struct lewesi_span bytes = {ends->bytes, 0};
    size_t len = 4711;

    assert_int_equal(noise_write_capped(ends, message, 5, NOISE_ENDS_CAP), LEWES_OK);
    assert_int_equal(noise_read(ends, message), LEWES_ERROR_NOISE);
    bytes.len = ends->len;
    assert_int_equal(lewesi_noise_read(noise_reader(ends, message), bytes, payload, &len),
                     LEWES_OK);
    assert_int_equal(len, 5);
}

static void a_payload_where_none_may_be_is_refused(void **state)
{
    (void)state;
    noise_for_each_message(refuse_payload);
}

static void zero_payload_of_refused(struct noise_ends *ends, unsigned message)
{
    uint8_t payload[64];
    const uint8_t zeros[32] = {0};
    struct lewesi_span bytes = {ends->bytes, 0};
    size_t len = 4711;

    memset(payload, 0x55, sizeof payload);
    assert_int_equal(noise_write_capped(ends, message, 32, NOISE_ENDS_CAP), LEWES_OK);
    bytes.len = ends->len;
    ends->bytes[ends->len - 1] ^= 1;
    assert_int_equal(lewesi_noise_read(noise_reader(ends, message), bytes, payload, &len),
                     LEWES_ERROR_NOISE);
    assert_memory_equal(payload, zeros, sizeof zeros);
    assert_int_equal(payload[32], 0x55);
    assert_int_equal(len, 4711);
}

static void a_refused_payload_is_zeroed(void **state)
{
    (void)state;
    noise_for_each_message(zero_payload_of_refused);
}

static void another_psk_or_prologue_does_not_open(void **state)
{
    uint8_t other[32];
    size_t i;

    (void)state;
    memcpy(other, noise_ends_psk, sizeof other);
    other[31] ^= 1;
    for (i = 0; i < COUNT(patterns); i++) {
        const unsigned psk_message = patterns[i] == &lewesi_noise_xkpsk3 ? 2 : 0;
        struct noise_ends *ends = noise_ends_after(patterns[i], psk_message);

        lewesi_noise_set_psk(noise_reader(ends, psk_message), other);
        assert_int_equal(noise_write(ends, psk_message), LEWES_OK);
        assert_int_equal(noise_read(ends, psk_message), LEWES_ERROR_NOISE);
        lewesi_noise_set_psk(noise_reader(ends, psk_message), noise_ends_psk);
        assert_int_equal(noise_read(ends, psk_message), LEWES_OK);
        free(ends);

        ends = noise_ends_new(patterns[i], 1);
        ends->ends[1].noise.h[0] ^= 1; /* as if it had begun with other bytes */
        assert_int_equal(noise_write(ends, 0), LEWES_OK);
        assert_int_equal(noise_read(ends, 0), LEWES_ERROR_NOISE);
        free(ends);
    }
}

/* ---- The peer's identity (P42) ---- */

static void another_static_key_than_expected_is_refused(void **state)
{
    struct noise_ends *ends = noise_ends_after(&lewesi_noise_xkpsk3, 2);
    struct lewesi_noise *responder = &ends->ends[1].noise;
    struct lewes_x25519_public other = ends->ends[0].s;

    (void)state;
    other.bytes[31] ^= 1;
    assert_int_equal(noise_write(ends, 2), LEWES_OK);
    lewesi_noise_expect_static(responder, &other);
    assert_int_equal(noise_read(ends, 2), LEWES_ERROR_IDENTITY);
    lewesi_noise_expect_static(responder, &ends->ends[0].s);
    assert_int_equal(noise_read(ends, 2), LEWES_OK);
    assert_memory_equal(&responder->rs, &ends->ends[0].s, sizeof responder->rs);
    free(ends);
}

static void the_identity_is_compared_before_the_psk_is_mixed(void **state)
{
    struct noise_ends *ends = noise_ends_after(&lewesi_noise_xkpsk3, 2);
    struct lewesi_noise *responder = &ends->ends[1].noise;
    const uint8_t wrong[32] = {0};

    (void)state;
    assert_int_equal(noise_write(ends, 2), LEWES_OK);
    lewesi_noise_set_psk(responder, wrong);
    lewesi_noise_expect_static(responder, &ends->ends[0].s);
    assert_int_equal(noise_read(ends, 2), LEWES_ERROR_NOISE);
    lewesi_noise_expect_static(responder, &ends->ends[1].s);
    assert_int_equal(noise_read(ends, 2), LEWES_ERROR_IDENTITY);
    /* but a key that is not authentic is not compared at all */
    ends->bytes[0] ^= 1;
    assert_int_equal(noise_read(ends, 2), LEWES_ERROR_NOISE);
    free(ends);
}

/* ---- Order of calls ---- */

static void keep_turns(struct noise_ends *ends, unsigned message)
{
    struct lewesi_noise *writer = noise_writer(ends, message);
    struct lewesi_noise *reader = noise_reader(ends, message);
    const uint8_t bytes[64] = {0};

    assert_int_equal(noise_read_bytes(writer, bytes, sizeof bytes), LEWES_ERROR_NOT_READY);
    assert_int_equal(noise_write(ends, message + 1), LEWES_ERROR_NOT_READY);
    assert_int_equal(noise_write(ends, message), LEWES_OK);
    assert_int_equal(noise_write(ends, message + 1), LEWES_ERROR_NOT_READY);
    assert_int_equal(ends->len, 0);

    ends->len = noise_message_len(ends, message);
    assert_int_equal(noise_read_bytes(writer, ends->bytes, ends->len),
                     lewesi_noise_finished(writer) ? LEWES_ERROR_NOT_READY : LEWES_ERROR_NOISE);
    assert_int_equal(noise_read_bytes(reader, ends->bytes, ends->len), LEWES_OK);
    assert_int_equal(noise_read_bytes(reader, ends->bytes, ends->len), LEWES_ERROR_NOT_READY);
}

static void each_end_waits_for_its_turn(void **state)
{
    (void)state;
    noise_for_each_message(keep_turns);
}

static void after_the_last_message_there_is_no_other(void **state)
{
    size_t i;
    unsigned message;

    (void)state;
    for (i = 0; i < COUNT(patterns); i++) {
        struct noise_ends *ends = noise_ends_after(patterns[i], patterns[i]->messages);

        for (message = 0; message < 2; message++) {
            assert_true(lewesi_noise_finished(&ends->ends[message].noise));
            assert_int_equal(noise_write(ends, message), LEWES_ERROR_NOT_READY);
            assert_int_equal(noise_read_bytes(&ends->ends[message].noise, ends->bytes, 64),
                             LEWES_ERROR_NOT_READY);
        }
        free(ends);
    }
}

static void refuse_early_split(struct noise_ends *ends, unsigned message)
{
    struct lewesi_cipher send, receive, before;
    size_t i;

    (void)message;
    memset(&before, 0x55, sizeof before);
    send = receive = before;
    for (i = 0; i < 2; i++) {
        assert_false(lewesi_noise_finished(&ends->ends[i].noise));
        assert_int_equal(lewesi_noise_split(&ends->ends[i].noise, &send, &receive),
                         LEWES_ERROR_NOT_READY);
    }
    assert_memory_equal(&send, &before, sizeof before);
    assert_memory_equal(&receive, &before, sizeof before);
}

static void there_are_no_transport_keys_before_the_end(void **state)
{
    (void)state;
    noise_for_each_message(refuse_early_split);
}

static void need_psk(struct noise_ends *ends, unsigned message)
{
    const bool needs_psk = noise_message_has_psk(ends, message);
    const enum lewes_error expected = needs_psk ? LEWES_ERROR_NOT_READY : LEWES_OK;

    noise_writer(ends, message)->has_psk = false;
    assert_int_equal(noise_write(ends, message), expected);
    if (needs_psk) {
        lewesi_noise_set_psk(noise_writer(ends, message), noise_ends_psk);
        assert_int_equal(noise_write(ends, message), LEWES_OK);
    }
    noise_reader(ends, message)->has_psk = false;
    assert_int_equal(noise_read(ends, message), expected);
    if (needs_psk) {
        lewesi_noise_set_psk(noise_reader(ends, message), noise_ends_psk);
        assert_int_equal(noise_read(ends, message), LEWES_OK);
    }
}

static void only_the_message_with_the_psk_token_needs_a_psk(void **state)
{
    (void)state;
    noise_for_each_message(need_psk);
}

/* ---- Secrets ---- */

static void wipe_copies(struct noise_ends *ends, unsigned message)
{
    const unsigned before = wiped_copies;

    assert_int_equal(noise_write_capped(ends, message, 0, 32), LEWES_ERROR_SPACE);
    assert_int_equal(wiped_copies, before + 1);
    assert_int_equal(noise_write(ends, message), LEWES_OK);
    assert_int_equal(wiped_copies, before + 2);
    ends->bytes[0] ^= 1;
    assert_int_equal(noise_read(ends, message), LEWES_ERROR_NOISE);
    assert_int_equal(wiped_copies, before + 3);
    ends->bytes[0] ^= 1;
    assert_int_equal(noise_read(ends, message), LEWES_OK);
    assert_int_equal(wiped_copies, before + 4);
}

static void the_working_copy_is_wiped_at_every_exit(void **state)
{
    (void)state;
    noise_for_each_message(wipe_copies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_is_refused_and_leaves_no_trace),
        cmocka_unit_test(a_message_of_another_length_is_refused_and_leaves_no_trace),
        cmocka_unit_test(a_payload_where_none_may_be_is_refused),
        cmocka_unit_test(a_refused_payload_is_zeroed),
        cmocka_unit_test(another_psk_or_prologue_does_not_open),
        cmocka_unit_test(another_static_key_than_expected_is_refused),
        cmocka_unit_test(the_identity_is_compared_before_the_psk_is_mixed),
        cmocka_unit_test(each_end_waits_for_its_turn),
        cmocka_unit_test(after_the_last_message_there_is_no_other),
        cmocka_unit_test(there_are_no_transport_keys_before_the_end),
        cmocka_unit_test(only_the_message_with_the_psk_token_needs_a_psk),
        cmocka_unit_test(the_working_copy_is_wiped_at_every_exit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
