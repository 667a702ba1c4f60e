/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a payment, as one walk over a table (ecash.md 5; 6, step 1). */
#include "lib/ecash/payment.h"

#include <string.h>

#define TICKETS_MAX 50   /* of a book */
#define ONE_BYTE_MAX 250 /* ecash.md E3: a larger number is written longer */

const struct lewesi_payment_form lewesi_payment_forms[LEWESI_PAYMENT_ITEMS] = {
    [LEWESI_ITEM_KAPPA] = {LEWESI_G2, 0},
    [LEWESI_ITEM_KAPPA_E] = {LEWESI_G2, 0},
    [LEWESI_ITEM_WALLET_H] = {LEWESI_G1, 0},
    [LEWESI_ITEM_WALLET_S] = {LEWESI_G1, 0},
    [LEWESI_ITEM_DATE_H] = {LEWESI_G1, 0},
    [LEWESI_ITEM_DATE_S] = {LEWESI_G1, 0},
    [LEWESI_ITEM_KAPPA_K] = {LEWESI_G2, 1},
    [LEWESI_ITEM_INDEX_H] = {LEWESI_G1, 1},
    [LEWESI_ITEM_INDEX_S] = {LEWESI_G1, 0}, /* one element of the list is a pair */
    [LEWESI_ITEM_SERIAL] = {LEWESI_G1, 1},
    [LEWESI_ITEM_TAG] = {LEWESI_G1, 1},
    [LEWESI_ITEM_A] = {LEWESI_G1, 1},
    [LEWESI_ITEM_VALUE] = {LEWESI_VALUE, 0},
    [LEWESI_ITEM_C] = {LEWESI_G1, 0},
    [LEWESI_ITEM_TYPE] = {LEWESI_TYPE, 0},
    [LEWESI_ITEM_CHALLENGE] = {LEWESI_SCALAR, 0},
    [LEWESI_ITEM_R] = {LEWESI_SCALAR, 0},
    [LEWESI_ITEM_RE] = {LEWESI_SCALAR, 0},
    [LEWESI_ITEM_RK] = {LEWESI_SCALAR, 1},
    [LEWESI_ITEM_L] = {LEWESI_SCALAR, 1},
    [LEWESI_ITEM_OA] = {LEWESI_SCALAR, 1},
    [LEWESI_ITEM_OC] = {LEWESI_SCALAR, 0},
    [LEWESI_ITEM_MU] = {LEWESI_SCALAR, 1},
    [LEWESI_ITEM_OMU] = {LEWESI_SCALAR, 1},
    [LEWESI_ITEM_SK] = {LEWESI_SCALAR, 3},
    [LEWESI_ITEM_V] = {LEWESI_SCALAR, 0},
    [LEWESI_ITEM_X] = {LEWESI_SCALAR, 0},
};

size_t lewesi_payment_item_len(enum lewesi_payment_kind kind)
{
    switch (kind) {
    case LEWESI_G1:
        return 48;
    case LEWESI_G2:
        return 96;
    case LEWESI_SCALAR:
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
    const bool compressed = first & 0x80, infinity = first & 0x40, larger = first & 0x20;

    return compressed && !(infinity && larger);
}

static enum lewes_error check_content(enum lewesi_payment_kind kind, const uint8_t *bytes)
{
    switch (kind) {
    case LEWESI_G1:
    case LEWESI_G2:
        return has_point_form(bytes[0]) ? LEWES_OK : LEWES_ERROR_TICKET_FORM;
    case LEWESI_SCALAR:
        return is_scalar(bytes) ? LEWES_OK : LEWES_ERROR_TICKET_FORM;
    case LEWESI_VALUE:
        if (bytes[0] > ONE_BYTE_MAX)
            return LEWES_ERROR_TICKET_FORM;
        return bytes[0] == 1 ? LEWES_OK : LEWES_ERROR_TICKET_VALUE;
    case LEWESI_TYPE:
        return bytes[0] <= LEWES_TICKET_WG_EXIT ? LEWES_OK : LEWES_ERROR_TICKET_TYPE;
    }
    return LEWES_ERROR_TICKET_FORM;
}

/* The count of a list. Several tickets in one payment show first in the list of kappa_k. */
static enum lewes_error check_count(enum lewesi_payment_item item, uint8_t count)
{
    if (count == lewesi_payment_forms[item].count)
        return LEWES_OK;
    if (count > ONE_BYTE_MAX)
        return LEWES_ERROR_TICKET_FORM;
    if (item == LEWESI_ITEM_KAPPA_K && count > 1 && count <= TICKETS_MAX)
        return LEWES_ERROR_TICKET_VALUE;
    return LEWES_ERROR_TICKET_SHAPE;
}

static enum lewes_error read_item(struct lewesi_reader *r, enum lewesi_payment_item item,
                                  struct lewesi_payment_view *view)
{
    const enum lewesi_payment_kind kind = (enum lewesi_payment_kind)lewesi_payment_forms[item].kind;
    const size_t len = lewesi_payment_item_len(kind);

    view->item[item] = NULL;
    if (lewesi_payment_forms[item].count > 0) {
        const uint8_t count = lewesi_read_u8(r);
        if (r->failed)
            return LEWES_ERROR_TICKET_FORM;
        if (item == LEWESI_ITEM_RK && count == 0)
            return LEWES_OK;
        const enum lewes_error error = check_count(item, count);
        if (error != LEWES_OK)
            return error;
    }
    if (len > 1 && lewesi_read_u8(r) != len)
        return LEWES_ERROR_TICKET_FORM;
    view->item[item] = lewesi_read_bytes(r, len);
    return view->item[item] == NULL ? LEWES_ERROR_TICKET_FORM
                                    : check_content(kind, view->item[item]);
}

enum lewes_error lewesi_payment_view(struct lewesi_payment_view *view, struct lewesi_span bytes)
{
    struct lewesi_reader r;

    lewesi_reader_init(&r, bytes.data, bytes.len);
    for (unsigned item = 0; item < LEWESI_PAYMENT_ITEMS; item++) {
        const enum lewes_error error = read_item(&r, (enum lewesi_payment_item)item, view);
        if (error != LEWES_OK)
            return error;
    }
    view->len = r.at;
    view->bound = view->item[LEWESI_ITEM_RK] != NULL;
    return LEWES_OK;
}

enum lewes_error lewes_payment_measure(const uint8_t *bytes, size_t available, size_t *len)
{
    struct lewesi_payment_view view;
    const enum lewes_error error =
        lewesi_payment_view(&view, (struct lewesi_span){bytes, available});

    if (error == LEWES_OK)
        *len = view.len;
    return error;
}

enum lewes_error lewes_payment_peek(struct lewes_payment_view *out, const uint8_t *payment,
                                    size_t len)
{
    struct lewesi_payment_view view;
    const enum lewes_error error = lewesi_payment_view(&view, (struct lewesi_span){payment, len});

    if (error != LEWES_OK)
        return error;
    if (view.len != len)
        return LEWES_ERROR_TICKET_FORM;
    memcpy(out->serial, view.item[LEWESI_ITEM_SERIAL], sizeof out->serial);
    memcpy(out->tag, view.item[LEWESI_ITEM_TAG], sizeof out->tag);
    out->type = (enum lewes_ticket_type)view.item[LEWESI_ITEM_TYPE][0];
    out->bound = view.bound;
    return LEWES_OK;
}
