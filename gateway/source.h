/* SPDX-License-Identifier: Apache-2.0 */
/* Who counts as one: an IPv4 address, or an IPv6 /64; a mapped IPv4 address is IPv4 (gateway.md).
 */
#ifndef LEWES_GATEWAY_SOURCE_H
#define LEWES_GATEWAY_SOURCE_H

#include <stdbool.h>
#include <sys/socket.h>

#include <lewes/registration.h>

struct source {
    uint64_t prefix; /* network order in big-endian reading: the address, or its first 64 bits */
    bool ipv6;
    bool peer; /* an address of the directory: a gateway that brings many clients (G2.5) */
};

/* The address without port; a mapped IPv4 address becomes IPv4. False: neither family. */
bool source_ip(struct lewes_ip *ip, const struct sockaddr *address);

/* The port in host order, 0 if it has none. */
uint16_t source_port(const struct sockaddr *address);

/* The address for connect() and bind(); returns its length. */
socklen_t source_sockaddr(struct sockaddr_storage *address, const struct lewes_endpoint *at);

struct source source_of(const struct lewes_ip *ip);

#endif
