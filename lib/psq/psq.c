/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/psq/psq.h"

#include <string.h>

#include "lib/base/secret.h"

#define MAC_LEN 32      /* protocol.md 8.3 */
#define LENGTH_LEN 2    /* protocol.md 8.3: 40 7C */
#define TIME_LEN 12     /* protocol.md 8.3: seconds and milliseconds */
#define TTL_LEN 16      /* protocol.md 8.3 */
#define LIFETIME_S 3600 /* protocol.md 1 */
#define TTL_MS 3600000  /* protocol.md 8.3 */
#define AEAD_LEN 44     /* protocol.md 8.2: key and nonce */
#define HANDLE_LEN 13   /* protocol.md 8.5 */
#define SCTX_LEN 4      /* protocol.md 8.2 */
#define SECONDS_MAX 40  /* bits; protocol.md P37 */
#define CIPHERTEXT_MAX (LEWESI_KEM_PREFIX_MAX + LEWESI_KEM_CIPHERTEXT_MAX)

static const uint8_t handle[HANDLE_LEN] = {'n', 'y', 'm', '-', 'l', 'p', '-',
                                           'h', 'a', 'n', 'd', 'l', 'e'};

/* Everything that both sides derive (protocol.md 8.2). */
struct schedule {
    uint8_t mac[MAC_LEN];
    uint8_t initiator_key[AEAD_LEN]; /* ki */
    struct lewesi_psq_keys keys;
};

static struct lewesi_span span(const void *data, size_t len)
{
    return (struct lewesi_span){data, len};
}

static struct lewesi_span label(const char *text)
{
    return span(text, strlen(text));
}

static size_t ciphertext_len(const struct lewesi_kem *kem)
{
    return (size_t)kem->prefix_len + kem->ciphertext_len;
}

size_t lewesi_psq_message_len(const struct lewesi_kem *kem)
{
    return ciphertext_len(kem) + MAC_LEN + LEWESI_AEAD_TAG_LEN + LENGTH_LEN +
           LEWESI_PSQ_PLAINTEXT_LEN;
}

/*
 * k0 and what follows from it. The secret is serialised as tag and 32 bytes, but the first HMAC key
 * has 32 bytes in all: the last byte of the secret takes no part (P34).
 */
static void derive(struct schedule *out, struct lewesi_kem_public public_key,
                   struct lewesi_span ciphertext, const uint8_t secret[LEWESI_KEM_SECRET_LEN],
                   uint32_t receiver_index)
{
    const struct lewesi_kem *kem = public_key.kem;
    uint8_t info[LEWESI_KEM_PREFIX_MAX + LEWESI_KEM_PUBLIC_MAX + CIPHERTEXT_MAX + SCTX_LEN];
    uint8_t prk[32], k0[32], key[32], k[32];
    struct lewesi_writer w;
    lewesi_writer_init(&w, info, sizeof info);
    lewesi_write_copy(&w, kem->public_prefix, kem->prefix_len);
    lewesi_write_copy(&w, public_key.bytes, kem->public_len);
    lewesi_write_copy(&w, ciphertext.data, ciphertext.len);
    lewesi_write_u32le(&w, receiver_index);
    prk[0] = kem->tag;
    memcpy(prk + 1, secret, sizeof prk - 1);
    lewesi_hkdf_expand(k0, sizeof k0, prk, span(info, w.at));
    lewesi_hkdf_expand(key, sizeof key, k0, label("Confirmation"));
    lewesi_hmac_sha256(out->mac, span(key, sizeof key), label("MAC-Input"));
    lewesi_hkdf_expand(k, sizeof k, k0, label("PSK"));
    lewesi_hkdf_expand(out->initiator_key, AEAD_LEN, k, label("AEAD-Initiator-Responder"));
    lewesi_hkdf_expand(out->keys.responder_key, AEAD_LEN, k, label("AEAD-Responder-Initiator"));
    lewesi_hkdf_expand(out->keys.psk_registration, 32, k, label("PSK-Registration"));
    lewesi_wipe(prk, sizeof prk);
    lewesi_wipe(k0, sizeof k0);
    lewesi_wipe(key, sizeof key);
    lewesi_wipe(k, sizeof k);
}

/* The nonce of a one-time key: its last 12 bytes. */
static struct lewesi_nonce nonce_of(const uint8_t key[AEAD_LEN])
{
    struct lewesi_nonce nonce;
    memcpy(nonce.bytes, key + LEWESI_AEAD_KEY_LEN, sizeof nonce.bytes);
    return nonce;
}

static enum lewes_error seal(const uint8_t key[AEAD_LEN], uint8_t *text, size_t len,
                             uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    struct lewesi_nonce nonce = nonce_of(key);
    enum lewes_error error = lewesi_aead_seal(key, &nonce, span(NULL, 0), text, len, tag);
    lewesi_wipe(&nonce, sizeof nonce);
    return error;
}

/* Decrypts in place; `forged` if the tag is wrong, LEWES_ERROR_CRYPTO as it is. */
static enum lewes_error unseal(const uint8_t key[AEAD_LEN], uint8_t *text, size_t len,
                               const uint8_t tag[LEWESI_AEAD_TAG_LEN], enum lewes_error forged)
{
    struct lewesi_nonce nonce = nonce_of(key);
    enum lewes_error error = lewesi_aead_open(key, &nonce, span(NULL, 0), text, len, tag);
    lewesi_wipe(&nonce, sizeof nonce);
    return error == LEWES_ERROR_AUTH ? forged : error;
}

static enum lewes_error write_plaintext(uint8_t out[LEWESI_PSQ_PLAINTEXT_LEN],
                                        const struct lewesi_psq_initiation *in,
                                        struct lewesi_span signed_part)
{
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, LEWESI_PSQ_PLAINTEXT_LEN);
    lewesi_write_u64be(&w, in->time.seconds);
    lewesi_write_u32be(&w, in->time.milliseconds);
    lewesi_write_u64be(&w, 0); /* the time to live is a u128 */
    lewesi_write_u64be(&w, TTL_MS);
    uint8_t *signature = lewesi_write_space(&w, LEWESI_SIGNATURE_LEN);
    lewesi_write_copy(&w, in->client->bytes, LEWES_KEY_LEN);
    return lewesi_ed25519_sign(signature, in->client_private, signed_part);
}

enum lewes_error lewesi_psq_initiate(struct lewesi_writer *out, struct lewesi_psq_keys *keys,
                                     const struct lewesi_psq_initiation *in)
{
    const struct lewesi_kem *kem = in->gateway_key.kem;
    struct schedule schedule;
    uint8_t secret[LEWESI_KEM_SECRET_LEN], plaintext[LEWESI_PSQ_PLAINTEXT_LEN];
    size_t len = lewesi_psq_message_len(kem), ct_len = ciphertext_len(kem);
    enum lewes_error error = LEWES_ERROR_SPACE;
    uint8_t *message = NULL;
    memset(keys, 0, sizeof *keys);
    if (out->failed || out->cap - out->at < len)
        goto out;
    message = out->data + out->at;
    memcpy(message, kem->ciphertext_prefix, kem->prefix_len);
    error =
        kem->encapsulate(message + kem->prefix_len, secret, in->gateway_key.bytes, in->randomness);
    if (error)
        goto out;
    derive(&schedule, in->gateway_key, span(message, ct_len), secret, in->receiver_index);
    memcpy(message + ct_len, schedule.mac, MAC_LEN);
    error = write_plaintext(plaintext, in, span(message, ct_len + MAC_LEN));
    if (error)
        goto out;
    uint8_t *tag = message + ct_len + MAC_LEN;
    error = seal(schedule.initiator_key, plaintext, sizeof plaintext, tag);
    if (error)
        goto out;
    memcpy(tag + LEWESI_AEAD_TAG_LEN, (const uint8_t[]){0x40, LEWESI_PSQ_PLAINTEXT_LEN},
           LENGTH_LEN);
    memcpy(tag + LEWESI_AEAD_TAG_LEN + LENGTH_LEN, plaintext, sizeof plaintext);
    *keys = schedule.keys;
    out->at += len;
out:
    if (error && message)
        lewesi_wipe(message, len);
    lewesi_wipe(&schedule, sizeof schedule);
    lewesi_wipe(secret, sizeof secret);
    lewesi_wipe(plaintext, sizeof plaintext);
    return error;
}

/* Step 1 of P37: every length and tag is a constant of the suite. */
static bool has_form(const struct lewesi_kem *kem, struct lewesi_span message)
{
    static const uint8_t length[LENGTH_LEN] = {0x40, LEWESI_PSQ_PLAINTEXT_LEN};
    return message.len == lewesi_psq_message_len(kem) &&
           memcmp(message.data, kem->ciphertext_prefix, kem->prefix_len) == 0 &&
           memcmp(message.data + ciphertext_len(kem) + MAC_LEN + LEWESI_AEAD_TAG_LEN, length,
                  sizeof length) == 0;
}

/* Steps 6 and 7; no sum can overflow below 2^40 seconds. */
static enum lewes_error check_time(const struct lewesi_psq_times *time, uint64_t unix_ms,
                                   uint32_t tolerance)
{
    if (time->milliseconds > 999 || time->seconds >> SECONDS_MAX)
        return LEWES_ERROR_CLOCK;
    uint64_t t = 1000 * time->seconds + time->milliseconds;
    uint64_t tolerance_ms = 1000 * (uint64_t)tolerance;
    if (t > unix_ms)
        return t - unix_ms <= tolerance_ms ? LEWES_OK : LEWES_ERROR_CLOCK;
    return unix_ms - t < 1000 * (uint64_t)LIFETIME_S + tolerance_ms ? LEWES_OK : LEWES_ERROR_CLOCK;
}

/* Steps 4 to 7 on the opened plaintext. */
static enum lewes_error check_plaintext(const uint8_t plaintext[LEWESI_PSQ_PLAINTEXT_LEN],
                                        struct lewesi_span signed_part,
                                        const struct lewesi_psq_acceptance *in)
{
    struct lewesi_reader r;
    struct lewesi_psq_times time;
    lewesi_reader_init(&r, plaintext, LEWESI_PSQ_PLAINTEXT_LEN);
    time.seconds = lewesi_read_u64be(&r);
    time.milliseconds = lewesi_read_u32be(&r);
    lewesi_read_bytes(&r, TTL_LEN);
    const uint8_t *signature = lewesi_read_bytes(&r, LEWESI_SIGNATURE_LEN);
    const uint8_t *client = lewesi_read_bytes(&r, LEWES_KEY_LEN);
    if (!lewesi_equal(client, in->client->bytes, LEWES_KEY_LEN) ||
        !lewesi_ed25519_verify(in->client, signature, signed_part))
        return LEWES_ERROR_PSQ;
    return check_time(&time, in->unix_ms, in->clock_tolerance);
}

enum lewes_error lewesi_psq_accept(struct lewesi_psq_keys *keys, struct lewesi_span message,
                                   const struct lewesi_psq_acceptance *in)
{
    const struct lewesi_kem *kem = in->gateway_public.kem;
    struct schedule schedule;
    uint8_t secret[LEWESI_KEM_SECRET_LEN], plaintext[LEWESI_PSQ_PLAINTEXT_LEN];
    size_t ct_len = ciphertext_len(kem);
    enum lewes_error error = LEWES_ERROR_PSQ;
    memset(keys, 0, sizeof *keys);
    if (!has_form(kem, message))
        goto out;
    error = kem->decapsulate(secret, message.data + kem->prefix_len, in->gateway_private.bytes);
    if (error == LEWES_ERROR_KEY)
        error = LEWES_ERROR_PSQ;
    if (error)
        goto out;
    derive(&schedule, in->gateway_public, span(message.data, ct_len), secret, in->receiver_index);
    const uint8_t *tag = message.data + ct_len + MAC_LEN;
    error = LEWES_ERROR_PSQ;
    if (!lewesi_equal(schedule.mac, message.data + ct_len, MAC_LEN))
        goto out;
    memcpy(plaintext, tag + LEWESI_AEAD_TAG_LEN + LENGTH_LEN, sizeof plaintext);
    error = unseal(schedule.initiator_key, plaintext, sizeof plaintext, tag, LEWES_ERROR_PSQ);
    if (error)
        goto out;
    error = check_plaintext(plaintext, span(message.data, ct_len + MAC_LEN), in);
    if (!error)
        *keys = schedule.keys;
out:
    lewesi_wipe(&schedule, sizeof schedule);
    lewesi_wipe(secret, sizeof secret);
    lewesi_wipe(plaintext, sizeof plaintext);
    return error;
}

enum lewes_error lewesi_psq_answer(uint8_t out[LEWESI_PSQ_ANSWER_LEN],
                                   const struct lewesi_psq_keys *keys)
{
    uint8_t *text = out + LEWESI_AEAD_TAG_LEN + 1;
    out[LEWESI_AEAD_TAG_LEN] = HANDLE_LEN;
    memcpy(text, handle, HANDLE_LEN);
    enum lewes_error error = seal(keys->responder_key, text, HANDLE_LEN, out);
    if (error)
        lewesi_wipe(out, LEWESI_PSQ_ANSWER_LEN);
    return error;
}

enum lewes_error lewesi_psq_answer_check(struct lewesi_span message,
                                         const struct lewesi_psq_keys *keys)
{
    uint8_t text[LEWESI_PSQ_ANSWER_MAX - LEWESI_AEAD_TAG_LEN - 1];
    size_t len = message.len - LEWESI_AEAD_TAG_LEN - 1;
    if (message.len < LEWESI_PSQ_ANSWER_MIN || message.len > LEWESI_PSQ_ANSWER_MAX ||
        message.data[LEWESI_AEAD_TAG_LEN] != len)
        return LEWES_ERROR_PEER;
    memcpy(text, message.data + LEWESI_AEAD_TAG_LEN + 1, len);
    return unseal(keys->responder_key, text, len, message.data, LEWES_ERROR_PEER);
}

void lewesi_psk_derive(uint8_t psk[32], uint8_t outer_key[32], const struct lewesi_psk_input *in)
{
    uint8_t material[96];
    memcpy(material, in->ecdh, 32);
    memcpy(material + 32, in->psk_registration, 32);
    memcpy(material + 64, in->salt, 32);
    lewesi_blake3_derive(psk, "nym-lp-psk-psq-v1", span(material, sizeof material));
    lewesi_blake3_derive(outer_key, "lp-outer-aead", span(psk, 32));
    lewesi_wipe(material, sizeof material);
}
