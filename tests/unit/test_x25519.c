/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "tests/support/vectors.h"

/* Zero results are in the vectors, where libraries may allow them; P19 does not. */
static void check_vector(const json_t *vector, unsigned *zeros)
{
    struct lewes_x25519_private private_key;
    struct lewes_x25519_public public_key;
    uint8_t expected[32], actual[32];
    enum lewes_error error;

    vectors_exact(vector, "private", private_key.bytes, sizeof private_key.bytes);
    vectors_exact(vector, "public", public_key.bytes, sizeof public_key.bytes);
    vectors_exact(vector, "shared", expected, sizeof expected);
    memset(actual, 0xaa, sizeof actual);
    error = lewesi_x25519(actual, &private_key, &public_key);
    if (lewesi_is_zero(expected, sizeof expected)) {
        assert_int_equal(error, LEWES_ERROR_KEY);
        ++*zeros;
    } else {
        assert_int_equal(error, LEWES_OK);
    }
    assert_memory_equal(actual, expected, sizeof actual);
}

static void wycheproof_agrees_but_for_zeros(void **state)
{
    json_t *const file = vectors_load("wycheproof/x25519_test.json");
    unsigned count = 0, zeros = 0;
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            check_vector(vector, &zeros);
            count++;
        }
    }
    json_decref(file);
    assert_int_equal(count, 518);
    assert_int_equal(zeros, 31);
}

static bool next_value(FILE *file, const char *name, uint8_t out[32])
{
    char line[256];

    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            vector_hex_prefix(line + strlen(name), out, 32);
            return true;
        }
    }
    return false;
}

static void the_examples_of_rfc_7748_come_out(void **state)
{
    FILE *const file = vectors_open("rfc/rfc7748_x25519.txt");
    struct lewes_x25519_private scalar;
    struct lewes_x25519_public u;
    uint8_t expected[32], actual[32];
    unsigned count = 0;

    (void)state;
    while (next_value(file, "INPUT_SCALAR = ", scalar.bytes)) {
        assert_true(next_value(file, "INPUT_U = ", u.bytes));
        assert_true(next_value(file, "OUTPUT_U = ", expected));
        assert_int_equal(lewesi_x25519(actual, &scalar, &u), LEWES_OK);
        assert_memory_equal(actual, expected, sizeof actual);
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 3);
}

/* RFC 7748, 5.2 */
static void a_thousand_rounds_give_the_value_of_the_rfc(void **state)
{
    struct lewes_x25519_private k = {{9}};
    struct lewes_x25519_public u = {{9}};
    uint8_t expected[32], out[32];

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(lewesi_x25519(out, &k, &u), LEWES_OK);
        memcpy(u.bytes, k.bytes, sizeof u.bytes);
        memcpy(k.bytes, out, sizeof k.bytes);
    }
    vector_hex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", expected, 32);
    assert_memory_equal(k.bytes, expected, sizeof expected);
}

/* RFC 7748, 6.1 */
static void public_keys_are_those_of_the_rfc(void **state)
{
    static const char *const pairs[2][2] = {
        {"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"},
        {"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
         "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lewes_x25519_private private_key;
        struct lewes_x25519_public public_key;
        uint8_t expected[32];

        vector_hex(pairs[i][0], private_key.bytes, sizeof private_key.bytes);
        vector_hex(pairs[i][1], expected, sizeof expected);
        lewesi_x25519_public(&public_key, &private_key);
        assert_memory_equal(public_key.bytes, expected, sizeof expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof_agrees_but_for_zeros),
        cmocka_unit_test(the_examples_of_rfc_7748_come_out),
        cmocka_unit_test(a_thousand_rounds_give_the_value_of_the_rfc),
        cmocka_unit_test(public_keys_are_those_of_the_rfc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
