/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a payment as a table (ecash.md 5). */
#ifndef LEWESI_ECASH_PAYMENT_H
#define LEWESI_ECASH_PAYMENT_H

#include <lewes/ticket.h>

#include "lib/base/bytes.h"

/* The elements of a payment in their order; names of ecash.md 5. */
enum lewesi_payment_item {
    LEWESI_ITEM_KAPPA,
    LEWESI_ITEM_KAPPA_E,
    LEWESI_ITEM_WALLET_H,
    LEWESI_ITEM_WALLET_S,
    LEWESI_ITEM_DATE_H,
    LEWESI_ITEM_DATE_S,
    LEWESI_ITEM_KAPPA_K,
    LEWESI_ITEM_INDEX_H,
    LEWESI_ITEM_INDEX_S,
    LEWESI_ITEM_SERIAL,
    LEWESI_ITEM_TAG,
    LEWESI_ITEM_A,
    LEWESI_ITEM_VALUE,
    LEWESI_ITEM_C,
    LEWESI_ITEM_TYPE,
    LEWESI_ITEM_CHALLENGE,
    LEWESI_ITEM_R,
    LEWESI_ITEM_RE,
    LEWESI_ITEM_RK, /* absent in an unbound payment */
    LEWESI_ITEM_L,
    LEWESI_ITEM_OA,
    LEWESI_ITEM_OC,
    LEWESI_ITEM_MU,
    LEWESI_ITEM_OMU,
    LEWESI_ITEM_SK,
    LEWESI_ITEM_V,
    LEWESI_ITEM_X,
    LEWESI_PAYMENT_ITEMS
};

enum lewesi_payment_kind { LEWESI_G1, LEWESI_G2, LEWESI_SCALAR, LEWESI_VALUE, LEWESI_TYPE };

/* Points and scalars have a length byte in front, value and type have none. */
struct lewesi_payment_form {
    uint8_t kind;  /* enum lewesi_payment_kind */
    uint8_t count; /* of the list that begins here, which stands in front of it; 0: no list */
};

extern const struct lewesi_payment_form lewesi_payment_forms[LEWESI_PAYMENT_ITEMS];

size_t lewesi_payment_item_len(enum lewesi_payment_kind kind);

/* Where each element stands, without its length byte; NULL for an absent one. */
struct lewesi_payment_view {
    const uint8_t *item[LEWESI_PAYMENT_ITEMS];
    size_t len;
    bool bound;
};

/*
 * Finds the elements of the payment at the front of `bytes` (ecash.md 6, step 1), its end
 * included. Errors of lewes_payment_measure(); `view` is undefined then.
 */
LEWES_MUST_USE enum lewes_error lewesi_payment_view(struct lewesi_payment_view *view,
                                                    struct lewesi_span bytes);

#endif
