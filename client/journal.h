/* SPDX-License-Identifier: Apache-2.0 */
/* What must survive a crash (registration.md 4, 8, 9, R10, R17, R22): one file for each gateway and
 * WireGuard key, in mixnet mode own identity. */
#ifndef LEWES_CLIENT_JOURNAL_H
#define LEWES_CLIENT_JOURNAL_H

#include <lewes/client.h>

enum journal_coin { JOURNAL_NONE, JOURNAL_SENT, JOURNAL_SPENT, JOURNAL_BURNED };

struct journal_entry {
    enum lewes_hop hop;
    enum lewes_mode mode;
    enum lewes_ticket_type type;
    enum journal_coin coin;
    uint64_t coin_name; /* of the ticket source */
    uint64_t sent_at;   /* Unix seconds */
    /* The container, valid from SENT on; `credential.payment` points to `payment`. */
    struct lewes_credential credential;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    uint8_t serial[LEWES_SERIAL_LEN];
    bool has_result;
    uint64_t result_at, expires;
    struct lewes_tunnel tunnel;
    struct lewes_mixnet_answer mixnet;
    int64_t bandwidth;
};

struct journal;

/* Returns 0, or -1 with errno: EBUSY = another process has it, EBADMSG = damaged, set aside. */
int journal_open(struct journal **journal, const char *dir,
                 const struct lewes_ed25519_public *gateway, const uint8_t wg_or_identity[32],
                 const struct lewes_env *env);
/* All zero if nothing is known. */
const struct journal_entry *journal_entry(const struct journal *journal);
/* Returns 0 when durable; -1 with errno, then the old entry stands. */
int journal_put(struct journal *journal, const struct journal_entry *entry);
/* Wipes; NULL is fine. */
void journal_close(struct journal *journal);

#endif
