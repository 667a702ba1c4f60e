/* SPDX-License-Identifier: Apache-2.0 */
/* Files are replaced as a whole; what is no file is left alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/secret_file.h"
#include "host/state_files.h"

static char directory[sizeof "/tmp/lewes-files-XXXXXX"];
static char path[128];
static int dir;

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/lewes-files-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/name", directory);
    dir = state_dir_open(directory);
    return dir >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(dir);
    unlink(path);
    return rmdir(directory); /* nothing else may be left */
}

static void a_file_is_replaced(void **state)
{
    uint8_t bytes[8];
    (void)state;
    assert_int_equal(state_file_replace(dir, "name", (const uint8_t *)"one", 3), 0);
    assert_int_equal(state_file_replace(dir, "name", (const uint8_t *)"other", 5), 0);
    assert_int_equal(state_file_read(dir, "name", bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "other", 5);
    assert_int_equal(secret_file_write(path, "third", 5), 0);
    assert_int_equal(state_file_read(dir, "name", bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "third", 5);
}

/* As root, a rename onto a device would take it from everybody. */
static void what_is_no_file_is_not_replaced(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(state_file_replace(dir, "name", (const uint8_t *)"one", 3), -1);
    assert_int_equal(errno, ENOTSUP);
    assert_int_equal(secret_file_write(path, "one", 3), -1);
    assert_int_equal(errno, ENOTSUP);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
}

/* In a directory such as /tmp somebody else may have been there first, with a file that he can read
 * or a link to one of ours. */
static void the_temporary_file_is_a_new_one(void **state)
{
    struct stat st;
    uint8_t bytes[8];
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        assert_int_equal(state_file_replace(dir, "other", (const uint8_t *)"mine", 4), 0);
        if (kind == 0)
            assert_int_equal(linkat(dir, "other", dir, "name.new", 0), 0);
        else if (kind == 1)
            assert_int_equal(symlinkat("other", dir, "name.new"), 0);
        else
            assert_int_equal(renameat(dir, "other", dir, "name.new"), 0);
        if (kind == 2)
            assert_int_equal(fchmodat(dir, "name.new", 0666, 0), 0);
        assert_int_equal(state_file_replace(dir, "name", (const uint8_t *)"secret", 6), 0);
        assert_int_equal(fstatat(dir, "name", &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(st.st_mode, S_IFREG | 0600);
        assert_int_equal(st.st_nlink, 1);
        if (kind < 2) {
            assert_int_equal(state_file_read(dir, "other", bytes, sizeof bytes), 4);
            assert_memory_equal(bytes, "mine", 4);
            assert_int_equal(unlinkat(dir, "other", 0), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_temporary_file_is_a_new_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_replaced, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
