/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of gateway.md G10.1 and the statements on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/store_internal.h"

#define APPLICATION_ID "0x4c657765" /* "Lewe" */
#define TEXT_OF(number) #number
#define NUMBER_TEXT(macro) TEXT_OF(macro)

/* rx, tx, device_epoch and held_since are metering's. */
static const char schema[] =
    "CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE spent_ticket("
    " serial BLOB NOT NULL PRIMARY KEY CHECK(length(serial) = 48),"
    " gateway BLOB NOT NULL CHECK(length(gateway) = 32),"
    " owner BLOB NOT NULL CHECK(length(owner) = 32),"
    " mode INTEGER NOT NULL CHECK(mode BETWEEN 0 AND 1),"
    " t_type INTEGER NOT NULL CHECK(t_type BETWEEN 0 AND 3),"
    " epoch INTEGER NOT NULL CHECK(epoch >= 0),"
    " spend_date TEXT NOT NULL," /* year-day of the year */
    " amount INTEGER NOT NULL CHECK(amount >= 0),"
    " digest BLOB NOT NULL CHECK(length(digest) = 32),"
    " tag BLOB NOT NULL CHECK(length(tag) = 48),"
    " pay_info BLOB NOT NULL CHECK(length(pay_info) = 72),"
    " payment BLOB NOT NULL,"
    " spent_at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE lease("
    " gateway BLOB NOT NULL CHECK(length(gateway) = 32),"
    " wg_key BLOB NOT NULL CHECK(length(wg_key) = 32),"
    " pair INTEGER CHECK(pair BETWEEN 0 AND 4294967294),"
    " state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 3),"
    " identities BLOB NOT NULL CHECK(length(identities) % 32 = 0 AND length(identities) <= 256),"
    " balance INTEGER NOT NULL CHECK(balance >= 0),"
    " expires INTEGER NOT NULL,"
    " rx INTEGER NOT NULL DEFAULT 0,"
    " tx INTEGER NOT NULL DEFAULT 0,"
    " device_epoch TEXT NOT NULL DEFAULT '',"
    " last_digest BLOB NOT NULL CHECK(length(last_digest) = 32),"
    " answer BLOB NOT NULL,"
    " answered_at INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " held_since INTEGER,"
    " PRIMARY KEY(gateway, wg_key), UNIQUE(gateway, pair)) STRICT;"
    "INSERT INTO meta VALUES('schema', '" NUMBER_TEXT(
        STORE_SCHEMA) "');"
                      "PRAGMA application_id = " APPLICATION_ID ";";

#define LEASE_COLUMNS                                                                              \
    "wg_key, pair, state, identities, balance, expires, last_digest, answer, answered_at, created"
#define TICKET_COLUMNS                                                                             \
    "serial, gateway, owner, mode, t_type, epoch, spend_date, amount, digest, tag, pay_info, "     \
    "spent_at, payment"

static const char *const texts[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVE_JOB] = "SAVEPOINT job",
    [STATEMENT_KEEP_JOB] = "RELEASE job",
    [STATEMENT_UNDO_JOB] = "ROLLBACK TO job",
    [STATEMENT_SAVE] = "SAVEPOINT change",
    [STATEMENT_KEEP] = "RELEASE change",
    [STATEMENT_UNDO] = "ROLLBACK TO change",
    [STATEMENT_INSERT_TICKET] = "INSERT INTO spent_ticket(" TICKET_COLUMNS
                                ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [STATEMENT_FIND_TICKET] = "SELECT " TICKET_COLUMNS " FROM spent_ticket WHERE serial = ?1",
    [STATEMENT_UPSERT_LEASE] =
        "INSERT INTO lease(" LEASE_COLUMNS ", gateway)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
        " ON CONFLICT(gateway, wg_key) DO UPDATE SET pair = excluded.pair, state = excluded.state,"
        " identities = excluded.identities, balance = excluded.balance,"
        " expires = excluded.expires, last_digest = excluded.last_digest,"
        " answer = excluded.answer, answered_at = excluded.answered_at",
    [STATEMENT_UPDATE_LEASE] = "UPDATE lease SET pair = ?2, state = ?3, balance = ?5, expires = ?6"
                               " WHERE gateway = ?11 AND wg_key = ?1",
    [STATEMENT_SET_STATE] = "UPDATE lease SET state = ?3 WHERE gateway = ?11 AND wg_key = ?1",
    [STATEMENT_ACTIVATE] =
        "UPDATE lease SET state = 1 WHERE gateway = ?11 AND wg_key = ?1 AND state = 0",
    [STATEMENT_DELETE_LEASE] = "DELETE FROM lease WHERE gateway = ?11 AND wg_key = ?1",
    [STATEMENT_FIND_LEASE] =
        "SELECT " LEASE_COLUMNS " FROM lease WHERE gateway = ?11 AND wg_key = ?1",
    [STATEMENT_LOAD] =
        "SELECT " LEASE_COLUMNS " FROM lease WHERE gateway = ?11 ORDER BY created, wg_key",
    [STATEMENT_COUNT_TICKETS] = "SELECT count(*) FROM spent_ticket",
    [STATEMENT_COUNT_LEASES] =
        "SELECT state, count(*) FROM lease WHERE gateway = ?11 GROUP BY state",
};

bool store_prepare(struct store *store)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            return false;
    return true;
}

static bool fail(struct store_error *error, const char *path, const char *why)
{
    snprintf(error->text, sizeof error->text, "%.255s: %s", path, why);
    return false;
}

/* Reads one value; -1 if there is none, as before the first row of a new database. */
static long read_number(sqlite3 *db, const char *query)
{
    sqlite3_stmt *statement;
    long number = -1;
    if (sqlite3_prepare_v2(db, query, -1, &statement, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = (long)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* A new version will do its upgrades here, from the number it finds. */
static bool check_version(sqlite3 *db, const char *path, struct store_error *error)
{
    long version = read_number(db, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'schema'");
    if (version == STORE_SCHEMA)
        return true;
    if (version > STORE_SCHEMA) {
        snprintf(error->text, sizeof error->text,
                 "%.255s: written by a newer lewesd (schema %ld, this one knows %d); install that "
                 "version, or point storage.url to another database",
                 path, version, STORE_SCHEMA);
        return false;
    }
    return fail(error, path,
                "not a database of lewesd, or a damaged one; point storage.url to another file");
}

bool store_schema(sqlite3 *db, const char *path, struct store_error *error)
{
    char *message = NULL;
    bool made = false;
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, &message) != SQLITE_OK)
        goto failed;
    made = read_number(db, "SELECT count(*) FROM sqlite_schema") == 0;
    if (made && sqlite3_exec(db, schema, NULL, NULL, &message) != SQLITE_OK)
        goto failed;
    if (!check_version(db, path, error)) {
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return false;
    }
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, &message) != SQLITE_OK)
        goto failed;
    return true;
failed:
    fail(error, path, message ? message : "no memory");
    sqlite3_free(message);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
