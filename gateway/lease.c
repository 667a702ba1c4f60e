/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lease.h"

#include <string.h>

#define DAY 86400

bool lease_live(const struct lease *lease, int64_t unix_seconds)
{
    return lease->balance > 0 && lease->expires > unix_seconds;
}

bool lease_knows(const struct lease *lease, const struct lewes_ed25519_public *identity)
{
    for (size_t i = 0; i < lease->identity_count; i++)
        if (memcmp(&lease->identities[i], identity, sizeof *identity) == 0)
            return true;
    return false;
}

void lease_remember(struct lease *lease, const struct lewes_ed25519_public *identity)
{
    if (lease_knows(lease, identity))
        return;
    if (lease->identity_count == LEASE_IDENTITIES_MAX) {
        lease->identity_count--;
        memmove(&lease->identities[0], &lease->identities[1],
                lease->identity_count * sizeof lease->identities[0]);
    }
    lease->identities[lease->identity_count++] = *identity;
}

void lease_credit(struct lease *lease, uint64_t amount, uint32_t days, int64_t unix_seconds)
{
    int64_t today = unix_seconds - unix_seconds % DAY;
    int64_t expires = today + (int64_t)days * DAY;
    uint64_t room = (uint64_t)(LEASE_BALANCE_MAX - lease->balance);
    lease->balance = amount >= room ? LEASE_BALANCE_MAX : lease->balance + (int64_t)amount;
    if (expires > lease->expires)
        lease->expires = expires;
}
