/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses that the gateway leases (gateway.md 7): pair i is the i-th address of the IPv4
 * network with the i-th of the IPv6 network. Taking and returning cost the same for any size.
 *
 *   free --take--> reserved --commit--> leased --release--> cooling --tick--> free
 *     ^-------------- cancel --'           ^--- mark (at start, from free)
 */
#ifndef LEWES_GATEWAY_POOL_H
#define LEWES_GATEWAY_POOL_H

#include <stdbool.h>

#include "gateway/settings.h"

#define POOL_NONE UINT32_MAX /* no pair */

enum pool_state { POOL_EXCLUDED, POOL_FREE, POOL_RESERVED, POOL_LEASED, POOL_COOLING, POOL_STATES };

enum pool_result {
    POOL_OK = 0,
    POOL_EMPTY = -1, /* no pair is free */
    POOL_WRONG = -2, /* the pair is not in the state for this; nothing happened, it is counted */
    POOL_MEMORY = -3,
    POOL_RANDOM = -4,  /* the environment gave no randomness */
    POOL_ARGUMENT = -5 /* networks that leave nothing to lease */
};

struct pool_settings {
    struct settings_network address4; /* the gateway's own addresses, never leased */
    struct settings_network address6;
    const struct lewes_ip *reserved; /* never leased either, of any family; not kept */
    size_t reserved_count;
    uint64_t cooldown; /* ms that a released pair rests */
};

struct pool;

/*
 * Makes a pool with every pair free that is not excluded.
 *
 * @param[out] pool  untouched on error
 * @retval POOL_MEMORY
 * @retval POOL_ARGUMENT
 */
enum pool_result pool_new(struct pool **pool, const struct lewes_env *env,
                          const struct pool_settings *settings);

void pool_free(struct pool *pool); /* NULL is fine */

/* Changes how long pairs rest, those that rest already included. */
void pool_set_cooldown(struct pool *pool, uint64_t cooldown);

/*
 * free -> reserved, any of them with the same probability.
 *
 * @param[out] pair  POOL_NONE on error
 * @retval POOL_EMPTY
 * @retval POOL_RANDOM
 */
enum pool_result pool_take(struct pool *pool, uint32_t *pair);

/* reserved -> free: the registration did not happen. @retval POOL_WRONG */
enum pool_result pool_cancel(struct pool *pool, uint32_t pair);

/* reserved -> leased: the lease has a row. @retval POOL_WRONG */
enum pool_result pool_commit(struct pool *pool, uint32_t pair);

/* leased -> cooling, from `now` on: peer and row are gone. @retval POOL_WRONG */
enum pool_result pool_release(struct pool *pool, uint32_t pair, lewes_time now);

/* free -> leased, for the rows found at start. @retval POOL_WRONG  excluded, or claimed twice */
enum pool_result pool_mark(struct pool *pool, uint32_t pair);

/* cooling -> free for all whose rest is over; returns how many. */
size_t pool_tick(struct pool *pool, lewes_time now);

/* When pool_tick has something to do next; LEWES_NEVER if nothing cools. */
lewes_time pool_deadline(const struct pool *pool);

/* Computes the two addresses of a pair below pool_size. */
void pool_addresses(const struct pool *pool, uint32_t pair, uint8_t ipv4[4], uint8_t ipv6[16]);

/* Finds the pair of an address; POOL_NONE if it lies outside of the networks. */
uint32_t pool_find4(const struct pool *pool, const uint8_t ipv4[4]);
uint32_t pool_find6(const struct pool *pool, const uint8_t ipv6[16]);

enum pool_state pool_state(const struct pool *pool, uint32_t pair); /* outside: excluded */
uint32_t pool_count(const struct pool *pool, enum pool_state state);
uint32_t pool_size(const struct pool *pool);          /* pairs, excluded ones too */
uint64_t pool_wrong_returns(const struct pool *pool); /* how often POOL_WRONG was the answer */

#endif
