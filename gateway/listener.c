/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/bind.h"
#include "gateway/fixed.h"
#include "lib/base/env.h"

#define ADVICE_TEXT 128

struct listener {
    struct listeners *all;
    uv_poll_t poll;
    uv_timer_t pause;
    int fd;
    bool handled; /* its handles belong to the loop */
    struct lewes_endpoint at;
};

struct listeners {
    struct lewes_env env;
    struct service *service;
    size_t count;
    size_t handles;
    void (*closed)(void *user);
    void *user;
    struct listener each[SETTINGS_LISTEN_MAX];
};

/* [::] takes IPv4 as well, unless that has a line of its own. */
static bool ipv6_only(const struct settings *settings, const struct lewes_endpoint *at)
{
    if (!bind_is_any(at))
        return true;
    for (size_t i = 0; i < settings->listen.control.count; i++) {
        const struct lewes_endpoint *other = &settings->listen.control.at[i];
        if (other->ip.family == 4 && other->port == at->port)
            return true;
    }
    return false;
}

/* ---- accepting ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void resume(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_poll);
}

/* Whoever waits in the backlog stays there until descriptors are free (gateway.md G2.6). */
static void pause_accepting(struct listener *listener, int error)
{
    uv_poll_stop(&listener->poll);
    uv_timer_start(&listener->pause, resume, ACCEPT_PAUSE_MS, 0);
    log_detail(listener->all->service->log, SETTINGS_LOG_WARNING, LOG_ACCEPT,
               "cannot accept a connection: %s; trying again in %d ms", strerror(error),
               ACCEPT_PAUSE_MS);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        int fd =
            accept4(listener->fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            service_accept(listener->all->service, fd, (struct sockaddr *)&address);
            continue;
        }
        if (is_shortage(errno))
            pause_accepting(listener, errno);
        if (errno == EAGAIN || errno == EWOULDBLOCK || is_shortage(errno))
            return;
        /* Anything else is the fault of that one newcomer. */
    }
}

/* ---- opening ---- */

static bool start(struct listener *listener)
{
    struct service *service = listener->all->service;
    char text[BIND_TEXT];

    if (uv_poll_init(service->loop, &listener->poll, listener->fd) != 0)
        return false;
    uv_timer_init(service->loop, &listener->pause);
    listener->poll.data = listener;
    listener->pause.data = listener;
    listener->handled = true;
    listener->all->handles += 2;
    log_detail(service->log, SETTINGS_LOG_INFO, LOG_LISTEN, "listening on %s",
               bind_text(text, &listener->at));
    return uv_poll_start(&listener->poll, UV_READABLE, on_poll) == 0;
}

/* On error its errno. */
static int open_socket(struct listener *listener)
{
    struct service *service = listener->all->service;
    int error;

    listener->fd = bind_at(SOCK_STREAM, &listener->at, ipv6_only(service->settings, &listener->at),
                           service->log);
    if (listener->fd >= 0 && listen(listener->fd, LISTEN_BACKLOG) == 0)
        return 0;
    error = errno;
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
    return error;
}

static bool open_one(struct listener *listener, struct listener_error *error)
{
    char text[BIND_TEXT];
    char advice[ADVICE_TEXT];
    int code = open_socket(listener);
    if (code != 0) {
        bind_advice(advice, sizeof advice, code, "[listen] control");
        (void)snprintf(error->text, sizeof error->text, "cannot listen on %s: %s; %s",
                       bind_text(text, &listener->at), strerror(code), advice);
        return false;
    }
    if (start(listener))
        return true;
    (void)snprintf(error->text, sizeof error->text, "cannot watch the socket of %s",
                   bind_text(text, &listener->at));
    return false;
}

enum lewes_error listeners_open(struct listeners **listeners, struct service *service,
                                struct listener_error *error)
{
    const struct settings_listen_list *control = &service->settings->listen.control;
    struct listeners *new = lewesi_allocate(&service->env, sizeof *new);
    if (new == NULL) {
        (void)snprintf(error->text, sizeof error->text, "no memory");
        return LEWES_ERROR_MEMORY;
    }
    new->env = service->env;
    new->service = service;
    for (size_t i = 0; i < control->count; i++) {
        struct listener *listener = &new->each[new->count++];
        listener->all = new;
        listener->at = control->at[i];
        if (!open_one(listener, error)) {
            listeners_close(new, NULL, NULL);
            return LEWES_ERROR_ARGUMENT;
        }
    }
    *listeners = new;
    return LEWES_OK;
}

/* ---- closing ---- */

static void release(struct listeners *listeners)
{
    struct lewes_env env = listeners->env;
    void (*closed)(void *) = listeners->closed;
    void *user = listeners->user;
    lewesi_release(&env, listeners, sizeof *listeners);
    if (closed != NULL)
        closed(user);
}

static void handle_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    if (--listener->all->handles == 0)
        release(listener->all);
}

void listeners_close(struct listeners *listeners, void (*closed)(void *user), void *user)
{
    if (listeners == NULL) {
        closed(user);
        return;
    }
    listeners->closed = closed;
    listeners->user = user;
    for (size_t i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->each[i];
        if (listener->handled) {
            uv_close((uv_handle_t *)&listener->poll, handle_closed);
            uv_close((uv_handle_t *)&listener->pause, handle_closed);
        }
        if (listener->fd >= 0)
            close(listener->fd);
    }
    if (listeners->handles == 0)
        release(listeners);
}

size_t listeners_count(const struct listeners *listeners)
{
    return listeners->count;
}

struct lewes_endpoint listeners_address(const struct listeners *listeners, size_t n)
{
    return listeners->each[n].at;
}
