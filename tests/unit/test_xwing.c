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
#include "tests/support/vectors.h"

#define X25519_LEN 32
#define MLKEM_CIPHERTEXT LEWESI_MLKEM768_CIPHERTEXT_LEN
#define MLKEM_PUBLIC LEWESI_MLKEM768_PUBLIC_LEN

/* The linker puts this before ML-KEM, to make it fail. */
enum lewes_error __real_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed);
enum lewes_error __wrap_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed);
enum lewes_error __real_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m);
enum lewes_error __wrap_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m);
enum lewes_error __real_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key);
enum lewes_error __wrap_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key);

static bool backend_fails;

enum lewes_error __wrap_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed)
{
    return backend_fails ? LEWES_ERROR_CRYPTO
                         : __real_lewesi_mlkem768_keypair(public_key, private_key, seed);
}

enum lewes_error __wrap_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m)
{
    return backend_fails ? LEWES_ERROR_CRYPTO
                         : __real_lewesi_mlkem768_encapsulate(ciphertext, secret, public_key, m);
}

enum lewes_error __wrap_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key)
{
    return backend_fails ? LEWES_ERROR_CRYPTO
                         : __real_lewesi_mlkem768_decapsulate(secret, ciphertext, private_key);
}

/* A whole exchange. */
struct exchange {
    uint8_t public_key[LEWESI_XWING_PUBLIC_LEN], private_key[LEWESI_XWING_PRIVATE_LEN];
    uint8_t ciphertext[LEWESI_XWING_CIPHERTEXT_LEN], sent[32], received[32];
};

static const uint8_t some_seed[LEWESI_XWING_SEED_LEN] = {1};
static const uint8_t some_randomness[LEWESI_XWING_RANDOM_LEN] = {2, [32] = 3};

static void agree_on(struct exchange *x, const uint8_t *seed, const uint8_t *randomness)
{
    memset(x, 0xee, sizeof *x);
    assert_int_equal(lewesi_xwing_keypair(x->public_key, x->private_key, seed), LEWES_OK);
    assert_int_equal(lewesi_xwing_encapsulate(x->ciphertext, x->sent, x->public_key, randomness),
                     LEWES_OK);
    assert_int_equal(lewesi_xwing_decapsulate(x->received, x->ciphertext, x->private_key),
                     LEWES_OK);
    assert_memory_equal(x->sent, x->received, sizeof x->sent);
}

static void the_vectors_of_the_draft_come_out(void **state)
{
    json_t *const file = vectors_load("xwing/test-vectors.json");
    uint8_t seed[LEWESI_XWING_SEED_LEN], randomness[LEWESI_XWING_RANDOM_LEN];
    struct exchange expected, x;
    const json_t *vector;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(file), 3);
    json_array_foreach(file, i, vector)
    {
        vectors_exact(vector, "seed", seed, sizeof seed);
        vectors_exact(vector, "eseed", randomness, sizeof randomness);
        vectors_exact(vector, "pk", expected.public_key, sizeof expected.public_key);
        vectors_exact(vector, "ct", expected.ciphertext, sizeof expected.ciphertext);
        vectors_exact(vector, "ss", expected.sent, sizeof expected.sent);
        agree_on(&x, seed, randomness);
        assert_memory_equal(x.public_key, expected.public_key, sizeof x.public_key);
        assert_memory_equal(x.ciphertext, expected.ciphertext, sizeof x.ciphertext);
        assert_memory_equal(x.sent, expected.sent, sizeof x.sent);
    }
    json_decref(file);
}

/* Of small order on the curve, on the twist, not reduced. */
static const char *const small_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/* P19: the ML-KEM half is good, and does not make up for it. */
static void a_zero_result_of_x25519_is_refused(void **state)
{
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < sizeof small_points / sizeof small_points[0]; i++) {
        agree_on(&x, some_seed, some_randomness);
        vector_hex(small_points[i], x.ciphertext + MLKEM_CIPHERTEXT, X25519_LEN);
        assert_int_equal(lewesi_xwing_decapsulate(x.received, x.ciphertext, x.private_key),
                         LEWES_ERROR_KEY);
        assert_true(lewesi_is_zero(x.received, sizeof x.received));
        vector_hex(small_points[i], x.public_key + MLKEM_PUBLIC, X25519_LEN);
        assert_int_equal(
            lewesi_xwing_encapsulate(x.ciphertext, x.sent, x.public_key, some_randomness),
            LEWES_ERROR_KEY);
        assert_true(lewesi_is_zero(x.ciphertext, sizeof x.ciphertext));
        assert_true(lewesi_is_zero(x.sent, sizeof x.sent));
    }
}

static void a_key_whose_mlkem_half_is_not_reduced_is_refused(void **state)
{
    struct exchange x;

    (void)state;
    agree_on(&x, some_seed, some_randomness);
    x.public_key[0] = 0x01;
    x.public_key[1] = 0x0d; /* 3329 */
    assert_int_equal(lewesi_xwing_encapsulate(x.ciphertext, x.sent, x.public_key, some_randomness),
                     LEWES_ERROR_KEY);
    assert_true(lewesi_is_zero(x.ciphertext, sizeof x.ciphertext));
    assert_true(lewesi_is_zero(x.sent, sizeof x.sent));
}

static void each_half_of_the_ciphertext_counts(void **state)
{
    struct exchange x;

    (void)state;
    agree_on(&x, some_seed, some_randomness);
    for (size_t i = 0; i < sizeof x.ciphertext; i += 16) {
        x.ciphertext[i] ^= 0x10;
        assert_int_equal(lewesi_xwing_decapsulate(x.received, x.ciphertext, x.private_key),
                         LEWES_OK);
        assert_memory_not_equal(x.received, x.sent, sizeof x.sent);
        x.ciphertext[i] ^= 0x10;
    }
}

static void a_failing_back_end_leaves_zeros(void **state)
{
    struct exchange x;

    (void)state;
    agree_on(&x, some_seed, some_randomness);
    backend_fails = true;
    assert_int_equal(lewesi_xwing_encapsulate(x.ciphertext, x.sent, x.public_key, some_randomness),
                     LEWES_ERROR_CRYPTO);
    assert_int_equal(lewesi_xwing_decapsulate(x.received, x.ciphertext, x.private_key),
                     LEWES_ERROR_CRYPTO);
    assert_int_equal(lewesi_xwing_keypair(x.public_key, x.private_key, some_seed),
                     LEWES_ERROR_CRYPTO);
    backend_fails = false;
    assert_true(lewesi_is_zero(&x, sizeof x));
}

static void the_back_end_allocates_nothing(void **state)
{
    struct exchange x;

    (void)state;
    backend_memory_fail(0);
    agree_on(&x, some_seed, some_randomness);
    assert_int_equal(backend_memory_allocations(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_draft_come_out),
        cmocka_unit_test(a_zero_result_of_x25519_is_refused),
        cmocka_unit_test(a_key_whose_mlkem_half_is_not_reduced_is_refused),
        cmocka_unit_test(each_half_of_the_ciphertext_counts),
        cmocka_unit_test(a_failing_back_end_leaves_zeros),
        cmocka_unit_test(the_back_end_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
