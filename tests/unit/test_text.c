/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/keys.h>

#include "tests/support/env.h"
#include "tests/support/vectors.h"

struct pair {
    const char *hex, *text;
};

/* Made with Python's integers and its base64 module. */
static const struct pair base58_pairs[] = {
    {"d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737",
     "F25s3DdjXdCxYBhh2z8FBusVEMT4b9bGNFVKJi3wFoF4"},
    {"a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0",
     "Bow1CGKGDB9mNxeWdw85E2aCthQ1oZX4oFEe7fYT17ew"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "11111111111111111111111111111111"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"},
    {"0000000000000000000000000000000000000000000000000000000000000001",
     "11111111111111111111111111111112"},
    {"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "14uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofL"},
    {"0000000000000000000000000000000000000000000000000000000000000100",
     "1111111111111111111111111111115R"},
    {"0000010000000000000000000000000000000000000000000000000000000000",
     "11Cd4BX7vopdUjCBe56dfR9Mw86iDpdcAZbJ2yE8jR"},
};

static const struct pair base64_pairs[] = {
    {"d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737",
     "0EqyMnQrtKs6E2i9RhXk5tAiSrcaAWuvhSCjMsl3hzc="},
    {"a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0",
     "oJql9HpnWYAv+VX43C0qFKXJnSO+l/hkEn/5ODRVpPA="},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "//////////////////////////////////////////8="},
    {"0000000000000000000000000000000000000000000000000000000000000001",
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="},
    {"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "AP////////////////////////////////////////8="},
    {"0000000000000000000000000000000000000000000000000000000000000100",
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQA="},
    {"0000010000000000000000000000000000000000000000000000000000000000",
     "AAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    {"fbefbefffffffbefbefffffffbefbefffffffbefbefffffffbefbefffffffbef",
     "++++////++++////++++////++++////++++////++8="},
    {"00108310518720928b30d38f41149351559761969b71d79f8218a39259a7a29a",
     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopo="},
};

static void base58_has_the_alphabet_of_bitcoin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base58_pairs / sizeof base58_pairs[0]; i++) {
        const char *const text = base58_pairs[i].text;
        uint8_t expected[LEWES_KEY_LEN], actual[LEWES_KEY_LEN];
        char out[LEWES_BASE58_CAP];

        vector_hex(base58_pairs[i].hex, expected, sizeof expected);
        lewes_base58_encode(out, expected);
        assert_string_equal(out, text);
        assert_int_equal(lewes_base58_decode(actual, text, strlen(text)), LEWES_OK);
        assert_memory_equal(actual, expected, sizeof actual);
    }
}

static void base64_is_padded_and_has_the_standard_alphabet(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64_pairs / sizeof base64_pairs[0]; i++) {
        const char *const text = base64_pairs[i].text;
        uint8_t expected[LEWES_KEY_LEN], actual[LEWES_KEY_LEN];
        char out[LEWES_BASE64_CAP];

        vector_hex(base64_pairs[i].hex, expected, sizeof expected);
        lewes_base64_encode(out, expected);
        assert_string_equal(out, text);
        assert_int_equal(lewes_base64_decode(actual, text, strlen(text)), LEWES_OK);
        assert_memory_equal(actual, expected, sizeof actual);
    }
}

static void random_keys_survive_both_texts(void **state)
{
    struct test_env test;

    (void)state;
    test_env_init(&test, 1);
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t key[LEWES_KEY_LEN], back[LEWES_KEY_LEN];
        char text58[LEWES_BASE58_CAP], text64[LEWES_BASE64_CAP];

        assert_int_equal(test.env.random(test.env.user, key, sizeof key), 0);
        memset(key, 0, i % 33); /* any number of leading zeros */
        lewes_base58_encode(text58, key);
        assert_int_equal(lewes_base58_decode(back, text58, strlen(text58)), LEWES_OK);
        assert_memory_equal(back, key, sizeof key);
        lewes_base64_encode(text64, key);
        assert_int_equal(strlen(text64), 44);
        assert_int_equal(lewes_base64_decode(back, text64, 44), LEWES_OK);
        assert_memory_equal(back, key, sizeof key);
    }
}

static void assert_no_base58(const char *text, size_t len)
{
    uint8_t out[LEWES_KEY_LEN], before[LEWES_KEY_LEN];

    memset(out, 0x5a, sizeof out);
    memset(before, 0x5a, sizeof before);
    assert_int_equal(lewes_base58_decode(out, text, len), LEWES_ERROR_FORMAT);
    assert_memory_equal(out, before, sizeof out);
}

static void base58_of_another_length_is_refused(void **state)
{
    static const char ones[] = "111111111111111111111111111111111111111111111";

    (void)state;
    assert_no_base58("4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofL", 43);    /* 31 bytes */
    assert_no_base58("tVojvhToWjQ8Xvo4UPx2Xz9eRy7auyYMmZBjc2XfN", 41);      /* 31 bytes */
    assert_no_base58("JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH", 44);   /* 33 bytes, 2^256 */
    assert_no_base58("2K3n5t4wSaF5mj27Tw9vStXWLWyRjjiH5Cp3CFLpKVCr1c", 46); /* 33 bytes */
    assert_no_base58("111111111111111111111111111111111", 33);              /* 33 zero bytes */
    assert_no_base58("1JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG",
                     45); /* 33 bytes, the first zero */
    assert_no_base58("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
                     44); /* the largest of 44 digits */
    for (size_t len = 0; len <= 45; len++)
        if (len != LEWES_KEY_LEN) /* so many zero bytes */
            assert_no_base58(ones, len);
}

/* 42 digits are less than 31 bytes; 43 of them can be another key. */
static void truncated_base58_is_refused(void **state)
{
    const char *const text = base58_pairs[0].text;

    (void)state;
    for (size_t len = 0; len <= 42; len++)
        assert_no_base58(text, len);
}

static void foreign_characters_in_base58_are_refused(void **state)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const size_t len = strlen(base58_pairs[0].text);
    unsigned refused = 0;

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[LEWES_BASE58_CAP];

        if (c != 0 && strchr(alphabet, (int)c) != NULL)
            continue;
        for (size_t at = 0; at < len; at++) {
            memcpy(text, base58_pairs[0].text, len);
            text[at] = (char)c;
            assert_no_base58(text, len);
        }
        refused++;
    }
    assert_int_equal(refused, 256 - 58);
}

static void assert_no_base64(const char *text, size_t len)
{
    static const uint8_t zeros[LEWES_KEY_LEN];
    uint8_t out[LEWES_KEY_LEN];

    memset(out, 0x5a, sizeof out);
    assert_int_equal(lewes_base64_decode(out, text, len), LEWES_ERROR_FORMAT);
    assert_memory_equal(out, zeros, sizeof out);
}

static void base64_of_another_length_is_refused(void **state)
{
    static const char text[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=AAAA";

    (void)state;
    for (size_t len = 0; len < sizeof text; len++)
        if (len != 44)
            assert_no_base64(text, len);
}

static void base64_without_its_one_pad_is_refused(void **state)
{
    (void)state;
    assert_no_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 44);
    assert_no_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 44);
    assert_no_base64("=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 44);
    assert_no_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 44);
}

static void base64_with_unused_bits_is_refused(void **state)
{
    static const char last[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    unsigned accepted = 0;

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        uint8_t out[LEWES_KEY_LEN];

        text[42] = last[i];
        if (i % 4 == 0) {
            assert_int_equal(lewes_base64_decode(out, text, 44), LEWES_OK);
            assert_int_equal(out[31], i / 4);
            accepted++;
        } else {
            assert_no_base64(text, 44);
        }
    }
    assert_int_equal(accepted, 16);
}

static void foreign_characters_in_base64_are_refused(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned refused = 0;

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        if (c != 0 && strchr(alphabet, (int)c) != NULL)
            continue;
        for (size_t at = 0; at < 43; at++) {
            char text[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

            text[at] = (char)c;
            assert_no_base64(text, 44);
        }
        refused++;
    }
    assert_int_equal(refused, 256 - 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base58_has_the_alphabet_of_bitcoin),
        cmocka_unit_test(base64_is_padded_and_has_the_standard_alphabet),
        cmocka_unit_test(random_keys_survive_both_texts),
        cmocka_unit_test(base58_of_another_length_is_refused),
        cmocka_unit_test(truncated_base58_is_refused),
        cmocka_unit_test(foreign_characters_in_base58_are_refused),
        cmocka_unit_test(base64_of_another_length_is_refused),
        cmocka_unit_test(base64_without_its_one_pad_is_refused),
        cmocka_unit_test(base64_with_unused_bits_is_refused),
        cmocka_unit_test(foreign_characters_in_base64_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
