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

#include "gateway/keyfile.h"
#include "tests/support/env.h"

static char directory[32];
static char path[64];

/* 00 01 ... 1f, as base64 of RFC 4648 has it (the key of registration.md, example 1). */
static const char counting_text[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/lewes-test-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/key", directory);
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

static void assert_counting(const uint8_t secret[LEWES_KEY_LEN])
{
    for (uint8_t i = 0; i < LEWES_KEY_LEN; i++)
        assert_int_equal(secret[i], i);
}

static void assert_zero(const uint8_t secret[LEWES_KEY_LEN])
{
    static const uint8_t zero[LEWES_KEY_LEN];
    assert_memory_equal(secret, zero, LEWES_KEY_LEN);
}

static void a_line_of_base64_is_a_key(void **state)
{
    struct keyfile_error error;
    uint8_t secret[LEWES_KEY_LEN];
    (void)state;
    write_file(counting_text, 45, 0600);
    assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_OK);
    assert_counting(secret);
    write_file(counting_text, 44, 0400); /* without the newline */
    assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_OK);
    assert_counting(secret);
}

static void a_file_that_others_may_use_is_refused(void **state)
{
    static const mode_t modes[] = {0604, 0602, 0601, 0640, 0620, 0610, 0644, 0666};
    struct keyfile_error error;
    uint8_t secret[LEWES_KEY_LEN];
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        write_file(counting_text, 45, modes[i]);
        assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_FAILED);
        assert_zero(secret);
        assert_non_null(strstr(error.text, path));
        assert_non_null(strstr(error.text, "chmod 600"));
    }
}

static void every_truncation_and_every_byte_more_is_refused(void **state)
{
    struct keyfile_error error;
    uint8_t secret[LEWES_KEY_LEN];
    char longer[64];
    (void)state;
    for (size_t len = 0; len < 44; len++) {
        write_file(counting_text, len, 0600);
        assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_FAILED);
        assert_zero(secret);
    }
    for (int i = 0; i < 3; i++) {
        snprintf(longer, sizeof longer, "%s%s", counting_text, &"\n A"[i]);
        write_file(longer, strlen(longer), 0600);
        assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_FAILED);
        assert_zero(secret);
    }
    assert_null(strstr(error.text, "AAECAw")); /* the content is not repeated */
}

static void what_is_no_file_is_refused_or_absent(void **state)
{
    struct keyfile_error error;
    uint8_t secret[LEWES_KEY_LEN];
    (void)state;
    assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_ABSENT);
    assert_int_equal(keyfile_load(directory, secret, &error), KEYFILE_FAILED);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_FAILED);
    assert_non_null(strstr(error.text, "regular"));
}

static void a_key_is_written_for_its_owner_alone(void **state)
{
    struct keyfile_error error;
    struct stat st;
    char text[64];
    uint8_t secret[LEWES_KEY_LEN];
    mode_t mask = umask(0);
    (void)state;
    for (uint8_t i = 0; i < LEWES_KEY_LEN; i++)
        secret[i] = i;
    assert_int_equal(keyfile_create(path, secret, &error), KEYFILE_OK);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, text, sizeof text), 45);
    close(fd);
    assert_memory_equal(text, counting_text, 45);
}

static void a_key_never_takes_the_place_of_another(void **state)
{
    static const uint8_t other[LEWES_KEY_LEN] = {9};
    struct keyfile_error error;
    uint8_t secret[LEWES_KEY_LEN];
    (void)state;
    write_file(counting_text, 45, 0600);
    assert_int_equal(keyfile_create(path, other, &error), KEYFILE_EXISTS);
    assert_int_equal(keyfile_load(path, secret, &error), KEYFILE_OK);
    assert_counting(secret);
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    static const uint8_t secret[LEWES_KEY_LEN] = {9};
    struct keyfile_error error;
    char deeper[80];
    (void)state;
    snprintf(deeper, sizeof deeper, "%s/none/key", directory);
    assert_int_equal(keyfile_create(deeper, secret, &error), KEYFILE_FAILED);
    assert_non_null(strstr(error.text, deeper));
}

static void an_identity_is_made_once_and_then_loaded(void **state)
{
    struct test_env test;
    struct keyfile_error error;
    struct lewes_ed25519_seed first, second;
    bool made = false;
    (void)state;
    test_env_init(&test, 5);
    assert_int_equal(keyfile_identity(path, &test.env, &first, &made, &error), KEYFILE_OK);
    assert_true(made);
    assert_int_equal(keyfile_identity(path, &test.env, &second, &made, &error), KEYFILE_OK);
    assert_false(made);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(test.draws, 1);
}

static void a_wireguard_key_is_made_clamped(void **state)
{
    struct test_env test;
    struct keyfile_error error;
    struct lewes_wg_private first, second;
    (void)state;
    test_env_init(&test, 5);
    assert_int_equal(keyfile_wireguard(path, &test.env, &first, NULL, &error), KEYFILE_OK);
    assert_int_equal(first.bytes[0] & 7, 0);
    assert_int_equal(first.bytes[31] & 0xc0, 0x40);
    assert_int_equal(keyfile_wireguard(path, &test.env, &second, NULL, &error), KEYFILE_OK);
    assert_memory_equal(&first, &second, sizeof first);
}

static void a_damaged_key_is_not_replaced_by_a_new_one(void **state)
{
    struct test_env test;
    struct keyfile_error error;
    struct lewes_ed25519_seed seed;
    struct stat st;
    (void)state;
    test_env_init(&test, 5);
    write_file(counting_text, 40, 0600);
    assert_int_equal(keyfile_identity(path, &test.env, &seed, NULL, &error), KEYFILE_FAILED);
    assert_zero(seed.bytes);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 40);
}

static void without_randomness_no_file_is_made(void **state)
{
    struct test_env test;
    struct keyfile_error error;
    struct lewes_ed25519_seed seed;
    struct stat st;
    (void)state;
    test_env_init(&test, 5);
    test.fail_draw = 1;
    assert_int_equal(keyfile_identity(path, &test.env, &seed, NULL, &error), KEYFILE_FAILED);
    assert_zero(seed.bytes);
    assert_int_not_equal(stat(path, &st), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_of_base64_is_a_key),
        TEST(a_file_that_others_may_use_is_refused),
        TEST(every_truncation_and_every_byte_more_is_refused),
        TEST(what_is_no_file_is_refused_or_absent),
        TEST(a_key_is_written_for_its_owner_alone),
        TEST(a_key_never_takes_the_place_of_another),
        TEST(a_directory_that_is_not_there_is_named),
        TEST(an_identity_is_made_once_and_then_loaded),
        TEST(a_wireguard_key_is_made_clamped),
        TEST(a_damaged_key_is_not_replaced_by_a_new_one),
        TEST(without_randomness_no_file_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
