/* SPDX-License-Identifier: Apache-2.0 */
/* What all connections share. */
#ifndef LEWES_GATEWAY_SERVICE_H
#define LEWES_GATEWAY_SERVICE_H

#include "gateway/datagram.h"
#include "gateway/end.h"
#include "gateway/farewell.h"
#include "gateway/forward_stream.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/registrar.h"
#include "gateway/salts.h"
#include "gateway/sessions.h"
#include "gateway/wall_clock.h"

struct connection;

/* Why somebody was sent away with Busy (gateway.md 14). */
enum busy {
    BUSY_CONNECTIONS,
    BUSY_SOURCE,
    BUSY_RATE,
    BUSY_HALF_OPEN,
    BUSY_SESSIONS,
    BUSY_DRAIN,
    BUSIES
};

/* What became of a hello (gateway.md 14). */
enum hello_result {
    HELLO_ACCEPTED,
    HELLO_COLLISION,
    HELLO_TIME,
    HELLO_KEY,
    HELLO_REPLAYED,
    HELLO_BUSY,
    HELLO_MALFORMED,
    HELLO_FAILED, /* for want of memory or randomness */
    HELLO_RESULTS
};

struct service {
    struct lewes_env env;
    uv_loop_t *loop;
    const struct settings *settings;
    const struct lewes_identity *identity;
    struct wall_clock clock;
    struct log *log;
    struct limits *limits;
    struct sessions *sessions;
    struct salts *salts;
    struct farewells *farewells;
    struct registrar *registrar;
    struct forwards *forwards;
    struct datagrams *datagrams;       /* NULL: the data port is off */
    const struct directory *directory; /* NULL: there is none */

    struct connection *connections; /* all that have not ended */
    size_t open;                    /* connections whose memory is in use */
    bool draining;                  /* newcomers are sent away, whoever is idle goes */
    bool stopping;                  /* nobody is waited for */
    uint64_t accepted;              /* connections so far; numbers them */
    uint64_t ends[ENDS];
    uint64_t busies[BUSIES];
    uint64_t hellos[HELLO_RESULTS];
    uint64_t handshakes;
    uint64_t subsessions;
    uint64_t forwarded[FORWARD_NOTICES]; /* by outcome */
    void (*empty)(void *user);           /* called when `open` falls to 0 */
    void *user;
};

/* Takes a new socket, or sends it away. */
void service_accept(struct service *service, int fd, const struct sockaddr *address);

/* Tells the peer Busy and forgets it. */
void service_busy(struct service *service, int fd, const struct lewes_ip *ip, enum busy reason);

/* Counts and logs a Busy. */
void service_count_busy(struct service *service, const struct lewes_ip *ip, enum busy reason);

/* Newcomers are sent away from now on; idle connections end (gateway.md G15.3). */
void service_drain(struct service *service);

/* Everybody goes: what is not committed is refused, what is gets its answer and no more. */
void service_stop(struct service *service);

#endif
