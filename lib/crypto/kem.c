/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/kem.h"

#include <string.h>

#include "lib/base/secret.h"

#define X25519_LEN 32

static enum lewes_error x25519_keypair(uint8_t *public_key, uint8_t *private_key,
                                       const uint8_t *seed)
{
    struct lewes_x25519_private scalar;
    struct lewes_x25519_public point;

    memcpy(scalar.bytes, seed, X25519_LEN);
    lewesi_x25519_public(&point, &scalar);
    memcpy(public_key, point.bytes, X25519_LEN);
    memcpy(private_key, scalar.bytes, X25519_LEN);
    lewesi_wipe(&scalar, sizeof scalar);
    return LEWES_OK;
}

/* Every string of 32 bytes is a key; P19 refuses the bad ones when they are used. */
static enum lewes_error x25519_check(const uint8_t *public_key)
{
    (void)public_key;
    return LEWES_OK;
}

static enum lewes_error x25519_agree(uint8_t *secret, const uint8_t *private_bytes,
                                     const uint8_t *public_bytes)
{
    struct lewes_x25519_private private_key;
    struct lewes_x25519_public public_key;
    enum lewes_error error;

    memcpy(private_key.bytes, private_bytes, X25519_LEN);
    memcpy(public_key.bytes, public_bytes, X25519_LEN);
    error = lewesi_x25519(secret, &private_key, &public_key);
    lewesi_wipe(&private_key, sizeof private_key);
    return error;
}

static enum lewes_error x25519_encapsulate(uint8_t *ciphertext,
                                           uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                           const uint8_t *public_key, const uint8_t *randomness)
{
    struct lewes_x25519_private ephemeral;
    struct lewes_x25519_public ephemeral_public;
    enum lewes_error error;

    memcpy(ephemeral.bytes, randomness, X25519_LEN);
    lewesi_x25519_public(&ephemeral_public, &ephemeral);
    error = x25519_agree(secret, randomness, public_key);
    if (error == LEWES_OK)
        memcpy(ciphertext, ephemeral_public.bytes, X25519_LEN);
    else
        memset(ciphertext, 0, X25519_LEN);
    lewesi_wipe(&ephemeral, sizeof ephemeral);
    return error;
}

static enum lewes_error x25519_decapsulate(uint8_t secret[LEWESI_KEM_SECRET_LEN],
                                           const uint8_t *ciphertext, const uint8_t *private_key)
{
    return x25519_agree(secret, private_key, ciphertext);
}

static const struct lewesi_kem kems[] = {
    {
        .id = LEWES_KEM_X25519,
        .tag = 0x00,
        .public_len = X25519_LEN,
        .ciphertext_len = X25519_LEN,
        .random_len = X25519_LEN,
        .seed_len = X25519_LEN,
        .private_len = X25519_LEN,
        .prefix_len = 1,
        .public_prefix = {0x00},
        .ciphertext_prefix = {0x00},
        .keypair = x25519_keypair,
        .check_public = x25519_check,
        .encapsulate = x25519_encapsulate,
        .decapsulate = x25519_decapsulate,
    },
    {
        .id = LEWES_KEM_MLKEM768,
        .tag = 0x03,
        .public_len = LEWESI_MLKEM768_PUBLIC_LEN,
        .ciphertext_len = LEWESI_MLKEM768_CIPHERTEXT_LEN,
        .random_len = 32,
        .seed_len = LEWESI_MLKEM768_SEED_LEN,
        .private_len = LEWESI_MLKEM768_PRIVATE_LEN,
        .prefix_len = 3,
        .public_prefix = {0x03, 0x44, 0xa0},     /* tag, V(1184) */
        .ciphertext_prefix = {0x03, 0x44, 0x40}, /* tag, V(1088) */
        .keypair = lewesi_mlkem768_keypair,
        .check_public = lewesi_mlkem768_check,
        .encapsulate = lewesi_mlkem768_encapsulate,
        .decapsulate = lewesi_mlkem768_decapsulate,
    },
    {
        .id = LEWES_KEM_XWING,
        .tag = 0x05,
        .public_len = LEWESI_XWING_PUBLIC_LEN,
        .ciphertext_len = LEWESI_XWING_CIPHERTEXT_LEN,
        .random_len = LEWESI_XWING_RANDOM_LEN,
        .seed_len = LEWESI_XWING_SEED_LEN,
        .private_len = LEWESI_XWING_PRIVATE_LEN,
        .prefix_len = 3,
        .public_prefix = {0x05, 0x44, 0xa0}, /* the length is that of the ML-KEM half */
        .ciphertext_prefix = {0x05, 0x44, 0x40},
        .keypair = lewesi_xwing_keypair,
        .check_public = lewesi_mlkem768_check, /* the X25519 half may be anything until used */
        .encapsulate = lewesi_xwing_encapsulate,
        .decapsulate = lewesi_xwing_decapsulate,
    },
};

const struct lewesi_kem *lewesi_kem_find(unsigned id)
{
    for (size_t i = 0; i < sizeof kems / sizeof kems[0]; i++)
        if ((unsigned)kems[i].id == id)
            return &kems[i];
    return NULL;
}

struct lewesi_kem_public lewesi_kem_public_of_x25519(const struct lewes_x25519_public *key)
{
    return (struct lewesi_kem_public){lewesi_kem_find(LEWES_KEM_X25519), key->bytes};
}

struct lewesi_kem_private lewesi_kem_private_of_x25519(const struct lewes_x25519_private *key)
{
    return (struct lewesi_kem_private){lewesi_kem_find(LEWES_KEM_X25519), key->bytes};
}
