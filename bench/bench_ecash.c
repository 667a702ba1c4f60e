/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets: milliseconds of processor time for each operation, and the ratio to the sum of the curve
 * operations that its definition names, one by one, timed in the same run (ecash.md 8). Below 1
 * means that tables and the weighted product save that much.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <lewes/mint.h>

#include "bench/measure.h"
#include "lib/ecash/curve.h"

#define EXPIRATION UINT32_C(1768867200)
#define REPEATS 20 /* of an operation in one round */
#define THREADS_MAX 2
#define TICKETS_EACH 300 /* by each thread */

/* ---- curve operations ---- */

static blst_p1 p1;
static blst_p2 p2;
static blst_p1_affine a1;
static blst_p2_affine a2;
static lewesi_scalar scalar;
static uint8_t g1_bytes[LEWESI_G1_LEN], g2_bytes[LEWESI_G2_LEN];

static void g1_decode(void)
{
    check(lewesi_g1_decode(&a1, g1_bytes), "decoding");
}

static void g2_decode(void)
{
    check(lewesi_g2_decode(&a2, g2_bytes), "decoding");
}

static void g1_mul(void)
{
    blst_p1 out;
    lewesi_g1_mul(&out, &p1, &scalar);
}

static void g2_mul(void)
{
    blst_p2 out;
    lewesi_g2_mul(&out, &p2, &scalar);
}

static void pairings(void)
{
    check(lewesi_pairings_equal(&a1, &a2, &a1, &a2), "pairing");
}

static void hash(void)
{
    blst_p1 out;
    lewesi_hash_to_g1(&out, (struct lewesi_span){g2_bytes, sizeof g2_bytes});
}

static double time_of(void (*operation)(void))
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        const double start = now_us();
        for (int i = 0; i < REPEATS; i++)
            operation();
        rounds[round] = (now_us() - start) / REPEATS;
    }
    return median(rounds);
}

enum curve { G1_DECODE, G2_DECODE, G1_MUL, G2_MUL, PAIRINGS, HASH, CURVES };

static const struct {
    const char *name;
    void (*run)(void);
} curves[CURVES] = {
    [G1_DECODE] = {"G1 decode, subgroup", g1_decode},
    [G2_DECODE] = {"G2 decode, subgroup", g2_decode},
    [G1_MUL] = {"G1 multiplication", g1_mul},
    [G2_MUL] = {"G2 multiplication", g2_mul},
    [PAIRINGS] = {"pairing check", pairings},
    [HASH] = {"hash to G1", hash},
};

static double us[CURVES];

static void time_curves(void)
{
    lewesi_scalar_reduce(&scalar, (const uint8_t[64]){[3] = 9, [40] = 77, [60] = 5});
    lewesi_g1_mul(&p1, blst_p1_generator(), &scalar);
    lewesi_g2_mul(&p2, blst_p2_generator(), &scalar);
    lewesi_g1_encode(g1_bytes, &p1);
    lewesi_g2_encode(g2_bytes, &p2);
    g1_decode();
    g2_decode();
    for (int i = 0; i < CURVES; i++) {
        us[i] = time_of(curves[i].run);
        printf("  %-28s %8.1f us\n", curves[i].name, us[i]);
    }
}

/* ---- a mint, a book, payments ---- */

static struct lewes_ecash *ecash;
static struct lewes_ecash_key *key;
static struct lewes_mint_secret mint;
static struct lewes_user_secret user;
static struct lewes_withdrawal withdrawal;
static struct lewes_withdrawal_claim claim = {.terms = {LEWES_TICKET_WG_ENTRY, EXPIRATION}};
static struct lewes_book book;
static uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];
static uint8_t pay_info[LEWES_PAY_INFO_LEN], payment[LEWES_PAYMENT_BOUND_LEN];
static size_t payment_len;
static bool unbound;

static void ask(void)
{
    check(lewes_withdrawal_request(request, &withdrawal, ecash, &user, &claim.terms, &env) ==
              LEWES_OK,
          "request");
}

static void issue(void)
{
    check(lewes_withdrawal_issue(blind, ecash, &mint, request, sizeof request, &claim) == LEWES_OK,
          "issue");
}

static void finish(void)
{
    check(lewes_withdrawal_finish(&book.wallet, key, &withdrawal, blind) == LEWES_OK, "finish");
}

static void check_book(void)
{
    check(lewes_book_check(key, &book) == LEWES_OK, "book");
}

static void spend(void)
{
    struct lewes_spending spending;
    check(lewes_book_spending(&spending, &book, 3, EXPIRATION, pay_info) == LEWES_OK, "spending");
    spending.unbound = unbound;
    check(lewes_ticket_spend(payment, &payment_len, key, &spending, &env) == LEWES_OK, "payment");
}

static void verify(void)
{
    struct lewes_ticket ticket;
    const struct lewes_ticket_claim ticket_claim = {
        .payment = payment, .len = payment_len, .pay_info = pay_info, .day = EXPIRATION};
    check(lewes_ticket_verify(key, &ticket_claim, &ticket) == LEWES_OK, "verification");
}

static void open_mint(void)
{
    check(lewes_ecash_new(&ecash, &env) == LEWES_OK, "generators");
    check(lewes_mint_generate(&mint, LEWES_MINT_ELEMENTS, &env) == LEWES_OK, "authority");
    book.key_len = lewes_mint_key_write(book.key, &mint);
    check(lewes_ecash_key_new(&key, &env, ecash, book.key, book.key_len) == LEWES_OK, "key");
    check(lewes_mint_sign_dates(book.dates, &mint, EXPIRATION) == LEWES_OK, "dates");
    check(lewes_mint_sign_coins(book.coins, &mint, book.key, book.key_len) == LEWES_OK, "coins");
    check(lewes_user_generate(&user, &env) == LEWES_OK, "user");
    check(lewes_user_public(claim.user, &user) == LEWES_OK, "user");
}

/* ---- operations ---- */

/* How often the definition of an operation names each curve operation. */
struct recipe {
    const char *name;
    void (*run)(void);
    unsigned counts[CURVES];
};

static const struct recipe recipes[] = {
    {"withdrawal: request (E13)", ask, {[G1_MUL] = 19, [HASH] = 1}},
    {"withdrawal: issue (E14)", issue, {[G1_DECODE] = 5, [G1_MUL] = 17, [HASH] = 1}},
    {"withdrawal: finish (E15)",
     finish,
     {[G1_DECODE] = 3, [G1_MUL] = 2, [G2_MUL] = 4, [PAIRINGS] = 1}},
    {"payment, bound (E17)", spend, {[G1_DECODE] = 6, [G1_MUL] = 24, [G2_MUL] = 16}},
    {"ticket, bound (E18, E19)",
     verify,
     {[G1_DECODE] = 10, [G2_DECODE] = 3, [G1_MUL] = 13, [G2_MUL] = 16, [PAIRINGS] = 3}},
};

static const struct recipe unbound_ticket = {
    "ticket, unbound",
    verify,
    {[G1_DECODE] = 10, [G2_DECODE] = 3, [G1_MUL] = 13, [G2_MUL] = 12, [PAIRINGS] = 3}};

static void time_recipe(const struct recipe *recipe)
{
    double sum = 0;
    recipe->run(); /* the next one needs what it makes */
    const double time = time_of(recipe->run);
    for (int i = 0; i < CURVES; i++)
        sum += recipe->counts[i] * us[i];
    printf("  %-28s %8.2f ms  %6.0f /s/core   %.2f of %.2f ms\n", recipe->name, time / 1000,
           1e6 / time, time / sum, sum / 1000);
}

/* ---- threads ---- */

static void *verify_many(void *nothing)
{
    for (int i = 0; i < TICKETS_EACH; i++)
        verify();
    return nothing;
}

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void time_threads(void)
{
    double one = 0;
    for (int count = 1; count <= THREADS_MAX; count++) {
        pthread_t threads[THREADS_MAX];
        const double start = wall_s();
        for (int i = 0; i < count; i++)
            check(pthread_create(&threads[i], NULL, verify_many, NULL) == 0, "a thread");
        for (int i = 0; i < count; i++)
            pthread_join(threads[i], NULL);
        const double rate = count * TICKETS_EACH / (wall_s() - start);
        if (count == 1)
            one = rate;
        printf("  tickets, %d thread%s           %6.0f /s   %.2f of one\n", count,
               count > 1 ? "s" : " ", rate, rate / one);
    }
}

int main(void)
{
    puts("curve operations");
    time_curves();
    open_mint();
    puts("tickets: time, rate, ratio to the sum of the operations in the definition");
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++)
        time_recipe(&recipes[i]);
    unbound = true;
    spend();
    time_recipe(&unbound_ticket);
    const double start = now_us();
    check_book();
    printf("  %-28s %8.2f ms\n", "book: all signatures (E12)", (now_us() - start) / 1000);
    puts("threads");
    time_threads();
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    return 0;
}
