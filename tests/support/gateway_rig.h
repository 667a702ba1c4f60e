/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole gateway in the test's process: real sockets on loopback, a database in a directory of its
 * own, the memory device, and handles to make each of them fail or wait. Failures are failed cmocka
 * assertions.
 */
#ifndef TESTS_SUPPORT_GATEWAY_RIG_H
#define TESTS_SUPPORT_GATEWAY_RIG_H

#include <stdatomic.h>

#include "gateway/gateway.h"
#include "gateway/tunnel.h"
#include "tests/support/shared_env.h"

#define RIG_UNIX_MS UINT64_C(1768384800500)
#define RIG_PATIENCE_MS 20000 /* how long a test waits for what must happen */
#define RIG_LOG_CAP 65536

/* What one worker thread is to do at its next step. */
struct rig_gate {
    atomic_bool closed; /* threads that come wait until it opens */
    atomic_uint waiting;
};

struct rig {
    uv_loop_t loop;
    uv_timer_t guard;
    bool timed_out;
    struct rig *beside; /* another one whose loop turns whenever this one's does; or NULL */
    struct shared_env env;
    _Atomic uint64_t unix_ms;
    struct settings settings;        /* change between rig_init and rig_start */
    const struct verifier *verifier; /* likewise; NULL: the mock */
    struct lewes_identity *identity;
    struct lewes_wg_private wg_private;
    struct lewes_wg_public wg_key;
    char directory[64];
    struct store *store;
    struct tunnel *tunnel;
    struct gateway *gateway;
    struct log *log;
    bool stopped;
    uint16_t port;
    int client_buffer; /* bytes that clients receive before they read; 0 = the system's choice */

    atomic_int store_fault_point; /* enum store_point that fails, or -1 */
    atomic_int device_fault;      /* enum wg_status of every add, WG_OK = works */
    atomic_int device_gone;       /* opening fails */
    struct rig_gate store_gate;   /* every step of the store, but begin and commit */
    struct rig_gate device_gate;  /* every add */
    atomic_uint device_adds;

    char lines[RIG_LOG_CAP]; /* what was logged, until it is full */
    size_t lines_len;
};

/* Settings for tests: port 0, mock, memory, small tables, no rates. Of several rigs only the last
 * one's device can be made to fail or wait. */
void rig_init(struct rig *rig);
/* The same with an identity of its own: of one seed byte. */
void rig_init_as(struct rig *rig, uint8_t who);

/* Opens everything and starts the gateway. */
void rig_start(struct rig *rig);
/* rig_init, rig_start */
void rig_up(struct rig *rig);

/* Opens store and device, without a gateway; gateway_start() is the test's. */
void rig_open(struct rig *rig);
struct gateway_parts rig_parts(struct rig *rig);

/* Stops the gateway, without a drain, and waits for it; store and device stay. */
void rig_stop(struct rig *rig);
/* Closes store and device and opens them again, as a restart of the program does; the peers are
 * gone. */
void rig_reopen(struct rig *rig);

/* Stops if it still runs, closes everything, asserts that nothing is left. */
void rig_down(struct rig *rig);

/* Runs the loop until `done(user)`; asserts that it comes. */
void rig_wait(struct rig *rig, bool (*done)(void *user), void *user);
/* Lets everything happen that can happen without waiting. */
void rig_settle(struct rig *rig);
/* Waits until no connection, registration or farewell is left. */
void rig_wait_quiet(struct rig *rig);
void rig_wait_open(struct rig *rig, size_t connections);
void rig_wait_end(struct rig *rig, enum end end, uint64_t times);

struct gateway_counts rig_count(struct rig *rig);

/* Peers in the device, and the one of a key; false: there is none. */
size_t rig_peers(struct rig *rig);
bool rig_peer(struct rig *rig, const struct lewes_wg_public *key, struct wg_peer *peer);

/* The lease of a key, as it is on disk. Only while the gateway rests. */
enum store_result rig_lease(struct rig *rig, const struct lewes_wg_public *key,
                            struct lease *lease);

void rig_gate_close(struct rig_gate *gate);
/* Waits until a thread stands at the gate. */
void rig_gate_reached(struct rig *rig, struct rig_gate *gate);
void rig_gate_open(struct rig_gate *gate);

/* Has a line with this text been logged? */
bool rig_logged(const struct rig *rig, const char *text);

/* Descriptors that this process has open. */
size_t rig_descriptors(void);

#endif
