/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/store_internal.h"

#define PAYMENT_MAX 4096 /* nothing longer is a payment */

/* Parameters are numbered from 1, columns from 0. */
static int parameter(enum lease_column column)
{
    return (int)column + 1;
}

bool store_bind_bytes(sqlite3_stmt *s, int at, const void *bytes, size_t len)
{
    return sqlite3_bind_blob(s, at, len ? bytes : "", (int)len, SQLITE_STATIC) == SQLITE_OK;
}

bool store_bind_number(sqlite3_stmt *s, int at, int64_t number)
{
    return sqlite3_bind_int64(s, at, number) == SQLITE_OK;
}

static bool bind_key(const struct store *store, sqlite3_stmt *s, const struct lewes_wg_public *key)
{
    return store_bind_bytes(s, parameter(LEASE_COLUMN_WG_KEY), key, sizeof *key) &&
           store_bind_bytes(s, STORE_PARAMETER_GATEWAY, &store->gateway, sizeof store->gateway);
}

static bool bind_balance(sqlite3_stmt *s, const struct lease *lease)
{
    int pair = parameter(LEASE_COLUMN_PAIR);
    bool bound = lease->pair == LEASE_NO_PAIR ? sqlite3_bind_null(s, pair) == SQLITE_OK
                                              : store_bind_number(s, pair, lease->pair);
    return bound && store_bind_number(s, parameter(LEASE_COLUMN_STATE), lease->state) &&
           store_bind_number(s, parameter(LEASE_COLUMN_BALANCE), lease->balance) &&
           store_bind_number(s, parameter(LEASE_COLUMN_EXPIRES), lease->expires);
}

static bool bind_registration(sqlite3_stmt *s, const struct lease *lease)
{
    return store_bind_bytes(s, parameter(LEASE_COLUMN_IDENTITIES), lease->identities,
                            lease->identity_count * sizeof lease->identities[0]) &&
           store_bind_bytes(s, parameter(LEASE_COLUMN_LAST_DIGEST), lease->last_digest,
                            sizeof lease->last_digest) &&
           store_bind_bytes(s, parameter(LEASE_COLUMN_ANSWER), lease->answer, lease->answer_len) &&
           store_bind_number(s, parameter(LEASE_COLUMN_ANSWERED_AT), lease->answered_at) &&
           store_bind_number(s, parameter(LEASE_COLUMN_CREATED), lease->created);
}

static bool lease_valid(const struct lease *lease)
{
    return lease->identity_count <= LEASE_IDENTITIES_MAX && lease->answer_len <= LEASE_ANSWER_MAX &&
           lease->balance >= 0 && lease->balance <= LEASE_BALANCE_MAX &&
           lease->state <= LEASE_REMOVING;
}

bool store_ticket_valid(const struct store_ticket *ticket)
{
    return ticket->payment_len > 0 && ticket->payment_len <= PAYMENT_MAX &&
           ticket->epoch <= INT64_MAX && ticket->amount <= INT64_MAX;
}

/* Which of our rules a failed write has met. */
static enum store_result outcome(struct store *store, int code, enum store_result unique)
{
    switch (code) {
    case SQLITE_DONE:
        return STORE_OK;
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return unique;
    case SQLITE_CONSTRAINT_CHECK:
        store_failed(store, code);
        return STORE_INVALID;
    default:
        return store_failed(store, code);
    }
}

/* Runs a bound write. */
enum store_result store_write_row(struct store *store, sqlite3_stmt *s, enum store_point point,
                                  enum store_result unique)
{
    enum store_result result = outcome(store, store_step(store, s, point), unique);
    store_reset(s);
    return result;
}

enum store_result store_not_bound(struct store *store, sqlite3_stmt *s)
{
    store_reset(s);
    return store_failed(store, SQLITE_NOMEM);
}

void store_format_date(char out[STORE_DATE_TEXT], struct lewes_date date)
{
    snprintf(out, STORE_DATE_TEXT, "%04u-%03u", (unsigned)date.year, (unsigned)date.day);
}

enum store_result store_insert_ticket(struct store *store, const struct store_ticket *t)
{
    char date[STORE_DATE_TEXT];
    sqlite3_stmt *s = store->statements[STATEMENT_INSERT_TICKET];
    store_format_date(date, t->spend_date);
    if (!store_bind_bytes(s, 1, t->serial, sizeof t->serial) ||
        !store_bind_bytes(s, 2, &store->gateway, sizeof store->gateway) ||
        !store_bind_bytes(s, 3, t->owner, sizeof t->owner) || !store_bind_number(s, 4, t->mode) ||
        !store_bind_number(s, 5, t->ticket_type) || !store_bind_number(s, 6, (int64_t)t->epoch) ||
        sqlite3_bind_text(s, 7, date, -1, SQLITE_STATIC) != SQLITE_OK ||
        !store_bind_number(s, 8, (int64_t)t->amount) ||
        !store_bind_bytes(s, 9, t->digest, sizeof t->digest) ||
        !store_bind_bytes(s, 10, t->tag, sizeof t->tag) ||
        !store_bind_bytes(s, 11, t->pay_info, sizeof t->pay_info) ||
        !store_bind_number(s, 12, t->spent_at) ||
        !store_bind_bytes(s, 13, t->payment, t->payment_len))
        return store_not_bound(store, s);
    return store_write_row(store, s, STORE_POINT_TICKET, STORE_SERIAL_CONFLICT);
}

static enum store_result upsert_lease(struct store *store, const struct lease *lease)
{
    sqlite3_stmt *s = store->statements[STATEMENT_UPSERT_LEASE];
    if (!bind_key(store, s, &lease->wg_key) || !bind_balance(s, lease) ||
        !bind_registration(s, lease))
        return store_not_bound(store, s);
    return store_write_row(store, s, STORE_POINT_LEASE, STORE_PAIR_CONFLICT);
}

enum store_result store_register(struct store *store, const struct store_ticket *ticket,
                                 const struct lease *lease)
{
    if (!lease_valid(lease) || (ticket && !store_ticket_valid(ticket)))
        return STORE_INVALID;
    enum store_result result = store_save(store);
    if (result != STORE_OK)
        return result;
    if (ticket)
        result = store_insert_ticket(store, ticket);
    if (result == STORE_OK)
        result = upsert_lease(store, lease);
    return store_end(store, result);
}

/* Runs a bound UPDATE or DELETE of one lease. */
static enum store_result change(struct store *store, sqlite3_stmt *s)
{
    enum store_result result = store_write_row(store, s, STORE_POINT_STATE, STORE_PAIR_CONFLICT);
    if (result == STORE_OK && sqlite3_changes(store->db) == 0)
        return STORE_NOT_FOUND;
    return result;
}

static enum store_result change_key(struct store *store, enum store_statement which,
                                    const struct lewes_wg_public *key)
{
    sqlite3_stmt *s = store->statements[which];
    if (store->broken)
        return STORE_UNAVAILABLE;
    return bind_key(store, s, key) ? change(store, s) : store_not_bound(store, s);
}

enum store_result store_activate(struct store *store, const struct lewes_wg_public *key)
{
    return change_key(store, STATEMENT_ACTIVATE, key);
}

enum store_result store_delete_lease(struct store *store, const struct lewes_wg_public *key)
{
    return change_key(store, STATEMENT_DELETE_LEASE, key);
}

enum store_result store_set_state(struct store *store, const struct lewes_wg_public *key,
                                  enum lease_state state)
{
    sqlite3_stmt *s = store->statements[STATEMENT_SET_STATE];
    if (store->broken)
        return STORE_UNAVAILABLE;
    if (!bind_key(store, s, key) || !store_bind_number(s, parameter(LEASE_COLUMN_STATE), state))
        return store_not_bound(store, s);
    return change(store, s);
}

enum store_result store_update_lease(struct store *store, const struct lease *lease)
{
    sqlite3_stmt *s = store->statements[STATEMENT_UPDATE_LEASE];
    if (!lease_valid(lease))
        return STORE_INVALID;
    if (store->broken)
        return STORE_UNAVAILABLE;
    if (!bind_key(store, s, &lease->wg_key) || !bind_balance(s, lease))
        return store_not_bound(store, s);
    return change(store, s);
}
