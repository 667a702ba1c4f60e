/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "description/base64.h"
#include "lib/base/secret.h"

#define LONGEST 200

/* RFC 4648, 10 */
static const struct {
    const char *bytes, *text;
} examples[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void the_examples_of_the_rfc_come_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const size_t expected = strlen(examples[i].bytes);
        uint8_t bytes[8];
        char text[12];
        size_t len = 99;

        assert_int_equal(DESCRIPTION_BASE64_LEN(expected), strlen(examples[i].text));
        description_base64_encode(text, (const uint8_t *)examples[i].bytes, expected);
        assert_string_equal(text, examples[i].text);
        assert_true(description_base64_decode(bytes, expected, &len, text, strlen(text)));
        assert_int_equal(len, expected);
        assert_memory_equal(bytes, examples[i].bytes, len);
    }
}

static void every_length_comes_back(void **state)
{
    uint8_t bytes[LONGEST], back[LONGEST + 1];
    char text[DESCRIPTION_BASE64_LEN(LONGEST) + 1];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < LONGEST; i++)
        bytes[i] = (uint8_t)(i * 149 + 7);
    for (size_t n = 0; n <= LONGEST; n++) {
        const size_t text_len = DESCRIPTION_BASE64_LEN(n);

        memset(text, '#', sizeof text);
        description_base64_encode(text, bytes, n);
        assert_int_equal(strlen(text), text_len);
        memset(back, 0xee, sizeof back);
        assert_true(description_base64_decode(back, n, &len, text, text_len));
        assert_int_equal(len, n);
        assert_memory_equal(back, bytes, n);
        assert_int_equal(back[n], 0xee);
        if (n > 0) {
            assert_false(description_base64_decode(back, n - 1, &len, text, text_len));
            assert_int_equal(len, n);
        }
    }
}

static void a_cut_or_longer_text_is_refused(void **state)
{
    static const uint8_t bytes[100] = {1};
    char text[DESCRIPTION_BASE64_LEN(sizeof bytes) + 2];
    uint8_t back[LONGEST];
    size_t len = 99;

    (void)state;
    description_base64_encode(text, bytes, sizeof bytes);
    for (size_t n = 0; n < DESCRIPTION_BASE64_LEN(sizeof bytes); n++)
        if (n % 4 != 0)
            assert_false(description_base64_decode(back, sizeof back, &len, text, n));
    memcpy(text + DESCRIPTION_BASE64_LEN(sizeof bytes), "\n", 2);
    assert_false(description_base64_decode(back, sizeof back, &len, text, strlen(text)));
    assert_int_equal(len, 99);
}

static void assert_refused(const char *text)
{
    uint8_t back[LONGEST];
    size_t len = 99;

    memset(back, 0, sizeof back);
    assert_false(description_base64_decode(back, sizeof back, &len, text, strlen(text)));
    assert_int_equal(len, 99);
    assert_true(lewesi_is_zero(back, sizeof back));
}

static void what_is_not_canonical_is_refused(void **state)
{
    static const char *const texts[] = {
        "Zh==",     "Zm9=",         "Zg=a", "=Zg=", "Z===", "====",     "==",
        "Zg==Zg==", "Zm9v\n\n\n\n", "Zm9-", "Zm9_", " m9v", "Zm9vZg= ", "Zm9vZ===",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i]);
}

static void a_foreign_letter_is_found_in_every_place(void **state)
{
    static const uint8_t bytes[95] = {0xff, 1, 2};
    char text[DESCRIPTION_BASE64_LEN(sizeof bytes) + 1];

    (void)state;
    description_base64_encode(text, bytes, sizeof bytes);
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char before = text[i];

        text[i] = '*';
        assert_refused(text);
        text[i] = before;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_come_out),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(a_cut_or_longer_text_is_refused),
        cmocka_unit_test(what_is_not_canonical_is_refused),
        cmocka_unit_test(a_foreign_letter_is_found_in_every_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
