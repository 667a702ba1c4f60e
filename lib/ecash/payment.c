/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a payment, as one walk over a table (ecash.md 5; 6, step 1). */
#include "lib/ecash/payment.h"

#include <string.h>

#define TYPE_OFFSET 787   /* ecash.md 5 */
#define SERIAL_OFFSET 589 /* ecash.md 5: behind the count and the length of list S */

const struct lewesi_payment_item lewesi_payment_items[LEWESI_PAYMENT_ITEMS] = {
    {LEWESI_G2, 0},
    {LEWESI_G2, 0}, /* kappa, kappa_e */
    {LEWESI_G1, 0},
    {LEWESI_G1, 0}, /* wallet signature */
    {LEWESI_G1, 0},
    {LEWESI_G1, 0}, /* date signature */
    {LEWESI_G2, 1}, /* kappa_k */
    {LEWESI_G1, 1},
    {LEWESI_G1, 0}, /* index signature */
    {LEWESI_G1, 1},
    {LEWESI_G1, 1},
    {LEWESI_G1, 1}, /* S, T, A */
    {LEWESI_VALUE, 0},
    {LEWESI_G1, 0},
    {LEWESI_TYPE, 0}, /* value, C, type */
    {LEWESI_SCALAR, 0},
    {LEWESI_SCALAR, 0},
    {LEWESI_SCALAR, 0},         /* c, r, re */
    {LEWESI_SCALAR_OR_NONE, 1}, /* rk */
    {LEWESI_SCALAR, 1},
    {LEWESI_SCALAR, 1},
    {LEWESI_SCALAR, 0}, /* l, oa, oc */
    {LEWESI_SCALAR, 1},
    {LEWESI_SCALAR, 1}, /* mu, omu */
    {LEWESI_SCALAR, 3},
    {LEWESI_SCALAR, 0},
    {LEWESI_SCALAR, 0}, /* sk, v, x */
};

size_t lewesi_payment_item_len(enum lewesi_payment_kind kind)
{
    switch (kind) {
    case LEWESI_G1:
        return 48;
    case LEWESI_G2:
        return 96;
    case LEWESI_SCALAR:
    case LEWESI_SCALAR_OR_NONE:
        return 32;
    case LEWESI_VALUE:
    case LEWESI_TYPE:
        break;
    }
    return 1;
}

/* Below the order of the groups (ecash.md E2): compares from the most significant byte down. */
static bool is_scalar(const uint8_t bytes[32])
{
    static const uint8_t order[32] = {/* little-endian */
                                      0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
                                      0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53,
                                      0x05, 0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33,
                                      0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73};
    for (int i = 31; i >= 0; i--)
        if (bytes[i] != order[i])
            return bytes[i] < order[i];
    return false;
}

/* The flags of a compressed point (ecash.md E1); whether it is one takes arithmetic. */
static bool has_point_form(uint8_t first)
{
    bool compressed = first & 0x80, infinity = first & 0x40, larger = first & 0x20;
    return compressed && !(infinity && larger);
}

static bool check_content(enum lewesi_payment_kind kind, const uint8_t *bytes)
{
    switch (kind) {
    case LEWESI_G1:
    case LEWESI_G2:
        return has_point_form(bytes[0]);
    case LEWESI_SCALAR:
    case LEWESI_SCALAR_OR_NONE:
        return is_scalar(bytes);
    case LEWESI_VALUE:
        return bytes[0] == 1;
    case LEWESI_TYPE:
        return bytes[0] <= LEWES_TICKET_WG_EXIT;
    }
    return false;
}

static bool has_length_byte(enum lewesi_payment_kind kind)
{
    return kind != LEWESI_VALUE && kind != LEWESI_TYPE;
}

static bool check_item(struct lewesi_reader *r, const struct lewesi_payment_item *item, bool bound)
{
    size_t len = lewesi_payment_item_len(item->kind);
    bool empty = item->kind == LEWESI_SCALAR_OR_NONE && !bound;
    if (item->count && lewesi_read_u8(r) != (empty ? 0 : item->count))
        return false;
    if (empty)
        return true;
    if (has_length_byte(item->kind) && lewesi_read_u8(r) != len)
        return false;
    const uint8_t *bytes = lewesi_read_bytes(r, len);
    return bytes && check_content(item->kind, bytes);
}

enum lewes_error lewes_payment_check_form(const uint8_t *payment, size_t len)
{
    struct lewesi_reader r;
    bool bound = len == LEWES_PAYMENT_BOUND_LEN;
    if (!bound && len != LEWES_PAYMENT_UNBOUND_LEN)
        return LEWES_ERROR_LENGTH;
    lewesi_reader_init(&r, payment, len);
    for (size_t i = 0; i < LEWESI_PAYMENT_ITEMS; i++)
        if (!check_item(&r, &lewesi_payment_items[i], bound))
            return LEWES_ERROR_FORMAT;
    return lewesi_reader_done(&r) ? LEWES_OK : LEWES_ERROR_FORMAT;
}

enum lewes_ticket_type lewes_payment_type(const uint8_t *payment)
{
    return (enum lewes_ticket_type)payment[TYPE_OFFSET];
}

void lewes_payment_serial(uint8_t serial[LEWES_SERIAL_LEN], const uint8_t *payment)
{
    memcpy(serial, payment + SERIAL_OFFSET, LEWES_SERIAL_LEN);
}
