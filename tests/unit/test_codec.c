/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/registration/codec.h"
#include "tests/support/vectors.h"

#define LONGEST 9 /* the mark and 8 bytes */

/* Values on both sides of every change of form, and the bytes of registration.md 1. */
static const struct {
    uint64_t value;
    const char *hex;
} shortest[] = {
    {0, "00"},
    {1, "01"},
    {250, "fa"},
    {251, "fb00fb"},
    {255, "fb00ff"},
    {4052, "fb0fd4"},
    {51822, "fbca6e"},
    {UINT16_MAX, "fbffff"},
    {UINT16_MAX + 1, "fc00010000"},
    {1768392000, "fc69678540"},
    {UINT32_MAX, "fcffffffff"},
    {(uint64_t)UINT32_MAX + 1, "fd0000000100000000"},
    {INT64_MAX, "fd7fffffffffffffff"},
    {UINT64_MAX, "fdffffffffffffffff"},
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Reads all of `len` bytes as one varint from a block of exactly that size. */
static bool reads(const uint8_t *bytes, size_t len, uint64_t max, enum lewesi_spelling spelling,
                  uint64_t *value)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    struct lewesi_reader r;
    bool done;

    assert_non_null(exact);
    memcpy(exact, bytes, len);
    lewesi_reader_init(&r, exact, len);
    *value = lewesi_read_varint(&r, max, spelling);
    done = lewesi_reader_done(&r);
    free(exact);
    return done;
}

static void a_varint_is_written_in_its_shortest_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shortest); i++) {
        uint8_t expected[LONGEST], out[LONGEST];
        const size_t len = strlen(shortest[i].hex) / 2;
        struct lewesi_writer w;

        vector_hex(shortest[i].hex, expected, len);
        lewesi_writer_init(&w, out, sizeof out);
        lewesi_write_varint(&w, shortest[i].value);
        assert_false(w.failed);
        assert_int_equal(w.at, len);
        assert_memory_equal(out, expected, len);
    }
}

static void the_shortest_form_is_read_and_no_part_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shortest); i++) {
        uint8_t bytes[LONGEST];
        const size_t len = strlen(shortest[i].hex) / 2;
        uint64_t value;

        vector_hex(shortest[i].hex, bytes, len);
        assert_true(reads(bytes, len, UINT64_MAX, LEWESI_SHORTEST, &value));
        assert_true(value == shortest[i].value);
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(reads(bytes, cut, UINT64_MAX, LEWESI_ANY, &value));
            assert_true(value == 0);
        }
    }
}

/* `value` behind the mark for 2 << form bytes. */
static size_t spell(uint8_t out[LONGEST], uint64_t value, unsigned form)
{
    const size_t len = (size_t)2 << form;

    out[0] = (uint8_t)(0xfb + form);
    for (size_t i = 0; i < len; i++)
        out[1 + i] = (uint8_t)(value >> (8 * (len - 1 - i)));
    return 1 + len;
}

static void a_longer_form_is_read_for_integers_only(void **state)
{
    unsigned longer = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(shortest); i++) {
        for (unsigned form = 0; form < 3; form++) {
            uint8_t bytes[LONGEST];
            const size_t len = spell(bytes, shortest[i].value, form);
            uint64_t value;

            if (len <= strlen(shortest[i].hex) / 2)
                continue;
            longer++;
            assert_false(reads(bytes, len, UINT64_MAX, LEWESI_SHORTEST, &value));
            assert_true(reads(bytes, len, UINT64_MAX, LEWESI_ANY, &value));
            assert_true(value == shortest[i].value);
        }
    }
    assert_int_equal(longer, 3 * 3 + 5 * 2 + 3); /* 3 values of 1 byte, 5 of 3, 3 of 5 */
}

static void a_value_above_the_range_is_refused_in_every_form(void **state)
{
    uint8_t bytes[LONGEST];
    uint64_t value;

    (void)state;
    for (unsigned form = 0; form < 3; form++) {
        size_t len = spell(bytes, 72, form);

        assert_true(reads(bytes, len, 72, LEWESI_ANY, &value));
        len = spell(bytes, 73, form);
        assert_false(reads(bytes, len, 72, LEWESI_ANY, &value));
        assert_true(value == 0);
    }
}

static void the_marks_fe_and_ff_mean_nothing(void **state)
{
    (void)state;
    for (unsigned mark = 0xfe; mark <= 0xff; mark++) {
        uint8_t bytes[17] = {(uint8_t)mark};
        uint64_t value;

        for (size_t len = 1; len <= sizeof bytes; len++)
            assert_false(reads(bytes, len, UINT64_MAX, LEWESI_ANY, &value));
    }
}

static void signed_values_alternate(void **state)
{
    static const struct {
        int64_t value;
        uint64_t zigzag;
    } rows[] = {
        {0, 0},
        {-1, 1},
        {1, 2},
        {-2, 3},
        {2026, 4052},
        {INT64_MAX, UINT64_MAX - 1},
        {INT64_MIN, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(lewesi_zigzag(rows[i].value) == rows[i].zigzag);
        assert_true(lewesi_unzigzag(rows[i].zigzag) == rows[i].value);
    }
}

static void a_flag_is_one_of_two_bytes(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
        const uint8_t one = (uint8_t)byte;
        struct lewesi_reader r;

        lewesi_reader_init(&r, &one, 1);
        assert_int_equal(lewesi_read_bool(&r), byte == 1);
        assert_int_equal(r.failed, byte > 1);
    }
}

static void an_address_has_the_family_that_it_says(void **state)
{
    static const uint8_t v4[] = {0, 192, 0, 2, 1};
    static const uint8_t v6[] = {1, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
    static const uint8_t other[] = {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct lewesi_reader r;
    struct lewes_ip ip;

    (void)state;
    lewesi_reader_init(&r, v4, sizeof v4);
    lewesi_read_ip(&r, &ip);
    assert_true(lewesi_reader_done(&r));
    assert_int_equal(ip.family, 4);
    assert_memory_equal(ip.bytes, ((uint8_t[16]){192, 0, 2, 1}), 16);
    lewesi_reader_init(&r, v6, sizeof v6);
    lewesi_read_ip(&r, &ip);
    assert_true(lewesi_reader_done(&r));
    assert_int_equal(ip.family, 6);
    assert_memory_equal(ip.bytes, v6 + 1, 16);
    lewesi_reader_init(&r, other, sizeof other);
    lewesi_read_ip(&r, &ip);
    assert_true(r.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_varint_is_written_in_its_shortest_form),
        cmocka_unit_test(the_shortest_form_is_read_and_no_part_of_it),
        cmocka_unit_test(a_longer_form_is_read_for_integers_only),
        cmocka_unit_test(a_value_above_the_range_is_refused_in_every_form),
        cmocka_unit_test(the_marks_fe_and_ff_mean_nothing),
        cmocka_unit_test(signed_values_alternate),
        cmocka_unit_test(a_flag_is_one_of_two_bytes),
        cmocka_unit_test(an_address_has_the_family_that_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
