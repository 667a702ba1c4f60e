/* SPDX-License-Identifier: Apache-2.0 */
/* What verifiers that keep serials have in common (gateway.md G6.2, ecash.md E24). */
#include "gateway/verifier.h"

#include <string.h>

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
        const bool same = memcmp(spent.owner, claim->owner, sizeof spent.owner) == 0 &&
                          memcmp(spent.pay_info, credential->pay_info, sizeof spent.pay_info) == 0;
        *history = same ? POLICY_TICKET_SAME : POLICY_TICKET_SPENT;
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
