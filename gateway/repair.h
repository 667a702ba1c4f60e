/* SPDX-License-Identifier: Apache-2.0 */
/* After the device has failed: tries again until every lease has its peer (gateway.md G6.6, G9.7).
 */
#ifndef LEWES_GATEWAY_REPAIR_H
#define LEWES_GATEWAY_REPAIR_H

#include "gateway/log.h"
#include "gateway/survey.h"
#include "gateway/wall_clock.h"

/* All borrowed. */
struct repair_parts {
    struct lewes_env env;
    uv_loop_t *loop;
    const struct settings *settings;
    struct wall_clock clock;
    struct log *log;
    struct store *store;
    struct worker *store_worker;
    struct tunnel *tunnel;
    struct worker *device_worker;
    const struct pool *pool;
};

struct repair;

/* Error: LEWES_ERROR_MEMORY. */
LEWES_MUST_USE enum lewes_error repair_new(struct repair **repair,
                                           const struct repair_parts *parts);

/* Ends it; its memory goes when the loop has closed its timer. Only when repair_running() is
 * false. NULL is fine. */
void repair_free(struct repair *repair);

/* The device did not take a peer: repair begins, or goes on. */
void repair_failed(struct repair *repair, enum wg_status status);

/* Is the device away? Then nobody should pay for a tunnel now. */
bool repair_device_lost(const struct repair *repair);

/* No further attempts; `stopped` is called when the one under way is over, perhaps at once. */
void repair_stop(struct repair *repair, void (*stopped)(void *user), void *user);

/* How often it has succeeded. */
uint64_t repair_count(const struct repair *repair);

#endif
