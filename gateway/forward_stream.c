/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/forward_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "gateway/source.h"
#include "gateway/stream.h"
#include "lib/base/env.h"

enum phase {
    CONNECTS,
    WRITES,
    READS,
    RESTS /* between two exchanges */
};

struct forwards {
    struct lewes_env env;
    uv_loop_t *loop;
    const struct settings *settings;
    size_t open;
    size_t alive;
    void (*empty)(void *user);
    void *user;
};

struct forward_stream {
    struct forwards *all;
    struct forward_stream **holder; /* the client's pointer to it */
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned handles; /* of libuv, not closed yet */
    int watched;      /* events of `poll` */
    enum phase phase;
    struct stream stream;
    struct lewes_ed25519_public target;
    struct lewes_endpoint address;
    size_t len; /* of the packet that is to be written */
    void (*answered)(void *owner, const struct forward_outcome *outcome);
    void *owner;
};

static const struct stream_bounds answer_bounds = {FORWARD_INNER_MIN, FORWARD_ANSWER_MAX};

/* ---- all of them ---- */

enum lewes_error forwards_new(struct forwards **forwards, uv_loop_t *loop,
                              const struct lewes_env *env, const struct settings *settings)
{
    struct forwards *new = lewesi_allocate(env, sizeof *new);
    if (new == NULL)
        return LEWES_ERROR_MEMORY;
    new->env = *env;
    new->loop = loop;
    new->settings = settings;
    *forwards = new;
    return LEWES_OK;
}

void forwards_free(struct forwards *forwards)
{
    if (forwards == NULL)
        return;
    struct lewes_env env = forwards->env;
    lewesi_release(&env, forwards, sizeof *forwards);
}

size_t forwards_open(const struct forwards *forwards)
{
    return forwards->open;
}

size_t forwards_alive(const struct forwards *forwards)
{
    return forwards->alive;
}

void forwards_when_empty(struct forwards *forwards, void (*empty)(void *user), void *user)
{
    forwards->empty = empty;
    forwards->user = user;
}

/* ---- the end ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct forward_stream *s = handle->data;
    struct forwards *all = s->all;

    if (--s->handles > 0)
        return;
    lewesi_release(&all->env, s, sizeof *s);
    if (--all->alive == 0 && all->empty != NULL)
        all->empty(all->user);
}

void forward_stream_close(struct forward_stream *s)
{
    if (s == NULL)
        return;
    *s->holder = NULL;
    s->answered = NULL;
    s->all->open--;
    uv_close((uv_handle_t *)&s->poll, handle_closed);
    uv_close((uv_handle_t *)&s->timer, handle_closed);
    stream_rest(&s->stream);
    close(s->stream.fd);
}

/* The stream is gone when whoever waits hears of it: the next packet may open another (G5.6). */
static void fail(struct forward_stream *s, enum forward_notice notice)
{
    const struct forward_outcome outcome = {.notice = notice};
    void (*answered)(void *, const struct forward_outcome *) = s->answered;
    void *owner = s->owner;

    forward_stream_close(s);
    if (answered != NULL)
        answered(owner, &outcome);
}

/* What the end of the stream, or of its time, means in each phase; at rest nobody hears of it. */
static void broken(struct forward_stream *s)
{
    fail(s, s->phase == CONNECTS ? FORWARD_CONNECT_FAILED : FORWARD_EXIT_CLOSED);
}

static void on_timer(uv_timer_t *timer)
{
    struct forward_stream *s = timer->data;
    fail(s, s->phase == CONNECTS ? FORWARD_CONNECT_FAILED : FORWARD_TIMED_OUT);
}

/* ---- the exchange ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static bool watch(struct forward_stream *s, int events)
{
    if (s->watched == events)
        return true;
    s->watched = events;
    return uv_poll_start(&s->poll, events, on_poll) == 0;
}

/* The system leaves this state by itself after a while, so it is set again and again. */
static void acknowledge_quickly(const struct forward_stream *s)
{
    const int yes = 1;
    (void)setsockopt(s->stream.fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

static void rest(struct forward_stream *s)
{
    s->phase = RESTS;
    uv_timer_start(&s->timer, on_timer, s->all->settings->forward.idle, 0);
}

static void succeed(struct forward_stream *s)
{
    const struct forward_outcome outcome = {.answer = stream_packet(&s->stream),
                                            .len = s->stream.len};
    void (*answered)(void *, const struct forward_outcome *) = s->answered;

    s->answered = NULL;
    rest(s);
    answered(s->owner, &outcome);
    stream_rest(&s->stream); /* empty already if the client has gone in between */
}

static void on_readable(struct forward_stream *s)
{
    enum stream_result result = stream_read(&s->stream, &answer_bounds);

    acknowledge_quickly(s);
    if (result == STREAM_DONE)
        succeed(s);
    else if (result == STREAM_MEMORY)
        fail(s, FORWARD_NO_STREAM);
    else if (result != STREAM_AGAIN)
        broken(s);
}

/* False: the stream is broken. */
static bool written(struct forward_stream *s, enum stream_result result)
{
    if (result == STREAM_AGAIN)
        return watch(s, UV_WRITABLE);
    if (result != STREAM_DONE)
        return false;
    s->phase = READS;
    stream_next(&s->stream);
    acknowledge_quickly(s);
    return watch(s, UV_READABLE);
}

/* Writing and reading share their time (G5.5). False: the stream is broken. */
static bool begin(struct forward_stream *s)
{
    bool progress;
    s->phase = WRITES;
    uv_timer_start(&s->timer, on_timer, s->all->settings->forward.io, 0);
    return written(s, stream_answer(&s->stream, s->len, &progress));
}

static void on_connected(struct forward_stream *s)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(s->stream.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
        broken(s);
    else if (!begin(s))
        fail(s, FORWARD_EXIT_CLOSED);
}

static void on_writable(struct forward_stream *s)
{
    bool progress;
    if (!written(s, stream_write(&s->stream, &progress)))
        fail(s, FORWARD_EXIT_CLOSED);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct forward_stream *s = poll->data;

    (void)events;
    if (status < 0)
        broken(s);
    else if (s->phase == CONNECTS)
        on_connected(s);
    else if (s->phase == WRITES)
        on_writable(s);
    else if (s->phase == READS)
        on_readable(s);
    else
        forward_stream_close(s); /* it ends, or speaks without being asked */
}

/* ---- the beginning ---- */

static int begin_connect(const struct lewes_endpoint *to)
{
    const int yes = 1;
    struct sockaddr_storage address;
    socklen_t len = source_sockaddr(&address, to);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (struct sockaddr *)&address, len) == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* What we have not got ourselves is no fault of the exit's. */
static bool is_ours(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static enum forward_notice open_stream(struct forward_stream **out, struct forwards *all,
                                       const struct lewes_forward *forward)
{
    if (all->open >= all->settings->forward.max_streams)
        return FORWARD_NO_STREAM;
    struct forward_stream *s = lewesi_allocate(&all->env, sizeof *s);
    if (s == NULL)
        return FORWARD_NO_STREAM;
    int fd = begin_connect(&forward->address);
    if (fd < 0) {
        enum forward_notice notice = is_ours(errno) ? FORWARD_NO_STREAM : FORWARD_CONNECT_FAILED;
        lewesi_release(&all->env, s, sizeof *s);
        return notice;
    }
    if (uv_poll_init(all->loop, &s->poll, fd) != 0) {
        close(fd);
        lewesi_release(&all->env, s, sizeof *s);
        return FORWARD_NO_STREAM;
    }
    uv_timer_init(all->loop, &s->timer);
    s->poll.data = s;
    s->timer.data = s;
    s->handles = 2;
    s->all = all;
    s->holder = out;
    s->target = forward->target;
    s->address = forward->address;
    stream_init(&s->stream, &all->env, fd);
    all->open++;
    all->alive++;
    *out = s;
    return FORWARD_DONE;
}

static bool same_target(const struct forward_stream *s, const struct lewes_forward *forward)
{
    return memcmp(&s->target, &forward->target, sizeof s->target) == 0 &&
           s->address.port == forward->address.port &&
           s->address.ip.family == forward->address.ip.family &&
           memcmp(s->address.ip.bytes, forward->address.ip.bytes, sizeof s->address.ip.bytes) == 0;
}

/* Has a stream at rest ended, or spoken without being asked? Its answers would be one late. */
static bool is_spoiled(const struct forward_stream *s)
{
    uint8_t byte;
    ssize_t n = recv(s->stream.fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

enum forward_notice forward_stream_exchange(struct forward_stream **stream, struct forwards *all,
                                            const struct forward_order *order)
{
    const struct lewes_forward *forward = order->forward;

    if (*stream != NULL && is_spoiled(*stream))
        forward_stream_close(*stream);
    if (*stream != NULL && !same_target(*stream, forward))
        return FORWARD_OTHER_TARGET;
    if (*stream == NULL) {
        enum forward_notice notice = open_stream(stream, all, forward);
        if (notice != FORWARD_DONE)
            return notice;
    }
    struct forward_stream *s = *stream;
    if (!stream_room(&s->stream, forward->packet_len)) {
        forward_stream_close(s);
        return FORWARD_NO_STREAM;
    }
    memcpy(stream_packet(&s->stream), forward->packet, forward->packet_len);
    s->len = forward->packet_len;
    s->answered = order->answered;
    s->owner = order->owner;
    uv_timer_start(&s->timer, on_timer, all->settings->forward.connect, 0);
    if (s->phase == CONNECTS ? watch(s, UV_WRITABLE) : begin(s))
        return FORWARD_DONE;
    forward_stream_close(s);
    return FORWARD_EXIT_CLOSED;
}
