/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings leases, addresses and device into agreement (gateway.md G6.11, G7.4, G9.3): at start, and
 * after the device has failed. Three parts, each for the thread that owns what it needs, in this
 * order: leases, device, settle.
 */
#ifndef LEWES_GATEWAY_SURVEY_H
#define LEWES_GATEWAY_SURVEY_H

#include "gateway/pool.h"
#include "gateway/store.h"
#include "gateway/tunnel.h"

struct peer_list {
    struct wg_peer *at;
    size_t count, room;
};

/* Set the first members, leave the rest zero. */
struct survey {
    struct lewes_env env;
    const struct settings *settings;
    const struct pool *pool;
    struct pool *mark;    /* at start: where the pairs of leases are marked; else NULL */
    int64_t unix_seconds; /* now */

    struct peer_list wanted;    /* what the device should have, sorted by key */
    struct peer_list pending;   /* of these, the leases that are not yet active */
    struct peer_list ended;     /* leases out of credit or date that still have a peer */
    struct peer_list misplaced; /* leases whose pair is not theirs */
    struct peer_list present;   /* what the device has, sorted by key */
    bool memory;                /* it ran out */
    uint64_t bad;               /* rows that cannot be read */
    uint64_t leases;
    uint64_t added, replaced, removed, refused; /* peers */
};

/* The peer of a lease that has a pair. */
struct wg_peer survey_peer(const struct lease *lease, const struct pool *pool,
                           const struct settings *settings);

/* Reads all leases. STORE_UNAVAILABLE also if memory runs out. */
enum store_result survey_leases(struct survey *survey, struct store *store);

/* Adds missing peers, replaces differing ones; at start also removes those of ended leases, and
 * unknown ones if the settings say so. A peer that is refused is counted, not an error. */
enum wg_status survey_device(struct survey *survey, struct tunnel *tunnel);

/* Writes to the store what has become of the leases. */
enum store_result survey_settle(struct survey *survey, struct store *store);

void survey_end(struct survey *survey);

#endif
