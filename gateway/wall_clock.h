/* SPDX-License-Identifier: Apache-2.0 */
/* Unix time, from outside, so that tests have their own (gateway.md G4.9). */
#ifndef LEWES_GATEWAY_WALL_CLOCK_H
#define LEWES_GATEWAY_WALL_CLOCK_H

#include <stdint.h>

struct wall_clock {
    void *user;
    uint64_t (*unix_ms)(void *user); /* may be called by any thread */
};

static inline uint64_t wall_clock_ms(const struct wall_clock *clock)
{
    return clock->unix_ms(clock->user);
}

static inline int64_t wall_clock_seconds(const struct wall_clock *clock)
{
    return (int64_t)(clock->unix_ms(clock->user) / 1000);
}

#endif
