/* SPDX-License-Identifier: Apache-2.0 */
/* Databases of earlier versions (gateway.md G10.1). Their tables stand here as those versions made
 * them, and never change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/support/store_file.h"

static const char version_1[] =
    "CREATE TABLE meta(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE spent_ticket("
    " serial BLOB NOT NULL PRIMARY KEY CHECK(length(serial) = 48),"
    " gateway BLOB NOT NULL CHECK(length(gateway) = 32),"
    " owner BLOB NOT NULL CHECK(length(owner) = 32),"
    " mode INTEGER NOT NULL CHECK(mode BETWEEN 0 AND 1),"
    " t_type INTEGER NOT NULL CHECK(t_type BETWEEN 0 AND 3),"
    " epoch INTEGER NOT NULL CHECK(epoch >= 0),"
    " spend_date TEXT NOT NULL,"
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
    "INSERT INTO lease(gateway, wg_key, pair, state, identities, balance, expires, last_digest,"
    " answer, answered_at, created) VALUES("
    "x'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', zeroblob(32), 7, 1,"
    " zeroblob(32), 123, 456, zeroblob(32), x'0102', 8, 9);";

static const char version_2[] =
    "CREATE TABLE mixnet_client("
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
    "INSERT INTO mixnet_client VALUES(zeroblob(32), zeroblob(32), zeroblob(32), 1, 2, zeroblob(32),"
    " x'01', 3, 4, 0);"
    "UPDATE meta SET value = '2' WHERE key = 'schema';";

static struct store_file file;
static char copy[80];

/* The file is there, as version 1 left it; the store is closed. */
static int set_up(void **state)
{
    (void)state;
    store_file_start(&file);
    store_close(file.store);
    file.store = NULL;
    assert_int_equal(unlink(file.path), 0);
    store_file_execute(&file, version_1);
    (void)snprintf(copy, sizeof copy, "%s.schema-1", file.path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_file_end(&file);
    return 0;
}

static int64_t number(const char *path, const char *query)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t result = -1;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        result = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return result;
}

static const char schema_of[] = "SELECT value FROM meta WHERE key = 'schema'";
static const char clients_of[] = "SELECT count(*) FROM mixnet_client";
static const char evidence_of[] = "SELECT count(*) FROM double_spend";
static const char balance_of[] = "SELECT balance FROM lease WHERE pair = 7";

static enum store_result try_open(struct store_error *error)
{
    return store_open(&file.store, file.path, &file.gateway, 100, error);
}

static void leases_stay_and_the_new_table_is_there(void **state)
{
    const struct lewes_wg_public key = {{0}};
    struct lease lease;
    (void)state;
    store_file_reopen(&file);
    assert_int_equal(store_find_lease(file.store, &key, &lease), STORE_OK);
    assert_int_equal(lease.balance, 123);
    assert_int_equal(lease.expires, 456);
    assert_int_equal(lease.answer_len, 2);
    assert_int_equal(lease.created, 9);
    assert_int_equal(number(file.path, schema_of), STORE_SCHEMA);
    assert_int_equal(number(file.path, clients_of), 0);
    assert_int_equal(number(file.path, evidence_of), 0);
    store_file_reopen(&file); /* nothing to do the second time */
}

static void from_version_2_only_the_evidence_is_new(void **state)
{
    char copy_2[80];
    (void)state;
    store_file_execute(&file, version_2);
    store_file_reopen(&file);
    (void)snprintf(copy_2, sizeof copy_2, "%s.schema-2", file.path);
    assert_int_equal(number(copy_2, clients_of), 1);
    assert_int_equal(number(copy_2, evidence_of), -1);
    assert_int_equal(number(file.path, clients_of), 1);
    assert_int_equal(number(file.path, balance_of), 123);
    assert_int_equal(number(file.path, evidence_of), 0);
    assert_int_equal(number(file.path, schema_of), STORE_SCHEMA);
}

static void a_copy_of_the_old_file_is_kept_for_its_owner_alone(void **state)
{
    struct stat status;
    (void)state;
    store_file_reopen(&file);
    assert_int_equal(number(copy, schema_of), 1);
    assert_int_equal(number(copy, balance_of), 123);
    assert_int_equal(number(copy, clients_of), -1);
    assert_int_equal(stat(copy, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_new_database_has_no_copy(void **state)
{
    (void)state;
    assert_int_equal(unlink(file.path), 0);
    store_file_reopen(&file);
    assert_int_equal(number(file.path, schema_of), STORE_SCHEMA);
    assert_int_equal(access(copy, F_OK), -1);
}

static void without_a_copy_nothing_is_changed(void **state)
{
    struct store_error error;
    (void)state;
    assert_int_equal(mkdir(copy, 0700), 0);
    assert_int_equal(try_open(&error), STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, copy));
    assert_non_null(strstr(error.text, "not changed without a copy"));
    assert_int_equal(number(file.path, schema_of), 1);
    assert_int_equal(rmdir(copy), 0);
    assert_int_equal(try_open(&error), STORE_OK);
}

/* The whole upgrade is one transaction: what fails in it leaves the old tables. */
static void an_upgrade_that_fails_leaves_the_old_tables(void **state)
{
    struct store_error error;
    (void)state;
    store_file_execute(&file, "CREATE TRIGGER no BEFORE UPDATE ON meta BEGIN"
                              " SELECT RAISE(ABORT, 'no room'); END");
    assert_int_equal(try_open(&error), STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, "no room"));
    assert_int_equal(number(file.path, schema_of), 1);
    assert_int_equal(number(file.path, clients_of), -1);
    store_file_execute(&file, "DROP TRIGGER no");
    assert_int_equal(try_open(&error), STORE_OK);
    assert_int_equal(number(file.path, clients_of), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leases_stay_and_the_new_table_is_there),
        TEST(from_version_2_only_the_evidence_is_new),
        TEST(a_copy_of_the_old_file_is_kept_for_its_owner_alone),
        TEST(a_new_database_has_no_copy),
        TEST(without_a_copy_nothing_is_changed),
        TEST(an_upgrade_that_fails_leaves_the_old_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
