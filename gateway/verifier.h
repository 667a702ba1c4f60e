/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a ticket may be taken: a structure of functions (gateway.md G6.7), which gets itself as
 * their first argument. The registrar never asks which one it has. */
#ifndef LEWES_GATEWAY_VERIFIER_H
#define LEWES_GATEWAY_VERIFIER_H

#include "gateway/registrar_policy.h"
#include "gateway/store.h"

/* What a request claims. It stays where it is until its registration is over. */
struct verifier_claim {
    const struct lewes_request *request;
    uint8_t owner[LEWES_KEY_LEN];     /* who is credited: the WireGuard key, or the identity in
                                         mixnet mode */
    uint8_t digest[LEASE_DIGEST_LEN]; /* SHA-256(payment, pay_info), registration.md 4 */
    int64_t unix_seconds;             /* now, as the gateway sees it */
};

struct verifier_verdict {
    bool valid;
    enum lewes_refusal refusal; /* unless valid */
};

/* A check under way. `done` is called exactly once, on the loop, perhaps before verify returns. */
struct verifier_check {
    const struct verifier_claim *claim;
    struct verifier_verdict verdict;
    void (*done)(struct verifier_check *check);
    void *task; /* the verifier's own */
};

struct verifier {
    const char *name;

    /* What became of this ticket earlier; runs on the store's thread. `lease` is the key's or NULL;
     * `history` is set on STORE_OK. */
    enum store_result (*look_up)(const struct verifier *self, struct store *store,
                                 const struct verifier_claim *claim, const struct lease *lease,
                                 enum policy_ticket *history);

    /* Checks the ticket itself. */
    void (*verify)(const struct verifier *self, struct verifier_check *check);

    /* Nobody wants to know any more: a check that has not begun is given up, `done` comes all the
     * same, later. NULL: no check of this verifier stands in a queue. */
    void (*cancel)(const struct verifier *self, struct verifier_check *check);

    /* Fills the row of a spent ticket but for amount and time; false: this verifier keeps none. */
    bool (*record)(const struct verifier *self, const struct verifier_claim *claim,
                   struct store_ticket *ticket);
};

/* For verifiers that keep serials: looks the ticket up in the store by its serial. */
enum store_result verifier_look_up(const struct verifier *self, struct store *store,
                                   const struct verifier_claim *claim, const struct lease *lease,
                                   enum policy_ticket *history);
/* For the same: fills the row. */
bool verifier_record(const struct verifier *self, const struct verifier_claim *claim,
                     struct store_ticket *ticket);

/* Takes every well-formed ticket, keeps no serials: for development. */
extern const struct verifier verifier_mock;

#endif
