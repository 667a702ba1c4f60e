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
    STATEMENT_UPSERT_LEASE,
    STATEMENT_UPDATE_LEASE,
    STATEMENT_SET_STATE,
    STATEMENT_ACTIVATE,
    STATEMENT_DELETE_LEASE,
    STATEMENT_FIND_LEASE,
    STATEMENT_LOAD,
    STATEMENT_COUNT_TICKETS,
    STATEMENT_COUNT_LEASES,
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

/* Makes or checks the tables; on failure `error` says why. */
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

/* Around a write of several statements, in a batch or not. `undo` never fails the caller. */
enum store_result store_save(struct store *store);
enum store_result store_keep(struct store *store);
void store_undo(struct store *store);

#endif
