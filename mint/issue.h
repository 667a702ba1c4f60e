/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing a book (ecash.md E14, E16), for the command line and for `serve`. */
#ifndef LEWES_MINT_ISSUE_H
#define LEWES_MINT_ISSUE_H

#include "mint/ledger.h"
#include "mint/mint.h"

enum issue_result {
    ISSUE_DONE,
    ISSUE_MALFORMED, /* not a request, or not a key */
    ISSUE_TERMS,     /* it must expire six days from today */
    ISSUE_PROOF,     /* for other terms or another user, or forged */
    ISSUE_LIMIT,     /* no more books for this account today */
    ISSUE_EPOCH,     /* the epoch in force does not cover the book's days */
    ISSUE_TAKEN,     /* another account has had an answer to this request */
    ISSUE_LOCAL      /* errno */
};

struct issue_order {
    const char *account;
    unsigned books_per_day;
    uint64_t now; /* Unix seconds */
    struct lewes_withdrawal_claim claim;
    const uint8_t *request; /* `len` bytes */
    size_t len;
};

/* The last spend date of books that are issued now. */
uint32_t issue_expiration(uint64_t now);

/* Signs, and has the ledger's line on disk before it returns. The same request gets the same bytes
 * again and counts once. `blind` is untouched on error. */
enum issue_result issue_book(const struct mint *mint, struct ledger *ledger,
                             const struct issue_order *order,
                             uint8_t blind[LEWES_TICKET_SIGNATURE_LEN]);

/* A sentence without a full stop. */
const char *issue_text(enum issue_result result);

#endif
