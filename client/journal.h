/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registration must remember across a crash (registration.md 4, 8, 9, R10, R17, R22): one
 * entry for each gateway and WireGuard key; in mixnet mode, own identity.
 *
 * An entry is a file GATEWAY-KEY (both in base58), a lock file GATEWAY-KEY.lock beside it keeps
 * other processes out.
 */
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
    /* The container, valid from SENT on; `credential.payment` points to `payment` of an entry that
     * journal_entry() returned, and is ignored by journal_put(). */
    struct lewes_credential credential;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    uint8_t serial[LEWES_SERIAL_LEN];
    bool has_result;
    uint64_t result_at, expires;       /* Unix seconds */
    struct lewes_tunnel tunnel;        /* dVPN mode */
    struct lewes_mixnet_answer mixnet; /* mixnet mode */
    int64_t bandwidth;
};

struct journal;

/*
 * Opens the entry of a gateway and a key in `dir`, which is made if it is missing, and keeps others
 * out until it is closed.
 *
 * @param[out] journal  untouched on error
 * @return 0; -1 with errno: EBUSY = another process has it; EBADMSG = it was damaged and is now
 *         NAME.bad; ENOTSUP = a later version wrote it; EPERM = others may read the file, or write
 *         in the directory
 */
int journal_open(struct journal **journal, const char *dir,
                 const struct lewes_ed25519_public *gateway, const uint8_t wg_or_identity[32],
                 const struct lewes_env *env);

/* All zero if nothing is known. Valid until the next call. */
const struct journal_entry *journal_entry(const struct journal *journal);

/* Returns 0 when it is durable; -1 with errno, then the old entry stands. EINVAL = it makes no
 * sense. */
int journal_put(struct journal *journal, const struct journal_entry *entry);

/* Wipes, and lets others in; NULL is fine. */
void journal_close(struct journal *journal);

#endif
