/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/aead.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

enum lewes_error lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                  const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                  uint8_t *text, size_t len, uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    enum lewes_error error = LEWES_ERROR_CRYPTO;
    EVP_AEAD_CTX context;
    size_t tag_len;

    EVP_AEAD_CTX_zero(&context);
    if (EVP_AEAD_CTX_init(&context, EVP_aead_chacha20_poly1305(), key, LEWESI_AEAD_KEY_LEN,
                          LEWESI_AEAD_TAG_LEN, NULL) == 1 &&
        EVP_AEAD_CTX_seal_scatter(&context, text, tag, &tag_len, LEWESI_AEAD_TAG_LEN, nonce->bytes,
                                  sizeof nonce->bytes, text, len, NULL, 0, aad.data,
                                  aad.len) == 1) {
        error = LEWES_OK;
    }
    if (error != LEWES_OK) {
        lewesi_wipe(text, len);
        lewesi_wipe(tag, LEWESI_AEAD_TAG_LEN);
    }
    EVP_AEAD_CTX_cleanup(&context);
    lewesi_wipe(&context, sizeof context);
    return error;
}

enum lewes_error lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                  const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                  uint8_t *text, size_t len, const uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    enum lewes_error error = LEWES_ERROR_CRYPTO;
    EVP_AEAD_CTX context;

    EVP_AEAD_CTX_zero(&context);
    if (EVP_AEAD_CTX_init(&context, EVP_aead_chacha20_poly1305(), key, LEWESI_AEAD_KEY_LEN,
                          LEWESI_AEAD_TAG_LEN, NULL) == 1) {
        error = EVP_AEAD_CTX_open_gather(&context, text, nonce->bytes, sizeof nonce->bytes, text,
                                         len, tag, LEWESI_AEAD_TAG_LEN, aad.data, aad.len) == 1
                    ? LEWES_OK
                    : LEWES_ERROR_AUTH;
    }
    EVP_AEAD_CTX_cleanup(&context);
    lewesi_wipe(&context, sizeof context);
    return error;
}
