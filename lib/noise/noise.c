/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/noise/noise.h"

#include <string.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/noise/cipher.h"
#include "lib/noise/patterns.h"

#define HASH_LEN 32
#define KEY_LEN 32

/* ---- Symmetric state ---- */

static struct lewesi_span span(const uint8_t *data, size_t len)
{
    struct lewesi_span s = {data, len};

    return s;
}

static void mix_hash(struct lewesi_noise *noise, struct lewesi_span data)
{
    uint8_t h[HASH_LEN];

    lewesi_sha256(h, span(noise->h, sizeof noise->h), data);
    memcpy(noise->h, h, sizeof h);
}

static void set_key(struct lewesi_noise *noise, const uint8_t k[KEY_LEN])
{
    memcpy(noise->k, k, KEY_LEN);
    noise->n = 0;
    noise->has_key = true;
}

static void mix_key(struct lewesi_noise *noise, const uint8_t material[KEY_LEN])
{
    uint8_t out[2][KEY_LEN];

    lewesi_hkdf_noise(out[0], out[1], NULL, noise->ck, span(material, KEY_LEN));
    memcpy(noise->ck, out[0], sizeof noise->ck);
    set_key(noise, out[1]);
    lewesi_wipe(out, sizeof out);
}

static void mix_psk(struct lewesi_noise *noise)
{
    uint8_t out[3][KEY_LEN];

    lewesi_hkdf_noise(out[0], out[1], out[2], noise->ck, span(noise->psk, sizeof noise->psk));
    memcpy(noise->ck, out[0], sizeof noise->ck);
    mix_hash(noise, span(out[1], sizeof out[1]));
    set_key(noise, out[2]);
    lewesi_wipe(out, sizeof out);
}

/* The first letter of a token is the initiator's key, the second the responder's. */
static enum lewes_error mix_dh(struct lewesi_noise *noise, enum lewesi_noise_token token)
{
    bool initiator_e = token == LEWESI_TOKEN_EE || token == LEWESI_TOKEN_ES;
    bool responder_e = token == LEWESI_TOKEN_EE || token == LEWESI_TOKEN_SE;
    bool our_e = noise->initiator ? initiator_e : responder_e;
    bool their_e = noise->initiator ? responder_e : initiator_e;
    uint8_t secret[KEY_LEN];
    enum lewes_error error;

    error = lewesi_x25519(secret, our_e ? &noise->e_private : &noise->s_private,
                          their_e ? &noise->re : &noise->rs);
    if (error == LEWES_OK)
        mix_key(noise, secret);
    lewesi_wipe(secret, sizeof secret);
    return error;
}

/* An ephemeral key, ours or the peer's, goes into the hash; with a psk also into the key. */
static void mix_ephemeral(struct lewesi_noise *noise, const struct lewes_x25519_public *key)
{
    mix_hash(noise, span(key->bytes, sizeof key->bytes));
    if (noise->pattern->psk)
        mix_key(noise, key->bytes);
}

static enum lewes_error seal_and_hash(struct lewesi_noise *noise, struct lewesi_span plain,
                                      struct lewesi_writer *out)
{
    size_t tag_len = noise->has_key ? LEWESI_NOISE_TAG_LEN : 0;
    struct lewesi_nonce nonce = lewesi_noise_nonce(noise->n);
    enum lewes_error error = LEWES_OK;
    uint8_t *text;

    if (plain.len > SIZE_MAX - tag_len)
        return LEWES_ERROR_SPACE;
    text = lewesi_write_space(out, plain.len + tag_len);
    if (out->failed)
        return LEWES_ERROR_SPACE;
    if (plain.len > 0)
        memcpy(text, plain.data, plain.len);
    if (noise->has_key) {
        error = lewesi_aead_seal(noise->k, &nonce, span(noise->h, sizeof noise->h), text, plain.len,
                                 text + plain.len);
        noise->n++;
    }
    if (error == LEWES_OK)
        mix_hash(noise, span(text, plain.len + tag_len));
    return error;
}

/* `plain` has room for the text without its tag. */
static enum lewes_error open_and_hash(struct lewesi_noise *noise, struct lewesi_span sealed,
                                      uint8_t *plain)
{
    size_t tag_len = noise->has_key ? LEWESI_NOISE_TAG_LEN : 0;
    size_t len = sealed.len - tag_len;
    struct lewesi_nonce nonce = lewesi_noise_nonce(noise->n);

    if (len > 0)
        memcpy(plain, sealed.data, len);
    if (noise->has_key) {
        if (lewesi_aead_open(noise->k, &nonce, span(noise->h, sizeof noise->h), plain, len,
                             sealed.data + len) != LEWES_OK) {
            lewesi_wipe(plain, len);
            return LEWES_ERROR_NOISE;
        }
        noise->n++;
    }
    mix_hash(noise, sealed);
    return LEWES_OK;
}

/* ---- Start ---- */

static void hash_name(struct lewesi_noise *noise, const char *name)
{
    size_t len = strlen(name);

    if (len <= HASH_LEN)
        memcpy(noise->h, name, len);
    else
        lewesi_sha256(noise->h, span((const uint8_t *)name, len), span(NULL, 0));
    memcpy(noise->ck, noise->h, sizeof noise->ck);
}

void lewesi_noise_start(struct lewesi_noise *noise, const struct lewesi_noise_setup *setup)
{
    const struct lewesi_noise_pattern *pattern = setup->pattern;

    memset(noise, 0, sizeof *noise);
    noise->pattern = pattern;
    noise->initiator = setup->initiator;
    noise->s_private = *setup->s_private;
    noise->s = *setup->s;
    if (setup->rs != NULL)
        noise->rs = *setup->rs;
    hash_name(noise, pattern->name);
    mix_hash(noise, setup->prologue);
    if (pattern->pre_initiator)
        mix_hash(noise, span(noise->initiator ? noise->s.bytes : noise->rs.bytes, KEY_LEN));
    if (pattern->pre_responder)
        mix_hash(noise, span(noise->initiator ? noise->rs.bytes : noise->s.bytes, KEY_LEN));
}

void lewesi_noise_set_psk(struct lewesi_noise *noise, const uint8_t psk[32])
{
    memcpy(noise->psk, psk, sizeof noise->psk);
    noise->has_psk = true;
}

void lewesi_noise_expect_static(struct lewesi_noise *noise, const struct lewes_x25519_public *rs)
{
    noise->expected_rs = *rs;
    noise->expects_static = true;
}

/* ---- The interpreter ---- */

static const uint8_t *next_tokens(const struct lewesi_noise *noise)
{
    return noise->pattern->tokens[noise->message];
}

static bool has_token(const struct lewesi_noise *noise, enum lewesi_noise_token token)
{
    const uint8_t *next = next_tokens(noise);

    while (*next != LEWESI_TOKEN_END && *next != token)
        next++;
    return *next == token;
}

static enum lewes_error check_ready(const struct lewesi_noise *noise, bool writing)
{
    bool initiators_turn = noise->message % 2 == 0;

    if (lewesi_noise_finished(noise) || (noise->initiator == initiators_turn) != writing)
        return LEWES_ERROR_NOT_READY;
    if (has_token(noise, LEWESI_TOKEN_PSK) && !noise->has_psk)
        return LEWES_ERROR_NOT_READY;
    return LEWES_OK;
}

/* The tokens that put nothing on the wire are the same for both sides. */
static enum lewes_error mix_token(struct lewesi_noise *noise, enum lewesi_noise_token token)
{
    if (token == LEWESI_TOKEN_PSK) {
        mix_psk(noise);
        return LEWES_OK;
    }
    return mix_dh(noise, token);
}

static enum lewes_error write_token(struct lewesi_noise *noise, enum lewesi_noise_token token,
                                    const struct lewes_x25519_private *ephemeral,
                                    struct lewesi_writer *out)
{
    if (token == LEWESI_TOKEN_E) {
        noise->e_private = *ephemeral;
        lewesi_x25519_public(&noise->e, ephemeral);
        lewesi_write_copy(out, noise->e.bytes, sizeof noise->e.bytes);
        mix_ephemeral(noise, &noise->e);
        return out->failed ? LEWES_ERROR_SPACE : LEWES_OK;
    }
    if (token == LEWESI_TOKEN_S)
        return seal_and_hash(noise, span(noise->s.bytes, sizeof noise->s.bytes), out);
    return mix_token(noise, token);
}

enum lewes_error lewesi_noise_write(struct lewesi_noise *noise,
                                    const struct lewes_x25519_private *ephemeral,
                                    struct lewesi_span payload, struct lewesi_writer *out)
{
    const uint8_t *token;
    struct lewesi_noise next;
    struct lewesi_writer w = *out;
    enum lewes_error error = check_ready(noise, true);

    if (error != LEWES_OK)
        return error;
    if (has_token(noise, LEWESI_TOKEN_E) && ephemeral == NULL)
        return LEWES_ERROR_ARGUMENT;
    next = *noise;
    for (token = next_tokens(noise); error == LEWES_OK && *token != LEWESI_TOKEN_END; token++)
        error = write_token(&next, (enum lewesi_noise_token) * token, ephemeral, &w);
    if (error == LEWES_OK)
        error = seal_and_hash(&next, payload, &w);
    if (error == LEWES_OK && w.at - out->at > LEWESI_NOISE_MESSAGE_MAX)
        error = LEWES_ERROR_TOO_LONG;
    if (error == LEWES_OK) {
        next.message++;
        *noise = next;
        *out = w;
    } else if (w.at > out->at) {
        lewesi_wipe(out->data + out->at, w.at - out->at);
    }
    lewesi_wipe(&next, sizeof next);
    return error;
}

/* P42: before anything that the psk protects is believed. */
static enum lewes_error read_static(struct lewesi_noise *noise, struct lewesi_span sealed)
{
    enum lewes_error error = open_and_hash(noise, sealed, noise->rs.bytes);

    if (error == LEWES_OK && noise->expects_static &&
        !lewesi_equal(&noise->rs, &noise->expected_rs, sizeof noise->rs)) {
        return LEWES_ERROR_IDENTITY;
    }
    return error;
}

static enum lewes_error read_token(struct lewesi_noise *noise, enum lewesi_noise_token token,
                                   struct lewesi_reader *in)
{
    size_t tag_len = noise->has_key ? LEWESI_NOISE_TAG_LEN : 0;
    const uint8_t *sealed;

    if (token == LEWESI_TOKEN_E) {
        lewesi_read_copy(in, noise->re.bytes, sizeof noise->re.bytes);
        mix_ephemeral(noise, &noise->re);
        return in->failed ? LEWES_ERROR_NOISE : LEWES_OK;
    }
    if (token == LEWESI_TOKEN_S) {
        sealed = lewesi_read_bytes(in, KEY_LEN + tag_len);
        return in->failed ? LEWES_ERROR_NOISE : read_static(noise, span(sealed, KEY_LEN + tag_len));
    }
    return mix_token(noise, token) == LEWES_OK ? LEWES_OK : LEWES_ERROR_NOISE;
}

static enum lewes_error read_payload(struct lewesi_noise *noise, struct lewesi_reader *in,
                                     uint8_t *payload, size_t *len)
{
    size_t tag_len = noise->has_key ? LEWESI_NOISE_TAG_LEN : 0;
    size_t left = lewesi_reader_left(in);
    uint8_t nothing[1];

    if (left < tag_len || (payload == NULL && left > tag_len))
        return LEWES_ERROR_NOISE;
    *len = left - tag_len;
    return open_and_hash(noise, span(lewesi_read_bytes(in, left), left),
                         payload == NULL ? nothing : payload);
}

enum lewes_error lewesi_noise_read(struct lewesi_noise *noise, struct lewesi_span message,
                                   uint8_t *payload, size_t *payload_len)
{
    const uint8_t *token;
    struct lewesi_noise next;
    struct lewesi_reader in;
    size_t len = 0;
    enum lewes_error error = check_ready(noise, false);

    if (error != LEWES_OK)
        return error;
    if (message.len > LEWESI_NOISE_MESSAGE_MAX)
        return LEWES_ERROR_NOISE;
    next = *noise;
    lewesi_reader_init(&in, message.data, message.len);
    for (token = next_tokens(noise); error == LEWES_OK && *token != LEWESI_TOKEN_END; token++)
        error = read_token(&next, (enum lewesi_noise_token) * token, &in);
    if (error == LEWES_OK)
        error = read_payload(&next, &in, payload, &len);
    if (error == LEWES_OK) {
        next.message++;
        *noise = next;
        if (payload_len != NULL)
            *payload_len = len;
    }
    lewesi_wipe(&next, sizeof next);
    return error;
}

/* ---- The end ---- */

bool lewesi_noise_finished(const struct lewesi_noise *noise)
{
    return noise->message == noise->pattern->messages;
}

enum lewes_error lewesi_noise_split(const struct lewesi_noise *noise, struct lewesi_cipher *send,
                                    struct lewesi_cipher *receive)
{
    struct lewesi_cipher *first = noise->initiator ? send : receive;
    struct lewesi_cipher *second = noise->initiator ? receive : send;

    if (!lewesi_noise_finished(noise))
        return LEWES_ERROR_NOT_READY;
    lewesi_hkdf_noise(first->key, second->key, NULL, noise->ck, span(NULL, 0));
    first->nonce = 0;
    second->nonce = 0;
    return LEWES_OK;
}
