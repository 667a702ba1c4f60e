/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of gateway.md G10.1 and the statements on them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store_internal.h"

#define APPLICATION_ID "0x4c657765" /* "Lewe" */

/* rx, tx, device_epoch and held_since are metering's. */
static const char first_tables[] =
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
    "INSERT INTO meta VALUES('schema', '1');"
    "PRAGMA application_id = " APPLICATION_ID ";";

/* `expired`: its end was noticed. */
static const char mixnet_table[] = "CREATE TABLE mixnet_client("
                                   " gateway BLOB NOT NULL CHECK(length(gateway) = 32),"
                                   " ed25519 BLOB NOT NULL CHECK(length(ed25519) = 32),"
                                   " x25519 BLOB NOT NULL CHECK(length(x25519) = 32),"
                                   " balance INTEGER NOT NULL CHECK(balance >= 0),"
                                   " expires INTEGER NOT NULL,"
                                   " last_digest BLOB NOT NULL CHECK(length(last_digest) = 32),"
                                   " answer BLOB NOT NULL,"
                                   " answered_at INTEGER NOT NULL,"
                                   " created INTEGER NOT NULL,"
                                   " expired INTEGER NOT NULL DEFAULT 0,"
                                   " PRIMARY KEY(gateway, ed25519)) STRICT;"
                                   "UPDATE meta SET value = '2' WHERE key = 'schema';";

/* A row of double_spend is the second payment of a coin; the first is in spent_ticket. One names
 * the spender, so there is one for each serial. */
static const char evidence_table[] = "CREATE TABLE double_spend("
                                     " id INTEGER PRIMARY KEY,"
                                     " serial BLOB NOT NULL UNIQUE CHECK(length(serial) = 48),"
                                     " gateway BLOB NOT NULL CHECK(length(gateway) = 32),"
                                     " owner BLOB NOT NULL CHECK(length(owner) = 32),"
                                     " payment BLOB NOT NULL,"
                                     " pay_info BLOB NOT NULL CHECK(length(pay_info) = 72),"
                                     " epoch INTEGER NOT NULL CHECK(epoch >= 0),"
                                     " spend_date TEXT NOT NULL,"
                                     " seen_at INTEGER NOT NULL) STRICT;"
                                     "CREATE INDEX spent_ticket_date ON spent_ticket(spend_date);"
                                     "UPDATE meta SET value = '3' WHERE key = 'schema';";

/* Each leads from the version of its number to the next. */
static const char *const steps[STORE_SCHEMA] = {first_tables, mixnet_table, evidence_table};

#define LEASE_COLUMNS                                                                              \
    "wg_key, pair, state, identities, balance, expires, last_digest, answer, answered_at, created"
#define TICKET_COLUMNS                                                                             \
    "serial, gateway, owner, mode, t_type, epoch, spend_date, amount, digest, tag, pay_info, "     \
    "spent_at, payment"
#define CLIENT_COLUMNS                                                                             \
    "ed25519, x25519, balance, expires, last_digest, answer, answered_at, created"

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
    [STATEMENT_INSERT_EVIDENCE] =
        "INSERT INTO double_spend(serial, gateway, owner, payment, pay_info, epoch, spend_date,"
        " seen_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(serial) DO NOTHING",
    [STATEMENT_TRIM_EVIDENCE] =
        "DELETE FROM double_spend WHERE id <= (SELECT max(id) FROM double_spend) - ?1",
    [STATEMENT_FIND_EVIDENCE] = "SELECT 1 FROM double_spend WHERE serial = ?1",
    [STATEMENT_PURGE_TICKETS] =
        "DELETE FROM spent_ticket WHERE rowid IN (SELECT rowid FROM spent_ticket"
        " WHERE spend_date < ?1 AND EXISTS(SELECT 1 FROM spent_ticket WHERE spend_date >= ?2)"
        " AND serial NOT IN (SELECT serial FROM double_spend) LIMIT ?3)",
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
    [STATEMENT_FIND_CLIENT] =
        "SELECT " CLIENT_COLUMNS " FROM mixnet_client WHERE gateway = ?11 AND ed25519 = ?1",
    [STATEMENT_UPSERT_CLIENT] =
        "INSERT INTO mixnet_client(" CLIENT_COLUMNS ", gateway)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?11)"
        " ON CONFLICT(gateway, ed25519) DO UPDATE SET x25519 = excluded.x25519,"
        " balance = excluded.balance, expires = excluded.expires,"
        " last_digest = excluded.last_digest, answer = excluded.answer,"
        " answered_at = excluded.answered_at, expired = 0",
    [STATEMENT_EXPIRE_CLIENTS] =
        "UPDATE mixnet_client SET expired = 1 WHERE rowid IN (SELECT rowid FROM mixnet_client"
        " WHERE gateway = ?11 AND expired = 0 AND (expires <= ?1 OR balance = 0) LIMIT ?2)"
        " RETURNING " CLIENT_COLUMNS,
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

/* The version of the tables: 0 for a new file, -1 for somebody else's. */
static long find_version(sqlite3 *db)
{
    if (read_number(db, "SELECT count(*) FROM sqlite_schema") == 0)
        return 0;
    long version = read_number(db, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'schema'");
    return version >= 1 ? version : -1;
}

static bool check_version(long version, const char *path, struct store_error *error)
{
    if (version > STORE_SCHEMA) {
        snprintf(error->text, sizeof error->text,
                 "%.255s: written by a newer lewesd (schema %ld, this one knows %d); install that "
                 "version, or point storage.url to another database",
                 path, version, STORE_SCHEMA);
        return false;
    }
    return version >= 0 ||
           fail(error, path,
                "not a database of lewesd, or a damaged one; point storage.url to another file");
}

/* Copies the database to an empty file of its owner's alone; an older copy is overwritten: whoever
 * made it did not get any further. */
static bool copy_pages(sqlite3 *db, const char *to)
{
    sqlite3 *copy = NULL;
    bool copied = false;
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    close(fd);
    if (sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(copy, "main", db, "main");
        copied = backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
        copied = sqlite3_backup_finish(backup) == SQLITE_OK && copied;
    }
    return sqlite3_close(copy) == SQLITE_OK && copied;
}

static bool keep_copy(sqlite3 *db, const char *path, long version, struct store_error *error)
{
    char to[512];
    int len = snprintf(to, sizeof to, "%s.schema-%ld", path, version);
    if (len > 0 && (size_t)len < sizeof to && copy_pages(db, to))
        return true;
    snprintf(error->text, sizeof error->text,
             "%.160s: its tables are of an older version and are not changed without a copy, and "
             "%.160s cannot be written; see that the disk has room and the directory is writable",
             path, to);
    return false;
}

static bool take_steps(sqlite3 *db, const char *path, long version, struct store_error *error)
{
    char *message = NULL;
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, &message) != SQLITE_OK)
        goto failed;
    if (find_version(db) != version) {
        fail(error, path, "another program has just changed it; try again");
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return false;
    }
    for (long i = version; i < STORE_SCHEMA; i++)
        if (sqlite3_exec(db, steps[i], NULL, NULL, &message) != SQLITE_OK)
            goto failed;
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, &message) != SQLITE_OK)
        goto failed;
    return true;
failed:
    fail(error, path, message ? message : "no memory");
    sqlite3_free(message);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool store_schema(sqlite3 *db, const char *path, struct store_error *error)
{
    long version = find_version(db);
    if (!check_version(version, path, error))
        return false;
    if (version == STORE_SCHEMA)
        return true;
    if (version > 0 && !keep_copy(db, path, version, error))
        return false;
    return take_steps(db, path, version, error);
}
