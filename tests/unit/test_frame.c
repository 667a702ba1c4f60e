/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/session.h>

#define UNTOUCHED 4711

static size_t length_of(uint32_t announced, size_t cap, enum lewes_error expected)
{
    const uint8_t prefix[LEWES_FRAME_PREFIX_LEN] = {(uint8_t)(announced >> 24),
                                                    (uint8_t)(announced >> 16),
                                                    (uint8_t)(announced >> 8), (uint8_t)announced};
    size_t len = UNTOUCHED;

    assert_int_equal(lewes_frame_length(prefix, cap, &len), expected);
    return len;
}

static void lengths_from_the_smallest_to_the_largest_packet_are_taken(void **state)
{
    static const uint32_t lengths[] = {36, 37, 136, 255, 256, 4096, 4097, 65535, 65536};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof lengths / sizeof *lengths; i++)
        assert_int_equal(length_of(lengths[i], LEWES_PACKET_MAX, LEWES_OK), lengths[i]);
}

static void a_length_that_no_packet_has_is_refused(void **state)
{
    static const uint32_t lengths[] = {0, 1, 4, 35, 65537, 0x00020000, 0x24000000, UINT32_MAX};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        assert_int_equal(length_of(lengths[i], LEWES_PACKET_MAX, LEWES_ERROR_LENGTH), UNTOUCHED);
        assert_int_equal(length_of(lengths[i], SIZE_MAX, LEWES_ERROR_LENGTH), UNTOUCHED);
    }
}

static void the_cap_in_force_is_the_last_length_that_is_taken(void **state)
{
    (void)state;
    assert_int_equal(length_of(4096, LEWES_HANDSHAKE_PACKET_MAX, LEWES_OK), 4096);
    assert_int_equal(length_of(4097, LEWES_HANDSHAKE_PACKET_MAX, LEWES_ERROR_LENGTH), UNTOUCHED);
    assert_int_equal(length_of(65536, LEWES_HANDSHAKE_PACKET_MAX, LEWES_ERROR_LENGTH), UNTOUCHED);
    assert_int_equal(length_of(136, LEWES_HELLO_PACKET_LEN, LEWES_OK), 136);
    assert_int_equal(length_of(137, LEWES_HELLO_PACKET_LEN, LEWES_ERROR_LENGTH), UNTOUCHED);
    assert_int_equal(length_of(36, 35, LEWES_ERROR_LENGTH), UNTOUCHED);
}

static void a_prefix_is_big_endian(void **state)
{
    static const struct {
        size_t len;
        uint8_t prefix[LEWES_FRAME_PREFIX_LEN];
    } rows[] = {
        {36, {0, 0, 0, 0x24}},
        {136, {0, 0, 0, 0x88}}, /* protocol.md 19 */
        {1383, {0, 0, 0x05, 0x67}},
        {65536, {0, 1, 0, 0}},
    };
    uint8_t out[LEWES_FRAME_PREFIX_LEN];
    size_t i, len;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        lewes_frame_prefix(out, rows[i].len);
        assert_memory_equal(out, rows[i].prefix, sizeof out);
        assert_int_equal(lewes_frame_length(rows[i].prefix, LEWES_PACKET_MAX, &len), LEWES_OK);
        assert_int_equal(len, rows[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_from_the_smallest_to_the_largest_packet_are_taken),
        cmocka_unit_test(a_length_that_no_packet_has_is_refused),
        cmocka_unit_test(the_cap_in_force_is_the_last_length_that_is_taken),
        cmocka_unit_test(a_prefix_is_big_endian),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
