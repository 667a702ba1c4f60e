/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/ecash/curve.h"

#include <lewes/ticket.h>

static bool read_ticket(const struct lewes_ticket *ticket, blst_p1 *tag, lewesi_scalar *hash)
{
    blst_p1_affine affine;

    if (!lewesi_g1_decode(&affine, ticket->tag) ||
        !lewesi_scalar_decode(hash, ticket->pay_info_hash))
        return false;
    blst_p1_from_affine(tag, &affine);
    return true;
}

/* E25: (R1 * T2 - R2 * T1) / (R1 - R2) */
enum lewes_error lewes_ticket_identify(uint8_t user[LEWES_USER_KEY_LEN],
                                       const struct lewes_ticket *a, const struct lewes_ticket *b)
{
    blst_p1 tag_a, tag_b, sum;
    lewesi_scalar hash_a, hash_b, difference;

    if (memcmp(a->serial, b->serial, sizeof a->serial) != 0)
        return LEWES_ERROR_ARGUMENT;
    if (!read_ticket(a, &tag_a, &hash_a) || !read_ticket(b, &tag_b, &hash_b))
        return LEWES_ERROR_FORMAT;
    blst_fr_sub(&difference, &hash_a, &hash_b);
    if (lewesi_scalar_is_zero(&difference))
        return LEWES_ERROR_ARGUMENT;
    blst_fr_eucl_inverse(&difference, &difference);
    lewesi_g1_mul(&sum, &tag_a, &hash_b);
    blst_p1_cneg(&sum, true);
    lewesi_g1_mul_add(&sum, &tag_b, &hash_a);
    lewesi_g1_mul(&sum, &sum, &difference);
    lewesi_g1_encode(user, &sum);
    return LEWES_OK;
}
