/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, transactions, and what becomes of a batch when SQLite gives up. */
#include <stdio.h>

#include "gateway/store_internal.h"

int store_step(struct store *store, sqlite3_stmt *statement, enum store_point point)
{
    int fault = store->fault ? store->fault(store->fault_user, point) : 0;
    return fault ? fault : sqlite3_step(statement);
}

void store_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

/* Some errors (disk full, I/O, memory) make SQLite undo the whole transaction, not the statement.
 * What follows would then be written one by one, outside of any batch. */
enum store_result store_failed(struct store *store, int code)
{
    if (store->in_batch && sqlite3_get_autocommit(store->db))
        store->broken = true;
    const char *detail = sqlite3_extended_errcode(store->db) == code ? sqlite3_errmsg(store->db)
                                                                     : sqlite3_errstr(code);
    snprintf(store->message, sizeof store->message, "%s", detail);
    return STORE_UNAVAILABLE;
}

const char *store_message(const struct store *store)
{
    return store->message;
}

enum store_result store_run(struct store *store, enum store_statement which, enum store_point point)
{
    sqlite3_stmt *statement = store->statements[which];
    int code = store_step(store, statement, point);
    enum store_result result = code == SQLITE_DONE ? STORE_OK : store_failed(store, code);
    store_reset(statement);
    return result;
}

/* Undoing is never made to fail by tests: there is nothing after it. */
static void run_quietly(struct store *store, enum store_statement which)
{
    sqlite3_step(store->statements[which]);
    store_reset(store->statements[which]);
}

enum store_result store_save(struct store *store)
{
    if (store->broken)
        return STORE_UNAVAILABLE;
    return store_run(store, store->in_batch ? STATEMENT_SAVE : STATEMENT_BEGIN, STORE_POINT_BEGIN);
}

static enum store_result keep(struct store *store)
{
    if (!store->in_batch)
        return store_run(store, STATEMENT_COMMIT, STORE_POINT_COMMIT);
    if (sqlite3_step(store->statements[STATEMENT_KEEP]) == SQLITE_DONE) {
        store_reset(store->statements[STATEMENT_KEEP]);
        return STORE_OK;
    }
    store_reset(store->statements[STATEMENT_KEEP]);
    return store_failed(store, sqlite3_extended_errcode(store->db));
}

static void undo(struct store *store)
{
    if (sqlite3_get_autocommit(store->db))
        return; /* SQLite has undone it */
    if (!store->in_batch) {
        run_quietly(store, STATEMENT_ROLLBACK);
        return;
    }
    run_quietly(store, STATEMENT_UNDO);
    run_quietly(store, STATEMENT_KEEP);
}

enum store_result store_end(struct store *store, enum store_result result)
{
    if (result == STORE_OK)
        result = keep(store);
    if (result != STORE_OK)
        undo(store);
    return result;
}

/* ---- hooks of the worker ---- */

static bool batch_begin(void *user)
{
    struct store *store = user;
    store->broken = false;
    store->in_batch = store_run(store, STATEMENT_BEGIN, STORE_POINT_BEGIN) == STORE_OK;
    return store->in_batch;
}

static bool batch_end(void *user)
{
    struct store *store = user;
    bool kept = !store->broken && !sqlite3_get_autocommit(store->db) &&
                store_run(store, STATEMENT_COMMIT, STORE_POINT_COMMIT) == STORE_OK;
    if (!kept && !sqlite3_get_autocommit(store->db))
        run_quietly(store, STATEMENT_ROLLBACK);
    store->in_batch = false;
    store->broken = false;
    return kept;
}

static bool job_begin(void *user)
{
    struct store *store = user;
    return !store->broken && store_run(store, STATEMENT_SAVE_JOB, STORE_POINT_BEGIN) == STORE_OK;
}

static bool job_end(void *user, bool keep)
{
    struct store *store = user;
    if (store->broken || sqlite3_get_autocommit(store->db))
        return false;
    if (!keep)
        run_quietly(store, STATEMENT_UNDO_JOB);
    run_quietly(store, STATEMENT_KEEP_JOB);
    return true;
}

struct worker_hooks store_hooks(struct store *store)
{
    return (struct worker_hooks){.user = store,
                                 .batch_begin = batch_begin,
                                 .batch_end = batch_end,
                                 .job_begin = job_begin,
                                 .job_end = job_end};
}

void store_set_fault(struct store *store, int (*fault)(void *user, enum store_point point),
                     void *user)
{
    store->fault = fault;
    store->fault_user = user;
}
