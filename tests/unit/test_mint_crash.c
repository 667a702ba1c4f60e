/* SPDX-License-Identifier: Apache-2.0 */
/* The mint dies, or its disk fails, at every call that changes a file: never a second book for one
 * line of the ledger, never a coin that is free after its payment left. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "mint/arguments.h"
#include "mint/book_file.h"
#include "mint/file_io.h"
#include "mint/issue.h"
#include "tests/support/disk_faults.h"
#include "tests/support/temporary_dir.h"

#define NOW "1800000000" /* 2027-01-15 */
#define TODAY 1799971200U
#define PAYEE "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"
#define CALLS_MAX 24
#define PATHS 4

enum { DIES, FAILS, WAYS };

static struct temporary_dir dir;
static char paths[PATHS][TEMPORARY_PATH_CAP];
enum { MINT, BOOK, PAYMENT, LEDGER };

static int set_up(void **state)
{
    static const char *const names[] = {"mint", "a.book", "payment", "mint/ledger"};
    (void)state;
    memset(&disk_faults, 0, sizeof disk_faults);
    temporary_dir_make(&dir);
    for (int i = 0; i < PATHS; i++)
        temporary_dir_path(&dir, paths[i], names[i]);
    const struct arguments arguments = {.dir = paths[MINT], .operands = {"1"}, .count = 1};
    assert_int_equal(command_keygen(&arguments), EXIT_DONE);
    assert_int_equal(command_epoch_add(&arguments), EXIT_DONE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temporary_dir_remove(&dir);
    return 0;
}

/* Runs it in a child with a fault at call `at`; its exit code, or DISK_DEATH. */
static int run_with_fault(int (*run)(void), int way, unsigned at)
{
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        memset(&disk_faults, 0, sizeof disk_faults);
        *(way == DIES ? &disk_faults.die_at : &disk_faults.fail_at) = at;
        const int code = run();
        _exit(disk_faults.calls < at ? code + 100 : code); /* 100: it did not come to its fault */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void count_line(void *user, const struct ledger_entry *entry)
{
    (void)entry;
    ++*(unsigned *)user;
}

static unsigned ledger_lines(void)
{
    unsigned lines = 0;
    if (access(paths[LEDGER], F_OK))
        return 0;
    assert_int_equal(ledger_scan(paths[LEDGER], count_line, &lines), 0);
    return lines;
}

/* ---- issuing ---- */

static struct mint mint;
static uint8_t request[2][LEWES_WITHDRAWAL_LEN];
static struct lewes_withdrawal_claim claims[2];

static void make_requests(void)
{
    struct lewes_user_secret user;
    struct lewes_withdrawal withdrawal;
    for (int i = 0; i < 2; i++) {
        claims[i].terms = (struct lewes_book_terms){.type = LEWES_TICKET_WG_ENTRY,
                                                    .expiration = TODAY + 6 * LEWES_DAY};
        assert_int_equal(lewes_user_generate(&user, &mint.env), LEWES_OK);
        assert_int_equal(lewes_user_public(claims[i].user, &user), LEWES_OK);
        assert_int_equal(lewes_withdrawal_request(request[i], &withdrawal, mint.ecash, &user,
                                                  &claims[i].terms, &mint.env),
                         LEWES_OK);
    }
}

/* One book a day. */
static enum issue_result issue(int number, uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    struct ledger *ledger = NULL;
    const struct issue_order order = {.account = "alice",
                                      .books_per_day = 1,
                                      .now = TODAY + 100,
                                      .claim = claims[number],
                                      .request = request[number],
                                      .len = LEWES_WITHDRAWAL_LEN};
    if (ledger_open(&ledger, mint.dir))
        return ISSUE_LOCAL;
    const enum issue_result result = issue_book(&mint, ledger, &order, blind);
    ledger_close(ledger);
    return result;
}

static int issue_first(void)
{
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
    return (int)issue(0, blind);
}

static void one_line_is_one_book_whatever_happens(void **state)
{
    uint8_t blind[2][LEWES_TICKET_SIGNATURE_LEN];
    unsigned faults = 0;
    (void)state;
    assert_int_equal(mint_open_epoch(&mint, paths[MINT]), EXIT_DONE);
    make_requests();
    for (int way = 0; way < WAYS; way++)
        for (unsigned at = 1; at < CALLS_MAX; at++) {
            unlink(paths[LEDGER]);
            const int code = run_with_fault(issue_first, way, at);
            faults += code < 100;
            if (code % 100 == ISSUE_DONE)
                assert_int_equal(ledger_lines(), 1);
            else
                assert_int_equal(code, way == DIES ? DISK_DEATH : (int)ISSUE_LOCAL);
            /* Another request gets a book only if the first has none, and then it keeps it. */
            const enum issue_result other = issue(1, blind[0]);
            const enum issue_result again = issue(0, blind[1]);
            assert_true((other == ISSUE_DONE) != (again == ISSUE_DONE));
            assert_true(other == ISSUE_LIMIT || again == ISSUE_LIMIT);
            if (code % 100 == ISSUE_DONE)
                assert_int_equal(again, ISSUE_DONE);
            assert_int_equal(ledger_lines(), 1);
        }
    assert_in_range(faults, 6, WAYS * CALLS_MAX / 2);
    mint_close(&mint);
}

/* The calls of issuing: o(pen), s(ync of the directory), w, s. */
enum { SYNC_DIRECTORY = 2, SYNC_LINE = 4 };

static void open_mint(void)
{
    assert_int_equal(mint_open_epoch(&mint, paths[MINT]), EXIT_DONE);
    make_requests();
    unlink(paths[LEDGER]);
}

/* The kernel had the line, the disk perhaps not: it may be gone after the next power cut. */
static void a_line_of_a_dead_process_is_synced_before_it_is_answered_from(void **state)
{
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
    (void)state;
    open_mint();
    assert_int_equal(run_with_fault(issue_first, DIES, SYNC_LINE), DISK_DEATH);
    assert_int_equal(ledger_lines(), 1);
    memset(&disk_faults, 0, sizeof disk_faults);
    disk_faults.fail_at = SYNC_DIRECTORY + 1;
    assert_int_equal(issue(0, blind), ISSUE_LOCAL);
    memset(&disk_faults, 0, sizeof disk_faults);
    assert_int_equal(issue(0, blind), ISSUE_DONE);
    assert_int_equal(ledger_lines(), 1);
    mint_close(&mint);
}

/* After a failed sync the kernel takes the line for written: whoever starts next would believe it.
 */
static void a_line_that_could_not_be_synced_is_taken_out(void **state)
{
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
    (void)state;
    open_mint();
    disk_faults.fail_at = SYNC_LINE;
    disk_faults.calls = 0;
    assert_int_equal(issue(0, blind), ISSUE_LOCAL);
    assert_int_equal(ledger_lines(), 0);
    memset(&disk_faults, 0, sizeof disk_faults);
    assert_int_equal(issue(1, blind), ISSUE_DONE);
    mint_close(&mint);
}

static void no_book_is_issued_that_the_epoch_does_not_cover(void **state)
{
    static const struct {
        uint32_t from, to;
        enum issue_result result;
    } rows[] = {
        {TODAY + LEWES_DAY, UINT32_MAX, ISSUE_EPOCH},
        {0, TODAY - LEWES_DAY, ISSUE_EPOCH},
        {0, TODAY + 5 * LEWES_DAY, ISSUE_EPOCH}, /* its last day would be worth nothing */
        {TODAY, TODAY + 6 * LEWES_DAY, ISSUE_DONE},
        {TODAY + LEWES_DAY, UINT32_MAX, ISSUE_DONE}, /* it has been issued */
    };
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
    (void)state;
    open_mint();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mint.epoch.from = rows[i].from;
        mint.epoch.to = rows[i].to;
        assert_int_equal(issue(0, blind), rows[i].result);
    }
    mint_close(&mint);
}

/* ---- the commands ---- */

static int make_book(void)
{
    const struct arguments arguments = {
        .dir = paths[MINT], .account = "alice", .type = "wg-entry", .at = NOW, .out = paths[BOOK]};
    return command_book(&arguments);
}

static int spend(void)
{
    const struct arguments arguments = {
        .book = paths[BOOK], .payee = PAYEE, .at = NOW, .out = paths[PAYMENT]};
    return command_spend(&arguments);
}

static unsigned coins_used(void)
{
    static struct lewes_book book;
    uint8_t bytes[LEWES_BOOK_MAX];
    unsigned used = 0;
    const ssize_t len = input_read(paths[BOOK], true, bytes, sizeof bytes);
    assert_true(len > 0);
    assert_int_equal(lewes_book_read(&book, bytes, (size_t)len), LEWES_OK);
    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++)
        used += book.used[i];
    return used;
}

static void a_book_that_is_there_is_whole_and_in_the_ledger(void **state)
{
    unsigned faults = 0;
    (void)state;
    for (int way = 0; way < WAYS; way++)
        for (unsigned at = 1; at < CALLS_MAX; at++) {
            unlink(paths[LEDGER]);
            unlink(paths[BOOK]);
            const int code = run_with_fault(make_book, way, at);
            faults += code < 100;
            const bool there = access(paths[BOOK], F_OK) == 0;
            if (there) {
                assert_int_equal(coins_used(), 0);
                assert_int_equal(ledger_lines(), 1);
            }
            assert_true(there || code % 100 != EXIT_DONE);
        }
    assert_in_range(faults, 10, WAYS * CALLS_MAX / 2);
}

static void a_coin_whose_payment_left_is_used(void **state)
{
    unsigned faults = 0;
    (void)state;
    for (int way = 0; way < WAYS; way++) {
        unlink(paths[BOOK]);
        assert_int_equal(make_book(), EXIT_DONE);
        for (unsigned at = 1; at < 20; at++) {
            const unsigned before = coins_used();
            unlink(paths[PAYMENT]);
            const int code = run_with_fault(spend, way, at);
            faults += code < 100;
            const bool left = access(paths[PAYMENT], F_OK) == 0;
            const unsigned after = coins_used();
            assert_in_range(after, before, before + 1);
            if (left)
                assert_int_equal(after, before + 1);
            assert_true(left || code % 100 != EXIT_DONE);
        }
    }
    assert_in_range(faults, 12, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_line_is_one_book_whatever_happens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_line_of_a_dead_process_is_synced_before_it_is_answered_from, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_could_not_be_synced_is_taken_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_book_is_issued_that_the_epoch_does_not_cover, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_book_that_is_there_is_whole_and_in_the_ledger, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_coin_whose_payment_left_is_used, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
