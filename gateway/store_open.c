/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store_internal.h"

static bool fail(struct store_error *error, const char *path, const char *why)
{
    snprintf(error->text, sizeof error->text, "%.255s: %s", path, why);
    return false;
}

/* Makes the file, for its owner alone, and says what is wrong better than SQLite can. */
static bool touch(const char *path, struct store_error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    switch (errno) {
    case ENOENT:
        return fail(error, path, "its directory does not exist; make it, or change storage.url");
    case EACCES:
    case EPERM:
        return fail(error, path,
                    "lewesd's user may not write there; change the owner of the "
                    "directory, or storage.url");
    case EROFS:
        return fail(error, path, "the file system is read-only; change storage.url");
    case ENOSPC:
        return fail(error, path, "the disk is full");
    default:
        return fail(error, path, strerror(errno));
    }
}

/* A callback that keeps the text of the first column. */
static int keep_text(void *user, int columns, char **values, char **names)
{
    (void)names;
    char *out = user;
    snprintf(out, 64, "%s", columns > 0 && values[0] ? values[0] : "");
    return 0;
}

static bool pragma(struct store *store, const char *text, const char *expected)
{
    char answer[64] = "";
    if (sqlite3_exec(store->db, text, keep_text, answer, NULL) != SQLITE_OK)
        return false;
    return !expected || strcmp(answer, expected) == 0;
}

static bool configure(struct store *store, const char *path, uint64_t timeout,
                      struct store_error *error)
{
    sqlite3_busy_timeout(store->db, timeout > INT32_MAX ? INT32_MAX : (int)timeout);
    sqlite3_extended_result_codes(store->db, 1);
    if (!pragma(store, "PRAGMA journal_mode = WAL", "wal"))
        return fail(error, path,
                    sqlite3_errcode(store->db) == SQLITE_OK
                        ? "the file system does not allow a write-ahead log; it must "
                          "be a local one"
                        : sqlite3_errmsg(store->db));
    if (!pragma(store, "PRAGMA synchronous = FULL", NULL) ||
        !pragma(store, "PRAGMA foreign_keys = ON", NULL))
        return fail(error, path, sqlite3_errmsg(store->db));
    if (!pragma(store, "PRAGMA quick_check(1)", "ok"))
        return fail(error, path,
                    "the database is damaged; nothing was changed. Restore it from a copy: spent "
                    "tickets that it does not know could be spent again");
    return true;
}

static bool open_all(struct store *store, const char *path, uint64_t timeout,
                     struct store_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (!touch(path, error))
        return false;
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK)
        return fail(error, path, store->db ? sqlite3_errmsg(store->db) : "no memory");
    if (!configure(store, path, timeout, error) || !store_schema(store->db, path, error))
        return false;
    return store_prepare(store) || fail(error, path, sqlite3_errmsg(store->db));
}

enum store_result store_open(struct store **out, const char *path,
                             const struct lewes_ed25519_public *gateway, uint64_t timeout,
                             struct store_error *error)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        fail(error, path, "no memory");
        return STORE_UNAVAILABLE;
    }
    store->gateway = *gateway;
    if (!open_all(store, path, timeout, error)) {
        store_close(store);
        return STORE_UNAVAILABLE;
    }
    *out = store;
    return STORE_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store);
}
