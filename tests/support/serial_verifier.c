/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/serial_verifier.h"

#include <string.h>

#define WAITING_MAX 8

/* A verifier is a constant without a place for a pointer. */
static struct verifier_check *waiting[WAITING_MAX];
static size_t count;
static bool holds;

static enum store_result look_up(struct store *store, const struct verifier_claim *claim,
                                 const struct lease *lease, enum policy_ticket *history)
{
    uint8_t serial[LEWES_SERIAL_LEN];
    struct store_ticket spent;
    const struct lewes_request *request = claim->request;
    (void)lease;

    struct lewes_payment_view view = {0};
    (void)!lewes_payment_peek(&view, request->credential.payment, request->credential.payment_len);
    memcpy(serial, view.serial, sizeof view.serial);
    enum store_result result = store_find_ticket(store, serial, &spent);
    *history = POLICY_TICKET_NEW;
    if (result == STORE_NOT_FOUND)
        return STORE_OK;
    if (result == STORE_OK) {
        bool same =
            memcmp(spent.owner, claim->owner, sizeof spent.owner) == 0 &&
            memcmp(spent.pay_info, request->credential.pay_info, sizeof spent.pay_info) == 0;
        *history = same ? POLICY_TICKET_SAME : POLICY_TICKET_SPENT;
    }
    return result;
}

static void verify(struct verifier_check *check)
{
    if (holds && count < WAITING_MAX) {
        waiting[count++] = check;
        return;
    }
    check->verdict.valid = true;
    check->done(check);
}

static bool record(const struct verifier_claim *claim, struct store_ticket *ticket)
{
    const struct lewes_request *request = claim->request;
    struct lewes_payment_view view = {0};
    (void)!lewes_payment_peek(&view, request->credential.payment, request->credential.payment_len);
    memcpy(ticket->serial, view.serial, sizeof ticket->serial);
    memcpy(ticket->owner, claim->owner, sizeof ticket->owner);
    ticket->mode = request->mode;
    ticket->ticket_type = request->ticket_type;
    ticket->epoch = request->credential.epoch;
    ticket->spend_date = request->credential.spend_date;
    memcpy(ticket->digest, claim->digest, sizeof ticket->digest);
    memcpy(ticket->pay_info, request->credential.pay_info, sizeof ticket->pay_info);
    ticket->payment = request->credential.payment;
    ticket->payment_len = request->credential.payment_len;
    return true;
}

const struct verifier serial_verifier = {
    .name = "serial", .look_up = look_up, .verify = verify, .record = record};

void serial_verifier_hold(bool hold)
{
    holds = hold;
}

size_t serial_verifier_waiting(void)
{
    return count;
}

void serial_verifier_decide(bool valid)
{
    struct verifier_check *check = waiting[0];
    memmove(waiting, waiting + 1, --count * sizeof waiting[0]);
    check->verdict = (struct verifier_verdict){valid, LEWES_REFUSAL_PROOF};
    check->done(check);
}
