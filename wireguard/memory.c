/* SPDX-License-Identifier: Apache-2.0 */
#include "wireguard/memory.h"

#include <stdlib.h>
#include <string.h>

struct wg_device {
    struct lewes_wg_public own;
    struct wg_peer *peers;
    size_t count;
    size_t cap;
    enum wg_status (*fault)(void *user, enum wg_memory_call call);
    void *user;
};

static enum wg_status fault(struct wg_device *device, enum wg_memory_call call)
{
    return device->fault ? device->fault(device->user, call) : WG_OK;
}

static struct wg_peer *find(const struct wg_device *device, const struct lewes_wg_public *key)
{
    for (size_t i = 0; i < device->count; i++)
        if (memcmp(&device->peers[i].key, key, sizeof *key) == 0)
            return &device->peers[i];
    return NULL;
}

static enum wg_status memory_open(struct wg_device **out, const struct wg_settings *settings)
{
    struct wg_device *device = calloc(1, sizeof *device);
    if (!device)
        return WG_MEMORY;
    lewes_wg_public(&device->own, &settings->private_key);
    *out = device;
    return WG_OK;
}

/* A true device moves an allowed address silently from one peer to another. */
static void take_addresses(struct wg_device *device, const struct wg_peer *owner)
{
    for (size_t i = 0; i < device->count; i++) {
        struct wg_peer *other = &device->peers[i];
        if (memcmp(other->ipv4, owner->ipv4, sizeof owner->ipv4) == 0)
            memset(other->ipv4, 0, sizeof other->ipv4);
        if (memcmp(other->ipv6, owner->ipv6, sizeof owner->ipv6) == 0)
            memset(other->ipv6, 0, sizeof other->ipv6);
    }
}

static struct wg_peer *append(struct wg_device *device)
{
    if (device->count == device->cap) {
        size_t cap = device->cap ? 2 * device->cap : 64;
        struct wg_peer *peers = realloc(device->peers, cap * sizeof *peers);
        if (!peers)
            return NULL;
        device->peers = peers;
        device->cap = cap;
    }
    return memset(&device->peers[device->count++], 0, sizeof *device->peers);
}

static enum wg_status add_one(struct wg_device *device, const struct wg_peer *peer)
{
    enum wg_status status = fault(device, WG_MEMORY_ADD);
    if (status != WG_OK)
        return status;
    if (lewes_wg_check(&peer->key) || memcmp(&peer->key, &device->own, sizeof device->own) == 0)
        return WG_REFUSED;
    struct wg_peer *place = find(device, &peer->key);
    if (!place)
        place = append(device);
    if (!place)
        return WG_MEMORY;
    take_addresses(device, peer);
    place->key = peer->key;
    memcpy(place->ipv4, peer->ipv4, sizeof place->ipv4);
    memcpy(place->ipv6, peer->ipv6, sizeof place->ipv6);
    place->keepalive = peer->keepalive;
    return WG_OK;
}

static enum wg_status memory_add(struct wg_device *device, const struct wg_peer *peers,
                                 size_t count)
{
    enum wg_status result = WG_OK;
    for (size_t i = 0; i < count; i++) {
        enum wg_status status = add_one(device, &peers[i]);
        if (status != WG_OK && status != WG_REFUSED)
            return status;
        if (status == WG_REFUSED)
            result = status;
    }
    return result;
}

static enum wg_status memory_remove(struct wg_device *device, const struct lewes_wg_public *key)
{
    enum wg_status status = fault(device, WG_MEMORY_REMOVE);
    if (status != WG_OK)
        return status;
    struct wg_peer *peer = find(device, key);
    if (peer)
        *peer = device->peers[--device->count];
    return WG_OK;
}

static enum wg_status memory_dump(struct wg_device *device,
                                  void (*each)(void *user, const struct wg_peer *peer), void *user)
{
    enum wg_status status = fault(device, WG_MEMORY_DUMP);
    for (size_t i = 0; status == WG_OK && i < device->count; i++)
        each(user, &device->peers[i]);
    return status;
}

static void memory_close(struct wg_device *device)
{
    if (!device)
        return;
    free(device->peers);
    free(device);
}

void wg_memory_set_fault(struct wg_device *device,
                         enum wg_status (*hook)(void *user, enum wg_memory_call call), void *user)
{
    device->fault = hook;
    device->user = user;
}

bool wg_memory_traffic(struct wg_device *device, const struct lewes_wg_public *key, uint64_t rx,
                       uint64_t tx)
{
    struct wg_peer *peer = find(device, key);
    if (!peer)
        return false;
    peer->rx += rx;
    peer->tx += tx;
    return true;
}

size_t wg_memory_count(const struct wg_device *device)
{
    return device->count;
}

const struct wg_backend wg_memory = {
    .name = "memory",
    .open = memory_open,
    .add = memory_add,
    .remove = memory_remove,
    .dump = memory_dump,
    .close = memory_close,
};
