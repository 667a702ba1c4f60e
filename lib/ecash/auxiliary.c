/* SPDX-License-Identifier: Apache-2.0 */
/* Public signatures on spend dates and coin indices (ecash.md 3). */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/ecash/authority.h"
#include "lib/ecash/key.h"

/* What a signature says, and the point that it is made on. */
struct statement {
    lewesi_scalar attributes[3];
    blst_p1 h;
};

/* E10: the i-th of the seven days. */
static void state_date(struct statement *statement, uint32_t expiration, unsigned i)
{
    const uint32_t day = expiration - (LEWES_BOOK_DAYS - 1 - i) * LEWES_DAY;
    uint8_t message[2 * LEWESI_SCALAR_LEN];

    lewesi_scalar_of(&statement->attributes[0], expiration);
    lewesi_scalar_of(&statement->attributes[1], day);
    (void)lewesi_scalar_decode(&statement->attributes[2], lewesi_exp_type);
    lewesi_scalar_encode(message, &statement->attributes[0]);
    lewesi_scalar_encode(message + LEWESI_SCALAR_LEN, &statement->attributes[1]);
    lewesi_hash_to_g1(&statement->h, (struct lewesi_span){message, sizeof message});
}

/* E11; `message` has the key and room for the index behind it. */
static void state_coin(struct statement *statement, uint8_t *message, size_t key_len, unsigned coin)
{
    lewesi_scalar_of(&statement->attributes[0], coin);
    (void)lewesi_scalar_decode(&statement->attributes[1], lewesi_idx_type);
    statement->attributes[2] = statement->attributes[1];
    lewesi_store64le(message + key_len, coin);
    lewesi_hash_to_g1(&statement->h, (struct lewesi_span){message, key_len + 8});
}

static void sign(uint8_t out[LEWES_TICKET_SIGNATURE_LEN], const struct lewesi_authority *authority,
                 const struct statement *statement)
{
    lewesi_scalar exponent;
    blst_p1 s;

    lewesi_authority_exponent(&exponent, authority, statement->attributes, 3);
    lewesi_g1_mul(&s, &statement->h, &exponent);
    lewesi_g1_encode(out, &statement->h);
    lewesi_g1_encode(out + LEWESI_G1_LEN, &s);
    lewesi_wipe(&exponent, sizeof exponent);
}

enum lewes_error lewes_mint_sign_dates(uint8_t out[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN],
                                       const struct lewes_mint_secret *secret, uint32_t expiration)
{
    struct lewesi_authority authority;
    struct statement statement;

    if (lewesi_authority_open(&authority, secret) != LEWES_OK)
        return LEWES_ERROR_KEY;
    for (unsigned i = 0; i < LEWES_BOOK_DAYS; i++) {
        state_date(&statement, expiration, i);
        sign(out[i], &authority, &statement);
    }
    lewesi_wipe(&authority, sizeof authority);
    return LEWES_OK;
}

enum lewes_error lewes_mint_sign_coins(uint8_t out[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN],
                                       const struct lewes_mint_secret *secret, const uint8_t *key,
                                       size_t len)
{
    uint8_t message[LEWES_MINT_KEY_MAX + 8];
    struct lewesi_authority authority;
    struct statement statement;

    if (len > LEWES_MINT_KEY_MAX || lewesi_authority_open(&authority, secret) != LEWES_OK)
        return LEWES_ERROR_KEY;
    memcpy(message, key, len);
    for (unsigned coin = 0; coin < LEWES_BOOK_TICKETS; coin++) {
        state_coin(&statement, message, len, coin);
        sign(out[coin], &authority, &statement);
    }
    lewesi_wipe(&authority, sizeof authority);
    return LEWES_OK;
}

/* ---- E12 ---- */

/* Checks one signature by itself: a client does it once a week. */
static bool is_signed(const struct lewes_ecash_key *key, const struct statement *statement,
                      const uint8_t signature[LEWES_TICKET_SIGNATURE_LEN])
{
    uint8_t expected[LEWESI_G1_LEN];
    blst_p1_affine h, s;
    blst_p2_affine affine;
    blst_p2 q = key->alpha;

    lewesi_g1_encode(expected, &statement->h);
    if (memcmp(expected, signature, sizeof expected) != 0 || !lewesi_g1_decode(&h, signature) ||
        !lewesi_g1_decode(&s, signature + LEWESI_G1_LEN))
        return false;
    for (size_t i = 0; i < 3; i++)
        lewesi_g2_mul_add(&q, &key->beta_g2[i], &statement->attributes[i]);
    blst_p2_to_affine(&affine, &q);
    return lewesi_pairings_equal(&h, &affine, &s, blst_p2_affine_generator());
}

enum lewes_error lewes_dates_check(const struct lewes_ecash_key *key, uint32_t expiration,
                                   const uint8_t *signatures)
{
    struct statement statement;

    for (unsigned i = 0; i < LEWES_BOOK_DAYS; i++) {
        state_date(&statement, expiration, i);
        if (!is_signed(key, &statement, signatures + (size_t)i * LEWES_TICKET_SIGNATURE_LEN))
            return LEWES_ERROR_AUTH;
    }
    return LEWES_OK;
}

enum lewes_error lewes_coins_check(const struct lewes_ecash_key *key, const uint8_t *signatures)
{
    uint8_t message[LEWES_MINT_KEY_MAX + 8];
    struct statement statement;

    memcpy(message, key->bytes, key->len);
    for (unsigned coin = 0; coin < LEWES_BOOK_TICKETS; coin++) {
        state_coin(&statement, message, key->len, coin);
        if (!is_signed(key, &statement, signatures + (size_t)coin * LEWES_TICKET_SIGNATURE_LEN))
            return LEWES_ERROR_AUTH;
    }
    return LEWES_OK;
}
