/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a directory of its own, with leases and tickets to put into it. */
#ifndef TESTS_SUPPORT_STORE_FILE_H
#define TESTS_SUPPORT_STORE_FILE_H

#include "gateway/store.h"

struct store_file {
    char directory[32];
    char path[64];
    struct lewes_ed25519_public gateway;
    struct store *store; /* open, unless a test has closed it */
};

/* Makes the directory and opens the store; failures are failed assertions. */
void store_file_start(struct store_file *file);

/* Closes and opens it again, as a restart does. */
void store_file_reopen(struct store_file *file);

/* Closes it and removes the directory, with copies of the database that upgrades made. */
void store_file_end(struct store_file *file);

/* Runs SQL on the file past the store. */
void store_file_execute(const struct store_file *file, const char *sql);

/* A lease and a ticket that differ in every field for different numbers. */
void store_file_lease(struct lease *lease, uint8_t number);
void store_file_ticket(struct store_ticket *ticket, uint8_t number);

/* Registers lease and ticket of a number. */
enum store_result store_file_add(struct store_file *file, uint8_t number);

/* A cmocka test between start and end of a store. */
#define STORE_FILE_TEST(name, file)                                                                \
    cmocka_unit_test_prestate_setup_teardown(name, store_file_set_up, store_file_tear_down, file)
int store_file_set_up(void **state);
int store_file_tear_down(void **state);

/* Asserts that two leases are the same. */
void store_file_assert_equal(const struct lease *a, const struct lease *b);

#endif
