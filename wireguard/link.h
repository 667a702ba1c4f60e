/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, MTU and state of the tunnel interface, by rtnetlink (gateway.md G9.6). */
#ifndef LEWES_WIREGUARD_LINK_H
#define LEWES_WIREGUARD_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct wg_link {
    const char *interface;
    uint8_t ipv4[4];
    uint8_t prefix4;
    uint8_t ipv6[16];
    uint8_t prefix6;
    uint32_t mtu;
};

/* What wg_link_configure could not do. */
struct wg_link_failure {
    const char *step; /* a few constant words: "set the MTU" */
    int error;        /* errno */
};

/*
 * Gives an existing interface of this network namespace its addresses and MTU and brings it up.
 * Doing it again changes nothing.
 *
 * @param[out] failure   set on error
 * @param[out] without6  set to whether the host refused the IPv6 address because it has IPv6
 *                       switched off: a thing to warn of, not an error
 * @return 0, or -1; ENODEV in `failure` if there is no such interface
 */
int wg_link_configure(const struct wg_link *link, struct wg_link_failure *failure, bool *without6);

#endif
