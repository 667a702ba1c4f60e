/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway asks of the operating system for itself. */
#ifndef LEWES_GATEWAY_SYSTEM_H
#define LEWES_GATEWAY_SYSTEM_H

#include <stdbool.h>

#include "gateway/wall_clock.h"

/* The system's real-time clock. */
struct wall_clock system_clock(void);

/* Raises the limit of descriptors as far as allowed and returns it. */
uint64_t system_descriptors(void);

/* Does the host forward packets of this family (4 or 6)? True also if it cannot be told. */
bool system_forwards(int family);

#endif
