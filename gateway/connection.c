/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "gateway/fixed.h"
#include "lib/base/env.h"

static const enum end deadline_ends[DEADLINES] = {
    [DEADLINE_FIRST_BYTE] = END_FIRST_BYTE,
    [DEADLINE_MESSAGE] = END_MESSAGE,
    [DEADLINE_HANDSHAKE] = END_HANDSHAKE,
    [DEADLINE_IDLE] = END_IDLE,
    [DEADLINE_WRITE] = END_IO,
    [DEADLINE_LIFETIME] = END_LIFETIME,
    [DEADLINE_REGISTRATION] = END_REFUSED,
    [DEADLINE_SUBSESSION] = END_IO, /* never: it ends no connection */
};

/* ---- the end ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    struct service *service = c->service;

    if (--c->handles > 0)
        return;
    lewesi_release(&service->env, c, sizeof *c);
    if (--service->open == 0 && service->empty != NULL)
        service->empty(service->user);
}

static void write_log(const struct connection *c, enum end end)
{
    const struct log_fields fields = {
        .connection = c->number,
        .source = &c->ip,
        .index = c->index,
        .reason = end_name(end),
        .has_ms = true,
        .ms = uv_now(c->service->loop) - c->begun,
    };
    log_write(c->service->log, SETTINGS_LOG_INFO, LOG_CONNECTION, &fields);
}

/* Everything but the socket. */
static void end_all(struct connection *c, enum end end)
{
    struct service *service = c->service;

    c->phase = CONNECTION_ENDED;
    service->ends[end]++;
    write_log(c, end);
    uv_close((uv_handle_t *)&c->poll, handle_closed);
    uv_close((uv_handle_t *)&c->timer, handle_closed);
    if (c->registration != NULL)
        registrar_abandon(c->registration);
    c->registration = NULL;
    forward_stream_close(c->exit);
    conversation_forget_session(c);
    stream_rest(&c->stream);
    limits_close(service->limits, c->slot);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
}

void connection_end(struct connection *c, enum end end)
{
    if (c->phase == CONNECTION_ENDED)
        return;
    end_all(c, end);
    close(c->stream.fd);
}

/* The peer shall read what was written last. */
static void end_politely(struct connection *c, enum end end)
{
    end_all(c, end);
    farewell_begin(c->service->farewells, c->stream.fd);
}

/* ---- deadlines ---- */

static void on_timer(uv_timer_t *timer);

static void arm(struct connection *c)
{
    lewes_time next = deadlines_next(&c->deadlines);
    lewes_time now = uv_now(c->service->loop);
    if (next >= c->armed)
        return;
    c->armed = next;
    uv_timer_start(&c->timer, on_timer, next > now ? next - now : 0, 0);
}

static void set_deadline(struct connection *c, enum deadline which, uint64_t ms)
{
    deadlines_set(&c->deadlines, which, uv_now(c->service->loop) + ms);
    arm(c);
}

/* In time the answer is a refusal; a registration that is committed gets none, and the client's
 * retry finds it (gateway.md G6.4, G6.5). */
static void registration_late(struct connection *c)
{
    deadlines_clear(&c->deadlines, DEADLINE_REGISTRATION);
    if (!registrar_refuse(c->registration, LEWES_REFUSAL_BUSY))
        connection_end(c, END_IO);
}

static void subsession_late(struct connection *c)
{
    conversation_expire(c);
    deadlines_set(&c->deadlines, DEADLINE_SUBSESSION, conversation_deadline(c));
}

static void on_timer(uv_timer_t *timer)
{
    struct connection *c = timer->data;
    enum deadline which;

    c->armed = LEWES_NEVER;
    if (!deadlines_due(&c->deadlines, uv_now(c->service->loop), &which))
        arm(c);
    else if (which == DEADLINE_REGISTRATION)
        registration_late(c);
    else if (which == DEADLINE_SUBSESSION)
        subsession_late(c);
    else
        connection_end(c, deadline_ends[which]);
    if (c->phase != CONNECTION_ENDED)
        arm(c);
}

/* ---- the socket ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct connection *c, int events)
{
    if (c->watched == events)
        return;
    c->watched = events;
    if (uv_poll_start(&c->poll, events, on_poll) != 0)
        connection_end(c, END_IO);
}

static bool is_idle(const struct connection *c)
{
    return c->phase == CONNECTION_READS && !c->half_open && !stream_begun(&c->stream);
}

/* Waits for the next packet. */
static void rest(struct connection *c)
{
    c->phase = CONNECTION_READS;
    deadlines_clear(&c->deadlines, DEADLINE_WRITE);
    stream_rest(&c->stream);
    if (c->service->draining && is_idle(c)) {
        end_politely(c, END_SHUTDOWN);
        return;
    }
    if (c->session != NULL && !c->half_open) {
        deadlines_clear(&c->deadlines, DEADLINE_HANDSHAKE);
        deadlines_set(&c->deadlines, DEADLINE_SUBSESSION, conversation_deadline(c));
        set_deadline(c, DEADLINE_IDLE, c->service->settings->timeouts.idle);
    }
    watch(c, UV_READABLE);
}

void connection_active(struct connection *c)
{
    if (is_idle(c))
        set_deadline(c, DEADLINE_IDLE, c->service->settings->timeouts.idle);
}

void connection_go_on(struct connection *c)
{
    rest(c);
}

static void written(struct connection *c, enum stream_result result, bool progress)
{
    if (result == STREAM_DONE && c->last) {
        end_politely(c, c->last_end);
    } else if (result == STREAM_DONE) {
        rest(c);
    } else if (result != STREAM_AGAIN) {
        connection_end(c, END_IO);
    } else if (c->service->stopping) {
        connection_end(c, END_SHUTDOWN);
    } else {
        if (progress || c->phase != CONNECTION_WRITES)
            set_deadline(c, DEADLINE_WRITE, c->service->settings->timeouts.write);
        c->phase = CONNECTION_WRITES;
        watch(c, UV_WRITABLE);
    }
}

void connection_answer(struct connection *c, size_t len)
{
    bool progress;
    enum stream_result result = stream_answer(&c->stream, len, &progress);
    written(c, result, progress);
}

void connection_answer_last(struct connection *c, size_t len, enum end end)
{
    c->last = true;
    c->last_end = end;
    connection_answer(c, len);
}

static void on_writable(struct connection *c)
{
    bool progress;
    enum stream_result result = stream_write(&c->stream, &progress);
    written(c, result, progress);
}

static enum end end_of_stream(enum stream_result result)
{
    switch (result) {
    case STREAM_CLOSED:
        return END_CLOSED;
    case STREAM_FRAMING:
        return END_FRAMING;
    case STREAM_DONE:
    case STREAM_AGAIN:
    case STREAM_LOST:
    case STREAM_MEMORY:
        break;
    }
    return END_IO;
}

static void on_readable(struct connection *c)
{
    struct stream_bounds bounds = conversation_bounds(c);
    bool begun = stream_begun(&c->stream);
    enum stream_result result = stream_read(&c->stream, &bounds);

    if (result == STREAM_AGAIN) {
        if (!begun && stream_begun(&c->stream)) {
            deadlines_clear(&c->deadlines, DEADLINE_FIRST_BYTE);
            deadlines_clear(&c->deadlines, DEADLINE_IDLE);
            set_deadline(c, DEADLINE_MESSAGE, c->service->settings->timeouts.message);
        }
        return;
    }
    if (result != STREAM_DONE) {
        connection_end(c, end_of_stream(result));
        return;
    }
    deadlines_clear(&c->deadlines, DEADLINE_FIRST_BYTE);
    deadlines_clear(&c->deadlines, DEADLINE_IDLE);
    deadlines_clear(&c->deadlines, DEADLINE_MESSAGE);
    conversation_packet(c);
    if (c->phase != CONNECTION_WORKS)
        return;
    if (c->registration != NULL)
        set_deadline(c, DEADLINE_REGISTRATION, c->service->settings->timeouts.registration);
    watch(c, UV_DISCONNECT);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct connection *c = poll->data;
    (void)events;
    if (status < 0)
        connection_end(c, END_IO);
    else if (c->phase == CONNECTION_READS)
        on_readable(c);
    else if (c->phase == CONNECTION_WRITES)
        on_writable(c);
    else
        connection_end(c, END_CLOSED);
}

/* ---- the beginning ---- */

static uint64_t handshake_ms(const struct service *service)
{
    uint64_t ms = service->settings->timeouts.handshake;
    uint64_t crowd = (uint64_t)service->settings->limits.max_half_open * CROWDED_PERCENT / 100;
    if (sessions_half_open(service->sessions) > crowd && ms > CROWDED_HANDSHAKE_MS)
        ms = CROWDED_HANDSHAKE_MS;
    return ms;
}

static void find_local(struct connection *c)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(c->stream.fd, (struct sockaddr *)&address, &len) != 0 ||
        !source_ip(&c->local.ip, (struct sockaddr *)&address))
        c->local.ip.family = 4;
    else
        c->local.port = source_port((struct sockaddr *)&address);
}

bool connection_begin(struct service *service, const struct connection_from *from)
{
    const struct settings *settings = service->settings;
    const int yes = 1;
    struct connection *c = lewesi_allocate(&service->env, sizeof *c);
    if (c == NULL)
        return false;
    if (uv_poll_init(service->loop, &c->poll, from->fd) != 0) {
        lewesi_release(&service->env, c, sizeof *c);
        return false;
    }
    uv_timer_init(service->loop, &c->timer);
    c->poll.data = c;
    c->timer.data = c;
    c->handles = 2;
    c->armed = LEWES_NEVER;
    c->service = service;
    c->number = ++service->accepted;
    c->begun = uv_now(service->loop);
    c->ip = from->ip;
    c->slot = from->slot;
    stream_init(&c->stream, &service->env, from->fd);
    deadlines_init(&c->deadlines);
    find_local(c);
    (void)setsockopt(from->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);

    c->link = &service->connections;
    c->next = service->connections;
    if (c->next != NULL)
        c->next->link = &c->next;
    service->connections = c;
    service->open++;
    set_deadline(c, DEADLINE_FIRST_BYTE, settings->timeouts.first_byte);
    set_deadline(c, DEADLINE_HANDSHAKE, handshake_ms(service));
    set_deadline(c, DEADLINE_LIFETIME, settings->timeouts.lifetime);
    watch(c, UV_READABLE);
    return true;
}

struct connection *connection_next(const struct connection *c)
{
    return c->next;
}

/* ---- shutdown ---- */

void connection_drain(struct connection *c)
{
    if (is_idle(c))
        end_politely(c, END_SHUTDOWN);
}

void connection_stop(struct connection *c)
{
    if (c->phase == CONNECTION_WORKS && c->registration != NULL)
        (void)registrar_refuse(c->registration, LEWES_REFUSAL_SHUTDOWN);
    else
        connection_end(c, END_SHUTDOWN);
}
