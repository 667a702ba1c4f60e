/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/disk_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

struct disk_faults disk_faults;

int __real_openat64(int dir, const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *path, int flags);

int __wrap_openat64(int dir, const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlinkat(int dir, const char *path, int flags);

/* True: the call fails. */
static bool meet(char letter)
{
    if (disk_faults.calls < DISK_CALLS_CAP - 1)
        disk_faults.order[disk_faults.calls] = letter;
    disk_faults.calls++;
    if (disk_faults.calls == disk_faults.die_at && letter != 'w')
        _exit(DISK_DEATH);
    if (disk_faults.calls != disk_faults.fail_at)
        return false;
    errno = EIO;
    return true;
}

int __wrap_openat64(int dir, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if ((flags & O_CREAT) && meet('o'))
        return -1;
    return __real_openat64(dir, path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    if (meet('w'))
        return -1;
    if (disk_faults.calls != disk_faults.die_at)
        return __real_write(fd, bytes, len);
    (void)!__real_write(fd, bytes, len / 2);
    _exit(DISK_DEATH);
}

int __wrap_fsync(int fd)
{
    return meet('s') ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return meet('r') ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
    return meet('u') ? -1 : __real_unlinkat(dir, path, flags);
}
