/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's WireGuard interface: a back end, its settings, and the way back when it was lost
 * (gateway.md 9). Calls may block; one thread at a time. */
#ifndef LEWES_GATEWAY_TUNNEL_H
#define LEWES_GATEWAY_TUNNEL_H

#include "gateway/settings.h"
#include "wireguard/device.h"

#define TUNNEL_ERROR_TEXT 1024

struct tunnel;

struct tunnel_error {
    char text[TUNNEL_ERROR_TEXT];
};

/*
 * Opens the interface and, if the settings say so, gives it its addresses.
 *
 * @param[out] tunnel  untouched on error
 * @param backend      of the settings, or one of a test
 * @param settings     copied
 * @param key          the interface's private key, copied
 * @param[out] error   on error: what is wrong, and what to do; on success a warning, or empty
 */
enum wg_status tunnel_open(struct tunnel **tunnel, const struct wg_backend *backend,
                           const struct settings *settings, const struct lewes_wg_private *key,
                           struct tunnel_error *error);

void tunnel_close(struct tunnel *tunnel); /* wipes; NULL is fine; peers stay */

/* Opens the interface anew after WG_LOST: one that came back has forgotten everything. */
enum wg_status tunnel_reopen(struct tunnel *tunnel);

enum wg_status tunnel_add(struct tunnel *tunnel, const struct wg_peer *peers, size_t count);
enum wg_status tunnel_remove(struct tunnel *tunnel, const struct lewes_wg_public *key);
enum wg_status tunnel_dump(struct tunnel *tunnel,
                           void (*each)(void *user, const struct wg_peer *peer), void *user);

/* The name of the back end. */
const char *tunnel_backend(const struct tunnel *tunnel);

#endif
