/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/farewell.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lewes/session.h>

#include "gateway/fixed.h"
#include "lib/base/env.h"

struct farewell {
    struct farewells *farewells;
    struct farewell *next, **link;
    uv_poll_t poll;
    uv_timer_t timer;
    int fd; /* -1: closed */
    unsigned handles;
    size_t discarded;
};

struct farewells {
    struct lewes_env env;
    uv_loop_t *loop;
    struct farewell *list;
    size_t count;
    void (*empty)(void *user);
    void *user;
};

enum lewes_error farewells_new(struct farewells **farewells, uv_loop_t *loop,
                               const struct lewes_env *env)
{
    struct farewells *new = lewesi_allocate(env, sizeof *new);
    if (new == NULL)
        return LEWES_ERROR_MEMORY;
    new->env = *env;
    new->loop = loop;
    *farewells = new;
    return LEWES_OK;
}

void farewells_free(struct farewells *farewells)
{
    if (farewells == NULL)
        return;
    struct lewes_env env = farewells->env;
    lewesi_release(&env, farewells, sizeof *farewells);
}

static void handle_closed(uv_handle_t *handle)
{
    struct farewell *farewell = handle->data;
    struct farewells *farewells = farewell->farewells;

    if (--farewell->handles > 0)
        return;
    lewesi_release(&farewells->env, farewell, sizeof *farewell);
    if (--farewells->count == 0 && farewells->empty != NULL)
        farewells->empty(farewells->user);
}

static void end(struct farewell *farewell)
{
    if (farewell->fd < 0)
        return;
    uv_close((uv_handle_t *)&farewell->poll, handle_closed);
    uv_close((uv_handle_t *)&farewell->timer, handle_closed);
    close(farewell->fd);
    farewell->fd = -1;
    *farewell->link = farewell->next;
    if (farewell->next != NULL)
        farewell->next->link = farewell->link;
}

static void on_timer(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct farewell *farewell = poll->data;
    uint8_t junk[1024];

    (void)events;
    ssize_t n = status < 0 ? 0 : recv(farewell->fd, junk, sizeof junk, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        farewell->discarded += (size_t)n;
    if (n <= 0 || farewell->discarded >= FAREWELL_DISCARD)
        end(farewell);
}

void farewell_begin(struct farewells *farewells, int fd)
{
    struct farewell *farewell = NULL;

    if (farewells->count < FAREWELLS_MAX && shutdown(fd, SHUT_WR) == 0)
        farewell = lewesi_allocate(&farewells->env, sizeof *farewell);
    if (farewell == NULL)
        goto plain;
    if (uv_poll_init(farewells->loop, &farewell->poll, fd) != 0) {
        lewesi_release(&farewells->env, farewell, sizeof *farewell);
        goto plain;
    }
    uv_timer_init(farewells->loop, &farewell->timer);
    farewell->farewells = farewells;
    farewell->handles = 2;
    farewell->fd = fd;
    farewell->poll.data = farewell;
    farewell->timer.data = farewell;
    farewell->link = &farewells->list;
    farewell->next = farewells->list;
    if (farewell->next != NULL)
        farewell->next->link = &farewell->next;
    farewells->list = farewell;
    farewells->count++;
    if (uv_poll_start(&farewell->poll, UV_READABLE, on_poll) != 0 ||
        uv_timer_start(&farewell->timer, on_timer, FAREWELL_MS, 0) != 0)
        end(farewell);
    return;
plain:
    close(fd);
}

void farewell_busy(struct farewells *farewells, int fd, uint32_t index)
{
    uint8_t frame[LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MIN];
    lewes_frame_prefix(frame, LEWES_PACKET_MIN);
    lewes_hello_answer(frame + LEWES_FRAME_PREFIX_LEN, LEWES_ANSWER_BUSY, index);
    if (farewells->count < FAREWELLS_MAX &&
        send(fd, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof frame)
        farewell_begin(farewells, fd);
    else
        close(fd);
}

size_t farewells_count(const struct farewells *farewells)
{
    return farewells->count;
}

void farewells_cut(struct farewells *farewells)
{
    while (farewells->list != NULL)
        end(farewells->list);
}

void farewells_when_empty(struct farewells *farewells, void (*empty)(void *user), void *user)
{
    farewells->empty = empty;
    farewells->user = user;
}
