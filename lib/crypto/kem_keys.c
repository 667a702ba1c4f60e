/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of the suites: key pairs of identities, digests (protocol.md 7, 8.1). */
#include <lewes/kem.h>

#include <string.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "lib/crypto/identity.h"

const char *lewes_kem_name(enum lewes_kem kem)
{
    switch (kem) {
    case LEWES_KEM_X25519:
        return "x25519";
    case LEWES_KEM_MLKEM768:
        return "mlkem768";
    case LEWES_KEM_XWING:
        return "xwing";
    default:
        return "unknown";
    }
}

bool lewes_kem_is_post_quantum(enum lewes_kem kem)
{
    return kem == LEWES_KEM_MLKEM768 || kem == LEWES_KEM_XWING;
}

/* The row of a suite with a key pair of its own, or NULL. */
static const struct lewesi_kem *find_own_pair(enum lewes_kem kem)
{
    return kem == LEWES_KEM_X25519 ? NULL : lewesi_kem_find(kem);
}

enum lewes_error lewes_kem_generate(struct lewes_kem_seed *seed, enum lewes_kem kem,
                                    const struct lewes_env *env)
{
    const struct lewesi_kem *const row = find_own_pair(kem);

    memset(seed, 0, sizeof *seed);
    return row == NULL ? LEWES_ERROR_ARGUMENT : lewesi_random(env, seed->bytes, row->seed_len);
}

/* The place of a pair: where it is, or where it would be; NULL if all are taken by others. */
static struct lewesi_kem_pair **find_pair(struct lewesi_kem_pair *pairs[LEWESI_IDENTITY_PAIRS],
                                          unsigned id)
{
    for (size_t i = 0; i < LEWESI_IDENTITY_PAIRS; i++)
        if (pairs[i] == NULL || (unsigned)pairs[i]->kem->id == id)
            return &pairs[i];
    return NULL;
}

enum lewes_error lewes_identity_add_kem(struct lewes_identity *identity, enum lewes_kem kem,
                                        const struct lewes_kem_seed *seed)
{
    const struct lewesi_kem *const row = find_own_pair(kem);
    struct lewesi_kem_pair **const place = row == NULL ? NULL : find_pair(identity->pairs, kem);
    struct lewesi_kem_pair *pair;
    enum lewes_error error;

    if (place == NULL || *place != NULL)
        return LEWES_ERROR_ARGUMENT;
    pair = lewesi_allocate(&identity->env, sizeof *pair);
    if (pair == NULL)
        return LEWES_ERROR_MEMORY;
    pair->kem = row;
    error = row->keypair(pair->public_key, pair->private_key, seed->bytes);
    if (error == LEWES_OK)
        *place = pair;
    else
        lewesi_release(&identity->env, pair, sizeof *pair);
    return error;
}

/* The pair of a suite other than X25519, or NULL. */
static const struct lewesi_kem_pair *pair_of(const struct lewes_identity *identity, unsigned id)
{
    for (size_t i = 0; i < LEWESI_IDENTITY_PAIRS; i++)
        if (identity->pairs[i] != NULL && (unsigned)identity->pairs[i]->kem->id == id)
            return identity->pairs[i];
    return NULL;
}

struct lewesi_kem_public lewesi_identity_kem_public(const struct lewes_identity *identity,
                                                    unsigned id)
{
    const struct lewesi_kem_pair *const pair = pair_of(identity, id);

    if (id == LEWES_KEM_X25519)
        return lewesi_kem_public_of_x25519(&identity->x25519);
    if (pair == NULL)
        return (struct lewesi_kem_public){NULL, NULL};
    return (struct lewesi_kem_public){pair->kem, pair->public_key};
}

struct lewesi_kem_private lewesi_identity_kem_private(const struct lewes_identity *identity,
                                                      unsigned id)
{
    const struct lewesi_kem_pair *const pair = pair_of(identity, id);

    if (id == LEWES_KEM_X25519)
        return lewesi_kem_private_of_x25519(&identity->x25519_private);
    if (pair == NULL)
        return (struct lewesi_kem_private){NULL, NULL};
    return (struct lewesi_kem_private){pair->kem, pair->private_key};
}

enum lewes_error lewes_identity_kem(const struct lewes_identity *identity, enum lewes_kem kem,
                                    struct lewes_kem_public *key)
{
    const struct lewesi_kem_public found = lewesi_identity_kem_public(identity, kem);

    if (found.kem == NULL)
        return LEWES_ERROR_ARGUMENT;
    memset(key, 0, sizeof *key);
    key->kem = kem;
    key->len = found.kem->public_len;
    memcpy(key->bytes, found.bytes, key->len);
    return LEWES_OK;
}

/* The row of a key whose length is that of its suite, or NULL. */
static const struct lewesi_kem *row_of(const struct lewes_kem_public *key)
{
    const struct lewesi_kem *const row = lewesi_kem_find(key->kem);

    return row != NULL && key->len == row->public_len ? row : NULL;
}

enum lewes_error lewes_kem_check(const struct lewes_kem_public *key)
{
    const struct lewesi_kem *const row = row_of(key);

    return row == NULL ? LEWES_ERROR_KEY : row->check_public(key->bytes);
}

enum lewes_error lewesi_kem_digest(uint8_t out[LEWES_KEM_DIGEST_LEN], struct lewesi_span key,
                                   enum lewes_hash hash)
{
    switch (hash) {
    case LEWES_HASH_BLAKE3:
        lewesi_blake3(out, LEWES_KEM_DIGEST_LEN, key);
        return LEWES_OK;
    case LEWES_HASH_SHAKE256:
        lewesi_shake256(out, LEWES_KEM_DIGEST_LEN, key);
        return LEWES_OK;
    case LEWES_HASH_SHAKE128:
        lewesi_shake128(out, LEWES_KEM_DIGEST_LEN, key);
        return LEWES_OK;
    case LEWES_HASH_SHA3_256:
        lewesi_sha3_256(out, key);
        return LEWES_OK;
    default:
        return LEWES_ERROR_ARGUMENT;
    }
}

enum lewes_error lewes_kem_digest(struct lewes_kem_digest *digest,
                                  const struct lewes_kem_public *key, enum lewes_hash hash)
{
    struct lewes_kem_digest made = {.kem = key->kem, .hash = hash};
    enum lewes_error error;

    if (row_of(key) == NULL)
        return LEWES_ERROR_ARGUMENT;
    error = lewesi_kem_digest(made.bytes, (struct lewesi_span){key->bytes, key->len}, hash);
    if (error == LEWES_OK)
        *digest = made;
    return error;
}
