/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/session.h>

#include "lib/base/bytes.h"
#include "lib/crypto/crypto.h"
#include "lib/wire/hello.h"
#include "lib/wire/packet.h"
#include "tests/support/vectors.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ZEROS "00000000000000000000000000000000"

/* Transcript dvpn-1, first frame without its prefix; keys and salt stand in protocol.md 17 too. */
#define NOW 1768384800U
#define R 0x6399b995U
#define X25519 "7a46e129fd805047448437e4744f1f1576be8c449fdf57e0c580d36c5cfc6668"
#define ED25519 "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
#define SALT "206967690000000059a59e5baed2a1fcd857d533c76297878d4ae9440ac65f73"
#define PACKET "0000000000000000000000000100000003000000" BODY ZEROS
#define BODY "95b99963" X25519 ED25519 SALT

enum { /* where the fields of the packet are */
       INDEX_AT = 0,
       COUNTER_AT = 4,
       TYPE_AT = 16,
       R_AT = 20,
       X25519_AT = 24,
       ED25519_AT = 56,
       TIME_AT = 88
};

/* The linker puts this between the hello and the conversion, to count what strangers cost. */
enum lewes_error __real_lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                                          const struct lewes_ed25519_public *key);
enum lewes_error __wrap_lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                                          const struct lewes_ed25519_public *key);

static unsigned conversions;

enum lewes_error __wrap_lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                                          const struct lewes_ed25519_public *key)
{
    conversions++;
    return __real_lewesi_x25519_public_from_ed25519(out, key);
}

static void good_packet(uint8_t packet[LEWES_HELLO_PACKET_LEN])
{
    vector_hex(PACKET, packet, LEWES_HELLO_PACKET_LEN);
}

/* Checks a copy of exactly `len` bytes; a refusal must leave the output alone. */
static enum lewes_error check(const uint8_t *packet, size_t len, uint64_t now, uint32_t tolerance)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    struct lewes_hello hello, before;
    enum lewes_error error;

    assert_non_null(copy);
    memcpy(copy, packet, len);
    memset(&hello, 0x55, sizeof hello);
    before = hello;
    error = lewes_hello_check(&hello, copy, len, now, tolerance);
    if (error != LEWES_OK)
        assert_memory_equal(&hello, &before, sizeof hello);
    free(copy);
    return error;
}

static enum lewes_error check_at(uint64_t hello_time, uint64_t now, uint32_t tolerance)
{
    uint8_t packet[LEWES_HELLO_PACKET_LEN];

    good_packet(packet);
    lewesi_store64le(packet + TIME_AT, hello_time);
    return check(packet, sizeof packet, now, tolerance);
}

static void the_recorded_hello_is_accepted(void **state)
{
    uint8_t packet[LEWES_HELLO_PACKET_LEN], expected[LEWES_KEY_LEN];
    struct lewes_hello hello;

    (void)state;
    good_packet(packet);
    assert_int_equal(lewes_hello_check(&hello, packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE),
                     LEWES_OK);
    assert_int_equal(hello.receiver_index, R);
    assert_int_equal(hello.unix_seconds, NOW);
    vector_hex(X25519, expected, sizeof expected);
    assert_memory_equal(hello.x25519.bytes, expected, sizeof expected);
    vector_hex(ED25519, expected, sizeof expected);
    assert_memory_equal(hello.identity.bytes, expected, sizeof expected);
    vector_hex(SALT, expected, sizeof expected);
    assert_memory_equal(hello.salt, expected, sizeof expected);
}

static void the_recorded_hello_is_written(void **state)
{
    uint8_t packet[LEWES_HELLO_PACKET_LEN], body[LEWESI_HELLO_LEN];
    struct lewes_hello hello;

    (void)state;
    good_packet(packet);
    memset(&hello, 0, sizeof hello);
    hello.receiver_index = R;
    vector_hex(X25519, hello.x25519.bytes, LEWES_KEY_LEN);
    vector_hex(ED25519, hello.identity.bytes, LEWES_KEY_LEN);
    vector_hex(SALT, hello.salt, LEWES_SALT_LEN);
    lewesi_hello_write(body, &hello);
    assert_memory_equal(body, packet + LEWESI_BODY_OFFSET, sizeof body);
}

static void version_reserved_and_trailer_are_ignored(void **state)
{
    static const size_t ignored[] = {12, 13, 14, 15, 120, 135};
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(ignored); i++) {
        good_packet(packet);
        packet[ignored[i]] = 9;
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_OK);
    }
}

static void receiver_index_zero_is_for_the_caller_to_refuse(void **state)
{
    uint8_t packet[LEWES_HELLO_PACKET_LEN];

    (void)state;
    good_packet(packet);
    memset(packet + R_AT, 0, 4);
    assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_OK);
}

static void every_other_length_is_refused(void **state)
{
    uint8_t packet[2 * LEWES_HELLO_PACKET_LEN] = {0};
    size_t len;

    (void)state;
    good_packet(packet);
    for (len = 0; len <= sizeof packet; len++) {
        assert_int_equal(check(packet, len, NOW, LEWES_CLOCK_TOLERANCE),
                         len == LEWES_HELLO_PACKET_LEN ? LEWES_OK : LEWES_ERROR_LENGTH);
    }
}

static void every_other_type_is_refused(void **state)
{
    static const uint32_t unknown[] = {6, 14, 15, 255, 0x03000000, UINT32_MAX};
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    uint32_t type;
    size_t i;

    (void)state;
    good_packet(packet);
    for (type = 0; type < LEWESI_TYPES; type++) {
        if (type != LEWESI_HELLO && type != 6) {
            lewesi_store32le(packet + TYPE_AT, type);
            assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE),
                             LEWES_ERROR_STATE);
        }
    }
    for (i = 0; i < COUNT(unknown); i++) {
        lewesi_store32le(packet + TYPE_AT, unknown[i]);
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE),
                         LEWES_ERROR_TYPE);
    }
}

static void the_header_must_have_index_and_counter_zero(void **state)
{
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    size_t at;

    (void)state;
    for (at = INDEX_AT; at < 12; at++) {
        good_packet(packet);
        packet[at] = 1;
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE),
                         LEWES_ERROR_INDEX);
    }
}

static void the_clock_may_be_off_by_the_tolerance_and_no_more(void **state)
{
    static const uint32_t tolerances[] = {0, 1, 30, 3600};
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(tolerances); i++) {
        const uint32_t t = tolerances[i];

        assert_int_equal(check_at(NOW, NOW, t), LEWES_OK);
        assert_int_equal(check_at(NOW, NOW + t, t), LEWES_OK);
        assert_int_equal(check_at(NOW, NOW - t, t), LEWES_OK);
        assert_int_equal(check_at(NOW, NOW + t + 1, t), LEWES_ERROR_CLOCK);
        assert_int_equal(check_at(NOW, NOW - t - 1, t), LEWES_ERROR_CLOCK);
    }
}

static void the_ends_of_time_do_not_overflow(void **state)
{
    static const uint64_t times[] = {0, 30, 31, NOW, UINT64_MAX - 31, UINT64_MAX - 30, UINT64_MAX};
    size_t i, j;

    (void)state;
    for (i = 0; i < COUNT(times); i++) {
        for (j = 0; j < COUNT(times); j++) {
            const size_t low = i < j ? i : j, high = i < j ? j : i;
            const int near = times[high] - times[low] <= 30;

            assert_int_equal(check_at(times[i], times[j], 30), near ? LEWES_OK : LEWES_ERROR_CLOCK);
        }
    }
    assert_int_equal(check_at(0, UINT64_MAX, UINT32_MAX), LEWES_ERROR_CLOCK);
    assert_int_equal(check_at(UINT64_MAX, 0, UINT32_MAX), LEWES_ERROR_CLOCK);
    assert_int_equal(check_at(0, UINT32_MAX, UINT32_MAX), LEWES_OK);
}

/* In each row the X25519 field is (1 + y) / (1 - y), so that the key alone can be the reason. */
static void a_key_that_is_no_point_is_refused(void **state)
{
    /* (y^2 - 1) / (d y^2 + 1) is not a square for these y */
    static const struct {
        uint8_t y;
        const char *u;
    } rows[] = {
        {2, "eaffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {7, "a3aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2a"},
        {8, "d2b66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddb36"},
        {11, "5666666666666666666666666666666666666666666666666666666666666666"},
        {12, "a08b2ebae8a28b2ebae8a28b2ebae8a28b2ebae8a28b2ebae8a28b2ebae8a20b"},
        {13, "5155555555555555555555555555555555555555555555555555555555555515"},
        {17, "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff4f"},
        {20, "c46b28afa1bc86f21aca6b28afa1bc86f21aca6b28afa1bc86f21aca6b28af21"},
        {22, "8ee7799ee7799ee7799ee7799ee7799ee7799ee7799ee7799ee7799ee7799e67"},
        {31, "1c22222222222222222222222222222222222222222222222222222222222222"},
        {34, "28d964934d36d964934d36d964934d36d964934d36d964934d36d964934d3659"},
        {36, "f68aaff88aaff88aaff88aaff88aaff88aaff88aaff88aaff88aaff88aaff80a"},
    };
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        good_packet(packet);
        memset(packet + ED25519_AT, 0, LEWES_KEY_LEN);
        packet[ED25519_AT] = rows[i].y;
        vector_hex(rows[i].u, packet + X25519_AT, LEWES_KEY_LEN);
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_ERROR_KEY);
    }
}

#define MANY_0 "000000000000000000000000000000000000000000000000000000000000"
#define MANY_F "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define EIGHT_A "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc"
#define EIGHT_B "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
#define U_A "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"
#define U_B "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"

static void a_key_of_small_order_is_refused(void **state)
{
    static const struct {
        const char *ed25519, *u;
    } rows[] = {
        {"01" MANY_0 "00", "00" MANY_0 "00"}, /* the identity */
        {"01" MANY_0 "80", "00" MANY_0 "00"}, /* the same, not canonical */
        {"ec" MANY_F "7f", "00" MANY_0 "00"}, /* order 2 */
        {"ec" MANY_F "ff", "00" MANY_0 "00"},
        {"00" MANY_0 "00", "01" MANY_0 "00"}, /* order 4 */
        {"00" MANY_0 "80", "01" MANY_0 "00"},
        {EIGHT_A "05", U_A},
        {EIGHT_A "85", U_A},
        {EIGHT_B "7a", U_B},
        {EIGHT_B "fa", U_B},
    };
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        good_packet(packet);
        vector_hex(rows[i].ed25519, packet + ED25519_AT, LEWES_KEY_LEN);
        vector_hex(rows[i].u, packet + X25519_AT, LEWES_KEY_LEN);
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_ERROR_KEY);
    }
}

static void a_key_that_is_not_canonical_is_refused(void **state)
{
    /* y + p fits into 255 bits, and y is on the curve, for these y */
    static const struct {
        uint8_t y;
        const char *u;
    } rows[] = {
        {0, "0100000000000000000000000000000000000000000000000000000000000000"},
        {1, "0000000000000000000000000000000000000000000000000000000000000000"},
        {3, "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {4, "4755555555555555555555555555555555555555555555555555555555555555"},
        {5, "f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3f"},
        {6, "c0cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc4c"},
        {9, "faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff1f"},
        {10, "b5711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc771"},
        {14, "d6899dd8899dd8899dd8899dd8899dd8899dd8899dd8899dd8899dd8899dd809"},
        {15, "5fdbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66d5b"},
        {16, "3944444444444444444444444444444444444444444444444444444444444444"},
        {18, "3f4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b"},
    };
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        good_packet(packet);
        vector_hex(rows[i].u, packet + X25519_AT, LEWES_KEY_LEN);
        memset(packet + ED25519_AT, 0xff, LEWES_KEY_LEN);
        packet[ED25519_AT] = (uint8_t)(0xed + rows[i].y);
        packet[ED25519_AT + 31] = 0x7f;
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_ERROR_KEY);
        packet[ED25519_AT + 31] = 0xff;
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_ERROR_KEY);
        if (rows[i].y > 1) { /* and the canonical form is a good key: 0 and 1 have small order */
            memset(packet + ED25519_AT, 0, LEWES_KEY_LEN);
            packet[ED25519_AT] = rows[i].y;
            assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_OK);
        }
    }
}

static void an_x25519_field_that_is_not_the_conversion_is_refused(void **state)
{
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    size_t bit;

    (void)state;
    for (bit = 0; bit < 256; bit++) {
        good_packet(packet);
        packet[X25519_AT + bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(check(packet, sizeof packet, NOW, LEWES_CLOCK_TOLERANCE), LEWES_ERROR_KEY);
    }
}

/* Faults in the order of P13; each packet has fault n and all that follow. */
static void the_first_fault_is_the_one_that_is_reported(void **state)
{
    static const enum lewes_error expected[] = {LEWES_ERROR_LENGTH, LEWES_ERROR_STATE,
                                                LEWES_ERROR_INDEX, LEWES_ERROR_CLOCK,
                                                LEWES_ERROR_KEY};
    uint8_t packet[LEWES_HELLO_PACKET_LEN];
    size_t n;

    (void)state;
    for (n = 0; n < COUNT(expected); n++) {
        const unsigned before = conversions;

        good_packet(packet);
        packet[X25519_AT] ^= 1;
        if (n <= 3)
            packet[TIME_AT] ^= 0x80;
        if (n <= 2)
            packet[COUNTER_AT] = 1;
        if (n <= 1)
            packet[TYPE_AT] = LEWESI_DATA;
        assert_int_equal(check(packet, n == 0 ? 135 : 136, NOW, LEWES_CLOCK_TOLERANCE),
                         expected[n]);
        /* nothing but the last check costs a point decompression */
        assert_int_equal(conversions - before, expected[n] == LEWES_ERROR_KEY);
    }
}

static void a_refusal_has_36_clear_bytes(void **state)
{
    uint8_t expected[LEWES_PACKET_MIN], out[LEWES_PACKET_MIN];

    (void)state;
    vector_hex("95b9996300000000000000000100000007000000" ZEROS, expected, sizeof expected);
    memset(out, 0xaa, sizeof out);
    lewes_hello_answer(out, LEWES_ANSWER_COLLISION, R);
    assert_memory_equal(out, expected, sizeof out);

    vector_hex("95b9996300000000000000000100000000000000" ZEROS, expected, sizeof expected);
    memset(out, 0xaa, sizeof out);
    lewes_hello_answer(out, LEWES_ANSWER_BUSY, R);
    assert_memory_equal(out, expected, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recorded_hello_is_accepted),
        cmocka_unit_test(the_recorded_hello_is_written),
        cmocka_unit_test(version_reserved_and_trailer_are_ignored),
        cmocka_unit_test(receiver_index_zero_is_for_the_caller_to_refuse),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(every_other_type_is_refused),
        cmocka_unit_test(the_header_must_have_index_and_counter_zero),
        cmocka_unit_test(the_clock_may_be_off_by_the_tolerance_and_no_more),
        cmocka_unit_test(the_ends_of_time_do_not_overflow),
        cmocka_unit_test(a_key_that_is_no_point_is_refused),
        cmocka_unit_test(a_key_of_small_order_is_refused),
        cmocka_unit_test(a_key_that_is_not_canonical_is_refused),
        cmocka_unit_test(an_x25519_field_that_is_not_the_conversion_is_refused),
        cmocka_unit_test(the_first_fault_is_the_one_that_is_reported),
        cmocka_unit_test(a_refusal_has_36_clear_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
