/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/psq_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INFO_CAP 2400

/* The first block of HKDF-Expand, with a key of any length. */
static void expand_first(uint8_t out[32], struct lewesi_span key, struct lewesi_span info)
{
    uint8_t message[INFO_CAP];
    assert_true(info.len < sizeof message);
    memcpy(message, info.data, info.len);
    message[info.len] = 1;
    lewesi_hmac_sha256(out, key, (struct lewesi_span){message, info.len + 1});
}

/* As many blocks as `len` takes, from a key of 32 bytes. */
static void expand(uint8_t *out, size_t len, const uint8_t key[32], const char *info)
{
    uint8_t block[32], message[32 + 64 + 1];
    size_t before = 0;
    for (uint8_t i = 1; len > 0; i++) {
        struct lewesi_writer w;
        lewesi_writer_init(&w, message, sizeof message);
        lewesi_write_copy(&w, block, before);
        lewesi_write_copy(&w, (const uint8_t *)info, strlen(info));
        lewesi_write_u8(&w, i);
        assert_false(w.failed);
        lewesi_hmac_sha256(block, (struct lewesi_span){key, 32},
                           (struct lewesi_span){message, w.at});
        const size_t part = len < sizeof block ? len : sizeof block;
        memcpy(out, block, part);
        out += part;
        len -= part;
        before = sizeof block;
    }
}

/* Prefix and length of ciphertexts, from the table of protocol.md 8.1. */
static size_t ciphertext_len(const struct lewesi_kem *kem)
{
    switch (kem->id) {
    case LEWES_KEM_X25519:
        return 33;
    case LEWES_KEM_MLKEM768:
        return 1091;
    case LEWES_KEM_XWING:
        return 1123;
    }
    fail_msg("no such suite");
    return 0;
}

static size_t prefix_len(const struct lewesi_kem *kem)
{
    return kem->id == LEWES_KEM_X25519 ? 1 : 3;
}

static uint8_t tag_of(const struct lewesi_kem *kem)
{
    if (kem->id == LEWES_KEM_X25519)
        return 0;
    return kem->id == LEWES_KEM_MLKEM768 ? 3 : 5;
}

void psq_schedule_derive(struct psq_schedule *out, struct lewesi_kem_public public_key,
                         const uint8_t *ciphertext, const uint8_t secret[33], size_t key_len,
                         uint32_t receiver_index)
{
    const struct lewesi_kem *kem = public_key.kem;
    const uint8_t public_prefix[3] = {tag_of(kem), 0x44, 0xa0};
    uint8_t info[INFO_CAP];
    struct lewesi_writer w;
    lewesi_writer_init(&w, info, sizeof info);
    lewesi_write_copy(&w, public_prefix, prefix_len(kem));
    lewesi_write_copy(&w, public_key.bytes, kem->public_len);
    lewesi_write_copy(&w, ciphertext, ciphertext_len(kem));
    lewesi_write_u32le(&w, receiver_index);
    assert_false(w.failed);
    expand_first(out->k0, (struct lewesi_span){secret, key_len}, (struct lewesi_span){info, w.at});
    expand(out->confirmation, 32, out->k0, "Confirmation");
    lewesi_hmac_sha256(out->mac, (struct lewesi_span){out->confirmation, 32},
                       (struct lewesi_span){(const uint8_t *)"MAC-Input", 9});
    expand(out->k, 32, out->k0, "PSK");
    expand(out->ki, 44, out->k, "AEAD-Initiator-Responder");
    expand(out->kr, 44, out->k, "AEAD-Responder-Initiator");
    expand(out->psk_registration, 32, out->k, "PSK-Registration");
}

void psq_model_init(struct psq_model *model, const struct lewesi_kem *kem)
{
    memset(model, 0, sizeof *model);
    kem_parties_init(&model->parties);
    kem_pair_init(&model->pair, kem);
    model->receiver_index = 0x01020304;
    model->seconds = PSQ_MODEL_NOW;
    model->plaintext_len = LEWESI_PSQ_PLAINTEXT_LEN;
}

static void write_plaintext(const struct psq_model *model, uint8_t out[LEWESI_PSQ_PLAINTEXT_LEN],
                            struct lewesi_span signed_part)
{
    const bool other = model->wrong_credential;
    uint8_t signature[LEWESI_SIGNATURE_LEN];
    struct lewesi_writer w;
    assert_int_equal(lewesi_ed25519_sign(signature,
                                         other ? &model->parties.gateway_private
                                               : &model->parties.client_private,
                                         signed_part),
                     LEWES_OK);
    if (model->wrong_signature)
        signature[0] ^= 1;
    lewesi_writer_init(&w, out, LEWESI_PSQ_PLAINTEXT_LEN);
    lewesi_write_u64be(&w, model->seconds);
    lewesi_write_u32be(&w, model->milliseconds);
    lewesi_write_zeros(&w, 12);
    lewesi_write_u32be(&w, 3600000);
    lewesi_write_copy(&w, signature, sizeof signature);
    lewesi_write_copy(&w, other ? model->parties.gateway.bytes : model->parties.client.bytes, 32);
    assert_int_equal(w.at, LEWESI_PSQ_PLAINTEXT_LEN);
}

/* The ciphertext of the KEM, and the secret with its tag. */
static void write_ciphertext(const struct psq_model *model, struct lewesi_writer *w,
                             uint8_t secret[33])
{
    const struct lewesi_kem *kem = model->pair.kem;
    const uint8_t *flips = model->prefix_flips;
    const uint8_t prefix[3] = {tag_of(kem) ^ flips[0], 0x44 ^ flips[1], 0x40 ^ flips[2]};
    lewesi_write_copy(w, prefix, prefix_len(kem));
    uint8_t *ciphertext = lewesi_write_space(w, ciphertext_len(kem) - prefix_len(kem));
    assert_non_null(ciphertext);
    secret[0] = tag_of(kem);
    assert_int_equal(
        kem->encapsulate(ciphertext, secret + 1, model->pair.public_key, model->pair.randomness),
        LEWES_OK);
    if (model->zero_secret) {
        assert_int_equal(kem->id, LEWES_KEM_X25519);
        memset(ciphertext, 0, LEWES_KEY_LEN);
        memset(secret + 1, 0, LEWES_KEY_LEN);
    }
}

/* V(n) of protocol.md 1. */
static void write_length(struct lewesi_writer *w, size_t n)
{
    if (n >= 64)
        lewesi_write_u8(w, (uint8_t)(0x40 | n >> 8));
    lewesi_write_u8(w, (uint8_t)n);
}

void psq_model_write(struct psq_model *model)
{
    uint8_t plaintext[LEWESI_PSQ_PLAINTEXT_LEN + 4] = {0}, secret[33];
    struct lewesi_nonce nonce;
    struct lewesi_writer w;
    lewesi_writer_init(&w, model->message, sizeof model->message);
    write_ciphertext(model, &w, secret);
    psq_schedule_derive(&model->schedule, kem_pair_public(&model->pair), model->message, secret, 32,
                        model->receiver_index);
    lewesi_write_copy(&w, model->schedule.mac, 32);
    if (model->wrong_mac)
        model->message[w.at - 1] ^= 1;
    write_plaintext(model, plaintext, (struct lewesi_span){model->message, w.at});
    uint8_t *tag = lewesi_write_space(&w, LEWESI_AEAD_TAG_LEN);
    assert_non_null(tag);
    assert_true(model->plaintext_len <= sizeof plaintext);
    memcpy(nonce.bytes, model->schedule.ki + 32, sizeof nonce.bytes);
    assert_int_equal(lewesi_aead_seal(model->schedule.ki, &nonce, (struct lewesi_span){NULL, 0},
                                      plaintext, model->plaintext_len, tag),
                     LEWES_OK);
    if (model->wrong_tag)
        tag[0] ^= 1;
    write_length(&w, model->plaintext_len);
    if (model->wrong_form)
        model->message[w.at - 1] ^= 1;
    lewesi_write_copy(&w, plaintext, model->plaintext_len);
    assert_false(w.failed);
    model->len = w.at;
}

struct lewesi_psq_acceptance psq_model_acceptance(const struct psq_model *model)
{
    return (struct lewesi_psq_acceptance){
        .gateway_public = kem_pair_public(&model->pair),
        .gateway_private = kem_pair_private(&model->pair),
        .receiver_index = model->receiver_index,
        .client = &model->parties.client,
        .unix_ms = 1000 * PSQ_MODEL_NOW,
        .clock_tolerance = 30,
    };
}

enum lewes_error psq_model_accept_as(const struct psq_model *model, size_t len,
                                     const struct lewesi_psq_acceptance *in)
{
    static const struct lewesi_psq_keys zeros;
    struct lewesi_psq_keys keys;
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    assert_true(len <= sizeof model->message);
    memcpy(copy, model->message, len);
    memset(&keys, 0x55, sizeof keys);
    enum lewes_error error = lewesi_psq_accept(&keys, (struct lewesi_span){copy, len}, in);
    assert_memory_equal(copy, model->message, len);
    if (error) {
        assert_memory_equal(&keys, &zeros, sizeof keys);
    } else {
        assert_memory_equal(keys.responder_key, model->schedule.kr, sizeof keys.responder_key);
        assert_memory_equal(keys.psk_registration, model->schedule.psk_registration,
                            sizeof keys.psk_registration);
    }
    free(copy);
    return error;
}

enum lewes_error psq_model_accept(const struct psq_model *model)
{
    const struct lewesi_psq_acceptance in = psq_model_acceptance(model);
    return psq_model_accept_as(model, model->len, &in);
}
