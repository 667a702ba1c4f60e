/* SPDX-License-Identifier: Apache-2.0 */
/* What one source may do, in a table whose size is fixed (gateway.md 2). Every call checks and
 * counts in one step. */
#ifndef LEWES_GATEWAY_LIMITS_H
#define LEWES_GATEWAY_LIMITS_H

#include "gateway/bucket.h"
#include "gateway/source.h"

struct limits_caps {
    uint32_t sources;     /* entries of the table */
    uint32_t peer_factor; /* what follows per source, times this, is a peer's share; at least 1 */
    uint32_t connections;
    uint32_t connections_per_source;
    uint32_t half_open_per_source;
    struct bucket_rate accept;
    struct bucket_rate verify;
    struct bucket_rate unbound;
};

enum limits_verdict {
    LIMITS_OK,
    LIMITS_RATE,   /* the bucket of the source is empty */
    LIMITS_SOURCE, /* too many connections of the source */
    LIMITS_GLOBAL  /* too many connections */
};

struct limits;

/* Errors: LEWES_ERROR_MEMORY, LEWES_ERROR_RANDOM. */
LEWES_MUST_USE enum lewes_error limits_new(struct limits **limits, const struct lewes_env *env,
                                           const struct limits_caps *caps);
void limits_free(struct limits *limits);

/* A connection comes. LIMITS_OK: it is counted, and `slot` names its source until limits_close().
 */
enum limits_verdict limits_open(struct limits *limits, const struct source *source, lewes_time now,
                                uint32_t *slot);
void limits_close(struct limits *limits, uint32_t slot);

/* A handshake begins; false: the source has too many. */
bool limits_half_open(struct limits *limits, uint32_t slot);
void limits_half_open_end(struct limits *limits, uint32_t slot);

/* A ticket is to be checked; false: the source has had its share. */
bool limits_verify(struct limits *limits, uint32_t slot, lewes_time now);

/* A ticket of the unbound form is to be checked (ecash.md E20); false: likewise. */
bool limits_unbound(struct limits *limits, uint32_t slot, lewes_time now);

uint32_t limits_connections(const struct limits *limits);

#endif
