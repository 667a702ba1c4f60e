/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/io.h"
#include "host/state_files.h"
#include "mint/arguments.h"

ssize_t input_read(const char *path, bool secret, uint8_t *out, size_t cap)
{
    const bool standard = strcmp(path, "-") == 0;
    const int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t len = -1;
    if (fd < 0) {
        complain("%s: %s", path, strerror(errno));
        return -1;
    }
    if (secret && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
        complain("%s: others may read or write this secret; 'chmod 600 %s' if they have not yet",
                 path, path);
    } else {
        len = io_read_all(fd, out, cap);
        if (len < 0)
            complain("%s: %s", path, strerror(errno));
    }
    if (!standard)
        close(fd);
    return len;
}

int output_directory(const char *path, const char **name)
{
    const char *const slash = strrchr(path, '/');
    *name = slash != NULL ? slash + 1 : path;
    if ((*name)[0] == '\0') {
        errno = EISDIR;
        return -1;
    }
    char *const directory = slash == NULL   ? strdup(".")
                            : slash == path ? strdup("/")
                                            : strndup(path, (size_t)(slash - path));
    if (directory == NULL)
        return -1;
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = errno;
    free(directory);
    errno = error;
    return fd;
}

int output_write(const char *path, bool secret, const uint8_t *bytes, size_t len)
{
    const char *name;
    int failed = -1;
    if (strcmp(path, "-") == 0) {
        if (secret && isatty(STDOUT_FILENO)) {
            complain("a secret is not written to a terminal; use --out FILE");
            return -1;
        }
        failed = io_write(STDOUT_FILENO, bytes, len);
    } else {
        const int dir = output_directory(path, &name);
        failed = dir < 0 ? -1 : state_file_replace(dir, name, bytes, len);
        const int error = errno;
        if (dir >= 0)
            close(dir);
        errno = error;
    }
    if (failed)
        complain("%s: %s", path, strerror(errno));
    return failed;
}
