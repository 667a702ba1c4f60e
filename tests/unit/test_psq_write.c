/* SPDX-License-Identifier: Apache-2.0 */
/* Writing registration messages with bad keys, without room, or without a working back end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/psq/psq.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/psq_model.h"

/* The linker puts these between PSQ and the back end, to make it fail. */
enum lewes_error __real_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);

static bool sign_fails, seal_fails;

enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message)
{
    return sign_fails ? LEWES_ERROR_CRYPTO : __real_lewesi_ed25519_sign(out, key, message);
}

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    return seal_fails ? LEWES_ERROR_CRYPTO
                      : __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

static int mend_backend(void **state)
{
    (void)state;
    sign_fails = false;
    seal_fails = false;
    return 0;
}

static enum lewes_error encapsulate_fails(uint8_t *ciphertext,
                                          uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                          const uint8_t *public_key, const uint8_t *randomness)
{
    (void)ciphertext;
    (void)secret;
    (void)public_key;
    (void)randomness;
    return LEWES_ERROR_CRYPTO;
}

/* Writes behind 3 bytes that stand there already, and asserts what an error leaves. */
static enum lewes_error write_behind(const struct psq_model *model, size_t cap)
{
    static const struct lewesi_psq_keys zeros;
    const struct lewesi_psq_initiation in = {
        .gateway_key = kem_pair_public(&model->pair),
        .randomness = model->pair.randomness,
        .receiver_index = model->receiver_index,
        .time = {.seconds = model->seconds, .milliseconds = model->milliseconds},
        .client_private = &model->parties.client_private,
        .client = &model->parties.client,
    };
    uint8_t out[3 + LEWESI_PSQ_MESSAGE_MAX];
    struct lewesi_psq_keys keys;
    struct lewesi_writer w;
    memset(&keys, 0x55, sizeof keys);
    memset(out, 0x55, sizeof out);
    lewesi_writer_init(&w, out, cap);
    lewesi_write_copy(&w, (const uint8_t *)"abc", 3);
    enum lewes_error error = lewesi_psq_initiate(&w, &keys, &in);
    if (error) {
        assert_int_equal(w.at, cap < 3 ? 0 : 3);
        assert_memory_equal(&keys, &zeros, sizeof keys);
        if (error != LEWES_ERROR_SPACE) /* for want of room nothing is begun */
            assert_true(lewesi_is_zero(out + 3, model->len));
    } else {
        assert_int_equal(w.at, 3 + model->len);
        assert_memory_equal(out, "abc", 3);
        assert_memory_equal(out + 3, model->message, model->len);
        assert_memory_equal(keys.responder_key, model->schedule.kr, sizeof keys.responder_key);
        assert_memory_equal(keys.psk_registration, model->schedule.psk_registration,
                            sizeof keys.psk_registration);
    }
    return error;
}

static void check_room(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    psq_model_write(&model);
    for (size_t cap = 0; cap < 3 + model.len; cap++)
        assert_int_equal(write_behind(&model, cap), LEWES_ERROR_SPACE);
    assert_int_equal(write_behind(&model, 3 + model.len), LEWES_OK);
}

static void a_message_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    kem_suites_each(check_room);
}

static void a_writer_that_has_failed_stays_as_it_is(void **state)
{
    struct psq_model model;
    (void)state;
    psq_model_init(&model, lewesi_kem_find(LEWES_KEM_X25519));
    uint8_t out[LEWESI_PSQ_MESSAGE_MAX];
    struct lewesi_psq_keys keys;
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, sizeof out);
    assert_null(lewesi_write_space(&w, sizeof out + 1));
    const struct lewesi_psq_initiation in = {
        .gateway_key = kem_pair_public(&model.pair),
        .randomness = model.pair.randomness,
        .client_private = &model.parties.client_private,
        .client = &model.parties.client,
    };
    assert_int_equal(lewesi_psq_initiate(&w, &keys, &in), LEWES_ERROR_SPACE);
    assert_int_equal(w.at, 0);
    assert_true(w.failed);
}

static void a_gateway_key_that_gives_zero_is_refused(void **state)
{
    struct psq_model model;
    (void)state;
    psq_model_init(&model, lewesi_kem_find(LEWES_KEM_X25519));
    psq_model_write(&model);
    memset(model.pair.public_key, 0, LEWES_KEY_LEN);
    assert_int_equal(write_behind(&model, 3 + LEWESI_PSQ_MESSAGE_MAX), LEWES_ERROR_KEY);
    model.pair.public_key[0] = 1;
    assert_int_equal(write_behind(&model, 3 + LEWESI_PSQ_MESSAGE_MAX), LEWES_ERROR_KEY);
}

static void a_malformed_gateway_key_is_refused(void **state)
{
    struct psq_model model;
    (void)state;
    psq_model_init(&model, lewesi_kem_find(LEWES_KEM_MLKEM768));
    psq_model_write(&model);
    memset(model.pair.public_key, 0xff, 3);
    assert_int_equal(write_behind(&model, 3 + LEWESI_PSQ_MESSAGE_MAX), LEWES_ERROR_KEY);
}

static void check_backend(const struct lewesi_kem *kem)
{
    struct psq_model model;
    struct lewesi_kem row = *kem;
    psq_model_init(&model, kem);
    psq_model_write(&model);
    const size_t cap = 3 + model.len;
    sign_fails = true;
    assert_int_equal(write_behind(&model, cap), LEWES_ERROR_CRYPTO);
    sign_fails = false;
    seal_fails = true;
    assert_int_equal(write_behind(&model, cap), LEWES_ERROR_CRYPTO);
    seal_fails = false;
    row.encapsulate = encapsulate_fails;
    model.pair.kem = &row;
    assert_int_equal(write_behind(&model, cap), LEWES_ERROR_CRYPTO);
}

static void a_back_end_that_fails_leaves_nothing_behind(void **state)
{
    (void)state;
    kem_suites_each(check_backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_written_whole_or_not_at_all),
        cmocka_unit_test(a_writer_that_has_failed_stays_as_it_is),
        cmocka_unit_test(a_gateway_key_that_gives_zero_is_refused),
        cmocka_unit_test(a_malformed_gateway_key_is_refused),
        cmocka_unit_test_teardown(a_back_end_that_fails_leaves_nothing_behind, mend_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
