/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UDP data port (gateway.md 11): datagrams of sessions that have registered; what is in them
 * goes to the sink. It never answers. A session outlives its connection by [data] session_linger.
 */
#ifndef LEWES_GATEWAY_DATAGRAM_H
#define LEWES_GATEWAY_DATAGRAM_H

#include <uv.h>

#include <lewes/session.h>

#include "gateway/log.h"
#include "gateway/sessions.h"
#include "gateway/settings.h"

#define DATAGRAM_ERROR_TEXT 320

/* What became of a datagram (gateway.md 14). */
enum datagram_result {
    DATAGRAM_DELIVERED,
    DATAGRAM_UNKNOWN, /* no such session, or it has not registered */
    DATAGRAM_AUTH,    /* one of its layers did not open */
    DATAGRAM_REPLAY,
    DATAGRAM_SIZE,
    DATAGRAM_TYPE, /* not application data */
    DATAGRAM_RATE_LIMIT,
    DATAGRAM_SINK, /* the sink did not take it */
    DATAGRAM_RESULTS
};

struct datagrams;
struct datagram_session;

/* All borrowed. */
struct datagrams_parts {
    struct lewes_env env;
    uv_loop_t *loop;
    const struct settings *settings;
    struct log *log;
    struct sessions *sessions;
};

struct datagrams_error {
    char text[DATAGRAM_ERROR_TEXT];
};

/* Opens port and sink; -1 with `error` set, and the loop has to run once more. */
int datagrams_open(struct datagrams **datagrams, const struct datagrams_parts *parts,
                   struct datagrams_error *error);

/* Closes the port and frees the sessions that linger; those of connections must be gone. The memory
 * goes when the loop has closed the handles, then `closed` is called. NULL: at once. */
void datagrams_close(struct datagrams *datagrams, void (*closed)(void *user), void *user);

/* Where it listens, its real port included. */
struct lewes_endpoint datagrams_address(const struct datagrams *datagrams);
uint64_t datagrams_count(const struct datagrams *datagrams, enum datagram_result result);
size_t datagrams_lingering(const struct datagrams *datagrams);

/* A session and the connection that serves it. */
struct datagram_owner {
    struct lewes_session *session;
    uint32_t index;
    void (*active)(void *user); /* a datagram of it was good */
    void *user;
};

/* The session has registered: its datagrams are taken from now on. NULL: no memory. */
struct datagram_session *datagrams_admit(struct datagrams *datagrams,
                                         const struct datagram_owner *owner);

/* Its connection has ended: the session with its index is taken over and lives on for a while. */
void datagrams_linger(struct datagram_session *session);

/* The session ends: its datagrams are not taken any more. NULL is fine. */
void datagrams_dismiss(struct datagram_session *session);

/* Ends the session that has lingered longest; false: none does. NULL is fine. */
bool datagrams_make_room(struct datagrams *datagrams);

#endif
