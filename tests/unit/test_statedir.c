/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/statedir.h"

static void an_url_names_its_database(void **state)
{
    (void)state;
    assert_string_equal(statedir_database("sqlite:/var/lib/lewes/lewes.db"),
                        "/var/lib/lewes/lewes.db");
    assert_string_equal(statedir_database("sqlite:x"), "x");
    assert_null(statedir_database("sqlite:"));
    assert_null(statedir_database("SQLITE:x"));
    assert_null(statedir_database("postgresql://host/lewes"));
    assert_null(statedir_database(""));
}

static void one_program_at_a_time_has_the_directory(void **state)
{
    char directory[] = "/tmp/lewes-test-XXXXXX", database[64], other[64], lock[64], pid[40];
    struct statedir_error error = {""};
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(database, sizeof database, "%s/lewes.db", directory);
    snprintf(other, sizeof other, "%s/other.db", directory);
    snprintf(lock, sizeof lock, "%s/lewesd.lock", directory);
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    int fd = statedir_lock(database, &error);
    assert_true(fd >= 0);
    assert_int_equal(statedir_lock(other, &error), -1);
    assert_non_null(strstr(error.text, directory));
    assert_non_null(strstr(error.text, pid));
    close(fd);
    fd = statedir_lock(database, &error); /* the file that was left does not matter */
    assert_true(fd >= 0);
    close(fd);
    unlink(lock);
    assert_int_equal(rmdir(directory), 0);
}

static void a_lock_ends_with_its_program(void **state)
{
    char directory[] = "/tmp/lewes-test-XXXXXX", database[64], lock[64];
    struct statedir_error error;
    int status;
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(database, sizeof database, "%s/lewes.db", directory);
    snprintf(lock, sizeof lock, "%s/lewesd.lock", directory);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(statedir_lock(database, &error) < 0); /* and is gone without closing it */
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    int fd = statedir_lock(database, &error);
    assert_true(fd >= 0);
    close(fd);
    unlink(lock);
    assert_int_equal(rmdir(directory), 0);
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    struct statedir_error error;
    char path[SETTINGS_TEXT + 50];
    (void)state;
    assert_int_equal(statedir_lock("/nonexistent/a/lewes.db", &error), -1);
    assert_non_null(strstr(error.text, "/nonexistent/a"));
    assert_non_null(strstr(error.text, "storage.url"));
    memset(path, 'x', sizeof path);
    path[sizeof path - 2] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(statedir_lock(path, &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_url_names_its_database),
        cmocka_unit_test(one_program_at_a_time_has_the_directory),
        cmocka_unit_test(a_lock_ends_with_its_program),
        cmocka_unit_test(a_directory_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
