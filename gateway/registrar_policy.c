/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/registrar_policy.h"

#include <stddef.h>

#define BIT(value) (1U << (value))
#define ANY 0xffU
#define LIVE (BIT(POLICY_LEASE_RICH) | BIT(POLICY_LEASE_POOR))
#define KNOWN BIT(true)
#define OTHER BIT(false)

/* The first row that fits decides; sets of bits say for which lease and requester it stands. */
static const struct row {
    enum policy_ticket ticket;
    unsigned lease;
    unsigned requester;
    enum policy_action action;
} rows[] = {
    {POLICY_TICKET_SAME, LIVE, ANY, POLICY_REPEAT},
    {POLICY_TICKET_SAME, ANY, ANY, POLICY_SPENT},
    {POLICY_TICKET_SPENT, ANY, ANY, POLICY_SPENT},
    {POLICY_TICKET_TWICE, ANY, ANY, POLICY_TWICE},
    {POLICY_TICKET_NEW, BIT(POLICY_LEASE_NONE), ANY, POLICY_NEW},
    {POLICY_TICKET_NEW, BIT(POLICY_LEASE_RICH), KNOWN, POLICY_UNCHANGED},
    {POLICY_TICKET_NEW, ANY, KNOWN, POLICY_TOPUP},
    {POLICY_TICKET_NEW, ANY, OTHER, POLICY_JOIN},
};

static const unsigned plans[] = {
    [POLICY_NEW] =
        POLICY_PLAN_RESERVE | POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT | POLICY_PLAN_INSTALL,
    [POLICY_REPEAT] = 0,
    [POLICY_UNCHANGED] = 0,
    [POLICY_TOPUP] = POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT,
    [POLICY_JOIN] = POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT,
    [POLICY_SPENT] = 0,
    [POLICY_TWICE] = POLICY_PLAN_VERIFY | POLICY_PLAN_COMMIT,
    [POLICY_FOREIGN] = 0,
};

enum policy_lease policy_lease_of(const struct lease *lease, int64_t unix_seconds,
                                  uint64_t topup_below)
{
    if (lease == NULL)
        return POLICY_LEASE_NONE;
    if (!lease_live(lease, unix_seconds))
        return POLICY_LEASE_HELD;
    return (uint64_t)lease->balance >= topup_below ? POLICY_LEASE_RICH : POLICY_LEASE_POOR;
}

enum policy_action policy_decide(const struct policy_facts *facts, enum settings_key_join join)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        if (row->ticket != facts->ticket || !(row->lease & BIT(facts->lease)) ||
            !(row->requester & BIT(facts->known_identity)))
            continue;
        if (row->action == POLICY_JOIN && join == SETTINGS_KEY_JOIN_REFUSE)
            return POLICY_FOREIGN;
        return row->action;
    }
    return POLICY_SPENT;
}

unsigned policy_plan(enum policy_action action, const struct lease *lease)
{
    unsigned plan = plans[action];
    if (lease == NULL || action == POLICY_SPENT || action == POLICY_TWICE ||
        action == POLICY_FOREIGN)
        return plan;
    if (lease->pair == LEASE_NO_PAIR)
        plan |= POLICY_PLAN_RESERVE | POLICY_PLAN_COMMIT | POLICY_PLAN_INSTALL;
    if (lease->state != LEASE_ACTIVE)
        plan |= POLICY_PLAN_INSTALL;
    return plan;
}
