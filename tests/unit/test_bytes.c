/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/bytes.h"

#define ALL 32 /* the sizes of all fields below together */

static const uint8_t image[ALL] = {
    0x01,                                           /* u8 */
    0x03, 0x02,                                     /* u16 LE */
    0x07, 0x06, 0x05, 0x84,                         /* u32 LE */
    0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x88, /* u64 LE */
    0x90, 0x11, 0x12, 0x13,                         /* u32 BE */
    0x94, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, /* u64 BE */
    0x1c, 0x1d, 0x1e,                               /* copy */
    0x00, 0x00,                                     /* zeros */
};

struct fields {
    uint8_t u8;
    uint16_t u16le;
    uint32_t u32le, u32be;
    uint64_t u64le, u64be;
    uint8_t copy[3];
    const uint8_t *zeros;
};

static struct fields read_all(struct lewesi_reader *r)
{
    struct fields f;

    f.u8 = lewesi_read_u8(r);
    f.u16le = lewesi_read_u16le(r);
    f.u32le = lewesi_read_u32le(r);
    f.u64le = lewesi_read_u64le(r);
    f.u32be = lewesi_read_u32be(r);
    f.u64be = lewesi_read_u64be(r);
    lewesi_read_copy(r, f.copy, sizeof f.copy);
    f.zeros = lewesi_read_bytes(r, 2);
    return f;
}

static void write_all(struct lewesi_writer *w)
{
    lewesi_write_u8(w, 0x01);
    lewesi_write_u16le(w, 0x0203);
    lewesi_write_u32le(w, 0x84050607);
    lewesi_write_u64le(w, 0x88090a0b0c0d0e0f);
    lewesi_write_u32be(w, 0x90111213);
    lewesi_write_u64be(w, 0x9415161718191a1b);
    lewesi_write_copy(w, image + 27, 3);
    lewesi_write_zeros(w, 2);
}

static void every_field_is_read_in_its_byte_order(void **state)
{
    struct lewesi_reader r;
    struct fields f;

    (void)state;
    lewesi_reader_init(&r, image, ALL);
    assert_int_equal(lewesi_reader_left(&r), ALL);
    f = read_all(&r);
    assert_int_equal(f.u8, 0x01);
    assert_int_equal(f.u16le, 0x0203);
    assert_int_equal(f.u32le, 0x84050607);
    assert_true(f.u64le == 0x88090a0b0c0d0e0f);
    assert_int_equal(f.u32be, 0x90111213);
    assert_true(f.u64be == 0x9415161718191a1b);
    assert_memory_equal(f.copy, image + 27, 3);
    assert_ptr_equal(f.zeros, image + 30);
    assert_true(lewesi_reader_done(&r));
    assert_int_equal(lewesi_reader_left(&r), 0);
}

static void bytes_left_over_are_not_done(void **state)
{
    struct lewesi_reader r;

    (void)state;
    lewesi_reader_init(&r, image, 2);
    (void)lewesi_read_u8(&r);
    assert_false(lewesi_reader_done(&r));
    assert_int_equal(lewesi_reader_left(&r), 1);
}

static void every_truncation_fails(void **state)
{
    (void)state;
    for (size_t len = 0; len < ALL; len++) {
        struct lewesi_reader r;

        lewesi_reader_init(&r, image, len);
        (void)read_all(&r);
        assert_true(r.failed);
        assert_true(r.at <= len);
        assert_false(lewesi_reader_done(&r));
        assert_int_equal(lewesi_reader_left(&r), 0);
    }
}

static void a_failed_reader_gives_nothing_more(void **state)
{
    static const uint8_t zeros[3];
    struct lewesi_reader r;
    struct fields f;

    (void)state;
    lewesi_reader_init(&r, image, ALL);
    assert_null(lewesi_read_bytes(&r, ALL + 1));
    f = read_all(&r);
    assert_int_equal(f.u8, 0);
    assert_int_equal(f.u16le, 0);
    assert_int_equal(f.u32le, 0);
    assert_true(f.u64le == 0);
    assert_int_equal(f.u32be, 0);
    assert_true(f.u64be == 0);
    assert_memory_equal(f.copy, zeros, 3);
    assert_null(f.zeros);
    assert_null(lewesi_read_bytes(&r, 0));
    assert_int_equal(r.at, 0);
}

static void a_length_that_wraps_around_fails(void **state)
{
    struct lewesi_reader r;
    struct lewesi_writer w;
    uint8_t buffer[ALL];

    (void)state;
    lewesi_reader_init(&r, image, ALL);
    (void)lewesi_read_u32le(&r);
    assert_null(lewesi_read_bytes(&r, SIZE_MAX));
    lewesi_writer_init(&w, buffer, sizeof buffer);
    lewesi_write_u32le(&w, 0);
    assert_null(lewesi_write_space(&w, SIZE_MAX));
    assert_true(w.failed);
}

static void nothing_can_be_read_from_and_written_to_nowhere(void **state)
{
    struct lewesi_reader r;
    struct lewesi_writer w;

    (void)state;
    lewesi_reader_init(&r, NULL, 0);
    assert_non_null(lewesi_read_bytes(&r, 0));
    lewesi_read_copy(&r, NULL, 0);
    assert_true(lewesi_reader_done(&r));
    lewesi_writer_init(&w, NULL, 0);
    lewesi_write_copy(&w, NULL, 0);
    lewesi_write_zeros(&w, 0);
    assert_false(w.failed);
    lewesi_write_u8(&w, 0);
    assert_true(w.failed);
}

static void every_field_is_written_in_its_byte_order(void **state)
{
    struct lewesi_writer w;
    uint8_t buffer[ALL];

    (void)state;
    memset(buffer, 0xff, sizeof buffer);
    lewesi_writer_init(&w, buffer, sizeof buffer);
    write_all(&w);
    assert_false(w.failed);
    assert_int_equal(w.at, ALL);
    assert_memory_equal(buffer, image, ALL);
}

static void what_does_not_fit_is_not_written(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < ALL; cap++) {
        struct lewesi_writer w;
        uint8_t buffer[ALL + 1];

        memset(buffer, 0xee, sizeof buffer);
        lewesi_writer_init(&w, buffer, cap);
        write_all(&w);
        assert_true(w.failed);
        assert_true(w.at <= cap);
        assert_memory_equal(buffer, image, w.at);
        for (size_t i = w.at; i < sizeof buffer; i++)
            assert_int_equal(buffer[i], 0xee);
    }
}

static void a_failed_writer_stays_as_it_is(void **state)
{
    struct lewesi_writer w;
    uint8_t buffer[4] = {0};

    (void)state;
    lewesi_writer_init(&w, buffer, sizeof buffer);
    lewesi_write_u64le(&w, UINT64_MAX);
    lewesi_write_u8(&w, 1);
    assert_true(w.failed);
    assert_int_equal(w.at, 0);
    assert_int_equal(buffer[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read_in_its_byte_order),
        cmocka_unit_test(bytes_left_over_are_not_done),
        cmocka_unit_test(every_truncation_fails),
        cmocka_unit_test(a_failed_reader_gives_nothing_more),
        cmocka_unit_test(a_length_that_wraps_around_fails),
        cmocka_unit_test(nothing_can_be_read_from_and_written_to_nowhere),
        cmocka_unit_test(every_field_is_written_in_its_byte_order),
        cmocka_unit_test(what_does_not_fit_is_not_written),
        cmocka_unit_test(a_failed_writer_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
