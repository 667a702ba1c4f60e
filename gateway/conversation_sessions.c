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

/* ---- datagrams ---- */

static void datagram_was_good(void *user)
{
    connection_active(user);
}

/* Without memory its datagrams stay unknown; its next registration tries again. */
static void admit(struct connection *c)
{
    const struct datagram_owner owner = {
        .session = c->session, .index = c->index, .active = datagram_was_good, .user = c};

    if (c->service->datagrams != NULL && c->registered && c->data == NULL)
        c->data = datagrams_admit(c->service->datagrams, &owner);
}

void conversation_registered(struct connection *c)
{
    c->registered = true;
    admit(c);
}

/* ---- subsessions ---- */

void conversation_adopt(struct connection *c, struct lewes_session *subsession)
{
    const struct log_fields fields = {.connection = c->number,
                                      .source = &c->ip,
                                      .index = lewes_session_receiver_index(subsession),
                                      .result = "subsession"};

    c->parent = c->session;
    c->parent_index = c->index;
    c->parent_data = c->data;
    c->session = subsession;
    c->index = lewes_session_receiver_index(subsession);
    c->data = NULL;
    admit(c);
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
    datagrams_dismiss(c->parent_data);
    c->parent_data = NULL;
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
    if (c->data != NULL && lewes_session_state(c->session) != LEWES_CLOSED) {
        datagrams_linger(c->data); /* G4.4 */
    } else {
        datagrams_dismiss(c->data);
        sessions_remove(service->sessions, c->index);
        lewes_session_free(c->session);
    }
    c->data = NULL;
    c->session = NULL;
    c->index = 0;
}
