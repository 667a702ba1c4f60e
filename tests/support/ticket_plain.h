/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier of payments written down from ecash.md 5 and 6 as directly as possible: a
 * multiplication for each term, a pairing check for each equation, no tables, no weights. */
#ifndef TESTS_SUPPORT_TICKET_PLAIN_H
#define TESTS_SUPPORT_TICKET_PLAIN_H

#include <lewes/ticket.h>

#include "lib/ecash/curve.h"

#define PLAIN_TRANSCRIPT_CAP 4096
#define PLAIN_EQUATIONS 3 /* ecash.md E19 */

/* The points of E18, in the order of the hash, what is hashed, and the Q of E19. */
struct plain_points {
    blst_p2 k, ke, kk;
    blst_p1 cc, aa, ss, g, tt;
    bool bound;
    uint8_t transcript[PLAIN_TRANSCRIPT_CAP];
    size_t transcript_len;
    blst_p2 q[PLAIN_EQUATIONS];
};

/* As lewes_ticket_verify(). From the verdict "proof" on the points and the transcript are set, on
 * LEWES_OK each Q, too. */
enum lewes_error plain_verify(const uint8_t *key, size_t key_len,
                              const struct lewes_ticket_claim *claim, struct plain_points *points);

#endif
