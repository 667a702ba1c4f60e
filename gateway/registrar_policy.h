/* SPDX-License-Identifier: Apache-2.0 */
/* What a registration is to become: the table of gateway.md G6.2, as data. */
#ifndef LEWES_GATEWAY_REGISTRAR_POLICY_H
#define LEWES_GATEWAY_REGISTRAR_POLICY_H

#include <stdbool.h>

#include "gateway/lease.h"
#include "gateway/settings.h"

/* What is known of the ticket. */
enum policy_ticket {
    POLICY_TICKET_NEW,
    POLICY_TICKET_SAME,  /* paid before by this key, with the same pay_info */
    POLICY_TICKET_SPENT, /* paid before otherwise */
    POLICY_TICKET_TWICE  /* the same coin, with another pay_info: evidence, if it is valid */
};

/* What the WireGuard key has. */
enum policy_lease {
    POLICY_LEASE_NONE,
    POLICY_LEASE_RICH, /* live, with at least topup_below */
    POLICY_LEASE_POOR, /* live, with less */
    POLICY_LEASE_HELD  /* out of credit or out of date */
};

struct policy_facts {
    enum policy_ticket ticket;
    enum policy_lease lease;
    bool known_identity; /* the session's identity is one of the lease's */
};

enum policy_action {
    POLICY_NEW,
    POLICY_REPEAT,
    POLICY_UNCHANGED,
    POLICY_TOPUP,
    POLICY_JOIN,   /* a top-up that adds an identity */
    POLICY_SPENT,  /* refuse: ticket already spent */
    POLICY_TWICE,  /* keep the evidence, then the same */
    POLICY_FOREIGN /* refuse: key belongs to another identity */
};

/* What an action still has to do, as a set of bits. */
enum policy_plan {
    POLICY_PLAN_RESERVE = 1,
    POLICY_PLAN_VERIFY = 2,
    POLICY_PLAN_COMMIT = 4,
    POLICY_PLAN_INSTALL = 8,
    POLICY_PLAN_MIXNET = POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT /* all there is in mixnet mode */
};

enum policy_lease policy_lease_of(const struct lease *lease, int64_t unix_seconds,
                                  uint64_t topup_below);

enum policy_action policy_decide(const struct policy_facts *facts, enum settings_key_join join);

/* The steps of an action; `lease` is NULL if there is none. Refusals have none. */
unsigned policy_plan(enum policy_action action, const struct lease *lease);

#endif
