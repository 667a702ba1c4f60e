/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/kem.h"
#include "tests/support/vectors.h"

/* A key exchange as it was recorded, in serialised form (protocol.md 8.1). */
struct exchange {
    const struct lewesi_kem *kem;
    uint8_t public_key[LEWESI_KEM_PUBLIC_MAX];
    uint8_t private_key[LEWESI_KEM_PRIVATE_MAX];
    uint8_t randomness[LEWESI_KEM_RANDOM_MAX];
    uint8_t ciphertext[LEWESI_KEM_PREFIX_MAX + LEWESI_KEM_CIPHERTEXT_MAX];
    uint8_t secret[1 + LEWESI_KEM_SECRET_LEN];
};

static void check_exchange(const struct exchange *x)
{
    uint8_t ciphertext[LEWESI_KEM_CIPHERTEXT_MAX], secret[LEWESI_KEM_SECRET_LEN];
    const uint8_t *const raw = x->ciphertext + x->kem->prefix_len;

    assert_memory_equal(x->ciphertext, x->kem->ciphertext_prefix, x->kem->prefix_len);
    assert_int_equal(x->kem->check_public(x->public_key), LEWES_OK);
    assert_int_equal(x->kem->encapsulate(ciphertext, secret, x->public_key, x->randomness),
                     LEWES_OK);
    assert_memory_equal(ciphertext, raw, x->kem->ciphertext_len);
    assert_int_equal(x->secret[0], x->kem->tag);
    assert_memory_equal(secret, x->secret + 1, sizeof secret);
    memset(secret, 0, sizeof secret);
    assert_int_equal(x->kem->decapsulate(secret, raw, x->private_key), LEWES_OK);
    assert_memory_equal(secret, x->secret + 1, sizeof secret);
}

static void the_rows_have_the_sizes_and_prefixes_of_the_protocol(void **state)
{
    const struct lewesi_kem *const x25519 = lewesi_kem_find(255);
    const struct lewesi_kem *const mlkem768 = lewesi_kem_find(1);

    (void)state;
    assert_non_null(x25519);
    assert_int_equal(x25519->id, LEWES_KEM_X25519);
    assert_int_equal(x25519->tag, 0);
    assert_int_equal(x25519->public_len, 32);
    assert_int_equal(x25519->ciphertext_len, 32);
    assert_int_equal(x25519->random_len, 32);
    assert_int_equal(x25519->seed_len, 32);
    assert_int_equal(x25519->private_len, 32);
    assert_int_equal(x25519->prefix_len, 1);
    assert_memory_equal(x25519->public_prefix, "\x00", 1);
    assert_memory_equal(x25519->ciphertext_prefix, "\x00", 1);

    assert_non_null(mlkem768);
    assert_int_equal(mlkem768->id, LEWES_KEM_MLKEM768);
    assert_int_equal(mlkem768->tag, 3);
    assert_int_equal(mlkem768->public_len, 1184);
    assert_int_equal(mlkem768->ciphertext_len, 1088);
    assert_int_equal(mlkem768->random_len, 32);
    assert_int_equal(mlkem768->seed_len, 64);
    assert_int_equal(mlkem768->private_len, 2400);
    assert_int_equal(mlkem768->prefix_len, 3);
    assert_memory_equal(mlkem768->public_prefix, "\x03\x44\xa0", 3);
    assert_memory_equal(mlkem768->ciphertext_prefix, "\x03\x44\x40", 3);
}

static void the_row_of_xwing_has_the_sizes_and_prefixes_of_the_protocol(void **state)
{
    const struct lewesi_kem *const xwing = lewesi_kem_find(0);

    (void)state;
    assert_non_null(xwing);
    assert_int_equal(xwing->id, LEWES_KEM_XWING);
    assert_int_equal(xwing->tag, 5);
    assert_int_equal(xwing->public_len, 1216);
    assert_int_equal(xwing->ciphertext_len, 1120);
    assert_int_equal(xwing->random_len, 64);
    assert_int_equal(xwing->seed_len, 32);
    assert_int_equal(xwing->private_len, 2464);
    assert_int_equal(xwing->prefix_len, 3);
    assert_memory_equal(xwing->public_prefix, "\x05\x44\xa0", 3);
    assert_memory_equal(xwing->ciphertext_prefix, "\x05\x44\x40", 3);
}

static void there_is_no_other_suite(void **state)
{
    unsigned found = 0;

    (void)state;
    for (unsigned id = 0; id < 1024; id++) {
        const struct lewesi_kem *const kem = lewesi_kem_find(id);

        found += kem != NULL;
        if (kem != NULL) {
            assert_int_equal(kem->id, id);
            assert_true(kem->public_len <= LEWESI_KEM_PUBLIC_MAX);
            assert_true(kem->ciphertext_len <= LEWESI_KEM_CIPHERTEXT_MAX);
            assert_true(kem->random_len <= LEWESI_KEM_RANDOM_MAX);
            assert_true(kem->seed_len <= LEWESI_KEM_SEED_MAX);
            assert_true(kem->private_len <= LEWESI_KEM_PRIVATE_MAX);
            assert_true(kem->prefix_len <= LEWESI_KEM_PREFIX_MAX);
        }
    }
    assert_int_equal(found, 3);
}

/* The recordings of PSQ hold expanded ML-KEM keys; the seed stands beside the same public key. */
static void load_seed(uint8_t *seed, const struct lewesi_kem *kem, const json_t *vectors,
                      const char *public_hex)
{
    const json_t *vector;
    size_t i;

    json_array_foreach(vectors, i, vector)
    {
        if (vectors_text_is(vector, "kind", "kkt") &&
            vectors_text_is(vector, "kem_public", public_hex)) {
            vectors_exact(vector, "keygen_randomness", seed, kem->seed_len);
            return;
        }
    }
    fail_msg("no seed for the key");
}

static void clamp(uint8_t scalar[32])
{
    scalar[0] &= 0xf8;
    scalar[31] = (uint8_t)((scalar[31] & 0x7f) | 0x40);
}

static void check_psq_vector(const json_t *vectors, const json_t *vector, unsigned id,
                             const char *secret)
{
    struct exchange x = {.kem = lewesi_kem_find(id)};
    uint8_t seed[LEWESI_KEM_SEED_MAX], recorded[LEWESI_KEM_PRIVATE_MAX];
    size_t recorded_len;

    assert_non_null(x.kem);
    vectors_exact(vector, "encaps_randomness", x.randomness, x.kem->random_len);
    vector_hex_prefix(vectors_text(vector, "psq_ciphertext"), x.ciphertext,
                      (size_t)x.kem->prefix_len + x.kem->ciphertext_len);
    vector_hex(secret, x.secret, sizeof x.secret);
    load_seed(seed, x.kem, vectors, vectors_text(vector, "kem_public"));
    assert_int_equal(x.kem->keypair(x.public_key, x.private_key, seed), LEWES_OK);
    recorded_len = vectors_hex(vector, "kem_private", recorded, sizeof recorded);
    if (id == LEWES_KEM_XWING) { /* recorded as seed */
        assert_memory_equal(seed, recorded, recorded_len);
    } else {
        if (id == LEWES_KEM_X25519) /* recorded clamped, RFC 7748 */
            clamp(x.private_key);
        assert_memory_equal(x.private_key, recorded, recorded_len);
    }
    assert_int_equal(recorded_len, id == LEWES_KEM_XWING ? x.kem->seed_len : x.kem->private_len);
    vectors_exact(vector, "kem_public", recorded, x.kem->public_len);
    assert_memory_equal(x.public_key, recorded, x.kem->public_len);
    check_exchange(&x);
}

/* The secrets are those of protocol.md 17. */
static void the_psq_recordings_come_out(void **state)
{
    static const struct {
        const char *name;
        unsigned id;
        const char *secret;
    } suites[] = {
        {"X25519", LEWES_KEM_X25519,
         "00454a5f6bf32c20a958fe236b9786f14fa56950ff847d7fd732d4b08f43958c52"},
        {"MlKem768", LEWES_KEM_MLKEM768,
         "0320bc58263fa78a0f7933fc61b8d2d0038d13fb8ebe12248f6917b1ecd275d030"},
        {"XWing", LEWES_KEM_XWING,
         "0583f0c702e41482ca99fc3d7c47089ab7fcd026d481c76f13be66d233d2b5ce8a"},
    };
    json_t *const file = vectors_load("lp/generation1.json");
    const json_t *const vectors = vectors_member(file, "kem_vectors");
    const json_t *vector;
    unsigned count = 0;
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        for (size_t j = 0; j < sizeof suites / sizeof suites[0]; j++) {
            if (vectors_text_is(vector, "kind", "psq") &&
                vectors_text_is(vector, "kem", suites[j].name)) {
                check_psq_vector(vectors, vector, suites[j].id, suites[j].secret);
                count++;
            }
        }
    }
    json_decref(file);
    assert_int_equal(count, 3);
}

static void check_session(const json_t *session)
{
    const json_t *const client = vectors_member(session, "client");
    const json_t *const gateway = vectors_member(session, "gateway");
    struct exchange x = {.kem = lewesi_kem_find(LEWES_KEM_X25519)};
    struct lewes_x25519_private ephemeral;
    struct lewes_x25519_public ciphertext;

    assert_true(vectors_text_is(gateway, "kem", "X25519"));
    vectors_exact(gateway, "kem_public", x.public_key, 32);
    vectors_exact(gateway, "kem_private", x.private_key, 32);
    vectors_exact(client, "kem_ephemeral_private", x.randomness, 32);
    vectors_exact(session, "psq_kem_shared_secret_tagged", x.secret, sizeof x.secret);
    memcpy(ephemeral.bytes, x.randomness, 32);
    lewesi_x25519_public(&ciphertext, &ephemeral); /* protocol.md 8.1: E = X25519(e, 9) */
    memcpy(x.ciphertext + 1, ciphertext.bytes, 32);
    check_exchange(&x);
}

static void the_secrets_of_the_recorded_sessions_come_out(void **state)
{
    json_t *const file = vectors_load("lp/generation1.json");
    const json_t *transcript, *session;
    unsigned count = 0;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "transcripts"), i, transcript)
    {
        json_array_foreach(vectors_member(transcript, "sessions"), j, session)
        {
            check_session(session);
            count++;
        }
    }
    json_decref(file);
    assert_int_equal(count, 6);
}

/* P19: all on the curve, one on its twist, and one that is not reduced */
static void x25519_refuses_points_of_small_order(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    const struct lewesi_kem *const kem = lewesi_kem_find(LEWES_KEM_X25519);
    static const uint8_t scalar[32] = {0x40, 1, 2, 3};

    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint8_t point[32], ciphertext[32], secret[32];

        vector_hex(points[i], point, sizeof point);
        memset(ciphertext, 0xee, sizeof ciphertext);
        memset(secret, 0xee, sizeof secret);
        assert_int_equal(kem->encapsulate(ciphertext, secret, point, scalar), LEWES_ERROR_KEY);
        assert_true(lewesi_is_zero(ciphertext, sizeof ciphertext));
        assert_true(lewesi_is_zero(secret, sizeof secret));
        memset(secret, 0xee, sizeof secret);
        assert_int_equal(kem->decapsulate(secret, point, scalar), LEWES_ERROR_KEY);
        assert_true(lewesi_is_zero(secret, sizeof secret));
    }
}

static void mlkem_and_xwing_refuse_a_key_that_is_not_reduced(void **state)
{
    static const enum lewes_kem ids[] = {LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
    uint8_t public_key[LEWESI_KEM_PUBLIC_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct lewesi_kem *const kem = lewesi_kem_find(ids[i]);

        memset(public_key, 0, sizeof public_key);
        assert_int_equal(kem->check_public(public_key), LEWES_OK);
        public_key[0] = 0x01;
        public_key[1] = 0x0d; /* 3329 */
        assert_int_equal(kem->check_public(public_key), LEWES_ERROR_KEY);
    }
}

static void an_identity_key_is_borrowed_as_the_key_of_suite_x25519(void **state)
{
    static const struct lewes_x25519_public public_key = {{1}};
    static const struct lewes_x25519_private private_key = {{2}};
    const struct lewesi_kem *const kem = lewesi_kem_find(LEWES_KEM_X25519);

    (void)state;
    assert_ptr_equal(lewesi_kem_public_of_x25519(&public_key).kem, kem);
    assert_ptr_equal(lewesi_kem_public_of_x25519(&public_key).bytes, public_key.bytes);
    assert_ptr_equal(lewesi_kem_private_of_x25519(&private_key).kem, kem);
    assert_ptr_equal(lewesi_kem_private_of_x25519(&private_key).bytes, private_key.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_have_the_sizes_and_prefixes_of_the_protocol),
        cmocka_unit_test(the_row_of_xwing_has_the_sizes_and_prefixes_of_the_protocol),
        cmocka_unit_test(there_is_no_other_suite),
        cmocka_unit_test(the_psq_recordings_come_out),
        cmocka_unit_test(the_secrets_of_the_recorded_sessions_come_out),
        cmocka_unit_test(x25519_refuses_points_of_small_order),
        cmocka_unit_test(mlkem_and_xwing_refuse_a_key_that_is_not_reduced),
        cmocka_unit_test(an_identity_key_is_borrowed_as_the_key_of_suite_x25519),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
