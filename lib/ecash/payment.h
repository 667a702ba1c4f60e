/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a payment as a table (ecash.md 5). */
#ifndef LEWESI_ECASH_PAYMENT_H
#define LEWESI_ECASH_PAYMENT_H

#include <lewes/ticket.h>

#include "lib/base/bytes.h"

#define LEWESI_PAYMENT_ITEMS 27

enum lewesi_payment_kind {
    LEWESI_G1,
    LEWESI_G2,
    LEWESI_SCALAR,
    LEWESI_SCALAR_OR_NONE, /* absent in an unbound payment */
    LEWESI_VALUE,
    LEWESI_TYPE
};

/* An element and, if it is the first of a list, the count in front of it (else 0). Points and
 * scalars have a length byte in front, value and type have none. */
struct lewesi_payment_item {
    enum lewesi_payment_kind kind;
    uint8_t count;
};

extern const struct lewesi_payment_item lewesi_payment_items[LEWESI_PAYMENT_ITEMS];

size_t lewesi_payment_item_len(enum lewesi_payment_kind kind);

#endif
