/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/digest.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "tests/support/backend_memory.h"
#include "tests/support/vectors.h"

#define PUBLIC_LEN LEWESI_MLKEM768_PUBLIC_LEN
#define CIPHERTEXT_LEN LEWESI_MLKEM768_CIPHERTEXT_LEN
#define SEED_LEN LEWESI_MLKEM768_SEED_LEN
#define ANY_MAX 2048 /* of vectors with wrong lengths */
#define LINE_CAP 4096

static enum lewes_error make_public(uint8_t public_key[PUBLIC_LEN], const uint8_t seed[SEED_LEN])
{
    uint8_t private_key[LEWESI_MLKEM768_PRIVATE_LEN];

    return lewesi_mlkem768_keypair(public_key, private_key, seed);
}

static enum lewes_error open_with_seed(uint8_t secret[32], const uint8_t ciphertext[CIPHERTEXT_LEN],
                                       const uint8_t seed[SEED_LEN])
{
    uint8_t public_key[PUBLIC_LEN], private_key[LEWESI_MLKEM768_PRIVATE_LEN];

    assert_int_equal(lewesi_mlkem768_keypair(public_key, private_key, seed), LEWES_OK);
    return lewesi_mlkem768_decapsulate(secret, ciphertext, private_key);
}

static void check_public(const uint8_t seed[SEED_LEN], const uint8_t expected[PUBLIC_LEN])
{
    uint8_t actual[PUBLIC_LEN];

    assert_int_equal(make_public(actual, seed), LEWES_OK);
    assert_memory_equal(actual, expected, sizeof actual);
    assert_int_equal(lewesi_mlkem768_check(actual), LEWES_OK);
}

static void check_secret(const json_t *vector, const char *name, const uint8_t actual[32])
{
    uint8_t expected[32];

    vectors_exact(vector, name, expected, sizeof expected);
    assert_memory_equal(actual, expected, sizeof expected);
}

/* ---- Wycheproof ---- */

static void keys_agree_with_wycheproof(void **state)
{
    json_t *const file = vectors_load("wycheproof/mlkem_768_keygen_seed_test.json");
    uint8_t seed[SEED_LEN], expected[PUBLIC_LEN];
    const json_t *group, *vector;
    unsigned count = 0;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            vectors_exact(vector, "seed", seed, sizeof seed);
            vectors_exact(vector, "ek", expected, sizeof expected);
            check_public(seed, expected);
            count++;
        }
    }
    json_decref(file);
    assert_int_equal(count, 100);
}

static void check_encapsulation(const json_t *vector, const char *c, const char *k, const char *ek)
{
    uint8_t public_key[PUBLIC_LEN], m[32], secret[32];
    uint8_t expected[CIPHERTEXT_LEN], actual[CIPHERTEXT_LEN];

    vectors_exact(vector, ek, public_key, sizeof public_key);
    vectors_exact(vector, "m", m, sizeof m);
    vectors_exact(vector, c, expected, sizeof expected);
    assert_int_equal(lewesi_mlkem768_check(public_key), LEWES_OK);
    assert_int_equal(lewesi_mlkem768_encapsulate(actual, secret, public_key, m), LEWES_OK);
    assert_memory_equal(actual, expected, sizeof actual);
    check_secret(vector, k, secret);
}

static void assert_key_refused(const uint8_t public_key[PUBLIC_LEN])
{
    static const uint8_t m[32] = {1};
    uint8_t ciphertext[CIPHERTEXT_LEN], secret[32];

    assert_int_equal(lewesi_mlkem768_check(public_key), LEWES_ERROR_KEY);
    memset(ciphertext, 0xee, sizeof ciphertext);
    memset(secret, 0xee, sizeof secret);
    assert_int_equal(lewesi_mlkem768_encapsulate(ciphertext, secret, public_key, m),
                     LEWES_ERROR_KEY);
    assert_true(lewesi_is_zero(ciphertext, sizeof ciphertext));
    assert_true(lewesi_is_zero(secret, sizeof secret));
}

/* Twenty vectors have keys of another length, which cannot be expressed. */
static void encapsulation_agrees_with_wycheproof(void **state)
{
    json_t *const file = vectors_load("wycheproof/mlkem_768_encaps_test.json");
    unsigned valid = 0, refused = 0, other = 0;
    uint8_t public_key[ANY_MAX];
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            if (vectors_text_is(vector, "result", "valid")) {
                check_encapsulation(vector, "c", "K", "ek");
                valid++;
            } else if (vectors_hex(vector, "ek", public_key, sizeof public_key) == PUBLIC_LEN) {
                assert_key_refused(public_key);
                refused++;
            } else {
                other++;
            }
        }
    }
    json_decref(file);
    assert_int_equal(valid, 133);
    assert_int_equal(refused, 112);
    assert_int_equal(other, 20);
}

static void check_decapsulation(const json_t *vector)
{
    uint8_t seed[SEED_LEN], public_key[PUBLIC_LEN], ciphertext[CIPHERTEXT_LEN], secret[32];

    vectors_exact(vector, "seed", seed, sizeof seed);
    vectors_exact(vector, "ek", public_key, sizeof public_key);
    vectors_exact(vector, "c", ciphertext, sizeof ciphertext);
    check_public(seed, public_key);
    assert_int_equal(open_with_seed(secret, ciphertext, seed), LEWES_OK);
    check_secret(vector, "K", secret);
}

/* The invalid ones have seeds or ciphertexts of another length, which cannot be expressed. */
static void decapsulation_agrees_with_wycheproof(void **state)
{
    json_t *const file = vectors_load("wycheproof/mlkem_768_test.json");
    unsigned valid = 0, other = 0;
    uint8_t any[ANY_MAX];
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            if (vectors_text_is(vector, "result", "valid")) {
                check_decapsulation(vector);
                valid++;
            } else {
                assert_true(vectors_hex(vector, "seed", any, sizeof any) != SEED_LEN ||
                            vectors_hex(vector, "c", any, sizeof any) != CIPHERTEXT_LEN);
                other++;
            }
        }
    }
    json_decref(file);
    assert_int_equal(valid, 153);
    assert_int_equal(other, 40);
}

/* ---- ACVP: questions in one file, answers in the other ---- */

struct acvp {
    json_t *prompt, *expected;
};

static struct acvp acvp_load(const char *prompt, const char *expected)
{
    return (struct acvp){vectors_load(prompt), vectors_load(expected)};
}

static void acvp_free(struct acvp *acvp)
{
    json_decref(acvp->prompt);
    json_decref(acvp->expected);
}

/* The tests of group `id` in one of the files. */
static const json_t *acvp_group(const json_t *file, json_int_t id)
{
    const json_t *group;
    size_t i;

    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        if (json_integer_value(vectors_member(group, "tgId")) == id)
            return vectors_member(group, "tests");
    }
    fail_msg("no group");
    return NULL;
}

/* Question and answer number `i` of a group as one object, or NULL after the last. */
static json_t *acvp_next(const struct acvp *acvp, json_int_t group, size_t i)
{
    const json_t *const prompts = acvp_group(acvp->prompt, group);
    const json_t *const answers = acvp_group(acvp->expected, group);
    json_t *both;

    assert_int_equal(json_array_size(prompts), json_array_size(answers));
    if (i == json_array_size(prompts))
        return NULL;
    both = json_copy(json_array_get(prompts, i));
    assert_int_equal(json_integer_value(vectors_member(both, "tcId")),
                     json_integer_value(vectors_member(json_array_get(answers, i), "tcId")));
    assert_int_equal(json_object_update(both, json_array_get(answers, i)), 0);
    return both;
}

#define ACVP "acvp/mlkem-1.1.0.40/"

static void keys_agree_with_acvp(void **state)
{
    struct acvp acvp = acvp_load(ACVP "keygen/prompt.json", ACVP "keygen/expectedResults.json");
    uint8_t seed[SEED_LEN], expected[PUBLIC_LEN];
    unsigned count = 0;
    json_t *vector;

    (void)state;
    while ((vector = acvp_next(&acvp, 2, count)) != NULL) {
        vectors_exact(vector, "d", seed, 32);
        vectors_exact(vector, "z", seed + 32, 32);
        vectors_exact(vector, "ek", expected, sizeof expected);
        check_public(seed, expected);
        json_decref(vector);
        count++;
    }
    acvp_free(&acvp);
    assert_int_equal(count, 25);
}

/* The bad keys have another length, which cannot be expressed. */
static void encapsulation_and_the_check_of_keys_agree_with_acvp(void **state)
{
    struct acvp acvp =
        acvp_load(ACVP "encap-decap/prompt.json", ACVP "encap-decap/expectedResults.json");
    uint8_t public_key[ANY_MAX];
    unsigned count = 0, good = 0, other = 0;
    json_t *vector;

    (void)state;
    while ((vector = acvp_next(&acvp, 2, count)) != NULL) {
        check_encapsulation(vector, "c", "k", "ek");
        json_decref(vector);
        count++;
    }
    while ((vector = acvp_next(&acvp, 10, good + other)) != NULL) {
        const bool expressible =
            vectors_hex(vector, "ek", public_key, sizeof public_key) == PUBLIC_LEN;

        assert_int_equal(json_is_true(vectors_member(vector, "testPassed")), expressible);
        if (expressible) {
            assert_int_equal(lewesi_mlkem768_check(public_key), LEWES_OK);
            good++;
        } else {
            other++;
        }
        json_decref(vector);
    }
    acvp_free(&acvp);
    assert_int_equal(count, 25);
    assert_int_equal(good, 5);
    assert_int_equal(other, 5);
}

/* ---- known answers ---- */

static void check_digest(const json_t *vector, const char *name, const uint8_t *bytes, size_t len)
{
    uint8_t expected[32], actual[32];

    vectors_exact(vector, name, expected, sizeof expected);
    assert_int_equal(EVP_Digest(bytes, len, actual, NULL, EVP_sha3_256(), NULL), 1);
    assert_memory_equal(actual, expected, sizeof actual);
}

static void the_known_answers_come_out(void **state)
{
    json_t *const file = vectors_load("kats/libcrux.nistkats_mlkem_768.json");
    uint8_t seed[SEED_LEN], m[32], public_key[PUBLIC_LEN], ciphertext[CIPHERTEXT_LEN];
    uint8_t sent[32], received[32];
    const json_t *vector;
    unsigned count = 0;
    size_t i;

    (void)state;
    json_array_foreach(file, i, vector)
    {
        vectors_exact(vector, "key_generation_seed", seed, sizeof seed);
        vectors_exact(vector, "encapsulation_seed", m, sizeof m);
        assert_int_equal(make_public(public_key, seed), LEWES_OK);
        check_digest(vector, "sha3_256_hash_of_public_key", public_key, sizeof public_key);
        assert_int_equal(lewesi_mlkem768_encapsulate(ciphertext, sent, public_key, m), LEWES_OK);
        check_digest(vector, "sha3_256_hash_of_ciphertext", ciphertext, sizeof ciphertext);
        check_secret(vector, "shared_secret", sent);
        assert_int_equal(open_with_seed(received, ciphertext, seed), LEWES_OK);
        assert_memory_equal(received, sent, sizeof sent);
        count++;
    }
    json_decref(file);
    assert_int_equal(count, 100);
}

static void keys_that_are_not_reduced_are_refused(void **state)
{
    FILE *const file = vectors_open("kats/libcrux.invalid_modulus.ML-KEM-768.txt");
    uint8_t public_key[PUBLIC_LEN];
    char line[LINE_CAP];
    unsigned count = 0;

    (void)state;
    while (fgets(line, sizeof line, file) != NULL) {
        vector_hex_prefix(line, public_key, sizeof public_key);
        assert_key_refused(public_key);
        count++;
    }
    (void)fclose(file);
    assert_int_equal(count, 780);
}

/* ---- our own edges ---- */

/* Coefficient `i` of the public key. */
static void put_coefficient(uint8_t public_key[PUBLIC_LEN], size_t i, unsigned value)
{
    uint8_t *const p = public_key + i / 2 * 3;

    if (i % 2 == 0) {
        p[0] = (uint8_t)value;
        p[1] = (uint8_t)((p[1] & 0xf0) | value >> 8);
    } else {
        p[1] = (uint8_t)((p[1] & 0x0f) | (value & 0x0f) << 4);
        p[2] = (uint8_t)(value >> 4);
    }
}

static void every_coefficient_is_checked_up_to_the_modulus(void **state)
{
    uint8_t public_key[PUBLIC_LEN];

    (void)state;
    memset(public_key, 0, sizeof public_key);
    memset(public_key + 1152, 0xff, 32); /* the seed may be anything */
    for (size_t i = 0; i < 768; i++) {
        put_coefficient(public_key, i, 3328);
        assert_int_equal(lewesi_mlkem768_check(public_key), LEWES_OK);
        put_coefficient(public_key, i, 3329);
        assert_int_equal(lewesi_mlkem768_check(public_key), LEWES_ERROR_KEY);
        put_coefficient(public_key, i, 4095);
        assert_int_equal(lewesi_mlkem768_check(public_key), LEWES_ERROR_KEY);
        put_coefficient(public_key, i, 0);
    }
}

static void a_spoiled_ciphertext_gives_another_secret(void **state)
{
    static const uint8_t seed[SEED_LEN] = {1}, m[32] = {2};
    uint8_t public_key[PUBLIC_LEN], ciphertext[CIPHERTEXT_LEN], sent[32], received[32], again[32];

    (void)state;
    assert_int_equal(make_public(public_key, seed), LEWES_OK);
    assert_int_equal(lewesi_mlkem768_encapsulate(ciphertext, sent, public_key, m), LEWES_OK);
    for (size_t i = 0; i < CIPHERTEXT_LEN; i += 16) {
        ciphertext[i] ^= 0x10;
        assert_int_equal(open_with_seed(received, ciphertext, seed), LEWES_OK);
        assert_int_equal(open_with_seed(again, ciphertext, seed), LEWES_OK);
        assert_memory_not_equal(received, sent, sizeof sent);
        assert_memory_equal(received, again, sizeof again);
        ciphertext[i] ^= 0x10;
    }
}

struct exchange {
    uint8_t public_key[PUBLIC_LEN], private_key[LEWESI_MLKEM768_PRIVATE_LEN];
    uint8_t ciphertext[CIPHERTEXT_LEN], sent[32], received[32];
};

/* A handshake must not fail for want of memory that nobody can count (design: no allocation of the
 * back end beside a key that is made once). */
static void the_back_end_allocates_nothing(void **state)
{
    static const uint8_t seed[SEED_LEN] = {1}, m[32] = {2};
    struct exchange x;
    const size_t blocks = backend_memory_blocks();

    (void)state;
    backend_memory_fail(1);
    assert_int_equal(lewesi_mlkem768_keypair(x.public_key, x.private_key, seed), LEWES_OK);
    assert_int_equal(lewesi_mlkem768_encapsulate(x.ciphertext, x.sent, x.public_key, m), LEWES_OK);
    assert_int_equal(lewesi_mlkem768_decapsulate(x.received, x.ciphertext, x.private_key),
                     LEWES_OK);
    backend_memory_fail(0);
    assert_memory_equal(x.received, x.sent, sizeof x.sent);
    assert_int_equal(backend_memory_blocks(), blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_agree_with_wycheproof),
        cmocka_unit_test(encapsulation_agrees_with_wycheproof),
        cmocka_unit_test(decapsulation_agrees_with_wycheproof),
        cmocka_unit_test(keys_agree_with_acvp),
        cmocka_unit_test(encapsulation_and_the_check_of_keys_agree_with_acvp),
        cmocka_unit_test(the_known_answers_come_out),
        cmocka_unit_test(keys_that_are_not_reduced_are_refused),
        cmocka_unit_test(every_coefficient_is_checked_up_to_the_modulus),
        cmocka_unit_test(a_spoiled_ciphertext_gives_another_secret),
        cmocka_unit_test(the_back_end_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
