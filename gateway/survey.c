/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/survey.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/env.h"

#define FIRST_ROOM 64
#define PEERS_AT_ONCE 32 /* gateway.md G9.4 */

/* ---- lists ---- */

static void list_add(struct survey *survey, struct peer_list *list, const struct wg_peer *peer)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? FIRST_ROOM : list->room * 2;
        struct wg_peer *at = lewesi_allocate(&survey->env, room * sizeof *at);
        if (at == NULL) {
            survey->memory = true;
            return;
        }
        if (list->count > 0)
            memcpy(at, list->at, list->count * sizeof *at);
        lewesi_release(&survey->env, list->at, list->room * sizeof *at);
        list->at = at;
        list->room = room;
    }
    list->at[list->count++] = *peer;
}

static void list_end(struct survey *survey, struct peer_list *list)
{
    lewesi_release(&survey->env, list->at, list->room * sizeof *list->at);
    *list = (struct peer_list){.at = NULL};
}

static int by_key(const void *a, const void *b)
{
    const struct wg_peer *left = a;
    const struct wg_peer *right = b;
    return memcmp(&left->key, &right->key, sizeof left->key);
}

static void list_sort(struct peer_list *list)
{
    if (list->count > 1)
        qsort(list->at, list->count, sizeof *list->at, by_key);
}

static const struct wg_peer *list_find(const struct peer_list *list, const struct wg_peer *peer)
{
    if (list->count == 0)
        return NULL;
    return bsearch(peer, list->at, list->count, sizeof *list->at, by_key);
}

void survey_end(struct survey *survey)
{
    list_end(survey, &survey->wanted);
    list_end(survey, &survey->pending);
    list_end(survey, &survey->ended);
    list_end(survey, &survey->misplaced);
    list_end(survey, &survey->present);
}

/* ---- leases ---- */

struct wg_peer survey_peer(const struct lease *lease, const struct pool *pool,
                           const struct settings *settings)
{
    struct wg_peer peer = {.key = lease->wg_key};
    pool_addresses(pool, lease->pair, peer.ipv4, peer.ipv6);
    peer.keepalive = (uint16_t)(settings->wireguard.keepalive / 1000);
    return peer;
}

static bool has_place(struct survey *survey, const struct lease *lease)
{
    if (survey->mark != NULL)
        return pool_mark(survey->mark, lease->pair) == POOL_OK;
    return lease->pair < pool_size(survey->pool);
}

static void each_lease(void *user, const struct lease *lease)
{
    struct survey *survey = user;
    struct wg_peer peer = {.key = lease->wg_key};
    bool placed = lease->pair != LEASE_NO_PAIR && has_place(survey, lease);
    bool live = lease_live(lease, survey->unix_seconds);

    survey->leases++;
    if (lease->pair != LEASE_NO_PAIR && !placed)
        list_add(survey, &survey->misplaced, &peer);
    if (lease->state == LEASE_REMOVING || (lease->state != LEASE_HELD && !live)) {
        list_add(survey, &survey->ended, &peer);
        return;
    }
    if (lease->state == LEASE_HELD || !placed)
        return;
    peer = survey_peer(lease, survey->pool, survey->settings);
    list_add(survey, &survey->wanted, &peer);
    if (lease->state == LEASE_PENDING)
        list_add(survey, &survey->pending, &peer);
}

enum store_result survey_leases(struct survey *survey, struct store *store)
{
    enum store_result result = store_load(store, each_lease, survey, &survey->bad);
    if (result == STORE_OK && survey->memory)
        return STORE_UNAVAILABLE;
    list_sort(&survey->wanted);
    return result;
}

/* ---- device ---- */

static void each_peer(void *user, const struct wg_peer *peer)
{
    struct survey *survey = user;
    list_add(survey, &survey->present, peer);
}

static enum wg_status remove_strangers(struct survey *survey, struct tunnel *tunnel)
{
    for (size_t i = 0; i < survey->present.count; i++) {
        const struct wg_peer *peer = &survey->present.at[i];
        bool ours = list_find(&survey->ended, peer) != NULL;
        if (list_find(&survey->wanted, peer) != NULL ||
            (!ours && !survey->settings->wireguard.exclusive))
            continue;
        enum wg_status status = tunnel_remove(tunnel, &peer->key);
        if (status != WG_OK)
            return status;
        survey->removed++;
    }
    return WG_OK;
}

static bool agrees(const struct wg_peer *wanted, const struct wg_peer *present)
{
    return memcmp(wanted->ipv4, present->ipv4, sizeof wanted->ipv4) == 0 &&
           memcmp(wanted->ipv6, present->ipv6, sizeof wanted->ipv6) == 0;
}

/* A refused batch is tried again one by one, so that one bad peer harms nobody else. */
static enum wg_status add_batch(struct survey *survey, struct tunnel *tunnel,
                                const struct wg_peer *peers, size_t count)
{
    enum wg_status status = tunnel_add(tunnel, peers, count);
    if (status != WG_REFUSED)
        return status;
    for (size_t i = 0; i < count; i++) {
        status = tunnel_add(tunnel, &peers[i], 1);
        if (status == WG_REFUSED)
            survey->refused++;
        else if (status != WG_OK)
            return status;
    }
    return WG_OK;
}

static enum wg_status add_missing(struct survey *survey, struct tunnel *tunnel)
{
    struct wg_peer batch[PEERS_AT_ONCE];
    size_t count = 0;
    enum wg_status status = WG_OK;

    for (size_t i = 0; i < survey->wanted.count && status == WG_OK; i++) {
        const struct wg_peer *wanted = &survey->wanted.at[i];
        const struct wg_peer *present = list_find(&survey->present, wanted);
        if (present != NULL && agrees(wanted, present))
            continue;
        if (present != NULL)
            survey->replaced++;
        else
            survey->added++;
        batch[count++] = *wanted;
        if (count == PEERS_AT_ONCE) {
            status = add_batch(survey, tunnel, batch, count);
            count = 0;
        }
    }
    if (status == WG_OK && count > 0)
        status = add_batch(survey, tunnel, batch, count);
    return status;
}

enum wg_status survey_device(struct survey *survey, struct tunnel *tunnel)
{
    survey->present.count = 0;
    enum wg_status status = tunnel_dump(tunnel, each_peer, survey);
    if (status == WG_OK && survey->memory)
        status = WG_MEMORY;
    if (status != WG_OK)
        return status;
    list_sort(&survey->present);
    list_sort(&survey->ended);
    if (survey->mark != NULL)
        status = remove_strangers(survey, tunnel);
    return status == WG_OK ? add_missing(survey, tunnel) : status;
}

/* ---- settle ---- */

static enum store_result settle_misplaced(struct store *store, const struct lewes_wg_public *key)
{
    struct lease lease;
    enum store_result result = store_find_lease(store, key, &lease);
    if (result != STORE_OK)
        return result;
    lease.pair = LEASE_NO_PAIR;
    return store_update_lease(store, &lease);
}

enum store_result survey_settle(struct survey *survey, struct store *store)
{
    for (size_t i = 0; i < survey->misplaced.count; i++) {
        enum store_result result = settle_misplaced(store, &survey->misplaced.at[i].key);
        if (result == STORE_UNAVAILABLE)
            return result;
    }
    for (size_t i = 0; survey->mark != NULL && i < survey->ended.count; i++) {
        enum store_result result = store_set_state(store, &survey->ended.at[i].key, LEASE_HELD);
        if (result == STORE_UNAVAILABLE)
            return result;
    }
    for (size_t i = 0; survey->refused == 0 && i < survey->pending.count; i++) {
        enum store_result result = store_activate(store, &survey->pending.at[i].key);
        if (result == STORE_UNAVAILABLE)
            return result;
    }
    return STORE_OK;
}
