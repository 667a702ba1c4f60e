/* SPDX-License-Identifier: Apache-2.0 */
#include "host/state_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/io.h"

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* ---- directories ---- */

/* Makes what is missing of `path`, which is changed meanwhile. */
static int make_directories(char *path)
{
    for (char *slash = path + 1;; slash++) {
        slash = strchr(slash, '/');
        if (slash)
            *slash = '\0';
        int failed = mkdir(path, 0700);
        if (failed && errno != EEXIST)
            return -1;
        if (!slash)
            return 0;
        *slash = '/';
    }
}

static int open_or_make(const char *path)
{
    int fd = open(path, DIRECTORY_FLAGS);
    if (fd >= 0 || errno != ENOENT || !path[0])
        return fd;
    char *copy = strdup(path);
    if (!copy)
        return -1;
    int failed = make_directories(copy);
    int error = errno;
    free(copy);
    errno = error;
    return failed ? -1 : open(path, DIRECTORY_FLAGS);
}

int state_dir_open(const char *path)
{
    struct stat st;
    int fd = open_or_make(path);
    if (fd < 0)
        return -1;
    int failed = fstat(fd, &st);
    if (!failed && (st.st_mode & 022)) {
        errno = EPERM;
        failed = -1;
    }
    if (!failed)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* ---- files ---- */

ssize_t state_file_read(int dir, const char *name, uint8_t *out, size_t cap)
{
    struct stat st;
    ssize_t len = -1;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0) {
        if (st.st_mode & 077)
            errno = EPERM;
        else if (!S_ISREG(st.st_mode))
            errno = EINVAL;
        else
            len = io_read_all(fd, out, cap);
    }
    int error = errno;
    close(fd);
    errno = error;
    return len;
}

/* The rename would put a file in the place of a device for everybody. */
static bool is_replaceable(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
        return true;
    errno = ENOTSUP;
    return S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
}

/* What a crash left behind goes. So does what somebody else put there, for who opens it may read
 * it; if it cannot go, this fails. */
static int open_new(int dir, const char *name)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    const int fd = openat(dir, name, flags, (mode_t)0600);
    if (fd >= 0 || errno != EEXIST || unlinkat(dir, name, 0))
        return fd;
    return openat(dir, name, flags, (mode_t)0600);
}

int state_file_replace(int dir, const char *name, const uint8_t *bytes, size_t len)
{
    char temporary[NAME_MAX + 1];
    if (!is_replaceable(dir, name))
        return -1;
    int n = snprintf(temporary, sizeof temporary, "%s.new", name);
    if (n < 0 || (size_t)n >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open_new(dir, temporary);
    if (fd < 0)
        return -1;
    int failed = io_write(fd, bytes, len) || fsync(fd) ? -1 : 0;
    int error = errno;
    if (close(fd) && !failed) {
        failed = -1;
        error = errno;
    }
    if (!failed && renameat(dir, temporary, dir, name)) {
        failed = -1;
        error = errno;
    }
    if (failed) {
        unlinkat(dir, temporary, 0);
        errno = error;
        return -1;
    }
    return fsync(dir);
}
