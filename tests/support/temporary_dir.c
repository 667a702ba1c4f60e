/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/temporary_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define OPEN_MAX_WALK 16

void temporary_dir_make(struct temporary_dir *dir)
{
    strcpy(dir->path, "/tmp/lewes-test-XXXXXX");
    assert_non_null(mkdtemp(dir->path));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void temporary_dir_remove(struct temporary_dir *dir)
{
    assert_int_equal(nftw(dir->path, remove_one, OPEN_MAX_WALK, FTW_DEPTH | FTW_PHYS), 0);
}

void temporary_dir_path(const struct temporary_dir *dir, char out[TEMPORARY_PATH_CAP],
                        const char *name)
{
    int len = snprintf(out, TEMPORARY_PATH_CAP, "%s/%s", dir->path, name);
    assert_in_range(len, 1, TEMPORARY_PATH_CAP - 1);
}

void temporary_dir_write(const struct temporary_dir *dir, const char *name, const void *bytes,
                         size_t len)
{
    char path[TEMPORARY_PATH_CAP];
    temporary_dir_path(dir, path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        abort();
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Counts the names that end so, and keeps the path of the last one. */
static size_t search(const struct temporary_dir *dir, const char *sub, const char *end,
                     char out[TEMPORARY_PATH_CAP])
{
    char path[TEMPORARY_PATH_CAP - 257]; /* with a name behind it, it still fits */
    size_t count = 0;
    struct dirent *file;
    int len = snprintf(path, sizeof path, "%s%s%s", dir->path, sub ? "/" : "", sub ? sub : "");
    assert_in_range(len, 1, sizeof path - 1);
    DIR *files = opendir(path);
    if (!files)
        abort();
    while ((file = readdir(files)) != NULL) {
        if (!strcmp(file->d_name, ".") || !strcmp(file->d_name, "..") ||
            !ends_with(file->d_name, end))
            continue;
        count++;
        snprintf(out, TEMPORARY_PATH_CAP, "%s/%s", path, file->d_name);
    }
    closedir(files);
    return count;
}

void temporary_dir_find(const struct temporary_dir *dir, const char *sub, const char *end,
                        char out[TEMPORARY_PATH_CAP])
{
    assert_int_equal(search(dir, sub, end, out), 1);
}

size_t temporary_dir_count(const struct temporary_dir *dir, const char *sub)
{
    char path[TEMPORARY_PATH_CAP];
    return search(dir, sub, "", path);
}
