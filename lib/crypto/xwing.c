/* SPDX-License-Identifier: Apache-2.0 */
/* X-Wing: ML-KEM-768 and X25519 in one KEM that holds as long as either does (protocol.md 8.1;
 * draft-connolly-cfrg-xwing-kem-06). */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

#define X25519_LEN 32
#define SECRET_LEN 32
#define M_LEN 32
#define MLKEM_PUBLIC LEWESI_MLKEM768_PUBLIC_LEN
#define MLKEM_CIPHERTEXT LEWESI_MLKEM768_CIPHERTEXT_LEN
#define MLKEM_PRIVATE LEWESI_MLKEM768_PRIVATE_LEN

enum lewes_error lewesi_xwing_keypair(uint8_t public_key[LEWESI_XWING_PUBLIC_LEN],
                                      uint8_t private_key[LEWESI_XWING_PRIVATE_LEN],
                                      const uint8_t seed[LEWESI_XWING_SEED_LEN])
{
    uint8_t expanded[LEWESI_MLKEM768_SEED_LEN + X25519_LEN]; /* d || z || x */
    struct lewes_x25519_private scalar;
    struct lewes_x25519_public point;
    enum lewes_error error;

    lewesi_shake256(expanded, sizeof expanded, (struct lewesi_span){seed, LEWESI_XWING_SEED_LEN});
    memcpy(scalar.bytes, expanded + LEWESI_MLKEM768_SEED_LEN, X25519_LEN);
    error = lewesi_mlkem768_keypair(public_key, private_key, expanded);
    if (error != LEWES_OK) {
        lewesi_wipe(public_key, LEWESI_XWING_PUBLIC_LEN);
        lewesi_wipe(private_key, LEWESI_XWING_PRIVATE_LEN);
        goto out;
    }
    lewesi_x25519_public(&point, &scalar);
    memcpy(public_key + MLKEM_PUBLIC, point.bytes, X25519_LEN);
    memcpy(private_key + MLKEM_PRIVATE, scalar.bytes, X25519_LEN);
    memcpy(private_key + MLKEM_PRIVATE + X25519_LEN, point.bytes, X25519_LEN);
out:
    lewesi_wipe(expanded, sizeof expanded);
    lewesi_wipe(&scalar, sizeof scalar);
    return error;
}

/* Both secrets and what the second was agreed with. */
struct halves {
    uint8_t mlkem[SECRET_LEN], x25519[X25519_LEN];
    const uint8_t *ciphertext, *public_key; /* of X25519 */
};

static void combine(uint8_t secret[SECRET_LEN], const struct halves *halves)
{
    static const uint8_t label[] = {0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c};
    uint8_t input[SECRET_LEN + 3 * X25519_LEN + sizeof label];
    struct lewesi_writer w;

    lewesi_writer_init(&w, input, sizeof input);
    lewesi_write_copy(&w, halves->mlkem, sizeof halves->mlkem);
    lewesi_write_copy(&w, halves->x25519, sizeof halves->x25519);
    lewesi_write_copy(&w, halves->ciphertext, X25519_LEN);
    lewesi_write_copy(&w, halves->public_key, X25519_LEN);
    lewesi_write_copy(&w, label, sizeof label);
    lewesi_sha3_256(secret, (struct lewesi_span){input, w.at});
    lewesi_wipe(input, sizeof input);
}

static enum lewes_error agree(uint8_t out[X25519_LEN], const uint8_t *private_bytes,
                              const uint8_t *public_bytes)
{
    struct lewes_x25519_private private_key;
    struct lewes_x25519_public public_key;
    enum lewes_error error;

    memcpy(private_key.bytes, private_bytes, X25519_LEN);
    memcpy(public_key.bytes, public_bytes, X25519_LEN);
    error = lewesi_x25519(out, &private_key, &public_key);
    lewesi_wipe(&private_key, sizeof private_key);
    return error;
}

static void public_of(uint8_t out[X25519_LEN], const uint8_t *private_bytes)
{
    struct lewes_x25519_private private_key;
    struct lewes_x25519_public public_key;

    memcpy(private_key.bytes, private_bytes, X25519_LEN);
    lewesi_x25519_public(&public_key, &private_key);
    memcpy(out, public_key.bytes, X25519_LEN);
    lewesi_wipe(&private_key, sizeof private_key);
}

enum lewes_error lewesi_xwing_encapsulate(uint8_t ciphertext[LEWESI_XWING_CIPHERTEXT_LEN],
                                          uint8_t secret[32],
                                          const uint8_t public_key[LEWESI_XWING_PUBLIC_LEN],
                                          const uint8_t randomness[LEWESI_XWING_RANDOM_LEN])
{
    const uint8_t *const scalar = randomness + M_LEN;
    struct halves halves = {
        .ciphertext = ciphertext + MLKEM_CIPHERTEXT,
        .public_key = public_key + MLKEM_PUBLIC,
    };
    enum lewes_error error =
        lewesi_mlkem768_encapsulate(ciphertext, halves.mlkem, public_key, randomness);

    if (error == LEWES_OK)
        error = agree(halves.x25519, scalar, halves.public_key);
    if (error == LEWES_OK) {
        public_of(ciphertext + MLKEM_CIPHERTEXT, scalar);
        combine(secret, &halves);
    } else {
        lewesi_wipe(ciphertext, LEWESI_XWING_CIPHERTEXT_LEN);
        lewesi_wipe(secret, SECRET_LEN);
    }
    lewesi_wipe(&halves, sizeof halves);
    return error;
}

enum lewes_error lewesi_xwing_decapsulate(uint8_t secret[32],
                                          const uint8_t ciphertext[LEWESI_XWING_CIPHERTEXT_LEN],
                                          const uint8_t private_key[LEWESI_XWING_PRIVATE_LEN])
{
    const uint8_t *const scalar = private_key + MLKEM_PRIVATE;
    struct halves halves = {
        .ciphertext = ciphertext + MLKEM_CIPHERTEXT,
        .public_key = scalar + X25519_LEN,
    };
    enum lewes_error error = lewesi_mlkem768_decapsulate(halves.mlkem, ciphertext, private_key);

    if (error == LEWES_OK)
        error = agree(halves.x25519, scalar, halves.ciphertext);
    if (error == LEWES_OK)
        combine(secret, &halves);
    else
        lewesi_wipe(secret, SECRET_LEN);
    lewesi_wipe(&halves, sizeof halves);
    return error;
}
