/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "gateway/store.h"
#include "tests/support/store_file.h"

static struct store_file file;

static struct lease find(uint8_t number)
{
    struct lease lease, found;
    store_file_lease(&lease, number);
    assert_int_equal(store_find_lease(file.store, &lease.wg_key, &found), STORE_OK);
    return found;
}

static struct lewes_wg_public key_of(uint8_t number)
{
    struct lease lease;
    store_file_lease(&lease, number);
    return lease.wg_key;
}

static void assert_counts(uint64_t tickets, uint64_t pending, uint64_t active)
{
    struct store_counts counts;
    assert_int_equal(store_count(file.store, &counts), STORE_OK);
    assert_int_equal(counts.tickets, tickets);
    assert_int_equal(counts.leases[LEASE_PENDING], pending);
    assert_int_equal(counts.leases[LEASE_ACTIVE], active);
}

struct loaded {
    struct lease leases[8];
    size_t count;
};

static void keep(void *user, const struct lease *lease)
{
    struct loaded *loaded = user;
    assert_true(loaded->count < 8);
    loaded->leases[loaded->count++] = *lease;
}

static void a_registration_outlives_a_restart(void **state)
{
    struct loaded loaded = {.count = 0};
    struct store_ticket ticket, found;
    struct lease lease;
    uint64_t bad = 9;
    (void)state;
    for (uint8_t i = 3; i >= 1; i--)
        assert_int_equal(store_file_add(&file, i), STORE_OK);
    store_file_reopen(&file);
    assert_int_equal(store_load(file.store, keep, &loaded, &bad), STORE_OK);
    assert_int_equal(bad, 0);
    assert_int_equal(loaded.count, 3);
    for (uint8_t i = 1; i <= 3; i++) { /* oldest first, not in the order of writing */
        store_file_lease(&lease, i);
        store_file_assert_equal(&loaded.leases[i - 1], &lease);
        store_file_ticket(&ticket, i);
        assert_int_equal(store_find_ticket(file.store, ticket.serial, &found), STORE_OK);
        ticket.payment = NULL;
        assert_memory_equal(found.serial, ticket.serial, sizeof ticket.serial);
        assert_memory_equal(found.owner, ticket.owner, sizeof ticket.owner);
        assert_memory_equal(found.digest, ticket.digest, sizeof ticket.digest);
        assert_memory_equal(found.tag, ticket.tag, sizeof ticket.tag);
        assert_memory_equal(found.pay_info, ticket.pay_info, sizeof ticket.pay_info);
        assert_int_equal(found.mode, ticket.mode);
        assert_int_equal(found.ticket_type, ticket.ticket_type);
        assert_int_equal(found.epoch, ticket.epoch);
        assert_int_equal(found.amount, ticket.amount);
        assert_int_equal(found.spend_date.year, 2026);
        assert_int_equal(found.spend_date.day, 14 + i);
        assert_int_equal(found.spent_at, ticket.spent_at);
        assert_int_equal(found.payment_len, ticket.payment_len);
    }
}

static void what_is_not_there_is_not_found(void **state)
{
    struct lewes_wg_public key = key_of(1);
    struct store_ticket ticket, wanted;
    struct lease lease;
    (void)state;
    store_file_ticket(&wanted, 1);
    memset(&lease, 0x5a, sizeof lease);
    assert_int_equal(store_find_lease(file.store, &key, &lease), STORE_NOT_FOUND);
    assert_int_equal(lease.pair, 0x5a5a5a5a); /* untouched */
    assert_int_equal(store_find_ticket(file.store, wanted.serial, &ticket), STORE_NOT_FOUND);
    assert_int_equal(store_activate(file.store, &key), STORE_NOT_FOUND);
    assert_int_equal(store_set_state(file.store, &key, LEASE_HELD), STORE_NOT_FOUND);
    assert_int_equal(store_delete_lease(file.store, &key), STORE_NOT_FOUND);
    store_file_lease(&lease, 1);
    assert_int_equal(store_update_lease(file.store, &lease), STORE_NOT_FOUND);
}

static void a_serial_is_spent_once(void **state)
{
    struct store_ticket ticket;
    struct lease lease, found;
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    store_file_ticket(&ticket, 1);
    store_file_lease(&lease, 2); /* another key with the same coin */
    assert_int_equal(store_register(file.store, &ticket, &lease), STORE_SERIAL_CONFLICT);
    assert_int_equal(store_find_lease(file.store, &lease.wg_key, &found), STORE_NOT_FOUND);
    store_file_lease(&lease, 1); /* its own key again: no second credit either */
    lease.balance *= 2;
    assert_int_equal(store_register(file.store, &ticket, &lease), STORE_SERIAL_CONFLICT);
    assert_int_equal(find(1).balance, lease.balance / 2);
    assert_counts(1, 1, 0);
}

static void a_pair_has_one_lease(void **state)
{
    struct store_ticket ticket;
    struct lease lease;
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    store_file_ticket(&ticket, 2);
    store_file_lease(&lease, 2);
    lease.pair = 1001;
    assert_int_equal(store_register(file.store, &ticket, &lease), STORE_PAIR_CONFLICT);
    assert_counts(1, 1, 0); /* the ticket is not spent */
    lease.pair = 1002;
    assert_int_equal(store_register(file.store, &ticket, &lease), STORE_OK);
    lease.pair = 1001;
    assert_int_equal(store_update_lease(file.store, &lease), STORE_PAIR_CONFLICT);
    assert_int_equal(find(2).pair, 1002);
}

static void leases_without_a_pair_do_not_conflict(void **state)
{
    struct lease lease;
    (void)state;
    for (uint8_t i = 1; i <= 2; i++) {
        store_file_lease(&lease, i);
        lease.pair = LEASE_NO_PAIR;
        assert_int_equal(store_register(file.store, NULL, &lease), STORE_OK);
        assert_int_equal(find(i).pair, LEASE_NO_PAIR);
    }
    assert_counts(0, 2, 0);
}

static void a_second_registration_replaces_the_row_but_not_its_age(void **state)
{
    struct store_ticket ticket;
    struct lease lease;
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    store_file_lease(&lease, 2);
    lease.wg_key = key_of(1);
    store_file_ticket(&ticket, 2);
    assert_int_equal(store_register(file.store, &ticket, &lease), STORE_OK);
    struct lease found = find(1);
    lease.created = found.created;
    store_file_assert_equal(&found, &lease);
    store_file_lease(&lease, 1);
    assert_int_equal(found.created, lease.created);
    assert_counts(2, 1, 0);
}

static void activating_works_on_a_pending_lease_only(void **state)
{
    struct lewes_wg_public key = key_of(1);
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    assert_int_equal(store_activate(file.store, &key), STORE_OK);
    assert_int_equal(find(1).state, LEASE_ACTIVE);
    assert_int_equal(store_activate(file.store, &key), STORE_NOT_FOUND);
    for (enum lease_state s = LEASE_HELD; s <= LEASE_REMOVING; s++) {
        assert_int_equal(store_set_state(file.store, &key, s), STORE_OK);
        assert_int_equal(store_activate(file.store, &key), STORE_NOT_FOUND);
        assert_int_equal(find(1).state, s);
    }
}

static void what_changes_without_a_registration_is_written(void **state)
{
    struct lease lease, found;
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    store_file_lease(&lease, 1);
    lease.pair = LEASE_NO_PAIR;
    lease.state = LEASE_HELD;
    lease.balance = 0;
    lease.expires = 5;
    assert_int_equal(store_update_lease(file.store, &lease), STORE_OK);
    found = find(1);
    store_file_assert_equal(&found, &lease);
}

static void a_deleted_lease_leaves_its_ticket_spent(void **state)
{
    struct lewes_wg_public key = key_of(1);
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    assert_int_equal(store_delete_lease(file.store, &key), STORE_OK);
    assert_counts(1, 0, 0);
    assert_int_equal(store_file_add(&file, 1), STORE_SERIAL_CONFLICT);
}

static void what_has_no_row_is_refused_before_anything_is_written(void **state)
{
    struct store_ticket ticket;
    struct lease lease;
    (void)state;
    for (int i = 0; i < 7; i++) {
        store_file_lease(&lease, 1);
        store_file_ticket(&ticket, 1);
        lease.balance = i == 0 ? -1 : i == 1 ? LEASE_BALANCE_MAX + 1 : lease.balance;
        lease.identity_count = i == 2 ? LEASE_IDENTITIES_MAX + 1 : lease.identity_count;
        lease.answer_len = i == 3 ? LEASE_ANSWER_MAX + 1 : lease.answer_len;
        ticket.payment_len = i == 4 ? 0 : ticket.payment_len;
        ticket.epoch = i == 5 ? UINT64_MAX : ticket.epoch;
        ticket.amount = i == 6 ? UINT64_MAX : ticket.amount;
        assert_int_equal(store_register(file.store, &ticket, &lease), STORE_INVALID);
    }
    assert_counts(0, 0, 0);
}

static void leases_of_another_gateway_are_not_ours(void **state)
{
    struct loaded loaded = {.count = 0};
    struct lewes_wg_public key = key_of(1);
    struct lease lease;
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    file.gateway.bytes[0] ^= 1;
    store_file_reopen(&file);
    assert_int_equal(store_load(file.store, keep, &loaded, NULL), STORE_OK);
    assert_int_equal(loaded.count, 0);
    assert_int_equal(store_find_lease(file.store, &key, &lease), STORE_NOT_FOUND);
    /* but a coin is spent everywhere */
    assert_int_equal(store_file_add(&file, 1), STORE_SERIAL_CONFLICT);
    store_file_lease(&lease, 2);
    lease.pair = 1001; /* its pair is not */
    assert_int_equal(store_register(file.store, NULL, &lease), STORE_OK);
}

static void a_row_that_cannot_be_read_is_counted_and_left_alone(void **state)
{
    struct loaded loaded = {.count = 0};
    struct lewes_wg_public key = key_of(2);
    struct lease lease;
    uint64_t bad = 0;
    (void)state;
    for (uint8_t i = 1; i <= 4; i++)
        assert_int_equal(store_file_add(&file, i), STORE_OK);
    store_file_execute(&file, "PRAGMA ignore_check_constraints = 1;"
                              "UPDATE lease SET identities = x'00' WHERE pair = 1002;"
                              "UPDATE lease SET state = 9 WHERE pair = 1003;"
                              "UPDATE lease SET balance = -1 WHERE pair = 1004;");
    store_close(file.store);
    file.store = NULL;
    /* A check constraint that fails is damage to SQLite, found before a row is read. */
    struct store_error error = {""};
    assert_int_equal(store_open(&file.store, file.path, &file.gateway, 100, &error),
                     STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, "damaged"));
    store_file_execute(&file,
                       "PRAGMA ignore_check_constraints = 1;"
                       "UPDATE lease SET identities = zeroblob(32), state = 0, balance = 0;");
    store_file_reopen(&file);
    store_file_execute(&file, "UPDATE lease SET answer = zeroblob(513) WHERE pair = 1002;"
                              "UPDATE lease SET balance = 4611686018427387905 WHERE pair = 1003;");
    assert_int_equal(store_load(file.store, keep, &loaded, &bad), STORE_OK);
    assert_int_equal(loaded.count, 2);
    assert_int_equal(bad, 2);
    assert_int_equal(store_find_lease(file.store, &key, &lease), STORE_INVALID);
    assert_counts(4, 4, 0);
}

static enum store_result open_again(struct store_error *error)
{
    enum store_result result;
    store_close(file.store);
    file.store = NULL;
    error->text[0] = '\0';
    result = store_open(&file.store, file.path, &file.gateway, 100, error);
    if (result != STORE_OK)
        assert_null(file.store);
    return result;
}

static void a_newer_schema_is_refused_and_not_touched(void **state)
{
    struct store_error error;
    (void)state;
    store_file_execute(&file, "UPDATE meta SET value = '4' WHERE key = 'schema'");
    assert_int_equal(open_again(&error), STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, "newer"));
    assert_non_null(strstr(error.text, file.path));
    store_file_execute(&file, "UPDATE meta SET value = '3' WHERE value = '4'");
    assert_int_equal(open_again(&error), STORE_OK);
}

static void what_is_no_database_of_ours_is_refused(void **state)
{
    static const char no_number[] = "CREATE TABLE meta(key TEXT, value TEXT);"
                                    "INSERT INTO meta VALUES('schema', 'x')";
    static const char *const spoil[] = {"DELETE FROM meta", "DROP TABLE meta", no_number};
    char text[4096];
    struct store_error error;
    (void)state;
    for (size_t i = 0; i < sizeof spoil / sizeof *spoil; i++) {
        store_file_execute(&file, spoil[i]);
        assert_int_equal(open_again(&error), STORE_UNAVAILABLE);
        assert_non_null(strstr(error.text, "not a database of lewesd"));
    }
    memset(text, 'x', sizeof text);
    int fd = open(file.path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, text, sizeof text), sizeof text);
    close(fd);
    assert_int_equal(open_again(&error), STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, "not a database"));
}

static void a_database_is_for_its_owner_alone(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(stat(file.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_place_that_cannot_be_written_is_explained(void **state)
{
    struct lewes_ed25519_public gateway = {{1}};
    struct store *store = NULL;
    struct store_error error = {""};
    (void)state;
    assert_int_equal(store_open(&store, "/nonexistent/x/lewes.db", &gateway, 100, &error),
                     STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, "directory does not exist"));
    assert_int_equal(store_open(&store, file.directory, &gateway, 100, &error), STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, file.directory));
    bool root = geteuid() == 0; /* who may write everywhere */
    if (root)
        assert_int_equal(seteuid(65534), 0);
    enum store_result result = store_open(&store, "/lewes-test.db", &gateway, 100, &error);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(result, STORE_UNAVAILABLE);
    assert_non_null(strstr(error.text, "/lewes-test.db"));
    assert_non_null(strstr(error.text, "may not write"));
    assert_null(store);
}

#define TEST(name) STORE_FILE_TEST(name, &file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_registration_outlives_a_restart),
        TEST(what_is_not_there_is_not_found),
        TEST(a_serial_is_spent_once),
        TEST(a_pair_has_one_lease),
        TEST(leases_without_a_pair_do_not_conflict),
        TEST(a_second_registration_replaces_the_row_but_not_its_age),
        TEST(activating_works_on_a_pending_lease_only),
        TEST(what_changes_without_a_registration_is_written),
        TEST(a_deleted_lease_leaves_its_ticket_spent),
        TEST(what_has_no_row_is_refused_before_anything_is_written),
        TEST(leases_of_another_gateway_are_not_ours),
        TEST(a_row_that_cannot_be_read_is_counted_and_left_alone),
        TEST(a_newer_schema_is_refused_and_not_touched),
        TEST(what_is_no_database_of_ours_is_refused),
        TEST(a_database_is_for_its_owner_alone),
        TEST(a_place_that_cannot_be_written_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
