/* SPDX-License-Identifier: Apache-2.0 */
/* Real tickets for a benchmark, paid before its clock starts. Failures end the program. */
#ifndef BENCH_TICKETS_H
#define BENCH_TICKETS_H

#include <lewes/mint.h>

#define BENCH_EPOCH 1

struct bench_mint {
    struct lewes_ecash *ecash;
    struct lewes_ecash_key *key;
    struct lewes_mint_secret secret;
    uint8_t bytes[LEWES_MINT_KEY_MAX]; /* verification key */
    size_t len;
    uint32_t day; /* of all payments: today */
};

/* A bound payment. */
struct bench_payment {
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    uint8_t pay_info[LEWES_PAY_INFO_LEN];
};

void bench_mint_open(struct bench_mint *mint);
void bench_mint_close(struct bench_mint *mint);

/* The line of a gateway's key file. */
#define BENCH_KEY_LINE_CAP (2 * LEWES_MINT_KEY_MAX + 64)
size_t bench_mint_line(const struct bench_mint *mint, char out[BENCH_KEY_LINE_CAP]);

/* Withdraws as many books as that takes, and pays `gateway` from each coin once, now. */
void bench_pay(const struct bench_mint *mint, struct bench_payment *out, size_t count,
               enum lewes_ticket_type type, const struct lewes_ed25519_public *gateway);

/* As it stands in a request; points into `paid`. */
struct lewes_credential bench_credential(const struct bench_mint *mint,
                                         const struct bench_payment *paid);

#endif
