/* SPDX-License-Identifier: Apache-2.0 */
/* Second payments of a coin, and spent tickets that go when nobody needs them any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/support/store_file.h"

#define DAY 86400
#define NOW INT64_C(1768384800) /* 2026-01-14 */

static struct store_file file;

static int64_t number(const char *query)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t result = -1;
    assert_int_equal(sqlite3_open_v2(file.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        result = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return result;
}

static const char rows[] = "SELECT count(*) FROM double_spend";

static void one_second_payment_of_a_coin_is_kept(void **state)
{
    struct store_ticket ticket;
    (void)state;
    store_file_ticket(&ticket, 1);
    assert_int_equal(store_find_evidence(file.store, ticket.serial), STORE_NOT_FOUND);
    assert_int_equal(store_add_evidence(file.store, &ticket), STORE_OK);
    const uint64_t epoch = ticket.epoch++;
    assert_int_equal(store_add_evidence(file.store, &ticket), STORE_OK);
    assert_int_equal(number(rows), 1);
    assert_int_equal(number("SELECT epoch FROM double_spend"), (int64_t)epoch);
    assert_int_equal(number("SELECT seen_at FROM double_spend"), ticket.spent_at);
    assert_int_equal(store_find_evidence(file.store, ticket.serial), STORE_OK);
    store_file_reopen(&file);
    assert_int_equal(store_find_evidence(file.store, ticket.serial), STORE_OK);
    store_file_ticket(&ticket, 2);
    assert_int_equal(store_find_evidence(file.store, ticket.serial), STORE_NOT_FOUND);
    ticket.payment_len = 0;
    assert_int_equal(store_add_evidence(file.store, &ticket), STORE_INVALID);
}

static void of_too_many_the_oldest_goes(void **state)
{
    struct store_ticket ticket;
    (void)state;
    store_file_execute(
        &file, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
               " INSERT INTO double_spend SELECT i, CAST(printf('%048d', i) AS BLOB),"
               " zeroblob(32), zeroblob(32), x'01', zeroblob(72), 1, '2026-014', i FROM n");
    store_file_ticket(&ticket, 1);
    assert_int_equal(store_add_evidence(file.store, &ticket), STORE_OK);
    assert_int_equal(number(rows), 10000);
    assert_int_equal(number("SELECT min(id) FROM double_spend"), 2);
    assert_int_equal(store_find_evidence(file.store, ticket.serial), STORE_OK);
}

static int fault_of(void *user, enum store_point point)
{
    return *(const enum store_point *)user == point ? SQLITE_IOERR : 0;
}

static void what_fails_leaves_no_row(void **state)
{
    static const enum store_point points[] = {STORE_POINT_BEGIN, STORE_POINT_TICKET,
                                              STORE_POINT_STATE, STORE_POINT_COMMIT};
    enum store_point point = STORE_POINT_READ;
    struct store_ticket ticket;
    size_t count = 7;
    (void)state;
    store_file_ticket(&ticket, 1);
    store_set_fault(file.store, fault_of, &point);
    assert_int_equal(store_find_evidence(file.store, ticket.serial), STORE_UNAVAILABLE);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        point = points[i];
        assert_int_equal(store_add_evidence(file.store, &ticket), STORE_UNAVAILABLE);
        assert_int_equal(number(rows), 0);
    }
    point = STORE_POINT_STATE;
    assert_int_equal(store_purge(file.store, NOW, &count), STORE_UNAVAILABLE);
    assert_int_equal(count, 0);
    store_set_fault(file.store, NULL, NULL);
    assert_int_equal(store_add_evidence(file.store, &ticket), STORE_OK);
}

/* ---- purge ---- */

static void spend(uint8_t number, int64_t unix_seconds)
{
    struct store_ticket ticket;
    struct lease lease;
    store_file_ticket(&ticket, number);
    store_file_lease(&lease, number);
    ticket.spend_date = lewes_date_of((uint64_t)unix_seconds);
    assert_int_equal(store_register(file.store, &ticket, &lease), STORE_OK);
}

static bool is_there(uint8_t number)
{
    struct store_ticket ticket, found;
    store_file_ticket(&ticket, number);
    return store_find_ticket(file.store, ticket.serial, &found) == STORE_OK;
}

static size_t purge(int64_t unix_seconds)
{
    size_t count;
    assert_int_equal(store_purge(file.store, unix_seconds, &count), STORE_OK);
    return count;
}

static void a_ticket_goes_thirty_days_after_its_book(void **state)
{
    (void)state;
    spend(1, NOW - 37 * DAY); /* of the year before */
    spend(2, NOW - 36 * DAY);
    spend(3, NOW);
    assert_int_equal(purge(NOW - DAY), 0);
    assert_int_equal(purge(NOW), 1);
    assert_false(is_there(1));
    assert_true(is_there(2));
    assert_int_equal(purge(NOW), 0);
    assert_int_equal(purge(NOW + DAY), 1);
    assert_false(is_there(2));
    assert_true(is_there(3));
}

static void a_clock_that_is_wrong_forgets_nothing(void **state)
{
    (void)state;
    spend(1, NOW - 20 * DAY);
    spend(2, NOW);
    assert_int_equal(purge(NOW + 365 * DAY), 0);
    assert_int_equal(purge(NOW + 17 * DAY), 0); /* too long since a ticket was taken */
    assert_int_equal(purge(0), 0);
    spend(3, NOW + 17 * DAY);
    assert_int_equal(purge(NOW + 17 * DAY), 1);
}

static void the_first_payment_of_a_double_spend_stays(void **state)
{
    struct store_ticket ticket;
    (void)state;
    spend(1, NOW - 100 * DAY);
    spend(2, NOW);
    store_file_ticket(&ticket, 1);
    assert_int_equal(store_add_evidence(file.store, &ticket), STORE_OK);
    assert_int_equal(purge(NOW), 0);
    assert_true(is_there(1));
}

static void many_go_in_several_calls(void **state)
{
    (void)state;
    spend(1, NOW);
    store_file_execute(
        &file, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 501)"
               " INSERT INTO spent_ticket SELECT CAST(printf('%048d', i) AS BLOB), zeroblob(32),"
               " zeroblob(32), 0, 2, 1, '2025-001', 1, zeroblob(32), zeroblob(48), zeroblob(72),"
               " x'01', 1 FROM n");
    assert_int_equal(purge(NOW), STORE_PURGE_MAX);
    assert_int_equal(purge(NOW), 1);
    assert_int_equal(purge(NOW), 0);
}

#define TEST(name) STORE_FILE_TEST(name, &file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_second_payment_of_a_coin_is_kept),
        TEST(of_too_many_the_oldest_goes),
        TEST(what_fails_leaves_no_row),
        TEST(a_ticket_goes_thirty_days_after_its_book),
        TEST(a_clock_that_is_wrong_forgets_nothing),
        TEST(the_first_payment_of_a_double_spend_stays),
        TEST(many_go_in_several_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
