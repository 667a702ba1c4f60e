/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives, in the shapes in which the protocol uses them. Nothing else includes the back
 * end's headers. Functions without a result cannot fail; LEWES_ERROR_CRYPTO means that the back
 * end refused work that it can always do (its own memory). */
#ifndef LEWESI_CRYPTO_CRYPTO_H
#define LEWESI_CRYPTO_CRYPTO_H

#include <lewes/base.h>
#include <lewes/keys.h>

#include "lib/base/bytes.h"

/* ---- Diffie-Hellman: x25519.c ---- */

void lewesi_x25519_public(struct lewes_x25519_public *public_key,
                          const struct lewes_x25519_private *private_key);

/* LEWES_ERROR_KEY and `out` zeroed if the result is zero (P19). */
LEWES_MUST_USE enum lewes_error lewesi_x25519(uint8_t out[32],
                                              const struct lewes_x25519_private *private_key,
                                              const struct lewes_x25519_public *public_key);

/* ---- Signatures: ed25519.c ---- */

#define LEWESI_SIGNATURE_LEN 64

struct lewesi_ed25519_private { /* seed and public key, as the back end wants it */
    uint8_t bytes[64];
};

void lewesi_ed25519_from_seed(struct lewesi_ed25519_private *private_key,
                              struct lewes_ed25519_public *public_key,
                              const struct lewes_ed25519_seed *seed);
LEWES_MUST_USE enum lewes_error lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                                    const struct lewesi_ed25519_private *key,
                                                    struct lewesi_span message);
/* As strict as P20. True if the signature is good. */
bool lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                           const uint8_t signature[LEWESI_SIGNATURE_LEN],
                           struct lewesi_span message);

/* ---- Conversion of identities, protocol.md 5 and P18: edwards.c ---- */

/* LEWES_ERROR_KEY, `out` untouched: not canonical, no point, small order. Public data only. */
LEWES_MUST_USE enum lewes_error
lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                  const struct lewes_ed25519_public *key);
/* The private half: first 32 bytes of SHA-512(seed). */
void lewesi_x25519_private_from_seed(struct lewes_x25519_private *out,
                                     const struct lewes_ed25519_seed *seed);

/* ---- AEAD (ChaCha20-Poly1305, RFC 8439), in place: aead.c ---- */

#define LEWESI_AEAD_KEY_LEN 32
#define LEWESI_AEAD_TAG_LEN 16

struct lewesi_nonce {
    uint8_t bytes[12];
};

/* Encrypts `len` bytes of `text` in place. LEWES_ERROR_CRYPTO: text and tag zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                                 const struct lewesi_nonce *nonce,
                                                 struct lewesi_span aad, uint8_t *text, size_t len,
                                                 uint8_t tag[LEWESI_AEAD_TAG_LEN]);
/* Decrypts in place; LEWES_ERROR_AUTH: text undefined (never plaintext). */
LEWES_MUST_USE enum lewes_error lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                                 const struct lewesi_nonce *nonce,
                                                 struct lewesi_span aad, uint8_t *text, size_t len,
                                                 const uint8_t tag[LEWESI_AEAD_TAG_LEN]);

/* ---- Hashes and key derivation: hash.c, hkdf.c, blake3.c ---- */

void lewesi_sha256(uint8_t out[32], struct lewesi_span a, struct lewesi_span b); /* of a, then b */
void lewesi_sha512(uint8_t out[64], struct lewesi_span message);
void lewesi_hmac_sha256(uint8_t out[32], struct lewesi_span key, struct lewesi_span message);

/* RFC 5869 Expand alone (EXP of protocol.md 1); out_len <= 8160. */
void lewesi_hkdf_expand(uint8_t *out, size_t out_len, const uint8_t prk[32],
                        struct lewesi_span info);
/* The HKDF of Noise with 2 or 3 outputs of 32 bytes; out3 may be NULL. */
void lewesi_hkdf_noise(uint8_t out1[32], uint8_t out2[32], uint8_t *out3, const uint8_t ck[32],
                       struct lewesi_span material);

/* BDK of protocol.md 1; `context` is a string. */
void lewesi_blake3_derive(uint8_t out[32], const char *context, struct lewesi_span material);
void lewesi_blake3(uint8_t *out, size_t out_len, struct lewesi_span message);

/* ---- FIPS 202: keccak.c ---- */

void lewesi_sha3_256(uint8_t out[32], struct lewesi_span message);
void lewesi_shake128(uint8_t *out, size_t out_len, struct lewesi_span message);
void lewesi_shake256(uint8_t *out, size_t out_len, struct lewesi_span message);

/* ---- ML-KEM-768: mlkem768.c ---- */

#define LEWESI_MLKEM768_PUBLIC_LEN 1184
#define LEWESI_MLKEM768_CIPHERTEXT_LEN 1088
#define LEWESI_MLKEM768_SEED_LEN 64      /* d || z of FIPS 203 */
#define LEWESI_MLKEM768_PRIVATE_LEN 2400 /* expanded: what decapsulation works with */

/* LEWES_ERROR_CRYPTO: both keys zeroed. */
LEWES_MUST_USE enum lewes_error
lewesi_mlkem768_keypair(uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN],
                        uint8_t private_key[LEWESI_MLKEM768_PRIVATE_LEN],
                        const uint8_t seed[LEWESI_MLKEM768_SEED_LEN]);
/* LEWES_ERROR_KEY: a coefficient is not reduced. */
LEWES_MUST_USE enum lewes_error
lewesi_mlkem768_check(const uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN]);
LEWES_MUST_USE enum lewes_error
lewesi_mlkem768_encapsulate(uint8_t ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN], uint8_t secret[32],
                            const uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN],
                            const uint8_t m[32]);
LEWES_MUST_USE enum lewes_error
lewesi_mlkem768_decapsulate(uint8_t secret[32],
                            const uint8_t ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN],
                            const uint8_t private_key[LEWESI_MLKEM768_PRIVATE_LEN]);

/* ---- X-Wing, protocol.md 8.1: xwing.c ---- */

#define LEWESI_XWING_SEED_LEN 32
#define LEWESI_XWING_PUBLIC_LEN (LEWESI_MLKEM768_PUBLIC_LEN + 32)
#define LEWESI_XWING_CIPHERTEXT_LEN (LEWESI_MLKEM768_CIPHERTEXT_LEN + 32)
#define LEWESI_XWING_RANDOM_LEN 64 /* m of ML-KEM, then the scalar of X25519 */
/* Expanded: that of ML-KEM, then both halves of the X25519 pair. */
#define LEWESI_XWING_PRIVATE_LEN (LEWESI_MLKEM768_PRIVATE_LEN + 64)

/* LEWES_ERROR_CRYPTO: both keys zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_xwing_keypair(uint8_t public_key[LEWESI_XWING_PUBLIC_LEN],
                                                     uint8_t private_key[LEWESI_XWING_PRIVATE_LEN],
                                                     const uint8_t seed[LEWESI_XWING_SEED_LEN]);
/* LEWES_ERROR_KEY: malformed, or X25519 gives zero (P19). Outputs zeroed on every error. */
LEWES_MUST_USE enum lewes_error
lewesi_xwing_encapsulate(uint8_t ciphertext[LEWESI_XWING_CIPHERTEXT_LEN], uint8_t secret[32],
                         const uint8_t public_key[LEWESI_XWING_PUBLIC_LEN],
                         const uint8_t randomness[LEWESI_XWING_RANDOM_LEN]);
LEWES_MUST_USE enum lewes_error
lewesi_xwing_decapsulate(uint8_t secret[32], const uint8_t ciphertext[LEWESI_XWING_CIPHERTEXT_LEN],
                         const uint8_t private_key[LEWESI_XWING_PRIVATE_LEN]);

#endif
