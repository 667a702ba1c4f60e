/* SPDX-License-Identifier: Apache-2.0 */
/* KEM suites: the keys with which a gateway answers them, and the digests that announce the keys
 * (protocol.md 7, 8.1). */
#ifndef LEWES_KEM_H
#define LEWES_KEM_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_KEM_SUITES 3
#define LEWES_KEM_SEED_LEN 64     /* the longest, ML-KEM-768; X-Wing uses the first 32 bytes */
#define LEWES_KEM_PUBLIC_MAX 1216 /* X-Wing; ML-KEM-768 has 1 184 bytes, X25519 32 */
#define LEWES_KEM_DIGEST_LEN 32

/* By their number on the wire (protocol.md 7.1). */
enum lewes_kem { LEWES_KEM_XWING = 0, LEWES_KEM_MLKEM768 = 1, LEWES_KEM_X25519 = 255 };

/* The hash of a digest, by its number on the wire (protocol.md 7.1, 7.3). */
enum lewes_hash {
    LEWES_HASH_BLAKE3 = 0,
    LEWES_HASH_SHAKE256 = 1,
    LEWES_HASH_SHAKE128 = 2,
    LEWES_HASH_SHA3_256 = 3
};
#define LEWES_HASHES 4

/* The private half of an ML-KEM-768 or X-Wing key pair. */
struct lewes_kem_seed {
    uint8_t bytes[LEWES_KEM_SEED_LEN];
};

/* The public half, raw (protocol.md 7.2). */
struct lewes_kem_public {
    enum lewes_kem kem;
    size_t len;
    uint8_t bytes[LEWES_KEM_PUBLIC_MAX];
};

/* What a public key must hash to. */
struct lewes_kem_digest {
    enum lewes_kem kem;
    enum lewes_hash hash;
    uint8_t bytes[LEWES_KEM_DIGEST_LEN];
};

/* Returns "x25519", "mlkem768" or "xwing"; "unknown" for any other number. */
LEWES_API const char *lewes_kem_name(enum lewes_kem kem);

/* Tells whether `kem` withstands a quantum computer: ML-KEM-768 and X-Wing. */
LEWES_API bool lewes_kem_is_post_quantum(enum lewes_kem kem);

/*
 * Draws the seed of a key pair.
 *
 * @param[out] seed  as many random bytes as `kem` needs, then zeros; zeroed on error
 * @retval LEWES_ERROR_ARGUMENT  X25519, whose pair is the identity's, or no suite at all
 * @retval LEWES_ERROR_RANDOM    the environment gave no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_kem_generate(struct lewes_kem_seed *seed, enum lewes_kem kem, const struct lewes_env *env);

/*
 * Gives an identity the key pair with which it answers a suite. To be called before the identity
 * is shared; every identity serves X25519 without it (P28).
 *
 * @param seed  copied; the pair is kept ready for use
 * @retval LEWES_ERROR_ARGUMENT  X25519, no suite at all, or a suite that it already has
 * @retval LEWES_ERROR_MEMORY    no memory
 * @retval LEWES_ERROR_CRYPTO    the back end failed
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_identity_add_kem(struct lewes_identity *identity,
                                                                 enum lewes_kem kem,
                                                                 const struct lewes_kem_seed *seed);

/*
 * Copies the public key with which `identity` answers `kem`.
 *
 * @param[out] key  untouched on error
 * @retval LEWES_ERROR_ARGUMENT  it does not serve that suite
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_identity_kem(const struct lewes_identity *identity,
                                                             enum lewes_kem kem,
                                                             struct lewes_kem_public *key);

/*
 * Checks the form of a public key: its length, and the modulus of the ML-KEM part (P25.6).
 *
 * @retval LEWES_ERROR_KEY  it cannot be a key of its suite
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_kem_check(const struct lewes_kem_public *key);

/*
 * Computes the digest of a public key (protocol.md 7.3).
 *
 * @param[out] digest  untouched on error
 * @param key          its `kem` and `len` must fit each other
 * @retval LEWES_ERROR_ARGUMENT  no such hash, or a length that `kem` does not have
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_kem_digest(struct lewes_kem_digest *digest,
                                                           const struct lewes_kem_public *key,
                                                           enum lewes_hash hash);

#ifdef __cplusplus
}
#endif

#endif
