/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection: a packet is read, gets at most one answer, then the next is read (gateway.md
 * 3). Deadlines, ends and the socket are connection.c; what packets mean is conversation.c.
 */
#ifndef LEWES_GATEWAY_CONNECTION_H
#define LEWES_GATEWAY_CONNECTION_H

#include "gateway/deadlines.h"
#include "gateway/service.h"
#include "gateway/stream.h"

/* What it waits for. */
enum connection_phase {
    CONNECTION_READS,  /* the next packet, or the rest of one */
    CONNECTION_WORKS,  /* a registration or a forward; nothing is read */
    CONNECTION_WRITES, /* the peer has to take its answer first */
    CONNECTION_ENDED
};

struct connection {
    struct service *service;
    struct connection *next, **link; /* of service->connections */
    uv_poll_t poll;
    uv_timer_t timer;
    lewes_time armed; /* when the timer goes off, or LEWES_NEVER */
    unsigned handles; /* of libuv, not closed yet */
    int watched;      /* events of `poll` */
    struct stream stream;
    struct deadlines deadlines;
    enum connection_phase phase;

    uint64_t number;
    lewes_time begun;
    struct lewes_ip ip;          /* the peer's */
    struct lewes_endpoint local; /* ours */
    uint32_t slot;               /* of limits.h */

    struct lewes_session *session;
    uint32_t index;               /* of the session, 0 without one */
    struct lewes_session *parent; /* what the session has replaced: read only (G4.5); or NULL */
    uint32_t parent_index;
    bool registered;                             /* the client has */
    struct datagram_session *data, *parent_data; /* of session and parent; NULL: no datagrams */
    bool half_open;                              /* counted as such */
    uint32_t hellos;
    uint32_t failed_verifications;
    struct registration *registration; /* while it works */
    struct forward_stream *exit;       /* NULL: none is open */
    struct lewes_forward forward;      /* under way; its packet is in the stream */
    lewes_time forward_begun;
    bool last; /* end after the answer, for the reason ... */
    enum end last_end;
};

struct connection_from {
    int fd;
    struct lewes_ip ip;
    uint32_t slot; /* counted in limits.h */
};

/* Takes the socket and its slot; false, nothing taken: no memory. */
bool connection_begin(struct service *service, const struct connection_from *from);

struct connection *connection_next(const struct connection *c);

/* The gateway drains: ends an idle connection, lets the others finish what they are at. */
void connection_drain(struct connection *c);

/* The gateway stops: refuses a registration that is not committed, waits for one that is, ends
 * everything else. */
void connection_stop(struct connection *c);

/* ---- between connection.c and conversation.c ---- */

/* A datagram of its session was good: it is not idle. */
void connection_active(struct connection *c);

/* The lengths that a packet may have now. */
struct stream_bounds conversation_bounds(const struct connection *c);

/* Takes the packet in c->stream; calls one of the four below, or c->phase is CONNECTION_WORKS. */
void conversation_packet(struct connection *c);

/* There is no answer: on to the next packet. */
void connection_go_on(struct connection *c);
/* The answer of `len` bytes stands in the stream. */
void connection_answer(struct connection *c, size_t len);
/* The same, and then the end. */
void connection_answer_last(struct connection *c, size_t len, enum end end);
/* Ends at once and says nothing. */
void connection_end(struct connection *c, enum end end);

/* The session that the packet in c->stream names; it refuses the packet if that is another one. */
struct lewes_session *conversation_addressed(struct connection *c);
/* Makes an index that of a subsession; lewes_take_index. */
bool conversation_take_index(void *sessions, uint32_t index);
/* A registration has succeeded: datagrams are taken from now on, if there is a port for them. */
void conversation_registered(struct connection *c);
/* Serves `subsession` from now on, beside the session that it has replaced (G4.5). */
void conversation_adopt(struct connection *c, struct lewes_session *subsession);
/* Does what time demands of the sessions, after DEADLINE_SUBSESSION. */
void conversation_expire(struct connection *c);
/* When that is; LEWES_NEVER during the handshake, which has a deadline of its own. */
lewes_time conversation_deadline(const struct connection *c);

/* Frees the sessions and their places in the tables; for connection_end and a handshake that failed
 * to begin. */
void conversation_forget_session(struct connection *c);

#endif
