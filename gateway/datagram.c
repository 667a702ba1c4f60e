/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/datagram.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/bind.h"
#include "gateway/bucket.h"
#include "gateway/fixed.h"
#include "gateway/sink.h"
#include "lib/base/bytes.h"
#include "lib/base/env.h"

#define ADVICE_TEXT 128
#define COUNTER_OFFSET 4 /* protocol.md 3.1 */

struct datagram_session {
    struct datagrams *all;
    struct datagram_owner owner; /* its `active` is NULL while the session lingers */
    struct bucket bucket;
    lewes_time until;              /* while it lingers */
    struct datagram_session *next; /* likewise: the next younger */
};

struct datagrams {
    struct datagrams_parts parts;
    struct sink sink;
    struct lewes_endpoint at;
    uv_udp_t udp;
    uv_timer_t timer;
    unsigned handles;                          /* of libuv, not closed yet */
    struct datagram_session *oldest, **newest; /* those that linger */
    size_t lingering;
    uint64_t counts[DATAGRAM_RESULTS];
    void (*closed)(void *user);
    void *user;
    uint8_t buffer[DATAGRAM_MAX];
};

static lewes_time now_of(const struct datagrams *d)
{
    return uv_now(d->parts.loop);
}

/* ---- one datagram ---- */

static enum datagram_result result_of(enum lewes_error error)
{
    switch ((int)error) {
    case LEWES_ERROR_AUTH:
    case LEWES_ERROR_NOISE:
        return DATAGRAM_AUTH;
    case LEWES_ERROR_REPLAY:
        return DATAGRAM_REPLAY;
    case LEWES_ERROR_CLOSED:
    case LEWES_ERROR_NOT_READY:
        return DATAGRAM_UNKNOWN;
    default:
        return DATAGRAM_TYPE;
    }
}

static enum datagram_result deliver(struct datagram_session *session, uint64_t counter,
                                    const struct lewes_event *event)
{
    static const struct bucket_rate rate = {DATAGRAM_RATE, DATAGRAM_PERIOD_MS, DATAGRAM_BURST};
    struct datagrams *d = session->all;
    const struct sink_item item = {
        .index = session->owner.index,
        .counter = counter,
        .client = lewes_session_peer(session->owner.session),
        .payload = event->payload,
        .len = event->len,
    };

    if (session->owner.active != NULL)
        session->owner.active(session->owner.user);
    if (!bucket_take(&session->bucket, &rate, now_of(d)))
        return DATAGRAM_RATE_LIMIT;
    return sink_send(&d->sink, &item) ? DATAGRAM_DELIVERED : DATAGRAM_SINK;
}

static enum datagram_result take(struct datagrams *d, size_t len, bool cut)
{
    struct datagram_session *session;
    struct lewes_event event;
    uint64_t counter;
    enum lewes_error error;

    if (len < DATAGRAM_MIN || cut)
        return DATAGRAM_SIZE;
    session = sessions_owner(d->parts.sessions, lewesi_load32le(d->buffer));
    if (session == NULL)
        return DATAGRAM_UNKNOWN;
    counter = lewesi_load64le(d->buffer + COUNTER_OFFSET);
    error = lewes_session_read_datagram(session->owner.session, d->buffer, len, now_of(d), &event);
    if (error != LEWES_OK)
        return result_of(error);
    return deliver(session, counter, &event);
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct datagrams *d = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)d->buffer, sizeof d->buffer);
}

static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buffer,
                        const struct sockaddr *from, unsigned flags)
{
    struct datagrams *d = udp->data;
    (void)buffer;
    if (len >= 0 && from != NULL) /* else there was none */
        d->counts[take(d, (size_t)len, (flags & UV_UDP_PARTIAL) != 0)]++;
}

/* ---- sessions ---- */

struct datagram_session *datagrams_admit(struct datagrams *d, const struct datagram_owner *owner)
{
    struct datagram_session *new = lewesi_allocate(&d->parts.env, sizeof *new);
    if (new == NULL)
        return NULL;
    new->all = d;
    new->owner = *owner;
    sessions_set_owner(d->parts.sessions, owner->index, new);
    return new;
}

void datagrams_dismiss(struct datagram_session *session)
{
    if (session == NULL)
        return;
    sessions_set_owner(session->all->parts.sessions, session->owner.index, NULL);
    lewesi_release(&session->all->parts.env, session, sizeof *session);
}

static void end_oldest(struct datagrams *d)
{
    struct datagram_session *session = d->oldest;

    d->oldest = session->next;
    if (d->oldest == NULL)
        d->newest = &d->oldest;
    d->lingering--;
    sessions_remove(d->parts.sessions, session->owner.index);
    lewes_session_free(session->owner.session);
    lewesi_release(&d->parts.env, session, sizeof *session);
}

static void on_timer(uv_timer_t *timer);

static void arm(struct datagrams *d)
{
    const lewes_time now = now_of(d);

    if (d->oldest != NULL)
        uv_timer_start(&d->timer, on_timer, d->oldest->until > now ? d->oldest->until - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct datagrams *d = timer->data;

    while (d->oldest != NULL && d->oldest->until <= now_of(d))
        end_oldest(d);
    arm(d);
}

void datagrams_linger(struct datagram_session *session)
{
    struct datagrams *d = session->all;

    session->owner.active = NULL;
    session->until = now_of(d) + d->parts.settings->data.session_linger;
    *d->newest = session;
    d->newest = &session->next;
    d->lingering++;
    arm(d);
}

bool datagrams_make_room(struct datagrams *d)
{
    if (d == NULL || d->oldest == NULL)
        return false;
    end_oldest(d);
    return true;
}

/* ---- the port ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct datagrams *d = handle->data;
    struct lewes_env env = d->parts.env;
    void (*closed)(void *) = d->closed;
    void *user = d->user;

    if (--d->handles > 0)
        return;
    lewesi_release(&env, d, sizeof *d);
    if (closed != NULL)
        closed(user);
}

void datagrams_close(struct datagrams *d, void (*closed)(void *user), void *user)
{
    if (d == NULL) {
        closed(user);
        return;
    }
    while (d->oldest != NULL)
        end_oldest(d);
    sink_close(&d->sink);
    d->closed = closed;
    d->user = user;
    uv_close((uv_handle_t *)&d->udp, handle_closed);
    uv_close((uv_handle_t *)&d->timer, handle_closed);
}

static bool open_port(struct datagrams *d, struct datagrams_error *error)
{
    char text[BIND_TEXT];
    char advice[ADVICE_TEXT];
    int fd = bind_at(SOCK_DGRAM, &d->at, !bind_is_any(&d->at), d->parts.log);

    if (fd < 0) {
        int code = errno;
        bind_advice(advice, sizeof advice, code, "[data] bind");
        (void)snprintf(error->text, sizeof error->text, "cannot receive datagrams on %s: %s; %s",
                       bind_text(text, &d->at), strerror(code), advice);
        return false;
    }
    if (uv_udp_open(&d->udp, fd) != 0) {
        close(fd);
        (void)snprintf(error->text, sizeof error->text, "cannot watch the socket of %s",
                       bind_text(text, &d->at));
        return false;
    }
    if (uv_udp_recv_start(&d->udp, lend_buffer, on_datagram) != 0) {
        (void)snprintf(error->text, sizeof error->text, "cannot watch the socket of %s",
                       bind_text(text, &d->at));
        return false;
    }
    log_detail(d->parts.log, SETTINGS_LOG_INFO, LOG_LISTEN, "receiving datagrams on %s",
               bind_text(text, &d->at));
    return true;
}

int datagrams_open(struct datagrams **datagrams, const struct datagrams_parts *parts,
                   struct datagrams_error *error)
{
    struct sink_error reason;
    struct datagrams *new = lewesi_allocate(&parts->env, sizeof *new);
    if (new == NULL) {
        (void)snprintf(error->text, sizeof error->text, "no memory for the data port");
        return -1;
    }
    new->parts = *parts;
    new->at = parts->settings->data.bind.at[0];
    new->newest = &new->oldest;
    new->handles = 2;
    uv_udp_init(parts->loop, &new->udp);
    uv_timer_init(parts->loop, &new->timer);
    new->udp.data = new;
    new->timer.data = new;
    if (!sink_open(&new->sink, parts->settings, &reason)) {
        (void)snprintf(error->text, sizeof error->text, "%s", reason.text);
    } else if (open_port(new, error)) {
        *datagrams = new;
        return 0;
    }
    datagrams_close(new, NULL, NULL);
    return -1;
}

struct lewes_endpoint datagrams_address(const struct datagrams *d)
{
    return d->at;
}

uint64_t datagrams_count(const struct datagrams *d, enum datagram_result result)
{
    return d->counts[result];
}

size_t datagrams_lingering(const struct datagrams *d)
{
    return d->lingering;
}
