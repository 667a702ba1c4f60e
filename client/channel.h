/* SPDX-License-Identifier: Apache-2.0 */
/* One TCP connection that carries packets; every wait has a deadline and can be cancelled. */
#ifndef LEWES_CLIENT_CHANNEL_H
#define LEWES_CLIENT_CHANNEL_H

#include "client/world.h"

/* The largest packet that a client has use for: the answer to a registration, forwarded. */
#define CHANNEL_PACKET_MAX (LEWES_ANSWER_MAX + 2 * LEWES_PACKET_OVERHEAD)

struct channel {
    const struct world *world;
    int fd;                     /* -1 = not connected */
    int cancel_fd;              /* <= 0: none */
    int os_error;               /* errno of the last failure */
    struct lewes_endpoint peer; /* once connected */
    size_t begin, end;          /* of what has come in `in` and was not given out */
    uint8_t in[LEWES_FRAME_PREFIX_LEN + CHANNEL_PACKET_MAX];
};

/* A channel that is not connected. */
void channel_init(struct channel *channel, const struct world *world, int cancel_fd);

/* Resolves `host` and connects to the first address that answers: IPv6 first, the next address
 * 250 ms after the one before (registration.md 7, step 4). */
enum channel_status channel_connect(struct channel *channel, const char *host, uint16_t port,
                                    lewes_time deadline);

/* Writes everything; `*sent` is how much of it may have left, also on failure. */
enum channel_status channel_write(struct channel *channel, const uint8_t *data, size_t len,
                                  lewes_time deadline, size_t *sent);

/* Reads one packet of at most `cap` bytes. It stays where it is until the next call. After
 * CHANNEL_TIMEOUT a later call goes on where this one stopped. */
enum channel_status channel_read(struct channel *channel, size_t cap, uint8_t **packet, size_t *len,
                                 lewes_time deadline);

/* Waits until `deadline`: CHANNEL_TIMEOUT, or CHANNEL_CANCELLED before. */
enum channel_status channel_pause(struct channel *channel, lewes_time deadline);

/* Closes and wipes; it may be connected again. */
void channel_close(struct channel *channel);

#endif
