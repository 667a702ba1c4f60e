/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payments, keys, withdrawals and books. Nothing that a fuzzer makes may be valid. An input that
 * begins with a zero is a program that makes one payment out of two good ones: whatever is valid
 * then is one of the two but for its signatures, which anybody may randomise (ecash.md 7).
 */
#include <string.h>

#include <lewes/mint.h>

#include "fuzz/fuzz.h"

static struct fuzz_env env;
static struct lewes_ecash *ecash;
static struct lewes_ecash_key *key;
static struct lewes_mint_secret mint;

#define DAY UINT32_C(1768867200)
#define GOOD 2

static const uint8_t pay_info[LEWES_PAY_INFO_LEN];
static uint8_t good[GOOD][LEWES_PAYMENT_BOUND_LEN]; /* two coins of one book */

/* The elements of a bound payment (ecash.md 5); signatures are two points. */
static const struct {
    uint16_t at;
    uint8_t len;
    bool signature;
} elements[] = {
    {1, 96, false},    {98, 96, false},   {195, 48, true},   {244, 48, true},   {293, 48, true},
    {342, 48, true},   {392, 96, false},  {490, 48, true},   {539, 48, true},   {589, 48, false},
    {639, 48, false},  {689, 48, false},  {739, 48, false},  {787, 1, false},   {789, 32, false},
    {822, 32, false},  {855, 32, false},  {889, 32, false},  {923, 32, false},  {957, 32, false},
    {990, 32, false},  {1024, 32, false}, {1058, 32, false}, {1092, 32, false}, {1125, 32, false},
    {1158, 32, false},
};
#define ELEMENTS (sizeof elements / sizeof elements[0])

static void pay(const uint8_t *key_bytes, size_t key_len)
{
    struct lewes_withdrawal_claim claim = {.terms = {LEWES_TICKET_WG_ENTRY, DAY}};
    static struct lewes_book book;
    struct lewes_user_secret user;
    struct lewes_withdrawal withdrawal;
    struct lewes_spending spending;
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];
    size_t len = 0;
    PROMISE(lewes_user_generate(&user, &env.env) == LEWES_OK);
    PROMISE(lewes_user_public(claim.user, &user) == LEWES_OK);
    PROMISE(lewes_withdrawal_request(request, &withdrawal, ecash, &user, &claim.terms, &env.env) ==
            LEWES_OK);
    PROMISE(lewes_withdrawal_issue(blind, ecash, &mint, request, sizeof request, &claim) ==
            LEWES_OK);
    PROMISE(lewes_withdrawal_finish(&book.wallet, key, &withdrawal, blind) == LEWES_OK);
    PROMISE(lewes_mint_sign_dates(book.dates, &mint, DAY) == LEWES_OK);
    PROMISE(lewes_mint_sign_coins(book.coins, &mint, key_bytes, key_len) == LEWES_OK);
    for (unsigned coin = 0; coin < GOOD; coin++) {
        PROMISE(lewes_book_spending(&spending, &book, coin, DAY, pay_info) == LEWES_OK);
        PROMISE(lewes_ticket_spend(good[coin], &len, key, &spending, &env.env) == LEWES_OK);
        PROMISE(len == sizeof good[coin]);
    }
}

static void set_up(void)
{
    uint8_t bytes[LEWES_MINT_KEY_MAX];
    if (key != NULL)
        return;
    fuzz_env_init(&env, 1);
    PROMISE(lewes_ecash_new(&ecash, &env.env) == LEWES_OK);
    PROMISE(lewes_mint_generate(&mint, LEWES_MINT_ELEMENTS, &env.env) == LEWES_OK);
    const size_t len = lewes_mint_key_write(bytes, &mint);
    PROMISE(lewes_ecash_key_new(&key, &env.env, ecash, bytes, len) == LEWES_OK);
    pay(bytes, len);
}

static void payment(const uint8_t *data, size_t size)
{
    struct lewes_payment_view view;
    struct lewes_ticket ticket;
    size_t len = 0;
    if (lewes_payment_measure(data, size, &len) != LEWES_OK)
        return;
    PROMISE(len == LEWES_PAYMENT_BOUND_LEN || len == LEWES_PAYMENT_UNBOUND_LEN);
    PROMISE(lewes_payment_peek(&view, data, len) == LEWES_OK);
    PROMISE(view.bound == (len == LEWES_PAYMENT_BOUND_LEN));
    const struct lewes_ticket_claim claim = {
        .payment = data, .len = len, .pay_info = pay_info, .day = DAY};
    PROMISE(lewes_ticket_verify(key, &claim, &ticket) != LEWES_OK);
}

/* ---- programs ---- */

static void change(uint8_t *bytes, struct input *program)
{
    const uint8_t what = input_u8(program), value = input_u8(program);
    const size_t element = input_u8(program) % ELEMENTS;
    uint8_t *const at = bytes + elements[element].at;
    const size_t len = elements[element].len;
    switch (what % 6) {
    case 0: /* a bit */
        at[value / 8 % len] ^= (uint8_t)(1 << value % 8);
        break;
    case 1: /* from a good payment */
        memcpy(at, good[value % GOOD] + elements[element].at, len);
        break;
    case 2: /* from another element */
        memmove(at, bytes + elements[value % ELEMENTS].at,
                len < elements[value % ELEMENTS].len ? len : elements[value % ELEMENTS].len);
        break;
    case 3: /* minus the point */
        at[0] ^= 0x20;
        break;
    case 4: /* infinity, or zero */
        memset(at, 0, len);
        at[0] = len == 32 ? 0 : 0xc0;
        break;
    default:
        (void)input_bytes(program, at, len);
        break;
    }
}

/* But for the signatures. */
static bool is_good(const uint8_t *bytes, const uint8_t *one)
{
    bool same = true;
    for (size_t i = 0; i < ELEMENTS; i++)
        same = same && (elements[i].signature ||
                        memcmp(bytes + elements[i].at, one + elements[i].at, elements[i].len) == 0);
    return same;
}

static void forge(struct input *program)
{
    uint8_t bytes[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_ticket ticket;
    const struct lewes_ticket_claim claim = {
        .payment = bytes, .len = sizeof bytes, .pay_info = pay_info, .day = DAY};
    memcpy(bytes, good[0], sizeof bytes);
    while (program->len > 0)
        change(bytes, program);
    const enum lewes_error error = lewes_ticket_verify(key, &claim, &ticket);
    if (error == LEWES_OK)
        PROMISE(is_good(bytes, good[0]) || is_good(bytes, good[1]));
    else
        PROMISE(lewes_error_class(error) == LEWES_CLASS_TICKET);
    if (memcmp(bytes, good[0], sizeof bytes) == 0 || memcmp(bytes, good[1], sizeof bytes) == 0)
        PROMISE(error == LEWES_OK);
}

/* ---- the rest ---- */

static void issue(const uint8_t *data, size_t size)
{
    struct lewes_withdrawal_claim claim = {.terms = {LEWES_TICKET_WG_ENTRY, DAY}};
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
    if (size < sizeof claim.user)
        return;
    memcpy(claim.user, data, sizeof claim.user);
    PROMISE(lewes_withdrawal_issue(blind, ecash, &mint, data + sizeof claim.user,
                                   size - sizeof claim.user, &claim) != LEWES_OK);
}

static void book(const uint8_t *data, size_t size)
{
    static struct lewes_book read;
    static uint8_t again[LEWES_BOOK_MAX];
    size_t len = 0;
    if (lewes_book_read(&read, data, size) != LEWES_OK)
        return;
    PROMISE(lewes_book_write(again, sizeof again, &len, &read) == LEWES_OK);
    PROMISE(len == size && memcmp(again, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lewes_ecash_key *other;
    struct lewes_mint_secret secret;
    struct input program = {data, size};
    set_up();
    if (size > 0 && input_u8(&program) == 0) {
        forge(&program);
        return 0;
    }
    payment(data, size);
    issue(data, size);
    book(data, size);
    if (lewes_ecash_key_new(&other, &env.env, ecash, data, size) == LEWES_OK)
        lewes_ecash_key_free(other);
    (void)!lewes_mint_secret_read(&secret, data, size);
    PROMISE(env.blocks == 2);
    return 0;
}
