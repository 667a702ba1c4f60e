/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/gateway_rig.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wireguard/memory.h"

/* ---- handles ---- */

static void stand_at(struct rig_gate *gate)
{
    if (!atomic_load(&gate->closed))
        return;
    atomic_fetch_add(&gate->waiting, 1);
    while (atomic_load(&gate->closed))
        sched_yield();
    atomic_fetch_sub(&gate->waiting, 1);
}

static int store_fault(void *user, enum store_point point)
{
    struct rig *rig = user;
    if (point != STORE_POINT_BEGIN && point != STORE_POINT_COMMIT)
        stand_at(&rig->store_gate);
    return atomic_load(&rig->store_fault_point) == (int)point ? 10 /* SQLITE_IOERR */ : 0;
}

/* The back end is a constant table without a place for a pointer: faults are those of the last rig.
 */
static struct rig *rig_of_device;

static enum wg_status device_open(struct wg_device **device, const struct wg_settings *settings)
{
    if (atomic_load(&rig_of_device->device_gone))
        return WG_LOST;
    return wg_memory.open(device, settings);
}

static enum wg_status device_add(struct wg_device *device, const struct wg_peer *peers,
                                 size_t count)
{
    struct rig *rig = rig_of_device;
    atomic_fetch_add(&rig->device_adds, (unsigned)count);
    stand_at(&rig->device_gate);
    int fault = atomic_load(&rig->device_fault);
    return fault != WG_OK ? (enum wg_status)fault : wg_memory.add(device, peers, count);
}

static enum wg_status device_remove(struct wg_device *device, const struct lewes_wg_public *key)
{
    return wg_memory.remove(device, key);
}

static enum wg_status device_dump(struct wg_device *device,
                                  void (*each)(void *user, const struct wg_peer *peer), void *user)
{
    return wg_memory.dump(device, each, user);
}

static void device_close(struct wg_device *device)
{
    wg_memory.close(device);
}

static const struct wg_backend backend = {.name = "rig",
                                          .open = device_open,
                                          .add = device_add,
                                          .remove = device_remove,
                                          .dump = device_dump,
                                          .close = device_close};

static uint64_t read_clock(void *user)
{
    struct rig *rig = user;
    return atomic_load(&rig->unix_ms);
}

static void keep_line(void *user, const char *line, size_t len)
{
    struct rig *rig = user;
    if (len >= sizeof rig->lines - rig->lines_len)
        return;
    memcpy(rig->lines + rig->lines_len, line, len);
    rig->lines_len += len;
}

bool rig_logged(const struct rig *rig, const char *text)
{
    return strstr(rig->lines, text) != NULL;
}

/* ---- beginning ---- */

static struct settings_network network(uint8_t family, const char *start, uint8_t prefix)
{
    struct settings_network n = {.ip.family = family, .prefix = prefix};
    memcpy(n.ip.bytes, start, family == 4 ? 4 : 16);
    return n;
}

static void set_defaults(struct settings *s)
{
    memset(s, 0, sizeof *s);
    s->gateway.enabled = true;
    s->gateway.modes = SETTINGS_MODE_DVPN;
    s->gateway.timestamp_tolerance = 30000;
    s->listen.control.count = 1;
    s->listen.control.at[0] = (struct lewes_endpoint){.ip = {4, {127, 0, 0, 1}}};
    s->limits.max_connections = 1000;
    s->limits.connections_per_source = 1000;
    s->limits.accept_rate = (struct settings_rate){1000000, 1000};
    s->limits.accept_burst = 1000000;
    s->limits.max_half_open = 500;
    s->limits.half_open_per_source = 500;
    s->limits.hellos_per_connection = 4;
    s->limits.max_sessions = 1000;
    s->limits.source_table = 64;
    s->limits.verify_rate = (struct settings_rate){1000000, 1000};
    s->limits.verify_burst = 1000000;
    s->limits.peer_factor = 1;
    s->timeouts.first_byte = s->timeouts.message = s->timeouts.write = 60000;
    s->timeouts.handshake = s->timeouts.idle = s->timeouts.lifetime = 60000;
    s->timeouts.registration = 60000;
    s->registration.verifier = SETTINGS_VERIFIER_MOCK;
    s->registration.amounts[LEWES_TICKET_MIXNET_ENTRY] = 200000000;
    s->registration.amounts[LEWES_TICKET_MIXNET_EXIT] = 100000000;
    s->registration.amounts[LEWES_TICKET_WG_ENTRY] = 500000000;
    s->registration.amounts[LEWES_TICKET_WG_EXIT] = 500000000;
    s->registration.topup_below = 50000000;
    s->registration.answer_window = 600000;
    s->registration.unbound_limit = (struct settings_rate){10, 3600000};
    s->registration.verify_queue = 256;
    s->wireguard.backend = SETTINGS_BACKEND_MEMORY;
    s->wireguard.listen_port = 51822;
    s->wireguard.address4 = network(4, "\x0a\x01\x00\x01", 20);
    s->wireguard.address6 = network(6, "\xfc\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 116);
    s->wireguard.keepalive = 25000;
    s->wireguard.exclusive = true;
    s->metering.credit_days = 6;
    s->storage.timeout = 5000;
    (void)snprintf(s->mixnet.hook, sizeof s->mixnet.hook, "none");
    (void)snprintf(s->mixnet.sphinx_key, sizeof s->mixnet.sphinx_key, "from identity");
    s->data.bind.count = 1;
    s->data.bind.at[0] = (struct lewes_endpoint){.ip = {4, {127, 0, 0, 1}}};
    s->data.session_linger = 60000;
    s->forward.enabled = true;
    (void)snprintf(s->forward.directory, sizeof s->forward.directory, "none");
    s->forward.allow_private = true;
    s->forward.max_streams = 100;
    s->forward.connect = s->forward.io = s->forward.idle = 60000;
}

void rig_init(struct rig *rig)
{
    rig_init_as(rig, 0x42);
}

void rig_init_as(struct rig *rig, uint8_t who)
{
    struct lewes_ed25519_seed seed;
    const struct log_environment log = {.user = rig, .write = keep_line};

    memset(rig, 0, sizeof *rig);
    rig_of_device = rig;
    set_defaults(&rig->settings);
    atomic_store(&rig->unix_ms, RIG_UNIX_MS);
    atomic_store(&rig->store_fault_point, -1);
    shared_env_init(&rig->env, 1);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(uv_timer_init(&rig->loop, &rig->guard), 0);
    rig->guard.data = rig;
    memset(seed.bytes, who, sizeof seed.bytes);
    assert_int_equal(lewes_identity_new(&rig->identity, &rig->env.env, &seed), LEWES_OK);
    assert_int_equal(lewes_wg_generate(&rig->wg_private, &rig->env.env), LEWES_OK);
    lewes_wg_public(&rig->wg_key, &rig->wg_private);
    rig->log = log_new(SETTINGS_LOG_DEBUG, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL, &log);
    assert_non_null(rig->log);
    (void)snprintf(rig->directory, sizeof rig->directory, "/tmp/lewes-rig-XXXXXX");
    assert_non_null(mkdtemp(rig->directory));
}

static struct wall_clock clock_of(struct rig *rig)
{
    return (struct wall_clock){.user = rig, .unix_ms = read_clock};
}

void rig_open(struct rig *rig)
{
    struct store_error store_error;
    struct tunnel_error tunnel_error;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/lewes.db", rig->directory);
    assert_int_equal(store_open(&rig->store, path, lewes_identity_public(rig->identity),
                                rig->settings.storage.timeout, &store_error),
                     STORE_OK);
    store_set_fault(rig->store, store_fault, rig);
    assert_int_equal(
        tunnel_open(&rig->tunnel, &backend, &rig->settings, &rig->wg_private, &tunnel_error),
        WG_OK);
}

struct gateway_parts rig_parts(struct rig *rig)
{
    static struct wall_clock clock;
    clock = clock_of(rig);
    return (struct gateway_parts){
        .loop = &rig->loop,
        .settings = &rig->settings,
        .env = &rig->env.env,
        .clock = &clock,
        .identity = rig->identity,
        .wg_key = &rig->wg_key,
        .store = rig->store,
        .tunnel = rig->tunnel,
        .verifier = rig->verifier,
        .log = rig->log,
    };
}

void rig_start(struct rig *rig)
{
    struct gateway_error error;
    if (rig->store == NULL)
        rig_open(rig);
    const struct gateway_parts parts = rig_parts(rig);
    if (gateway_start(&rig->gateway, &parts, &error) != 0)
        fail_msg("%s", error.text);
    rig->stopped = false;
    rig->port = listeners_address(gateway_listeners(rig->gateway), 0).port;
}

void rig_up(struct rig *rig)
{
    rig_init(rig);
    rig_start(rig);
}

/* ---- waiting ---- */

static void guard_rings(uv_timer_t *timer)
{
    struct rig *rig = timer->data;
    rig->timed_out = true;
}

/* Two loops in one thread: whichever has something to do, for a moment. */
static void turn_both(struct rig *rig)
{
    struct pollfd loops[2] = {{.fd = uv_backend_fd(&rig->loop), .events = POLLIN},
                              {.fd = uv_backend_fd(&rig->beside->loop), .events = POLLIN}};
    (void)poll(loops, 2, 1);
    uv_run(&rig->loop, UV_RUN_NOWAIT);
    uv_run(&rig->beside->loop, UV_RUN_NOWAIT);
}

static void turn(struct rig *rig)
{
    if (rig->beside != NULL)
        turn_both(rig);
    else
        uv_run(&rig->loop, UV_RUN_ONCE);
}

void rig_wait(struct rig *rig, bool (*done)(void *user), void *user)
{
    rig->timed_out = false;
    uv_update_time(&rig->loop);
    uv_timer_start(&rig->guard, guard_rings, RIG_PATIENCE_MS, 0);
    while (!done(user) && !rig->timed_out)
        turn(rig);
    uv_timer_stop(&rig->guard);
    if (rig->timed_out)
        fail_msg("what was waited for did not come; the log:\n%s", rig->lines);
}

void rig_settle(struct rig *rig)
{
    for (int i = 0; i < 8; i++)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
}

struct gateway_counts rig_count(struct rig *rig)
{
    struct gateway_counts counts;
    gateway_count(rig->gateway, &counts);
    return counts;
}

struct awaited {
    struct rig *rig;
    size_t connections;
    enum end end;
    uint64_t times;
    struct rig_gate *gate;
};

static bool is_quiet(void *user)
{
    const struct awaited *awaited = user;
    struct gateway_counts counts = rig_count(awaited->rig);
    return counts.connections == 0 && counts.registrations == 0 && counts.farewells == 0;
}

void rig_wait_quiet(struct rig *rig)
{
    struct awaited awaited = {.rig = rig};
    rig_wait(rig, is_quiet, &awaited);
}

static bool has_connections(void *user)
{
    const struct awaited *awaited = user;
    return rig_count(awaited->rig).connections == awaited->connections;
}

void rig_wait_open(struct rig *rig, size_t connections)
{
    struct awaited awaited = {.rig = rig, .connections = connections};
    rig_wait(rig, has_connections, &awaited);
}

static bool has_ended(void *user)
{
    const struct awaited *awaited = user;
    return rig_count(awaited->rig).ends[awaited->end] >= awaited->times;
}

void rig_wait_end(struct rig *rig, enum end end, uint64_t times)
{
    struct awaited awaited = {.rig = rig, .end = end, .times = times};
    rig_wait(rig, has_ended, &awaited);
    assert_int_equal(rig_count(rig).ends[end], times);
}

void rig_gate_close(struct rig_gate *gate)
{
    atomic_store(&gate->closed, true);
}

void rig_gate_open(struct rig_gate *gate)
{
    atomic_store(&gate->closed, false);
}

static bool is_reached(void *user)
{
    const struct awaited *awaited = user;
    sched_yield();
    return atomic_load(&awaited->gate->waiting) > 0;
}

static void wake(uv_timer_t *timer)
{
    (void)timer;
}

/* A thread at a gate does not wake the loop: a timer does. */
void rig_gate_reached(struct rig *rig, struct rig_gate *gate)
{
    struct awaited awaited = {.rig = rig, .gate = gate};
    uv_timer_t ticks;
    uv_timer_init(&rig->loop, &ticks);
    uv_timer_start(&ticks, wake, 1, 1);
    rig_wait(rig, is_reached, &awaited);
    uv_close((uv_handle_t *)&ticks, NULL);
    rig_settle(rig);
}

/* ---- what is there ---- */

struct search {
    const struct lewes_wg_public *key;
    struct wg_peer *peer;
    size_t count;
    bool found;
};

static void each_peer(void *user, const struct wg_peer *peer)
{
    struct search *search = user;
    search->count++;
    if (search->key != NULL && memcmp(&peer->key, search->key, sizeof peer->key) == 0) {
        search->found = true;
        *search->peer = *peer;
    }
}

size_t rig_peers(struct rig *rig)
{
    struct search search = {.key = NULL};
    assert_int_equal(tunnel_dump(rig->tunnel, each_peer, &search), WG_OK);
    return search.count;
}

bool rig_peer(struct rig *rig, const struct lewes_wg_public *key, struct wg_peer *peer)
{
    struct search search = {.key = key, .peer = peer};
    assert_int_equal(tunnel_dump(rig->tunnel, each_peer, &search), WG_OK);
    return search.found;
}

enum store_result rig_lease(struct rig *rig, const struct lewes_wg_public *key, struct lease *lease)
{
    return store_find_lease(rig->store, key, lease);
}

size_t rig_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        fail_msg("no /proc");
        return 0;
    }
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* ---- end ---- */

static void on_stopped(void *user)
{
    struct rig *rig = user;
    rig->stopped = true;
}

static bool is_stopped(void *user)
{
    const struct rig *rig = user;
    return rig->stopped;
}

void rig_stop(struct rig *rig)
{
    gateway_stop(rig->gateway, 0, on_stopped, rig);
    rig_wait(rig, is_stopped, rig);
    rig->gateway = NULL;
    rig_settle(rig);
}

static void close_parts(struct rig *rig)
{
    store_close(rig->store);
    tunnel_close(rig->tunnel);
    rig->store = NULL;
    rig->tunnel = NULL;
}

void rig_reopen(struct rig *rig)
{
    close_parts(rig);
    rig_open(rig);
}

static void remove_directory(const char *path)
{
    char name[320];
    const struct dirent *entry;
    DIR *directory = opendir(path);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        (void)unlink(name);
    }
    if (directory != NULL)
        closedir(directory);
    (void)rmdir(path);
}

void rig_down(struct rig *rig)
{
    if (rig->gateway != NULL)
        rig_stop(rig);
    close_parts(rig);
    log_free(rig->log);
    lewes_identity_free(rig->identity);
    uv_close((uv_handle_t *)&rig->guard, NULL);
    rig_settle(rig);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    remove_directory(rig->directory);
    shared_env_end(&rig->env);
}
