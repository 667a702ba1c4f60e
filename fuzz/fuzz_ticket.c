/* SPDX-License-Identifier: Apache-2.0 */
/* Payments, keys, withdrawals and books. Nothing that a fuzzer makes may be valid. */
#include <string.h>

#include <lewes/mint.h>

#include "fuzz/fuzz.h"

static struct fuzz_env env;
static struct lewes_ecash *ecash;
static struct lewes_ecash_key *key;
static struct lewes_mint_secret mint;

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
}

static void payment(const uint8_t *data, size_t size)
{
    static const uint8_t pay_info[LEWES_PAY_INFO_LEN];
    struct lewes_payment_view view;
    struct lewes_ticket ticket;
    size_t len = 0;
    if (lewes_payment_measure(data, size, &len) != LEWES_OK)
        return;
    PROMISE(len == LEWES_PAYMENT_BOUND_LEN || len == LEWES_PAYMENT_UNBOUND_LEN);
    PROMISE(lewes_payment_peek(&view, data, len) == LEWES_OK);
    PROMISE(view.bound == (len == LEWES_PAYMENT_BOUND_LEN));
    const struct lewes_ticket_claim claim = {
        .payment = data, .len = len, .pay_info = pay_info, .day = 1768867200};
    PROMISE(lewes_ticket_verify(key, &claim, &ticket) != LEWES_OK);
}

static void issue(const uint8_t *data, size_t size)
{
    struct lewes_withdrawal_claim claim = {.terms = {LEWES_TICKET_WG_ENTRY, 1768867200}};
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
    set_up();
    payment(data, size);
    issue(data, size);
    book(data, size);
    if (lewes_ecash_key_new(&other, &env.env, ecash, data, size) == LEWES_OK)
        lewes_ecash_key_free(other);
    (void)!lewes_mint_secret_read(&secret, data, size);
    PROMISE(env.blocks == 2);
    return 0;
}
