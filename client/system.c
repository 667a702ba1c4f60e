/* SPDX-License-Identifier: Apache-2.0 */
#include "client/system.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static void *system_allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void system_release(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static int system_random(void *user, uint8_t *out, size_t len)
{
    (void)user;
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        out += got;
        len -= (size_t)got;
    }
    return 0;
}

void lewes_env_system(struct lewes_env *env)
{
    *env = (struct lewes_env){
        .allocate = system_allocate,
        .release = system_release,
        .random = system_random,
    };
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
