/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/keys.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "tests/support/env.h"
#include "tests/support/vectors.h"

static void private_keys_are_drawn_and_clamped(void **state)
{
    struct test_env test;

    (void)state;
    test_env_init(&test, 9);
    for (unsigned i = 0; i < 100; i++) {
        struct test_env twin = test;
        struct lewes_wg_private key;
        uint8_t raw[32];

        assert_int_equal(twin.env.random(&twin, raw, sizeof raw), 0);
        assert_int_equal(lewes_wg_generate(&key, &test.env), LEWES_OK);
        assert_int_equal(key.bytes[0], raw[0] & 0xf8);
        assert_memory_equal(key.bytes + 1, raw + 1, 30);
        assert_int_equal(key.bytes[31], (raw[31] & 0x3f) | 0x40);
    }
}

static void without_randomness_there_is_no_key(void **state)
{
    struct lewes_wg_private key;
    struct test_env test;

    (void)state;
    test_env_init(&test, 9);
    test.fail_draw = 1;
    memset(key.bytes, 0xee, sizeof key.bytes);
    assert_int_equal(lewes_wg_generate(&key, &test.env), LEWES_ERROR_RANDOM);
    assert_true(lewesi_is_zero(key.bytes, sizeof key.bytes));
}

/* RFC 7748, 6.1: Alice */
static void public_keys_are_those_of_x25519(void **state)
{
    struct lewes_wg_private private_key;
    struct lewes_wg_public public_key;
    uint8_t expected[32];

    (void)state;
    vector_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
               private_key.bytes, sizeof private_key.bytes);
    vector_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", expected,
               sizeof expected);
    lewes_wg_public(&public_key, &private_key);
    assert_memory_equal(public_key.bytes, expected, sizeof expected);
}

/* Every vector of Wycheproof says whether its point has small order: with any scalar the result
 * is zero. registration.md R7 refuses exactly those. */
static void points_of_small_order_are_refused(void **state)
{
    json_t *const file = vectors_load("wycheproof/x25519_test.json");
    unsigned good = 0, bad = 0;
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            struct lewes_wg_public key;
            uint8_t shared[32];

            vectors_exact(vector, "public", key.bytes, sizeof key.bytes);
            vectors_exact(vector, "shared", shared, sizeof shared);
            if (lewesi_is_zero(shared, sizeof shared)) {
                assert_int_equal(lewes_wg_check(&key), LEWES_ERROR_KEY);
                bad++;
            } else {
                assert_int_equal(lewes_wg_check(&key), LEWES_OK);
                good++;
            }
        }
    }
    json_decref(file);
    assert_int_equal(bad, 31);
    assert_int_equal(good, 518 - 31);
}

/* Whether X25519 itself makes zero of a point. */
static bool makes_zero(const struct lewes_wg_public *key)
{
    static const struct lewes_x25519_private scalar = {{8}};
    struct lewes_x25519_public point;
    uint8_t shared[32];

    memcpy(point.bytes, key->bytes, sizeof point.bytes);
    return lewesi_x25519(shared, &scalar, &point) != LEWES_OK;
}

static void neighbours_are_compared(const json_t *vector)
{
    struct lewes_wg_public key;

    vectors_exact(vector, "public", key.bytes, sizeof key.bytes);
    for (unsigned bit = 0; makes_zero(&key) && bit < 256; bit++) {
        struct lewes_wg_public other = key;
        other.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(lewes_wg_check(&other) != LEWES_OK, makes_zero(&other));
    }
}

/* A key is refused if X25519 makes zero of it, and not if one bit of it is another. */
static void keys_beside_small_orders_are_judged_as_by_x25519(void **state)
{
    json_t *const file = vectors_load("wycheproof/x25519_test.json");
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            neighbours_are_compared(vector);
        }
    }
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_keys_are_drawn_and_clamped),
        cmocka_unit_test(without_randomness_there_is_no_key),
        cmocka_unit_test(public_keys_are_those_of_x25519),
        cmocka_unit_test(points_of_small_order_are_refused),
        cmocka_unit_test(keys_beside_small_orders_are_judged_as_by_x25519),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
