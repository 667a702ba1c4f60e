/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_RESOLVE_H
#define LEWES_CLIENT_RESOLVE_H

#include <netdb.h>

#include "client/channel.h"

/* Finds the addresses of `host`, in the order of the system; freed with freeaddrinfo(). The
 * channel lends its cancel descriptor and takes the error. */
enum channel_status resolve(struct channel *channel, const char *host, uint16_t port,
                            lewes_time deadline, struct addrinfo **addresses);

#endif
