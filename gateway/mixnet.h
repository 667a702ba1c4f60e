/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mixnet mode has beside its registrations (gateway.md 12): the key that clients are told, and
 * the hook: each new, topped-up and expired client is one JSON datagram to a socket of the
 * operator's,
 * {"event":"new"|"topup"|"expired","ed25519":BASE58,"x25519":BASE58,"balance":BYTES,
 * "expires":UNIX SECONDS}. Nobody waits for whoever listens there; what cannot be sent is lost.
 */
#ifndef LEWES_GATEWAY_MIXNET_H
#define LEWES_GATEWAY_MIXNET_H

#include "gateway/log.h"
#include "gateway/store.h"
#include "gateway/wall_clock.h"

enum mixnet_event { MIXNET_NEW, MIXNET_TOPUP, MIXNET_EXPIRED, MIXNET_EVENTS };

/* All borrowed. */
struct mixnet_parts {
    struct lewes_env env;
    uv_loop_t *loop;
    const struct settings *settings;
    struct wall_clock clock;
    struct log *log;
    struct store *store;
    struct worker *store_worker;
};

struct mixnet;

/* "none", or unix: and a path that a socket can have. */
bool mixnet_hook_valid(const char *setting);
/* "from identity", or base58 of 32 bytes. */
bool mixnet_sphinx_valid(const char *setting);

/* The key of a valid setting; by default the X25519 form of the identity. */
struct lewes_x25519_public mixnet_sphinx_key(const struct settings *settings,
                                             const struct lewes_ed25519_public *identity);

/* If there is a hook, begins to look for clients that have run out, at once and again and again.
 * Error: LEWES_ERROR_MEMORY. */
LEWES_MUST_USE enum lewes_error mixnet_new(struct mixnet **mixnet,
                                           const struct mixnet_parts *parts);

/* Ends it, after the store's worker has stopped; its memory goes when the loop has closed its
 * timer. NULL is fine. */
void mixnet_free(struct mixnet *mixnet);

/* Sends an event to the hook, if there is one, or loses it. */
void mixnet_tell(struct mixnet *mixnet, enum mixnet_event event,
                 const struct mixnet_client *client);

#endif
