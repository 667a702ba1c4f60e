/* SPDX-License-Identifier: Apache-2.0 */
/* Every key of gateway.md 1 with its default and its limits, as that table has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config.h"
#include "gateway/settings_table.h"

#define TEXT_15 "abcdefghijklmno"
#define TEXT_90                                                                                    \
    "/abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopq"
#define TEXT_255                                                                                   \
    TEXT_90 TEXT_90 "/abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01234567890a"
#define FIVE "10.1.0.2,10.1.0.3, 10.1.0.4 ,10.1.0.5,10.1.0.6"
#define SIXTEEN FIVE "," FIVE "," FIVE ",10.1.0.7"
#define SIXTY_FOUR SIXTEEN "," SIXTEEN "," SIXTEEN "," SIXTEEN
#define TEXT_16 TEXT_15 "p"
#define TEXT_106 TEXT_90 "1234567890123456"
#define TEXT_107 TEXT_106 "7"
#define TEXT_108 TEXT_107 "8"
#define TEXT_256 TEXT_255 "x"
#define URL_262 "sqlite:" TEXT_255
#define LISTEN "[::1]:1"
#define EIGHT LISTEN "," LISTEN "," LISTEN "," LISTEN "," LISTEN "," LISTEN "," LISTEN "," LISTEN
#define LIVE true

struct row {
    const char *key;
    bool live;
    const char *good[5];
    const char *bad[8];
};

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): some values are put together */
static const struct row rows[] = {
    {"gateway.identity_file", 0, {"k", "/a b/#c", TEXT_255}, {"", TEXT_256}},
    {"gateway.kem_file", 0, {"k", "/a b/#c", TEXT_255}, {"", TEXT_256}},
    {"gateway.suites",
     LIVE,
     {"x25519", "x25519,mlkem768", "xwing, x25519", "x25519,mlkem768,xwing"},
     {"", "xwing", "mlkem768,xwing", "x25519,x25519", "x25519,", "none", "X25519", "mceliece"}},
    {"gateway.enabled", LIVE, {"yes", "no"}, {"", "true", "Yes", "1", "noo"}},
    {"gateway.modes",
     LIVE,
     {"dvpn", "mixnet", "dvpn,mixnet", "mixnet, dvpn"},
     {"", "dvpn,dvpn", "dvpn,", ",", "none", "Mixnet"}},
    {"gateway.timestamp_tolerance",
     LIVE,
     {"5s", "1h", "5000ms", "3600s"},
     {"4999ms", "3600001ms", "0", "30", "-5s"}},
    {"listen.control",
     0,
     {"[::]:41264", "0.0.0.0:0", "127.0.0.1:65535, [::1]:1", EIGHT, "[::ffff:192.0.2.1]:5"},
     {"", "none", EIGHT "," LISTEN, "[::]:65536", "::1:80", "0.0.0.0", "[0.0.0.0]:1",
      "localhost:1"}},
    {"listen.announce_address",
     LIVE,
     {"none", "192.0.2.1", "2001:db8::1,192.0.2.1, ::1,10.0.0.1"},
     {"", "1.2.3.4,1.2.3.4,1.2.3.4,1.2.3.4,1.2.3.4", "192.0.2.256", "192.0.2.1:5", "host",
      "1.2.3.4,none", "fe80::1%lo"}},
    {"limits.max_connections",
     LIVE,
     {"16", "1000000"},
     {"15", "1000001", "", "1e3", "+20", "-20", "0x20", "20.0"}},
    {"limits.connections_per_source", LIVE, {"1", "10000"}, {"0", "10001"}},
    {"limits.accept_rate",
     LIVE,
     {"1/s", "1000000/s", "60/m", "10/h"},
     {"0/s", "1000001/s", "20", "20/", "20/d", "/s", "20 /s", "20/ s"}},
    {"limits.accept_burst", LIVE, {"1", "1000000"}, {"0", "1000001"}},
    {"limits.max_half_open", LIVE, {"1", "20000"}, {"0", "1000001", "20001"}},
    {"limits.half_open_per_source", LIVE, {"1", "1000000"}, {"0", "1000001"}},
    {"limits.hellos_per_connection", LIVE, {"1", "16"}, {"0", "17"}},
    {"limits.max_sessions", LIVE, {"2048", "1000000"}, {"2047", "0", "1000001"}},
    {"limits.source_table", 0, {"1024", "4194304"}, {"1023", "4194305"}},
    {"limits.verify_rate",
     LIVE,
     {"1/s", "1000000/s"},
     {"0/s", "1000001/s", "18446744073709551617/s"}},
    {"limits.verify_burst", LIVE, {"1", "1000000"}, {"0", "1000001"}},
    {"limits.peer_factor", LIVE, {"1", "1000"}, {"0", "1001"}},
    {"timeouts.first_byte", LIVE, {"100ms", "60s", "1m"}, {"99ms", "60001ms", "2m"}},
    {"timeouts.message", LIVE, {"100ms", "60s"}, {"99ms", "60001ms"}},
    {"timeouts.write", LIVE, {"100ms", "60s"}, {"99ms", "60001ms"}},
    {"timeouts.handshake", LIVE, {"2s", "90s"}, {"1999ms", "90001ms"}},
    {"timeouts.idle", LIVE, {"5s", "24h"}, {"4999ms", "86400001ms", "25h", "1d"}},
    {"timeouts.lifetime", LIVE, {"5s", "24h"}, {"4999ms", "86400001ms"}},
    {"timeouts.registration", LIVE, {"1s", "60s"}, {"999ms", "60001ms"}},
    {"timeouts.drain", LIVE, {"0", "0s", "5m"}, {"300001ms", "-1s"}},
    {"registration.verifier", 0, {"ecash"}, {"mock", "", "none", "ecash,mock", "Ecash"}},
    {"registration.keys", LIVE, {"none", "/k", TEXT_255}, {"", TEXT_256}},
    {"registration.unbound", LIVE, {"accept", "limit", "refuse"}, {"", "no"}},
    {"registration.unbound_limit", LIVE, {"1/h", "1000000/s", "60/m"}, {"0/h", "1000001/s", "10"}},
    {"registration.amounts",
     LIVE,
     {"1B,1B,1B,1B", "1TB, 1TB ,1TB,1TB", "5MiB,500MB,1GiB,1kB"},
     {"1B,1B,1B", "1B,1B,1B,1B,1B", "0,1B,1B,1B", "1000000000001B,1B,1B,1B", "1,1,1,1", "1B,,1B,1B",
      "1B,1B,1B,1B,", "none"}},
    {"registration.topup_below",
     LIVE,
     {"0", "1TB", "999MiB"},
     {"1000000000001B", "1000", "1mb", "1.5MB", "-1B", "2TB", "18446744073709551616B"}},
    {"registration.key_join", LIVE, {"pay", "refuse"}, {"", "accept"}},
    {"registration.answer_window", LIVE, {"0", "24h"}, {"86400001ms"}},
    {"registration.verify_workers", 0, {"0", "64"}, {"65", "-1", "cores"}},
    {"registration.verify_queue", LIVE, {"1", "65536"}, {"0", "65537"}},
    {"wireguard.backend", 0, {"auto", "userspace", "memory"}, {"kernel", "", "netlink"}},
    {"wireguard.interface",
     0,
     {"w", TEXT_15},
     {"", TEXT_16, "a/b", "a b", "..", "wg:0", "\xc3\xa9"}},
    {"wireguard.uapi_socket", 0, {"/s", "INTERFACE", TEXT_107}, {"", TEXT_108, TEXT_256}},
    {"wireguard.manage_interface", 0, {"yes", "no"}, {"", "auto"}},
    {"wireguard.private_key_file", 0, {"k", TEXT_255}, {"", TEXT_256}},
    {"wireguard.listen_port", 0, {"1", "65535"}, {"0", "65536"}},
    {"wireguard.announce_port", LIVE, {"0", "65535"}, {"65536"}},
    {"wireguard.address4",
     0,
     {"10.1.0.1/12", "10.1.0.1/24", "10.15.255.254/12"},
     {"10.1.0.1/11", "10.1.0.1/25", "10.1.0.0/16", "10.1.255.255/16", "fc01::1/112", "10.1.0.1",
      "10.1.0.1/33", "10.1.0.1/"}},
    {"wireguard.address6",
     0,
     {"fc01::1/108", "fc01::1/120", "fc01::ffff/112"},
     {"fc01::1/107", "fc01::1/121", "fc01::/112", "10.1.0.1/16", "fc01::1", "fc01::1/129",
      "[fc01::1]/112"}},
    {"wireguard.reserved",
     LIVE,
     {"none", "10.1.0.9,fc01::9", SIXTY_FOUR},
     {"", SIXTY_FOUR ",10.1.0.8", "10.1.0.0/24"}},
    {"wireguard.keepalive", LIVE, {"0", "1s", "65535s"}, {"65536s", "500ms", "1500ms", "25"}},
    {"wireguard.mtu", 0, {"1280", "9000"}, {"1279", "9001"}},
    {"wireguard.cooldown", LIVE, {"0", "24h"}, {"86400001ms"}},
    {"wireguard.exclusive", 0, {"yes", "no"}, {""}},
    {"metering.credit_days", LIVE, {"0", "365"}, {"366", "6d"}},
    {"forward.enabled", LIVE, {"yes", "no"}, {"", "on"}},
    {"forward.directory", LIVE, {"none", "/a b.json", TEXT_255}, {"", TEXT_256}},
    {"forward.allow_private", LIVE, {"yes", "no"}, {"", "maybe"}},
    {"forward.max_streams", LIVE, {"0", "100000"}, {"100001", "-1", ""}},
    {"forward.connect", LIVE, {"100ms", "60s"}, {"99ms", "60001ms"}},
    {"forward.io", LIVE, {"100ms", "5m"}, {"99ms", "300001ms"}},
    {"forward.idle", LIVE, {"1s", "24h"}, {"999ms", "86400001ms"}},
    {"storage.url",
     0,
     {"sqlite:x", "sqlite:/a/b.db"},
     {"", "sqlite:", "/a/b.db", "postgresql://h/d", URL_262}},
    {"storage.timeout", LIVE, {"100ms", "60s"}, {"99ms", "60001ms"}},
    {"log.level", 0, {"debug", "info", "warning", "error"}, {"", "warn", "INFO"}},
    {"log.format", 0, {"text", "json"}, {"", "xml"}},
    {"log.addresses", 0, {"none", "short", "full"}, {"", "yes"}},
    {"data.enabled", 0, {"no"}, {"", "on", "yes" /* it needs a sink */}},
    {"data.bind",
     0,
     {"[::]:51264", "127.0.0.1:0", "0.0.0.0:65535"},
     {"", "none", "0.0.0.0", "0.0.0.0:65536", "0.0.0.0:1,0.0.0.0:2"}},
    {"data.sink",
     0,
     {"none", "udp:127.0.0.1:5000", "udp:[::1]:1", "unix:/x", "unix:/" TEXT_106},
     {"", "udp:", "udp:127.0.0.1", "udp:127.0.0.1:0", "udp:localhost:1", "unix:x", "/x",
      "unix:/" TEXT_107}},
    {"data.sink_format", 0, {"framed", "raw"}, {"", "Raw"}},
    {"data.session_linger", LIVE, {"0", "24h"}, {"86400001ms", "10"}},
    {"mixnet.hook",
     LIVE,
     {"none", "unix:/x", "unix:x", "unix:" TEXT_107},
     {"", "unix:", "/x", "udp:192.0.2.1:5", "unix:" TEXT_108, "None"}},
    {"mixnet.sphinx_key",
     LIVE,
     {"from identity", "4vJ9JU1bJJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"},
     {"", "identity", "4vJ9JU1bJJJE96FWSJKvHsmmFADCg4gpZQff", "none",
      "4vJ9JU1bJJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKiii"}},
    {"security.allow_mock", 0, {"yes", "no"}, {"", "maybe"}},
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

#define ROWS (sizeof rows / sizeof *rows)

static int load_set(const char *key, const char *value, struct config *config,
                    struct config_error *error)
{
    char set[1600];
    const char *list = set;
    const struct config_sources sources = {.set = &list, .set_count = 1};
    int n = snprintf(set, sizeof set, "%s=%s", key, value);
    assert_true(n > 0 && (size_t)n < sizeof set);
    return config_load(config, &sources, error);
}

static const struct settings_key *find(const char *name)
{
    char full[64];
    for (size_t i = 0; i < settings_key_count; i++) {
        snprintf(full, sizeof full, "%s.%s", settings_keys[i].section, settings_keys[i].name);
        if (strcmp(full, name) == 0)
            return &settings_keys[i];
    }
    return NULL;
}

static void the_table_has_these_keys_and_no_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        assert_non_null(find(rows[i].key));
    assert_int_equal(settings_key_count, ROWS);
}

static void a_reload_takes_the_keys_that_the_specification_marks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        if (find(rows[i].key)->reloadable != rows[i].live)
            fail_msg("%s", rows[i].key);
}

static void every_limit_is_the_last_value_that_is_taken(void **state)
{
    static struct config config;
    struct config_error error;
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < 5 && rows[i].good[j]; j++)
            if (load_set(rows[i].key, rows[i].good[j], &config, &error))
                fail_msg("%s = %s: %s", rows[i].key, rows[i].good[j], error.text);
}

static void what_lies_beyond_is_refused_by_name(void **state)
{
    static struct config config;
    struct config_error error;
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_non_null(rows[i].bad[0]);
        for (size_t j = 0; j < 8 && rows[i].bad[j]; j++) {
            if (load_set(rows[i].key, rows[i].bad[j], &config, &error) == 0)
                fail_msg("%s = %s was taken", rows[i].key, rows[i].bad[j]);
            /* Either side of a rule about two keys may be named. */
            if (!strstr(error.text, rows[i].key))
                fail_msg("%s = %s: %s", rows[i].key, rows[i].bad[j], error.text);
        }
    }
}

static bool text_is(const struct lewes_ip *ip, uint8_t family, const uint8_t *bytes)
{
    return ip->family == family && memcmp(ip->bytes, bytes, family == 4 ? 4 : 16) == 0;
}

static void limits_and_timeouts_have_the_defaults_of_the_specification(void **state)
{
    static struct config config;
    static const struct config_sources nothing;
    struct config_error error;
    const struct settings *s = &config.settings;
    (void)state;
    assert_int_equal(config_load(&config, &nothing, &error), 0);
    assert_int_equal(s->limits.max_connections, 10000);
    assert_int_equal(s->limits.connections_per_source, 64);
    assert_int_equal(s->limits.accept_rate.count, 20);
    assert_int_equal(s->limits.accept_rate.period, 1000);
    assert_int_equal(s->limits.accept_burst, 20);
    assert_int_equal(s->limits.max_half_open, 2048);
    assert_int_equal(s->limits.half_open_per_source, 32);
    assert_int_equal(s->limits.hellos_per_connection, 4);
    assert_int_equal(s->limits.max_sessions, 20000);
    assert_int_equal(s->limits.source_table, 65536);
    assert_int_equal(s->limits.verify_rate.count, 2);
    assert_int_equal(s->limits.verify_rate.period, 1000);
    assert_int_equal(s->limits.verify_burst, 10);
    assert_int_equal(s->limits.peer_factor, 50);
    assert_int_equal(s->timeouts.first_byte, 5000);
    assert_int_equal(s->timeouts.message, 5000);
    assert_int_equal(s->timeouts.write, 10000);
    assert_int_equal(s->timeouts.handshake, 30000);
    assert_int_equal(s->timeouts.idle, 120000);
    assert_int_equal(s->timeouts.lifetime, 86400000);
    assert_int_equal(s->timeouts.registration, 20000);
    assert_int_equal(s->timeouts.drain, 10000);
}

static void gateway_and_registration_have_the_defaults_of_the_specification(void **state)
{
    static const uint8_t any[16] = {0};
    static struct config config;
    static const struct config_sources nothing;
    struct config_error error;
    const struct settings *s = &config.settings;
    (void)state;
    assert_int_equal(config_load(&config, &nothing, &error), 0);
    assert_string_equal(s->gateway.identity_file, "/etc/lewes/identity.key");
    assert_string_equal(s->gateway.kem_file, "/etc/lewes/kem.key");
    assert_int_equal(s->gateway.suites,
                     SETTINGS_SUITE_X25519 | SETTINGS_SUITE_MLKEM768 | SETTINGS_SUITE_XWING);
    assert_true(s->gateway.enabled);
    assert_int_equal(s->gateway.modes, SETTINGS_MODE_DVPN | SETTINGS_MODE_MIXNET);
    assert_int_equal(s->gateway.timestamp_tolerance, 30000);
    assert_int_equal(s->listen.control.count, 1);
    assert_true(text_is(&s->listen.control.at[0].ip, 6, any));
    assert_int_equal(s->listen.control.at[0].port, 41264);
    assert_int_equal(s->listen.announce_address.count, 0);
    assert_int_equal(s->registration.verifier, SETTINGS_VERIFIER_ECASH);
    assert_string_equal(s->registration.keys, "none");
    assert_int_equal(s->registration.unbound, SETTINGS_UNBOUND_ACCEPT);
    assert_int_equal(s->registration.amounts[0], 200000000);
    assert_int_equal(s->registration.amounts[1], 100000000);
    assert_int_equal(s->registration.amounts[2], 500000000);
    assert_int_equal(s->registration.amounts[3], 500000000);
    assert_int_equal(s->registration.topup_below, 50000000);
    assert_int_equal(s->registration.key_join, SETTINGS_KEY_JOIN_PAY);
    assert_int_equal(s->registration.answer_window, 600000);
    assert_int_equal(s->registration.unbound_limit.count, 10);
    assert_int_equal(s->registration.unbound_limit.period, 3600000);
    assert_int_equal(s->registration.verify_workers, 0);
    assert_int_equal(s->registration.verify_queue, 256);
    assert_int_equal(s->metering.credit_days, 6);
    assert_string_equal(s->storage.url, "sqlite:/var/lib/lewes/lewes.db");
    assert_int_equal(s->storage.timeout, 5000);
    assert_int_equal(s->log.level, SETTINGS_LOG_INFO);
    assert_int_equal(s->log.format, SETTINGS_LOG_TEXT);
    assert_int_equal(s->log.addresses, SETTINGS_LOG_SHORT);
    assert_false(s->data.enabled);
    assert_int_equal(s->data.bind.at[0].port, 51264);
    assert_true(text_is(&s->data.bind.at[0].ip, 6, any));
    assert_string_equal(s->data.sink, "none");
    assert_int_equal(s->data.sink_format, SETTINGS_SINK_FRAMED);
    assert_int_equal(s->data.session_linger, 600000);
    assert_string_equal(s->mixnet.hook, "none");
    assert_string_equal(s->mixnet.sphinx_key, "from identity");
    assert_false(s->security.allow_mock);
}

static void a_data_port_needs_a_sink(void **state)
{
    static const char *const with[] = {"data.enabled=yes", "data.sink=unix:/x"};
    static struct config config;
    const struct config_sources sources = {.set = with, .set_count = 2};
    const struct config_sources without = {.set = with, .set_count = 1};
    struct config_error error;
    (void)state;
    assert_int_equal(config_load(&config, &sources, &error), 0);
    assert_true(config.settings.data.enabled);
    assert_int_equal(config_load(&config, &without, &error), -1);
    assert_non_null(strstr(error.text, "data.sink"));
}

static void forwarding_has_the_defaults_of_the_specification(void **state)
{
    static struct config config;
    static const struct config_sources nothing;
    struct config_error error;
    const struct settings *s = &config.settings;
    (void)state;
    assert_int_equal(config_load(&config, &nothing, &error), 0);
    assert_true(s->forward.enabled);
    assert_string_equal(s->forward.directory, "none");
    assert_false(s->forward.allow_private);
    assert_int_equal(s->forward.max_streams, 1000);
    assert_int_equal(s->forward.connect, 5000);
    assert_int_equal(s->forward.io, 30000);
    assert_int_equal(s->forward.idle, 60000);
}

static void the_tunnel_has_the_defaults_of_the_specification(void **state)
{
    static const uint8_t address4[] = {10, 1, 0, 1};
    static const uint8_t address6[16] = {0xfc, 1, [15] = 1};
    static struct config config;
    static const struct config_sources nothing;
    struct config_error error;
    const struct settings *s = &config.settings;
    (void)state;
    assert_int_equal(config_load(&config, &nothing, &error), 0);
    assert_int_equal(s->wireguard.backend, SETTINGS_BACKEND_AUTO);
    assert_string_equal(s->wireguard.interface, "lewes0");
    assert_string_equal(s->wireguard.uapi_socket, "/var/run/wireguard/lewes0.sock");
    assert_true(s->wireguard.manage_interface);
    assert_string_equal(s->wireguard.private_key_file, "/etc/lewes/wg.key");
    assert_int_equal(s->wireguard.listen_port, 51822);
    assert_int_equal(s->wireguard.announce_port, 0);
    assert_true(text_is(&s->wireguard.address4.ip, 4, address4));
    assert_int_equal(s->wireguard.address4.prefix, 16);
    assert_true(text_is(&s->wireguard.address6.ip, 6, address6));
    assert_int_equal(s->wireguard.address6.prefix, 112);
    assert_int_equal(s->wireguard.reserved.count, 0);
    assert_int_equal(s->wireguard.keepalive, 25000);
    assert_int_equal(s->wireguard.mtu, 1420);
    assert_int_equal(s->wireguard.cooldown, 60000);
    assert_true(s->wireguard.exclusive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_these_keys_and_no_others),
        cmocka_unit_test(a_reload_takes_the_keys_that_the_specification_marks),
        cmocka_unit_test(every_limit_is_the_last_value_that_is_taken),
        cmocka_unit_test(what_lies_beyond_is_refused_by_name),
        cmocka_unit_test(limits_and_timeouts_have_the_defaults_of_the_specification),
        cmocka_unit_test(gateway_and_registration_have_the_defaults_of_the_specification),
        cmocka_unit_test(a_data_port_needs_a_sink),
        cmocka_unit_test(forwarding_has_the_defaults_of_the_specification),
        cmocka_unit_test(the_tunnel_has_the_defaults_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
