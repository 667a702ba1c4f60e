/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier of real tickets (ecash.md 6): what needs no arithmetic on the loop, the rest on
 * libuv's threads. */
#ifndef LEWES_GATEWAY_VERIFIER_ECASH_H
#define LEWES_GATEWAY_VERIFIER_ECASH_H

#include <uv.h>

#include "gateway/epochs.h"
#include "gateway/settings.h"
#include "gateway/verifier.h"

struct verifier_ecash_parts {
    const struct lewes_env *env; /* used by several threads */
    uv_loop_t *loop;
    const struct settings *settings;     /* borrowed: its values are looked at for each ticket */
    struct lewes_ed25519_public gateway; /* who is paid */
    struct epochs *epochs;               /* held by the verifier from now on */
};

struct verifier_ecash_counts {
    uint64_t valid, refused;
    uint64_t bound, unbound; /* of the valid ones, ecash.md E20 */
    size_t running;          /* on a thread, or on the way to one and back */
};

struct verifier_ecash;

/* LEWES_ERROR_MEMORY: `parts->epochs` is still the caller's. */
LEWES_MUST_USE enum lewes_error verifier_ecash_new(struct verifier_ecash **made,
                                                   const struct verifier_ecash_parts *parts);

/* No check may be under way. NULL is fine. */
void verifier_ecash_free(struct verifier_ecash *ecash);

/* As the registrar sees it; valid as long as `ecash`. */
const struct verifier *verifier_ecash_of(const struct verifier_ecash *ecash);

/* Takes over another set of epochs; checks under way go on with theirs. */
void verifier_ecash_renew(struct verifier_ecash *ecash, struct epochs *epochs);

void verifier_ecash_count(const struct verifier_ecash *ecash, struct verifier_ecash_counts *counts);

#endif
