/* SPDX-License-Identifier: Apache-2.0 */
/* A WireGuard device behind one interface (gateway.md 9). */
#ifndef LEWES_WIREGUARD_DEVICE_H
#define LEWES_WIREGUARD_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lewes/keys.h>

struct wg_peer {
    struct lewes_wg_public key;
    uint8_t ipv4[4];    /* the /32 */
    uint8_t ipv6[16];   /* the /128 */
    uint16_t keepalive; /* seconds, 0 = off */
    bool other_ips;     /* dump only: has allowed addresses other than one /32 and one /128 */
    uint64_t rx, tx;    /* bytes; dump only */
    uint64_t handshake; /* Unix seconds of the last one, 0 = none; dump only */
};

enum wg_status {
    WG_OK = 0,
    WG_REFUSED = -1, /* the device refused a peer; it is not installed */
    WG_LOST = -2,    /* the device does not answer, or was started again: what it held may be gone.
                        Later calls try to reach it again; interface and peers are the caller's. */
    WG_MEMORY = -3
};

struct wg_settings {
    const char *interface;
    const char *uapi_socket; /* userspace only */
    struct lewes_wg_private private_key;
    uint16_t listen_port;
};

struct wg_device;

/* What a back end is: one constant table each. */
struct wg_backend {
    const char *name;
    /* Gives the device its key and port. WG_REFUSED: it refused them; the port is in use. */
    enum wg_status (*open)(struct wg_device **device, const struct wg_settings *settings);
    /* Adds peers, or replaces those with the same key. WG_REFUSED: some are not installed, all
     * others are; add singly to know which. An address moves here from another peer without an
     * error. */
    enum wg_status (*add)(struct wg_device *device, const struct wg_peer *peers, size_t count);
    /* WG_OK too if there was no such peer. */
    enum wg_status (*remove)(struct wg_device *device, const struct lewes_wg_public *key);
    /* Calls `each` for every peer; the peer is valid during the call, which must not call the
     * device. After an error the peers seen are not all. */
    enum wg_status (*dump)(struct wg_device *device,
                           void (*each)(void *user, const struct wg_peer *peer), void *user);
    void (*close)(struct wg_device *device); /* NULL is fine; peers stay */
};

extern const struct wg_backend wg_userspace;
extern const struct wg_backend wg_memory;

#endif
