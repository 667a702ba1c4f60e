/* SPDX-License-Identifier: Apache-2.0 */
/* Where the payloads of the data port go: one datagram each, to a program of the operator's
 * (gateway.md G11.3). Nobody waits for it; what it does not take is lost. */
#ifndef LEWES_GATEWAY_SINK_H
#define LEWES_GATEWAY_SINK_H

#include <sys/socket.h>

#include "gateway/settings.h"

#define SINK_HEADER_LEN 48 /* of a framed payload; gateway.md G11.3 */
#define SINK_ERROR_TEXT 256

struct sink {
    int fd;
    bool framed;
    struct sockaddr_storage to;
    socklen_t to_len; /* 0: connected */
};

/* One payload and where it comes from. */
struct sink_item {
    uint32_t index;
    uint64_t counter;
    const struct lewes_ed25519_public *client;
    const uint8_t *payload;
    size_t len;
};

struct sink_error {
    char text[SINK_ERROR_TEXT];
};

/* "none", udp: with address and port, or unix: with a path that a socket can have. */
bool sink_valid(const char *setting);

/* Opens what [data] sink names, which must be valid and not "none"; false with `error` set. */
bool sink_open(struct sink *sink, const struct settings *settings, struct sink_error *error);
void sink_close(struct sink *sink);

/* False: it did not take it. */
bool sink_send(const struct sink *sink, const struct sink_item *item);

#endif
