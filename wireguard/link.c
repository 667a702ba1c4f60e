/* SPDX-License-Identifier: Apache-2.0 */
#include "wireguard/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SECONDS 2 /* the kernel answers at once, or something is very wrong */

/* One request: a header, the fixed part of its type, attributes. */
struct request {
    struct nlmsghdr header;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg address;
    } body;
    unsigned char attributes[64];
};

/* Adds an attribute; all of ours fit. `used` counts bytes of `attributes`. */
static void add_attribute(struct request *r, size_t *used, uint16_t type, const void *value,
                          size_t len)
{
    struct rtattr attribute = {.rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = type};
    memcpy(r->attributes + *used, &attribute, sizeof attribute);
    memcpy(r->attributes + *used + RTA_LENGTH(0), value, len);
    *used += RTA_SPACE(len);
}

static int receive_ack(int fd, uint32_t sequence)
{
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    for (;;) {
        ssize_t n = recv(fd, &answer, sizeof answer, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if ((size_t)n < NLMSG_LENGTH(sizeof(struct nlmsgerr)) ||
            answer.header.nlmsg_seq != sequence || answer.header.nlmsg_type != NLMSG_ERROR)
            continue;
        struct nlmsgerr error;
        memcpy(&error, NLMSG_DATA(&answer.header), sizeof error);
        return -error.error;
    }
}

/* Sends the request and waits for its acknowledgement; 0 or an errno. */
static int ask(int fd, struct request *r, size_t body_len, size_t attributes_len)
{
    static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    unsigned char packet[sizeof *r];
    size_t at = NLMSG_LENGTH(0);
    r->header.nlmsg_seq++;
    r->header.nlmsg_len = (uint32_t)(at + NLMSG_ALIGN(body_len) + attributes_len);
    memset(packet, 0, sizeof packet);
    memcpy(packet, &r->header, sizeof r->header);
    memcpy(packet + at, &r->body, body_len);
    memcpy(packet + at + NLMSG_ALIGN(body_len), r->attributes, attributes_len);
    if (sendto(fd, packet, r->header.nlmsg_len, 0, (const struct sockaddr *)&kernel,
               sizeof kernel) < 0)
        return errno;
    return receive_ack(fd, r->header.nlmsg_seq);
}

static int set_mtu(int fd, int index, uint32_t mtu)
{
    struct request r = {
        .header = {.nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .body.link = {.ifi_index = index}};
    size_t used = 0;
    add_attribute(&r, &used, IFLA_MTU, &mtu, sizeof mtu);
    return ask(fd, &r, sizeof r.body.link, used);
}

static int bring_up(int fd, int index)
{
    struct request r = {
        .header = {.nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .body.link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}};
    return ask(fd, &r, sizeof r.body.link, 0);
}

static int add_address(int fd, int index, uint8_t family, const uint8_t *bytes, uint8_t prefix)
{
    struct request r = {
        .header = {.nlmsg_type = RTM_NEWADDR,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE},
        .body.address = {
            .ifa_family = family, .ifa_prefixlen = prefix, .ifa_index = (uint32_t)index}};
    size_t len = family == AF_INET ? 4 : 16, used = 0;
    /* A tunnel has no neighbours to ask whether the address is free. */
    if (family == AF_INET6)
        r.body.address.ifa_flags = IFA_F_NODAD;
    add_attribute(&r, &used, IFA_LOCAL, bytes, len);
    add_attribute(&r, &used, IFA_ADDRESS, bytes, len);
    int error = ask(fd, &r, sizeof r.body.address, used);
    return error == EEXIST ? 0 : error;
}

static int fail(struct wg_link_failure *failure, const char *step, int error)
{
    failure->step = step;
    failure->error = error;
    return -1;
}

static int configure(int fd, int index, const struct wg_link *link, struct wg_link_failure *failure,
                     bool *without6)
{
    int error = set_mtu(fd, index, link->mtu);
    if (error)
        return fail(failure, "set the MTU", error);
    error = add_address(fd, index, AF_INET, link->ipv4, link->prefix4);
    if (error)
        return fail(failure, "add the IPv4 address", error);
    error = add_address(fd, index, AF_INET6, link->ipv6, link->prefix6);
    /* What kernels answer when IPv6 is off: for this interface, for the host, or not built in. */
    *without6 = error == EACCES || error == EAFNOSUPPORT || error == EOPNOTSUPP;
    if (error && !*without6)
        return fail(failure, "add the IPv6 address", error);
    error = bring_up(fd, index);
    return error ? fail(failure, "bring the interface up", error) : 0;
}

int wg_link_configure(const struct wg_link *link, struct wg_link_failure *failure, bool *without6)
{
    const struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
    int result = -1;
    *without6 = false;
    unsigned index = if_nametoindex(link->interface);
    if (index == 0)
        return fail(failure, "find the interface", errno);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return fail(failure, "open a netlink socket", errno);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout))
        fail(failure, "open a netlink socket", errno);
    else
        result = configure(fd, (int)index, link, failure, without6);
    close(fd);
    return result;
}
