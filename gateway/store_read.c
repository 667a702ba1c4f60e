/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/store_internal.h"

#define PARAMETER_KEY 1

/* Copies a blob of exactly `len` bytes. */
bool store_read_bytes(sqlite3_stmt *s, int column, void *out, size_t len)
{
    const void *bytes = sqlite3_column_blob(s, column);
    if (!bytes || sqlite3_column_bytes(s, column) != (int)len)
        return false;
    memcpy(out, bytes, len);
    return true;
}

/* Copies a blob of 0 to `cap` bytes. */
bool store_read_some(sqlite3_stmt *s, int column, void *out, size_t cap, size_t *len)
{
    const void *bytes = sqlite3_column_blob(s, column);
    size_t size = (size_t)sqlite3_column_bytes(s, column);
    if (sqlite3_column_type(s, column) != SQLITE_BLOB || size > cap || (size && !bytes))
        return false;
    if (size)
        memcpy(out, bytes, size);
    *len = size;
    return true;
}

bool store_read_number(sqlite3_stmt *s, int column, int64_t min, int64_t max, int64_t *out)
{
    if (sqlite3_column_type(s, column) != SQLITE_INTEGER)
        return false;
    *out = sqlite3_column_int64(s, column);
    return *out >= min && *out <= max;
}

static bool read_pair(sqlite3_stmt *s, uint32_t *pair)
{
    int64_t number = LEASE_NO_PAIR;
    if (sqlite3_column_type(s, LEASE_COLUMN_PAIR) != SQLITE_NULL &&
        !store_read_number(s, LEASE_COLUMN_PAIR, 0, LEASE_NO_PAIR - 1, &number))
        return false;
    *pair = (uint32_t)number;
    return true;
}

/* Nothing in a file is taken on trust: a bad row is no lease (gateway.md G10.2). */
static bool read_lease(sqlite3_stmt *s, struct lease *lease)
{
    int64_t state;
    size_t len;
    memset(lease, 0, sizeof *lease);
    if (!store_read_bytes(s, LEASE_COLUMN_WG_KEY, &lease->wg_key, sizeof lease->wg_key) ||
        !read_pair(s, &lease->pair) ||
        !store_read_number(s, LEASE_COLUMN_STATE, LEASE_PENDING, LEASE_REMOVING, &state) ||
        !store_read_some(s, LEASE_COLUMN_IDENTITIES, lease->identities, sizeof lease->identities,
                         &len) ||
        len % sizeof lease->identities[0] ||
        !store_read_number(s, LEASE_COLUMN_BALANCE, 0, LEASE_BALANCE_MAX, &lease->balance) ||
        !store_read_number(s, LEASE_COLUMN_EXPIRES, INT64_MIN, INT64_MAX, &lease->expires) ||
        !store_read_bytes(s, LEASE_COLUMN_LAST_DIGEST, lease->last_digest,
                          sizeof lease->last_digest) ||
        !store_read_some(s, LEASE_COLUMN_ANSWER, lease->answer, sizeof lease->answer,
                         &lease->answer_len) ||
        !store_read_number(s, LEASE_COLUMN_ANSWERED_AT, INT64_MIN, INT64_MAX,
                           &lease->answered_at) ||
        !store_read_number(s, LEASE_COLUMN_CREATED, INT64_MIN, INT64_MAX, &lease->created))
        return false;
    lease->state = (enum lease_state)state;
    lease->identity_count = len / sizeof lease->identities[0];
    return true;
}

/* Binds the key, if any, and the gateway. */
static sqlite3_stmt *start(struct store *store, enum store_statement which,
                           const struct lewes_wg_public *key)
{
    sqlite3_stmt *s = store->statements[which];
    if (key)
        sqlite3_bind_blob(s, PARAMETER_KEY, key, sizeof *key, SQLITE_STATIC);
    sqlite3_bind_blob(s, STORE_PARAMETER_GATEWAY, &store->gateway, sizeof store->gateway,
                      SQLITE_STATIC);
    return s;
}

enum store_result store_load(struct store *store,
                             void (*each)(void *user, const struct lease *lease), void *user,
                             uint64_t *bad)
{
    struct lease lease;
    uint64_t unreadable = 0;
    sqlite3_stmt *s = start(store, STATEMENT_LOAD, NULL);
    int code;
    while ((code = store_step(store, s, STORE_POINT_READ)) == SQLITE_ROW)
        if (read_lease(s, &lease))
            each(user, &lease);
        else
            unreadable++;
    enum store_result result = code == SQLITE_DONE ? STORE_OK : store_failed(store, code);
    store_reset(s);
    if (bad)
        *bad = unreadable;
    return result;
}

enum store_result store_find_lease(struct store *store, const struct lewes_wg_public *key,
                                   struct lease *out)
{
    struct lease lease;
    enum store_result result = STORE_NOT_FOUND;
    sqlite3_stmt *s = start(store, STATEMENT_FIND_LEASE, key);
    int code = store_step(store, s, STORE_POINT_READ);
    if (code == SQLITE_ROW)
        result = read_lease(s, &lease) ? STORE_OK : STORE_INVALID;
    else if (code != SQLITE_DONE)
        result = store_failed(store, code);
    store_reset(s);
    if (result == STORE_OK)
        *out = lease;
    return result;
}

/* Written as year-day: 2026-014. */
static bool read_date(sqlite3_stmt *s, int column, struct lewes_date *date)
{
    char *end;
    const char *text = (const char *)sqlite3_column_text(s, column);
    if (!text || strlen(text) != 8 || strspn(text, "0123456789") != 4 || text[4] != '-')
        return false;
    date->year = (uint16_t)strtoul(text, NULL, 10);
    date->day = (uint16_t)strtoul(text + 5, &end, 10);
    return !*end;
}

static bool read_ticket(sqlite3_stmt *s, struct store_ticket *t)
{
    int64_t mode, type, epoch, amount;
    memset(t, 0, sizeof *t);
    if (!store_read_bytes(s, 0, t->serial, sizeof t->serial) ||
        !store_read_bytes(s, 2, t->owner, sizeof t->owner) ||
        !store_read_number(s, 3, LEWES_MODE_DVPN, LEWES_MODE_MIXNET, &mode) ||
        !store_read_number(s, 4, LEWES_TICKET_MIXNET_ENTRY, LEWES_TICKET_WG_EXIT, &type) ||
        !store_read_number(s, 5, 0, INT64_MAX, &epoch) || !read_date(s, 6, &t->spend_date) ||
        !store_read_number(s, 7, 0, INT64_MAX, &amount) ||
        !store_read_bytes(s, 8, t->digest, sizeof t->digest) ||
        !store_read_bytes(s, 9, t->tag, sizeof t->tag) ||
        !store_read_bytes(s, 10, t->pay_info, sizeof t->pay_info) ||
        !store_read_number(s, 11, INT64_MIN, INT64_MAX, &t->spent_at))
        return false;
    t->mode = (enum lewes_mode)mode;
    t->ticket_type = (enum lewes_ticket_type)type;
    t->epoch = (uint64_t)epoch;
    t->amount = (uint64_t)amount;
    t->payment_len = (size_t)sqlite3_column_bytes(s, 12);
    return true;
}

enum store_result store_find_ticket(struct store *store, const uint8_t serial[LEWES_SERIAL_LEN],
                                    struct store_ticket *out)
{
    struct store_ticket ticket;
    enum store_result result = STORE_NOT_FOUND;
    sqlite3_stmt *s = store->statements[STATEMENT_FIND_TICKET];
    sqlite3_bind_blob(s, 1, serial, LEWES_SERIAL_LEN, SQLITE_STATIC);
    int code = store_step(store, s, STORE_POINT_READ);
    if (code == SQLITE_ROW)
        result = read_ticket(s, &ticket) ? STORE_OK : STORE_INVALID;
    else if (code != SQLITE_DONE)
        result = store_failed(store, code);
    store_reset(s);
    if (result == STORE_OK)
        *out = ticket;
    return result;
}

static enum store_result count_leases(struct store *store, struct store_counts *counts)
{
    sqlite3_stmt *s = start(store, STATEMENT_COUNT_LEASES, NULL);
    int code;
    while ((code = store_step(store, s, STORE_POINT_READ)) == SQLITE_ROW) {
        int64_t state = sqlite3_column_int64(s, 0);
        if (state >= 0 && state <= LEASE_REMOVING)
            counts->leases[state] = (uint64_t)sqlite3_column_int64(s, 1);
    }
    enum store_result result = code == SQLITE_DONE ? STORE_OK : store_failed(store, code);
    store_reset(s);
    return result;
}

enum store_result store_count(struct store *store, struct store_counts *counts)
{
    sqlite3_stmt *s = store->statements[STATEMENT_COUNT_TICKETS];
    memset(counts, 0, sizeof *counts);
    int code = store_step(store, s, STORE_POINT_READ);
    if (code != SQLITE_ROW) {
        store_reset(s);
        return store_failed(store, code);
    }
    counts->tickets = (uint64_t)sqlite3_column_int64(s, 0);
    store_reset(s);
    return count_leases(store, counts);
}
