/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/settings_table.h"

#include "gateway/config.h"

#define FIXED false /* until the next start */
#define LIVE true   /* taken over on reload */

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define MB UINT64_C(1000000)
#define TB (MB * MB)

/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a member has none */
/* One key: what it is called, where it lives, and the rest. */
#define ROW(group, key, kind, default_text, least, most, words, live)                              \
    {.section = #group,                                                                            \
     .name = #key,                                                                                 \
     .standard = (default_text),                                                                   \
     .min = (least),                                                                               \
     .max = (most),                                                                                \
     .names = (words),                                                                             \
     .offset = offsetof(struct settings, group.key),                                               \
     .size = sizeof(((const struct settings *)NULL)->group.key),                                   \
     .type = (kind),                                                                               \
     .reloadable = (live)}

/* NOLINTEND(bugprone-macro-parentheses) */

#define TEXT(section, key, standard, min, max, reload)                                             \
    ROW(section, key, SETTINGS_TYPE_TEXT, standard, min, max, NULL, reload)
#define PATH(section, key, standard)                                                               \
    ROW(section, key, SETTINGS_TYPE_TEXT, standard, 1, SETTINGS_TEXT - 1, NULL, FIXED)
#define YES_NO(section, key, standard, reload)                                                     \
    ROW(section, key, SETTINGS_TYPE_YES_NO, standard, 0, 0, NULL, reload)
#define NUMBER(section, key, standard, min, max, reload)                                           \
    ROW(section, key, SETTINGS_TYPE_NUMBER, standard, min, max, NULL, reload)
#define DURATION(section, key, standard, min, max, reload)                                         \
    ROW(section, key, SETTINGS_TYPE_DURATION, standard, min, max, NULL, reload)
#define RATE(section, key, standard, min, max, reload)                                             \
    ROW(section, key, SETTINGS_TYPE_RATE, standard, min, max, NULL, reload)
#define CHOICE(section, key, standard, names, reload)                                              \
    ROW(section, key, SETTINGS_TYPE_CHOICE, standard, 0, 0, names, reload)

static const char *const suites[] = {"x25519", "mlkem768", "xwing", NULL};
static const char *const modes[] = {"dvpn", "mixnet", NULL};
static const char *const verifiers[] = {"ecash", "mock", NULL};
static const char *const unbounds[] = {"accept", "limit", "refuse", NULL};
static const char *const key_joins[] = {"pay", "refuse", NULL};
static const char *const backends[] = {"auto", "kernel", "userspace", "memory", NULL};
static const char *const sink_formats[] = {"framed", "raw", NULL};
static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const addresses[] = {"none", "short", "full", NULL};

/* clang-format off */
const struct settings_key settings_keys[] = {
    PATH(gateway, identity_file, "/etc/lewes/identity.key"),
    PATH(gateway, kem_file, "/etc/lewes/kem.key"),
    ROW(gateway, suites, SETTINGS_TYPE_SET, "x25519, mlkem768, xwing", 0, 0, suites, LIVE),
    YES_NO(gateway, enabled, "yes", LIVE),
    ROW(gateway, modes, SETTINGS_TYPE_SET, "dvpn, mixnet", 0, 0, modes, LIVE),
    DURATION(gateway, timestamp_tolerance, "30s", 5 * SECOND, HOUR, LIVE),

    ROW(listen, control, SETTINGS_TYPE_ENDPOINTS, "[::]:41264", 1, SETTINGS_LISTEN_MAX, NULL,
        FIXED),
    ROW(listen, announce_address, SETTINGS_TYPE_ADDRESSES, "none", 0, SETTINGS_ANNOUNCE_MAX, NULL,
        LIVE),

    NUMBER(limits, max_connections, "10000", 16, 1000000, LIVE),
    NUMBER(limits, connections_per_source, "64", 1, 10000, LIVE),
    RATE(limits, accept_rate, "20/s", 1, 1000000, LIVE),
    NUMBER(limits, accept_burst, "20", 1, 1000000, LIVE),
    NUMBER(limits, max_half_open, "2048", 1, 1000000, LIVE),
    NUMBER(limits, half_open_per_source, "32", 1, 1000000, LIVE),
    NUMBER(limits, hellos_per_connection, "4", 1, 16, LIVE),
    NUMBER(limits, max_sessions, "20000", 1, 1000000, LIVE),
    NUMBER(limits, source_table, "65536", 1024, 4194304, FIXED),
    RATE(limits, verify_rate, "2/s", 1, 1000000, LIVE),
    NUMBER(limits, verify_burst, "10", 1, 1000000, LIVE),
    NUMBER(limits, peer_factor, "50", 1, 1000, LIVE),

    DURATION(timeouts, first_byte, "5s", 100, MINUTE, LIVE),
    DURATION(timeouts, message, "5s", 100, MINUTE, LIVE),
    DURATION(timeouts, write, "10s", 100, MINUTE, LIVE),
    DURATION(timeouts, handshake, "30s", 2 * SECOND, 90 * SECOND, LIVE),
    DURATION(timeouts, idle, "120s", 5 * SECOND, 24 * HOUR, LIVE),
    DURATION(timeouts, lifetime, "24h", 5 * SECOND, 24 * HOUR, LIVE),
    DURATION(timeouts, registration, "20s", SECOND, MINUTE, LIVE),
    DURATION(timeouts, drain, "10s", 0, 5 * MINUTE, LIVE),

    CHOICE(registration, verifier, "ecash", verifiers, FIXED),
    TEXT(registration, keys, "none", 1, SETTINGS_TEXT - 1, LIVE),
    CHOICE(registration, unbound, "accept", unbounds, LIVE),
    RATE(registration, unbound_limit, "10/h", 1, 1000000, LIVE),
    ROW(registration, amounts, SETTINGS_TYPE_SIZES, "200MB,100MB,500MB,500MB", 1, TB, NULL, LIVE),
    ROW(registration, topup_below, SETTINGS_TYPE_SIZE, "50MB", 0, TB, NULL, LIVE),
    CHOICE(registration, key_join, "pay", key_joins, LIVE),
    DURATION(registration, answer_window, "10m", 0, 24 * HOUR, LIVE),
    NUMBER(registration, verify_workers, "0", 0, 64, FIXED),
    NUMBER(registration, verify_queue, "256", 1, 65536, LIVE),

    CHOICE(wireguard, backend, "auto", backends, FIXED),
    TEXT(wireguard, interface, "lewes0", 1, 15, FIXED),
    PATH(wireguard, uapi_socket, "/var/run/wireguard/INTERFACE.sock"),
    YES_NO(wireguard, manage_interface, "yes", FIXED),
    PATH(wireguard, private_key_file, "/etc/lewes/wg.key"),
    NUMBER(wireguard, listen_port, "51822", 1, 65535, FIXED),
    NUMBER(wireguard, announce_port, "0", 0, 65535, LIVE),
    ROW(wireguard, address4, SETTINGS_TYPE_NETWORK4, "10.1.0.1/16", 8, 20, NULL, FIXED),
    ROW(wireguard, address6, SETTINGS_TYPE_NETWORK6, "fc01::1/112", 8, 20, NULL, FIXED),
    ROW(wireguard, reserved, SETTINGS_TYPE_ADDRESSES, "none", 0, SETTINGS_RESERVED_MAX, NULL,
        LIVE),
    DURATION(wireguard, keepalive, "25s", 0, UINT64_C(65535) * SECOND, LIVE),
    NUMBER(wireguard, mtu, "1420", 1280, 9000, FIXED),
    DURATION(wireguard, cooldown, "60s", 0, 24 * HOUR, LIVE),
    YES_NO(wireguard, exclusive, "yes", FIXED),

    NUMBER(metering, credit_days, "6", 0, 365, LIVE),

    YES_NO(forward, enabled, "yes", LIVE),
    TEXT(forward, directory, "none", 1, SETTINGS_TEXT - 1, LIVE),
    YES_NO(forward, allow_private, "no", LIVE),
    NUMBER(forward, max_streams, "1000", 0, 100000, LIVE),
    DURATION(forward, connect, "5s", 100, MINUTE, LIVE),
    DURATION(forward, io, "30s", 100, 5 * MINUTE, LIVE),
    DURATION(forward, idle, "60s", SECOND, 24 * HOUR, LIVE),

    ROW(storage, url, SETTINGS_TYPE_DATABASE, "sqlite:/var/lib/lewes/lewes.db", 1,
        SETTINGS_TEXT - 1, NULL, FIXED),
    DURATION(storage, timeout, "5s", 100, MINUTE, LIVE),

    CHOICE(log, level, "info", levels, FIXED),
    CHOICE(log, format, "text", formats, FIXED),
    CHOICE(log, addresses, "short", addresses, FIXED),

    YES_NO(data, enabled, "no", FIXED),
    ROW(data, bind, SETTINGS_TYPE_ENDPOINTS, "[::]:51264", 1, 1, NULL, FIXED),
    TEXT(data, sink, "none", 1, SETTINGS_TEXT - 1, FIXED),
    CHOICE(data, sink_format, "framed", sink_formats, FIXED),
    DURATION(data, session_linger, "10m", 0, 24 * HOUR, LIVE),

    TEXT(mixnet, hook, "none", 1, SETTINGS_TEXT - 1, LIVE),
    TEXT(mixnet, sphinx_key, "from identity", 1, SETTINGS_TEXT - 1, LIVE),

    YES_NO(security, allow_mock, "no", FIXED),
};
/* clang-format on */

const size_t settings_key_count = sizeof settings_keys / sizeof settings_keys[0];

_Static_assert(sizeof settings_keys / sizeof settings_keys[0] <= CONFIG_KEYS_MAX,
               "struct config has room for every key");
