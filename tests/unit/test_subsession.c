/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of KK1, KK2 and Ready (protocol.md P9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire/subsession.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define UNTOUCHED 0xdeadbeef

static void every_form_of_ready_is_written_and_read(void **state)
{
    static const struct {
        uint32_t index;
        size_t len;
        uint8_t bytes[LEWESI_READY_MAX];
    } forms[] = {
        {0, 1, {0}},
        {1, 1, {1}},
        {250, 1, {250}},
        {251, 3, {0xfb, 0, 251}},
        {256, 3, {0xfb, 1, 0}},
        {65535, 3, {0xfb, 0xff, 0xff}},
        {65536, 5, {0xfc, 0, 1, 0, 0}},
        {99999, 5, {0xfc, 0x00, 0x01, 0x86, 0x9f}}, /* protocol.md P9 */
        {UINT32_MAX, 5, {0xfc, 0xff, 0xff, 0xff, 0xff}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        uint8_t bytes[LEWESI_READY_MAX];
        uint32_t index = UNTOUCHED;

        assert_int_equal(lewesi_ready_write(bytes, forms[i].index), forms[i].len);
        assert_memory_equal(bytes, forms[i].bytes, forms[i].len);
        assert_true(lewesi_ready_read(&index, (struct lewesi_span){bytes, forms[i].len}));
        assert_int_equal(index, forms[i].index);
    }
}

static void a_ready_that_is_longer_than_necessary_is_refused(void **state)
{
    static const struct {
        size_t len;
        uint8_t bytes[9];
    } forms[] = {
        {3, {0xfb, 0, 0}},
        {3, {0xfb, 0, 250}},
        {5, {0xfc, 0, 0, 0, 5}},
        {5, {0xfc, 0, 0, 0xff, 0xff}},
        {1, {0xfb}},
        {1, {0xff}},
        {3, {0xfc, 1, 1}},
        {5, {0xfb, 1, 1, 1, 1}},
        {3, {5, 0, 0}},
        {5, {0xfd, 1, 1, 1, 1}},
        {2, {5, 0}},
        {9, {0xfd, 0, 0, 0, 1, 0, 0, 0, 0}},
        {0, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        uint32_t index = UNTOUCHED;

        assert_false(lewesi_ready_read(&index, (struct lewesi_span){forms[i].bytes, forms[i].len}));
        assert_int_equal(index, UNTOUCHED);
    }
}

static void a_ready_that_is_cut_or_goes_on_is_refused(void **state)
{
    static const uint32_t indices[] = {300, 70000};

    (void)state;
    for (size_t i = 0; i < COUNT(indices); i++) {
        uint8_t bytes[LEWESI_READY_MAX + 1] = {0};
        const size_t whole = lewesi_ready_write(bytes, indices[i]);
        uint32_t index;

        for (size_t len = 0; len <= whole + 1; len++)
            assert_int_equal(lewesi_ready_read(&index, (struct lewesi_span){bytes, len}),
                             len == whole);
    }
}

static void a_kk_message_is_48_bytes_behind_their_number(void **state)
{
    uint8_t body[64] = {LEWESI_KK_NOISE_LEN};

    (void)state;
    for (size_t len = 0; len <= sizeof body; len++) {
        const struct lewesi_span message = lewesi_kk_read((struct lewesi_span){body, len});

        if (len == 49) {
            assert_ptr_equal(message.data, body + 1);
            assert_int_equal(message.len, 48);
        } else {
            assert_null(message.data);
        }
    }
    for (unsigned first = 0; first < 256; first++) {
        body[0] = (uint8_t)first;
        assert_true((lewesi_kk_read((struct lewesi_span){body, 49}).data != NULL) == (first == 48));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_ready_is_written_and_read),
        cmocka_unit_test(a_ready_that_is_longer_than_necessary_is_refused),
        cmocka_unit_test(a_ready_that_is_cut_or_goes_on_is_refused),
        cmocka_unit_test(a_kk_message_is_48_bytes_behind_their_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
