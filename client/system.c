/* SPDX-License-Identifier: Apache-2.0 */
#include "client/system.h"

#include <time.h>

#include <lewes/client.h>

#include "host/environment.h"

void lewes_env_system(struct lewes_env *env)
{
    host_environment(env);
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

lewes_time system_now(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t system_unix_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}
