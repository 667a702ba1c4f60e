/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share. */
#ifndef LEWES_GATEWAY_STORE_INTERNAL_H
#define LEWES_GATEWAY_STORE_INTERNAL_H

#include <sqlite3.h>

#include "gateway/store.h"

enum store_statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_SAVE_JOB,
    STATEMENT_KEEP_JOB,
    STATEMENT_UNDO_JOB,
    STATEMENT_SAVE,
    STATEMENT_KEEP,
    STATEMENT_UNDO,
    STATEMENT_INSERT_TICKET,
    STATEMENT_FIND_TICKET,
    STATEMENT_INSERT_EVIDENCE,
    STATEMENT_TRIM_EVIDENCE,
    STATEMENT_FIND_EVIDENCE,
    STATEMENT_PURGE_TICKETS,
    STATEMENT_UPSERT_LEASE,
    STATEMENT_UPDATE_LEASE,
    STATEMENT_SET_STATE,
    STATEMENT_ACTIVATE,
    STATEMENT_DELETE_LEASE,
    STATEMENT_FIND_LEASE,
    STATEMENT_LOAD,
    STATEMENT_COUNT_TICKETS,
    STATEMENT_COUNT_LEASES,
    STATEMENT_FIND_CLIENT,
    STATEMENT_UPSERT_CLIENT,
    STATEMENT_EXPIRE_CLIENTS,
    STATEMENTS
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct lewes_ed25519_public gateway;
    bool in_batch;
    bool broken; /* SQLite has undone the whole batch by itself: nothing more may join it */
    int (*fault)(void *user, enum store_point point);
    void *fault_user;
    char message[STORE_ERROR_TEXT];
};

/* Columns of a lease in the order of every SELECT, and the first parameters of every write. */
enum lease_column {
    LEASE_COLUMN_WG_KEY,
    LEASE_COLUMN_PAIR,
    LEASE_COLUMN_STATE,
    LEASE_COLUMN_IDENTITIES,
    LEASE_COLUMN_BALANCE,
    LEASE_COLUMN_EXPIRES,
    LEASE_COLUMN_LAST_DIGEST,
    LEASE_COLUMN_ANSWER,
    LEASE_COLUMN_ANSWERED_AT,
    LEASE_COLUMN_CREATED
};

/* Columns of a mixnet client in the order of every SELECT, and the first parameters of its write.
 */
enum client_column {
    CLIENT_COLUMN_ED25519,
    CLIENT_COLUMN_X25519,
    CLIENT_COLUMN_BALANCE,
    CLIENT_COLUMN_EXPIRES,
    CLIENT_COLUMN_LAST_DIGEST,
    CLIENT_COLUMN_ANSWER,
    CLIENT_COLUMN_ANSWERED_AT,
    CLIENT_COLUMN_CREATED
};

#define STORE_PARAMETER_GATEWAY 11 /* in every statement that asks for it */

/* Makes, upgrades or checks the tables; on failure `error` says why. */
bool store_schema(sqlite3 *db, const char *path, struct store_error *error);

/* Prepares all statements; false: the message of `db` says why. */
bool store_prepare(struct store *store);

/* Steps a statement after asking for a fault: SQLITE_ROW, SQLITE_DONE or an extended error code.
 * The caller resets it (store_reset). */
int store_step(struct store *store, sqlite3_stmt *statement, enum store_point point);

/* Keeps what is wrong for store_message and notices a batch that SQLite gave up. */
enum store_result store_failed(struct store *store, int code);

void store_reset(sqlite3_stmt *statement);

/* One statement without rows and parameters. */
enum store_result store_run(struct store *store, enum store_statement which,
                            enum store_point point);

/* ---- rows, parameters counted from 1 and columns from 0 ---- */

bool store_bind_bytes(sqlite3_stmt *s, int at, const void *bytes, size_t len);
bool store_bind_number(sqlite3_stmt *s, int at, int64_t number);
/* Copies a blob of exactly `len` bytes. */
bool store_read_bytes(sqlite3_stmt *s, int column, void *out, size_t len);
/* Copies a blob of 0 to `cap` bytes. */
bool store_read_some(sqlite3_stmt *s, int column, void *out, size_t cap, size_t *len);
bool store_read_number(sqlite3_stmt *s, int column, int64_t min, int64_t max, int64_t *out);

/* Runs a bound write; `unique` is what a second row of the same key means. */
enum store_result store_write_row(struct store *store, sqlite3_stmt *s, enum store_point point,
                                  enum store_result unique);
/* What a statement that could not be bound is. */
enum store_result store_not_bound(struct store *store, sqlite3_stmt *s);
/* Room of a date as the tables have it: year-day, 2026-014. */
#define STORE_DATE_TEXT 16
void store_format_date(char out[STORE_DATE_TEXT], struct lewes_date date);
bool store_ticket_valid(const struct store_ticket *ticket);
enum store_result store_insert_ticket(struct store *store, const struct store_ticket *ticket);

/* Around a write of several statements, in a batch or not: what they did is kept if `result`,
 * theirs, is STORE_OK, else undone. */
enum store_result store_save(struct store *store);
enum store_result store_end(struct store *store, enum store_result result);

#endif
