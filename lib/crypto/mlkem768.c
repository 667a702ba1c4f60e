/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ML-KEM-768 (FIPS 203). The back end's functions for raw bytes are called: its key objects would
 * allocate for every handshake, and they bring every public-key algorithm that it has into the
 * library. Its installed headers name these functions, but do not declare them.
 */
#include <openssl/base.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

#define MODULUS 3329         /* FIPS 203, 2.4 */
#define COEFFICIENT_LEN 1152 /* of a public key: 768 numbers of 12 bits, then a seed */
#define SECRET_LEN 32

/* Each returns 0, or another value if it failed; lengths are room, then what was written. */
int ml_kem_768_keypair_deterministic(uint8_t *public_key, size_t *public_len, uint8_t *private_key,
                                     size_t *private_len, const uint8_t *seed);
int ml_kem_768_encapsulate_deterministic(uint8_t *ciphertext, size_t *ciphertext_len,
                                         uint8_t *secret, size_t *secret_len,
                                         const uint8_t *public_key, const uint8_t *m);
int ml_kem_768_decapsulate(uint8_t *secret, size_t *secret_len, const uint8_t *ciphertext,
                           const uint8_t *private_key);

enum lewes_error lewesi_mlkem768_keypair(uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN],
                                         uint8_t private_key[LEWESI_MLKEM768_PRIVATE_LEN],
                                         const uint8_t seed[LEWESI_MLKEM768_SEED_LEN])
{
    size_t public_len = LEWESI_MLKEM768_PUBLIC_LEN, private_len = LEWESI_MLKEM768_PRIVATE_LEN;

    if (ml_kem_768_keypair_deterministic(public_key, &public_len, private_key, &private_len,
                                         seed) == 0)
        return LEWES_OK;
    lewesi_wipe(public_key, LEWESI_MLKEM768_PUBLIC_LEN);
    lewesi_wipe(private_key, LEWESI_MLKEM768_PRIVATE_LEN);
    return LEWES_ERROR_CRYPTO;
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
    size_t ciphertext_len = LEWESI_MLKEM768_CIPHERTEXT_LEN, secret_len = SECRET_LEN;

    if (error == LEWES_OK &&
        ml_kem_768_encapsulate_deterministic(ciphertext, &ciphertext_len, secret, &secret_len,
                                             public_key, m) != 0)
        error = LEWES_ERROR_CRYPTO;
    if (error != LEWES_OK) {
        lewesi_wipe(ciphertext, LEWESI_MLKEM768_CIPHERTEXT_LEN);
        lewesi_wipe(secret, SECRET_LEN);
    }
    return error;
}

enum lewes_error
lewesi_mlkem768_decapsulate(uint8_t secret[32],
                            const uint8_t ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN],
                            const uint8_t private_key[LEWESI_MLKEM768_PRIVATE_LEN])
{
    size_t secret_len = SECRET_LEN;

    if (ml_kem_768_decapsulate(secret, &secret_len, ciphertext, private_key) == 0)
        return LEWES_OK;
    lewesi_wipe(secret, SECRET_LEN);
    return LEWES_ERROR_CRYPTO;
}
