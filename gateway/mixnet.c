/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/mixnet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/fixed.h"
#include "lib/base/env.h"
#include "lib/crypto/crypto.h"

#define SCHEME "unix:"
#define GONE_MAX 16 /* clients of one look */
#define EVENT_TEXT 320

struct mixnet {
    struct mixnet_parts parts;
    uv_timer_t timer;
    struct worker_job job;
    int fd; /* -1: no hook, or no socket for it */
    struct sockaddr_un hook;
    enum store_result stored;
    size_t gone_count;
    struct mixnet_client gone[GONE_MAX]; /* by the store's thread */
};

static const char *const event_names[MIXNET_EVENTS] = {
    [MIXNET_NEW] = "new", [MIXNET_TOPUP] = "topup", [MIXNET_EXPIRED] = "expired"};

/* ---- settings ---- */

bool mixnet_hook_valid(const char *setting)
{
    const struct sockaddr_un address;
    size_t len = strlen(setting);
    if (strcmp(setting, "none") == 0)
        return true;
    return strncmp(setting, SCHEME, sizeof SCHEME - 1) == 0 && len > sizeof SCHEME - 1 &&
           len - (sizeof SCHEME - 1) < sizeof address.sun_path;
}

bool mixnet_sphinx_valid(const char *setting)
{
    uint8_t key[LEWES_KEY_LEN];
    return strcmp(setting, "from identity") == 0 ||
           lewes_base58_decode(key, setting, strlen(setting)) == LEWES_OK;
}

struct lewes_x25519_public mixnet_sphinx_key(const struct settings *settings,
                                             const struct lewes_ed25519_public *identity)
{
    struct lewes_x25519_public key = {{0}};
    const char *text = settings->mixnet.sphinx_key;
    /* An identity of ours always has such a form. */
    if (lewes_base58_decode(key.bytes, text, strlen(text)) != LEWES_OK)
        (void)!lewesi_x25519_public_from_ed25519(&key, identity);
    return key;
}

/* ---- the hook ---- */

static void open_hook(struct mixnet *mixnet)
{
    const char *setting = mixnet->parts.settings->mixnet.hook;
    mixnet->fd = -1;
    if (strncmp(setting, SCHEME, sizeof SCHEME - 1) != 0 || !mixnet_hook_valid(setting))
        return;
    mixnet->hook.sun_family = AF_UNIX;
    (void)snprintf(mixnet->hook.sun_path, sizeof mixnet->hook.sun_path, "%s",
                   setting + sizeof SCHEME - 1);
    mixnet->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (mixnet->fd < 0)
        log_detail(mixnet->parts.log, SETTINGS_LOG_WARNING, LOG_MIXNET,
                   "no socket for the hook: %s; it hears nothing until lewesd starts again",
                   strerror(errno));
}

void mixnet_tell(struct mixnet *mixnet, enum mixnet_event event, const struct mixnet_client *client)
{
    char text[EVENT_TEXT];
    char ed25519[LEWES_BASE58_CAP];
    char x25519[LEWES_BASE58_CAP];

    if (mixnet->fd < 0)
        return;
    lewes_base58_encode(ed25519, client->identity.bytes);
    lewes_base58_encode(x25519, client->x25519.bytes);
    int len = snprintf(text, sizeof text,
                       "{\"event\":\"%s\",\"ed25519\":\"%s\",\"x25519\":\"%s\",\"balance\":%" PRId64
                       ",\"expires\":%" PRId64 "}",
                       event_names[event], ed25519, x25519, client->account.balance,
                       client->account.expires);
    if (sendto(mixnet->fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&mixnet->hook, sizeof mixnet->hook) < 0)
        log_detail(mixnet->parts.log, SETTINGS_LOG_WARNING, LOG_MIXNET,
                   "the hook has missed the event \"%s\": %s; see that its program runs and keeps "
                   "up, and compare its list with the database",
                   event_names[event], strerror(errno));
}

/* ---- who has run out ---- */

static struct mixnet *of_job(struct worker_job *job)
{
    return (struct mixnet *)(void *)((char *)job - offsetof(struct mixnet, job));
}

static void look(uv_timer_t *timer);

static bool look_run(struct worker_job *job)
{
    struct mixnet *mixnet = of_job(job);
    const struct mixnet_parts *parts = &mixnet->parts;
    mixnet->stored = store_expire_clients(parts->store, wall_clock_seconds(&parts->clock),
                                          mixnet->gone, GONE_MAX, &mixnet->gone_count);
    return mixnet->stored == STORE_OK;
}

static void look_done(struct worker_job *job)
{
    struct mixnet *mixnet = of_job(job);
    bool done = !job->lost && mixnet->stored == STORE_OK;
    for (size_t i = 0; done && i < mixnet->gone_count; i++)
        mixnet_tell(mixnet, MIXNET_EXPIRED, &mixnet->gone[i]);
    bool more = done && mixnet->gone_count == GONE_MAX;
    uv_timer_start(&mixnet->timer, look, more ? 0 : MIXNET_SWEEP_MS, 0);
}

static void look(uv_timer_t *timer)
{
    struct mixnet *mixnet = timer->data;
    mixnet->job = (struct worker_job){.run = look_run, .done = look_done};
    mixnet->stored = STORE_UNAVAILABLE;
    if (!worker_submit(mixnet->parts.store_worker, &mixnet->job))
        uv_timer_start(timer, look, MIXNET_SWEEP_MS, 0);
}

/* ---- life ---- */

enum lewes_error mixnet_new(struct mixnet **mixnet, const struct mixnet_parts *parts)
{
    struct mixnet *new = lewesi_allocate(&parts->env, sizeof *new);
    if (new == NULL)
        return LEWES_ERROR_MEMORY;
    new->parts = *parts;
    uv_timer_init(parts->loop, &new->timer);
    new->timer.data = new;
    open_hook(new);
    if (new->fd >= 0) /* without a hook nobody would hear of it */
        uv_timer_start(&new->timer, look, 0, 0);
    *mixnet = new;
    return LEWES_OK;
}

static void timer_closed(uv_handle_t *handle)
{
    struct mixnet *mixnet = handle->data;
    struct lewes_env env = mixnet->parts.env;
    lewesi_release(&env, mixnet, sizeof *mixnet);
}

void mixnet_free(struct mixnet *mixnet)
{
    if (mixnet == NULL)
        return;
    if (mixnet->fd >= 0)
        close(mixnet->fd);
    mixnet->fd = -1;
    uv_close((uv_handle_t *)&mixnet->timer, timer_closed);
}
