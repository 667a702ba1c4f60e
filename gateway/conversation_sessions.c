/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of one connection: the one that it serves, and the one which that has replaced
 * (gateway.md 4). */
#include "gateway/connection.h"
#include "lib/base/bytes.h"

struct lewes_session *conversation_addressed(struct connection *c)
{
    if (c->parent != NULL && lewesi_load32le(stream_packet(&c->stream)) == c->parent_index)
        return c->parent;
    return c->session;
}

bool conversation_take_index(void *sessions, uint32_t index)
{
    return sessions_insert_established(sessions, index) == SESSIONS_OK;
}

void conversation_adopt(struct connection *c, struct lewes_session *subsession)
{
    const struct log_fields fields = {.connection = c->number,
                                      .source = &c->ip,
                                      .index = lewes_session_receiver_index(subsession),
                                      .result = "subsession"};

    c->parent = c->session;
    c->parent_index = c->index;
    c->session = subsession;
    c->index = lewes_session_receiver_index(subsession);
    c->service->subsessions++;
    log_write(c->service->log, SETTINGS_LOG_INFO, LOG_SESSION, &fields);
}

lewes_time conversation_deadline(const struct connection *c)
{
    lewes_time at = LEWES_NEVER;

    if (c->session == NULL || c->half_open)
        return LEWES_NEVER;
    at = lewes_session_deadline(c->session);
    if (c->parent != NULL && lewes_session_deadline(c->parent) < at)
        at = lewes_session_deadline(c->parent);
    return at;
}

static void forget_parent(struct connection *c)
{
    sessions_remove(c->service->sessions, c->parent_index);
    lewes_session_free(c->parent);
    c->parent = NULL;
    c->parent_index = 0;
}

void conversation_expire(struct connection *c)
{
    const lewes_time now = uv_now(c->service->loop);

    if (c->parent != NULL && lewes_session_expire(c->parent, now) != LEWES_OK)
        forget_parent(c);
    /* Established: all that may have run out is a subsession that has not come about. */
    (void)lewes_session_expire(c->session, now);
}

void conversation_forget_session(struct connection *c)
{
    struct service *service = c->service;

    if (c->half_open)
        limits_half_open_end(service->limits, c->slot);
    c->half_open = false;
    forget_parent(c);
    sessions_remove(service->sessions, c->index);
    lewes_session_free(c->session);
    c->session = NULL;
    c->index = 0;
}
