/* SPDX-License-Identifier: Apache-2.0 */
/* What a WireGuard key has bought (gateway.md 6.2, 10.1): one row of the store, and its rules. */
#ifndef LEWES_GATEWAY_LEASE_H
#define LEWES_GATEWAY_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lewes/registration.h>

#define LEASE_IDENTITIES_MAX 8               /* gateway.md 6.2 */
#define LEASE_BALANCE_MAX (INT64_C(1) << 62) /* gateway.md G6.9 */
#define LEASE_ANSWER_MAX 512                 /* a dVPN answer has 93 bytes at most */
#define LEASE_DIGEST_LEN 32
#define LEASE_NO_PAIR UINT32_MAX /* keeps its credit, gets a pair later */

enum lease_state {
    LEASE_PENDING = 0, /* has its row, not yet known to be in the device */
    LEASE_ACTIVE = 1,
    LEASE_HELD = 2,    /* no credit, no peer, keeps its addresses */
    LEASE_REMOVING = 3 /* its peer is to be removed */
};

/* Times are Unix seconds. The gateway's identity is the store's. */
struct lease {
    struct lewes_wg_public wg_key;
    uint32_t pair; /* of the pool, or LEASE_NO_PAIR */
    enum lease_state state;
    struct lewes_ed25519_public identities[LEASE_IDENTITIES_MAX]; /* oldest first */
    size_t identity_count;
    int64_t balance; /* bytes that may still be used */
    int64_t expires;
    uint8_t last_digest[LEASE_DIGEST_LEN]; /* of the last payment: SHA-256(payment, pay_info) */
    uint8_t answer[LEASE_ANSWER_MAX];      /* as sent, for a repeat */
    size_t answer_len;
    int64_t answered_at;
    int64_t created;
};

/* What an identity has bought in mixnet mode (gateway.md 12): an account without WireGuard key and
 * addresses; its only identity is the key. */
struct mixnet_client {
    struct lewes_ed25519_public identity;
    struct lewes_x25519_public x25519;
    struct lease account;
};

/* Credit is left and the date is not over; the state does not matter. */
bool lease_live(const struct lease *lease, int64_t unix_seconds);

bool lease_knows(const struct lease *lease, const struct lewes_ed25519_public *identity);

/* Adds an identity at the end; the oldest goes when there are 8. A known one stays where it is. */
void lease_remember(struct lease *lease, const struct lewes_ed25519_public *identity);

/* Adds `amount` to the balance, which stops at LEASE_BALANCE_MAX, and moves the expiry to 00:00
 * UTC `days` days after today unless it is later already (gateway.md G6.9). */
void lease_credit(struct lease *lease, uint64_t amount, uint32_t days, int64_t unix_seconds);

#endif
