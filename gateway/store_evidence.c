/* SPDX-License-Identifier: Apache-2.0 */
/* Coins that were spent twice, and spent tickets that nobody needs any more. */
#include "gateway/store_internal.h"

#define DAY 86400
/* From its spend date a ticket's book lives six days more at most; 30 days after that, G10.3. */
#define KEPT_DAYS (6 + 30)
/* A clock is believed for a purge if a ticket of the last days was taken under it: whatever it is
 * off by then, is less than the 30 days. */
#define ATTESTED_DAYS 7

static bool bind_evidence(const struct store *store, sqlite3_stmt *s, const char *date,
                          const struct store_ticket *t)
{
    return store_bind_bytes(s, 1, t->serial, sizeof t->serial) &&
           store_bind_bytes(s, 2, &store->gateway, sizeof store->gateway) &&
           store_bind_bytes(s, 3, t->owner, sizeof t->owner) &&
           store_bind_bytes(s, 4, t->payment, t->payment_len) &&
           store_bind_bytes(s, 5, t->pay_info, sizeof t->pay_info) &&
           store_bind_number(s, 6, (int64_t)t->epoch) &&
           sqlite3_bind_text(s, 7, date, -1, SQLITE_STATIC) == SQLITE_OK &&
           store_bind_number(s, 8, t->spent_at);
}

static enum store_result trim(struct store *store)
{
    sqlite3_stmt *s = store->statements[STATEMENT_TRIM_EVIDENCE];
    if (!store_bind_number(s, 1, STORE_EVIDENCE_MAX))
        return store_not_bound(store, s);
    return store_write_row(store, s, STORE_POINT_STATE, STORE_UNAVAILABLE);
}

enum store_result store_add_evidence(struct store *store, const struct store_ticket *ticket)
{
    char date[STORE_DATE_TEXT];
    sqlite3_stmt *s = store->statements[STATEMENT_INSERT_EVIDENCE];
    if (!store_ticket_valid(ticket))
        return STORE_INVALID;
    enum store_result result = store_save(store);
    if (result != STORE_OK)
        return result;
    store_format_date(date, ticket->spend_date);
    result = bind_evidence(store, s, date, ticket)
                 ? store_write_row(store, s, STORE_POINT_TICKET, STORE_UNAVAILABLE)
                 : store_not_bound(store, s);
    if (result == STORE_OK)
        result = trim(store);
    return store_end(store, result);
}

enum store_result store_find_evidence(struct store *store, const uint8_t serial[LEWES_SERIAL_LEN])
{
    sqlite3_stmt *s = store->statements[STATEMENT_FIND_EVIDENCE];
    if (!store_bind_bytes(s, 1, serial, LEWES_SERIAL_LEN))
        return store_not_bound(store, s);
    const int code = store_step(store, s, STORE_POINT_READ);
    enum store_result result = STORE_NOT_FOUND;
    if (code == SQLITE_ROW)
        result = STORE_OK;
    else if (code != SQLITE_DONE)
        result = store_failed(store, code);
    store_reset(s);
    return result;
}

/* The date so many days ago; false: before there were any. */
static bool days_ago(char out[STORE_DATE_TEXT], int64_t unix_seconds, int64_t days)
{
    if (unix_seconds < days * DAY)
        return false;
    store_format_date(out, lewes_date_of((uint64_t)(unix_seconds - days * DAY)));
    return true;
}

enum store_result store_purge(struct store *store, int64_t unix_seconds, size_t *count)
{
    char before[STORE_DATE_TEXT], attested[STORE_DATE_TEXT];
    sqlite3_stmt *s = store->statements[STATEMENT_PURGE_TICKETS];
    *count = 0;
    if (store->broken)
        return STORE_UNAVAILABLE;
    if (!days_ago(before, unix_seconds, KEPT_DAYS) ||
        !days_ago(attested, unix_seconds, ATTESTED_DAYS))
        return STORE_OK;
    if (sqlite3_bind_text(s, 1, before, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(s, 2, attested, -1, SQLITE_STATIC) != SQLITE_OK ||
        !store_bind_number(s, 3, STORE_PURGE_MAX))
        return store_not_bound(store, s);
    const enum store_result result =
        store_write_row(store, s, STORE_POINT_STATE, STORE_UNAVAILABLE);
    if (result == STORE_OK)
        *count = (size_t)sqlite3_changes(store->db);
    return result;
}
