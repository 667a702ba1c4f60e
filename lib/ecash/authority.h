/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWESI_ECASH_AUTHORITY_H
#define LEWESI_ECASH_AUTHORITY_H

#include <lewes/mint.h>

#include "lib/ecash/curve.h"

/* A uniform scalar, not zero. RANDOM: zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_scalar_draw(lewesi_scalar *scalar,
                                                   const struct lewes_env *env);

/* The scalars of a secret key; to be wiped. */
struct lewesi_authority {
    lewesi_scalar x, y[LEWES_MINT_ELEMENTS_MAX];
};

/* KEY: not scalars; `authority` zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_authority_open(struct lewesi_authority *authority,
                                                      const struct lewes_mint_secret *secret);

/* The scalar under which an authority signs the attributes m[0], m[1] …: x + y0*m0 + y1*m1 … */
void lewesi_authority_exponent(lewesi_scalar *out, const struct lewesi_authority *authority,
                               const lewesi_scalar attributes[], size_t count);

#endif
