/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/issue.h"

#include <errno.h>
#include <string.h>

#include "host/words.h"
#include "lib/crypto/crypto.h"

uint32_t issue_expiration(uint64_t now)
{
    return day_of(now) + (LEWES_BOOK_DAYS - 1) * LEWES_DAY;
}

const char *issue_text(enum issue_result result)
{
    switch (result) {
    case ISSUE_DONE:
        return "issued";
    case ISSUE_MALFORMED:
        return "this is not a request for a book, or not the public key of a user";
    case ISSUE_TERMS:
        return "a book that is issued today must expire six days from today, UTC";
    case ISSUE_PROOF:
        return "the request does not hold for this public key, type and expiration";
    case ISSUE_LIMIT:
        return "this account has had all its books of today";
    case ISSUE_EPOCH:
        return "the epoch in force does not cover the days of this book; the mint needs a new one";
    case ISSUE_TAKEN:
        return "this request was answered already, for another account or other terms";
    case ISSUE_LOCAL:
        break;
    }
    return "the ledger could not be written or read";
}

static enum issue_result sign(const struct mint *mint, const struct issue_order *order,
                              uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    const enum lewes_error error = lewes_withdrawal_issue(
        blind, mint->ecash, &mint->secret, order->request, order->len, &order->claim);
    if (error == LEWES_OK)
        return ISSUE_DONE;
    return error == LEWES_ERROR_AUTH ? ISSUE_PROOF : ISSUE_MALFORMED;
}

static bool is_same(const struct ledger_entry *entry, const struct issue_order *order)
{
    return strcmp(entry->account, order->account) == 0 &&
           memcmp(entry->pk, order->claim.user, sizeof entry->pk) == 0 &&
           entry->terms.type == order->claim.terms.type &&
           entry->terms.expiration == order->claim.terms.expiration;
}

static enum issue_result issue_locked(const struct mint *mint, struct ledger *ledger,
                                      const struct issue_order *order, struct ledger_entry *entry)
{
    struct ledger_entry earlier;
    if (ledger_find(ledger, entry->request, &earlier)) {
        memcpy(entry->blind, earlier.blind, sizeof entry->blind);
        return is_same(&earlier, order) ? ISSUE_DONE : ISSUE_TAKEN;
    }
    if (order->claim.terms.expiration != issue_expiration(order->now))
        return ISSUE_TERMS;
    /* A ticket that no gateway takes on one of its days is money that is lost on that day. */
    if (day_of(order->now) < mint->epoch.from || order->claim.terms.expiration > mint->epoch.to)
        return ISSUE_EPOCH;
    if (ledger_books(ledger, order->account, order->now) >= order->books_per_day)
        return ISSUE_LIMIT;
    const enum issue_result result = sign(mint, order, entry->blind);
    if (result != ISSUE_DONE)
        return result;
    return ledger_append(ledger, entry) ? ISSUE_LOCAL : ISSUE_DONE;
}

enum issue_result issue_book(const struct mint *mint, struct ledger *ledger,
                             const struct issue_order *order,
                             uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    struct ledger_entry entry = {.time = order->now, .terms = order->claim.terms};
    const struct lewesi_span span = {.data = order->request, .len = order->len};
    if (order->len != LEWES_WITHDRAWAL_LEN || !account_is_valid(order->account))
        return ISSUE_MALFORMED;
    memcpy(entry.pk, order->claim.user, sizeof entry.pk);
    memcpy(entry.account, order->account, strlen(order->account));
    lewesi_sha256(entry.request, span, (struct lewesi_span){0});
    if (ledger_lock(ledger, order->now))
        return ISSUE_LOCAL;
    const enum issue_result result = issue_locked(mint, ledger, order, &entry);
    ledger_unlock(ledger);
    if (result == ISSUE_DONE)
        memcpy(blind, entry.blind, sizeof entry.blind);
    return result;
}
