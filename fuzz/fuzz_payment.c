/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of payments, without any arithmetic, against a second reader of it: the table of
 * ecash.md 5 by its offsets. An input is a payment; or, if it begins with a zero, a program that
 * changes a good one.
 */
#include <string.h>

#include <lewes/mint.h>

#include "fuzz/fuzz.h"

#define ROOM (LEWES_PAYMENT_BOUND_LEN + 256)
#define COUNT_AT 887 /* of the list rho_rk */
#define COUNT_LEN 33 /* what an unbound payment lacks behind it */
#define SERIAL_AT 589
#define TAG_AT 639
#define TYPE_AT 787

static struct fuzz_env env;
static struct lewes_ecash *ecash;
static struct lewes_ecash_key *key;

static void set_up(void)
{
    struct lewes_mint_secret mint;
    uint8_t bytes[LEWES_MINT_KEY_MAX];
    if (key != NULL)
        return;
    fuzz_env_init(&env, 1);
    PROMISE(lewes_ecash_new(&ecash, &env.env) == LEWES_OK);
    PROMISE(lewes_mint_generate(&mint, LEWES_MINT_ELEMENTS, &env.env) == LEWES_OK);
    const size_t len = lewes_mint_key_write(bytes, &mint);
    PROMISE(lewes_ecash_key_new(&key, &env.env, ecash, bytes, len) == LEWES_OK);
}

/* ---- the second reader ---- */

/* A bound payment: what stands in front of an element, and which kind of element it is. */
static const struct {
    uint16_t at;
    uint8_t value;
    char kind; /* of what follows: p point, s scalar, else nothing */
} fixed[] = {
    {0, 0x60, 'p'},    {97, 0x60, 'p'},   {194, 0x30, 'p'},  {243, 0x30, 'p'}, {292, 0x30, 'p'},
    {341, 0x30, 'p'},  {390, 1, 0},       {391, 0x60, 'p'},  {488, 1, 0},      {489, 0x30, 'p'},
    {538, 0x30, 'p'},  {587, 1, 0},       {588, 0x30, 'p'},  {637, 1, 0},      {638, 0x30, 'p'},
    {687, 1, 0},       {688, 0x30, 'p'},  {737, 1, 0},       {738, 0x30, 'p'}, {788, 0x20, 's'},
    {821, 0x20, 's'},  {854, 0x20, 's'},  {887, 1, 0},       {888, 0x20, 's'}, {921, 1, 0},
    {922, 0x20, 's'},  {955, 1, 0},       {956, 0x20, 's'},  {989, 0x20, 's'}, {1022, 1, 0},
    {1023, 0x20, 's'}, {1056, 1, 0},      {1057, 0x20, 's'}, {1090, 3, 0},     {1091, 0x20, 's'},
    {1124, 0x20, 's'}, {1157, 0x20, 's'},
};

/* r of BLS12-381, big-endian (ecash.md 1) */
static const uint8_t order[32] = {0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8,
                                  0x08, 0x09, 0xa1, 0xd8, 0x05, 0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe,
                                  0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01};

static bool is_scalar(const uint8_t *little)
{
    uint8_t big[32];
    for (int i = 0; i < 32; i++)
        big[i] = little[31 - i];
    return memcmp(big, order, sizeof big) < 0;
}

static bool is_point(uint8_t first)
{
    return (first & 0x80) != 0 && (first & 0x60) != 0x60;
}

/* The length of the payment in front, 0 if there is none. */
static size_t model(const uint8_t *data, size_t size)
{
    const bool unbound = size > COUNT_AT && data[COUNT_AT] == 0;
    const size_t len = unbound ? LEWES_PAYMENT_UNBOUND_LEN : LEWES_PAYMENT_BOUND_LEN;
    if (size < len || data[TYPE_AT] > LEWES_TICKET_WG_EXIT)
        return 0;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const uint16_t at = fixed[i].at;
        if (unbound && (at == COUNT_AT || at == COUNT_AT + 1))
            continue;
        const uint8_t *here = data + (unbound && at > COUNT_AT ? at - COUNT_LEN : at);
        if (here[0] != fixed[i].value || (fixed[i].kind == 'p' && !is_point(here[1])) ||
            (fixed[i].kind == 's' && !is_scalar(here + 1)))
            return 0;
    }
    return len;
}

/* ---- promises ---- */

/* A bad form costs no arithmetic, and verification says the same about it. */
static void refused(const uint8_t *data, size_t size, enum lewes_error error)
{
    static const uint8_t pay_info[LEWES_PAY_INFO_LEN];
    const struct lewes_ticket_claim claim = {
        .payment = data, .len = size, .pay_info = pay_info, .day = 1768867200};
    struct lewes_payment_view view, untouched;
    struct lewes_ticket ticket;
    memset(&view, 0xa5, sizeof view);
    untouched = view;
    PROMISE(lewes_error_class(error) == LEWES_CLASS_TICKET);
    PROMISE(lewes_payment_peek(&view, data, size) == error);
    PROMISE(same_bytes(&view, &untouched, sizeof view));
    PROMISE(lewes_ticket_verify(key, &claim, &ticket) == error);
}

static void accepted(const uint8_t *data, size_t size, size_t len)
{
    struct lewes_payment_view view;
    size_t again = 0;
    PROMISE(len >= LEWES_PAYMENT_UNBOUND_LEN && len <= size);
    PROMISE(lewes_payment_peek(&view, data, len) == LEWES_OK);
    PROMISE(view.bound == (len == LEWES_PAYMENT_BOUND_LEN));
    PROMISE((int)view.type == data[TYPE_AT]);
    PROMISE(same_bytes(view.serial, data + SERIAL_AT, sizeof view.serial));
    PROMISE(same_bytes(view.tag, data + TAG_AT, sizeof view.tag));
    PROMISE(lewes_payment_measure(data, len, &again) == LEWES_OK && again == len);
    PROMISE(lewes_payment_measure(data, len - 1, &again) == LEWES_ERROR_TICKET_FORM);
    if (size > len)
        PROMISE(lewes_payment_peek(&view, data, size) == LEWES_ERROR_TICKET_FORM);
}

static void payment(const uint8_t *data, size_t size)
{
    size_t len = SIZE_MAX;
    const enum lewes_error error = lewes_payment_measure(data, size, &len);
    const size_t wanted = model(data, size);
    PROMISE((error == LEWES_OK) == (wanted > 0));
    if (error != LEWES_OK) {
        PROMISE(len == SIZE_MAX);
        refused(data, size, error);
    } else {
        PROMISE(len == wanted);
        accepted(data, size, len);
    }
}

/* ---- programs ---- */

static size_t good_payment(uint8_t *out, bool unbound)
{
    lewes_payment_mock(out, LEWES_TICKET_WG_ENTRY);
    if (!unbound)
        return LEWES_PAYMENT_BOUND_LEN;
    out[COUNT_AT] = 0;
    memmove(out + COUNT_AT + 1, out + COUNT_AT + 1 + COUNT_LEN,
            LEWES_PAYMENT_UNBOUND_LEN - COUNT_AT - 1);
    return LEWES_PAYMENT_UNBOUND_LEN;
}

/* Returns the new length. */
static size_t change(uint8_t *bytes, size_t len, struct input *program)
{
    const uint8_t what = input_u8(program);
    size_t at = input_u16(program) % ROOM;
    if (what & 0x80) /* one of the bytes that matter */
        at = fixed[at % (sizeof fixed / sizeof fixed[0])].at + (what >> 6 & 1);
    const uint8_t value = input_u8(program);
    switch (what % 8) {
    case 0:
    case 1:
        bytes[at] ^= (uint8_t)(1 << value % 8);
        return len;
    case 2:
        bytes[at] = value;
        return len;
    case 3:
        memmove(bytes + at, bytes + (at + 1) % ROOM, ROOM - 1 - at);
        return len > 0 ? len - 1 : 0;
    case 4:
        memmove(bytes + (at + 1) % ROOM, bytes + at, ROOM - 1 - at);
        bytes[at] = value;
        return len < ROOM ? len + 1 : ROOM;
    case 5: /* near the order */
        for (size_t i = 0; i < sizeof order && at + i < ROOM; i++)
            bytes[at + i] = order[sizeof order - 1 - i];
        bytes[at] = value;
        return len;
    case 6:
        (void)input_bytes(program, bytes + at, value < ROOM - at ? value : ROOM - at);
        return len;
    default:
        return at;
    }
}

static void run_program(struct input *program)
{
    uint8_t bytes[ROOM] = {0};
    size_t len = good_payment(bytes, input_u8(program) % 2 != 0);
    while (program->len > 0)
        len = change(bytes, len, program);
    uint8_t *const exact = malloc(len > 0 ? len : 1); /* a byte read behind it is noticed */
    PROMISE(exact != NULL);
    memcpy(exact, bytes, len);
    payment(exact, len);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input program = {data, size};
    set_up();
    if (size > 0 && input_u8(&program) == 0)
        run_program(&program);
    else
        payment(data, size);
    PROMISE(env.blocks == 2);
    return 0;
}
