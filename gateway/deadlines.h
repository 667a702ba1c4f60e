/* SPDX-License-Identifier: Apache-2.0 */
/* The deadlines of one connection, each its own (gateway.md G2.9). One timer serves them all: it is
 * set to the next one. */
#ifndef LEWES_GATEWAY_DEADLINES_H
#define LEWES_GATEWAY_DEADLINES_H

#include <stdbool.h>

#include <lewes/base.h>

enum deadline {
    DEADLINE_FIRST_BYTE,   /* after accept */
    DEADLINE_MESSAGE,      /* from the first byte of a message to its last */
    DEADLINE_HANDSHAKE,    /* from accept until established */
    DEADLINE_IDLE,         /* between messages */
    DEADLINE_WRITE,        /* since the last progress of an answer */
    DEADLINE_LIFETIME,     /* from accept */
    DEADLINE_REGISTRATION, /* from the request to its answer */
    DEADLINE_SUBSESSION,   /* a subsession under way, or the session that it has replaced */
    DEADLINES
};

struct deadlines {
    lewes_time at[DEADLINES]; /* LEWES_NEVER: not running */
};

void deadlines_init(struct deadlines *deadlines);
void deadlines_set(struct deadlines *deadlines, enum deadline which, lewes_time at);
void deadlines_clear(struct deadlines *deadlines, enum deadline which);

/* The next moment at which one is due, or LEWES_NEVER. */
lewes_time deadlines_next(const struct deadlines *deadlines);

/* Finds the one that has been due longest at `now`; false, `which` untouched: none. */
bool deadlines_due(const struct deadlines *deadlines, lewes_time now, enum deadline *which);

#endif
