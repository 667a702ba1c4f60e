/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses nobody can be reached at from outside of a network (gateway.md G5.1). */
#ifndef LEWES_GATEWAY_ADDRESS_RANGE_H
#define LEWES_GATEWAY_ADDRESS_RANGE_H

#include <stdbool.h>

#include <lewes/registration.h>

/* False for loopback, private, link-local, unique-local, shared, multicast, unspecified, reserved
 * and documentation addresses; an IPv4-mapped address counts as the IPv4 address. */
bool address_is_public(const struct lewes_ip *ip);

#endif
