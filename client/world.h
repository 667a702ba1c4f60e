/* SPDX-License-Identifier: Apache-2.0 */
/* What a registration sees of the machine: clocks, connections, waits. Tests bring a world of their
 * own, in which time passes only when somebody waits. */
#ifndef LEWES_CLIENT_WORLD_H
#define LEWES_CLIENT_WORLD_H

#include <sys/types.h>

#include <lewes/client.h>

struct channel;

enum channel_status {
    CHANNEL_OK,
    CHANNEL_TIMEOUT,
    CHANNEL_CANCELLED,
    CHANNEL_END,    /* the peer closed the connection */
    CHANNEL_FRAME,  /* the peer sent a length that no packet has */
    CHANNEL_FAILED, /* `os_error` of the channel says why */
    CHANNEL_NO_NAME /* connect only: the name has no address; `os_error` is a getaddrinfo code */
};

struct world {
    void *user;
    lewes_time (*now)(void *user);   /* monotonic milliseconds */
    uint64_t (*unix_ms)(void *user); /* Unix time in milliseconds */
    /* Sets `fd` and `peer` of the channel. */
    enum channel_status (*connect)(void *user, struct channel *channel, const char *host,
                                   uint16_t port, lewes_time deadline);
    /* As send(2) and recv(2) on a socket that does not block; EAGAIN means to wait. */
    ssize_t (*send)(void *user, int fd, const uint8_t *data, size_t len);
    ssize_t (*receive)(void *user, int fd, uint8_t *out, size_t cap);
    /* Waits for `events` of the channel, with 0 for its cancel descriptor alone. */
    enum channel_status (*wait)(void *user, struct channel *channel, short events,
                                lewes_time deadline);
    void (*close)(void *user, int fd);
};

/* The true one. */
extern const struct world world_system;

#endif
