/* SPDX-License-Identifier: Apache-2.0 */
/* The coin of a hop, from its reservation to its end, and what the journal knows of it
 * (registration.md 4, R10, R17, R22). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/run.h"

#define SENT_SECONDS (24 * 60 * 60) /* registration.md 4: offered for a retry */
#define DAY_SECONDS (24 * 60 * 60)
#define CREDIT_DAYS 6 /* what a gateway gives unless told otherwise, gateway.md 2 */

static uint64_t unix_seconds(const struct run *run)
{
    return run_unix_ms(run) / 1000;
}

static int settle(const struct run *run, struct hop *hop, enum lewes_coin_state state)
{
    const struct lewes_ticket_source *tickets = &run->options->tickets;
    return tickets->settle(tickets->user, hop->payment.coin, state);
}

static bool fail_journal(struct run *run, struct hop *hop, int error)
{
    struct fault fault = {.advice = "Check the journal's directory, its rights and free space"};
    run->result->os_error = error;
    if (error == EBUSY) {
        fault.advice = "Wait for it to end";
        return run_fail(run, hop, &fault, "another process is registering this key with %s",
                        hop_name(run, hop));
    }
    if (error == EBADMSG) {
        fault.advice = "A ticket that it knew of may be lost. Register again to begin afresh";
        return run_fail(run, hop, &fault, "the journal of %s was damaged and has been set aside",
                        hop_name(run, hop));
    }
    if (error == EPERM) {
        fault.advice = "Take these rights from them: chmod -R go= on the journal's directory";
        return run_fail(run, hop, &fault,
                        "others can read the journal of %s, or write in its directory",
                        hop_name(run, hop));
    }
    if (error == ENOTSUP)
        return run_fail(run, hop, &fault, "a later version wrote the journal of %s",
                        hop_name(run, hop));
    return run_fail(run, hop, &fault, "the journal of %s: %s", hop_name(run, hop), strerror(error));
}

/* ---- what is known from before ---- */

static void take_known_result(struct run *run, struct hop *hop, const struct journal_entry *known)
{
    struct lewes_register_result *result = run->result;
    struct lewes_tunnel *tunnel = hop->outer ? &result->exit.tunnel : &result->entry.tunnel;
    *tunnel = known->tunnel;
    result->mixnet = known->mixnet;
    hop->result->registered = hop->result->known = true;
    hop->result->bandwidth = known->bandwidth;
    hop->result->unix_time = known->result_at;
    memcpy(hop->result->serial, known->serial, LEWES_SERIAL_LEN);
}

static void take_sent_coin(struct hop *hop, const struct journal_entry *known)
{
    struct payment *payment = &hop->payment;
    struct lewes_pay_info info;
    payment->phase = COIN_SENT;
    payment->coin = known->coin_name;
    payment->type = known->type;
    payment->sent_at = known->sent_at;
    payment->credential = known->credential;
    memcpy(payment->bytes, known->payment, sizeof payment->bytes);
    payment->credential.payment = payment->bytes;
    memcpy(payment->serial, known->serial, sizeof payment->serial);
    lewes_pay_info_decode(&info, payment->credential.pay_info);
    payment->made_at = info.unix_seconds;
    payment->left = payment->doubt = true;
}

/* Too old to be sent again: it is given up, durably. */
static bool burn_old_coin(struct run *run, struct hop *hop, const struct journal_entry *known)
{
    struct journal_entry entry = *known;
    hop->payment.coin = known->coin_name;
    settle(run, hop, LEWES_COIN_BURNED);
    entry.coin = JOURNAL_BURNED;
    int failed = journal_put(hop->journal, &entry) ? errno : 0;
    lewes_wipe(&entry, sizeof entry);
    return !failed || fail_journal(run, hop, failed);
}

bool payment_recall(struct run *run, struct hop *hop)
{
    const struct lewes_register_options *options = run->options;
    const uint8_t *name = options->mode == LEWES_MODE_MIXNET
                              ? lewes_identity_public(hop->identity)->bytes
                              : hop->wg_key.bytes;
    uint64_t now = unix_seconds(run);
    if (!options->journal)
        return true;
    if (journal_open(&hop->journal, options->journal, &hop->options->gateway, name, &run->env)) {
        int error = errno;
        hop->journal = NULL;
        return fail_journal(run, hop, error);
    }
    const struct journal_entry *known = journal_entry(hop->journal);
    if (known->coin == JOURNAL_SENT) {
        if (known->sent_at + SENT_SECONDS >= now && known->mode == options->mode) {
            take_sent_coin(hop, known); /* goes before a result that it was to top up */
            return true;
        }
        if (!burn_old_coin(run, hop, known))
            return false;
    }
    if (known->has_result && known->mode == options->mode && known->expires > now &&
        !options->top_up)
        take_known_result(run, hop, known);
    return true;
}

/* ---- reserve, pay, commit ---- */

static enum lewes_ticket_type type_needed(const struct run *run, const struct hop *hop)
{
    if (run->options->mode == LEWES_MODE_MIXNET)
        return LEWES_TICKET_MIXNET_ENTRY;
    return hop->outer ? LEWES_TICKET_WG_EXIT : LEWES_TICKET_WG_ENTRY;
}

/* A journal that cannot be written is found out before the coin depends on it. */
static bool try_journal(struct run *run, struct hop *hop)
{
    if (!hop->journal)
        return true;
    struct journal_entry entry = *journal_entry(hop->journal);
    entry.hop = hop->which;
    entry.mode = run->options->mode;
    int failed = journal_put(hop->journal, &entry) ? errno : 0;
    lewes_wipe(&entry, sizeof entry);
    return !failed || fail_journal(run, hop, failed);
}

static bool fail_without_ticket(struct run *run, struct hop *hop, enum lewes_ticket_type type)
{
    const struct lewes_ticket_source *tickets = &run->options->tickets;
    char why[200] = "";
    if (!tickets->explain)
        return run_fail(run, hop, &(struct fault){.advice = "Get one and register again"},
                        "there is no ticket to pay %s with", hop_name(run, hop));
    tickets->explain(tickets->user, type, why, sizeof why);
    return run_fail(run, hop,
                    &(struct fault){.advice = "Take in a new book, 'lewes ticket import FILE', "
                                              "and register again"},
                    "there is no ticket to pay %s with: %s", hop_name(run, hop), why);
}

bool payment_reserve(struct run *run, struct hop *hop)
{
    const struct lewes_ticket_source *tickets = &run->options->tickets;
    struct payment *payment = &hop->payment;
    if (hop->result->registered || payment->phase != COIN_NONE)
        return true;
    if (!try_journal(run, hop))
        return false;
    payment->type = type_needed(run, hop);
    if (tickets->reserve(tickets->user, payment->type, &payment->coin))
        return fail_without_ticket(run, hop, payment->type);
    payment->phase = COIN_RESERVED;
    return true;
}

bool payment_make(struct run *run, struct hop *hop)
{
    const struct lewes_ticket_source *tickets = &run->options->tickets;
    struct payment *payment = &hop->payment;
    struct lewes_payment_view view;
    struct lewes_ticket_order order = {
        .type = payment->type,
        .pay_info = {.unix_seconds = (int64_t)unix_seconds(run), .gateway = hop->options->gateway},
    };
    if (payment->phase >= COIN_SENT)
        return true; /* R10: that one and no other */
    if (run->env.random(run->env.user, order.pay_info.random, sizeof order.pay_info.random))
        return fail_session(run, hop, LEWES_ERROR_RANDOM);
    payment->credential = (struct lewes_credential){.payment = payment->bytes,
                                                    .payment_len = LEWES_PAYMENT_BOUND_LEN};
    if (tickets->pay(tickets->user, payment->coin, &order, payment->bytes, &payment->credential) ||
        lewes_payment_peek(&view, payment->bytes, payment->credential.payment_len))
        return run_fail(run, hop, &(struct fault){.advice = "Get another one and register again"},
                        "the ticket for %s cannot be used to pay", hop_name(run, hop));
    payment->phase = COIN_PAID;
    payment->made_at = order.pay_info.unix_seconds;
    memcpy(payment->serial, view.serial, sizeof payment->serial);
    return true;
}

static bool note_sent(struct run *run, struct hop *hop)
{
    const struct payment *payment = &hop->payment;
    if (!hop->journal)
        return true;
    struct journal_entry entry = *journal_entry(hop->journal);
    entry.coin = JOURNAL_SENT;
    entry.type = payment->type;
    entry.coin_name = payment->coin;
    entry.sent_at = payment->sent_at;
    entry.credential = payment->credential;
    memcpy(entry.payment, payment->bytes, sizeof entry.payment);
    memcpy(entry.serial, payment->serial, sizeof entry.serial);
    int failed = journal_put(hop->journal, &entry) ? errno : 0;
    lewes_wipe(&entry, sizeof entry);
    return !failed || fail_journal(run, hop, failed);
}

/* The source first: should the machine stop in between, the coin is lost, but never paid twice. */
bool payment_commit(struct run *run, struct hop *hop)
{
    struct payment *payment = &hop->payment;
    if (payment->phase >= COIN_SENT)
        return true;
    if (settle(run, hop, LEWES_COIN_SENT))
        return run_fail(run, hop, &(struct fault){.advice = "Check the wallet"},
                        "the wallet did not note that the ticket for %s is sent",
                        hop_name(run, hop));
    payment->phase = COIN_SENT;
    payment->sent_at = unix_seconds(run);
    return note_sent(run, hop);
}

bool payment_is_kept(const struct hop *hop)
{
    return hop->journal && journal_entry(hop->journal)->coin == JOURNAL_SENT;
}

/* ---- the end ---- */

static void note_local_fault(struct run *run, const char *what, int error)
{
    struct lewes_register_result *result = run->result;
    result->os_error = error;
    size_t len = strlen(result->text);
    snprintf(result->text + len, sizeof result->text - len, "%s%s%s%s", len ? "; " : "", what,
             error ? ": " : "", error ? strerror(error) : "");
}

static bool note_end(struct hop *hop, enum journal_coin coin)
{
    struct journal_entry entry = *journal_entry(hop->journal);
    entry.coin = coin;
    bool noted = journal_put(hop->journal, &entry) == 0;
    lewes_wipe(&entry, sizeof entry);
    return noted;
}

/* The result and its time (00:00 UTC, gateway.md G6.9). A repeated payment may have been credited
 * when it was sent first. */
static bool note_result(struct run *run, struct hop *hop)
{
    const struct lewes_register_result *result = run->result;
    struct journal_entry entry = *journal_entry(hop->journal);
    entry.coin = JOURNAL_SPENT;
    entry.has_result = true;
    entry.result_at = hop->result->unix_time;
    entry.expires = (hop->payment.sent_at / DAY_SECONDS + CREDIT_DAYS) * DAY_SECONDS;
    entry.tunnel = hop->outer ? result->exit.tunnel : result->entry.tunnel;
    entry.mixnet = result->mixnet;
    entry.bandwidth = hop->result->bandwidth;
    bool noted = journal_put(hop->journal, &entry) == 0;
    lewes_wipe(&entry, sizeof entry);
    return noted;
}

void payment_accepted(struct run *run, struct hop *hop)
{
    struct payment *payment = &hop->payment;
    memcpy(hop->result->serial, payment->serial, sizeof payment->serial);
    payment->doubt = payment->refused = false;
    payment->phase = COIN_SETTLED;
    /* What the journal holds for sent is offered again: the wallet must not say otherwise. */
    if (hop->journal && !note_result(run, hop))
        note_local_fault(run, "the result could not be kept in the journal", errno);
    else if (settle(run, hop, LEWES_COIN_SPENT))
        note_local_fault(run, "the wallet did not note that the ticket is spent", 0);
}

/* Sent, and without a result: is it still of use? */
static bool worth_keeping(const struct hop *hop)
{
    const struct payment *payment = &hop->payment;
    if (payment->refused && !payment->doubt &&
        lewes_refusal_coin(payment->refusal) != LEWES_COIN_CREDITED)
        return false;
    return payment_is_kept(hop);
}

void payment_finish(struct run *run, struct hop *hop)
{
    struct payment *payment = &hop->payment;
    switch (payment->phase) {
    case COIN_RESERVED:
    case COIN_PAID:
        if (settle(run, hop, LEWES_COIN_FREE))
            note_local_fault(run, "the wallet did not take the unused ticket back", 0);
        break;
    case COIN_SENT:
        if (worth_keeping(hop))
            break;
        settle(run, hop, LEWES_COIN_BURNED);
        if (hop->journal && !note_end(hop, JOURNAL_BURNED))
            note_local_fault(run, "the end of the ticket could not be noted", errno);
        break;
    case COIN_NONE:
    case COIN_SETTLED:
        break;
    }
    payment->phase = COIN_SETTLED;
}
