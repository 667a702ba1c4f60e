/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/tickets.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/measure.h"

void bench_mint_open(struct bench_mint *mint)
{
    *mint = (struct bench_mint){.day = (uint32_t)(time(NULL) / LEWES_DAY * LEWES_DAY)};
    check(lewes_ecash_new(&mint->ecash, &env) == LEWES_OK, "generators");
    check(lewes_mint_generate(&mint->secret, LEWES_MINT_ELEMENTS, &env) == LEWES_OK, "authority");
    mint->len = lewes_mint_key_write(mint->bytes, &mint->secret);
    check(lewes_ecash_key_new(&mint->key, &env, mint->ecash, mint->bytes, mint->len) == LEWES_OK,
          "key");
}

void bench_mint_close(struct bench_mint *mint)
{
    lewes_ecash_key_free(mint->key);
    lewes_ecash_free(mint->ecash);
}

size_t bench_mint_line(const struct bench_mint *mint, char out[BENCH_KEY_LINE_CAP])
{
    int len = snprintf(out, BENCH_KEY_LINE_CAP, "epoch %d vk ", BENCH_EPOCH);
    for (size_t i = 0; i < mint->len; i++)
        len += snprintf(out + len, BENCH_KEY_LINE_CAP - (size_t)len, "%02x", mint->bytes[i]);
    len += snprintf(out + len, BENCH_KEY_LINE_CAP - (size_t)len, "\n");
    return (size_t)len;
}

/* Of a new user, but with the date and index signatures that are there: all have the same. */
static void withdraw(const struct bench_mint *mint, struct lewes_book *book,
                     const struct lewes_book_terms *terms)
{
    struct lewes_withdrawal_claim claim = {.terms = *terms};
    struct lewes_user_secret user;
    struct lewes_withdrawal withdrawal;
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];
    check(lewes_user_generate(&user, &env) == LEWES_OK &&
              lewes_user_public(claim.user, &user) == LEWES_OK,
          "user");
    check(lewes_withdrawal_request(request, &withdrawal, mint->ecash, &user, terms, &env) ==
                  LEWES_OK &&
              lewes_withdrawal_issue(blind, mint->ecash, &mint->secret, request, sizeof request,
                                     &claim) == LEWES_OK &&
              lewes_withdrawal_finish(&book->wallet, mint->key, &withdrawal, blind) == LEWES_OK,
          "withdrawal");
}

static void pay(const struct bench_mint *mint, struct bench_payment *out,
                const struct lewes_book *book, unsigned coin)
{
    struct lewes_spending spending;
    size_t len = 0;
    check(lewes_book_spending(&spending, book, coin, mint->day, out->pay_info) == LEWES_OK &&
              lewes_ticket_spend(out->payment, &len, mint->key, &spending, &env) == LEWES_OK &&
              len == sizeof out->payment,
          "payment");
}

void bench_pay(const struct bench_mint *mint, struct bench_payment *out, size_t count,
               enum lewes_ticket_type type, const struct lewes_ed25519_public *gateway)
{
    static struct lewes_book book;
    const struct lewes_book_terms terms = {type, mint->day + 2 * LEWES_DAY};
    struct lewes_pay_info info = {.gateway = *gateway};
    check(lewes_mint_sign_dates(book.dates, &mint->secret, terms.expiration) == LEWES_OK, "dates");
    check(lewes_mint_sign_coins(book.coins, &mint->secret, mint->bytes, mint->len) == LEWES_OK,
          "coins");
    for (size_t i = 0; i < count; i++) {
        if (i % LEWES_BOOK_TICKETS == 0)
            withdraw(mint, &book, &terms);
        check(env.random(env.user, info.random, sizeof info.random) == 0, "randomness");
        info.unix_seconds = time(NULL);
        lewes_pay_info_encode(out[i].pay_info, &info);
        pay(mint, &out[i], &book, (unsigned)(i % LEWES_BOOK_TICKETS));
    }
}

struct lewes_credential bench_credential(const struct bench_mint *mint,
                                         const struct bench_payment *paid)
{
    struct lewes_credential credential = {.payment = paid->payment,
                                          .payment_len = sizeof paid->payment,
                                          .spend_date = lewes_date_of(mint->day),
                                          .epoch = BENCH_EPOCH};
    memcpy(credential.pay_info, paid->pay_info, sizeof credential.pay_info);
    return credential;
}
