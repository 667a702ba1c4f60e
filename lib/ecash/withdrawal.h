/* SPDX-License-Identifier: Apache-2.0 */
/* A withdrawal request and its proof, as user and authority see it (ecash.md 4). */
#ifndef LEWESI_ECASH_WITHDRAWAL_H
#define LEWESI_ECASH_WITHDRAWAL_H

#include "lib/ecash/authority.h"
#include "lib/ecash/generators.h"

/* The public part of a request. */
struct lewesi_withdrawal_public {
    blst_p1 h, com, com0, com1;
    blst_p1 user;
};

/* One value for each secret of E13: the secrets, the random w, or the responses. */
struct lewesi_withdrawal_scalars {
    lewesi_scalar o, o0, o1, sk, v;
};

/* The commitments P, P_0, P_1 and U of E13 to some scalars. */
struct lewesi_withdrawal_commitments {
    blst_p1 p, p0, p1, u;
};

/* The point h that belongs to `com` and the terms. ARGUMENT: there are no such terms. */
LEWES_MUST_USE enum lewes_error lewesi_withdrawal_base(blst_p1 *h, const struct lewes_ecash *ecash,
                                                       const blst_p1 *com,
                                                       const struct lewes_book_terms *terms);

/* o*g1 + sk*gamma0 + v*gamma1; the others likewise. In constant time. */
void lewesi_withdrawal_commit(struct lewesi_withdrawal_commitments *out,
                              const struct lewes_ecash *ecash, const blst_p1 *h,
                              const struct lewesi_withdrawal_scalars *scalars);

void lewesi_withdrawal_challenge(lewesi_scalar *challenge, const struct lewes_ecash *ecash,
                                 const struct lewesi_withdrawal_public *request,
                                 const struct lewesi_withdrawal_commitments *commitments);

#endif
