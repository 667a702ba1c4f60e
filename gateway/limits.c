/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/limits.h"

#include "lib/base/env.h"

/* A source is found in one of this many neighbouring entries, or not at all. */
#define WINDOW 8

struct entry {
    uint64_t prefix;
    bool ipv6;
    bool peer;
    bool used;
    uint32_t connections;
    uint32_t half_open;
    struct bucket accept;
    struct bucket verify;
    struct bucket unbound;
};

/* What one source may do. */
struct share {
    uint32_t connections;
    uint32_t half_open;
    struct bucket_rate accept;
    struct bucket_rate verify;
    struct bucket_rate unbound;
};

struct limits {
    struct lewes_env env;
    struct limits_caps caps;
    struct share shares[2]; /* of a stranger, of a peer */
    uint64_t key;           /* odd; nobody outside can tell which sources are neighbours */
    uint32_t connections;
    struct entry *entries; /* caps.sources, and one that newcomers share when there is no room */
};

static size_t table_size(const struct limits_caps *caps)
{
    return ((size_t)caps->sources + 1) * sizeof(struct entry);
}

static struct bucket_rate times(struct bucket_rate rate, uint32_t factor)
{
    return (struct bucket_rate){rate.count * factor, rate.period_ms, rate.burst * factor};
}

static struct share share_of(const struct limits_caps *caps, uint32_t factor)
{
    return (struct share){
        .connections = caps->connections_per_source * factor,
        .half_open = caps->half_open_per_source * factor,
        .accept = times(caps->accept, factor),
        .verify = times(caps->verify, factor),
        .unbound = times(caps->unbound, factor),
    };
}

enum lewes_error limits_new(struct limits **limits, const struct lewes_env *env,
                            const struct limits_caps *caps)
{
    enum lewes_error error = LEWES_ERROR_MEMORY;
    struct limits *new = lewesi_allocate(env, sizeof *new);
    if (new == NULL)
        return error;
    new->env = *env;
    new->caps = *caps;
    new->shares[false] = share_of(caps, 1);
    new->shares[true] = share_of(caps, caps->peer_factor);
    new->entries = lewesi_allocate(env, table_size(caps));
    if (new->entries == NULL)
        goto out;
    error = lewesi_random(env, (uint8_t *)&new->key, sizeof new->key);
    if (error != LEWES_OK)
        goto out;
    new->key |= 1;
    *limits = new;
    new = NULL;
out:
    limits_free(new);
    return error;
}

void limits_free(struct limits *limits)
{
    if (limits == NULL)
        return;
    struct lewes_env env = limits->env;
    lewesi_release(&env, limits->entries, table_size(&limits->caps));
    lewesi_release(&env, limits, sizeof *limits);
}

static bool is_idle(const struct limits *limits, const struct entry *entry, lewes_time now)
{
    const struct share *share = &limits->shares[entry->peer];
    return entry->connections == 0 && bucket_is_full(&entry->accept, &share->accept, now) &&
           bucket_is_full(&entry->verify, &share->verify, now) &&
           bucket_is_full(&entry->unbound, &share->unbound, now);
}

static uint32_t home_of(const struct limits *limits, const struct source *source)
{
    uint64_t mixed = ((source->prefix << 1) ^ (source->prefix >> 63) ^ source->ipv6) * limits->key;
    return (uint32_t)(((mixed >> 32) * limits->caps.sources) >> 32);
}

/* The entry of `source`; else one that says nothing any more; else the shared one. */
static uint32_t find(struct limits *limits, const struct source *source, lewes_time now)
{
    uint32_t home = home_of(limits, source);
    uint32_t room = limits->caps.sources;
    for (uint32_t i = 0; i < WINDOW; i++) {
        uint32_t slot = (home + i) % limits->caps.sources;
        const struct entry *entry = &limits->entries[slot];
        if (entry->used && entry->prefix == source->prefix && entry->ipv6 == source->ipv6 &&
            entry->peer == source->peer)
            return slot;
        if (room == limits->caps.sources && is_idle(limits, entry, now))
            room = slot;
    }
    if (room != limits->caps.sources) {
        limits->entries[room] = (struct entry){
            .prefix = source->prefix, .ipv6 = source->ipv6, .peer = source->peer, .used = true};
    }
    return room;
}

enum limits_verdict limits_open(struct limits *limits, const struct source *source, lewes_time now,
                                uint32_t *slot)
{
    uint32_t found = find(limits, source, now);
    struct entry *entry = &limits->entries[found];
    const struct share *share = &limits->shares[entry->peer];
    if (!bucket_take(&entry->accept, &share->accept, now))
        return LIMITS_RATE;
    if (entry->connections >= share->connections)
        return LIMITS_SOURCE;
    if (limits->connections >= limits->caps.connections)
        return LIMITS_GLOBAL;
    entry->connections++;
    limits->connections++;
    *slot = found;
    return LIMITS_OK;
}

void limits_close(struct limits *limits, uint32_t slot)
{
    limits->entries[slot].connections--;
    limits->connections--;
}

bool limits_half_open(struct limits *limits, uint32_t slot)
{
    struct entry *entry = &limits->entries[slot];
    if (entry->half_open >= limits->shares[entry->peer].half_open)
        return false;
    entry->half_open++;
    return true;
}

void limits_half_open_end(struct limits *limits, uint32_t slot)
{
    limits->entries[slot].half_open--;
}

bool limits_verify(struct limits *limits, uint32_t slot, lewes_time now)
{
    struct entry *entry = &limits->entries[slot];
    return bucket_take(&entry->verify, &limits->shares[entry->peer].verify, now);
}

bool limits_unbound(struct limits *limits, uint32_t slot, lewes_time now)
{
    struct entry *entry = &limits->entries[slot];
    return bucket_take(&entry->unbound, &limits->shares[entry->peer].unbound, now);
}

uint32_t limits_connections(const struct limits *limits)
{
    return limits->connections;
}
