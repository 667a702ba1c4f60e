/* SPDX-License-Identifier: Apache-2.0 */
/* The back end keeps keys in objects of its own memory; none outlives a call here. */
#include <openssl/evp.h>
#include <openssl/experimental/kem_deterministic_api.h>
#include <openssl/nid.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

#define MODULUS 3329         /* FIPS 203, 2.4 */
#define COEFFICIENT_LEN 1152 /* of a public key: 768 numbers of 12 bits, then a seed */
#define SECRET_LEN 32
#define M_LEN 32

/* A key pair, or NULL. */
static EVP_PKEY *from_seed(const uint8_t seed[LEWESI_MLKEM768_SEED_LEN])
{
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_id(EVP_PKEY_KEM, NULL);
    EVP_PKEY *key = NULL;
    size_t seed_len = LEWESI_MLKEM768_SEED_LEN;

    if (context != NULL && EVP_PKEY_CTX_kem_set_params(context, NID_MLKEM768) == 1 &&
        EVP_PKEY_keygen_init(context) == 1 &&
        EVP_PKEY_keygen_deterministic(context, &key, seed, &seed_len) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

enum lewes_error lewesi_mlkem768_public(uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN],
                                        const uint8_t seed[LEWESI_MLKEM768_SEED_LEN])
{
    EVP_PKEY *const key = from_seed(seed);
    size_t len = LEWESI_MLKEM768_PUBLIC_LEN;
    enum lewes_error error = LEWES_OK;

    if (key == NULL || EVP_PKEY_get_raw_public_key(key, public_key, &len) != 1 ||
        len != LEWESI_MLKEM768_PUBLIC_LEN) {
        lewesi_wipe(public_key, LEWESI_MLKEM768_PUBLIC_LEN);
        error = LEWES_ERROR_CRYPTO;
    }
    EVP_PKEY_free(key);
    return error;
}

enum lewes_error lewesi_mlkem768_check(const uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN])
{
    for (size_t i = 0; i < COEFFICIENT_LEN; i += 3) {
        const unsigned two =
            public_key[i] | (unsigned)public_key[i + 1] << 8 | (unsigned)public_key[i + 2] << 16;

        if ((two & 0xfff) >= MODULUS || two >> 12 >= MODULUS)
            return LEWES_ERROR_KEY;
    }
    return LEWES_OK;
}

enum lewes_error lewesi_mlkem768_encapsulate(uint8_t ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN],
                                             uint8_t secret[32],
                                             const uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN],
                                             const uint8_t m[32])
{
    enum lewes_error error = lewesi_mlkem768_check(public_key);
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = NULL;
    size_t ciphertext_len = LEWESI_MLKEM768_CIPHERTEXT_LEN, secret_len = SECRET_LEN, m_len = M_LEN;

    if (error != LEWES_OK)
        goto out;
    key = EVP_PKEY_kem_new_raw_public_key(NID_MLKEM768, public_key, LEWESI_MLKEM768_PUBLIC_LEN);
    if (key != NULL)
        context = EVP_PKEY_CTX_new(key, NULL);
    if (context == NULL ||
        EVP_PKEY_encapsulate_deterministic(context, ciphertext, &ciphertext_len, secret,
                                           &secret_len, m, &m_len) != 1) {
        error = LEWES_ERROR_CRYPTO;
    }
out:
    if (error != LEWES_OK) {
        lewesi_wipe(ciphertext, LEWESI_MLKEM768_CIPHERTEXT_LEN);
        lewesi_wipe(secret, SECRET_LEN);
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return error;
}

enum lewes_error
lewesi_mlkem768_decapsulate(uint8_t secret[32],
                            const uint8_t ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN],
                            const uint8_t seed[LEWESI_MLKEM768_SEED_LEN])
{
    enum lewes_error error = LEWES_OK;
    EVP_PKEY *const key = from_seed(seed);
    EVP_PKEY_CTX *const context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    size_t secret_len = SECRET_LEN;

    if (context == NULL || EVP_PKEY_decapsulate(context, secret, &secret_len, ciphertext,
                                                LEWESI_MLKEM768_CIPHERTEXT_LEN) != 1) {
        lewesi_wipe(secret, SECRET_LEN);
        error = LEWES_ERROR_CRYPTO;
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return error;
}
