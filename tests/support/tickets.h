/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded tickets of tests/vectors/ecash, with their keys. */
#ifndef TESTS_SUPPORT_TICKETS_H
#define TESTS_SUPPORT_TICKETS_H

#include <lewes/mint.h>

#include "tests/support/env.h"
#include "tests/support/vectors.h"

#define TICKETS_SETS 2       /* of authorities */
#define TICKETS_LONGEST 8192 /* of the recorded payments, malformed ones included */

struct tickets {
    struct test_env env;
    struct lewes_ecash *ecash;
    struct lewes_ecash_key *keys[TICKETS_SETS];
    json_t *root;
};

struct tickets_payment {
    struct lewes_ticket_claim claim; /* points into the rest */
    const struct lewes_ecash_key *key;
    uint8_t payment[TICKETS_LONGEST];
    uint8_t pay_info[LEWES_PAY_INFO_LEN];
};

void tickets_load(struct tickets *tickets);
void tickets_unload(struct tickets *tickets); /* nothing may be left over */

/* The set of authorities that a recorded object names. */
const json_t *tickets_set(const struct tickets *tickets, const json_t *object, unsigned *number);

/* Reads a payment of the arrays "tickets", "negative", "edge". */
void tickets_payment(const struct tickets *tickets, const json_t *recorded,
                     struct tickets_payment *out);

/* The first ticket of "tickets" that the strict verdict accepts. */
void tickets_good(const struct tickets *tickets, struct tickets_payment *out);

/* The error that a recorded verdict stands for. */
enum lewes_error tickets_verdict(const char *name);

#endif
