/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets and clocks of this machine, for client/world.h. */
#ifndef LEWES_CLIENT_SOCKET_H
#define LEWES_CLIENT_SOCKET_H

#include "client/channel.h"

/* Waits for `events` of `fd`, -1: of nothing; CHANNEL_OK when one is there. The channel lends its
 * cancel descriptor and takes the error. */
enum channel_status socket_wait(struct channel *channel, int fd, short events, lewes_time deadline);

/* As channel_connect(). */
enum channel_status socket_connect(void *user, struct channel *channel, const char *host,
                                   uint16_t port, lewes_time deadline);

/* Has the next segments acknowledged at once: the original writes prefix and body separately, and
 * an acknowledgement held back costs 40 ms a reply (protocol.md P5). The kernel forgets it. */
void socket_acknowledge_at_once(int fd);

#endif
