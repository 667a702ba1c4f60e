/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/pool.h"

#include <string.h>

#include "lib/base/bytes.h"
#include "lib/base/env.h"

#define HOST_BITS_MAX 24 /* of memory's sake: 17 bytes a pair */
#define RANDOM_BLOCK 512 /* one draw from the system for 64 takes */

struct pool {
    struct lewes_env env;
    uint32_t size;
    uint32_t base4; /* address of pair 0 */
    uint8_t base6[16];
    uint32_t *free;     /* the first counts[POOL_FREE] are the free pairs, in any order */
    uint32_t *place;    /* free: where in `free`; cooling: the next in the queue */
    uint64_t *released; /* cooling: since when */
    uint8_t *state;
    uint32_t counts[POOL_STATES];
    uint32_t coolest; /* queue of those that cool, the longest resting first */
    uint32_t hottest;
    uint64_t cooldown;
    uint64_t wrong;
    uint8_t random[RANDOM_BLOCK];
    size_t random_left;
};

static uint32_t low_mask(unsigned host_bits)
{
    return ((uint32_t)1 << host_bits) - 1;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool fits(const struct settings_network *network, uint8_t family, unsigned bits)
{
    return network->ip.family == family && network->prefix <= bits - 2 &&
           network->prefix >= bits - HOST_BITS_MAX;
}

static void free_add(struct pool *pool, uint32_t pair)
{
    uint32_t at = pool->counts[POOL_FREE]++;
    pool->free[at] = pair;
    pool->place[pair] = at;
    pool->state[pair] = POOL_FREE;
}

static void free_remove(struct pool *pool, uint32_t pair)
{
    uint32_t at = pool->place[pair];
    uint32_t last = pool->free[--pool->counts[POOL_FREE]];
    pool->free[at] = last;
    pool->place[last] = at;
}

static void move(struct pool *pool, uint32_t pair, enum pool_state to)
{
    pool->counts[pool->state[pair]]--;
    pool->counts[to]++;
    pool->state[pair] = (uint8_t)to;
}

static void exclude(struct pool *pool, uint32_t pair)
{
    if (pair >= pool->size || pool->state[pair] == POOL_EXCLUDED)
        return;
    free_remove(pool, pair);
    pool->state[pair] = POOL_EXCLUDED;
    pool->counts[POOL_EXCLUDED]++;
}

static void exclude_ip(struct pool *pool, const struct lewes_ip *ip)
{
    if (ip->family == 4)
        exclude(pool, pool_find4(pool, ip->bytes));
    else if (ip->family == 6)
        exclude(pool, pool_find6(pool, ip->bytes));
}

static void set_networks(struct pool *pool, const struct pool_settings *settings)
{
    uint32_t mask4 = low_mask(32U - settings->address4.prefix);
    uint32_t mask6 = low_mask(128U - settings->address6.prefix);
    pool->size = smaller(mask4, mask6) + 1;
    pool->base4 = lewesi_load32be(settings->address4.ip.bytes) & ~mask4;
    memcpy(pool->base6, settings->address6.ip.bytes, sizeof pool->base6);
    lewesi_store32be(pool->base6 + 12, lewesi_load32be(pool->base6 + 12) & ~mask6);
}

static bool allocate_tables(struct pool *pool)
{
    size_t size = pool->size;
    pool->free = lewesi_allocate(&pool->env, size * sizeof *pool->free);
    pool->place = lewesi_allocate(&pool->env, size * sizeof *pool->place);
    pool->released = lewesi_allocate(&pool->env, size * sizeof *pool->released);
    pool->state = lewesi_allocate(&pool->env, size);
    return pool->free && pool->place && pool->released && pool->state;
}

enum pool_result pool_new(struct pool **out, const struct lewes_env *env,
                          const struct pool_settings *settings)
{
    if (!fits(&settings->address4, 4, 32) || !fits(&settings->address6, 6, 128))
        return POOL_ARGUMENT;
    struct pool *pool = lewesi_allocate(env, sizeof *pool);
    if (!pool)
        return POOL_MEMORY;
    pool->env = *env;
    pool->cooldown = settings->cooldown;
    pool->coolest = pool->hottest = POOL_NONE;
    set_networks(pool, settings);
    if (!allocate_tables(pool)) {
        pool_free(pool);
        return POOL_MEMORY;
    }
    for (uint32_t pair = 0; pair < pool->size; pair++)
        free_add(pool, pair);
    exclude(pool, 0);                                         /* the networks */
    exclude(pool, low_mask(32U - settings->address4.prefix)); /* broadcast */
    exclude_ip(pool, &settings->address4.ip);
    exclude_ip(pool, &settings->address6.ip);
    for (size_t i = 0; i < settings->reserved_count; i++)
        exclude_ip(pool, &settings->reserved[i]);
    if (pool->counts[POOL_FREE] == 0) {
        pool_free(pool);
        return POOL_ARGUMENT;
    }
    *out = pool;
    return POOL_OK;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    struct lewes_env env = pool->env;
    size_t size = pool->size;
    lewesi_release(&env, pool->free, size * sizeof *pool->free);
    lewesi_release(&env, pool->place, size * sizeof *pool->place);
    lewesi_release(&env, pool->released, size * sizeof *pool->released);
    lewesi_release(&env, pool->state, size);
    lewesi_release(&env, pool, sizeof *pool);
}

void pool_set_cooldown(struct pool *pool, uint64_t cooldown)
{
    pool->cooldown = cooldown;
}

static enum pool_result wrong(struct pool *pool)
{
    pool->wrong++;
    return POOL_WRONG;
}

static bool draw(struct pool *pool, uint64_t *value)
{
    if (pool->random_left == 0) {
        if (lewesi_random(&pool->env, pool->random, sizeof pool->random))
            return false;
        pool->random_left = sizeof pool->random;
    }
    pool->random_left -= sizeof *value;
    *value = lewesi_load64le(pool->random + pool->random_left);
    return true;
}

enum pool_result pool_take(struct pool *pool, uint32_t *pair)
{
    uint64_t value;
    uint32_t count = pool->counts[POOL_FREE];
    *pair = POOL_NONE;
    if (count == 0)
        return POOL_EMPTY;
    if (!draw(pool, &value))
        return POOL_RANDOM;
    /* 64 bits modulo at most 2^24: no bias that could be measured. */
    uint32_t taken = pool->free[value % count];
    free_remove(pool, taken);
    pool->counts[POOL_RESERVED]++;
    pool->state[taken] = POOL_RESERVED;
    *pair = taken;
    return POOL_OK;
}

enum pool_result pool_cancel(struct pool *pool, uint32_t pair)
{
    if (pool_state(pool, pair) != POOL_RESERVED)
        return wrong(pool);
    pool->counts[POOL_RESERVED]--;
    free_add(pool, pair);
    return POOL_OK;
}

enum pool_result pool_commit(struct pool *pool, uint32_t pair)
{
    if (pool_state(pool, pair) != POOL_RESERVED)
        return wrong(pool);
    move(pool, pair, POOL_LEASED);
    return POOL_OK;
}

enum pool_result pool_release(struct pool *pool, uint32_t pair, lewes_time now)
{
    if (pool_state(pool, pair) != POOL_LEASED)
        return wrong(pool);
    move(pool, pair, POOL_COOLING);
    pool->released[pair] = now;
    pool->place[pair] = POOL_NONE;
    if (pool->hottest == POOL_NONE)
        pool->coolest = pair;
    else
        pool->place[pool->hottest] = pair;
    pool->hottest = pair;
    return POOL_OK;
}

enum pool_result pool_mark(struct pool *pool, uint32_t pair)
{
    if (pool_state(pool, pair) != POOL_FREE)
        return wrong(pool);
    free_remove(pool, pair);
    pool->counts[POOL_LEASED]++;
    pool->state[pair] = POOL_LEASED;
    return POOL_OK;
}

size_t pool_tick(struct pool *pool, lewes_time now)
{
    size_t freed = 0;
    while (pool_deadline(pool) <= now && pool->coolest != POOL_NONE) {
        uint32_t pair = pool->coolest;
        pool->coolest = pool->place[pair];
        if (pool->coolest == POOL_NONE)
            pool->hottest = POOL_NONE;
        pool->counts[POOL_COOLING]--;
        free_add(pool, pair);
        freed++;
    }
    return freed;
}

lewes_time pool_deadline(const struct pool *pool)
{
    if (pool->coolest == POOL_NONE)
        return LEWES_NEVER;
    uint64_t since = pool->released[pool->coolest];
    return since > LEWES_NEVER - pool->cooldown ? LEWES_NEVER : since + pool->cooldown;
}

void pool_addresses(const struct pool *pool, uint32_t pair, uint8_t ipv4[4], uint8_t ipv6[16])
{
    lewesi_store32be(ipv4, pool->base4 + pair);
    memcpy(ipv6, pool->base6, 16);
    lewesi_store32be(ipv6 + 12, lewesi_load32be(pool->base6 + 12) + pair);
}

uint32_t pool_find4(const struct pool *pool, const uint8_t ipv4[4])
{
    uint32_t pair = lewesi_load32be(ipv4) - pool->base4;
    return pair < pool->size ? pair : POOL_NONE;
}

uint32_t pool_find6(const struct pool *pool, const uint8_t ipv6[16])
{
    uint32_t pair = lewesi_load32be(ipv6 + 12) - lewesi_load32be(pool->base6 + 12);
    return pair < pool->size && memcmp(ipv6, pool->base6, 12) == 0 ? pair : POOL_NONE;
}

enum pool_state pool_state(const struct pool *pool, uint32_t pair)
{
    return pair < pool->size ? (enum pool_state)pool->state[pair] : POOL_EXCLUDED;
}

uint32_t pool_count(const struct pool *pool, enum pool_state state)
{
    return pool->counts[state];
}

uint32_t pool_size(const struct pool *pool)
{
    return pool->size;
}

uint64_t pool_wrong_returns(const struct pool *pool)
{
    return pool->wrong;
}
