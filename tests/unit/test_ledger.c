/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "mint/ledger.h"
#include "tests/support/temporary_dir.h"

#define TODAY 1799971200U /* 2027-01-15 */

static struct temporary_dir dir;
static int fd;

static int set_up(void **state)
{
    (void)state;
    temporary_dir_make(&dir);
    fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(fd);
    temporary_dir_remove(&dir);
    return 0;
}

static struct ledger_entry entry_of(unsigned number, const char *account, uint64_t at)
{
    struct ledger_entry entry = {
        .time = at,
        .pk = {(uint8_t)number, 7},
        .terms = {LEWES_TICKET_WG_EXIT, (uint32_t)(at / LEWES_DAY * LEWES_DAY) + 6 * LEWES_DAY},
        .request = {(uint8_t)number, (uint8_t)(number >> 8), 3},
        .blind = {(uint8_t)number, 9},
    };
    snprintf(entry.account, sizeof entry.account, "%s", account);
    return entry;
}

static struct ledger *open_locked(uint64_t now)
{
    struct ledger *ledger = NULL;
    assert_int_equal(ledger_open(&ledger, fd), 0);
    assert_int_equal(ledger_lock(ledger, now), 0);
    return ledger;
}

static void append(unsigned count)
{
    struct ledger *const ledger = open_locked(TODAY);
    for (unsigned i = 0; i < count; i++) {
        const struct ledger_entry entry = entry_of(i, "alice", TODAY + i);
        assert_int_equal(ledger_append(ledger, &entry), 0);
    }
    ledger_unlock(ledger);
    ledger_close(ledger);
}

static size_t read_file(char *out, size_t cap)
{
    char path[TEMPORARY_PATH_CAP];
    temporary_dir_path(&dir, path, "ledger");
    FILE *const file = fopen(path, "re");
    assert_non_null(file);
    const size_t len = file != NULL ? fread(out, 1, cap, file) : 0; /* for the analyser */
    if (file != NULL)
        fclose(file);
    return len;
}

/* ---- lines ---- */

static void a_line_is_read_as_it_was_written(void **state)
{
    char line[LEDGER_LINE_CAP];
    struct ledger_entry again;
    const struct ledger_entry entry = entry_of(5, "bob.smith-2@x+y_z", TODAY + 5);
    (void)state;
    const size_t len = ledger_line_write(line, &entry);
    assert_int_equal(line[len - 1], '\n');
    assert_true(ledger_line_read(&again, line, len - 1));
    assert_memory_equal(again.pk, entry.pk, sizeof entry.pk);
    assert_memory_equal(again.blind, entry.blind, sizeof entry.blind);
    assert_memory_equal(again.request, entry.request, sizeof entry.request);
    assert_string_equal(again.account, entry.account);
    assert_int_equal(again.time, entry.time);
    assert_int_equal(again.terms.type, entry.terms.type);
    assert_int_equal(again.terms.expiration, entry.terms.expiration);
}

static void a_changed_or_cut_line_is_no_line(void **state)
{
    char line[LEDGER_LINE_CAP];
    struct ledger_entry again;
    const struct ledger_entry entry = entry_of(5, "bob", TODAY + 5);
    const size_t len = ledger_line_write(line, &entry) - 1;
    (void)state;
    for (size_t i = 0; i < len; i++) {
        assert_false(ledger_line_read(&again, line, i));
        line[i] ^= 1;
        assert_false(ledger_line_read(&again, line, len));
        line[i] ^= 1;
    }
    line[len] = '0';
    assert_false(ledger_line_read(&again, line, len + 1));
}

static void account_names_need_no_quoting(void **state)
{
    char name[ACCOUNT_CAP + 1];
    (void)state;
    memset(name, 'a', sizeof name);
    name[ACCOUNT_CAP] = '\0';
    assert_false(account_is_valid(name));
    name[ACCOUNT_CAP - 1] = '\0';
    assert_true(account_is_valid(name));
    assert_false(account_is_valid(""));
    assert_false(account_is_valid("a b"));
    assert_false(account_is_valid("a\n"));
    assert_false(account_is_valid("a\"b"));
}

/* ---- files ---- */

static void a_ledger_finds_what_was_appended_also_by_another_process(void **state)
{
    struct ledger_entry found;
    const struct ledger_entry unknown = entry_of(900, "alice", TODAY);
    struct ledger *const other = open_locked(TODAY);
    (void)state;
    ledger_unlock(other);
    append(700); /* several chunks */
    assert_int_equal(ledger_lock(other, TODAY), 0);
    for (unsigned i = 0; i < 700; i++) {
        const struct ledger_entry entry = entry_of(i, "alice", TODAY + i);
        assert_true(ledger_find(other, entry.request, &found));
        assert_memory_equal(found.blind, entry.blind, sizeof entry.blind);
    }
    assert_false(ledger_find(other, unknown.request, &found));
    assert_int_equal(ledger_books(other, "alice", TODAY), 700);
    assert_int_equal(ledger_books(other, "bob", TODAY), 0);
    ledger_unlock(other);
    ledger_close(other);
}

static void books_are_counted_by_day_and_a_clock_set_back_gives_none(void **state)
{
    struct ledger *const ledger = open_locked(TODAY);
    const uint64_t times[] = {TODAY - 1, TODAY, TODAY + LEWES_DAY - 1, TODAY + LEWES_DAY};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const struct ledger_entry entry = entry_of(i, "alice", times[i]);
        assert_int_equal(ledger_append(ledger, &entry), 0);
    }
    assert_int_equal(ledger_books(ledger, "alice", TODAY + 9), 2);
    assert_int_equal(ledger_books(ledger, "alice", TODAY - LEWES_DAY), 2);
    assert_int_equal(ledger_books(ledger, "alice", times[3]), 0);
    const struct ledger_entry entry = entry_of(3, "alice", times[3]);
    assert_int_equal(ledger_append(ledger, &entry), 0);
    assert_int_equal(ledger_books(ledger, "alice", times[3]), 1);
    ledger_unlock(ledger);
    ledger_close(ledger);
}

/* `issue --at`, or a clock that came up in another year. */
static void books_of_a_clock_that_ran_far_ahead_do_not_count(void **state)
{
    const uint64_t wrong = TODAY + 900ULL * LEWES_DAY;
    const struct ledger_entry ahead = entry_of(1, "alice", wrong),
                              good = entry_of(2, "alice", TODAY),
                              later = entry_of(3, "alice", TODAY + 2 * LEWES_DAY);
    struct ledger *ledger = open_locked(wrong);
    (void)state;
    assert_int_equal(ledger_append(ledger, &ahead), 0);
    assert_int_equal(ledger_books(ledger, "alice", wrong), 1);
    for (int opened = 0; opened < 2; opened++) {
        ledger_unlock(ledger);
        assert_int_equal(ledger_lock(ledger, TODAY), 0);
        assert_int_equal(ledger_books(ledger, "alice", TODAY), opened);
        if (opened == 0)
            assert_int_equal(ledger_append(ledger, &good), 0);
        assert_int_equal(ledger_books(ledger, "alice", TODAY), 1);
        ledger_unlock(ledger);
        ledger_close(ledger);
        ledger = open_locked(TODAY);
    }
    ledger_unlock(ledger);
    assert_int_equal(ledger_lock(ledger, TODAY + 2 * LEWES_DAY), 0);
    assert_int_equal(ledger_append(ledger, &later), 0);
    assert_int_equal(ledger_books(ledger, "alice", TODAY + 2 * LEWES_DAY), 1);
    ledger_unlock(ledger);
    ledger_close(ledger);
}

/* A line that goes into a file without a name is lost, and with it who got the book. */
static void a_ledger_that_was_taken_away_or_cut_is_not_written_to(void **state)
{
    struct ledger *ledger;
    (void)state;
    append(2);
    ledger = open_locked(TODAY);
    ledger_unlock(ledger);
    assert_int_equal(renameat(fd, "ledger", fd, "ledger.1"), 0);
    assert_int_equal(ledger_lock(ledger, TODAY), -1);
    assert_int_equal(errno, ESTALE);
    append(1); /* a new one in its place */
    assert_int_equal(ledger_lock(ledger, TODAY), -1);
    assert_int_equal(errno, ESTALE);
    assert_int_equal(renameat(fd, "ledger.1", fd, "ledger"), 0);
    assert_int_equal(ledger_lock(ledger, TODAY), 0);
    ledger_unlock(ledger);
    temporary_dir_write(&dir, "ledger", "", 0);
    assert_int_equal(ledger_lock(ledger, TODAY), -1);
    assert_int_equal(errno, ESTALE);
    ledger_close(ledger);
}

static void a_last_line_that_is_cut_anywhere_is_cut_off(void **state)
{
    char text[4 * LEDGER_LINE_CAP] = {0};
    (void)state;
    append(2);
    const size_t len = read_file(text, sizeof text);
    const size_t second = (size_t)(strchr(text, '\n') - text) + 1;
    for (size_t cut = second + 1; cut < len; cut += 17) {
        temporary_dir_write(&dir, "ledger", text, cut);
        struct ledger *const ledger = open_locked(TODAY);
        assert_int_equal(ledger_books(ledger, "alice", TODAY), 1);
        const struct ledger_entry entry = entry_of(1, "alice", TODAY + 1);
        assert_int_equal(ledger_append(ledger, &entry), 0);
        ledger_unlock(ledger);
        ledger_close(ledger);
        char again[sizeof text];
        assert_int_equal(read_file(again, sizeof again), len);
        assert_memory_equal(again, text, len);
    }
}

static void a_damaged_line_before_the_last_stops_everything(void **state)
{
    char text[4 * LEDGER_LINE_CAP] = {0};
    struct ledger *ledger = NULL;
    (void)state;
    append(3);
    const size_t len = read_file(text, sizeof text);
    text[len / 2] ^= 1;
    temporary_dir_write(&dir, "ledger", text, len);
    assert_int_equal(ledger_open(&ledger, fd), 0);
    assert_int_equal(ledger_lock(ledger, TODAY), -1);
    assert_int_equal(errno, EBADMSG);
    ledger_close(ledger);
}

static void a_ledger_that_others_can_read_is_refused(void **state)
{
    struct ledger *ledger = NULL;
    (void)state;
    append(1);
    assert_int_equal(fchmodat(fd, "ledger", 0640, 0), 0);
    assert_int_equal(ledger_open(&ledger, fd), -1);
    assert_int_equal(errno, EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        cmocka_unit_test(a_changed_or_cut_line_is_no_line),
        cmocka_unit_test(account_names_need_no_quoting),
        cmocka_unit_test_setup_teardown(a_ledger_finds_what_was_appended_also_by_another_process,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(books_are_counted_by_day_and_a_clock_set_back_gives_none,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(books_of_a_clock_that_ran_far_ahead_do_not_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_ledger_that_was_taken_away_or_cut_is_not_written_to,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_last_line_that_is_cut_anywhere_is_cut_off, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_line_before_the_last_stops_everything, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_ledger_that_others_can_read_is_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
