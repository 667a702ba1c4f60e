/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_NAME "lewesd.lock"

const char *statedir_database(const char *url)
{
    static const char scheme[] = "sqlite:";
    size_t len = sizeof scheme - 1;
    return strncmp(url, scheme, len) == 0 && url[len] ? url + len : NULL;
}

static int __attribute__((format(printf, 2, 3))) fail(struct statedir_error *error,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -1;
}

static int refuse(int fd, const char *directory, int cause, struct statedir_error *error)
{
    char text[16] = "";
    if (cause != EWOULDBLOCK)
        return fail(error, "%s: cannot be locked: %s", directory, strerror(cause));
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return fail(error,
                "%s: in use by another lewesd (process %ld); stop it, or give this one a "
                "storage.url in a directory of its own",
                directory, pid);
}

/* For the message of a second lewesd; the lock itself does not need it. */
static void write_pid(int fd)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) != n)
        return;
}

int statedir_lock(const char *database, struct statedir_error *error)
{
    char directory[SETTINGS_TEXT] = ".";
    char path[SETTINGS_TEXT + sizeof LOCK_NAME + 1];
    const char *slash = strrchr(database, '/');
    if (slash) {
        size_t len = slash == database ? 1 : (size_t)(slash - database);
        if (len >= sizeof directory)
            return fail(error, "the path of the database is too long");
        memcpy(directory, database, len);
        directory[len] = '\0';
    }
    snprintf(path, sizeof path, "%s/" LOCK_NAME, directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 && errno == ENOENT)
        return fail(error, "%s: there is no such directory; make it, or change storage.url",
                    directory);
    if (fd < 0)
        return fail(error, "%s: cannot be written to: %s; lewesd keeps its database there",
                    directory, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        refuse(fd, directory, errno, error);
        close(fd);
        return -1;
    }
    write_pid(fd);
    return fd;
}
