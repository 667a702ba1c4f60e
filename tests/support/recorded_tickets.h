/* SPDX-License-Identifier: Apache-2.0 */
/* A wallet of mock tickets that knows in which order it may be called (lewes/client.h), and fails
 * the test otherwise; above all, no coin pays twice (registration.md R10). */
#ifndef TESTS_SUPPORT_RECORDED_TICKETS_H
#define TESTS_SUPPORT_RECORDED_TICKETS_H

#include <lewes/client.h>

#define RECORDED_COINS 8

enum recorded_state {
    RECORDED_FREE,
    RECORDED_RESERVED,
    RECORDED_PAID,
    RECORDED_SENT,
    RECORDED_SPENT,
    RECORDED_BURNED
};

struct recorded_tickets {
    unsigned count; /* coins that were reserved, in this order */
    struct {
        enum lewes_ticket_type type;
        enum recorded_state state;
    } coins[RECORDED_COINS];
    unsigned calls;
    unsigned fail_call; /* this one fails, counted from 1; 0 = none */
    unsigned kill_call; /* the process ends at the end of this one */
};

struct lewes_ticket_source recorded_source(struct recorded_tickets *tickets);
/* A wallet that begins anew: what was reserved is free again. */
void recorded_restart(struct recorded_tickets *tickets);
/* No coin is left reserved or paid. */
void recorded_assert_settled(const struct recorded_tickets *tickets);
/* The n-th coin that was reserved. */
enum recorded_state recorded_state(const struct recorded_tickets *tickets, unsigned n);

#endif
