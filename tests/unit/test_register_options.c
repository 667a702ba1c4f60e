/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `lewes register`: every option, and what is wrong is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/register_options.h"
#include "tests/support/command_words.h"

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): arguments are put together */
/* Identities of RFC 8032, 7.1, tests 1 and 2, in base58. */
#define ONE "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
#define TWO "586Z7H2vpX9qNhN2T4e9Utugie3ogjbxzGaMtM3E6HR5"
#define MOCK "--ticket", "mock"
#define SINGLE "--gateway", ONE "@gw.example.org", MOCK
#define HOPS "--entry", ONE "@gw.example.org", "--exit", TWO "@192.0.2.7", MOCK
#define OUTS "--entry-out", "e.conf", "--out", "x.conf"

static struct register_arguments arguments;

static enum parse_result parse(int argc, char **argv)
{
    return register_parse(&arguments, argc, argv);
}

#define ACCEPT(...) words_accept(parse, (const char *const[]){__VA_ARGS__, NULL})
#define REFUSE(word, ...) words_refuse(parse, word, (const char *const[]){__VA_ARGS__, NULL})

static void a_single_gateway_is_enough(void **state)
{
    (void)state;
    ACCEPT(SINGLE);
    const struct hop_arguments *entry = &arguments.hops[LEWES_HOP_ENTRY];
    char identity[LEWES_BASE58_CAP];
    lewes_base58_encode(identity, entry->gateway.bytes);
    assert_string_equal(identity, ONE);
    assert_string_equal(entry->host, "gw.example.org");
    assert_int_equal(entry->port, 0);
    assert_true(entry->given && !arguments.two_hops && !arguments.hops[LEWES_HOP_EXIT].given);
    assert_null(entry->wg_key);
    assert_null(entry->out);
    assert_int_equal(arguments.mode, LEWES_MODE_DVPN);
    assert_int_equal(arguments.kem, LEWES_CHOOSE_AUTO);
    assert_false(arguments.require_pq || arguments.no_early || arguments.top_up ||
                 arguments.no_journal || arguments.json || arguments.clock_from_info ||
                 arguments.fallback_after_maybe_spent);
    assert_null(arguments.journal);
    assert_null(arguments.cache);
    assert_null(arguments.fallback);
    assert_string_equal(hop_title(&arguments, LEWES_HOP_ENTRY), "the gateway");
}

static void hosts_are_names_or_addresses_with_or_without_a_port(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } rows[] = {
        {ONE "@h", "h", 0},
        {ONE "@h:1", "h", 1},
        {ONE "@192.0.2.1:65535", "192.0.2.1", 65535},
        {ONE "@[2001:db8::7]", "2001:db8::7", 0},
        {ONE "@[::1]:41264", "::1", 41264},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ACCEPT("--gateway", rows[i].text, MOCK);
        assert_string_equal(arguments.hops[0].host, rows[i].host);
        assert_int_equal(arguments.hops[0].port, rows[i].port);
    }
}

static void hosts_that_cannot_be_are_refused(void **state)
{
    static const char *const texts[] = {
        ONE,         ONE "@",     ONE "@:1",   ONE "@h:", ONE "@h:0",   ONE "@h:65536", ONE "@h:-1",
        ONE "@h: 1", ONE "@h:1x", ONE "@[::1", ONE "@[]", ONE "@[h]:1", ONE "@[::1]x",  ONE "@::1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        REFUSE("--gateway takes IDENTITY@HOST", "--gateway", texts[i], MOCK);
}

static void identities_that_cannot_be_are_refused(void **state)
{
    /* too short, a foreign character, no point */
    static const char *const texts[] = {"abc@h", "0" ONE "@h", "@h", "",
                                        "11111111111111111111111111111111@h"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        REFUSE("--gateway begins with an identity", "--gateway", texts[i], MOCK);
        REFUSE("--exit begins with an identity", "--exit", texts[i], MOCK);
    }
}

static void two_hops_have_an_argument_for_each(void **state)
{
    (void)state;
    ACCEPT(HOPS, OUTS, "--wg-key", "x.key", "--entry-wg-key", "e.key", "--gateway-info", "e.json",
           "--exit-info", "x.json");
    const struct hop_arguments *entry = &arguments.hops[LEWES_HOP_ENTRY];
    const struct hop_arguments *exit = &arguments.hops[LEWES_HOP_EXIT];
    assert_true(arguments.two_hops);
    assert_string_equal(entry->host, "gw.example.org");
    assert_string_equal(exit->host, "192.0.2.7");
    assert_memory_not_equal(&entry->gateway, &exit->gateway, sizeof entry->gateway);
    assert_string_equal(entry->out, "e.conf");
    assert_string_equal(exit->out, "x.conf");
    assert_string_equal(entry->wg_key, "e.key");
    assert_string_equal(exit->wg_key, "x.key");
    assert_string_equal(entry->info, "e.json");
    assert_string_equal(exit->info, "x.json");
    assert_string_equal(hop_title(&arguments, LEWES_HOP_ENTRY), "the entry");
    assert_string_equal(hop_title(&arguments, LEWES_HOP_EXIT), "the exit");
}

static void gateways_that_do_not_fit_together_are_refused(void **state)
{
    (void)state;
    REFUSE("--gateway is missing", MOCK);
    REFUSE("--exit needs an --entry", "--exit", TWO "@192.0.2.7", MOCK);
    REFUSE("--entry needs an --exit", "--entry", ONE "@h", MOCK);
    REFUSE("one hop", SINGLE, "--exit", TWO "@192.0.2.7");
    REFUSE("must be an IP address", "--entry", ONE "@h", "--exit", TWO "@host", MOCK, OUTS);
    ACCEPT("--entry", ONE "@h", "--exit", TWO "@[2001:db8::7]:1", MOCK, OUTS);
    REFUSE("--exit-info needs an --exit", SINGLE, "--exit-info", "f");
    REFUSE("--clock-from-info needs", SINGLE, "--clock-from-info");
    ACCEPT(SINGLE, "--clock-from-info", "--gateway-info", "f");
    assert_true(arguments.clock_from_info);
}

static void keys_and_profiles_have_places(void **state)
{
    (void)state;
    ACCEPT(SINGLE, "--wg-key", "k", "--out", "p");
    assert_string_equal(arguments.hops[0].wg_key, "k");
    assert_string_equal(arguments.hops[0].out, "p");
    REFUSE("new key needs a place", SINGLE, "--json");
    ACCEPT(SINGLE, "--json", "--out", "p");
    ACCEPT(SINGLE, "--json", "--wg-key", "k");
    assert_true(arguments.json);
    REFUSE("need an --entry", SINGLE, "--entry-out", "p");
    REFUSE("need an --entry", SINGLE, "--entry-wg-key", "k");
    REFUSE("two profiles", HOPS);
    REFUSE("two profiles", HOPS, "--out", "p");
    REFUSE("two profiles", HOPS, "--entry-out", "p");
    REFUSE("entry's new key", HOPS, "--json", "--out", "p");
    ACCEPT(HOPS, "--json", "--wg-key", "k", "--entry-wg-key", "e");
    REFUSE("the same file", HOPS, "--out", "p", "--entry-out", "p");
    REFUSE("the same file", HOPS, OUTS, "--wg-key", "k", "--entry-wg-key", "k");
}

static void mixnet_mode_needs_its_key_and_makes_no_tunnel(void **state)
{
    (void)state;
    ACCEPT(SINGLE, "--mode", "mixnet", "--mixnet-key", "k");
    assert_int_equal(arguments.mode, LEWES_MODE_MIXNET);
    assert_string_equal(arguments.mixnet_key, "k");
    ACCEPT(SINGLE, "--mode", "dvpn");
    assert_int_equal(arguments.mode, LEWES_MODE_DVPN);
    REFUSE("--mode takes", SINGLE, "--mode", "tor");
    REFUSE("needs --mixnet-key", SINGLE, "--mode", "mixnet");
    REFUSE("is for --mode mixnet", SINGLE, "--mixnet-key", "k");
    REFUSE("has one hop", HOPS, OUTS, "--mode", "mixnet", "--mixnet-key", "k");
    static const char *const more[][2] = {{"--out", "p"},
                                          {"--wg-key", "k"},
                                          {"--dns", "192.0.2.1"},
                                          {"--mtu", "1400"},
                                          {"--entry-out", "p"}};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        REFUSE("makes no tunnel", SINGLE, "--mode", "mixnet", "--mixnet-key", "k", more[i][0],
               more[i][1]);
}

static void handshakes_are_chosen(void **state)
{
    static const struct {
        const char *name;
        enum lewes_kem_choice choice;
    } rows[] = {{"auto", LEWES_CHOOSE_AUTO},
                {"x25519", LEWES_CHOOSE_X25519},
                {"mlkem768", LEWES_CHOOSE_MLKEM768},
                {"xwing", LEWES_CHOOSE_XWING}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ACCEPT(SINGLE, "--kem", rows[i].name);
        assert_int_equal(arguments.kem, rows[i].choice);
    }
    REFUSE("--kem takes", SINGLE, "--kem", "rsa");
    REFUSE("--kem takes", SINGLE, "--kem", "");
    ACCEPT(SINGLE, "--require-pq", "--no-early", "--cache", "c");
    assert_true(arguments.require_pq && arguments.no_early);
    assert_string_equal(arguments.cache, "c");
}

static void numbers_have_their_bounds(void **state)
{
    static const struct {
        const char *option;
        unsigned long low, high, unit;
        size_t at;
    } rows[] = {
        {"--connect-timeout", 1, 300, 1000, offsetof(struct register_arguments, connect_ms)},
        {"--handshake-timeout", 1, 300, 1000, offsetof(struct register_arguments, handshake_ms)},
        {"--registration-timeout", 1, 300, 1000,
         offsetof(struct register_arguments, registration_ms)},
        {"--forward-timeout", 1, 300, 1000, offsetof(struct register_arguments, forward_ms)},
        {"--timeout", 1, 86400, 1000, offsetof(struct register_arguments, overall_ms)},
        {"--tries", 1, 100, 1, offsetof(struct register_arguments, tries)},
    };
    static const char *const wrong[] = {"",   "x",  "1x", "-1",
                                        " 1", "+1", "0",  "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        const unsigned long good[] = {rows[i].low, rows[i].high};
        for (size_t k = 0; k < 2; k++) {
            uint32_t value;
            snprintf(text, sizeof text, "%lu", good[k]);
            ACCEPT(SINGLE, rows[i].option, text);
            memcpy(&value, (const char *)&arguments + rows[i].at, sizeof value);
            assert_int_equal(value, good[k] * rows[i].unit);
        }
        snprintf(text, sizeof text, "%lu", rows[i].high + 1);
        REFUSE(rows[i].option, SINGLE, rows[i].option, text);
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
            REFUSE(rows[i].option, SINGLE, rows[i].option, wrong[k]);
    }
}

static void the_profile_takes_name_servers_and_mtu(void **state)
{
    (void)state;
    ACCEPT(SINGLE, "--dns", "192.0.2.53, 2001:db8::53,corp.example", "--mtu", "1280");
    assert_string_equal(arguments.dns, "192.0.2.53, 2001:db8::53,corp.example");
    assert_int_equal(arguments.mtu, 1280);
    ACCEPT(SINGLE, "--dns", "", "--mtu", "9000");
    assert_null(arguments.dns);
    REFUSE("--dns takes", SINGLE, "--dns", "1.1.1.1\nPostUp = rm");
    REFUSE("--dns takes", SINGLE, "--dns", "$(id)");
    REFUSE("--mtu takes", SINGLE, "--mtu", "1279");
    REFUSE("--mtu takes", SINGLE, "--mtu", "9001");
}

static void what_is_remembered_is_chosen(void **state)
{
    (void)state;
    ACCEPT(SINGLE, "--journal", "j", "--top-up");
    assert_string_equal(arguments.journal, "j");
    assert_true(arguments.top_up);
    ACCEPT(SINGLE, "--no-journal");
    assert_true(arguments.no_journal);
    REFUSE("exclude each other", SINGLE, "--no-journal", "--journal", "j");
}

static void a_fallback_is_a_command(void **state)
{
    (void)state;
    ACCEPT(SINGLE, "--fallback", "other --way", "--fallback-after-maybe-spent");
    assert_string_equal(arguments.fallback, "other --way");
    assert_true(arguments.fallback_after_maybe_spent);
    REFUSE("needs a --fallback", SINGLE, "--fallback-after-maybe-spent");
}

static void paths_are_not_empty(void **state)
{
    static const char *const names[] = {
        "--gateway-info", "--exit-info", "--journal",   "--cache", "--wg-key", "--entry-wg-key",
        "--mixnet-key",   "--out",       "--entry-out", "--books", "--book"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        REFUSE("takes a path", SINGLE, names[i], "");
}

static void books_pay_unless_mock_tickets_are_asked_for(void **state)
{
    (void)state;
    ACCEPT("--gateway", ONE "@h");
    assert_false(arguments.mock);
    assert_null(arguments.books);
    assert_null(arguments.book);
    ACCEPT(SINGLE);
    assert_true(arguments.mock);
    ACCEPT("--gateway", ONE "@h", "--books", "b");
    assert_string_equal(arguments.books, "b");
    ACCEPT("--gateway", ONE "@h", "--book", "b.book");
    assert_string_equal(arguments.book, "b.book");
    REFUSE("exclude each other", "--gateway", ONE "@h", "--book", "b", "--books", "c");
    REFUSE("pays from no book", SINGLE, "--book", "b");
    REFUSE("pays from no book", SINGLE, "--books", "b");
}

static void words_that_are_no_options_are_refused(void **state)
{
    (void)state;
    REFUSE("more", SINGLE, "more");
    REFUSE("--what", SINGLE, "--what");
    REFUSE("--kem", SINGLE, "--kem");
    REFUSE("--json", SINGLE, "--json=yes");
    REFUSE("--ticket takes", "--gateway", ONE "@h", "--ticket", "gold");
}

static void help_names_every_option(void **state)
{
    char *said;
    (void)state;
    assert_int_equal(words_parse(parse, (const char *const[]){"--help", NULL}, &stdout, &said),
                     PARSE_HELP);
    assert_non_null(strstr(said, "usage: lewes register"));
    assert_non_null(strstr(said, "--fallback-after-maybe-spent"));
    free(said);
}

/* NOLINTEND(bugprone-suspicious-missing-comma) */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_gateway_is_enough),
        cmocka_unit_test(hosts_are_names_or_addresses_with_or_without_a_port),
        cmocka_unit_test(hosts_that_cannot_be_are_refused),
        cmocka_unit_test(identities_that_cannot_be_are_refused),
        cmocka_unit_test(two_hops_have_an_argument_for_each),
        cmocka_unit_test(gateways_that_do_not_fit_together_are_refused),
        cmocka_unit_test(keys_and_profiles_have_places),
        cmocka_unit_test(mixnet_mode_needs_its_key_and_makes_no_tunnel),
        cmocka_unit_test(handshakes_are_chosen),
        cmocka_unit_test(numbers_have_their_bounds),
        cmocka_unit_test(the_profile_takes_name_servers_and_mtu),
        cmocka_unit_test(what_is_remembered_is_chosen),
        cmocka_unit_test(a_fallback_is_a_command),
        cmocka_unit_test(paths_are_not_empty),
        cmocka_unit_test(books_pay_unless_mock_tickets_are_asked_for),
        cmocka_unit_test(words_that_are_no_options_are_refused),
        cmocka_unit_test(help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
