/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier of payments written down from ecash.md 5 and 6 as directly as possible: a
 * multiplication for each term, a pairing check for each equation, no tables, no weights. */
#ifndef TESTS_SUPPORT_TICKET_PLAIN_H
#define TESTS_SUPPORT_TICKET_PLAIN_H

#include <lewes/ticket.h>

#include "lib/ecash/curve.h"

/* The points of E18, in the order of the hash. */
struct plain_points {
    blst_p2 k, ke, kk;
    blst_p1 cc, aa, ss, g, tt;
    bool bound;
};

/* As lewes_ticket_verify(); the points are set from the verdict "proof" on. */
enum lewes_error plain_verify(const uint8_t *key, size_t key_len,
                              const struct lewes_ticket_claim *claim, struct plain_points *points);

#endif
