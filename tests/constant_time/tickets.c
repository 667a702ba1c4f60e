/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/constant_time/tickets.h"

#include <string.h>

#include <lewes/mint.h>

#include "tests/constant_time/exchange.h"
#include "tests/support/secret.h"

#define EXPIRATION (UINT32_C(20500) * LEWES_DAY)
#define COIN 7

/* What all of it works with. */
struct mint {
    struct exchange exchange; /* its environment */
    struct lewes_ecash *ecash;
    struct lewes_mint_secret secret;
    uint8_t key_bytes[LEWES_MINT_KEY_MAX];
    size_t key_len;
    struct lewes_ecash_key *key;
};

static void open_mint(struct mint *mint)
{
    const struct lewes_env *const env = &mint->exchange.env;

    exchange_env(&mint->exchange);
    MUST(lewes_ecash_new(&mint->ecash, env) == LEWES_OK);
    MUST(lewes_mint_generate(&mint->secret, LEWES_MINT_ELEMENTS, env) == LEWES_OK);
    MUST(is_secret(mint->secret.x, sizeof mint->secret.x));
    MUST(is_secret(mint->secret.y, sizeof mint->secret.y));
    mint->key_len = lewes_mint_key_write(mint->key_bytes, &mint->secret);
    make_public(mint->key_bytes, sizeof mint->key_bytes);
    MUST(lewes_ecash_key_new(&mint->key, env, mint->ecash, mint->key_bytes, mint->key_len) ==
         LEWES_OK);
}

static void close_mint(struct mint *mint)
{
    lewes_ecash_key_free(mint->key);
    lewes_ecash_free(mint->ecash);
}

/* Request, signature and wallet; what is sent is public, and so is who asks. */
static void withdraw(struct mint *mint, struct lewes_wallet *wallet)
{
    struct lewes_withdrawal_claim claim = {.terms = {LEWES_TICKET_WG_ENTRY, EXPIRATION}};
    struct lewes_withdrawal withdrawal;
    struct lewes_user_secret user;
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];

    MUST(lewes_user_generate(&user, &mint->exchange.env) == LEWES_OK);
    MUST(is_secret(&user, sizeof user));
    MUST(lewes_user_public(claim.user, &user) == LEWES_OK);
    make_public(claim.user, sizeof claim.user);
    MUST(lewes_withdrawal_request(request, &withdrawal, mint->ecash, &user, &claim.terms,
                                  &mint->exchange.env) == LEWES_OK);
    MUST(is_secret(withdrawal.v, sizeof withdrawal.v));
    MUST(is_secret(withdrawal.o0, sizeof withdrawal.o0));
    make_public(request, sizeof request);
    make_public(withdrawal.h, sizeof withdrawal.h); /* of the request */
    MUST(lewes_withdrawal_issue(blind, mint->ecash, &mint->secret, request, sizeof request,
                                &claim) == LEWES_OK);
    make_public(blind, sizeof blind);
    MUST(lewes_withdrawal_finish(wallet, mint->key, &withdrawal, blind) == LEWES_OK);
    MUST(is_secret(&wallet->user, sizeof wallet->user));
    MUST(is_secret(wallet->v, sizeof wallet->v));
}

/* The signatures of dates and coins are for everybody. */
static void sign(const struct mint *mint, uint8_t dates[][LEWES_TICKET_SIGNATURE_LEN],
                 uint8_t coins[][LEWES_TICKET_SIGNATURE_LEN])
{
    MUST(lewes_mint_sign_dates(dates, &mint->secret, EXPIRATION) == LEWES_OK);
    make_public(dates, LEWES_BOOK_DAYS * LEWES_TICKET_SIGNATURE_LEN);
    MUST(lewes_mint_sign_coins(coins, &mint->secret, mint->key_bytes, mint->key_len) == LEWES_OK);
    make_public(coins, LEWES_BOOK_TICKETS * LEWES_TICKET_SIGNATURE_LEN);
}

static void pay(struct mint *mint, const struct lewes_wallet *wallet, bool unbound)
{
    static uint8_t dates[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN];
    static uint8_t coins[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN];
    static const uint8_t pay_info[LEWES_PAY_INFO_LEN] = {1};
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_ticket ticket;
    size_t len;

    sign(mint, dates, coins);
    const struct lewes_spending spending = {
        .wallet = wallet,
        .coin = COIN,
        .day = EXPIRATION,
        .date_signature = dates[LEWES_BOOK_DAYS - 1],
        .index_signature = coins[COIN],
        .pay_info = pay_info,
        .unbound = unbound,
    };
    MUST(lewes_ticket_spend(payment, &len, mint->key, &spending, &mint->exchange.env) == LEWES_OK);
    make_public(payment, sizeof payment);
    const struct lewes_ticket_claim claim = {
        .payment = payment, .len = len, .pay_info = pay_info, .day = EXPIRATION};
    MUST(lewes_ticket_verify(mint->key, &claim, &ticket) == LEWES_OK);
}

void tickets_leak(volatile unsigned *sink)
{
    struct mint mint;
    struct lewes_wallet wallet;

    open_mint(&mint);
    withdraw(&mint, &wallet);
    if (wallet.v[0] & 1)
        (*sink)++;
    close_mint(&mint);
}

void tickets_from_key_to_payment(void)
{
    struct mint mint;
    struct lewes_wallet wallet;

    open_mint(&mint);
    withdraw(&mint, &wallet);
    pay(&mint, &wallet, false);
    pay(&mint, &wallet, true);
    close_mint(&mint);
}
