/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/store_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static const uint8_t payment[LEWES_PAYMENT_UNBOUND_LEN] = {1, 2, 3};

void store_file_start(struct store_file *file)
{
    memset(file, 0, sizeof *file);
    strcpy(file->directory, "/tmp/lewes-test-XXXXXX");
    assert_non_null(mkdtemp(file->directory));
    snprintf(file->path, sizeof file->path, "%s/lewes.db", file->directory);
    memset(&file->gateway, 0xaa, sizeof file->gateway);
    store_file_reopen(file);
}

void store_file_reopen(struct store_file *file)
{
    struct store_error error = {""};
    store_close(file->store);
    file->store = NULL;
    if (store_open(&file->store, file->path, &file->gateway, 100, &error) != STORE_OK)
        fail_msg("%s", error.text);
}

void store_file_end(struct store_file *file)
{
    static const char *const ends[] = {"",          "-wal",          "-shm",
                                       ".schema-1", ".schema-1-wal", ".schema-1-shm",
                                       ".schema-2", ".schema-2-wal", ".schema-2-shm"};
    char path[80];
    store_close(file->store);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", file->path, ends[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(file->directory), 0);
}

int store_file_set_up(void **state)
{
    store_file_start(*state);
    return 0;
}

int store_file_tear_down(void **state)
{
    store_file_end(*state);
    return 0;
}

void store_file_execute(const struct store_file *file, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(file->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void store_file_lease(struct lease *lease, uint8_t number)
{
    memset(lease, 0, sizeof *lease);
    memset(&lease->wg_key, number, sizeof lease->wg_key);
    lease->pair = 1000U + number;
    lease->state = LEASE_PENDING;
    lease->identity_count = 1 + number % LEASE_IDENTITIES_MAX;
    memset(lease->identities, 100 + number, lease->identity_count * sizeof *lease->identities);
    lease->balance = INT64_C(500000000) + number;
    lease->expires = INT64_C(1768867200) + number;
    memset(lease->last_digest, 50 + number, sizeof lease->last_digest);
    lease->answer_len = 81U + number;
    memset(lease->answer, 7 + number, lease->answer_len);
    lease->answered_at = INT64_C(1768384800) + number;
    lease->created = INT64_C(1768384700) + number;
}

void store_file_ticket(struct store_ticket *ticket, uint8_t number)
{
    memset(ticket, 0, sizeof *ticket);
    memset(ticket->serial, number, sizeof ticket->serial);
    memset(ticket->owner, 1 + number, sizeof ticket->owner);
    ticket->mode = LEWES_MODE_DVPN;
    ticket->ticket_type = LEWES_TICKET_WG_ENTRY;
    ticket->epoch = 3U + number;
    ticket->spend_date = (struct lewes_date){2026, (uint16_t)(14 + number)};
    ticket->amount = 500000000U + number;
    memset(ticket->digest, 2 + number, sizeof ticket->digest);
    memset(ticket->tag, 3 + number, sizeof ticket->tag);
    memset(ticket->pay_info, 4 + number, sizeof ticket->pay_info);
    ticket->payment = payment;
    ticket->payment_len = sizeof payment;
    ticket->spent_at = INT64_C(1768384800) + number;
}

void store_file_assert_equal(const struct lease *a, const struct lease *b)
{
    assert_memory_equal(&a->wg_key, &b->wg_key, sizeof a->wg_key);
    assert_int_equal(a->pair, b->pair);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->identity_count, b->identity_count);
    assert_memory_equal(a->identities, b->identities, sizeof a->identities);
    assert_int_equal(a->balance, b->balance);
    assert_int_equal(a->expires, b->expires);
    assert_memory_equal(a->last_digest, b->last_digest, sizeof a->last_digest);
    assert_int_equal(a->answer_len, b->answer_len);
    assert_memory_equal(a->answer, b->answer, sizeof a->answer);
    assert_int_equal(a->answered_at, b->answered_at);
    assert_int_equal(a->created, b->created);
}

enum store_result store_file_add(struct store_file *file, uint8_t number)
{
    struct lease lease;
    struct store_ticket ticket;
    store_file_lease(&lease, number);
    store_file_ticket(&ticket, number);
    return store_register(file->store, &ticket, &lease);
}
