/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/measure.h"

#include <stdint.h>
#include <string.h>

#include "lib/crypto/crypto.h"

#define REPEATS 200 /* of a primitive in one round */

const char *const primitive_names[PRIMITIVES] = {
    [X25519_PUBLIC] = "X25519, base point",
    [X25519] = "X25519",
    [CONVERT] = "Ed25519 to X25519",
    [SIGN] = "Ed25519 sign",
    [VERIFY] = "Ed25519 verify",
    [KEM_CHECK] = "ML-KEM-768 check",
    [KEM_ENCAPSULATE] = "ML-KEM-768 encapsulate",
    [KEM_DECAPSULATE] = "ML-KEM-768 decapsulate",
    [SEAL] = "AEAD seal",
    [OPEN] = "AEAD open",
    [SHA256] = "SHA-256",
    [SHA3] = "SHA3-256",
    [HMAC] = "HMAC-SHA-256",
    [EXPAND] = "HKDF-Expand",
    [NOISE_HKDF] = "HKDF of Noise",
    [BLAKE3] = "BLAKE3 derive_key",
    [BLAKE3_HASH] = "BLAKE3",
};

struct counts counts;
static unsigned nested; /* HKDF calls HMAC: that is not to be counted again */

static void count(enum primitive primitive, size_t bytes)
{
    if (nested == 0) {
        counts.calls[primitive]++;
        counts.bytes[primitive] += bytes;
    }
}

#define REAL(result, name, parameters)                                                             \
    result __real_##name parameters;                                                               \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters

REAL(void, lewesi_x25519_public,
     (struct lewes_x25519_public * out, const struct lewes_x25519_private *key))
{
    count(X25519_PUBLIC, 0);
    nested++;
    __real_lewesi_x25519_public(out, key);
    nested--;
}

REAL(enum lewes_error, lewesi_x25519,
     (uint8_t out[32], const struct lewes_x25519_private *key,
      const struct lewes_x25519_public *peer))
{
    enum lewes_error error;

    count(X25519, 0);
    nested++;
    error = __real_lewesi_x25519(out, key, peer);
    nested--;
    return error;
}

REAL(enum lewes_error, lewesi_x25519_public_from_ed25519,
     (struct lewes_x25519_public * out, const struct lewes_ed25519_public *key))
{
    count(CONVERT, 0);
    return __real_lewesi_x25519_public_from_ed25519(out, key);
}

REAL(enum lewes_error, lewesi_ed25519_sign,
     (uint8_t out[64], const struct lewesi_ed25519_private *key, struct lewesi_span message))
{
    count(SIGN, message.len);
    return __real_lewesi_ed25519_sign(out, key, message);
}

REAL(bool, lewesi_ed25519_verify,
     (const struct lewes_ed25519_public *key, const uint8_t signature[64],
      struct lewesi_span message))
{
    count(VERIFY, message.len);
    return __real_lewesi_ed25519_verify(key, signature, message);
}

REAL(enum lewes_error, lewesi_aead_seal,
     (const uint8_t key[32], const struct lewesi_nonce *nonce, struct lewesi_span aad,
      uint8_t *text, size_t len, uint8_t tag[16]))
{
    count(SEAL, len);
    return __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

REAL(enum lewes_error, lewesi_aead_open,
     (const uint8_t key[32], const struct lewesi_nonce *nonce, struct lewesi_span aad,
      uint8_t *text, size_t len, const uint8_t tag[16]))
{
    count(OPEN, len);
    return __real_lewesi_aead_open(key, nonce, aad, text, len, tag);
}

REAL(void, lewesi_sha256, (uint8_t out[32], struct lewesi_span a, struct lewesi_span b))
{
    count(SHA256, a.len + b.len);
    __real_lewesi_sha256(out, a, b);
}

REAL(void, lewesi_sha3_256, (uint8_t out[32], struct lewesi_span message))
{
    count(SHA3, message.len);
    __real_lewesi_sha3_256(out, message);
}

REAL(void, lewesi_hmac_sha256,
     (uint8_t out[32], struct lewesi_span key, struct lewesi_span message))
{
    count(HMAC, message.len);
    nested++;
    __real_lewesi_hmac_sha256(out, key, message);
    nested--;
}

REAL(void, lewesi_hkdf_expand,
     (uint8_t *out, size_t out_len, const uint8_t prk[32], struct lewesi_span info))
{
    count(EXPAND, info.len);
    nested++;
    __real_lewesi_hkdf_expand(out, out_len, prk, info);
    nested--;
}

REAL(void, lewesi_hkdf_noise,
     (uint8_t out1[32], uint8_t out2[32], uint8_t *out3, const uint8_t ck[32],
      struct lewesi_span material))
{
    count(NOISE_HKDF, material.len);
    nested++;
    __real_lewesi_hkdf_noise(out1, out2, out3, ck, material);
    nested--;
}

REAL(void, lewesi_blake3_derive,
     (uint8_t out[32], const char *context, struct lewesi_span material))
{
    count(BLAKE3, material.len);
    __real_lewesi_blake3_derive(out, context, material);
}

REAL(void, lewesi_blake3, (uint8_t *out, size_t out_len, struct lewesi_span message))
{
    count(BLAKE3_HASH, message.len);
    __real_lewesi_blake3(out, out_len, message);
}

REAL(enum lewes_error, lewesi_mlkem768_check,
     (const uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN]))
{
    count(KEM_CHECK, 0);
    return __real_lewesi_mlkem768_check(public_key);
}

REAL(enum lewes_error, lewesi_mlkem768_encapsulate,
     (uint8_t ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN], uint8_t secret[32],
      const uint8_t public_key[LEWESI_MLKEM768_PUBLIC_LEN], const uint8_t m[32]))
{
    enum lewes_error error;

    count(KEM_ENCAPSULATE, 0);
    nested++;
    error = __real_lewesi_mlkem768_encapsulate(ciphertext, secret, public_key, m);
    nested--;
    return error;
}

REAL(enum lewes_error, lewesi_mlkem768_decapsulate,
     (uint8_t secret[32], const uint8_t ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN],
      const uint8_t private_key[LEWESI_MLKEM768_PRIVATE_LEN]))
{
    enum lewes_error error;

    count(KEM_DECAPSULATE, 0);
    nested++;
    error = __real_lewesi_mlkem768_decapsulate(secret, ciphertext, private_key);
    nested--;
    return error;
}

/* ---- primitives alone ---- */

struct bench_keys {
    struct lewesi_ed25519_private ed25519_private;
    struct lewes_ed25519_public ed25519;
    struct lewes_x25519_private x25519_private;
    struct lewes_x25519_public x25519;
    uint8_t signature[64];
    uint8_t mlkem768[LEWESI_MLKEM768_PUBLIC_LEN];
    uint8_t mlkem768_private[LEWESI_MLKEM768_PRIVATE_LEN];
};

static uint8_t text[4096], sink[64], tag[16], ciphertext[LEWESI_MLKEM768_CIPHERTEXT_LEN];

static void make_keys(struct bench_keys *keys, size_t signed_len)
{
    const struct lewes_ed25519_seed from = {{1, 2, 3}};

    lewesi_ed25519_from_seed(&keys->ed25519_private, &keys->ed25519, &from);
    lewesi_x25519_private_from_seed(&keys->x25519_private, &from);
    lewesi_x25519_public(&keys->x25519, &keys->x25519_private);
    check(lewesi_ed25519_sign(keys->signature, &keys->ed25519_private,
                              (struct lewesi_span){text, signed_len}) == LEWES_OK,
          "signing");
    check(lewesi_mlkem768_keypair(keys->mlkem768, keys->mlkem768_private, text) == LEWES_OK,
          "ML-KEM-768");
}

static bool run_once(enum primitive primitive, const struct bench_keys *keys, size_t len)
{
    const struct lewesi_span span = {text, len}, aad = {text, 12};
    const struct lewesi_nonce nonce = {{0}};
    struct lewes_x25519_public point;

    switch (primitive) {
    case X25519_PUBLIC:
        lewesi_x25519_public(&point, &keys->x25519_private);
        return true;
    case X25519:
        return lewesi_x25519(sink, &keys->x25519_private, &keys->x25519) == LEWES_OK;
    case CONVERT:
        return lewesi_x25519_public_from_ed25519(&point, &keys->ed25519) == LEWES_OK;
    case SIGN:
        return lewesi_ed25519_sign(sink, &keys->ed25519_private, span) == LEWES_OK;
    case VERIFY:
        return lewesi_ed25519_verify(&keys->ed25519, keys->signature, span);
    case SEAL:
        return lewesi_aead_seal(sink, &nonce, aad, text, len, tag) == LEWES_OK;
    case OPEN: /* a wrong tag costs the same */
        return lewesi_aead_open(sink, &nonce, aad, text, len, tag) != LEWES_ERROR_CRYPTO;
    case KEM_CHECK:
        return lewesi_mlkem768_check(keys->mlkem768) == LEWES_OK;
    case KEM_ENCAPSULATE:
        return lewesi_mlkem768_encapsulate(ciphertext, sink, keys->mlkem768, text) == LEWES_OK;
    case KEM_DECAPSULATE: /* a wrong ciphertext costs the same */
        return lewesi_mlkem768_decapsulate(sink, ciphertext, keys->mlkem768_private) == LEWES_OK;
    case SHA256:
        lewesi_sha256(sink, span, (struct lewesi_span){NULL, 0});
        return true;
    case SHA3:
        lewesi_sha3_256(sink, span);
        return true;
    case HMAC:
        lewesi_hmac_sha256(sink, aad, span);
        return true;
    case EXPAND:
        lewesi_hkdf_expand(sink, 32, text, span);
        return true;
    case NOISE_HKDF:
        lewesi_hkdf_noise(sink, sink + 32, NULL, text, span);
        return true;
    case BLAKE3:
        lewesi_blake3_derive(sink, "lp-outer-aead", span);
        return true;
    case BLAKE3_HASH:
        lewesi_blake3(sink, 32, span);
        return true;
    case PRIMITIVES:
        break;
    }
    return false;
}

double time_primitive(enum primitive primitive, size_t len)
{
    struct bench_keys keys = {0};
    double start;

    make_keys(&keys, len);
    start = now_us();
    for (unsigned i = 0; i < REPEATS; i++)
        check(run_once(primitive, &keys, len), "a primitive");
    return (now_us() - start) / REPEATS;
}
