/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/gateway.h"

#include <stdio.h>
#include <string.h>

#include "gateway/fixed.h"
#include "gateway/purge.h"
#include "gateway/verifier_ecash.h"
#include "lib/base/env.h"

enum phase { RUNNING, DRAINING, STOPPING, CLOSING, CLOSED };

struct gateway {
    struct lewes_env env;
    struct settings settings;
    struct gateway_parts parts; /* settings, env and clock point into this structure */
    struct wall_clock clock;
    const struct verifier *verifier;
    struct lewes_ecash *ecash; /* of real tickets, else NULL */
    struct verifier_ecash *verifier_ecash;
    struct service service;
    struct pool *pool;
    struct worker *store_worker;
    struct worker *device_worker;
    struct repair *repair;
    struct directory *directory;
    struct mixnet *mixnet;
    struct purge *purge;
    struct listeners *listeners;
    uv_timer_t drain;
    uv_timer_t later;   /* goes on with a stop, outside of whatever made that possible */
    uv_timer_t warning; /* the mock verifier's */
    unsigned timers;    /* not closed yet */
    enum phase phase;
    bool repair_stopped, listeners_closed, datagrams_closed;
    void (*stopped)(void *user);
    void *user;
};

static void soon(void *user);

static int fail(struct gateway_error *error, const char *text)
{
    (void)snprintf(error->text, sizeof error->text, "%s", text);
    return -1;
}

/* ---- what is made at start, in the order of need ---- */

static int make_tables(struct gateway *g, struct gateway_error *error)
{
    const struct settings *settings = &g->settings;
    struct service *service = &g->service;
    const struct limits_caps limits = {
        .sources = settings->limits.source_table,
        .peer_factor = settings->limits.peer_factor,
        .connections = settings->limits.max_connections,
        .connections_per_source = settings->limits.connections_per_source,
        .half_open_per_source = settings->limits.half_open_per_source,
        .accept = {settings->limits.accept_rate.count, settings->limits.accept_rate.period,
                   settings->limits.accept_burst},
        .verify = {settings->limits.verify_rate.count, settings->limits.verify_rate.period,
                   settings->limits.verify_burst},
        .unbound = {settings->registration.unbound_limit.count,
                    settings->registration.unbound_limit.period,
                    settings->registration.unbound_limit.count},
    };
    const struct sessions_caps sessions = {settings->limits.max_sessions,
                                           settings->limits.max_half_open};
    const struct salts_caps salts = {SALTS_MAX,
                                     SALT_TOLERANCES * settings->gateway.timestamp_tolerance};
    if (limits_new(&service->limits, &g->env, &limits) != LEWES_OK ||
        sessions_new(&service->sessions, &g->env, &sessions) != LEWES_OK ||
        salts_new(&service->salts, &g->env, &salts) != LEWES_OK ||
        farewells_new(&service->farewells, g->parts.loop, &g->env) != LEWES_OK)
        return fail(error, "no memory or no randomness for the tables of connections; lower "
                           "[limits] max_sessions or source_table");
    return 0;
}

static int make_pool(struct gateway *g, struct gateway_error *error)
{
    const struct pool_settings settings = {
        .address4 = g->settings.wireguard.address4,
        .address6 = g->settings.wireguard.address6,
        .reserved = g->settings.wireguard.reserved.at,
        .reserved_count = g->settings.wireguard.reserved.count,
        .cooldown = g->settings.wireguard.cooldown,
    };
    switch (pool_new(&g->pool, &g->env, &settings)) {
    case POOL_OK:
        return 0;
    case POOL_ARGUMENT:
        return fail(error, "[wireguard] address4 and address6 leave no address for a client; "
                           "choose larger networks, or reserve less");
    case POOL_EMPTY:
    case POOL_WRONG:
    case POOL_MEMORY:
    case POOL_RANDOM:
        break;
    }
    return fail(error, "no memory for the addresses to lease; choose smaller networks in "
                       "[wireguard] address4 and address6");
}

static void log_survey(const struct gateway *g, const struct survey *survey)
{
    log_detail(g->parts.log, SETTINGS_LOG_INFO, LOG_LEASE,
               "%llu leases; peers: %llu added, %llu replaced, %llu removed, %llu refused by the "
               "device",
               (unsigned long long)survey->leases,
               (unsigned long long)(survey->added - survey->refused),
               (unsigned long long)survey->replaced, (unsigned long long)survey->removed,
               (unsigned long long)survey->refused);
    if (survey->bad > 0 || survey->misplaced.count > 0)
        log_detail(g->parts.log, SETTINGS_LOG_WARNING, LOG_LEASE,
                   "%llu leases cannot be read and were left alone; %llu leases have lost their "
                   "addresses, which belong to another lease or to no network of this gateway, "
                   "and get new ones at their next registration",
                   (unsigned long long)survey->bad, (unsigned long long)survey->misplaced.count);
}

/* gateway.md G6.11, G7.4 */
static int recover(struct gateway *g, struct gateway_error *error)
{
    struct survey survey = {.env = g->env,
                            .settings = &g->settings,
                            .pool = g->pool,
                            .mark = g->pool,
                            .unix_seconds = wall_clock_seconds(&g->clock)};
    int result = 0;

    if (survey_leases(&survey, g->parts.store) != STORE_OK)
        result = fail(error, "the leases cannot be read from the database; restore it from a "
                             "backup, or find out with sqlite3 what is wrong with it");
    else if (survey_device(&survey, g->parts.tunnel) != WG_OK)
        result = fail(error, "the WireGuard interface does not take the peers of the leases; see "
                             "that it runs, and start lewesd again");
    else if (survey_settle(&survey, g->parts.store) != STORE_OK)
        result = fail(error, "the leases cannot be written to the database; see that its disk has "
                             "room and is writable");
    else
        log_survey(g, &survey);
    survey_end(&survey);
    return result;
}

static int make_workers(struct gateway *g, struct gateway_error *error)
{
    const struct worker_hooks hooks = store_hooks(g->parts.store);
    const struct repair_parts parts = {
        .env = g->env,
        .loop = g->parts.loop,
        .settings = &g->settings,
        .clock = g->clock,
        .log = g->parts.log,
        .store = g->parts.store,
        .tunnel = g->parts.tunnel,
        .pool = g->pool,
    };
    struct repair_parts repair = parts;

    g->store_worker = worker_start(g->parts.loop, &hooks, STORE_JOBS_MAX);
    g->device_worker = worker_start(g->parts.loop, NULL, DEVICE_JOBS_MAX);
    repair.store_worker = g->store_worker;
    repair.device_worker = g->device_worker;
    if (g->store_worker == NULL || g->device_worker == NULL ||
        repair_new(&g->repair, &repair) != LEWES_OK)
        return fail(error, "no memory or thread for the work beside the loop");
    return 0;
}

static int make_mixnet(struct gateway *g, struct gateway_error *error)
{
    const struct mixnet_parts parts = {
        .env = g->env,
        .loop = g->parts.loop,
        .settings = &g->settings,
        .clock = g->clock,
        .log = g->parts.log,
        .store = g->parts.store,
        .store_worker = g->store_worker,
    };
    const struct purge_parts purge = {g->env,       g->parts.loop,  g->clock,
                                      g->parts.log, g->parts.store, g->store_worker};
    if (mixnet_new(&g->mixnet, &parts) != LEWES_OK || purge_new(&g->purge, &purge) != LEWES_OK)
        return fail(error, "no memory");
    return 0;
}

/* ecash.md E9 */
static int load_epochs(const struct lewes_env *env, const struct lewes_ecash *ecash,
                       const struct settings *settings, struct epochs **epochs,
                       struct gateway_error *error)
{
    struct epochs_error reason;

    if (strcmp(settings->registration.keys, "none") == 0)
        return fail(error,
                    "real tickets need the keys of their mint: put the line that 'lewes-mint "
                    "epoch add' prints into a file, and name it as [registration] keys; for "
                    "development set verifier = mock and [security] allow_mock = yes");
    if (epochs_load(epochs, env, ecash, settings->registration.keys, &reason) == 0)
        return 0;
    (void)snprintf(error->text, sizeof error->text, "[registration] keys: %.480s", reason.text);
    return -1;
}

static int make_verifier(struct gateway *g, struct gateway_error *error)
{
    struct verifier_ecash_parts parts = {
        .env = &g->env,
        .loop = g->parts.loop,
        .settings = &g->settings,
        .gateway = *lewes_identity_public(g->parts.identity),
    };

    g->verifier = g->parts.verifier != NULL ? g->parts.verifier : &verifier_mock;
    if (g->parts.verifier != NULL || g->settings.registration.verifier == SETTINGS_VERIFIER_MOCK)
        return 0;
    if (lewes_ecash_new(&g->ecash, &g->env) != LEWES_OK)
        return fail(error, "no memory");
    if (load_epochs(&g->env, g->ecash, &g->settings, &parts.epochs, error) != 0)
        return -1;
    if (verifier_ecash_new(&g->verifier_ecash, &parts) != LEWES_OK) {
        epochs_drop(parts.epochs);
        return fail(error, "no memory");
    }
    g->verifier = verifier_ecash_of(g->verifier_ecash);
    return 0;
}

static int make_registrar(struct gateway *g, struct gateway_error *error)
{
    const struct registrar_parts parts = {
        .env = g->env,
        .loop = g->parts.loop,
        .settings = &g->settings,
        .clock = g->clock,
        .log = g->parts.log,
        .store = g->parts.store,
        .store_worker = g->store_worker,
        .tunnel = g->parts.tunnel,
        .device_worker = g->device_worker,
        .repair = g->repair,
        .pool = g->pool,
        .limits = g->service.limits,
        .verifier = g->verifier,
        .mixnet = g->mixnet,
        .wg_key = *g->parts.wg_key,
        .identity = *lewes_identity_public(g->parts.identity),
        .sphinx_key = mixnet_sphinx_key(&g->settings, lewes_identity_public(g->parts.identity)),
    };
    if (registrar_new(&g->service.registrar, &parts) != LEWES_OK)
        return fail(error, "no memory or no randomness for registrations");
    return 0;
}

/* gateway.md G5.1, G5.2 */
static int make_forwards(struct gateway *g, struct gateway_error *error)
{
    const char *path = g->settings.forward.directory;
    struct directory_error reason;

    if (forwards_new(&g->service.forwards, g->parts.loop, &g->env, &g->settings) != LEWES_OK)
        return fail(error, "no memory");
    forwards_when_empty(g->service.forwards, soon, g);
    if (!directory_named(path)) {
        if (!g->settings.forward.enabled)
            return 0;
        log_detail(g->parts.log, SETTINGS_LOG_WARNING, LOG_DIRECTORY,
                   "nothing is forwarded to other gateways: name them in a file and set [forward] "
                   "directory, or set [forward] enabled = no");
        return 0;
    }
    if (directory_load(&g->directory, &g->env, path, &reason) != 0) {
        (void)snprintf(error->text, sizeof error->text,
                       "[forward] directory: %s; correct the file, or set directory = none",
                       reason.text);
        return -1;
    }
    g->service.directory = g->directory;
    log_detail(g->parts.log, SETTINGS_LOG_INFO, LOG_DIRECTORY, "%llu gateways in %s",
               (unsigned long long)directory_count(g->directory), path);
    return 0;
}

/* gateway.md G11.1 */
static int open_datagrams(struct gateway *g, struct gateway_error *error)
{
    const struct datagrams_parts parts = {
        .env = g->env,
        .loop = g->parts.loop,
        .settings = &g->settings,
        .log = g->parts.log,
        .sessions = g->service.sessions,
    };
    struct datagrams_error reason;
    if (g->settings.data.enabled && datagrams_open(&g->service.datagrams, &parts, &reason) != 0)
        return fail(error, reason.text);
    return 0;
}

static int open_listeners(struct gateway *g, struct gateway_error *error)
{
    struct listener_error reason;
    if (listeners_open(&g->listeners, &g->service, &reason) != LEWES_OK)
        return fail(error, reason.text);
    return 0;
}

static void warn_mock(uv_timer_t *timer)
{
    const struct gateway *g = timer->data;
    log_detail(g->parts.log, SETTINGS_LOG_WARNING, LOG_MOCK,
               "tickets are not checked: everybody gets credit for nothing; this is for "
               "development only");
}

/* ---- the end ---- */

static void release(struct gateway *g)
{
    struct lewes_env env = g->env;
    void (*stopped)(void *) = g->stopped;
    void *user = g->user;

    registrar_free(g->service.registrar);
    forwards_free(g->service.forwards);
    directory_free(g->directory);
    farewells_free(g->service.farewells);
    salts_free(g->service.salts);
    sessions_free(g->service.sessions);
    limits_free(g->service.limits);
    pool_free(g->pool);
    lewesi_release(&env, g, sizeof *g);
    if (stopped != NULL)
        stopped(user);
}

static void timer_closed(uv_handle_t *handle)
{
    struct gateway *g = handle->data;
    if (--g->timers == 0)
        release(g);
}

/* Everybody has gone and nothing is under way. */
static void take_down(struct gateway *g)
{
    g->phase = CLOSED;
    if (g->service.datagrams != NULL) /* a start that failed */
        datagrams_close(g->service.datagrams, NULL, NULL);
    worker_stop(g->store_worker);
    worker_stop(g->device_worker);
    repair_free(g->repair);
    mixnet_free(g->mixnet);
    purge_free(g->purge);
    verifier_ecash_free(g->verifier_ecash);
    g->verifier_ecash = NULL; /* SIGHUP may still come in this turn of the loop */
    lewes_ecash_free(g->ecash);
    uv_close((uv_handle_t *)&g->drain, timer_closed);
    uv_close((uv_handle_t *)&g->later, timer_closed);
    uv_close((uv_handle_t *)&g->warning, timer_closed);
}

static void go_on(uv_timer_t *timer);

static void soon(void *user)
{
    struct gateway *g = user;
    if (g->phase != RUNNING && g->phase != CLOSED)
        uv_timer_start(&g->later, go_on, 0, 0);
}

static void repair_over(void *user)
{
    struct gateway *g = user;
    g->repair_stopped = true;
    soon(g);
}

static void listeners_gone(void *user)
{
    struct gateway *g = user;
    g->listeners_closed = true;
    soon(g);
}

static void datagrams_gone(void *user)
{
    struct gateway *g = user;
    g->datagrams_closed = true;
    soon(g);
}

static bool nobody_left(const struct gateway *g)
{
    return g->service.open == 0 && forwards_alive(g->service.forwards) == 0 &&
           registrar_running(g->service.registrar) == 0;
}

static void go_on(uv_timer_t *timer)
{
    struct gateway *g = timer->data;

    if (!nobody_left(g))
        return;
    if (g->phase == DRAINING || g->phase == STOPPING) {
        g->phase = CLOSING;
        repair_stop(g->repair, repair_over, g);
        listeners_close(g->listeners, listeners_gone, g);
        g->listeners = NULL;
        datagrams_close(g->service.datagrams, datagrams_gone, g);
        g->service.datagrams = NULL;
    } else if (g->phase == CLOSING && g->repair_stopped && g->listeners_closed &&
               g->datagrams_closed && farewells_count(g->service.farewells) == 0) {
        take_down(g);
    }
}

static void drain_over(uv_timer_t *timer)
{
    struct gateway *g = timer->data;
    if (g->phase != DRAINING)
        return;
    g->phase = STOPPING;
    service_stop(&g->service);
    soon(g);
}

void gateway_stop(struct gateway *g, uint64_t drain_ms, void (*stopped)(void *user), void *user)
{
    if (g->phase != RUNNING)
        return;
    g->phase = DRAINING;
    g->stopped = stopped;
    g->user = user;
    service_drain(&g->service);
    uv_timer_start(&g->drain, drain_over, drain_ms, 0);
    soon(g);
}

/* ---- the beginning ---- */

int gateway_check(const struct settings *settings, const struct lewes_env *env,
                  struct gateway_error *error)
{
    struct lewes_ecash *ecash = NULL;
    struct epochs *epochs = NULL;

    if (settings->registration.verifier == SETTINGS_VERIFIER_MOCK)
        return 0;
    if (lewes_ecash_new(&ecash, env) != LEWES_OK)
        return fail(error, "no memory");
    const int status = load_epochs(env, ecash, settings, &epochs, error);
    epochs_drop(epochs);
    lewes_ecash_free(ecash);
    return status;
}

int gateway_renew_keys(struct gateway *g, struct gateway_error *error)
{
    struct epochs *epochs = NULL;

    if (g->verifier_ecash == NULL)
        return 0;
    if (load_epochs(&g->env, g->ecash, &g->settings, &epochs, error) != 0)
        return -1;
    verifier_ecash_renew(g->verifier_ecash, epochs);
    log_detail(g->parts.log, SETTINGS_LOG_INFO, LOG_RELOAD, "%zu epochs in %s",
               epochs_count(epochs), g->settings.registration.keys);
    return 0;
}

static void make_timers(struct gateway *g)
{
    uv_timer_t *const timers[] = {&g->drain, &g->later, &g->warning};
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        uv_timer_init(g->parts.loop, timers[i]);
        timers[i]->data = g;
        g->timers++;
    }
}

static struct gateway *make(const struct gateway_parts *parts)
{
    struct gateway *g = lewesi_allocate(parts->env, sizeof *g);
    if (g == NULL)
        return NULL;
    g->env = *parts->env;
    g->settings = *parts->settings;
    g->clock = *parts->clock;
    g->parts = *parts;
    g->parts.env = &g->env;
    g->parts.settings = &g->settings;
    g->parts.clock = &g->clock;
    g->service = (struct service){
        .env = g->env,
        .loop = parts->loop,
        .settings = &g->settings,
        .identity = parts->identity,
        .clock = g->clock,
        .log = parts->log,
        .empty = soon,
        .user = g,
    };
    make_timers(g);
    return g;
}

static int make_parts(struct gateway *g, struct gateway_error *error)
{
    if (make_verifier(g, error) != 0 || make_tables(g, error) != 0 || make_pool(g, error) != 0 ||
        recover(g, error) != 0 || make_workers(g, error) != 0 || make_mixnet(g, error) != 0 ||
        make_registrar(g, error) != 0 || make_forwards(g, error) != 0)
        return -1;
    farewells_when_empty(g->service.farewells, soon, g);
    registrar_when_empty(g->service.registrar, soon, g);
    if (open_datagrams(g, error) != 0)
        return -1;
    return open_listeners(g, error);
}

int gateway_start(struct gateway **gateway, const struct gateway_parts *parts,
                  struct gateway_error *error)
{
    struct gateway *g = make(parts);
    if (g == NULL)
        return fail(error, "no memory");
    if (make_parts(g, error) != 0) {
        take_down(g);
        return -1;
    }
    if (g->verifier == &verifier_mock) {
        warn_mock(&g->warning);
        uv_timer_start(&g->warning, warn_mock, MOCK_WARNING_MS, MOCK_WARNING_MS);
    }
    *gateway = g;
    return 0;
}

static void count_checks(const struct gateway *g, struct gateway_counts *counts)
{
    struct verifier_ecash_counts checks;
    verifier_ecash_count(g->verifier_ecash, &checks);
    counts->checking = checks.running;
    counts->bound = checks.bound;
    counts->unbound = checks.unbound;
}

void gateway_count(const struct gateway *g, struct gateway_counts *counts)
{
    const struct service *service = &g->service;

    memset(counts, 0, sizeof *counts);
    counts->connections = service->open;
    counts->registrations = registrar_running(service->registrar);
    counts->farewells = farewells_count(service->farewells);
    counts->forward_streams = forwards_open(service->forwards);
    counts->half_open = sessions_half_open(service->sessions);
    counts->sessions = sessions_established(service->sessions);
    counts->free_pairs = pool_count(g->pool, POOL_FREE);
    counts->leased_pairs = pool_count(g->pool, POOL_LEASED);
    counts->accepted = service->accepted;
    counts->handshakes = service->handshakes;
    counts->subsessions = service->subsessions;
    counts->repairs = repair_count(g->repair);
    memcpy(counts->ends, service->ends, sizeof counts->ends);
    memcpy(counts->busies, service->busies, sizeof counts->busies);
    memcpy(counts->hellos, service->hellos, sizeof counts->hellos);
    memcpy(counts->forwarded, service->forwarded, sizeof counts->forwarded);
    for (int i = 0; i < REGISTRAR_RESULTS; i++)
        counts->results[i] = registrar_count(service->registrar, (enum registrar_result)i);
    counts->double_spends = registrar_double_spends(service->registrar);
    if (g->verifier_ecash != NULL)
        count_checks(g, counts);
    if (service->datagrams == NULL)
        return;
    counts->lingering = datagrams_lingering(service->datagrams);
    for (int i = 0; i < DATAGRAM_RESULTS; i++)
        counts->datagrams[i] = datagrams_count(service->datagrams, (enum datagram_result)i);
}

const struct datagrams *gateway_datagrams(const struct gateway *g)
{
    return g->service.datagrams;
}

const struct listeners *gateway_listeners(const struct gateway *g)
{
    return g->listeners;
}
