/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void *allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void release(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static int draw(void *user, uint8_t *out, size_t len)
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

struct lewes_env system_env(void)
{
    return (struct lewes_env){.allocate = allocate, .release = release, .random = draw};
}

static uint64_t unix_ms(void *user)
{
    struct timespec ts = {0, 0};
    (void)user;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct wall_clock system_clock(void)
{
    return (struct wall_clock){.unix_ms = unix_ms};
}

uint64_t system_descriptors(void)
{
    struct rlimit limit = {0, 0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    rlim_t soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : soft;
}

bool system_forwards(int family)
{
    char value = '1';
    int fd = open(family == 4 ? "/proc/sys/net/ipv4/ip_forward"
                              : "/proc/sys/net/ipv6/conf/all/forwarding",
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    if (read(fd, &value, 1) != 1)
        value = '1';
    close(fd);
    return value != '0';
}
