/* SPDX-License-Identifier: Apache-2.0 */
#include "client/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/io.h"

ssize_t secret_file_read(const char *path, char *out, size_t cap, bool *exposed)
{
    struct stat st;
    ssize_t len = -1;
    *exposed = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && (st.st_mode & 077)) {
        *exposed = true;
        errno = EACCES;
    } else {
        len = io_read_all(fd, out, cap - 1);
    }
    if (len >= 0)
        out[len] = '\0';
    close(fd);
    return len;
}

static int replace(const char *path, const char *temporary, int fd, const char *text, size_t len)
{
    int failed = io_write(fd, text, len) || fsync(fd) ? -1 : 0;
    int error = errno;
    if (close(fd) && !failed) {
        failed = -1;
        error = errno;
    }
    if (!failed && rename(temporary, path)) {
        failed = -1;
        error = errno;
    }
    if (failed)
        unlink(temporary);
    else
        io_sync_directory(path);
    errno = error;
    return failed;
}

/* The rename would put a file in the place of a device for everybody. */
static bool is_replaceable(const char *path)
{
    struct stat st;
    if (lstat(path, &st))
        return true;
    errno = ENOTSUP;
    return S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
}

int secret_file_write(const char *path, const char *text, size_t len)
{
    if (!is_replaceable(path))
        return -1;
    sigset_t all, before;
    size_t size = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(size);
    int failed = -1;
    if (!temporary)
        return -1;
    snprintf(temporary, size, "%s.XXXXXX", path);
    /* A signal between creation and rename would leave the temporary file behind. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    int fd = mkostemp(temporary, O_CLOEXEC); /* makes it 0600 */
    if (fd >= 0)
        failed = replace(path, temporary, fd, text, len);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(temporary);
    errno = error;
    return failed;
}
