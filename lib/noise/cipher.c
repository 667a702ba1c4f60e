/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/noise/cipher.h"

#include "lib/noise/noise.h"

/* Noise keeps the last nonce for a rekey that we do not have. */
#define NONCE_END UINT64_MAX

struct lewesi_nonce lewesi_noise_nonce(uint64_t number)
{
    struct lewesi_nonce nonce = {{0}};

    lewesi_store64le(nonce.bytes + 4, number);
    return nonce;
}

enum lewes_error lewesi_cipher_seal(struct lewesi_cipher *cipher, uint8_t *text, size_t len)
{
    struct lewesi_nonce nonce = lewesi_noise_nonce(cipher->nonce);
    enum lewes_error error;

    if (len > LEWESI_NOISE_MESSAGE_MAX - LEWESI_NOISE_TAG_LEN)
        return LEWES_ERROR_TOO_LONG;
    if (cipher->nonce == NONCE_END)
        return LEWES_ERROR_EXHAUSTED;
    error = lewesi_aead_seal(cipher->key, &nonce, (struct lewesi_span){0}, text, len, text + len);
    if (error == LEWES_OK)
        cipher->nonce++;
    return error;
}

enum lewes_error lewesi_cipher_open(struct lewesi_cipher *cipher, uint8_t *text, size_t len)
{
    struct lewesi_nonce nonce = lewesi_noise_nonce(cipher->nonce);
    size_t text_len;

    if (len < LEWESI_NOISE_TAG_LEN || len > LEWESI_NOISE_MESSAGE_MAX || cipher->nonce == NONCE_END)
        return LEWES_ERROR_NOISE;
    text_len = len - LEWESI_NOISE_TAG_LEN;
    if (lewesi_aead_open(cipher->key, &nonce, (struct lewesi_span){0}, text, text_len,
                         text + text_len) != LEWES_OK) {
        return LEWES_ERROR_NOISE;
    }
    cipher->nonce++;
    return LEWES_OK;
}
