/* SPDX-License-Identifier: Apache-2.0 */
/* The authority's side of a withdrawal (ecash.md E14). */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/ecash/withdrawal.h"

struct parsed {
    struct lewesi_withdrawal_public request;
    lewesi_scalar challenge;
    struct lewesi_withdrawal_scalars responses;
};

static bool read_point(struct lewesi_reader *r, blst_p1 *point)
{
    blst_p1_affine affine;

    if (lewesi_read_u8(r) != LEWESI_G1_LEN)
        return false;
    const uint8_t *const bytes = lewesi_read_bytes(r, LEWESI_G1_LEN);
    if (bytes == NULL || !lewesi_g1_decode(&affine, bytes))
        return false;
    blst_p1_from_affine(point, &affine);
    return true;
}

static bool read_scalar(struct lewesi_reader *r, lewesi_scalar *scalar)
{
    if (lewesi_read_u8(r) != LEWESI_SCALAR_LEN)
        return false;
    const uint8_t *const bytes = lewesi_read_bytes(r, LEWESI_SCALAR_LEN);
    return bytes != NULL && lewesi_scalar_decode(scalar, bytes);
}

static bool read_count(struct lewesi_reader *r)
{
    return lewesi_read_u8(r) == 2;
}

static bool parse(struct parsed *parsed, const uint8_t *bytes, size_t len)
{
    struct lewesi_withdrawal_scalars *const responses = &parsed->responses;
    struct lewesi_reader r;

    if (len != LEWES_WITHDRAWAL_LEN)
        return false;
    lewesi_reader_init(&r, bytes, len);
    return read_point(&r, &parsed->request.h) && read_point(&r, &parsed->request.com) &&
           read_count(&r) && read_point(&r, &parsed->request.com0) &&
           read_point(&r, &parsed->request.com1) && read_scalar(&r, &parsed->challenge) &&
           read_scalar(&r, &responses->o) && read_count(&r) && read_scalar(&r, &responses->o0) &&
           read_scalar(&r, &responses->o1) && read_count(&r) && read_scalar(&r, &responses->sk) &&
           read_scalar(&r, &responses->v) && lewesi_reader_done(&r);
}

static bool read_user(blst_p1 *user, const uint8_t bytes[LEWES_USER_KEY_LEN])
{
    blst_p1_affine affine;

    if (!lewesi_g1_decode(&affine, bytes) || blst_p1_affine_is_inf(&affine))
        return false;
    blst_p1_from_affine(user, &affine);
    return true;
}

/* c * point + what the responses commit to, for each of the four */
static bool is_proved(const struct parsed *parsed, const struct lewes_ecash *ecash)
{
    struct lewesi_withdrawal_commitments commitments;
    uint8_t given[LEWESI_SCALAR_LEN], computed[LEWESI_SCALAR_LEN];
    lewesi_scalar challenge;

    lewesi_withdrawal_commit(&commitments, ecash, &parsed->request.h, &parsed->responses);
    lewesi_g1_mul_add(&commitments.p, &parsed->request.com, &parsed->challenge);
    lewesi_g1_mul_add(&commitments.p0, &parsed->request.com0, &parsed->challenge);
    lewesi_g1_mul_add(&commitments.p1, &parsed->request.com1, &parsed->challenge);
    lewesi_g1_mul_add(&commitments.u, &parsed->request.user, &parsed->challenge);
    lewesi_withdrawal_challenge(&challenge, ecash, &parsed->request, &commitments);
    lewesi_scalar_encode(given, &parsed->challenge);
    lewesi_scalar_encode(computed, &challenge);
    return memcmp(given, computed, sizeof given) == 0;
}

static enum lewes_error check(struct parsed *parsed, const struct lewes_ecash *ecash,
                              const struct lewes_withdrawal_claim *claim)
{
    blst_p1 h;
    enum lewes_error error;

    if (!read_user(&parsed->request.user, claim->user))
        return LEWES_ERROR_KEY;
    error = lewesi_withdrawal_base(&h, ecash, &parsed->request.com, &claim->terms);
    if (error != LEWES_OK)
        return error;
    if (blst_p1_is_inf(&h) || !blst_p1_is_equal(&h, &parsed->request.h) ||
        !is_proved(parsed, ecash))
        return LEWES_ERROR_AUTH;
    return LEWES_OK;
}

/* c' = y0*com0 + y1*com1 + (x + y2*expiration + y3*type)*h */
static void sign(uint8_t blind[LEWES_TICKET_SIGNATURE_LEN],
                 const struct lewesi_authority *authority, const struct parsed *parsed,
                 const struct lewes_book_terms *terms)
{
    lewesi_scalar attribute, exponent = authority->x;
    blst_p1 sum;

    lewesi_scalar_of(&attribute, terms->expiration);
    lewesi_scalar_mul_add(&exponent, &exponent, &authority->y[2], &attribute);
    lewesi_scalar_of(&attribute, (uint64_t)terms->type);
    lewesi_scalar_mul_add(&exponent, &exponent, &authority->y[3], &attribute);
    lewesi_g1_mul(&sum, &parsed->request.h, &exponent);
    lewesi_g1_mul_add(&sum, &parsed->request.com0, &authority->y[0]);
    lewesi_g1_mul_add(&sum, &parsed->request.com1, &authority->y[1]);
    lewesi_g1_encode(blind, &parsed->request.h);
    lewesi_g1_encode(blind + LEWESI_G1_LEN, &sum);
    lewesi_wipe(&exponent, sizeof exponent);
}

enum lewes_error
lewes_withdrawal_issue(uint8_t blind[LEWES_TICKET_SIGNATURE_LEN], const struct lewes_ecash *ecash,
                       const struct lewes_mint_secret *secret, const uint8_t *request, size_t len,
                       const struct lewes_withdrawal_claim *claim)
{
    struct lewesi_authority authority;
    struct parsed parsed;
    enum lewes_error error;

    if (!parse(&parsed, request, len))
        return LEWES_ERROR_FORMAT;
    error = check(&parsed, ecash, claim);
    if (error == LEWES_OK)
        error = lewesi_authority_open(&authority, secret);
    if (error == LEWES_OK)
        sign(blind, &authority, &parsed, &claim->terms);
    lewesi_wipe(&authority, sizeof authority);
    return error;
}
