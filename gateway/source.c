/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/source.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/base/bytes.h"

bool source_ip(struct lewes_ip *ip, const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    memset(ip, 0, sizeof *ip);
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        ip->family = 4;
        memcpy(ip->bytes, &v4.sin_addr, 4);
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        ip->family = 4;
        memcpy(ip->bytes, v6.sin6_addr.s6_addr + 12, 4);
    } else {
        ip->family = 6;
        memcpy(ip->bytes, &v6.sin6_addr, 16);
    }
    return true;
}

uint16_t source_port(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return ntohs(v4.sin_port);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    return 0;
}

socklen_t source_sockaddr(struct sockaddr_storage *address, const struct lewes_endpoint *at)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(at->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(at->port)};

    memset(address, 0, sizeof *address);
    if (at->ip.family == 4) {
        memcpy(&v4.sin_addr, at->ip.bytes, 4);
        memcpy(address, &v4, sizeof v4);
        return sizeof v4;
    }
    memcpy(&v6.sin6_addr, at->ip.bytes, 16);
    memcpy(address, &v6, sizeof v6);
    return sizeof v6;
}

struct source source_of(const struct lewes_ip *ip)
{
    struct source source = {.ipv6 = ip->family == 6};
    source.prefix = source.ipv6 ? lewesi_load64be(ip->bytes) : lewesi_load32be(ip->bytes);
    return source;
}
