/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"
#include "tests/support/backend_memory.h"
#include "tests/support/vectors.h"

#define MESSAGE_MAX 1024
#define LINE_CAP 1024

struct answer {
    uint8_t message[MESSAGE_MAX], digest[64];
    size_t len;
};

/* The next "Len", "Msg", "MD" of a response file of NIST; Len is in bits. */
static bool next_answer(FILE *file, struct answer *answer, size_t digest_len)
{
    char line[LINE_CAP];

    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Len = ", 6) == 0) {
            answer->len = strtoul(line + 6, NULL, 10) / 8;
            assert_true(answer->len <= sizeof answer->message);
        } else if (strncmp(line, "Msg = ", 6) == 0) {
            vector_hex_prefix(line + 6, answer->message, answer->len);
        } else if (strncmp(line, "MD = ", 5) == 0) {
            vector_hex_prefix(line + 5, answer->digest, digest_len);
            return true;
        }
    }
    return false;
}

static void sha256_gives_the_answers_of_nist_however_it_is_split(void **state)
{
    FILE *const file = vectors_open("kats/nist-cavp.SHA256ShortMsg.rsp");
    struct answer answer;
    unsigned count = 0;

    (void)state;
    while (next_answer(file, &answer, 32)) {
        for (size_t split = 0; split <= answer.len; split++) {
            const struct lewesi_span a = {answer.message, split};
            const struct lewesi_span b = {answer.message + split, answer.len - split};
            uint8_t digest[32];

            lewesi_sha256(digest, a, b);
            assert_memory_equal(digest, answer.digest, sizeof digest);
        }
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 65);
}

static void sha512_gives_the_answers_of_nist(void **state)
{
    FILE *const file = vectors_open("kats/nist-cavp.SHA512ShortMsg.rsp");
    struct answer answer;
    unsigned count = 0;

    (void)state;
    while (next_answer(file, &answer, 64)) {
        uint8_t digest[64];

        lewesi_sha512(digest, (struct lewesi_span){answer.message, answer.len});
        assert_memory_equal(digest, answer.digest, sizeof digest);
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 129);
}

static void hmac_agrees_with_wycheproof(void **state)
{
    json_t *const file = vectors_load("wycheproof/hmac_sha256_test.json");
    unsigned valid = 0, invalid = 0;
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        if (json_integer_value(vectors_member(group, "tagSize")) != 256)
            continue;
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            const bool expected = vectors_text_is(vector, "result", "valid");
            uint8_t key[MESSAGE_MAX], message[MESSAGE_MAX], tag[32], actual[32];
            const size_t key_len = vectors_hex(vector, "key", key, sizeof key);
            const size_t message_len = vectors_hex(vector, "msg", message, sizeof message);

            vectors_exact(vector, "tag", tag, sizeof tag);
            lewesi_hmac_sha256(actual, (struct lewesi_span){key, key_len},
                               (struct lewesi_span){message, message_len});
            assert_int_equal(memcmp(actual, tag, sizeof tag) == 0, expected);
            valid += expected;
            invalid += !expected;
        }
    }
    json_decref(file);
    assert_int_equal(valid, 33);
    assert_int_equal(invalid, 54);
}

static void nothing_can_be_hashed(void **state)
{
    const struct lewesi_span none = {NULL, 0};
    uint8_t expected[64], digest[64];

    (void)state;
    lewesi_sha256(digest, none, none);
    vector_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", expected, 32);
    assert_memory_equal(digest, expected, 32);
    lewesi_sha512(digest, none);
    vector_hex("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
               "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
               expected, 64);
    assert_memory_equal(digest, expected, 64);
}

static void hashing_takes_no_memory(void **state)
{
    static const uint8_t text[200];
    const struct lewesi_span span = {text, sizeof text};
    uint8_t digest[64];

    (void)state;
    backend_memory_fail(0);
    lewesi_sha256(digest, span, span);
    lewesi_sha512(digest, span);
    lewesi_hmac_sha256(digest, span, span);
    assert_int_equal(backend_memory_allocations(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_answers_of_nist_however_it_is_split),
        cmocka_unit_test(sha512_gives_the_answers_of_nist),
        cmocka_unit_test(hmac_agrees_with_wycheproof),
        cmocka_unit_test(nothing_can_be_hashed),
        cmocka_unit_test(hashing_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
