/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between our code and the back ends. Each primitive works on copies that are not secret, and then
 * its results are marked. What is public although secrets went into it stands here, and nowhere
 * else:
 *
 *   public keys, signatures, ciphertexts and their tags: they are sent;
 *   whether a tag, a signature or a comparison was right: the peer sees it at once (P52, P53);
 *   that X25519 gave zero: honest peers never see it (P19);
 *   what the inside of a PSQ message says: time, signature and identity of the client (8.3).
 */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/psq/psq.h"
#include "tests/support/secret.h"

#define TEXT_CAP 70000
#define AAD_CAP 64

/* A copy that may be looked at. */
static void copy_public(void *to, const void *from, size_t len)
{
    if (len > 0)
        memcpy(to, from, len);
    make_public(to, len);
}

/* ---- comparisons ---- */

bool __real_lewesi_equal(const void *a, const void *b, size_t len);
bool __wrap_lewesi_equal(const void *a, const void *b, size_t len);
bool __real_lewesi_is_zero(const void *a, size_t len);
bool __wrap_lewesi_is_zero(const void *a, size_t len);

/* Our own code: it sees the secrets, and only its result is public. */
bool __wrap_lewesi_equal(const void *a, const void *b, size_t len)
{
    bool equal = __real_lewesi_equal(a, b, len);
    make_public(&equal, sizeof equal);
    return equal;
}

bool __wrap_lewesi_is_zero(const void *a, size_t len)
{
    bool zero = __real_lewesi_is_zero(a, len);
    make_public(&zero, sizeof zero);
    return zero;
}

/* ---- X25519 ---- */

void __real_lewesi_x25519_public(struct lewes_x25519_public *public_key,
                                 const struct lewes_x25519_private *private_key);
void __wrap_lewesi_x25519_public(struct lewes_x25519_public *public_key,
                                 const struct lewes_x25519_private *private_key);
enum lewes_error __real_lewesi_x25519(uint8_t out[32],
                                      const struct lewes_x25519_private *private_key,
                                      const struct lewes_x25519_public *public_key);
enum lewes_error __wrap_lewesi_x25519(uint8_t out[32],
                                      const struct lewes_x25519_private *private_key,
                                      const struct lewes_x25519_public *public_key);

void __wrap_lewesi_x25519_public(struct lewes_x25519_public *public_key,
                                 const struct lewes_x25519_private *private_key)
{
    struct lewes_x25519_private scalar;

    copy_public(&scalar, private_key, sizeof scalar);
    __real_lewesi_x25519_public(public_key, &scalar);
}

enum lewes_error __wrap_lewesi_x25519(uint8_t out[32],
                                      const struct lewes_x25519_private *private_key,
                                      const struct lewes_x25519_public *public_key)
{
    struct lewes_x25519_private scalar;
    struct lewes_x25519_public point;

    copy_public(&scalar, private_key, sizeof scalar);
    copy_public(&point, public_key, sizeof point);
    const enum lewes_error error = __real_lewesi_x25519(out, &scalar, &point);
    make_secret(out, 32);
    return error;
}

/* ---- Ed25519 ---- */

void __real_lewesi_ed25519_from_seed(struct lewesi_ed25519_private *private_key,
                                     struct lewes_ed25519_public *public_key,
                                     const struct lewes_ed25519_seed *seed);
void __wrap_lewesi_ed25519_from_seed(struct lewesi_ed25519_private *private_key,
                                     struct lewes_ed25519_public *public_key,
                                     const struct lewes_ed25519_seed *seed);
enum lewes_error __real_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
bool __real_lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                                  const uint8_t signature[LEWESI_SIGNATURE_LEN],
                                  struct lewesi_span message);
bool __wrap_lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                                  const uint8_t signature[LEWESI_SIGNATURE_LEN],
                                  struct lewesi_span message);

static uint8_t text_copy[TEXT_CAP];

static struct lewesi_span text_of(struct lewesi_span message)
{
    MUST(message.len <= sizeof text_copy);
    copy_public(text_copy, message.data, message.len);
    return (struct lewesi_span){text_copy, message.len};
}

void __wrap_lewesi_ed25519_from_seed(struct lewesi_ed25519_private *private_key,
                                     struct lewes_ed25519_public *public_key,
                                     const struct lewes_ed25519_seed *seed)
{
    struct lewes_ed25519_seed copy;

    copy_public(&copy, seed, sizeof copy);
    __real_lewesi_ed25519_from_seed(private_key, public_key, &copy);
    make_secret(private_key, sizeof *private_key);
}

enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message)
{
    struct lewesi_ed25519_private copy;

    copy_public(&copy, key, sizeof copy);
    return __real_lewesi_ed25519_sign(out, &copy, text_of(message));
}

bool __wrap_lewesi_ed25519_verify(const struct lewes_ed25519_public *key,
                                  const uint8_t signature[LEWESI_SIGNATURE_LEN],
                                  struct lewesi_span message)
{
    uint8_t copy[LEWESI_SIGNATURE_LEN];

    copy_public(copy, signature, sizeof copy);
    return __real_lewesi_ed25519_verify(key, copy, text_of(message));
}

/* ---- AEAD ---- */

enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __real_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN]);

struct aead_copy {
    uint8_t key[LEWESI_AEAD_KEY_LEN], aad[AAD_CAP];
    struct lewesi_nonce nonce;
};

static struct lewesi_span copy_inputs(struct aead_copy *copy, const uint8_t *key,
                                      const struct lewesi_nonce *nonce, struct lewesi_span aad)
{
    MUST(aad.len <= sizeof copy->aad);
    copy_public(copy->key, key, sizeof copy->key);
    copy_public(&copy->nonce, nonce, sizeof copy->nonce);
    copy_public(copy->aad, aad.data, aad.len);
    return (struct lewesi_span){copy->aad, aad.len};
}

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    struct aead_copy copy;
    const struct lewesi_span public_aad = copy_inputs(&copy, key, nonce, aad);

    make_public(text, len);
    return __real_lewesi_aead_seal(copy.key, &copy.nonce, public_aad, text, len, tag);
}

enum lewes_error __wrap_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    struct aead_copy copy;
    uint8_t public_tag[LEWESI_AEAD_TAG_LEN];
    const struct lewesi_span public_aad = copy_inputs(&copy, key, nonce, aad);

    copy_public(public_tag, tag, sizeof public_tag);
    make_public(text, len);
    const enum lewes_error error =
        __real_lewesi_aead_open(copy.key, &copy.nonce, public_aad, text, len, public_tag);
    /* The inside of an outer packet is a header and another ciphertext. */
    const bool outer = aad.len == 12;
    if (len != LEWESI_PSQ_PLAINTEXT_LEN && !outer)
        make_secret(text, len);
    return error;
}

/* ---- ML-KEM-768 ---- */

enum lewes_error __real_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed);
enum lewes_error __wrap_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed);
enum lewes_error __real_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m);
enum lewes_error __wrap_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m);
enum lewes_error __real_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key);
enum lewes_error __wrap_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key);

enum lewes_error __wrap_lewesi_mlkem768_keypair(uint8_t *public_key, uint8_t *private_key,
                                                const uint8_t *seed)
{
    uint8_t copy[LEWESI_MLKEM768_SEED_LEN];

    copy_public(copy, seed, sizeof copy);
    const enum lewes_error error = __real_lewesi_mlkem768_keypair(public_key, private_key, copy);
    make_secret(private_key, LEWESI_MLKEM768_PRIVATE_LEN);
    return error;
}

enum lewes_error __wrap_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m)
{
    uint8_t copy[32];

    copy_public(copy, m, sizeof copy);
    const enum lewes_error error =
        __real_lewesi_mlkem768_encapsulate(ciphertext, secret, public_key, copy);
    make_secret(secret, 32);
    return error;
}

enum lewes_error __wrap_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key)
{
    uint8_t copy[LEWESI_MLKEM768_PRIVATE_LEN];

    copy_public(copy, private_key, sizeof copy);
    const enum lewes_error error = __real_lewesi_mlkem768_decapsulate(secret, ciphertext, copy);
    make_secret(secret, 32);
    return error;
}
