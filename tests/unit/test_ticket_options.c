/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `lewes ticket`: what it takes, and what is wrong is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/ticket_options.h"
#include "tests/support/command_words.h"

static struct ticket_arguments arguments;

static enum parse_result parse(int argc, char **argv)
{
    return ticket_parse(&arguments, argc, argv);
}

#define ACCEPT(...) words_accept(parse, (const char *const[]){__VA_ARGS__, NULL})
#define REFUSE(word, ...) words_refuse(parse, word, (const char *const[]){__VA_ARGS__, NULL})
#define WITHDRAW(url) "withdraw", "--mint", url, "--token-file", "t", "--type", "wg-exit"

static void an_action_has_its_files(void **state)
{
    (void)state;
    ACCEPT("import", "a", "b");
    assert_int_equal(arguments.action, TICKET_IMPORT);
    assert_int_equal(arguments.file_count, 2);
    assert_string_equal(arguments.files[1], "b");
    ACCEPT("--books", "d", "list", "--json");
    assert_int_equal(arguments.action, TICKET_LIST);
    assert_string_equal(arguments.books, "d");
    assert_true(arguments.json);
    ACCEPT("show", "a", "--json");
    assert_int_equal(arguments.action, TICKET_SHOW);
    assert_string_equal(arguments.files[0], "a");
    REFUSE("is missing", "--json");
    REFUSE("none of import", "steal");
    REFUSE("import takes the files", "import");
    REFUSE("show takes the file", "show");
    REFUSE("show takes the file", "show", "a", "b");
    REFUSE("take no files", "list", "a");
    REFUSE("--json is for", "import", "a", "--json");
    REFUSE("takes a path", "list", "--books", "");
    REFUSE("--what", "list", "--what");
}

static void a_withdrawal_says_where_who_and_what(void **state)
{
    (void)state;
    ACCEPT(WITHDRAW("https://mint.example:8443"));
    assert_int_equal(arguments.action, TICKET_WITHDRAW);
    assert_int_equal(arguments.type, LEWES_TICKET_WG_EXIT);
    assert_string_equal(arguments.token_file, "t");
    assert_string_equal(arguments.mint, "https://mint.example:8443");
    REFUSE("needs --mint", "withdraw", "--mint", "https://m", "--token-file", "t");
    REFUSE("needs --mint", "withdraw", "--mint", "https://m", "--type", "wg-exit");
    REFUSE("needs --mint", "withdraw", "--token-file", "t", "--type", "wg-exit");
    REFUSE("--type takes", "withdraw", "--type", "gold");
    REFUSE("are for withdraw", "list", "--type", "wg-exit");
    REFUSE("take no files", WITHDRAW("https://m"), "file");
}

static void a_token_travels_in_clear_within_this_machine_alone(void **state)
{
    char longest[WORDS_CAP] = "https://";
    (void)state;
    ACCEPT(WITHDRAW("http://127.0.0.1:8090"));
    ACCEPT(WITHDRAW("http://[::1]:8090/"));
    ACCEPT(WITHDRAW("http://localhost"));
    REFUSE("--mint takes", WITHDRAW("http://mint.example"));
    REFUSE("--mint takes", WITHDRAW("http://127.0.0.1.example"));
    REFUSE("--mint takes", WITHDRAW("http://localhost@mint.example"));
    REFUSE("--mint takes", WITHDRAW("http://localhost:1@mint.example"));
    REFUSE("--mint takes", WITHDRAW("https://"));
    REFUSE("--mint takes", WITHDRAW("file:///etc/passwd"));
    memset(longest + 8, 'a', 255 - 8);
    ACCEPT(WITHDRAW(longest));
    longest[255] = 'a';
    REFUSE("at most 255", WITHDRAW(longest));
}

static void help_names_every_action(void **state)
{
    char *said;
    (void)state;
    assert_int_equal(
        words_parse(parse, (const char *const[]){"list", "--help", NULL}, &stdout, &said),
        PARSE_HELP);
    assert_non_null(strstr(said, "lewes ticket import"));
    assert_non_null(strstr(said, "--token-file"));
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_has_its_files),
        cmocka_unit_test(a_withdrawal_says_where_who_and_what),
        cmocka_unit_test(a_token_travels_in_clear_within_this_machine_alone),
        cmocka_unit_test(help_names_every_action),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
