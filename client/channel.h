/* SPDX-License-Identifier: Apache-2.0 */
/* One TCP connection that carries packets; every wait has a deadline and can be cancelled. */
#ifndef LEWES_CLIENT_CHANNEL_H
#define LEWES_CLIENT_CHANNEL_H

#include <lewes/client.h>

enum channel_status {
    CHANNEL_OK,
    CHANNEL_TIMEOUT,
    CHANNEL_CANCELLED,
    CHANNEL_END,    /* the peer closed the connection */
    CHANNEL_FRAME,  /* the peer sent a length that no packet has */
    CHANNEL_FAILED, /* `os_error` of the channel says why */
    CHANNEL_NO_NAME /* connect only: the name has no address; `os_error` is a getaddrinfo code */
};

struct channel {
    int fd;                     /* -1 = not connected */
    int cancel_fd;              /* <= 0: none */
    int os_error;               /* errno of the last failure */
    struct lewes_endpoint peer; /* once connected */
};

/* Resolves `host` and connects to the first address that answers: IPv6 first, the next address
 * 250 ms after the one before (registration.md 7, step 4). */
enum channel_status channel_connect(struct channel *channel, const char *host, uint16_t port,
                                    lewes_time deadline);

/* Writes everything. `*started` is set as soon as a byte may have left (registration.md R15). */
enum channel_status channel_write(struct channel *channel, const uint8_t *data, size_t len,
                                  lewes_time deadline, bool *started);

/* Reads one packet of at most `cap` bytes. */
enum channel_status channel_read(struct channel *channel, uint8_t *packet, size_t cap, size_t *len,
                                 lewes_time deadline);

void channel_close(struct channel *channel);

/* Waits for `events` of `fd`; CHANNEL_OK when one is there. */
enum channel_status channel_wait(struct channel *channel, int fd, short events,
                                 lewes_time deadline);

#endif
