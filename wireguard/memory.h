/* SPDX-License-Identifier: Apache-2.0 */
/* What the memory back end offers beside device.h: it can be made to fail, and to carry traffic. */
#ifndef LEWES_WIREGUARD_MEMORY_H
#define LEWES_WIREGUARD_MEMORY_H

#include "wireguard/device.h"

enum wg_memory_call { WG_MEMORY_ADD, WG_MEMORY_REMOVE, WG_MEMORY_DUMP };

/*
 * From now on `fault` is asked before each call, for add once per peer; what it answers other than
 * WG_OK is the result, and nothing happens. NULL: no more. `device` must be of wg_memory.
 */
void wg_memory_set_fault(struct wg_device *device,
                         enum wg_status (*fault)(void *user, enum wg_memory_call call), void *user);

/* Adds to the counters of a peer; false if there is none. */
bool wg_memory_traffic(struct wg_device *device, const struct lewes_wg_public *key, uint64_t rx,
                       uint64_t tx);

size_t wg_memory_count(const struct wg_device *device);

#endif
