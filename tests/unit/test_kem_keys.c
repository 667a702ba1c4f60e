/* SPDX-License-Identifier: Apache-2.0 */
/* What callers see of the suites: names, key pairs of an identity, digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/identity.h"
#include "tests/support/backend_memory.h"
#include "tests/support/env.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/vectors.h"

/* The linker puts this before ML-KEM, to make it fail. */
enum lewes_error __real_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed);
enum lewes_error __wrap_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed);

static bool backend_fails;

enum lewes_error __wrap_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed)
{
    if (!backend_fails)
        return __real_lewesi_mlkem768_keypair(public_key, private_key, seed);
    memset(public_key, 0, LEWESI_MLKEM768_PUBLIC_LEN);
    memset(private_key, 0, LEWESI_MLKEM768_PRIVATE_LEN);
    return LEWES_ERROR_CRYPTO;
}

static const enum lewes_kem with_seed[] = {LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
#define WITH_SEED (sizeof with_seed / sizeof with_seed[0])

static struct lewes_kem_seed seed_of(uint8_t fill)
{
    struct lewes_kem_seed seed;

    memset(seed.bytes, fill, sizeof seed.bytes);
    return seed;
}

static struct lewes_identity *make_identity(struct test_env *test)
{
    struct lewes_ed25519_seed seed;
    struct lewes_identity *identity = NULL;

    memset(seed.bytes, 0x22, sizeof seed.bytes);
    test_env_init(test, 1);
    assert_int_equal(lewes_identity_new(&identity, &test->env, &seed), LEWES_OK);
    return identity;
}

static enum lewes_kem no_kem(unsigned number)
{
    /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
    return (enum lewes_kem)number;
}

static void each_suite_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(lewes_kem_name(LEWES_KEM_X25519), "x25519");
    assert_string_equal(lewes_kem_name(LEWES_KEM_MLKEM768), "mlkem768");
    assert_string_equal(lewes_kem_name(LEWES_KEM_XWING), "xwing");
    assert_string_equal(lewes_kem_name(no_kem(2)), "unknown");
    assert_false(lewes_kem_is_post_quantum(LEWES_KEM_X25519));
    assert_true(lewes_kem_is_post_quantum(LEWES_KEM_MLKEM768));
    assert_true(lewes_kem_is_post_quantum(LEWES_KEM_XWING));
    assert_false(lewes_kem_is_post_quantum(no_kem(2)));
}

static void a_seed_is_as_long_as_its_suite_needs(void **state)
{
    static const size_t lens[WITH_SEED] = {64, 32};
    struct lewes_kem_seed seed;
    struct test_env test;

    (void)state;
    for (size_t i = 0; i < WITH_SEED; i++) {
        const size_t len = lens[i];

        test_env_init(&test, 1);
        memset(&seed, 0xee, sizeof seed);
        assert_int_equal(lewes_kem_generate(&seed, with_seed[i], &test.env), LEWES_OK);
        assert_false(lewesi_is_zero(seed.bytes, 8));
        assert_false(lewesi_is_zero(seed.bytes + len - 8, 8));
        assert_true(lewesi_is_zero(seed.bytes + len, sizeof seed.bytes - len));
        test_env_init(&test, 1);
        test.fail_draw = 1;
        assert_int_equal(lewes_kem_generate(&seed, with_seed[i], &test.env), LEWES_ERROR_RANDOM);
        assert_true(lewesi_is_zero(&seed, sizeof seed));
    }
}

static void there_is_no_seed_for_x25519_or_for_no_suite(void **state)
{
    const enum lewes_kem others[] = {LEWES_KEM_X25519, no_kem(2), no_kem(3), no_kem(254)};
    struct lewes_kem_seed seed;
    struct test_env test;
    struct lewes_identity *const identity = make_identity(&test);

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        memset(&seed, 0xee, sizeof seed);
        assert_int_equal(lewes_kem_generate(&seed, others[i], &test.env), LEWES_ERROR_ARGUMENT);
        assert_true(lewesi_is_zero(&seed, sizeof seed));
        assert_int_equal(lewes_identity_add_kem(identity, others[i], &seed), LEWES_ERROR_ARGUMENT);
    }
    assert_int_equal(test.draws, 0);
    lewes_identity_free(identity);
    test_env_assert_clean(&test);
}

static unsigned answered(const struct lewes_identity *identity)
{
    unsigned count = 0;

    for (unsigned id = 0; id < 512; id++) {
        const struct lewesi_kem_public public_key = lewesi_identity_kem_public(identity, id);
        const struct lewesi_kem_private private_key = lewesi_identity_kem_private(identity, id);

        assert_ptr_equal(public_key.kem, private_key.kem);
        assert_true(public_key.kem == NULL || (unsigned)public_key.kem->id == id);
        count += public_key.kem != NULL;
    }
    return count;
}

/* In either order. */
static void an_identity_answers_every_suite_that_it_was_given(void **state)
{
    (void)state;
    for (size_t first = 0; first < WITH_SEED; first++) {
        struct test_env test;
        struct lewes_identity *const identity = make_identity(&test);
        const struct lewes_kem_seed seed = seed_of(1), other = seed_of(2);

        for (unsigned i = 0; i < WITH_SEED; i++) {
            const enum lewes_kem kem = with_seed[(first + i) % WITH_SEED];

            assert_null(lewesi_identity_kem_public(identity, kem).kem);
            assert_int_equal(lewes_identity_add_kem(identity, kem, &seed), LEWES_OK);
            assert_int_equal(lewes_identity_add_kem(identity, kem, &other), LEWES_ERROR_ARGUMENT);
            assert_int_equal(answered(identity), i + 2);
        }
        lewes_identity_free(identity);
        test_env_assert_clean(&test);
    }
}

static void the_public_key_is_that_of_the_seed(void **state)
{
    struct test_env test;
    struct lewes_identity *const identity = make_identity(&test);
    const struct lewes_kem_seed seed = seed_of(1);
    struct lewes_kem_public key, before;

    (void)state;
    memset(&key, 0xee, sizeof key);
    memset(&before, 0xee, sizeof before);
    for (size_t i = 0; i < WITH_SEED; i++) {
        const struct lewesi_kem *const row = lewesi_kem_find(with_seed[i]);
        uint8_t public_key[LEWESI_KEM_PUBLIC_MAX], private_key[LEWESI_KEM_PRIVATE_MAX];

        assert_int_equal(lewes_identity_kem(identity, with_seed[i], &before), LEWES_ERROR_ARGUMENT);
        assert_int_equal(lewes_identity_add_kem(identity, with_seed[i], &seed), LEWES_OK);
        assert_int_equal(lewes_identity_kem(identity, with_seed[i], &key), LEWES_OK);
        assert_int_equal(row->keypair(public_key, private_key, seed.bytes), LEWES_OK);
        assert_int_equal(key.kem, with_seed[i]);
        assert_int_equal(key.len, row->public_len);
        assert_memory_equal(key.bytes, public_key, key.len);
        assert_memory_equal(lewesi_identity_kem_private(identity, with_seed[i]).bytes, private_key,
                            row->private_len);
        assert_int_equal(lewes_kem_check(&key), LEWES_OK);
        memset(&key, 0xee, sizeof key);
        assert_memory_equal(&before, &key, sizeof key);
    }
    assert_int_equal(lewes_identity_kem(identity, LEWES_KEM_X25519, &key), LEWES_OK);
    assert_int_equal(key.len, 32);
    assert_memory_equal(key.bytes, identity->x25519.bytes, 32);
    lewes_identity_free(identity);
    test_env_assert_clean(&test);
}

static void what_fails_leaves_the_identity_as_it_was(void **state)
{
    struct test_env test;
    struct lewes_identity *const identity = make_identity(&test);
    const struct lewes_kem_seed seed = seed_of(1);

    (void)state;
    for (size_t i = 0; i < WITH_SEED; i++) {
        test.fail_allocation = test.allocations + 1;
        assert_int_equal(lewes_identity_add_kem(identity, with_seed[i], &seed), LEWES_ERROR_MEMORY);
        test.fail_allocation = 0;
        backend_fails = true;
        assert_int_equal(lewes_identity_add_kem(identity, with_seed[i], &seed), LEWES_ERROR_CRYPTO);
        backend_fails = false;
        assert_int_equal(answered(identity), i + 1);
        assert_int_equal(test.live_blocks, i + 1);
        assert_int_equal(lewes_identity_add_kem(identity, with_seed[i], &seed), LEWES_OK);
    }
    lewes_identity_free(identity);
    test_env_assert_clean(&test);
}

/* Nothing that threads share is written when a key is used: it is expanded already. */
static void the_use_of_a_key_changes_and_allocates_nothing(void **state)
{
    struct test_env test;
    struct lewes_identity *const identity = make_identity(&test);
    const struct lewes_kem_seed seed = seed_of(1);
    static const uint8_t randomness[LEWESI_KEM_RANDOM_MAX] = {1, [32] = 2};
    uint8_t ciphertext[LEWESI_KEM_CIPHERTEXT_MAX], sent[32], received[32];

    (void)state;
    for (size_t i = 0; i < WITH_SEED; i++) {
        struct lewesi_kem_public public_key;
        struct lewesi_kem_private private_key;
        struct lewesi_kem_pair before;

        assert_int_equal(lewes_identity_add_kem(identity, with_seed[i], &seed), LEWES_OK);
        before = *identity->pairs[i];
        public_key = lewesi_identity_kem_public(identity, with_seed[i]);
        private_key = lewesi_identity_kem_private(identity, with_seed[i]);
        backend_memory_fail(1);
        assert_int_equal(
            public_key.kem->encapsulate(ciphertext, sent, public_key.bytes, randomness), LEWES_OK);
        assert_int_equal(private_key.kem->decapsulate(received, ciphertext, private_key.bytes),
                         LEWES_OK);
        backend_memory_fail(0);
        assert_memory_equal(received, sent, sizeof sent);
        assert_memory_equal(identity->pairs[i], &before, sizeof before);
    }
    assert_int_equal(test.allocations, 1 + WITH_SEED);
    lewes_identity_free(identity);
    test_env_assert_clean(&test);
}

static void check_lengths(const struct lewesi_kem *kem)
{
    struct lewes_kem_public key = {.kem = kem->id};
    struct lewes_kem_digest digest, before;

    memset(&digest, 0xee, sizeof digest);
    memset(&before, 0xee, sizeof before);
    for (size_t len = 0; len <= LEWES_KEM_PUBLIC_MAX + 1; len++) {
        key.len = len;
        if (len == kem->public_len) {
            assert_int_equal(lewes_kem_check(&key), LEWES_OK);
            continue;
        }
        assert_int_equal(lewes_kem_check(&key), LEWES_ERROR_KEY);
        assert_int_equal(lewes_kem_digest(&digest, &key, LEWES_HASH_BLAKE3), LEWES_ERROR_ARGUMENT);
    }
    key.len = kem->public_len;
    assert_int_equal(lewes_kem_digest(&digest, &key, (enum lewes_hash)LEWES_HASHES),
                     LEWES_ERROR_ARGUMENT);
    assert_memory_equal(&digest, &before, sizeof digest);
}

static void only_the_length_of_the_suite_is_a_key(void **state)
{
    (void)state;
    kem_suites_each(check_lengths);
}

static void a_key_of_no_suite_is_none(void **state)
{
    const struct lewes_kem_public key = {.kem = no_kem(2), .len = 32};
    struct lewes_kem_digest digest;

    (void)state;
    assert_int_equal(lewes_kem_check(&key), LEWES_ERROR_KEY);
    assert_int_equal(lewes_kem_digest(&digest, &key, LEWES_HASH_BLAKE3), LEWES_ERROR_ARGUMENT);
}

/* P25, step 6 */
static void a_coefficient_that_is_not_reduced_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < WITH_SEED; i++) {
        struct lewes_kem_public key = {.kem = with_seed[i],
                                       .len = lewesi_kem_find(with_seed[i])->public_len};

        assert_int_equal(lewes_kem_check(&key), LEWES_OK);
        key.bytes[0] = 0x01;
        key.bytes[1] = 0x0d; /* 3329 */
        assert_int_equal(lewes_kem_check(&key), LEWES_ERROR_KEY);
    }
}

static void check_recorded_digest(const json_t *vector, const struct lewesi_kem *kem)
{
    static const char *const names[LEWES_HASHES] = {"Blake3", "SHAKE256", "SHAKE128", "SHA256"};
    struct lewes_kem_public key = {.kem = kem->id, .len = kem->public_len};
    struct lewes_kem_digest digest;
    uint8_t expected[LEWES_KEM_DIGEST_LEN];
    unsigned compared = 0;

    vectors_exact(vector, "kem_public", key.bytes, key.len);
    vectors_exact(vector, "key_hash", expected, sizeof expected);
    for (unsigned hash = 0; hash < LEWES_HASHES; hash++) {
        if (!vectors_text_is(vector, "hash", names[hash]))
            continue;
        assert_int_equal(lewes_kem_digest(&digest, &key, (enum lewes_hash)hash), LEWES_OK);
        assert_int_equal(digest.kem, kem->id);
        assert_int_equal(digest.hash, hash);
        assert_memory_equal(digest.bytes, expected, sizeof expected);
        compared++;
    }
    assert_int_equal(compared, 1);
}

static void the_recorded_digests_come_out(void **state)
{
    (void)state;
    kem_vectors_each("kkt", LEWES_HASHES, check_recorded_digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_suite_has_a_name),
        cmocka_unit_test(a_seed_is_as_long_as_its_suite_needs),
        cmocka_unit_test(there_is_no_seed_for_x25519_or_for_no_suite),
        cmocka_unit_test(an_identity_answers_every_suite_that_it_was_given),
        cmocka_unit_test(the_public_key_is_that_of_the_seed),
        cmocka_unit_test(what_fails_leaves_the_identity_as_it_was),
        cmocka_unit_test(the_use_of_a_key_changes_and_allocates_nothing),
        cmocka_unit_test(only_the_length_of_the_suite_is_a_key),
        cmocka_unit_test(a_key_of_no_suite_is_none),
        cmocka_unit_test(a_coefficient_that_is_not_reduced_is_noticed),
        cmocka_unit_test(the_recorded_digests_come_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
