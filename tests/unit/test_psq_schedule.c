/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedule of protocol.md 8.2, watched from below: what goes into each step, and what is
 * wiped afterwards. */
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
#include "tests/support/secret.h"
#include "tests/support/vectors.h"

#define STEPS 16
#define WIPED_CAP 8192
#define NONCE_LEN 12 /* behind the key, protocol.md 8.2 */

/* The linker puts these between PSQ and the rooms below, to watch. */
void __real_lewesi_hkdf_expand(uint8_t *out, size_t out_len, const uint8_t prk[32],
                               struct lewesi_span info);
void __wrap_lewesi_hkdf_expand(uint8_t *out, size_t out_len, const uint8_t prk[32],
                               struct lewesi_span info);
void __real_lewesi_hmac_sha256(uint8_t out[32], struct lewesi_span key, struct lewesi_span message);
void __wrap_lewesi_hmac_sha256(uint8_t out[32], struct lewesi_span key, struct lewesi_span message);
void __real_lewesi_wipe(void *block, size_t len);
void __wrap_lewesi_wipe(void *block, size_t len);

static struct {
    uint8_t prk[32], out[44];
    size_t out_len;
} steps[STEPS];
static size_t step_count;

/* What PSQ itself has wiped, as it was before; the scratch of the primitives does not count. */
static uint8_t wiped[WIPED_CAP];
static size_t wiped_len;
static bool inside_primitive;

static void forget(void)
{
    step_count = 0;
    wiped_len = 0;
    memset(wiped, 0, sizeof wiped);
}

void __wrap_lewesi_hkdf_expand(uint8_t *out, size_t out_len, const uint8_t prk[32],
                               struct lewesi_span info)
{
    inside_primitive = true;
    __real_lewesi_hkdf_expand(out, out_len, prk, info);
    inside_primitive = false;
    assert_true(step_count < STEPS && out_len <= sizeof steps[0].out);
    memcpy(steps[step_count].prk, prk, 32);
    memcpy(steps[step_count].out, out, out_len);
    steps[step_count++].out_len = out_len;
}

void __wrap_lewesi_hmac_sha256(uint8_t out[32], struct lewesi_span key, struct lewesi_span message)
{
    inside_primitive = true;
    __real_lewesi_hmac_sha256(out, key, message);
    inside_primitive = false;
}

void __wrap_lewesi_wipe(void *block, size_t len)
{
    if (!inside_primitive) {
        assert_true(wiped_len + len <= sizeof wiped);
        memcpy(wiped + wiped_len, block, len);
        make_public(wiped + wiped_len, len); /* valgrind: whatever it was */
        wiped_len += len;
    }
    __real_lewesi_wipe(block, len);
}

static unsigned times_wiped(const void *secret, size_t len)
{
    unsigned count = 0;
    for (size_t i = 0; i + len <= wiped_len; i++)
        count += memcmp(wiped + i, secret, len) == 0;
    return count;
}

static bool was_wiped(const void *secret, size_t len)
{
    return times_wiped(secret, len) > 0;
}

/* How often `value` went in or came out. */
static unsigned seen(const uint8_t value[32])
{
    unsigned count = 0;
    for (size_t i = 0; i < step_count; i++) {
        count += memcmp(steps[i].prk, value, 32) == 0;
        count += memcmp(steps[i].out, value, 32) == 0;
    }
    return count;
}

static void initiate(const struct psq_model *model, struct lewesi_psq_keys *keys)
{
    const struct lewesi_psq_initiation in = {
        .gateway_key = kem_pair_public(&model->pair),
        .randomness = model->pair.randomness,
        .receiver_index = model->receiver_index,
        .time = {.seconds = model->seconds, .milliseconds = model->milliseconds},
        .client_private = &model->parties.client_private,
        .client = &model->parties.client,
    };
    uint8_t out[LEWESI_PSQ_MESSAGE_MAX];
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, sizeof out);
    assert_int_equal(lewesi_psq_initiate(&w, keys, &in), LEWES_OK);
    assert_int_equal(w.at, model->len);
    assert_memory_equal(out, model->message, w.at);
}

/* dvpn-1: P34, and protocol.md 17. */
#define DVPN1_SS "00d84a98df78007f689d6496fd18e13c346cb0c1b4cfdd54a335b28d2405d8f825"
#define DVPN1_K0 "bcc210afb835bea023003c283565600ce1fe7673f4e2a0390fa21ad2cab2201f"
#define DVPN1_WRONG "f93a20f6ef35c5927664bc16427491e384fd7df958a94e5c93d7ca446fc9762c"
#define DVPN1_E "bb04368f7858a9ff8cfebbdb1133931d6a450d871f11f3763c95e3121cf73c6e"
#define DVPN1_EPHEMERAL "b81c8a325753b2c3ab5db853d5e97b90aa8e2189682337c19b5fa581ccabab7d"
#define DVPN1_K "667b91c62b04b89ea4af43a750c7adf49d8fabd177064f8d5a82cb18fb7512a4"
#define DVPN1_INDEX 0x6399b995u

static void init_dvpn1(struct psq_model *model)
{
    psq_model_init(model, lewesi_kem_find(LEWES_KEM_X25519));
    memcpy(model->pair.public_key, model->parties.gateway_x25519.bytes, 32);
    memcpy(model->pair.private_key, model->parties.gateway_x25519_private.bytes, 32);
    vector_hex(DVPN1_EPHEMERAL, model->pair.randomness, 32);
    model->receiver_index = DVPN1_INDEX;
    psq_model_write(model);
}

static void the_models_of_the_right_and_the_wrong_value_are_the_published_ones(void **state)
{
    struct psq_schedule right, wrong;
    struct psq_model model;
    uint8_t ciphertext[33] = {0}, secret[33], expected[32];
    (void)state;
    init_dvpn1(&model);
    vector_hex(DVPN1_E, ciphertext + 1, 32);
    vector_hex(DVPN1_SS, secret, sizeof secret);
    psq_schedule_derive(&right, kem_pair_public(&model.pair), ciphertext, secret, 32, DVPN1_INDEX);
    psq_schedule_derive(&wrong, kem_pair_public(&model.pair), ciphertext, secret, 33, DVPN1_INDEX);
    vector_hex(DVPN1_K0, expected, 32);
    assert_memory_equal(right.k0, expected, 32);
    vector_hex(DVPN1_WRONG, expected, 32);
    assert_memory_equal(wrong.k0, expected, 32);
    vector_hex(DVPN1_K, expected, 32);
    assert_memory_equal(right.k, expected, 32);
}

/* Every step of the schedule that was taken: k0, Confirmation, PSK, and the three of K. */
static void assert_steps(const struct psq_schedule *schedule, const uint8_t key[32])
{
    assert_int_equal(step_count, 6);
    assert_memory_equal(steps[0].prk, key, 32);
    assert_memory_equal(steps[0].out, schedule->k0, 32);
    assert_int_equal(seen(schedule->k0), 3);
    assert_int_equal(seen(schedule->k), 4);
    assert_int_equal(seen(schedule->ki), 1);
    assert_int_equal(seen(schedule->kr), 1);
    assert_int_equal(seen(schedule->psk_registration), 1);
}

static void the_last_byte_of_the_secret_takes_no_part(void **state)
{
    struct lewesi_psq_keys keys;
    struct psq_model model;
    uint8_t wrong[32], right[32], secret[33];
    (void)state;
    init_dvpn1(&model);
    vector_hex(DVPN1_SS, secret, sizeof secret);
    vector_hex(DVPN1_K0, right, sizeof right);
    vector_hex(DVPN1_WRONG, wrong, sizeof wrong);
    forget();
    initiate(&model, &keys);
    assert_steps(&model.schedule, secret);
    assert_int_equal(seen(right), 3);
    assert_int_equal(seen(wrong), 0);
    forget();
    assert_int_equal(psq_model_accept(&model), LEWES_OK);
    assert_steps(&model.schedule, secret);
    assert_int_equal(seen(right), 3);
    assert_int_equal(seen(wrong), 0);
}

static void check_vector(const json_t *vector, const struct lewesi_kem *kem)
{
    struct lewesi_psq_keys keys;
    struct psq_schedule wrong;
    struct psq_model model;
    uint8_t k[32], secret[33] = {kem->tag};
    psq_model_init(&model, kem);
    psq_model_write(&model);
    vectors_exact(vector, "psq_component_K", k, sizeof k);
    assert_int_equal(
        kem->decapsulate(secret + 1, model.message + kem->prefix_len, model.pair.private_key),
        LEWES_OK);
    psq_schedule_derive(&wrong, kem_pair_public(&model.pair), model.message, secret, 33,
                        model.receiver_index);
    forget();
    initiate(&model, &keys);
    assert_steps(&model.schedule, secret);
    assert_int_equal(seen(k), 4);
    assert_int_equal(seen(wrong.k0), 0);
    forget();
    assert_int_equal(psq_model_accept(&model), LEWES_OK);
    assert_steps(&model.schedule, secret);
    assert_int_equal(seen(k), 4);
    assert_int_equal(seen(wrong.k0), 0);
}

static void the_recorded_schedules_are_followed_in_both_roles(void **state)
{
    (void)state;
    kem_vectors_each("psq", 1, check_vector);
}

/* A row whose functions are the true ones, but their own wiping is not counted. */
static const struct lewesi_kem *true_kem;

static enum lewes_error encapsulate(uint8_t *ciphertext, uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                    const uint8_t *public_key, const uint8_t *randomness)
{
    inside_primitive = true;
    enum lewes_error error = true_kem->encapsulate(ciphertext, secret, public_key, randomness);
    inside_primitive = false;
    return error;
}

static enum lewes_error decapsulate(uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                    const uint8_t *ciphertext, const uint8_t *private_key)
{
    inside_primitive = true;
    enum lewes_error error = true_kem->decapsulate(secret, ciphertext, private_key);
    inside_primitive = false;
    return error;
}

/* `secret` has its tag in front. */
static void assert_wiped(const struct psq_schedule *schedule, const uint8_t secret[33])
{
    assert_true(was_wiped(secret, 32));
    assert_true(was_wiped(secret + 1, 32));
    assert_true(was_wiped(schedule->k0, 32));
    assert_true(was_wiped(schedule->confirmation, 32));
    assert_true(was_wiped(schedule->k, 32));
    assert_true(was_wiped(schedule->ki, 44));
    assert_true(was_wiped(schedule->kr, 44));
    assert_true(was_wiped(schedule->psk_registration, 32));
}

static void check_wiping(const struct lewesi_kem *kem)
{
    struct lewesi_psq_keys keys;
    struct psq_model model;
    struct lewesi_kem row = *kem;
    uint8_t secret[33] = {kem->tag};
    true_kem = kem;
    row.encapsulate = encapsulate;
    row.decapsulate = decapsulate;
    psq_model_init(&model, kem);
    model.pair.kem = &row;
    psq_model_write(&model);
    assert_int_equal(
        kem->decapsulate(secret + 1, model.message + kem->prefix_len, model.pair.private_key),
        LEWES_OK);
    forget();
    initiate(&model, &keys);
    assert_wiped(&model.schedule, secret);
    assert_int_equal(times_wiped(model.schedule.ki + LEWESI_AEAD_KEY_LEN, NONCE_LEN), 2);
    assert_true(was_wiped(model.message + model.len - LEWESI_PSQ_PLAINTEXT_LEN,
                          LEWESI_PSQ_PLAINTEXT_LEN)); /* encrypted where it stood */
    bool *const faults[] = {NULL, &model.wrong_mac, &model.wrong_tag, &model.wrong_credential,
                            &model.wrong_signature};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (faults[i])
            *faults[i] = true;
        psq_model_write(&model);
        forget();
        assert_int_equal(psq_model_accept(&model), faults[i] ? LEWES_ERROR_PSQ : LEWES_OK);
        assert_wiped(&model.schedule, secret);
        assert_int_equal(times_wiped(model.schedule.ki + LEWESI_AEAD_KEY_LEN, NONCE_LEN),
                         model.wrong_mac ? 1 : 2);
        if (!model.wrong_mac && !model.wrong_tag && !model.wrong_credential)
            assert_true(was_wiped(model.parties.client.bytes, LEWES_KEY_LEN));
        if (faults[i])
            *faults[i] = false;
    }
}

static void every_secret_is_wiped_at_the_end_and_at_every_refusal(void **state)
{
    (void)state;
    kem_suites_each(check_wiping);
}

static void the_nonce_of_the_answer_is_wiped_in_both_roles(void **state)
{
    uint8_t answer[LEWESI_PSQ_ANSWER_LEN];
    struct lewesi_psq_keys keys;
    (void)state;
    for (size_t i = 0; i < sizeof keys.responder_key; i++)
        keys.responder_key[i] = (uint8_t)(0x61 + i);
    const uint8_t *nonce = keys.responder_key + LEWESI_AEAD_KEY_LEN;
    forget();
    assert_int_equal(lewesi_psq_answer(answer, &keys), LEWES_OK);
    assert_int_equal(times_wiped(nonce, NONCE_LEN), 1);
    forget();
    const struct lewesi_span message = {answer, sizeof answer};
    assert_int_equal(lewesi_psq_answer_check(message, &keys), LEWES_OK);
    assert_int_equal(times_wiped(nonce, NONCE_LEN), 1);
}

static void what_the_psk_is_made_of_is_wiped(void **state)
{
    uint8_t ecdh[32], psk_registration[32], salt[32], all[96], psk[32], outer_key[32];
    const struct lewesi_psk_input in = {ecdh, psk_registration, salt};
    (void)state;
    memset(ecdh, 0x31, sizeof ecdh);
    memset(psk_registration, 0x32, sizeof psk_registration);
    memset(salt, 0x33, sizeof salt);
    memcpy(all, ecdh, 32);
    memcpy(all + 32, psk_registration, 32);
    memcpy(all + 64, salt, 32);
    forget();
    lewesi_psk_derive(psk, outer_key, &in);
    assert_true(was_wiped(all, sizeof all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_models_of_the_right_and_the_wrong_value_are_the_published_ones),
        cmocka_unit_test(the_last_byte_of_the_secret_takes_no_part),
        cmocka_unit_test(the_recorded_schedules_are_followed_in_both_roles),
        cmocka_unit_test(every_secret_is_wiped_at_the_end_and_at_every_refusal),
        cmocka_unit_test(the_nonce_of_the_answer_is_wiped_in_both_roles),
        cmocka_unit_test(what_the_psk_is_made_of_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
