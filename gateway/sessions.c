/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sessions.h"

#include <stdbool.h>

#include "lib/base/env.h"

struct place {
    uint32_t index; /* 0: free */
    bool established;
    void *owner;
};

/* Linear probing in a table at most half full. */
struct sessions {
    struct lewes_env env;
    struct sessions_caps caps;
    uint64_t key; /* odd; a stranger who chooses indices cannot choose places */
    uint32_t half_open;
    uint32_t established;
    uint32_t mask;
    unsigned shift; /* what leaves as many bits of 64 as the mask has */
    struct place *places;
};

static size_t table_size(const struct sessions *sessions)
{
    return ((size_t)sessions->mask + 1) * sizeof(struct place);
}

enum lewes_error sessions_new(struct sessions **sessions, const struct lewes_env *env,
                              const struct sessions_caps *caps)
{
    enum lewes_error error = LEWES_ERROR_MEMORY;
    struct sessions *new = lewesi_allocate(env, sizeof *new);
    if (new == NULL)
        return error;
    new->env = *env;
    new->caps = *caps;
    new->mask = 1;
    new->shift = 63;
    while (new->shift > 33 && new->mask / 2 < caps->sessions) {
        new->mask = new->mask * 2 + 1;
        new->shift--;
    }
    new->places = lewesi_allocate(env, table_size(new));
    if (new->places == NULL)
        goto out;
    error = lewesi_random(env, (uint8_t *)&new->key, sizeof new->key);
    if (error != LEWES_OK)
        goto out;
    new->key |= 1;
    *sessions = new;
    new = NULL;
out:
    sessions_free(new);
    return error;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    struct lewes_env env = sessions->env;
    lewesi_release(&env, sessions->places, table_size(sessions));
    lewesi_release(&env, sessions, sizeof *sessions);
}

static uint32_t home_of(const struct sessions *sessions, uint32_t index)
{
    return (uint32_t)((index * sessions->key) >> sessions->shift);
}

/* The place of `index`, or the free one where it belongs. */
static uint32_t find(const struct sessions *sessions, uint32_t index)
{
    uint32_t at = home_of(sessions, index);
    while (sessions->places[at].index != 0 && sessions->places[at].index != index)
        at = (at + 1) & sessions->mask;
    return at;
}

static enum sessions_verdict insert(struct sessions *sessions, uint32_t index, bool established)
{
    if (sessions->half_open + sessions->established >= sessions->caps.sessions)
        return SESSIONS_FULL;
    if (index == 0)
        return SESSIONS_TAKEN;
    uint32_t at = find(sessions, index);
    if (sessions->places[at].index == index)
        return SESSIONS_TAKEN;
    sessions->places[at] = (struct place){.index = index, .established = established};
    if (established)
        sessions->established++;
    else
        sessions->half_open++;
    return SESSIONS_OK;
}

enum sessions_verdict sessions_insert(struct sessions *sessions, uint32_t index)
{
    if (sessions->half_open >= sessions->caps.half_open)
        return SESSIONS_CROWDED;
    return insert(sessions, index, false);
}

enum sessions_verdict sessions_insert_established(struct sessions *sessions, uint32_t index)
{
    return insert(sessions, index, true);
}

void sessions_set_owner(struct sessions *sessions, uint32_t index, void *owner)
{
    struct place *place = &sessions->places[find(sessions, index)];
    if (index != 0 && place->index == index)
        place->owner = owner;
}

void *sessions_owner(const struct sessions *sessions, uint32_t index)
{
    return index == 0 ? NULL : sessions->places[find(sessions, index)].owner;
}

void sessions_establish(struct sessions *sessions, uint32_t index)
{
    struct place *place = &sessions->places[find(sessions, index)];
    if (place->index != index || place->established)
        return;
    place->established = true;
    sessions->half_open--;
    sessions->established++;
}

/* Moves later entries of the run into the gap, so that no search stops at it. */
static void close_gap(struct sessions *sessions, uint32_t gap)
{
    uint32_t at = gap;
    for (;;) {
        at = (at + 1) & sessions->mask;
        if (sessions->places[at].index == 0)
            break;
        uint32_t home = home_of(sessions, sessions->places[at].index);
        if (((at - home) & sessions->mask) >= ((at - gap) & sessions->mask)) {
            sessions->places[gap] = sessions->places[at];
            gap = at;
        }
    }
    sessions->places[gap] = (struct place){.index = 0};
}

void sessions_remove(struct sessions *sessions, uint32_t index)
{
    if (index == 0)
        return;
    uint32_t at = find(sessions, index);
    if (sessions->places[at].index != index)
        return;
    if (sessions->places[at].established)
        sessions->established--;
    else
        sessions->half_open--;
    close_gap(sessions, at);
}

uint32_t sessions_half_open(const struct sessions *sessions)
{
    return sessions->half_open;
}

uint32_t sessions_established(const struct sessions *sessions)
{
    return sessions->established;
}
