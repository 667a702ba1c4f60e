/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of a withdrawal compute. */
#include "lib/ecash/withdrawal.h"

#define HASHED_LEN                                                                                 \
    (14 * LEWESI_G1_LEN + 6) /* ecash.md E13: 9 bare points, 5 with a length, a count */

enum lewes_error lewesi_withdrawal_base(blst_p1 *h, const struct lewes_ecash *ecash,
                                        const blst_p1 *com, const struct lewes_book_terms *terms)
{
    uint8_t bytes[LEWESI_G1_LEN];
    lewesi_scalar scalar;
    blst_p1 sum = *com;

    if ((unsigned)terms->type > LEWES_TICKET_WG_EXIT || terms->expiration % LEWES_DAY != 0)
        return LEWES_ERROR_ARGUMENT;
    lewesi_scalar_of(&scalar, terms->expiration);
    lewesi_g1_mul_add(&sum, &ecash->gamma[2], &scalar);
    lewesi_scalar_of(&scalar, (uint64_t)terms->type);
    lewesi_g1_mul_add(&sum, &ecash->gamma[3], &scalar);
    lewesi_g1_encode(bytes, &sum);
    lewesi_hash_to_g1(h, (struct lewesi_span){bytes, sizeof bytes});
    return LEWES_OK;
}

void lewesi_withdrawal_commit(struct lewesi_withdrawal_commitments *out,
                              const struct lewes_ecash *ecash, const blst_p1 *h,
                              const struct lewesi_withdrawal_scalars *scalars)
{
    const blst_p1 *const g1 = blst_p1_generator();

    lewesi_g1_mul(&out->p, g1, &scalars->o);
    lewesi_g1_mul_add(&out->p, &ecash->gamma[0], &scalars->sk);
    lewesi_g1_mul_add(&out->p, &ecash->gamma[1], &scalars->v);
    lewesi_g1_mul(&out->p0, g1, &scalars->o0);
    lewesi_g1_mul_add(&out->p0, h, &scalars->sk);
    lewesi_g1_mul(&out->p1, g1, &scalars->o1);
    lewesi_g1_mul_add(&out->p1, h, &scalars->v);
    lewesi_g1_mul(&out->u, g1, &scalars->sk);
}

static void write_bare(struct lewesi_writer *w, const blst_p1 *point)
{
    lewesi_g1_encode(lewesi_write_space(w, LEWESI_G1_LEN), point);
}

static void write_counted(struct lewesi_writer *w, const blst_p1 *point)
{
    lewesi_write_u8(w, LEWESI_G1_LEN);
    write_bare(w, point);
}

void lewesi_withdrawal_challenge(lewesi_scalar *challenge, const struct lewes_ecash *ecash,
                                 const struct lewesi_withdrawal_public *request,
                                 const struct lewesi_withdrawal_commitments *commitments)
{
    uint8_t bytes[HASHED_LEN];
    struct lewesi_writer w;

    lewesi_writer_init(&w, bytes, sizeof bytes);
    write_bare(&w, blst_p1_generator());
    lewesi_write_copy(&w, ecash->gamma_bytes[0], sizeof ecash->gamma_bytes);
    write_counted(&w, &request->com);
    write_counted(&w, &request->h);
    lewesi_write_u8(&w, 2);
    write_counted(&w, &request->com0);
    write_counted(&w, &request->com1);
    write_counted(&w, &request->user);
    write_bare(&w, &commitments->p);
    write_bare(&w, &commitments->p0);
    write_bare(&w, &commitments->p1);
    write_bare(&w, &commitments->u);
    lewesi_hash_to_challenge(challenge, (struct lewesi_span){bytes, w.at});
}
