/* SPDX-License-Identifier: Apache-2.0 */
/* The responder's seven checks and their order (protocol.md P37). */
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

#define TRACE_CAP 16

/* The linker puts these between PSQ and the rooms below, to see how far it gets. */
bool __real_lewesi_equal(const void *a, const void *b, size_t len);
bool __wrap_lewesi_equal(const void *a, const void *b, size_t len);
enum lewes_error __real_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN]);
bool __real_lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                                  const uint8_t signature[LEWESI_SIGNATURE_LEN],
                                  struct lewesi_span message);
bool __wrap_lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                                  const uint8_t signature[LEWESI_SIGNATURE_LEN],
                                  struct lewesi_span message);

/* A letter for each thing that was tried: D decapsulated, E compared, O opened, V verified; small
 * if it failed. */
static char trace[TRACE_CAP];
static bool backend_fails;

static void note(char letter, bool good)
{
    const size_t len = strlen(trace);
    assert_true(len + 1 < sizeof trace);
    trace[len] = good ? letter : (char)(letter - 'A' + 'a');
}

bool __wrap_lewesi_equal(const void *a, const void *b, size_t len)
{
    const bool equal = __real_lewesi_equal(a, b, len);
    assert_int_equal(len, 32);
    note('E', equal);
    return equal;
}

enum lewes_error __wrap_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    enum lewes_error error = backend_fails
                                 ? LEWES_ERROR_CRYPTO
                                 : __real_lewesi_aead_open(key, nonce, aad, text, len, tag);
    assert_int_equal(aad.len, 0);
    assert_int_equal(len, LEWESI_PSQ_PLAINTEXT_LEN);
    note('O', error == LEWES_OK);
    return error;
}

bool __wrap_lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                                  const uint8_t signature[LEWESI_SIGNATURE_LEN],
                                  struct lewesi_span message)
{
    const bool good = __real_lewesi_ed25519_verify(key, signature, message);
    note('V', good);
    return good;
}

static const struct lewesi_kem *true_kem;

static enum lewes_error decapsulate(uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                    const uint8_t *ciphertext, const uint8_t *private_key)
{
    enum lewes_error error =
        backend_fails ? LEWES_ERROR_CRYPTO : true_kem->decapsulate(secret, ciphertext, private_key);
    note('D', error == LEWES_OK);
    return error;
}

/* Accepts what the model has written; `trace` is of this call alone. */
static enum lewes_error accept_as(const struct psq_model *model, size_t len,
                                  const struct lewesi_psq_acceptance *as)
{
    struct lewesi_kem row = *model->pair.kem;
    struct lewesi_psq_acceptance in = *as;
    true_kem = model->pair.kem;
    row.decapsulate = decapsulate;
    in.gateway_public.kem = &row;
    in.gateway_private.kem = &row;
    memset(trace, 0, sizeof trace);
    return psq_model_accept_as(model, len, &in);
}

static enum lewes_error accept(struct psq_model *model)
{
    const struct lewesi_psq_acceptance in = psq_model_acceptance(model);
    psq_model_write(model);
    return accept_as(model, model->len, &in);
}

/* ---- each check alone, and with the next one failing, too ---- */

#define FAULTS 9

/* In the order in which they have to be found. */
static void spoil(struct psq_model *model, size_t fault)
{
    bool *const flags[] = {&model->wrong_form, &model->zero_secret,      &model->wrong_mac,
                           &model->wrong_tag,  &model->wrong_credential, &model->wrong_signature};
    if (fault < sizeof flags / sizeof *flags)
        *flags[fault] = true;
    else if (fault == 6)
        model->milliseconds = 1000;
    else if (fault == 7)
        model->seconds = UINT64_C(1) << 40;
    else
        model->seconds = PSQ_MODEL_NOW + 31;
}

static const struct {
    enum lewes_error error;
    const char *trace;
} found[FAULTS] = {
    {LEWES_ERROR_PSQ, ""},        {LEWES_ERROR_PSQ, "d"},       {LEWES_ERROR_PSQ, "De"},
    {LEWES_ERROR_PSQ, "DEo"},     {LEWES_ERROR_PSQ, "DEOe"},    {LEWES_ERROR_PSQ, "DEOEv"},
    {LEWES_ERROR_CLOCK, "DEOEV"}, {LEWES_ERROR_CLOCK, "DEOEV"}, {LEWES_ERROR_CLOCK, "DEOEV"},
};

static bool has_fault(const struct lewesi_kem *kem, size_t fault)
{
    return fault != 1 || kem->id == LEWES_KEM_X25519; /* no ciphertext gives ML-KEM a zero */
}

static void check_faults(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    assert_int_equal(accept(&model), LEWES_OK);
    assert_string_equal(trace, "DEOEV");
    for (size_t first = 0; first < FAULTS; first++) {
        for (size_t second = first; second < FAULTS; second++) {
            if (!has_fault(kem, first) || !has_fault(kem, second))
                continue;
            psq_model_init(&model, kem);
            spoil(&model, first);
            spoil(&model, second);
            assert_int_equal(accept(&model), found[first].error);
            assert_string_equal(trace, found[first].trace);
        }
    }
}

static void each_check_fails_alone_and_before_the_later_ones(void **state)
{
    (void)state;
    kem_suites_each(check_faults);
}

/* Who made the message says so with mac and signature: only step 1 finds it. */
static void check_prefix(const struct lewesi_kem *kem)
{
    struct psq_model model;
    for (size_t at = 0; at < kem->prefix_len; at++) {
        psq_model_init(&model, kem);
        model.prefix_flips[at] = 1;
        assert_int_equal(accept(&model), LEWES_ERROR_PSQ);
        assert_string_equal(trace, "");
    }
}

static void a_ciphertext_that_calls_itself_something_else_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_prefix);
}

static void check_all_faults(const struct lewesi_kem *kem)
{
    struct psq_model model;
    for (size_t first = 0; first < FAULTS; first++) {
        psq_model_init(&model, kem);
        for (size_t fault = first; fault < FAULTS; fault++)
            if (has_fault(kem, fault))
                spoil(&model, fault);
        if (has_fault(kem, first)) {
            assert_int_equal(accept(&model), found[first].error);
            assert_string_equal(trace, found[first].trace);
        }
    }
}

static void the_first_of_many_faults_is_reported(void **state)
{
    (void)state;
    kem_suites_each(check_all_faults);
}

/* ---- bytes ---- */

static void check_lengths(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    const struct lewesi_psq_acceptance in = psq_model_acceptance(&model);
    psq_model_write(&model);
    for (size_t len = 0; len <= 1400; len++) {
        const bool good = len == lewesi_psq_message_len(kem);
        assert_int_equal(accept_as(&model, len, &in), good ? LEWES_OK : LEWES_ERROR_PSQ);
        assert_string_equal(trace, good ? "DEOEV" : "");
    }
}

static void only_the_length_of_the_suite_is_looked_into(void **state)
{
    (void)state;
    kem_suites_each(check_lengths);
}

static void check_bits(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    const struct lewesi_psq_acceptance in = psq_model_acceptance(&model);
    psq_model_write(&model);
    for (size_t bit = 0; bit < 8 * model.len; bit++) {
        model.message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(accept_as(&model, model.len, &in), LEWES_ERROR_PSQ);
        model.message[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(accept_as(&model, model.len, &in), LEWES_OK);
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    kem_suites_each(check_bits);
}

static void check_expectations(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    const struct lewesi_psq_acceptance good = psq_model_acceptance(&model);
    struct lewesi_psq_acceptance in = good;
    uint8_t key[LEWESI_KEM_PUBLIC_MAX] = {0};
    static const uint8_t other_seed[LEWESI_KEM_SEED_MAX] = {0x40};
    uint8_t other_public[LEWESI_KEM_PUBLIC_MAX], other_private[LEWESI_KEM_PRIVATE_MAX];
    psq_model_write(&model);
    in.receiver_index ^= 1;
    assert_int_equal(accept_as(&model, model.len, &in), LEWES_ERROR_PSQ);
    assert_string_equal(trace, "De");
    in = good;
    in.client = &model.parties.gateway;
    assert_int_equal(accept_as(&model, model.len, &in), LEWES_ERROR_PSQ);
    assert_string_equal(trace, "DEOe");
    in = good;
    in.gateway_public.bytes = key;
    assert_int_equal(accept_as(&model, model.len, &in), LEWES_ERROR_PSQ);
    assert_string_equal(trace, "De");
    assert_int_equal(kem->keypair(other_public, other_private, other_seed), LEWES_OK);
    in = good;
    in.gateway_private.bytes = other_private;
    assert_int_equal(accept_as(&model, model.len, &in), LEWES_ERROR_PSQ);
    assert_string_equal(trace, "De");
}

static void a_message_for_another_session_client_or_gateway_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_expectations);
}

static void check_backend(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    psq_model_write(&model);
    backend_fails = true;
    const struct lewesi_psq_acceptance in = psq_model_acceptance(&model);
    assert_int_equal(accept_as(&model, model.len, &in), LEWES_ERROR_CRYPTO);
    assert_string_equal(trace, "d");
    memset(trace, 0, sizeof trace);
    assert_int_equal(psq_model_accept(&model), LEWES_ERROR_CRYPTO);
    assert_string_equal(trace, "Eo");
    backend_fails = false;
}

static int mend_backend(void **state)
{
    (void)state;
    backend_fails = false;
    return 0;
}

static void a_back_end_that_fails_is_not_the_peers_fault(void **state)
{
    (void)state;
    kem_suites_each(check_backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_fails_alone_and_before_the_later_ones),
        cmocka_unit_test(a_ciphertext_that_calls_itself_something_else_is_refused),
        cmocka_unit_test(the_first_of_many_faults_is_reported),
        cmocka_unit_test(only_the_length_of_the_suite_is_looked_into),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(a_message_for_another_session_client_or_gateway_is_refused),
        cmocka_unit_test_teardown(a_back_end_that_fails_is_not_the_peers_fault, mend_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
