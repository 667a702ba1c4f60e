/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys. Every role has a type of its own, so that the key of one role cannot be handed over as the
 * key of another. All are 32 raw bytes; the text form is base58 for identities (as on the command
 * line and in directories) and base64 for WireGuard keys (as in its own tools).
 */
#ifndef LEWES_KEYS_H
#define LEWES_KEYS_H

#include <lewes/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_KEY_LEN 32
#define LEWES_BASE58_CAP 45 /* the longest text of 32 bytes in base58, and its NUL */
#define LEWES_BASE64_CAP 45 /* 32 bytes in base64, and its NUL */

struct lewes_ed25519_seed {
    uint8_t bytes[LEWES_KEY_LEN];
};
struct lewes_ed25519_public {
    uint8_t bytes[LEWES_KEY_LEN];
};
struct lewes_x25519_private { /* stored as made, clamped on use */
    uint8_t bytes[LEWES_KEY_LEN];
};
struct lewes_x25519_public {
    uint8_t bytes[LEWES_KEY_LEN];
};
struct lewes_wg_private {
    uint8_t bytes[LEWES_KEY_LEN];
};
struct lewes_wg_public {
    uint8_t bytes[LEWES_KEY_LEN];
};

/* An identity of a client or a gateway and everything derived from it. Read-only once made: it
 * may be shared by any number of sessions and threads. */
struct lewes_identity;

/*
 * Makes an identity from an Ed25519 seed and derives its X25519 keys (protocol.md 5).
 *
 * @param[out] identity  the new object; untouched on error
 * @param env            allocator and randomness, copied
 * @param seed           the 32-byte private seed, copied
 * @retval LEWES_ERROR_MEMORY  no memory
 * @retval LEWES_ERROR_CRYPTO  the derived pair failed its self-test
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_identity_new(struct lewes_identity **identity,
                                                             const struct lewes_env *env,
                                                             const struct lewes_ed25519_seed *seed);

/* Wipes and frees `identity`; NULL is fine. No session may use it any more. */
LEWES_API void lewes_identity_free(struct lewes_identity *identity);

/* Returns the public Ed25519 key of `identity`, valid as long as the identity. */
LEWES_API const struct lewes_ed25519_public *
lewes_identity_public(const struct lewes_identity *identity);

/*
 * Draws a new Ed25519 seed.
 *
 * @param[out] seed  32 random bytes; zeroed on error
 * @retval LEWES_ERROR_RANDOM  the environment gave no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_ed25519_generate(struct lewes_ed25519_seed *seed,
                                                                 const struct lewes_env *env);

/*
 * Tells whether `key` is acceptable as an identity: canonical, on the curve, not of small order
 * (protocol.md P18).
 *
 * @retval LEWES_ERROR_KEY  it is not
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_ed25519_check(const struct lewes_ed25519_public *key);

#define LEWES_SIGNATURE_LEN 64

/*
 * Signs a gateway's self-description (gateway.md G13.1).
 *
 * @param[out] signature  over the fixed label and `len` bytes of `text`; zeroed on error
 * @retval LEWES_ERROR_CRYPTO  the back end failed
 * @retval LEWES_ERROR_MEMORY  no memory for a copy of the text
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_description_sign(uint8_t signature[LEWES_SIGNATURE_LEN],
                       const struct lewes_identity *identity, const uint8_t *text, size_t len);

/*
 * Verifies the signature of a self-description.
 *
 * @param env  for a copy of the text
 * @retval LEWES_ERROR_AUTH    not signed by `gateway`
 * @retval LEWES_ERROR_MEMORY  no memory
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_description_verify(const uint8_t signature[LEWES_SIGNATURE_LEN],
                         const struct lewes_ed25519_public *gateway, const uint8_t *text,
                         size_t len, const struct lewes_env *env);

/*
 * Draws a WireGuard private key, clamped as WireGuard's own tools do.
 *
 * @param[out] key  zeroed on error
 * @retval LEWES_ERROR_RANDOM  the environment gave no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_wg_generate(struct lewes_wg_private *key,
                                                            const struct lewes_env *env);

/* Computes the public half of a WireGuard private key. */
LEWES_API void lewes_wg_public(struct lewes_wg_public *public_key,
                               const struct lewes_wg_private *private_key);

/*
 * Tells whether a WireGuard key may be used as a peer: not zero, not of small order
 * (registration.md R7).
 *
 * @retval LEWES_ERROR_KEY  it may not
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_wg_check(const struct lewes_wg_public *key);

/* Writes 32 bytes in base58 with the Bitcoin alphabet, NUL-terminated; for public keys only: the
 * time depends on the bytes. */
LEWES_API void lewes_base58_encode(char out[LEWES_BASE58_CAP], const uint8_t bytes[LEWES_KEY_LEN]);

/*
 * Reads the base58 text of exactly 32 bytes.
 *
 * @param[out] bytes  untouched on error
 * @param text        `len` characters, no NUL needed
 * @retval LEWES_ERROR_FORMAT  a foreign character, or not exactly 32 bytes
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_base58_decode(uint8_t bytes[LEWES_KEY_LEN],
                                                              const char *text, size_t len);

/* Writes 32 bytes in padded base64, NUL-terminated, in time that does not depend on them. */
LEWES_API void lewes_base64_encode(char out[LEWES_BASE64_CAP], const uint8_t bytes[LEWES_KEY_LEN]);

/*
 * Reads the padded base64 text of exactly 32 bytes, in time that does not depend on them. Only the
 * canonical form is accepted (unused bits zero, registration.md R6).
 *
 * @param[out] bytes  zeroed on error
 * @param text        `len` characters, no NUL needed
 * @retval LEWES_ERROR_FORMAT  not 44 characters of canonical base64
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_base64_decode(uint8_t bytes[LEWES_KEY_LEN],
                                                              const char *text, size_t len);

/* Overwrites `len` bytes in a way that no compiler removes. */
LEWES_API void lewes_wipe(void *block, size_t len);

#ifdef __cplusplus
}
#endif

#endif
