/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/config.h"

static struct config config;
static struct config_error error;

static int load_text(const char *text)
{
    const struct config_sources sources = {.file = "test.conf", .text = text, .len = strlen(text)};
    return config_load(&config, &sources, &error);
}

static int load_set(const char *set)
{
    const struct config_sources sources = {.set = &set, .set_count = 1};
    return config_load(&config, &sources, &error);
}

static int load_variable(const char *variable)
{
    char copy[200];
    char *const environment[] = {copy, NULL};
    const struct config_sources sources = {.environment = environment};
    snprintf(copy, sizeof copy, "%s", variable);
    return config_load(&config, &sources, &error);
}

/* What a file is refused with, and the place at the front. */
static void assert_refused(const char *text, const char *start, const char *part)
{
    assert_int_equal(load_text(text), -1);
    if (strncmp(error.text, start, strlen(start)) != 0 || !strstr(error.text, part))
        fail_msg("%s", error.text);
}

static void a_file_is_sections_keys_comments_and_blanks(void **state)
{
    (void)state;
    assert_int_equal(load_text("# a comment = no key\n"
                               "\n"
                               "[limits] # and one behind a section\n"
                               "  max_connections=500\n"
                               "\taccept_rate \t = \t 7/m\t\n"
                               "max_half_open = 99   # behind a value\r\n"
                               " [ wireguard ]\n"
                               "interface = wg#1\n"
                               "[limits]\n"
                               "max_sessions = 100"),
                     0);
    assert_int_equal(config.settings.limits.max_connections, 500);
    assert_int_equal(config.settings.limits.accept_rate.count, 7);
    assert_int_equal(config.settings.limits.accept_rate.period, 60000);
    assert_int_equal(config.settings.limits.max_half_open, 99);
    assert_string_equal(config.settings.wireguard.interface, "wg#1");
    assert_refused("[forward]\ndirectory =# nothing is said\n", "", "cannot have this value");
    assert_int_equal(config.settings.limits.max_sessions, 100);
}

static void lists_may_have_blanks_around_their_commas(void **state)
{
    static const uint8_t second[16] = {0x20, 1, 0xd, 0xb8, [15] = 5};
    (void)state;
    assert_int_equal(load_text("[listen]\ncontrol = 192.0.2.1:1 ,[2001:db8::5]:65535\n"), 0);
    assert_int_equal(config.settings.listen.control.count, 2);
    assert_int_equal(config.settings.listen.control.at[0].ip.family, 4);
    assert_int_equal(config.settings.listen.control.at[0].port, 1);
    assert_int_equal(config.settings.listen.control.at[1].ip.family, 6);
    assert_memory_equal(config.settings.listen.control.at[1].ip.bytes, second, 16);
    assert_int_equal(config.settings.listen.control.at[1].port, 65535);
}

static void a_mapped_address_is_the_ipv4_address(void **state)
{
    static const uint8_t expected[16] = {192, 0, 2, 9};
    (void)state;
    assert_int_equal(load_set("listen.announce_address=::ffff:192.0.2.9"), 0);
    assert_int_equal(config.settings.listen.announce_address.at[0].family, 4);
    assert_memory_equal(config.settings.listen.announce_address.at[0].bytes, expected, 16);
}

static void units_mean_what_they_say(void **state)
{
    (void)state;
    assert_int_equal(load_text("[registration]\namounts = 3B, 3kB, 3MB, 3GB\ntopup_below = 3MiB\n"
                               "answer_window = 3m\n[timeouts]\nmessage = 300ms\nidle = 3h\n"),
                     0);
    assert_int_equal(config.settings.registration.amounts[0], 3);
    assert_int_equal(config.settings.registration.amounts[1], 3000);
    assert_int_equal(config.settings.registration.amounts[2], 3000000);
    assert_int_equal(config.settings.registration.amounts[3], 3000000000);
    assert_int_equal(config.settings.registration.topup_below, 3145728);
    assert_int_equal(config.settings.registration.answer_window, 180000);
    assert_int_equal(config.settings.timeouts.message, 300);
    assert_int_equal(config.settings.timeouts.idle, 10800000);
    assert_int_equal(load_set("registration.topup_below=3KiB"), 0);
    assert_int_equal(config.settings.registration.topup_below, 3072);
    assert_int_equal(load_set("registration.topup_below=3GiB"), 0);
    assert_int_equal(config.settings.registration.topup_below, INT64_C(3221225472));
}

static void what_is_wrong_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("[limits]\n\nmax_connections = 15\n", "test.conf:3: limits.max_connections ",
                   "16 to 1000000");
    assert_refused("[limits]\nmax_conections = 20\n",
                   "test.conf:2: [limits] has no key "
                   "max_conections",
                   "max_connections, connections_per_source");
    assert_refused("\n\n[limit]\nmax_connections = 20\n",
                   "test.conf:4: there is no section [limit]", "gateway, listen, limits");
    assert_refused("[limits]\naccept_burst = 20\n# more\naccept_burst = 20\n",
                   "test.conf:4: ", "limits.accept_burst is set twice; the first time in line 2");
    assert_refused("[limits]\nx\n", "test.conf:2: ", "neither");
    assert_refused("[limits\n", "test.conf:1: ", "section");
    assert_refused("[]\n", "test.conf:1: ", "section");
    assert_refused("enabled = yes\n", "test.conf:1: ", "before the first");
    assert_refused("[gateway]\n= yes\n", "test.conf:2: ", "not a key");
    assert_refused("[gateway]\nEnabled = yes\n", "test.conf:2: ", "not a key");
    assert_refused("[gateway]\nenabled = yes;\n", "test.conf:2: gateway.enabled", "yes or no");
    assert_refused("[gateway]\nenabled =\n", "test.conf:2: gateway.enabled", "yes or no");
    assert_refused("[gateway]\nidentity_file = a\x01"
                   "b\n",
                   "test.conf:2: ", "control");
    assert_refused("[gateway]\nidentity_file = a\rb\n", "test.conf:2: ", "control");
}

static void values_are_not_repeated_in_errors(void **state)
{
    (void)state;
    assert_int_equal(load_text("[storage]\nurl = postgresql://lewes:hunter2@db/lewes\n"), -1);
    assert_null(strstr(error.text, "hunter2"));
}

static void an_error_is_printable_whatever_the_file_holds(void **state)
{
    (void)state;
    static const char *const texts[] = {"[\xff\xfe\x80]\n", "[limits]\n\xff\xfe = 1\n",
                                        "[limits]\nmax_connections = \xff\n"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(load_text(texts[i]), -1);
        for (const char *c = error.text; *c; c++)
            assert_in_range((unsigned char)*c, 0x20, 0x7e);
    }
}

static void a_nul_in_a_file_is_refused(void **state)
{
    static const char text[] = "[wireguard]\ninterface = wg0\0x\n";
    const struct config_sources sources = {.file = "f", .text = text, .len = sizeof text - 1};
    (void)state;
    assert_int_equal(config_load(&config, &sources, &error), -1);
    assert_string_equal(error.text, "f:2: a control character");
}

static void every_truncation_of_a_file_is_taken_or_refused(void **state)
{
    static const char text[] = "# x\n[limits]\nmax_connections = 5000\naccept_rate = 5/s\n"
                               "[listen]\ncontrol = [::1]:5, 127.0.0.1:6\n[storage]\n"
                               "url = sqlite:/var/x # y\n";
    unsigned taken = 0, refused = 0;
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = malloc(len + 1); /* exactly sized, so that a byte too far is seen */
        assert_non_null(copy);
        memcpy(copy, text, len);
        const struct config_sources sources = {.file = "f", .text = copy, .len = len};
        if (config_load(&config, &sources, &error))
            refused++;
        else
            taken++;
        free(copy);
    }
    assert_true(taken > 10 && refused > 10);
}

static void the_stronger_source_wins(void **state)
{
    static const char text[] = "[limits]\naccept_burst = 1\nverify_burst = 1\nmax_half_open = 1\n";
    char first[] = "LEWESD_LIMITS_ACCEPT_BURST=2", second[] = "LEWESD_LIMITS_VERIFY_BURST=2";
    char other[] = "PATH=/bin";
    char *const environment[] = {other, first, second, NULL};
    const char *const set[] = {"limits.accept_burst=3"};
    const struct config_sources sources = {.file = "f",
                                           .text = text,
                                           .len = strlen(text),
                                           .environment = environment,
                                           .set = set,
                                           .set_count = 1};
    (void)state;
    assert_int_equal(config_load(&config, &sources, &error), 0);
    assert_int_equal(config.settings.limits.accept_burst, 3);
    assert_int_equal(config.settings.limits.verify_burst, 2);
    assert_int_equal(config.settings.limits.max_half_open, 1);
    assert_int_equal(config.settings.limits.half_open_per_source, 32);
}

static void a_wrong_variable_is_refused(void **state)
{
    (void)state;
    assert_int_equal(load_variable("LEWESD_LIMITS_ACCEPT_BURST=0"), -1);
    assert_non_null(strstr(error.text, "environment variable LEWESD_LIMITS_ACCEPT_BURST: "
                                       "limits.accept_burst "));
    assert_int_equal(load_variable("LEWESD_LIMITS_ACCEPT_BURTS=1"), -1);
    assert_non_null(strstr(error.text, "LEWESD_LIMITS_ACCEPT_BURTS"));
    assert_int_equal(load_variable("LEWESD_LIMITS=1"), -1);
    assert_int_equal(load_variable("LEWESD_"), -1);
    assert_int_equal(load_variable("LEWES_LIMITS=1"), 0); /* not ours */
}

static void a_wrong_set_is_refused(void **state)
{
    const char *const twice[] = {"limits.accept_burst=3", "limits.accept_burst=3"};
    const struct config_sources sources = {.set = twice, .set_count = 2};
    (void)state;
    assert_int_equal(load_set("limits.accept_burst=0"), -1);
    assert_non_null(strstr(error.text, "--set limits.accept_burst: "));
    assert_int_equal(load_set("limits.burst=1"), -1);
    assert_non_null(strstr(error.text, "has no key burst"));
    assert_int_equal(load_set("forward.directory=/a #b"), -1); /* no file could say that */
    assert_int_equal(load_set("forward.directory=#b"), -1);
    assert_int_equal(load_set("forward.directory= /a"), -1);
    assert_int_equal(load_set("forward.directory=/a\n"), -1);
    assert_int_equal(load_set("forward.directory=/a#b"), 0);
    assert_int_equal(load_set("limits.accept_burst"), -1);
    assert_int_equal(load_set("accept_burst=1"), -1);
    assert_int_equal(load_set(""), -1);
    assert_int_equal(load_set("accept_burst=a.b"), -1);
    assert_int_equal(config_load(&config, &sources, &error), -1);
    assert_non_null(strstr(error.text, "set twice"));
}

static void the_mock_needs_permission(void **state)
{
    (void)state;
    assert_refused("[security]\n\n[registration]\nverifier = mock\n",
                   "test.conf:4: registration.verifier: ", "security.allow_mock = yes");
    assert_int_equal(load_text("[security]\nallow_mock = yes\n[registration]\nverifier = mock\n"),
                     0);
    assert_int_equal(config.settings.registration.verifier, SETTINGS_VERIFIER_MOCK);
}

static void the_socket_follows_the_name_of_the_interface(void **state)
{
    (void)state;
    assert_int_equal(load_set("wireguard.interface=wg7"), 0);
    assert_string_equal(config.settings.wireguard.uapi_socket, "/var/run/wireguard/wg7.sock");
    assert_int_equal(load_set("wireguard.uapi_socket=/run/a/INTERFACE/s"), 0);
    assert_string_equal(config.settings.wireguard.uapi_socket, "/run/a/lewes0/s");
}

static void a_configuration_that_is_refused_changes_nothing(void **state)
{
    struct config before;
    (void)state;
    assert_int_equal(load_text("[limits]\naccept_burst = 7\n"), 0);
    before = config;
    assert_int_equal(load_text("[limits]\naccept_burst = 8\nnothing = 1\n"), -1);
    assert_memory_equal(&before, &config, sizeof config);
}

struct kept {
    unsigned count;
    char last[64];
};

static void keep(void *user, const char *key)
{
    struct kept *kept = user;
    kept->count++;
    snprintf(kept->last, sizeof kept->last, "%s", key);
}

static void a_reload_takes_what_may_change_and_keeps_the_rest(void **state)
{
    struct kept kept = {0};
    struct config running;
    (void)state;
    assert_int_equal(load_text("[limits]\naccept_burst = 7\n"), 0);
    running = config;
    assert_int_equal(load_text("[limits]\naccept_burst = 8\nverify_rate = 9/m\n[wireguard]\n"
                               "mtu = 1300\nreserved = 10.1.0.9\n"),
                     0);
    assert_int_equal(config_reload(&running, &config, keep, &kept), 3);
    assert_int_equal(running.settings.limits.accept_burst, 8);
    assert_int_equal(running.settings.limits.verify_rate.period, 60000);
    assert_int_equal(running.settings.wireguard.reserved.count, 1);
    assert_int_equal(running.settings.wireguard.mtu, 1420);
    assert_int_equal(kept.count, 1);
    assert_string_equal(kept.last, "wireguard.mtu");
    assert_int_equal(config_reload(&running, &running, keep, &kept), 0);
    assert_int_equal(kept.count, 1);
}

static char *print(void)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    config_print(out, &config);
    fclose(out);
    return text;
}

static void what_is_printed_names_its_origin(void **state)
{
    static const char text[] = "[limits]\naccept_burst = 7\n";
    char variable[] = "LEWESD_TIMEOUTS_DRAIN=61s";
    char *const environment[] = {variable, NULL};
    const char *const set[] = {"log.format=json"};
    const struct config_sources sources = {.file = "/etc/a.conf",
                                           .text = text,
                                           .len = strlen(text),
                                           .environment = environment,
                                           .set = set,
                                           .set_count = 1};
    (void)state;
    assert_int_equal(config_load(&config, &sources, &error), 0);
    char *printed = print();
    assert_non_null(strstr(printed, "[limits]\n"));
    assert_non_null(strstr(printed, "\naccept_burst = 7  # /etc/a.conf:2\n"));
    assert_non_null(strstr(printed, "\nverify_burst = 10  # default\n"));
    assert_non_null(strstr(printed, "\ndrain = 61s  # environment\n"));
    assert_non_null(strstr(printed, "\nformat = json  # --set\n"));
    free(printed);
}

static void what_is_printed_can_be_read_again(void **state)
{
    struct settings before;
    (void)state;
    assert_int_equal(
        load_text("[registration]\namounts = 1B,1025B,3TiB,4096B\n[listen]\n"
                  "control = [2001:db8::1]:1,192.0.2.1:2\nannounce_address = ::1,192.0.2.3\n"
                  "[timeouts]\nmessage = 1234ms\n[limits]\nverify_rate = 5/h\n"),
        -1); /* 3TiB is above 1TB */
    assert_int_equal(
        load_text("[registration]\namounts = 1B,1025B,3GiB,4096B\n[listen]\n"
                  "control = [2001:db8::1]:1,192.0.2.1:2\nannounce_address = ::1,192.0.2.3\n"
                  "[timeouts]\nmessage = 1234ms\n[limits]\nverify_rate = 5/h\n"),
        0);
    before = config.settings;
    char *printed = print();
    assert_int_equal(load_text(printed), 0);
    free(printed);
    assert_memory_equal(&before, &config.settings, sizeof before);
}

static void a_file_is_read_whole_or_refused(void **state)
{
    char directory[] = "/tmp/lewes-test-XXXXXX", path[64];
    static char long_text[CONFIG_FILE_MAX + 1];
    char *text;
    size_t len;
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/conf", directory);
    assert_int_equal(config_read_file(path, &text, &len, &error), -1);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(config_read_file(directory, &text, &len, &error), -1);
    for (int over = 0; over < 2; over++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        memset(long_text, '#', sizeof long_text);
        assert_int_equal(write(fd, long_text, CONFIG_FILE_MAX + (size_t)over),
                         CONFIG_FILE_MAX + over);
        close(fd);
        assert_int_equal(config_read_file(path, &text, &len, &error), over ? -1 : 0);
        if (!over)
            assert_int_equal(len, CONFIG_FILE_MAX);
        free(text);
    }
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(config_read_file(path, &text, &len, &error), -1);
    assert_null(text);
    unlink(path);
    rmdir(directory);
    assert_int_equal(config_read_file("/dev/null", &text, &len, &error), 0);
    assert_int_equal(len, 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_sections_keys_comments_and_blanks),
        cmocka_unit_test(lists_may_have_blanks_around_their_commas),
        cmocka_unit_test(a_mapped_address_is_the_ipv4_address),
        cmocka_unit_test(units_mean_what_they_say),
        cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
        cmocka_unit_test(values_are_not_repeated_in_errors),
        cmocka_unit_test(an_error_is_printable_whatever_the_file_holds),
        cmocka_unit_test(a_nul_in_a_file_is_refused),
        cmocka_unit_test(every_truncation_of_a_file_is_taken_or_refused),
        cmocka_unit_test(the_stronger_source_wins),
        cmocka_unit_test(a_wrong_variable_is_refused),
        cmocka_unit_test(a_wrong_set_is_refused),
        cmocka_unit_test(the_mock_needs_permission),
        cmocka_unit_test(the_socket_follows_the_name_of_the_interface),
        cmocka_unit_test(a_configuration_that_is_refused_changes_nothing),
        cmocka_unit_test(a_reload_takes_what_may_change_and_keeps_the_rest),
        cmocka_unit_test(what_is_printed_names_its_origin),
        cmocka_unit_test(what_is_printed_can_be_read_again),
        cmocka_unit_test(a_file_is_read_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
