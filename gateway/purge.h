/* SPDX-License-Identifier: Apache-2.0 */
/* Forgets spent tickets that could not be valid any more (gateway.md G10.3): at start, and once a
 * day. */
#ifndef LEWES_GATEWAY_PURGE_H
#define LEWES_GATEWAY_PURGE_H

#include "gateway/log.h"
#include "gateway/store.h"
#include "gateway/wall_clock.h"
#include "gateway/worker.h"

/* What it works with; all of it is borrowed. */
struct purge_parts {
    struct lewes_env env;
    uv_loop_t *loop;
    struct wall_clock clock;
    struct log *log; /* may be NULL */
    struct store *store;
    struct worker *store_worker;
};

struct purge;

/* Begins at once. Errors: LEWES_ERROR_MEMORY. */
LEWES_MUST_USE enum lewes_error purge_new(struct purge **purge, const struct purge_parts *parts);

/* When the store's worker has stopped. The rest of the memory goes when the loop has run once more.
 * NULL is fine. */
void purge_free(struct purge *purge);

#endif
