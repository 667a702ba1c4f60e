/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/verifier.h"

#include <string.h>

/* A repeat is the same payment for the same key while the lease lives; then it counts again. */
static enum store_result look_up(const struct verifier *self, struct store *store,
                                 const struct verifier_claim *claim, const struct lease *lease,
                                 enum policy_ticket *history)
{
    (void)self, (void)store;
    bool same = lease != NULL && lease_live(lease, claim->unix_seconds) &&
                memcmp(lease->last_digest, claim->digest, LEASE_DIGEST_LEN) == 0;
    *history = same ? POLICY_TICKET_SAME : POLICY_TICKET_NEW;
    return STORE_OK;
}

static void verify(const struct verifier *self, struct verifier_check *check)
{
    (void)self;
    const struct lewes_credential *credential = &check->claim->request->credential;
    struct lewes_payment_view view;
    const enum lewes_error error =
        lewes_payment_peek(&view, credential->payment, credential->payment_len);
    check->verdict = (struct verifier_verdict){error == LEWES_OK, error == LEWES_ERROR_TICKET_VALUE
                                                                      ? LEWES_REFUSAL_MULTIPLE
                                                                      : LEWES_REFUSAL_PROOF};
    check->done(check);
}

static bool record(const struct verifier *self, const struct verifier_claim *claim,
                   struct store_ticket *ticket)
{
    (void)self, (void)claim, (void)ticket;
    return false;
}

const struct verifier verifier_mock = {
    .name = "mock", .look_up = look_up, .verify = verify, .record = record};
