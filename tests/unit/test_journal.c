/* SPDX-License-Identifier: Apache-2.0 */
/* The journal on disk: what was put is there, after failures and crashes, too. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/journal_form.h"
#include "tests/support/disk_faults.h"
#include "tests/support/env.h"
#include "tests/support/journal_entries.h"
#include "tests/support/temporary_dir.h"

static const struct lewes_ed25519_public gateway = {{9, 8, 7}};
static const uint8_t key[LEWES_KEY_LEN] = {1, 2, 3};

struct place {
    struct temporary_dir dir;
    char journal[TEMPORARY_PATH_CAP]; /* made by the journal itself */
    struct test_env env;
};

static int set_up(void **state)
{
    static struct place place;
    memset(&disk_faults, 0, sizeof disk_faults);
    temporary_dir_make(&place.dir);
    temporary_dir_path(&place.dir, place.journal, "a/journal");
    test_env_init(&place.env, 1);
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    test_env_assert_clean(&place->env);
    temporary_dir_remove(&place->dir);
    return 0;
}

static int try_open(struct place *place, struct journal **journal)
{
    return journal_open(journal, place->journal, &gateway, key, &place->env.env);
}

static struct journal *open_journal(struct place *place)
{
    struct journal *journal = NULL;
    assert_int_equal(try_open(place, &journal), 0);
    return journal;
}

static void assert_open_fails(struct place *place, int error)
{
    struct journal *journal = NULL;
    errno = 0;
    assert_int_equal(try_open(place, &journal), -1);
    assert_int_equal(errno, error);
    assert_null(journal);
}

static void put(struct place *place, uint8_t number)
{
    struct journal_entry entry;
    struct journal *journal = open_journal(place);
    journal_entry_make(&entry, number);
    assert_int_equal(journal_put(journal, &entry), 0);
    journal_close(journal);
}

static bool holds(struct place *place, uint8_t number)
{
    struct journal_entry entry;
    struct journal *journal = open_journal(place);
    journal_entry_make(&entry, number);
    bool same = journal_entry_is(journal_entry(journal), &entry);
    journal_close(journal);
    return same;
}

static void entry_path(struct place *place, char path[TEMPORARY_PATH_CAP])
{
    char lock[TEMPORARY_PATH_CAP];
    temporary_dir_find(&place->dir, "a/journal", ".lock", lock);
    snprintf(path, TEMPORARY_PATH_CAP, "%.*s", (int)(strlen(lock) - strlen(".lock")), lock);
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file)
        abort();
    return file;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* ---- what it is for ---- */

static void nothing_is_known_at_first(void **state)
{
    struct place *place = *state;
    const struct journal_entry nothing = {0};
    struct journal *journal = open_journal(place);
    assert_true(journal_entry_is(journal_entry(journal), &nothing));
    assert_int_equal(journal_entry(journal)->coin, JOURNAL_NONE);
    journal_close(journal);
}

static void what_was_put_is_known_now_and_later(void **state)
{
    struct place *place = *state;
    struct journal_entry entry;
    struct journal *journal = open_journal(place);
    journal_entry_make(&entry, 1);
    assert_int_equal(journal_put(journal, &entry), 0);
    assert_true(journal_entry_is(journal_entry(journal), &entry));
    journal_close(journal);
    journal = open_journal(place);
    assert_true(journal_entry_is(journal_entry(journal), &entry));
    assert_ptr_equal(journal_entry(journal)->credential.payment, journal_entry(journal)->payment);
    journal_entry_make(&entry, 2);
    assert_int_equal(journal_put(journal, &entry), 0);
    journal_close(journal);
    assert_true(holds(place, 2));
}

static void each_gateway_and_key_has_an_entry_of_its_own(void **state)
{
    struct place *place = *state;
    struct journal *one = NULL, *two = NULL;
    const struct lewes_ed25519_public other_gateway = {{9, 8, 6}};
    const uint8_t other_key[LEWES_KEY_LEN] = {1, 2, 4};
    put(place, 1);
    assert_int_equal(journal_open(&one, place->journal, &other_gateway, key, &place->env.env), 0);
    assert_int_equal(journal_open(&two, place->journal, &gateway, other_key, &place->env.env), 0);
    assert_int_equal(journal_entry(one)->coin, JOURNAL_NONE);
    assert_int_equal(journal_entry(two)->coin, JOURNAL_NONE);
    journal_close(one);
    journal_close(two);
    assert_true(holds(place, 1));
}

static void nobody_else_may_read_it(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP];
    mode_t before = umask(0);
    put(place, 1);
    umask(before);
    assert_int_equal(mode_of(place->journal), 0700);
    temporary_dir_path(&place->dir, path, "a");
    assert_int_equal(mode_of(path), 0700);
    entry_path(place, path);
    assert_int_equal(mode_of(path), 0600);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    journal_close(NULL);
}

/* ---- others ---- */

static void an_entry_is_for_one_at_a_time(void **state)
{
    struct place *place = *state;
    int status;
    struct journal *journal = open_journal(place);
    assert_open_fails(place, EBUSY);
    pid_t child = fork();
    if (child == 0) {
        struct journal *theirs;
        close(0);
        _exit(try_open(place, &theirs) == -1 && errno == EBUSY ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    journal_close(journal);
    journal_close(open_journal(place));
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP];
    put(place, 1);
    entry_path(place, path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_open_fails(place, EPERM);
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(holds(place, 1));
}

static void a_directory_in_which_others_may_write_is_refused(void **state)
{
    struct place *place = *state;
    put(place, 1);
    assert_int_equal(chmod(place->journal, 0770), 0);
    assert_open_fails(place, EPERM);
    assert_int_equal(chmod(place->journal, 0700), 0);
}

static void a_file_where_the_directory_should_be_is_an_error(void **state)
{
    struct place *place = *state;
    temporary_dir_write(&place->dir, "a", "", 0);
    assert_open_fails(place, ENOTDIR);
}

/* ---- age ---- */

static void age(const char *path, time_t days)
{
    const struct timespec then = {.tv_sec = time(NULL) - days * 24 * 60 * 60};
    const struct timespec times[2] = {then, then};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Opens and closes another entry. */
static void visit(struct place *place)
{
    struct journal *journal = NULL;
    const uint8_t other_key[LEWES_KEY_LEN] = {7};
    assert_int_equal(journal_open(&journal, place->journal, &gateway, other_key, &place->env.env),
                     0);
    journal_close(journal);
}

static void what_has_not_changed_for_a_month_is_removed(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP];
    put(place, 1);
    entry_path(place, path);
    age(path, 29);
    visit(place);
    assert_int_equal(access(path, F_OK), 0);
    age(path, 31);
    visit(place);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(temporary_dir_count(&place->dir, "a/journal"), 1); /* the visitor's lock */
}

static void what_somebody_has_open_is_not_removed(void **state)
{
    struct place *place = *state;
    struct journal_entry entry;
    char path[TEMPORARY_PATH_CAP];
    put(place, 1);
    entry_path(place, path);
    age(path, 31);
    struct journal *journal = open_journal(place);
    visit(place);
    assert_int_equal(access(path, F_OK), 0);
    journal_entry_make(&entry, 2);
    assert_int_equal(journal_put(journal, &entry), 0);
    journal_close(journal);
    visit(place);
    assert_true(holds(place, 2));
}

static void a_lock_without_an_entry_is_removed_when_it_is_old(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP];
    journal_close(open_journal(place));
    temporary_dir_find(&place->dir, "a/journal", ".lock", path);
    age(path, 31);
    visit(place);
    assert_int_equal(access(path, F_OK), -1);
}

/* ---- damage ---- */

static void a_damaged_entry_is_set_aside_as_it_is(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP], bad[TEMPORARY_PATH_CAP], text[16];
    put(place, 1);
    entry_path(place, path);
    FILE *file = open_file(path, "w");
    fputs("rubbish", file);
    assert_int_equal(fclose(file), 0);
    assert_open_fails(place, EBADMSG);
    temporary_dir_find(&place->dir, "a/journal", ".bad", bad);
    file = open_file(bad, "r");
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "rubbish");
    const struct journal_entry nothing = {0};
    struct journal *journal = open_journal(place);
    assert_true(journal_entry_is(journal_entry(journal), &nothing));
    journal_close(journal);
}

static void a_file_longer_than_any_entry_is_damaged(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP];
    put(place, 1);
    entry_path(place, path);
    assert_int_equal(truncate(path, 1 << 20), 0);
    assert_open_fails(place, EBADMSG);
    journal_close(open_journal(place));
}

static void an_entry_of_a_later_version_stays(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP];
    uint8_t bytes[JOURNAL_FORM_CAP];
    put(place, 1);
    entry_path(place, path);
    FILE *file = open_file(path, "r+");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    assert_true(len > 8);
    bytes[8]++;
    uint64_t crc = journal_checksum(bytes, len - 8);
    for (size_t i = 0; i < 8; i++)
        bytes[len - 8 + i] = (uint8_t)(crc >> (8 * i));
    assert_int_equal(fseek(file, 0, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_open_fails(place, ENOTSUP);
    assert_int_equal(temporary_dir_count(&place->dir, "a/journal"), 2); /* entry and lock */
}

static void an_entry_that_makes_no_sense_is_not_put(void **state)
{
    struct place *place = *state;
    struct journal_entry entry;
    put(place, 1);
    struct journal *journal = open_journal(place);
    journal_entry_make(&entry, 2);
    entry.credential.payment_len = 0;
    assert_int_equal(journal_put(journal, &entry), -1);
    assert_int_equal(errno, EINVAL);
    journal_entry_make(&entry, 1);
    assert_true(journal_entry_is(journal_entry(journal), &entry));
    journal_close(journal);
    assert_true(holds(place, 1));
}

/* ---- failures and crashes ---- */

static void what_is_put_is_synced_before_it_counts(void **state)
{
    struct place *place = *state;
    struct journal_entry entry;
    struct journal *journal = open_journal(place);
    journal_entry_make(&entry, 1);
    memset(&disk_faults, 0, sizeof disk_faults);
    assert_int_equal(journal_put(journal, &entry), 0);
    assert_string_equal(disk_faults.order, "owsrs");
    journal_close(journal);
}

/* Returns true while there is an n-th call. */
static bool put_fails_at(struct place *place, unsigned n)
{
    struct journal_entry old, new;
    put(place, 1);
    struct journal *journal = open_journal(place);
    journal_entry_make(&old, 1);
    journal_entry_make(&new, 2);
    disk_faults = (struct disk_faults){.fail_at = n};
    int failed = journal_put(journal, &new);
    int error = errno;
    bool met = disk_faults.calls >= n;
    bool renamed = strchr(disk_faults.order, 'r') && disk_faults.order[n - 1] != 'r';
    memset(&disk_faults, 0, sizeof disk_faults);
    assert_int_equal(failed, met ? -1 : 0);
    if (met)
        assert_int_equal(error, EIO);
    assert_true(journal_entry_is(journal_entry(journal), met ? &old : &new));
    journal_close(journal);
    assert_true(holds(place, renamed ? 2 : 1));
    assert_int_equal(temporary_dir_count(&place->dir, "a/journal"), 2);
    return met;
}

static void a_call_that_fails_leaves_the_old_entry(void **state)
{
    unsigned n = 1;
    while (put_fails_at(*state, n))
        n++;
    assert_int_equal(n, 6); /* open, write, sync, rename, sync */
}

/* Puts entry 2 in a process that dies at its n-th call. Returns false if there is none. */
static bool put_dies_at(struct place *place, unsigned n)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct journal_entry entry;
        struct journal *journal = open_journal(place);
        journal_entry_make(&entry, 2);
        disk_faults = (struct disk_faults){.die_at = n};
        _exit(journal_put(journal, &entry) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DISK_DEATH);
    return WEXITSTATUS(status) == DISK_DEATH;
}

static void a_crash_leaves_the_old_or_the_new_entry(void **state)
{
    struct place *place = *state;
    unsigned n = 0;
    bool died;
    do {
        put(place, 1);
        died = put_dies_at(place, ++n);
        bool old = holds(place, 1), new = holds(place, 2);
        assert_true(old != new);
        if (!died)
            assert_true(new);
    } while (died);
    assert_int_equal(n, 6);
}

static void a_crash_during_the_first_entry_leaves_none_or_it(void **state)
{
    struct place *place = *state;
    const struct journal_entry nothing = {0};
    for (unsigned n = 1; n < 6; n++) {
        struct temporary_dir dir = place->dir;
        temporary_dir_make(&place->dir);
        temporary_dir_path(&place->dir, place->journal, "a/journal");
        assert_true(put_dies_at(place, n));
        struct journal *journal = open_journal(place);
        bool none = journal_entry_is(journal_entry(journal), &nothing);
        journal_close(journal);
        assert_true(none != holds(place, 2));
        temporary_dir_remove(&place->dir);
        place->dir = dir;
    }
}

static void a_damaged_entry_that_cannot_be_set_aside_is_refused_all_the_same(void **state)
{
    struct place *place = *state;
    char path[TEMPORARY_PATH_CAP];
    put(place, 1);
    entry_path(place, path);
    assert_int_equal(truncate(path, 3), 0);
    disk_faults = (struct disk_faults){.fail_at = 2}; /* after the lock is opened */
    assert_open_fails(place, EIO);
    memset(&disk_faults, 0, sizeof disk_faults);
    assert_open_fails(place, EBADMSG);
}

static void without_memory_nothing_is_opened(void **state)
{
    struct place *place = *state;
    place->env.fail_allocation = place->env.allocations + 1;
    assert_open_fails(place, ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_known_at_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_put_is_known_now_and_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_gateway_and_key_has_an_entry_of_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_else_may_read_it, set_up, tear_down),
        cmocka_unit_test(closing_nothing_is_fine),
        cmocka_unit_test_setup_teardown(an_entry_is_for_one_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_others_may_read_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_in_which_others_may_write_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_where_the_directory_should_be_is_an_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_has_not_changed_for_a_month_is_removed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_somebody_has_open_is_not_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_without_an_entry_is_removed_when_it_is_old, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_entry_is_set_aside_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_longer_than_any_entry_is_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_entry_of_a_later_version_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_entry_that_makes_no_sense_is_not_put, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_put_is_synced_before_it_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_that_fails_leaves_the_old_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_leaves_the_old_or_the_new_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_during_the_first_entry_leaves_none_or_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_damaged_entry_that_cannot_be_set_aside_is_refused_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_opened, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
