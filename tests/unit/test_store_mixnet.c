/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of mixnet clients on disk (gateway.md 10.1, 12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/store_file.h"

static struct store_file file;

static struct mixnet_client client_of(uint8_t number)
{
    struct mixnet_client client;
    memset(&client, 0, sizeof client);
    store_file_lease(&client.account, number);
    memset(&client.identity, number, sizeof client.identity);
    memset(&client.x25519, 100 + number, sizeof client.x25519);
    return client;
}

static enum store_result add(const struct mixnet_client *client, uint8_t ticket_number)
{
    struct store_ticket ticket;
    store_file_ticket(&ticket, ticket_number);
    ticket.mode = LEWES_MODE_MIXNET;
    return store_register_client(file.store, &ticket, client);
}

static void assert_same(const struct mixnet_client *a, const struct mixnet_client *b)
{
    assert_memory_equal(&a->identity, &b->identity, sizeof a->identity);
    assert_memory_equal(&a->x25519, &b->x25519, sizeof a->x25519);
    assert_int_equal(a->account.balance, b->account.balance);
    assert_int_equal(a->account.expires, b->account.expires);
    assert_memory_equal(a->account.last_digest, b->account.last_digest, LEASE_DIGEST_LEN);
    assert_int_equal(a->account.answer_len, b->account.answer_len);
    assert_memory_equal(a->account.answer, b->account.answer, a->account.answer_len);
    assert_int_equal(a->account.answered_at, b->account.answered_at);
}

static void an_account_outlives_a_restart(void **state)
{
    const struct mixnet_client client = client_of(1);
    struct mixnet_client found;
    (void)state;
    assert_int_equal(add(&client, 1), STORE_OK);
    store_file_reopen(&file);
    assert_int_equal(store_find_client(file.store, &client.identity, &found), STORE_OK);
    assert_same(&found, &client);
    assert_int_equal(found.account.created, client.account.created);
    assert_true(lease_knows(&found.account, &client.identity));
    assert_int_equal(found.account.identity_count, 1);
    assert_int_equal(found.account.pair, LEASE_NO_PAIR);
    const struct mixnet_client other = client_of(2);
    assert_int_equal(store_find_client(file.store, &other.identity, &found), STORE_NOT_FOUND);
}

static void a_second_registration_replaces_the_row_but_not_its_age(void **state)
{
    struct mixnet_client client = client_of(1);
    struct mixnet_client found;
    (void)state;
    assert_int_equal(add(&client, 1), STORE_OK);
    const int64_t created = client.account.created;
    client.account.balance += 5;
    client.account.created += 1000;
    memset(&client.x25519, 7, sizeof client.x25519);
    assert_int_equal(add(&client, 2), STORE_OK);
    assert_int_equal(store_find_client(file.store, &client.identity, &found), STORE_OK);
    assert_same(&found, &client);
    assert_int_equal(found.account.created, created);
}

static void a_spent_serial_leaves_the_account_as_it_was(void **state)
{
    struct mixnet_client client = client_of(1);
    struct mixnet_client found;
    (void)state;
    assert_int_equal(add(&client, 1), STORE_OK);
    client.account.balance += 5;
    assert_int_equal(add(&client, 1), STORE_SERIAL_CONFLICT);
    client.account.balance -= 5;
    assert_int_equal(store_find_client(file.store, &client.identity, &found), STORE_OK);
    assert_same(&found, &client);
}

static void clients_of_another_gateway_are_not_ours(void **state)
{
    const struct mixnet_client client = client_of(1);
    struct mixnet_client found, gone[2];
    size_t count = 9;
    (void)state;
    assert_int_equal(add(&client, 1), STORE_OK);
    memset(&file.gateway, 0xbb, sizeof file.gateway);
    store_file_reopen(&file);
    assert_int_equal(store_find_client(file.store, &client.identity, &found), STORE_NOT_FOUND);
    assert_int_equal(store_expire_clients(file.store, INT64_MAX, gone, 2, &count), STORE_OK);
    assert_int_equal(count, 0);
}

static void what_has_no_row_is_refused_before_anything_is_written(void **state)
{
    struct mixnet_client client = client_of(1);
    struct store_counts counts;
    (void)state;
    client.account.balance = -1;
    assert_int_equal(add(&client, 1), STORE_INVALID);
    client.account.balance = LEASE_BALANCE_MAX + 1;
    assert_int_equal(add(&client, 1), STORE_INVALID);
    client.account.balance = 1;
    client.account.answer_len = LEASE_ANSWER_MAX + 1;
    assert_int_equal(add(&client, 1), STORE_INVALID);
    assert_int_equal(store_count(file.store, &counts), STORE_OK);
    assert_int_equal(counts.tickets, 0);
}

static void a_row_that_cannot_be_read_is_no_account(void **state)
{
    const struct mixnet_client client = client_of(1);
    struct mixnet_client found, gone[2];
    size_t count;
    (void)state;
    assert_int_equal(add(&client, 1), STORE_OK);
    store_file_execute(&file, "UPDATE mixnet_client SET answer = zeroblob(513)");
    memset(&found, 1, sizeof found);
    assert_int_equal(store_find_client(file.store, &client.identity, &found), STORE_INVALID);
    assert_int_equal(found.identity.bytes[0], 1);
    assert_int_equal(store_expire_clients(file.store, INT64_MAX, gone, 2, &count), STORE_OK);
    assert_int_equal(count, 0);
}

static size_t expire(int64_t now, struct mixnet_client gone[3])
{
    size_t count;
    assert_int_equal(store_expire_clients(file.store, now, gone, 3, &count), STORE_OK);
    return count;
}

static void who_has_run_out_is_taken_once_until_the_next_credit(void **state)
{
    struct mixnet_client clients[5], gone[3];
    (void)state;
    for (uint8_t i = 0; i < 5; i++) {
        clients[i] = client_of((uint8_t)(i + 1));
        clients[i].account.expires = 1000 + i;
        clients[i].account.balance = i == 4 ? 0 : 10;
        assert_int_equal(add(&clients[i], (uint8_t)(i + 1)), STORE_OK);
    }
    assert_int_equal(expire(999, gone), 1); /* out of credit */
    assert_same(&gone[0], &clients[4]);
    assert_int_equal(expire(999, gone), 0);
    assert_int_equal(expire(1000, gone), 1); /* its second has come */
    assert_same(&gone[0], &clients[0]);
    assert_int_equal(expire(9999, gone), 3);
    assert_int_equal(expire(9999, gone), 0);
    clients[1].account.expires = 99999;
    assert_int_equal(add(&clients[1], 10), STORE_OK);
    assert_int_equal(expire(9999, gone), 0);
    assert_int_equal(expire(99999, gone), 1);
    assert_same(&gone[0], &clients[1]);
}

static void a_look_takes_no_more_than_it_has_room_for(void **state)
{
    struct mixnet_client gone[3];
    (void)state;
    for (uint8_t i = 1; i <= 7; i++) {
        struct mixnet_client client = client_of(i);
        client.account.expires = 0;
        assert_int_equal(add(&client, i), STORE_OK);
    }
    assert_int_equal(expire(1, gone), 3);
    assert_int_equal(expire(1, gone), 3);
    assert_int_equal(expire(1, gone), 1);
    assert_int_equal(expire(1, gone), 0);
}

static int fail_at(void *user, enum store_point point)
{
    const enum store_point *which = user;
    return point == *which ? 10 /* SQLITE_IOERR */ : 0;
}

static void failures_leave_nothing(void **state)
{
    static const enum store_point points[] = {STORE_POINT_BEGIN, STORE_POINT_TICKET,
                                              STORE_POINT_LEASE, STORE_POINT_COMMIT};
    const struct mixnet_client client = client_of(1);
    struct mixnet_client found;
    struct store_counts counts;
    enum store_point which;
    size_t count;
    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        which = points[i];
        store_set_fault(file.store, fail_at, &which);
        assert_int_equal(add(&client, 1), STORE_UNAVAILABLE);
        store_set_fault(file.store, NULL, NULL);
        assert_int_equal(store_find_client(file.store, &client.identity, &found), STORE_NOT_FOUND);
        assert_int_equal(store_count(file.store, &counts), STORE_OK);
        assert_int_equal(counts.tickets, 0);
    }
    assert_int_equal(add(&client, 1), STORE_OK);
    which = STORE_POINT_READ;
    store_set_fault(file.store, fail_at, &which);
    assert_int_equal(store_find_client(file.store, &client.identity, &found), STORE_UNAVAILABLE);
    which = STORE_POINT_STATE;
    assert_int_equal(store_expire_clients(file.store, INT64_MAX, &found, 1, &count),
                     STORE_UNAVAILABLE);
    store_set_fault(file.store, NULL, NULL);
    assert_int_equal(store_expire_clients(file.store, INT64_MAX, &found, 1, &count), STORE_OK);
    assert_int_equal(count, 1);
}

#define TEST(name) STORE_FILE_TEST(name, &file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_account_outlives_a_restart),
        TEST(a_second_registration_replaces_the_row_but_not_its_age),
        TEST(a_spent_serial_leaves_the_account_as_it_was),
        TEST(clients_of_another_gateway_are_not_ours),
        TEST(what_has_no_row_is_refused_before_anything_is_written),
        TEST(a_row_that_cannot_be_read_is_no_account),
        TEST(who_has_run_out_is_taken_once_until_the_next_credit),
        TEST(a_look_takes_no_more_than_it_has_room_for),
        TEST(failures_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
