/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "tests/support/backend_memory.h"
#include "tests/support/env.h"
#include "tests/support/vectors.h"

#define MESSAGE_MAX 1024

struct keys {
    struct lewesi_ed25519_private private_key;
    struct lewes_ed25519_public public_key;
};

static struct keys keys_of(uint8_t fill)
{
    struct lewes_ed25519_seed seed;
    struct keys keys;

    memset(seed.bytes, fill, sizeof seed.bytes);
    lewesi_ed25519_from_seed(&keys.private_key, &keys.public_key, &seed);
    return keys;
}

static bool verifies(const struct lewes_ed25519_public *key, const json_t *vector)
{
    uint8_t message[MESSAGE_MAX], signature[2 * LEWESI_SIGNATURE_LEN];
    const size_t message_len = vectors_hex(vector, "msg", message, sizeof message);

    /* The protocol has no signatures of another length. */
    if (vectors_hex(vector, "sig", signature, sizeof signature) != LEWESI_SIGNATURE_LEN)
        return false;
    return lewesi_ed25519_verify(key, signature, (struct lewesi_span){message, message_len});
}

static void wycheproof_agrees(void **state)
{
    json_t *const file = vectors_load("wycheproof/ed25519_test.json");
    unsigned valid = 0, invalid = 0;
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        struct lewes_ed25519_public key;

        vectors_exact(vectors_member(group, "publicKey"), "pk", key.bytes, sizeof key.bytes);
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            const bool expected = vectors_text_is(vector, "result", "valid");

            assert_int_equal(verifies(&key, vector), expected);
            valid += expected;
            invalid += !expected;
        }
    }
    json_decref(file);
    assert_int_equal(valid, 88);
    assert_int_equal(invalid, 63);
}

/* RFC 8032, 7.1: tests 1 to 3 */
static void keys_and_signatures_are_those_of_the_rfc(void **state)
{
    static const struct {
        const char *seed, *public_key, *message, *signature;
    } rows[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
         "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
         "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
         "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct lewes_ed25519_seed seed;
        struct keys keys;
        uint8_t message[2], expected_key[32], expected[64], actual[64];
        const struct lewesi_span span = {message, strlen(rows[i].message) / 2};

        vector_hex(rows[i].seed, seed.bytes, sizeof seed.bytes);
        vector_hex(rows[i].public_key, expected_key, sizeof expected_key);
        vector_hex(rows[i].message, message, span.len);
        vector_hex(rows[i].signature, expected, sizeof expected);
        lewesi_ed25519_from_seed(&keys.private_key, &keys.public_key, &seed);
        assert_memory_equal(keys.public_key.bytes, expected_key, sizeof expected_key);
        assert_int_equal(lewesi_ed25519_sign(actual, &keys.private_key, span), LEWES_OK);
        assert_memory_equal(actual, expected, sizeof actual);
        assert_true(lewesi_ed25519_verify(&keys.public_key, actual, span));
    }
}

static void every_flipped_bit_is_noticed(void **state)
{
    const struct keys keys = keys_of(0x11);
    uint8_t message[] = "a message", signature[LEWESI_SIGNATURE_LEN];
    const struct lewesi_span span = {message, sizeof message};
    struct lewes_ed25519_public key = keys.public_key;

    (void)state;
    assert_int_equal(lewesi_ed25519_sign(signature, &keys.private_key, span), LEWES_OK);
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        const uint8_t mask = (uint8_t)(1U << bit % 8);

        signature[bit / 8] ^= mask;
        assert_false(lewesi_ed25519_verify(&key, signature, span));
        signature[bit / 8] ^= mask;
    }
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        const uint8_t mask = (uint8_t)(1U << bit % 8);

        message[bit / 8] ^= mask;
        assert_false(lewesi_ed25519_verify(&key, signature, span));
        message[bit / 8] ^= mask;
    }
    for (size_t bit = 0; bit < 8 * sizeof key.bytes; bit++) {
        const uint8_t mask = (uint8_t)(1U << bit % 8);

        key.bytes[bit / 8] ^= mask;
        assert_false(lewesi_ed25519_verify(&key, signature, span));
        key.bytes[bit / 8] ^= mask;
    }
    assert_true(lewesi_ed25519_verify(&key, signature, span));
}

/* For the key of the neutral point, S B = R + h A is S B = R: the signature needs no secret. */
static bool verifies_neutral(const char *key_hex, const char *r_hex, uint8_t s)
{
    static const uint8_t message[] = "any message";
    struct lewes_ed25519_public key;
    uint8_t signature[LEWESI_SIGNATURE_LEN] = {0};

    vector_hex(key_hex, key.bytes, sizeof key.bytes);
    vector_hex(r_hex, signature, 32);
    signature[32] = s;
    return lewesi_ed25519_verify(&key, signature, (struct lewesi_span){message, sizeof message});
}

#define NEUTRAL "0100000000000000000000000000000000000000000000000000000000000000"
#define NEUTRAL_PLUS_P "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
#define NEUTRAL_NEGATIVE "0100000000000000000000000000000000000000000000000000000000000080"
#define BASE "5866666666666666666666666666666666666666666666666666666666666666"
#define ORDER_2 "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
#define ORDER_8 "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"

/* P20 */
static void points_that_are_not_canonical_are_refused(void **state)
{
    (void)state;
    assert_true(verifies_neutral(NEUTRAL, NEUTRAL, 0));
    assert_true(verifies_neutral(NEUTRAL, BASE, 1));
    assert_false(verifies_neutral(NEUTRAL_PLUS_P, NEUTRAL, 0));
    assert_false(verifies_neutral(NEUTRAL_PLUS_P, BASE, 1));
    assert_false(verifies_neutral(NEUTRAL_NEGATIVE, NEUTRAL, 0));
    assert_false(verifies_neutral(NEUTRAL_NEGATIVE, BASE, 1));
    assert_false(verifies_neutral(NEUTRAL, NEUTRAL_PLUS_P, 0));
    assert_false(verifies_neutral(NEUTRAL, NEUTRAL_NEGATIVE, 0));
}

/* P20: eight times these points would be the neutral one. */
static void the_cofactor_does_not_count(void **state)
{
    (void)state;
    assert_false(verifies_neutral(NEUTRAL, ORDER_2, 0));
    assert_false(verifies_neutral(NEUTRAL, ORDER_8, 0));
}

static void signing_and_verifying_take_no_memory(void **state)
{
    const struct keys keys = keys_of(0x22);
    const struct lewesi_span span = {keys.public_key.bytes, sizeof keys.public_key.bytes};
    uint8_t signature[LEWESI_SIGNATURE_LEN];

    (void)state;
    backend_memory_fail(0);
    assert_int_equal(lewesi_ed25519_sign(signature, &keys.private_key, span), LEWES_OK);
    assert_true(lewesi_ed25519_verify(&keys.public_key, signature, span));
    assert_int_equal(backend_memory_allocations(), 0);
}

static void a_seed_is_drawn_from_the_environment(void **state)
{
    struct lewes_ed25519_seed seed;
    struct test_env test;
    uint8_t expected[32];

    (void)state;
    test_env_init(&test, 3);
    assert_int_equal(test.env.random(&test, expected, sizeof expected), 0);
    test_env_init(&test, 3);
    assert_int_equal(lewes_ed25519_generate(&seed, &test.env), LEWES_OK);
    assert_memory_equal(seed.bytes, expected, sizeof expected);
    test.fail_draw = 2;
    assert_int_equal(lewes_ed25519_generate(&seed, &test.env), LEWES_ERROR_RANDOM);
    assert_true(lewesi_is_zero(seed.bytes, sizeof seed.bytes));
}

static void a_good_key_passes_and_the_neutral_point_does_not(void **state)
{
    const struct keys keys = keys_of(0x33);
    struct lewes_ed25519_public neutral;

    (void)state;
    assert_int_equal(lewes_ed25519_check(&keys.public_key), LEWES_OK);
    vector_hex(NEUTRAL, neutral.bytes, sizeof neutral.bytes);
    assert_int_equal(lewes_ed25519_check(&neutral), LEWES_ERROR_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof_agrees),
        cmocka_unit_test(keys_and_signatures_are_those_of_the_rfc),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(points_that_are_not_canonical_are_refused),
        cmocka_unit_test(the_cofactor_does_not_count),
        cmocka_unit_test(signing_and_verifying_take_no_memory),
        cmocka_unit_test(a_seed_is_drawn_from_the_environment),
        cmocka_unit_test(a_good_key_passes_and_the_neutral_point_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
