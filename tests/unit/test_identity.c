/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/identity.h"
#include "tests/support/env.h"
#include "tests/support/vectors.h"

/* The linker puts this between identity and conversion, to make the self-test fail. */
enum lewes_error __real_lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                                          const struct lewes_ed25519_public *key);
enum lewes_error __wrap_lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                                          const struct lewes_ed25519_public *key);

static enum { HONEST, REFUSES, LIES } conversion;

enum lewes_error __wrap_lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                                          const struct lewes_ed25519_public *key)
{
    const enum lewes_error error = __real_lewesi_x25519_public_from_ed25519(out, key);

    out->bytes[31] ^= conversion == LIES;
    return conversion == REFUSES ? LEWES_ERROR_KEY : error;
}

static struct lewes_ed25519_seed seed_of(uint8_t fill)
{
    struct lewes_ed25519_seed seed;

    memset(seed.bytes, fill, sizeof seed.bytes);
    return seed;
}

/* protocol.md 17: the gateway */
static void an_identity_holds_the_four_keys_of_its_seed(void **state)
{
    const struct lewes_ed25519_seed seed = seed_of(0x22);
    struct lewes_identity *identity = NULL;
    struct test_env test;
    uint8_t expected[32];

    (void)state;
    test_env_init(&test, 1);
    assert_int_equal(lewes_identity_new(&identity, &test.env, &seed), LEWES_OK);
    vector_hex("a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0", expected, 32);
    assert_memory_equal(lewes_identity_public(identity)->bytes, expected, 32);
    assert_memory_equal(identity->ed25519_private.bytes + 32, expected, 32);
    assert_memory_equal(identity->ed25519_private.bytes, seed.bytes, 32);
    vector_hex("6ac3eb1cd6dbdd0037d503e6655229500a83f464be62ca753bff884c437887f8", expected, 32);
    assert_memory_equal(identity->x25519_private.bytes, expected, 32);
    vector_hex("9d8d78b9c9e6661e552f2f1af02095ee2f8743fa2e6183f41bb7077ef51b5379", expected, 32);
    assert_memory_equal(identity->x25519.bytes, expected, 32);
    lewes_identity_free(identity);
    test_env_assert_clean(&test);
    assert_int_equal(test.draws, 0);
}

static void an_identity_answers_suite_x25519_alone(void **state)
{
    const struct lewes_ed25519_seed seed = seed_of(0x22);
    struct lewes_identity *identity = NULL;
    struct test_env test;
    unsigned answered = 0;

    (void)state;
    test_env_init(&test, 1);
    assert_int_equal(lewes_identity_new(&identity, &test.env, &seed), LEWES_OK);
    for (unsigned id = 0; id < 512; id++) {
        const struct lewesi_kem_public public_key = lewesi_identity_kem_public(identity, id);
        const struct lewesi_kem_private private_key = lewesi_identity_kem_private(identity, id);

        assert_ptr_equal(public_key.kem, private_key.kem);
        answered += public_key.kem != NULL;
    }
    assert_int_equal(answered, 1);
    assert_ptr_equal(lewesi_identity_kem_public(identity, 255).bytes, identity->x25519.bytes);
    assert_ptr_equal(lewesi_identity_kem_private(identity, 255).bytes,
                     identity->x25519_private.bytes);
    lewes_identity_free(identity);
    test_env_assert_clean(&test);
}

static void assert_no_identity(struct test_env *test, enum lewes_error expected)
{
    const struct lewes_ed25519_seed seed = seed_of(0x22);
    struct lewes_identity *const before = (struct lewes_identity *)test;
    struct lewes_identity *identity = before;

    assert_int_equal(lewes_identity_new(&identity, &test->env, &seed), expected);
    assert_ptr_equal(identity, before);
    test_env_assert_clean(test);
}

static void without_memory_there_is_no_identity(void **state)
{
    struct test_env test;

    (void)state;
    test_env_init(&test, 1);
    test.fail_allocation = 1;
    assert_no_identity(&test, LEWES_ERROR_MEMORY);
}

static void keys_that_do_not_belong_together_are_noticed(void **state)
{
    struct test_env test;

    (void)state;
    test_env_init(&test, 1);
    conversion = REFUSES;
    assert_no_identity(&test, LEWES_ERROR_CRYPTO);
    conversion = LIES;
    assert_no_identity(&test, LEWES_ERROR_CRYPTO);
    conversion = HONEST;
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    lewes_identity_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_identity_holds_the_four_keys_of_its_seed),
        cmocka_unit_test(an_identity_answers_suite_x25519_alone),
        cmocka_unit_test(without_memory_there_is_no_identity),
        cmocka_unit_test(keys_that_do_not_belong_together_are_noticed),
        cmocka_unit_test(nothing_can_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
