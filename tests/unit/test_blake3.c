/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"
#include "tests/support/vectors.h"

#define INPUT_MAX 102400
#define OUTPUT_MAX 131

static uint8_t input[INPUT_MAX];

static void check_case(const json_t *vector, const char *context)
{
    const size_t len = (size_t)json_integer_value(vectors_member(vector, "input_len"));
    const struct lewesi_span span = {input, len};
    uint8_t expected[OUTPUT_MAX], actual[OUTPUT_MAX];

    assert_true(len <= sizeof input);
    vectors_exact(vector, "hash", expected, sizeof expected);
    lewesi_blake3(actual, sizeof actual, span);
    assert_memory_equal(actual, expected, sizeof actual);
    memset(actual, 0, sizeof actual);
    lewesi_blake3(actual, 32, span);
    assert_memory_equal(actual, expected, 32);
    assert_int_equal(actual[32], 0);

    vectors_exact(vector, "derive_key", expected, sizeof expected);
    lewesi_blake3_derive(actual, context, span);
    assert_memory_equal(actual, expected, 32);
}

static void the_official_vectors_come_out(void **state)
{
    json_t *const file = vectors_load("blake3/test_vectors.json");
    const char *const context = vectors_text(file, "context_string");
    const json_t *vector;
    unsigned count = 0;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)(i % 251);
    json_array_foreach(vectors_member(file, "cases"), i, vector)
    {
        check_case(vector, context);
        count++;
    }
    json_decref(file);
    assert_int_equal(count, 35);
}

/* protocol.md 17: the outer key of the pre-shared key 2a... */
static void the_outer_key_of_the_protocol_comes_out(void **state)
{
    uint8_t psk[32], expected[32], actual[32];

    (void)state;
    memset(psk, 0x2a, sizeof psk);
    vector_hex("cb3eb6e9d8ccb4df0a546c9aa58668f2094fcfd57dab1c04760ac047977b2466", expected, 32);
    lewesi_blake3_derive(actual, "lp-outer-aead", (struct lewesi_span){psk, sizeof psk});
    assert_memory_equal(actual, expected, sizeof actual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_official_vectors_come_out),
        cmocka_unit_test(the_outer_key_of_the_protocol_comes_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
