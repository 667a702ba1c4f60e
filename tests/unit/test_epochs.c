/* SPDX-License-Identifier: Apache-2.0 */
/* The file of verification keys (ecash.md E9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/epochs.h"
#include "tests/support/env.h"
#include "tests/support/minted.h"

#define TEXT_CAP 8192

static struct test_env env;
static struct minted minted;
static char vk[2 * LEWES_MINT_KEY_MAX + 1];

static int load(void **state)
{
    (void)state;
    test_env_init(&env, 5);
    minted_open(&minted, &env.env);
    for (size_t i = 0; i < minted.len; i++)
        snprintf(vk + 2 * i, 3, "%02x", minted.bytes[i]);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    minted_close(&minted);
    test_env_assert_clean(&env);
    return 0;
}

static struct epochs *read_good(const char *text)
{
    struct epochs *epochs = NULL;
    struct epochs_error error;
    if (epochs_read(&epochs, &env.env, minted.ecash,
                    &(struct epochs_text){"keys", text, strlen(text)}, &error) != 0)
        fail_msg("%s", error.text);
    return epochs;
}

static void assert_refused(const char *text, const char *place, const char *reason)
{
    struct epochs *epochs = NULL;
    struct epochs_error error;
    assert_int_equal(epochs_read(&epochs, &env.env, minted.ecash,
                                 &(struct epochs_text){"keys", text, strlen(text)}, &error),
                     -1);
    assert_null(epochs);
    assert_ptr_equal(strstr(error.text, place), error.text);
    assert_non_null(strstr(error.text, reason));
}

static void epochs_are_found_by_number(void **state)
{
    char text[TEXT_CAP];
    (void)state;
    snprintf(text, sizeof text,
             "# of our mint\n\nepoch 7 vk %s from 2026-11-01 to 2026-12-31 # a quarter\r\n"
             "  epoch\t8 vk %s to 2027-01-01",
             vk, vk);
    struct epochs *epochs = read_good(text);
    assert_int_equal(epochs_count(epochs), 2);
    assert_null(epochs_find(epochs, 6));
    const struct epoch *const seven = epochs_find(epochs, 7);
    assert_non_null(seven);
    assert_int_equal(seven->from, 1793491200); /* date -u -d 2026-11-01 +%s */
    assert_int_equal(seven->to, 1798675200);   /* date -u -d 2026-12-31 +%s */
    assert_int_equal(epochs_find(epochs, 8)->from, 0);
    assert_int_equal(epochs_find(epochs, 8)->to, 1798761600);
    epochs_drop(epochs);
}

static void a_set_lives_as_long_as_it_is_held(void **state)
{
    char text[TEXT_CAP];
    (void)state;
    snprintf(text, sizeof text, "epoch 1 vk %s\n", vk);
    struct epochs *epochs = read_good(text);
    assert_ptr_equal(epochs_hold(epochs), epochs);
    epochs_drop(epochs);
    assert_non_null(epochs_find(epochs, 1));
    epochs_drop(epochs);
    epochs_drop(NULL);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    char text[TEXT_CAP];
    static const char *const dates[] = {
        "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "26-01-01",
        "2026-1-1",   "2026/01/01", "2019-01-01", "2106-01-01", ""};
    (void)state;
    assert_refused("", "keys:0: ", "no epoch");
    assert_refused("# nothing\n", "keys:1: ", "no epoch");
    assert_refused("\nepoche 1\n", "keys:2: ", "begins with 'epoch'");
    assert_refused("epoch x vk 00\n", "keys:1: ", "takes a number");
    assert_refused("epoch -1 vk 00\n", "keys:1: ", "takes a number");
    assert_refused("epoch 9223372036854775808 vk 00\n", "keys:1: ", "takes a number");
    assert_refused("epoch 1 key 00\n", "keys:1: ", "'vk' is expected");
    assert_refused("epoch 1 vk 0g\n", "keys:1: ", "not hexadecimal");
    assert_refused("epoch 1 vk 000\n", "keys:1: ", "not hexadecimal");
    assert_refused("epoch 1 vk 00\n", "keys:1: ", "not a verification key");
    assert_refused("epoch 1 vk\n", "keys:1: ", "not a verification key");
    snprintf(text, sizeof text, "epoch 1 vk %s\nepoch 1 vk %s\n", vk, vk);
    assert_refused(text, "keys:2: ", "twice");
    snprintf(text, sizeof text, "epoch 1 vk %s since 2026-01-01\n", vk);
    assert_refused(text, "keys:1: ", "'from' or 'to'");
    snprintf(text, sizeof text, "epoch 1 vk %s from 2026-02-01 to 2026-01-31\n", vk);
    assert_refused(text, "keys:1: ", "ends before it begins");
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        snprintf(text, sizeof text, "epoch 1 vk %s from %s\n", vk, dates[i]);
        assert_refused(text, "keys:1: ", "takes a date");
    }
    snprintf(text, sizeof text, "epoch 1 vk %s from 2028-02-29\n", vk);
    epochs_drop(read_good(text));
}

static void a_file_that_is_cut_short_is_refused_or_whole(void **state)
{
    char text[TEXT_CAP];
    struct epochs *epochs = NULL;
    struct epochs_error error;
    (void)state;
    const size_t len = (size_t)snprintf(text, sizeof text, "epoch 1 vk %s from 2026-01-01\n", vk);
    const size_t key_end = len - strlen(" from 2026-01-01\n");
    for (size_t cut = 0; cut < len; cut++) {
        const int status = epochs_read(&epochs, &env.env, minted.ecash,
                                       &(struct epochs_text){"keys", text, cut}, &error);
        const bool whole = cut == key_end || cut == key_end + 1 || cut == len - 1;
        assert_int_equal(status, whole ? 0 : -1);
        if (whole)
            epochs_drop(epochs);
    }
}

static void a_missing_file_is_named(void **state)
{
    struct epochs *epochs = NULL;
    struct epochs_error error;
    (void)state;
    assert_int_equal(epochs_load(&epochs, &env.env, minted.ecash, "/nonexistent/keys", &error), -1);
    assert_non_null(strstr(error.text, "/nonexistent/keys: No such file"));
}

static void without_memory_there_is_no_set(void **state)
{
    char text[TEXT_CAP];
    struct epochs *epochs = NULL;
    struct epochs_error error;
    int status = -1;
    (void)state;
    snprintf(text, sizeof text, "epoch 1 vk %s\nepoch 2 vk %s\n", vk, vk);
    for (unsigned n = 1; status != 0; n++) {
        env.fail_allocation = env.allocations + n;
        status = epochs_read(&epochs, &env.env, minted.ecash,
                             &(struct epochs_text){"keys", text, strlen(text)}, &error);
        assert_true(n <= 4);
    }
    env.fail_allocation = 0;
    epochs_drop(epochs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(epochs_are_found_by_number),
        cmocka_unit_test(a_set_lives_as_long_as_it_is_held),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(a_file_that_is_cut_short_is_refused_or_whole),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(without_memory_there_is_no_set),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
