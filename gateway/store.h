/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must outlive the program (gateway.md 10): spent tickets and leases, in SQLite. Every call
 * blocks and may sync to disk: a worker thread owns the store (worker.h), one at a time.
 */
#ifndef LEWES_GATEWAY_STORE_H
#define LEWES_GATEWAY_STORE_H

#include <lewes/ticket.h>

#include "gateway/lease.h"
#include "gateway/worker.h"

#define STORE_SCHEMA 3 /* this version's tables */
#define STORE_TAG_LEN 48
#define STORE_ERROR_TEXT 512
#define STORE_EVIDENCE_MAX 10000 /* gateway.md G10.1 */
#define STORE_PURGE_MAX 500      /* tickets in one call */

enum store_result {
    STORE_OK = 0,
    STORE_NOT_FOUND = 1,
    STORE_SERIAL_CONFLICT = -1, /* the serial is spent already; nothing was written */
    STORE_PAIR_CONFLICT = -2,   /* another key has the pair; nothing was written */
    STORE_UNAVAILABLE = -3,     /* nothing was written; may work later */
    STORE_INVALID = -4          /* a value that has no row: too long, negative, out of range */
};

/* Why the store did not open: one sentence for a person. */
struct store_error {
    char text[STORE_ERROR_TEXT];
};

/* One spent ticket: whose it was and everything that settles it later. */
struct store_ticket {
    uint8_t serial[LEWES_SERIAL_LEN];
    uint8_t owner[LEWES_KEY_LEN]; /* the WireGuard key; the identity in mixnet mode */
    enum lewes_mode mode;
    enum lewes_ticket_type ticket_type;
    uint64_t epoch;
    struct lewes_date spend_date;
    uint64_t amount; /* bytes credited */
    uint8_t digest[LEASE_DIGEST_LEN];
    uint8_t tag[STORE_TAG_LEN];
    uint8_t pay_info[LEWES_PAY_INFO_LEN];
    const uint8_t *payment; /* not returned by store_find_ticket: NULL there */
    size_t payment_len;
    int64_t spent_at; /* Unix seconds */
};

struct store_counts {
    uint64_t tickets;
    uint64_t leases[LEASE_REMOVING + 1]; /* by state */
};

struct store;

/*
 * Opens or makes the database, brings its tables to this version, refuses a newer one. Before older
 * tables are changed the whole file is copied to one beside it, named after their version.
 *
 * @param[out] store  untouched on error
 * @param path        of the database; its directory must exist
 * @param gateway     whose leases these are
 * @param timeout     ms to wait for another program's lock
 * @param[out] error  on error: what is wrong and what to do
 * @return STORE_OK or STORE_UNAVAILABLE
 */
enum store_result store_open(struct store **store, const char *path,
                             const struct lewes_ed25519_public *gateway, uint64_t timeout,
                             struct store_error *error);

void store_close(struct store *store); /* NULL is fine */

/*
 * Calls `each` for every lease, oldest first; the lease is valid during the call. Rows that cannot
 * be read are left alone and counted in `bad` (may be NULL).
 */
enum store_result store_load(struct store *store,
                             void (*each)(void *user, const struct lease *lease), void *user,
                             uint64_t *bad);

/* Finds the lease of a WireGuard key. `lease` is untouched unless STORE_OK. STORE_INVALID: the row
 * cannot be read. */
enum store_result store_find_lease(struct store *store, const struct lewes_wg_public *key,
                                   struct lease *lease);

/* Finds a spent ticket, of any gateway. `ticket` is untouched unless STORE_OK. */
enum store_result store_find_ticket(struct store *store, const uint8_t serial[LEWES_SERIAL_LEN],
                                    struct store_ticket *ticket);

/*
 * Transaction T1 of a registration (gateway.md G6.1 step 10, G6.4): the ticket, unless NULL, then
 * the lease as given, new or in place of the key's old row. All or nothing. A row keeps the
 * creation time that it has.
 */
enum store_result store_register(struct store *store, const struct store_ticket *ticket,
                                 const struct lease *lease);

/* Transaction T2: pending becomes active. STORE_NOT_FOUND if no pending lease has this key. */
enum store_result store_activate(struct store *store, const struct lewes_wg_public *key);

/*
 * Keeps the second, valid payment of a spent coin (ecash.md E25): one for each serial, further ones
 * are dropped; of more than STORE_EVIDENCE_MAX the oldest go. `ticket` needs serial, owner, epoch,
 * spend_date, pay_info, payment and, as the time it was seen, spent_at.
 */
enum store_result store_add_evidence(struct store *store, const struct store_ticket *ticket);

/* STORE_OK: there is evidence about this serial; STORE_NOT_FOUND. */
enum store_result store_find_evidence(struct store *store, const uint8_t serial[LEWES_SERIAL_LEN]);

/*
 * Forgets up to STORE_PURGE_MAX spent tickets that could not be valid any more (gateway.md G10.3).
 * The first payments of double spends stay. Nothing goes unless a ticket was spent lately: a clock
 * that is wrong forgets nothing, for under it no ticket is taken.
 *
 * @param[out] count  tickets that went; more may be left if it is STORE_PURGE_MAX
 */
enum store_result store_purge(struct store *store, int64_t unix_seconds, size_t *count);

/* Sets the state of a lease. STORE_NOT_FOUND if there is none. */
enum store_result store_set_state(struct store *store, const struct lewes_wg_public *key,
                                  enum lease_state state);

/* Sets pair (or LEASE_NO_PAIR), state, balance and expiry: what changes without a registration. */
enum store_result store_update_lease(struct store *store, const struct lease *lease);

/* Removes a lease; its spent tickets stay. STORE_NOT_FOUND if there is none. */
enum store_result store_delete_lease(struct store *store, const struct lewes_wg_public *key);

/* Finds the account of a mixnet client. `client` is untouched unless STORE_OK. STORE_INVALID: the
 * row cannot be read. */
enum store_result store_find_client(struct store *store,
                                    const struct lewes_ed25519_public *identity,
                                    struct mixnet_client *client);

/* T1 in mixnet mode: the ticket, unless NULL, then the account, new or in place of the old row,
 * which keeps its creation time. */
enum store_result store_register_client(struct store *store, const struct store_ticket *ticket,
                                        const struct mixnet_client *client);

/*
 * Takes up to `cap` clients that have run out of credit or time at `unix_seconds` and have not been
 * taken since their last credit.
 *
 * @param[out] count  clients written to `clients`; more may be left if it is `cap`
 */
enum store_result store_expire_clients(struct store *store, int64_t unix_seconds,
                                       struct mixnet_client *clients, size_t cap, size_t *count);

enum store_result store_count(struct store *store, struct store_counts *counts);

/* What SQLite said about the last STORE_UNAVAILABLE; never NULL, valid until the next call. For
 * the thread that uses the store. */
const char *store_message(const struct store *store);

/* For worker_start: one transaction around each batch, a savepoint around each job. */
struct worker_hooks store_hooks(struct store *store);

/* Where tests make the store fail. */
enum store_point {
    STORE_POINT_BEGIN,
    STORE_POINT_TICKET,
    STORE_POINT_LEASE,
    STORE_POINT_STATE,
    STORE_POINT_READ,
    STORE_POINT_COMMIT
};

/* From now on `fault` is asked before each step; what it answers other than 0 is the failure of
 * that step (an SQLite result code). NULL: no more. For tests. */
void store_set_fault(struct store *store, int (*fault)(void *user, enum store_point point),
                     void *user);

#endif
