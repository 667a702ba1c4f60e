/* SPDX-License-Identifier: Apache-2.0 */
/* What verifiers that keep serials have in common (gateway.md G6.2, ecash.md E24). */
#include "gateway/verifier.h"

#include <string.h>

/* Two payments name the spender: a third one is not worth a check. */
static enum store_result look_for_evidence(struct store *store, const uint8_t *serial,
                                           enum policy_ticket *history)
{
    const enum store_result result = store_find_evidence(store, serial);
    if (result != STORE_NOT_FOUND)
        return result;
    *history = POLICY_TICKET_TWICE;
    return STORE_OK;
}

enum store_result verifier_look_up(const struct verifier *self, struct store *store,
                                   const struct verifier_claim *claim, const struct lease *lease,
                                   enum policy_ticket *history)
{
    const struct lewes_credential *credential = &claim->request->credential;
    struct lewes_payment_view view;
    struct store_ticket spent;
    (void)self, (void)lease;

    *history = POLICY_TICKET_NEW;
    if (lewes_payment_peek(&view, credential->payment, credential->payment_len) != LEWES_OK)
        return STORE_OK; /* it will be refused for its form */
    const enum store_result result = store_find_ticket(store, view.serial, &spent);
    if (result == STORE_NOT_FOUND)
        return STORE_OK;
    if (result == STORE_OK) {
        const bool replay =
            memcmp(spent.pay_info, credential->pay_info, sizeof spent.pay_info) == 0;
        const bool own = memcmp(spent.owner, claim->owner, sizeof spent.owner) == 0;
        *history = replay && own ? POLICY_TICKET_SAME : POLICY_TICKET_SPENT;
        if (!replay)
            return look_for_evidence(store, view.serial, history);
    }
    return result;
}

bool verifier_record(const struct verifier *self, const struct verifier_claim *claim,
                     struct store_ticket *ticket)
{
    const struct lewes_request *request = claim->request;
    const struct lewes_credential *credential = &request->credential;
    struct lewes_payment_view view;
    (void)self;

    if (lewes_payment_peek(&view, credential->payment, credential->payment_len) != LEWES_OK)
        return false;
    memcpy(ticket->serial, view.serial, sizeof ticket->serial);
    memcpy(ticket->tag, view.tag, sizeof ticket->tag);
    memcpy(ticket->owner, claim->owner, sizeof ticket->owner);
    ticket->mode = request->mode;
    ticket->ticket_type = view.type;
    ticket->epoch = credential->epoch;
    ticket->spend_date = credential->spend_date;
    memcpy(ticket->digest, claim->digest, sizeof ticket->digest);
    memcpy(ticket->pay_info, credential->pay_info, sizeof ticket->pay_info);
    ticket->payment = credential->payment;
    ticket->payment_len = credential->payment_len;
    return true;
}
