/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <lewes/version.h>

#include "gateway/announce.h"
#include "gateway/export.h"
#include "gateway/fixed.h"
#include "gateway/gateway.h"
#include "gateway/kemfile.h"
#include "gateway/keyfile.h"
#include "gateway/statedir.h"
#include "gateway/system.h"
#include "host/environment.h"

static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
#define SIGNALS (sizeof signals / sizeof signals[0])

static const struct wg_backend *const backends[] = {
    [SETTINGS_BACKEND_AUTO] = &wg_userspace,
    [SETTINGS_BACKEND_KERNEL] = NULL,
    [SETTINGS_BACKEND_USERSPACE] = &wg_userspace,
    [SETTINGS_BACKEND_MEMORY] = &wg_memory,
};

/* Everything that a running lewesd has; NULL, or -1 for the lock, until it is there. */
struct daemon {
    const struct settings *settings;
    struct lewes_env env;
    struct wall_clock clock;
    struct log *log;
    int lock;
    struct lewes_identity *identity;
    struct lewes_wg_public wg_key;
    struct store *store;
    struct tunnel *tunnel;
    struct gateway *gateway;
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    bool stopping;
};

static bool fail(const struct daemon *d, enum log_event event, const char *text)
{
    log_detail(d->log, SETTINGS_LOG_ERROR, event, "%s", text);
    return false;
}

/* ---- keys ---- */

static bool load_identity(struct daemon *d)
{
    struct lewes_ed25519_seed seed;
    struct keyfile_error error;
    bool made = false;
    bool loaded = keyfile_identity(d->settings->gateway.identity_file, &d->env, &seed, &made,
                                   &error) == KEYFILE_OK;
    if (!loaded)
        return fail(d, LOG_KEY_FILE, error.text);
    enum lewes_error result = lewes_identity_new(&d->identity, &d->env, &seed);
    lewes_wipe(&seed, sizeof seed);
    if (result != LEWES_OK)
        return fail(d, LOG_KEY_FILE, lewes_strerror(result));
    if (made)
        log_detail(d->log, SETTINGS_LOG_INFO, LOG_KEY_FILE, "made a new identity in %s",
                   d->settings->gateway.identity_file);
    return true;
}

/* Only what is to be served: an identity answers every suite that it has a key for. */
static enum lewes_error add_suites(struct daemon *d, const struct kemfile_seeds *seeds)
{
    const uint32_t suites = d->settings->gateway.suites;
    enum lewes_error error = LEWES_OK;

    if ((suites & SETTINGS_SUITE_MLKEM768) != 0)
        error = lewes_identity_add_kem(d->identity, LEWES_KEM_MLKEM768, &seeds->mlkem768);
    if (error == LEWES_OK && (suites & SETTINGS_SUITE_XWING) != 0)
        error = lewes_identity_add_kem(d->identity, LEWES_KEM_XWING, &seeds->xwing);
    return error;
}

/* Both keys are made, whatever is served today: their digests must outlive a change of mind. */
static bool load_kem(struct daemon *d)
{
    struct kemfile_seeds seeds;
    struct keyfile_error error;
    bool made = false;

    if (kemfile_seeds(d->settings->gateway.kem_file, &d->env, &seeds, &made, &error) != KEYFILE_OK)
        return fail(d, LOG_KEY_FILE, error.text);
    enum lewes_error result = add_suites(d, &seeds);
    lewes_wipe(&seeds, sizeof seeds);
    if (result != LEWES_OK)
        return fail(d, LOG_KEY_FILE, lewes_strerror(result));
    if (made)
        log_detail(d->log, SETTINGS_LOG_INFO, LOG_KEY_FILE,
                   "made new keys for ML-KEM-768 and X-Wing in %s", d->settings->gateway.kem_file);
    return true;
}

static bool open_tunnel(struct daemon *d)
{
    const struct settings *settings = d->settings;
    struct lewes_wg_private key;
    struct keyfile_error key_error;
    struct tunnel_error error;
    bool made = false;

    if (keyfile_wireguard(settings->wireguard.private_key_file, &d->env, &key, &made, &key_error) !=
        KEYFILE_OK)
        return fail(d, LOG_KEY_FILE, key_error.text);
    if (made)
        log_detail(d->log, SETTINGS_LOG_INFO, LOG_KEY_FILE, "made a new WireGuard key in %s",
                   settings->wireguard.private_key_file);
    lewes_wg_public(&d->wg_key, &key);
    enum wg_status status =
        tunnel_open(&d->tunnel, backends[settings->wireguard.backend], settings, &key, &error);
    lewes_wipe(&key, sizeof key);
    if (status != WG_OK)
        return fail(d, LOG_DEVICE, error.text);
    if (error.text[0] != '\0')
        log_detail(d->log, SETTINGS_LOG_WARNING, LOG_DEVICE, "%s", error.text);
    return true;
}

/* ---- state ---- */

static bool open_store(struct daemon *d)
{
    const char *path = statedir_database(d->settings->storage.url);
    struct statedir_error lock_error;
    struct store_error error;

    if (path == NULL)
        return fail(d, LOG_STORE,
                    "[storage] url: this version has SQLite only; write "
                    "sqlite:/path/of/the/database");
    d->lock = statedir_lock(path, &lock_error);
    if (d->lock < 0)
        return fail(d, LOG_STORE, lock_error.text);
    if (!load_identity(d) || !load_kem(d))
        return false;
    if (store_open(&d->store, path, lewes_identity_public(d->identity),
                   d->settings->storage.timeout, &error) != STORE_OK)
        return fail(d, LOG_STORE, error.text);
    return true;
}

/* ---- signals ---- */

/* A reload that is asked for during the start comes after it, and never after the end; an end need
 * not wait. */
static void hold_reloads(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(how, &set, NULL);
}

static void stopped(void *user)
{
    struct daemon *d = user;
    d->gateway = NULL;
    hold_reloads(SIG_BLOCK);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&d->signals[i], NULL);
}

static void stop(struct daemon *d)
{
    if (d->stopping)
        _exit(EXIT_FAILURE); /* the second signal; what is committed is on disk */
    d->stopping = true;
    log_detail(d->log, SETTINGS_LOG_INFO, LOG_STOPPING,
               "peers and interface stay; a second signal ends lewesd at once");
    gateway_stop(d->gateway, d->settings->timeouts.drain, stopped, d);
}

static void reload(const struct daemon *d)
{
    struct gateway_error error;

    if (gateway_renew_keys(d->gateway, &error) != 0)
        log_detail(d->log, SETTINGS_LOG_ERROR, LOG_RELOAD, "%s; the old keys stay", error.text);
    log_detail(d->log, SETTINGS_LOG_INFO, LOG_RELOAD,
               "settings are read at start only; restart to change them, tunnels outlive that");
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;
    if (number != SIGHUP)
        stop(d);
    else
        reload(d);
}

static void watch_signals(struct daemon *d)
{
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&d->loop, &d->signals[i]);
        d->signals[i].data = d;
        uv_signal_start(&d->signals[i], on_signal, signals[i]);
    }
    hold_reloads(SIG_UNBLOCK);
}

/* ---- run ---- */

static bool start_gateway(struct daemon *d)
{
    const struct gateway_parts parts = {
        .loop = &d->loop,
        .settings = d->settings,
        .env = &d->env,
        .clock = &d->clock,
        .identity = d->identity,
        .wg_key = &d->wg_key,
        .store = d->store,
        .tunnel = d->tunnel,
        .log = d->log,
    };
    struct gateway_error error;
    char identity[LEWES_BASE58_CAP];

    if (gateway_start(&d->gateway, &parts, &error) != 0)
        return fail(d, LOG_START, error.text);
    lewes_base58_encode(identity, lewes_identity_public(d->identity)->bytes);
    log_detail(d->log, SETTINGS_LOG_INFO, LOG_STARTED,
               "lewesd %s, identity %s, %s back end; credit is not metered in this version",
               LEWES_VERSION, identity, tunnel_backend(d->tunnel));
    return true;
}

static void lower_connections(const struct daemon *d, struct settings *settings)
{
    uint64_t descriptors = system_descriptors();
    uint64_t most = descriptors > DESCRIPTORS_KEPT + 1 ? descriptors - DESCRIPTORS_KEPT : 1;
    if (settings->limits.max_connections <= most)
        return;
    log_detail(d->log, SETTINGS_LOG_WARNING, LOG_LIMIT,
               "max_connections lowered from %u to %llu: this process may open %llu descriptors; "
               "raise LimitNOFILE or ulimit -n",
               settings->limits.max_connections, (unsigned long long)most,
               (unsigned long long)descriptors);
    settings->limits.max_connections = (uint32_t)most;
}

static void close_all(struct daemon *d)
{
    tunnel_close(d->tunnel);
    store_close(d->store);
    lewes_identity_free(d->identity);
    if (d->lock >= 0)
        close(d->lock);
    log_free(d->log);
}

/* libuv makes its threads at the first work, and looks at this variable only then. */
static bool set_workers(const struct settings *settings)
{
    char text[16];
    unsigned workers = settings->registration.verify_workers;
    if (workers == 0)
        workers = uv_available_parallelism();
    (void)snprintf(text, sizeof text, "%u", workers);
    return setenv("UV_THREADPOOL_SIZE", text, 1) == 0;
}

int daemon_run(struct settings *settings)
{
    struct daemon d = {.settings = settings, .clock = system_clock(), .lock = -1};
    int status = EXIT_FAILURE;

    host_environment(&d.env);
    hold_reloads(SIG_BLOCK);
    d.log = log_new(settings->log.level, settings->log.format, settings->log.addresses, NULL);
    if (d.log == NULL || !set_workers(settings) || uv_loop_init(&d.loop) != 0) {
        fputs("lewesd: no memory\n", stderr);
        goto out;
    }
    lower_connections(&d, settings);
    if (open_store(&d) && open_tunnel(&d) && start_gateway(&d)) {
        watch_signals(&d);
        status = EXIT_SUCCESS;
    }
    (void)uv_run(&d.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&d.loop);
    if (status == EXIT_SUCCESS)
        log_write(d.log, SETTINGS_LOG_INFO, LOG_STOPPED, NULL);
out:
    close_all(&d);
    return status;
}

int daemon_identity(const struct settings *settings)
{
    struct daemon d = {.settings = settings, .lock = -1};
    char text[LEWES_BASE58_CAP];
    int status = EXIT_FAILURE;

    host_environment(&d.env);
    d.log = log_new(SETTINGS_LOG_WARNING, settings->log.format, settings->log.addresses, NULL);
    if (load_identity(&d)) {
        lewes_base58_encode(text, lewes_identity_public(d.identity)->bytes);
        status = puts(text) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    close_all(&d);
    return status;
}

int daemon_describe(const struct settings *settings)
{
    struct daemon d = {.settings = settings, .clock = system_clock(), .lock = -1};
    struct announce_error error;
    char *text = NULL;
    int status = EXIT_FAILURE;

    host_environment(&d.env);
    d.log = log_new(SETTINGS_LOG_WARNING, settings->log.format, settings->log.addresses, NULL);
    if (load_identity(&d) && load_kem(&d)) {
        text = announce_text(settings, d.identity, (uint64_t)wall_clock_seconds(&d.clock), &error);
        if (text == NULL)
            fail(&d, LOG_START, error.text);
        else
            status = puts(text) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    free(text);
    close_all(&d);
    return status;
}

int daemon_export(const struct settings *settings)
{
    const char *path = statedir_database(settings->storage.url);
    struct export_error error = {"[storage] url: this version has SQLite only"};

    if (path != NULL && export_tickets(stdout, path, settings->storage.timeout, &error) == 0)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "lewesd: %s\n", error.text);
    return EXIT_FAILURE;
}
