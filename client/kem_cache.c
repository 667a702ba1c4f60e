/* SPDX-License-Identifier: Apache-2.0 */
#include "client/kem_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/state_files.h"
#include "host/words.h"

#define FILES_MAX 256
#define NAME_CAP 96 /* the suite's name, a dash, 64 hex digits, NUL */

static void name_file(char out[NAME_CAP], const struct lewes_kem_digest *digest)
{
    char hex[2 * sizeof digest->bytes + 1];
    hex_write(hex, digest->bytes, sizeof digest->bytes);
    snprintf(out, NAME_CAP, "%s-%s", lewes_kem_name(digest->kem), hex);
}

static bool is_of(const struct lewes_kem_public *key, const struct lewes_kem_digest *digest)
{
    struct lewes_kem_digest found;
    return lewes_kem_digest(&found, key, digest->hash) == LEWES_OK &&
           memcmp(found.bytes, digest->bytes, sizeof found.bytes) == 0 &&
           lewes_kem_check(key) == LEWES_OK;
}

bool kem_cache_get(const char *dir, const struct lewes_kem_digest *digest,
                   struct lewes_kem_public *key)
{
    char name[NAME_CAP];
    struct lewes_kem_public read = {.kem = digest->kem};
    if (digest->hash != KEM_CACHE_HASH)
        return false;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    name_file(name, digest);
    ssize_t len = state_file_read(fd, name, read.bytes, sizeof read.bytes);
    read.len = len < 0 ? 0 : (size_t)len;
    bool good = len >= 0 && is_of(&read, digest);
    if (good) {
        utimensat(fd, name, NULL, 0); /* used today */
        *key = read;
    } else {
        unlinkat(fd, name, 0);
    }
    close(fd);
    return good;
}

/* ---- bound ---- */

static bool is_ours(const char *name)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
    for (size_t i = 0; i < sizeof kems / sizeof kems[0]; i++) {
        const char *kem = lewes_kem_name(kems[i]);
        size_t len = strlen(kem);
        if (strncmp(name, kem, len) == 0 && name[len] == '-')
            return true;
    }
    return false;
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Counts our files and names the oldest, half-written ones of a crash among them. */
static size_t survey(int fd, DIR *files, char oldest[NAME_CAP])
{
    struct timespec age = {0};
    struct dirent *file;
    size_t count = 0;
    rewinddir(files);
    while ((file = readdir(files)) != NULL) {
        struct stat st;
        size_t len = strlen(file->d_name);
        if (!is_ours(file->d_name) || len >= NAME_CAP ||
            fstatat(fd, file->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        if (count++ > 0 && !is_older(&st.st_mtim, &age))
            continue;
        age = st.st_mtim;
        memcpy(oldest, file->d_name, len + 1);
    }
    return count;
}

static void make_room(int fd)
{
    char oldest[NAME_CAP];
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* closedir() closes it */
    DIR *files = own < 0 ? NULL : fdopendir(own);
    if (!files) {
        if (own >= 0)
            close(own);
        return;
    }
    while (survey(fd, files, oldest) >= FILES_MAX && unlinkat(fd, oldest, 0) == 0)
        ;
    closedir(files);
}

void kem_cache_put(const char *dir, const struct lewes_kem_public *key)
{
    char name[NAME_CAP];
    struct lewes_kem_digest digest;
    if (key->kem == LEWES_KEM_X25519 || lewes_kem_digest(&digest, key, KEM_CACHE_HASH))
        return;
    int fd = state_dir_open(dir);
    if (fd < 0)
        return;
    name_file(name, &digest);
    if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW))
        make_room(fd);
    state_file_replace(fd, name, key->bytes, key->len);
    close(fd);
}

void kem_cache_forget(const char *dir, const struct lewes_kem_digest *digest)
{
    char name[NAME_CAP];
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    name_file(name, digest);
    unlinkat(fd, name, 0);
    close(fd);
}
