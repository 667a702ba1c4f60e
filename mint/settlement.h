/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settlement (ecash.md E25, E27): the tickets that gateways export are merged by serial. A ticket
 * that comes again with the same pay_info is a replay and counts once; one with another pay_info is
 * evidence. Only what verifies is taken, so nobody can be accused by made-up lines. What has been
 * taken stands in a temporary database on disk, so memory does not grow with the lines.
 */
#ifndef LEWES_MINT_SETTLEMENT_H
#define LEWES_MINT_SETTLEMENT_H

#include "mint/verdict.h"

#define EXPORT_LINE_MAX 8192

/* One exported ticket, see doc/tickets.md. */
struct export_line {
    uint8_t serial[LEWES_SERIAL_LEN], tag[LEWES_TICKET_TAG_LEN];
    uint8_t pay_info[LEWES_PAY_INFO_LEN], payee[LEWES_KEY_LEN];
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    size_t payment_len;
    uint64_t epoch;
    enum lewes_ticket_type type;
    uint32_t day; /* spend date */
};

/* Reads a line of JSON. Returns NULL, or what is wrong with it. */
const char *export_line_read(struct export_line *line, const char *text, size_t len);

struct settlement;

struct settlement_counts {
    uint64_t taken, replays, refused, double_spent;
};

struct settlement_evidence {
    const uint8_t *serial;    /* LEWES_SERIAL_LEN */
    const uint8_t *payees[2]; /* LEWES_KEY_LEN each */
    uint8_t user[LEWES_USER_KEY_LEN];
};

struct settlement_sum {
    const uint8_t *payee; /* LEWES_KEY_LEN */
    enum lewes_ticket_type type;
    uint64_t tickets;
};

/* Returns 0; -1 if there is no memory or no temporary file. `keys` must outlive it. */
int settlement_open(struct settlement **made, const struct verdict_keys *keys, bool accept_unbound);
void settlement_close(struct settlement *settlement);

/* Returns NULL if it was taken or is a replay; else the verdict. "E_LOCAL": a local fault. */
const char *settlement_take(struct settlement *settlement, const struct export_line *line);

/* Calls `each` for each pair of payments from one coin, the first with every other. 0, or -1. */
int settlement_evidence(struct settlement *settlement,
                        void (*each)(void *user, const struct settlement_evidence *evidence),
                        void *user);

/* Calls `each` for what every gateway is owed: coins that were spent twice count for both. */
int settlement_sums(struct settlement *settlement,
                    void (*each)(void *user, const struct settlement_sum *sum), void *user);

void settlement_count(const struct settlement *settlement, struct settlement_counts *counts);

#endif
