/* SPDX-License-Identifier: Apache-2.0 */
#include "client/journal_prune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KEPT_SECONDS (30L * 24 * 60 * 60)
#define LOCK_END ".lock"

static int close_with(int fd, int error)
{
    close(fd);
    errno = error;
    return -1;
}

/* The file may be removed between opening and locking it; then the lock is worth nothing. */
int journal_lock(int dir, const char *name)
{
    for (;;) {
        struct stat st;
        int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB))
            return close_with(fd, errno == EWOULDBLOCK ? EBUSY : errno);
        if (fstat(fd, &st))
            return close_with(fd, errno);
        if (st.st_nlink > 0)
            return fd;
        close(fd);
    }
}

static bool is_old(int dir, const char *name, time_t now)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           st.st_mtime < now - KEPT_SECONDS;
}

static void prune_entry(int dir, const char *lock_name, time_t now)
{
    char name[NAME_MAX + 1];
    struct stat st;
    size_t len = strlen(lock_name) - strlen(LOCK_END);
    snprintf(name, sizeof name, "%.*s", (int)len, lock_name);
    bool entry = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_old(dir, entry ? name : lock_name, now))
        return;
    int lock = journal_lock(dir, lock_name);
    if (lock < 0)
        return;
    if (!entry || is_old(dir, name, now)) { /* nobody has written it meanwhile */
        unlinkat(dir, name, 0);
        unlinkat(dir, lock_name, 0);
    }
    close(lock);
}

static bool is_lock(const char *name)
{
    size_t len = strlen(name), end = strlen(LOCK_END);
    return len > end && strcmp(name + len - end, LOCK_END) == 0;
}

void journal_prune(int dir)
{
    time_t now = time(NULL);
    struct dirent *file;
    int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* closedir() closes it */
    DIR *files = own < 0 ? NULL : fdopendir(own);
    if (!files) {
        if (own >= 0)
            close(own);
        return;
    }
    while ((file = readdir(files)) != NULL)
        if (is_lock(file->d_name))
            prune_entry(dir, file->d_name, now);
    closedir(files);
}
