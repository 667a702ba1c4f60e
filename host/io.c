/* SPDX-License-Identifier: Apache-2.0 */
#include "host/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t io_read(int fd, void *out, size_t cap)
{
    size_t len = 0;
    while (len < cap) {
        const ssize_t n = read(fd, (char *)out + len, cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

ssize_t io_read_all(int fd, void *out, size_t cap)
{
    char more;
    const ssize_t len = io_read(fd, out, cap);
    const ssize_t beyond = len == (ssize_t)cap ? io_read(fd, &more, 1) : 0;
    if (beyond > 0)
        errno = EFBIG;
    return beyond == 0 ? len : -1;
}

int io_write(int fd, const void *bytes, size_t len)
{
    size_t written = 0;
    while (written < len) {
        const ssize_t n = write(fd, (const char *)bytes + written, len - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        written += (size_t)n;
    }
    return 0;
}

int io_sync_directory(const char *path)
{
    const char *const slash = strrchr(path, '/');
    char *const directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!directory)
        return -1;
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (fd < 0)
        return -1;
    const int failed = fsync(fd);
    const int error = errno;
    close(fd);
    errno = error;
    return failed;
}
