/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every time, cap and choice of the gateway (gateway.md 1): one object, filled by config.h, read by
 * everybody else. It holds no pointers: copy it, compare it, throw it away. Durations are
 * milliseconds, sizes bytes.
 */
#ifndef LEWES_GATEWAY_SETTINGS_H
#define LEWES_GATEWAY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lewes/registration.h>

#define SETTINGS_TEXT 256 /* room of a text or path and its NUL */
#define SETTINGS_LISTEN_MAX 8
#define SETTINGS_ANNOUNCE_MAX 4
#define SETTINGS_RESERVED_MAX 64
#define SETTINGS_TICKET_TYPES 4

/* `count` events in `period` milliseconds. */
struct settings_rate {
    uint32_t count;
    uint32_t period;
};

struct settings_listen_list {
    size_t count;
    struct lewes_endpoint at[SETTINGS_LISTEN_MAX];
};

struct settings_announce_list {
    size_t count;
    struct lewes_ip at[SETTINGS_ANNOUNCE_MAX];
};

struct settings_reserved_list {
    size_t count;
    struct lewes_ip at[SETTINGS_RESERVED_MAX];
};

/* The gateway's own address in a network, as written: 10.1.0.1/16. */
struct settings_network {
    struct lewes_ip ip;
    uint8_t prefix;
};

enum settings_modes { SETTINGS_MODE_DVPN = 1, SETTINGS_MODE_MIXNET = 2 }; /* a set of bits */

/* Likewise; X25519 is always among them (protocol.md P28). */
enum settings_suites {
    SETTINGS_SUITE_X25519 = 1,
    SETTINGS_SUITE_MLKEM768 = 2,
    SETTINGS_SUITE_XWING = 4
};

enum settings_verifier { SETTINGS_VERIFIER_ECASH, SETTINGS_VERIFIER_MOCK };
enum settings_unbound { SETTINGS_UNBOUND_ACCEPT, SETTINGS_UNBOUND_LIMIT, SETTINGS_UNBOUND_REFUSE };

enum settings_key_join { SETTINGS_KEY_JOIN_PAY, SETTINGS_KEY_JOIN_REFUSE };

enum settings_backend {
    SETTINGS_BACKEND_AUTO,
    SETTINGS_BACKEND_KERNEL,
    SETTINGS_BACKEND_USERSPACE,
    SETTINGS_BACKEND_MEMORY
};

enum settings_sink_format { SETTINGS_SINK_FRAMED, SETTINGS_SINK_RAW };

enum settings_log_level {
    SETTINGS_LOG_DEBUG,
    SETTINGS_LOG_INFO,
    SETTINGS_LOG_WARNING,
    SETTINGS_LOG_ERROR
};

enum settings_log_format { SETTINGS_LOG_TEXT, SETTINGS_LOG_JSON };

enum settings_log_addresses { SETTINGS_LOG_NONE, SETTINGS_LOG_SHORT, SETTINGS_LOG_FULL };

/* Enumerations are stored as int, so that one table can describe them all. */
struct settings {
    struct {
        char identity_file[SETTINGS_TEXT];
        char kem_file[SETTINGS_TEXT];
        uint32_t suites; /* enum settings_suites */
        bool enabled;
        uint32_t modes; /* enum settings_modes */
        uint64_t timestamp_tolerance;
    } gateway;
    struct {
        struct settings_listen_list control;
        struct settings_announce_list announce_address;
    } listen;
    struct {
        uint32_t max_connections;
        uint32_t connections_per_source;
        struct settings_rate accept_rate;
        uint32_t accept_burst;
        uint32_t max_half_open;
        uint32_t half_open_per_source;
        uint32_t hellos_per_connection;
        uint32_t max_sessions;
        uint32_t source_table;
        struct settings_rate verify_rate;
        uint32_t verify_burst;
        uint32_t peer_factor;
    } limits;
    struct {
        uint64_t first_byte;
        uint64_t message;
        uint64_t write;
        uint64_t handshake;
        uint64_t idle;
        uint64_t lifetime;
        uint64_t registration;
        uint64_t drain;
    } timeouts;
    struct {
        int verifier;                            /* enum settings_verifier */
        char keys[SETTINGS_TEXT];                /* a path, or "none" */
        int unbound;                             /* enum settings_unbound */
        struct settings_rate unbound_limit;      /* per source */
        uint64_t amounts[SETTINGS_TICKET_TYPES]; /* bytes, by ticket type */
        uint64_t topup_below;                    /* bytes */
        int key_join;                            /* enum settings_key_join */
        uint64_t answer_window;
        uint32_t verify_workers; /* 0 = cores */
        uint32_t verify_queue;
    } registration;
    struct {
        int backend; /* enum settings_backend */
        char interface[SETTINGS_TEXT];
        char uapi_socket[SETTINGS_TEXT]; /* INTERFACE is replaced already */
        bool manage_interface;
        char private_key_file[SETTINGS_TEXT];
        uint32_t listen_port;
        uint32_t announce_port; /* 0 = listen_port */
        struct settings_network address4;
        struct settings_network address6;
        struct settings_reserved_list reserved;
        uint64_t keepalive; /* whole seconds, in milliseconds; 0 = off */
        uint32_t mtu;
        uint64_t cooldown;
        bool exclusive;
    } wireguard;
    struct {
        uint32_t credit_days;
    } metering;
    struct {
        bool enabled;
        char directory[SETTINGS_TEXT]; /* a path, or "none" */
        bool allow_private;
        uint32_t max_streams;
        uint64_t connect;
        uint64_t io;
        uint64_t idle;
    } forward;
    struct {
        char url[SETTINGS_TEXT]; /* sqlite:PATH */
        uint64_t timeout;
    } storage;
    struct {
        int level;     /* enum settings_log_level */
        int format;    /* enum settings_log_format */
        int addresses; /* enum settings_log_addresses */
    } log;
    struct {
        bool enabled;
        struct settings_listen_list bind; /* one */
        char sink[SETTINGS_TEXT];         /* udp:IP:PORT, unix:PATH, or "none" */
        int sink_format;                  /* enum settings_sink_format */
        uint64_t session_linger;
    } data;
    struct {
        char hook[SETTINGS_TEXT];       /* unix:PATH, or "none" */
        char sphinx_key[SETTINGS_TEXT]; /* base58, or "from identity" */
    } mixnet;
    struct {
        bool allow_mock;
    } security;
};

#endif
