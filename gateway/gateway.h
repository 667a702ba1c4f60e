/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway on a libuv loop: listeners, connections, registrations, and the two threads for store
 * and device. A program has one; a test may have several.
 */
#ifndef LEWES_GATEWAY_GATEWAY_H
#define LEWES_GATEWAY_GATEWAY_H

#include "gateway/listener.h"
#include "gateway/service.h"

#define GATEWAY_ERROR_TEXT 512

/* All but `settings`, `env` and `clock` is borrowed until the gateway has stopped. */
struct gateway_parts {
    uv_loop_t *loop;
    const struct settings *settings;
    const struct lewes_env *env; /* used by three threads */
    const struct wall_clock *clock;
    const struct lewes_identity *identity;
    const struct lewes_wg_public *wg_key; /* of the tunnel */
    struct store *store;
    struct tunnel *tunnel;
    const struct verifier *verifier; /* NULL: the one of the settings */
    struct log *log;                 /* may be NULL */
};

struct gateway_error {
    char text[GATEWAY_ERROR_TEXT];
};

struct gateway_counts {
    size_t connections;   /* memory in use */
    size_t registrations; /* under way */
    size_t farewells;
    size_t forward_streams; /* open or opening */
    size_t lingering;       /* sessions without a connection */
    uint32_t half_open;
    uint32_t sessions; /* established */
    uint32_t free_pairs;
    uint32_t leased_pairs;
    size_t checking; /* tickets on their way through a thread */
    uint64_t accepted;
    uint64_t handshakes;
    uint64_t subsessions;
    uint64_t repairs;
    uint64_t ends[ENDS];
    uint64_t busies[BUSIES];
    uint64_t hellos[HELLO_RESULTS];
    uint64_t results[REGISTRAR_RESULTS];
    uint64_t forwarded[FORWARD_NOTICES];
    uint64_t datagrams[DATAGRAM_RESULTS];
    uint64_t double_spends;  /* kept as evidence */
    uint64_t bound, unbound; /* valid tickets of each form, ecash.md E20 */
};

struct gateway;

/* Can the gateway do what the settings ask for? 0, or -1 with `error` set. */
int gateway_check(const struct settings *settings, const struct lewes_env *env,
                  struct gateway_error *error);

/* Reads the keys of the epochs again (ecash.md E9). 0, or -1 with `error` set: then the old ones
 * stay. */
int gateway_renew_keys(struct gateway *gateway, struct gateway_error *error);

/*
 * Brings leases and device into agreement, then listens.
 *
 * @param[out] gateway  untouched on error
 * @param[out] error    set on error: what is wrong, and what to do
 * @return 0, or -1; then the loop has to run once more, to close what had been opened
 */
int gateway_start(struct gateway **gateway, const struct gateway_parts *parts,
                  struct gateway_error *error);

/*
 * Stops (gateway.md G15.3): newcomers hear Busy, idle connections end, the others have `drain_ms`
 * to finish; then what is not committed is refused, what is gets finished.
 *
 * @param stopped  called when all is over; the gateway is gone after it
 */
void gateway_stop(struct gateway *gateway, uint64_t drain_ms, void (*stopped)(void *user),
                  void *user);

void gateway_count(const struct gateway *gateway, struct gateway_counts *counts);

const struct listeners *gateway_listeners(const struct gateway *gateway);

/* NULL: the data port is off. */
const struct datagrams *gateway_datagrams(const struct gateway *gateway);

#endif
