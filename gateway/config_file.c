/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/io.h"

#include "gateway/config.h"

static int fail(struct config_error *error, const char *path, const char *why)
{
    snprintf(error->text, sizeof error->text, "%.255s: %s", path, why);
    return -1;
}

static int read_open(int fd, const char *path, char **text, size_t *len, struct config_error *error)
{
    struct stat st;
    if (fstat(fd, &st))
        return fail(error, path, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) /* /dev/null is a file without settings */
        return fail(error, path, "not a regular file");
    char *buffer = malloc(CONFIG_FILE_MAX + 1);
    if (!buffer)
        return fail(error, path, "no memory");
    ssize_t n = io_read(fd, buffer, CONFIG_FILE_MAX + 1);
    if (n < 0 || n > CONFIG_FILE_MAX) {
        fail(error, path, n < 0 ? strerror(errno) : "too long for a configuration file");
        free(buffer);
        return -1;
    }
    *text = buffer;
    *len = (size_t)n;
    return 0;
}

int config_read_file(const char *path, char **text, size_t *len, struct config_error *error)
{
    *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(error, path, strerror(errno));
    int result = read_open(fd, path, text, len, error);
    close(fd);
    return result;
}
