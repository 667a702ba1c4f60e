/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/system.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

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
