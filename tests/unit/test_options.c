/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/options.h"

static struct options options;
static struct options_error error;

static int read_words(const char *const *words)
{
    static char copies[128][64];
    char *argv[128] = {copies[0]};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        (void)snprintf(copies[argc], sizeof copies[argc], "%s", words[argc - 1]);
        argv[argc] = copies[argc];
    }
    error.text[0] = '\0';
    return options_read(&options, argc, argv, &error);
}

#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

static void nothing_means_run_with_the_usual_file(void **state)
{
    (void)state;
    assert_int_equal(READ(NULL), 0);
    assert_int_equal(options.action, OPTIONS_RUN);
    assert_string_equal(options.config, "/etc/lewes/lewesd.conf");
    assert_int_equal(options.set_count, 0);
}

static void values_follow_or_hang_on(void **state)
{
    (void)state;
    assert_int_equal(READ("--config", "a.conf", "--set", "log.level=debug", "--set=x.y=z=1"), 0);
    assert_string_equal(options.config, "a.conf");
    assert_int_equal(options.set_count, 2);
    assert_string_equal(options.set[0], "log.level=debug");
    assert_string_equal(options.set[1], "x.y=z=1");
    assert_int_equal(READ("--config=b.conf"), 0);
    assert_string_equal(options.config, "b.conf");
}

static void each_action_has_its_word(void **state)
{
    (void)state;
    assert_int_equal(READ("--check"), 0);
    assert_int_equal(options.action, OPTIONS_CHECK);
    assert_int_equal(READ("--print-config"), 0);
    assert_int_equal(options.action, OPTIONS_PRINT_CONFIG);
    assert_int_equal(READ("--identity", "--config", "x"), 0);
    assert_int_equal(options.action, OPTIONS_IDENTITY);
    assert_int_equal(READ("--describe"), 0);
    assert_int_equal(options.action, OPTIONS_DESCRIBE);
    assert_int_equal(READ("--export"), 0);
    assert_int_equal(options.action, OPTIONS_EXPORT);
    assert_int_equal(READ("--version"), 0);
    assert_int_equal(options.action, OPTIONS_VERSION);
    assert_int_equal(READ("--help"), 0);
    assert_int_equal(options.action, OPTIONS_HELP);
}

static void refuse(int result, const char *word)
{
    assert_int_equal(result, -1);
    assert_non_null(strstr(error.text, word));
}

static void wrong_words_are_named(void **state)
{
    (void)state;
    refuse(READ("--confg"), "--confg");
    refuse(READ("lewesd.conf"), "lewesd.conf");
    refuse(READ("--config"), "--config");
    refuse(READ("--check", "--set"), "--set");
    refuse(READ("--check=yes"), "--check");
    refuse(READ("--check", "--identity"), "--identity");
    refuse(READ("-c"), "-c");
}

static void there_is_room_for_so_many_settings(void **state)
{
    const char *words[OPTIONS_SET_MAX + 2] = {NULL};
    (void)state;
    for (size_t i = 0; i < OPTIONS_SET_MAX; i++)
        words[i] = "--set=log.level=info";
    assert_int_equal(read_words(words), 0);
    words[OPTIONS_SET_MAX] = "--set=one.more=1";
    refuse(read_words(words), "one.more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_means_run_with_the_usual_file),
        cmocka_unit_test(values_follow_or_hang_on),
        cmocka_unit_test(each_action_has_its_word),
        cmocka_unit_test(wrong_words_are_named),
        cmocka_unit_test(there_is_room_for_so_many_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
