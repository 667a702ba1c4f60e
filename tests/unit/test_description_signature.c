/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of self-descriptions (gateway.md G13.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/identity.h"
#include "tests/support/env.h"

/* The linker puts this between description and signature, to make it fail. */
enum lewes_error __real_lewesi_ed25519_sign(uint8_t *out, const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t *out, const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);

static bool backend_fails;

enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t *out, const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message)
{
    return backend_fails ? LEWES_ERROR_CRYPTO : __real_lewesi_ed25519_sign(out, key, message);
}

static const uint8_t text[] = "{\"format\":1}";
#define TEXT_LEN (sizeof text - 1)
/* Label and text, written out. */
static const uint8_t whole[] = "lewes-self-description-1\n{\"format\":1}";
#define WHOLE_LEN (sizeof whole - 1)

static struct test_env test;
static struct lewes_identity *identity;

static int make_identity(void **state)
{
    struct lewes_ed25519_seed seed;

    (void)state;
    memset(seed.bytes, 0x22, sizeof seed.bytes);
    test_env_init(&test, 1);
    return lewes_identity_new(&identity, &test.env, &seed);
}

static int free_identity(void **state)
{
    (void)state;
    lewes_identity_free(identity);
    test_env_assert_clean(&test);
    return 0;
}

static enum lewes_error verify(const uint8_t *signature, const uint8_t *bytes, size_t len)
{
    return lewes_description_verify(signature, lewes_identity_public(identity), bytes, len,
                                    &test.env);
}

static void the_signature_covers_label_and_text(void **state)
{
    uint8_t signature[LEWES_SIGNATURE_LEN];

    (void)state;
    assert_int_equal(lewes_description_sign(signature, identity, text, TEXT_LEN), LEWES_OK);
    assert_true(lewesi_ed25519_verify(lewes_identity_public(identity), signature,
                                      (struct lewesi_span){whole, WHOLE_LEN}));
    assert_int_equal(verify(signature, text, TEXT_LEN), LEWES_OK);
    assert_int_equal(test.live_blocks, 1);
}

static void the_label_is_not_part_of_the_text(void **state)
{
    uint8_t signature[LEWES_SIGNATURE_LEN];

    (void)state;
    assert_int_equal(lewesi_ed25519_sign(signature, &identity->ed25519_private,
                                         (struct lewesi_span){text, TEXT_LEN}),
                     LEWES_OK);
    assert_int_equal(verify(signature, text, TEXT_LEN), LEWES_ERROR_AUTH);
    assert_int_equal(lewes_description_sign(signature, identity, text, TEXT_LEN), LEWES_OK);
    assert_int_equal(verify(signature, whole, WHOLE_LEN), LEWES_ERROR_AUTH);
}

static void every_flipped_bit_is_noticed(void **state)
{
    uint8_t signature[LEWES_SIGNATURE_LEN], copy[TEXT_LEN];

    (void)state;
    memcpy(copy, text, sizeof copy);
    assert_int_equal(lewes_description_sign(signature, identity, text, TEXT_LEN), LEWES_OK);
    for (size_t bit = 0; bit < 8 * sizeof copy; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verify(signature, copy, sizeof copy), LEWES_ERROR_AUTH);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verify(signature, copy, sizeof copy), LEWES_ERROR_AUTH);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof copy; len++)
        assert_int_equal(verify(signature, copy, len), LEWES_ERROR_AUTH);
    assert_int_equal(verify(signature, copy, sizeof copy), LEWES_OK);
}

static void an_empty_text_can_be_signed(void **state)
{
    uint8_t signature[LEWES_SIGNATURE_LEN];

    (void)state;
    assert_int_equal(lewes_description_sign(signature, identity, NULL, 0), LEWES_OK);
    assert_int_equal(verify(signature, NULL, 0), LEWES_OK);
    assert_int_equal(verify(signature, text, 1), LEWES_ERROR_AUTH);
}

static void without_memory_nothing_is_signed_or_verified(void **state)
{
    uint8_t signature[LEWES_SIGNATURE_LEN], good[LEWES_SIGNATURE_LEN];

    (void)state;
    assert_int_equal(lewes_description_sign(good, identity, text, TEXT_LEN), LEWES_OK);
    memset(signature, 0xee, sizeof signature);
    test.fail_allocation = test.allocations + 1;
    assert_int_equal(lewes_description_sign(signature, identity, text, TEXT_LEN),
                     LEWES_ERROR_MEMORY);
    assert_true(lewesi_is_zero(signature, sizeof signature));
    test.fail_allocation = test.allocations + 1;
    assert_int_equal(verify(good, text, TEXT_LEN), LEWES_ERROR_MEMORY);
    test.fail_allocation = 0;
    memset(signature, 0xee, sizeof signature);
    assert_int_equal(lewes_description_sign(signature, identity, text, SIZE_MAX),
                     LEWES_ERROR_MEMORY); /* with the label: more than there can be */
    assert_true(lewesi_is_zero(signature, sizeof signature));
}

static void a_failing_back_end_leaves_zeros(void **state)
{
    uint8_t signature[LEWES_SIGNATURE_LEN];

    (void)state;
    memset(signature, 0xee, sizeof signature);
    backend_fails = true;
    assert_int_equal(lewes_description_sign(signature, identity, text, TEXT_LEN),
                     LEWES_ERROR_CRYPTO);
    backend_fails = false;
    assert_true(lewesi_is_zero(signature, sizeof signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signature_covers_label_and_text),
        cmocka_unit_test(the_label_is_not_part_of_the_text),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(an_empty_text_can_be_signed),
        cmocka_unit_test(without_memory_nothing_is_signed_or_verified),
        cmocka_unit_test(a_failing_back_end_leaves_zeros),
    };

    return cmocka_run_group_tests(tests, make_identity, free_identity);
}
