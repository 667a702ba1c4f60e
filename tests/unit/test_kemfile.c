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

#include "gateway/kemfile.h"
#include "lib/base/secret.h"
#include "tests/support/env.h"

/* 00 01 ... 3f and 00 01 ... 1f; written by Python's base64 module. */
static const char counting_text[] =
    "mlkem768 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"
    "Pw==\nxwing AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
#define FILE_LEN (sizeof counting_text - 1)

static char directory[32];
static char path[64];
static struct test_env test;
static struct keyfile_error error;

static int set_up(void **state)
{
    (void)state;
    test_env_init(&test, 5);
    strcpy(directory, "/tmp/lewes-test-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(path, sizeof path, "%s/key", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory); /* fails if a temporary file was left */
}

static void write_file(const char *text, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, text, len), len);
    close(fd);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_counting(const struct kemfile_seeds *seeds)
{
    for (uint8_t i = 0; i < 64; i++)
        assert_int_equal(seeds->mlkem768.bytes[i], i);
    for (uint8_t i = 0; i < 32; i++)
        assert_int_equal(seeds->xwing.bytes[i], i);
    assert_true(lewesi_is_zero(seeds->xwing.bytes + 32, 32));
}

static void assert_loaded(void)
{
    struct kemfile_seeds seeds;
    bool made = true;

    memset(&seeds, 0xee, sizeof seeds);
    assert_int_equal(kemfile_seeds(path, &test.env, &seeds, &made, &error), KEYFILE_OK);
    assert_false(made);
    assert_counting(&seeds);
    assert_int_equal(test.draws, 0);
}

static void assert_refused(const char *why)
{
    struct kemfile_seeds seeds;

    memset(&seeds, 0xee, sizeof seeds);
    assert_int_equal(kemfile_seeds(path, &test.env, &seeds, NULL, &error), KEYFILE_FAILED);
    assert_true(lewesi_is_zero(&seeds, sizeof seeds));
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, why));
    assert_null(strstr(error.text, "AAECAw")); /* the content is not repeated */
    assert_int_equal(test.draws, 0);
}

static void two_lines_are_two_keys(void **state)
{
    (void)state;
    write_file(counting_text, FILE_LEN, 0600);
    assert_loaded();
    write_file(counting_text, FILE_LEN - 1, 0400); /* without the last newline */
    assert_loaded();
}

static void a_file_that_others_may_use_is_refused(void **state)
{
    static const mode_t modes[] = {0604, 0602, 0601, 0640, 0620, 0610, 0644, 0666};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        write_file(counting_text, FILE_LEN, modes[i]);
        assert_refused("chmod 600");
    }
}

static void every_truncation_and_every_byte_more_is_refused(void **state)
{
    char longer[400];

    (void)state;
    for (size_t len = 0; len < FILE_LEN - 1; len++) {
        write_file(counting_text, len, 0600);
        assert_refused("not a file of KEM keys");
    }
    memset(longer, '\n', sizeof longer);
    memcpy(longer, counting_text, FILE_LEN);
    for (size_t len = FILE_LEN + 1; len <= sizeof longer; len++) {
        write_file(longer, len, 0600);
        assert_refused("not a file of KEM keys");
    }
}

static void every_foreign_byte_is_refused(void **state)
{
    char text[sizeof counting_text];

    (void)state;
    for (size_t i = 0; i < FILE_LEN - 1; i++) {
        memcpy(text, counting_text, sizeof text);
        text[i] = '*'; /* no letter of base64, and of no name */
        write_file(text, FILE_LEN, 0600);
        assert_refused("not a file of KEM keys");
    }
}

static void keys_are_made_once_and_then_loaded(void **state)
{
    struct kemfile_seeds first, second;
    struct stat st;
    bool made = false;
    mode_t mask = umask(0);

    (void)state;
    assert_int_equal(kemfile_seeds(path, &test.env, &first, &made, &error), KEYFILE_OK);
    umask(mask);
    assert_true(made);
    assert_int_equal(test.draws, 2);
    assert_false(lewesi_is_zero(first.mlkem768.bytes + 56, 8));
    assert_false(lewesi_is_zero(first.xwing.bytes + 24, 8));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, FILE_LEN);
    assert_int_equal(kemfile_seeds(path, &test.env, &second, &made, &error), KEYFILE_OK);
    assert_false(made);
    assert_int_equal(test.draws, 2);
    assert_memory_equal(&first, &second, sizeof first);
}

static void a_damaged_file_is_not_replaced(void **state)
{
    struct stat st;

    (void)state;
    write_file(counting_text, 40, 0600);
    assert_refused("backup");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 40);
}

static void without_randomness_no_file_is_made(void **state)
{
    struct kemfile_seeds seeds;
    struct stat st;

    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        test.draws = 0;
        test.fail_draw = n;
        assert_int_equal(kemfile_seeds(path, &test.env, &seeds, NULL, &error), KEYFILE_FAILED);
        assert_true(lewesi_is_zero(&seeds, sizeof seeds));
        assert_int_not_equal(stat(path, &st), 0);
    }
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    struct kemfile_seeds seeds;
    char deeper[80];

    (void)state;
    (void)snprintf(deeper, sizeof deeper, "%s/none/key", directory);
    assert_int_equal(kemfile_seeds(deeper, &test.env, &seeds, NULL, &error), KEYFILE_FAILED);
    assert_true(lewesi_is_zero(&seeds, sizeof seeds));
    assert_non_null(strstr(error.text, deeper));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_lines_are_two_keys),
        TEST(a_file_that_others_may_use_is_refused),
        TEST(every_truncation_and_every_byte_more_is_refused),
        TEST(every_foreign_byte_is_refused),
        TEST(keys_are_made_once_and_then_loaded),
        TEST(a_damaged_file_is_not_replaced),
        TEST(without_randomness_no_file_is_made),
        TEST(a_directory_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
