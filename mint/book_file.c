/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/book_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "host/state_files.h"
#include "lib/base/secret.h"
#include "mint/file_io.h"

#define LOCK_BOOK LEWES_BOOK_TICKETS

static int set_lock(int fd, int command, off_t byte)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int failed;
    do
        failed = fcntl(fd, command, &lock);
    while (failed && errno == EINTR);
    return failed;
}

static int read_book(int dir, const char *name, struct lewes_book *book)
{
    uint8_t bytes[LEWES_BOOK_MAX];
    const ssize_t len = state_file_read(dir, name, bytes, sizeof bytes);
    int failed = len < 0 ? -1 : 0;
    if (!failed && lewes_book_read(book, bytes, (size_t)len)) {
        errno = EBADMSG;
        failed = -1;
    }
    lewesi_wipe(bytes, sizeof bytes);
    return failed;
}

static int write_book(int dir, const char *name, const struct lewes_book *book)
{
    uint8_t bytes[LEWES_BOOK_MAX];
    size_t len = 0;
    int failed = -1;
    if (lewes_book_write(bytes, sizeof bytes, &len, book))
        errno = EBADMSG;
    else
        failed = state_file_replace(dir, name, bytes, len);
    lewesi_wipe(bytes, sizeof bytes);
    return failed;
}

/* A coin that a running registration holds is locked, and not ours. */
static int mark_next(int dir, const char *name, int lock, struct lewes_book *book, unsigned *coin)
{
    for (*coin = 0; *coin < LEWES_BOOK_TICKETS; ++*coin)
        if (!book->used[*coin] && set_lock(lock, F_OFD_SETLK, (off_t)*coin) == 0) {
            book->used[*coin] = true;
            return write_book(dir, name, book);
        }
    errno = ENOSPC;
    return -1;
}

static bool serves(const struct lewes_book *book, uint32_t day)
{
    const uint32_t last = book->wallet.terms.expiration;
    return day <= last && last - day < (uint32_t)LEWES_BOOK_DAYS * LEWES_DAY;
}

static int take_locked(int dir, const char *name, uint32_t day, struct lewes_book *book,
                       unsigned *coin)
{
    char lock_name[NAME_MAX + 1];
    if (snprintf(lock_name, sizeof lock_name, "%s.lock", name) >= (int)sizeof lock_name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int lock =
        openat(dir, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    if (lock < 0)
        return -1;
    int failed = set_lock(lock, F_OFD_SETLKW, LOCK_BOOK);
    if (!failed)
        failed = read_book(dir, name, book);
    if (!failed && !serves(book, day)) {
        errno = ERANGE;
        failed = -1;
    }
    if (!failed)
        failed = mark_next(dir, name, lock, book, coin);
    const int error = errno;
    close(lock);
    errno = error;
    return failed;
}

int book_file_take(const char *path, uint32_t day, struct lewes_book *book, unsigned *coin)
{
    const char *name;
    const int dir = output_directory(path, &name);
    if (dir < 0)
        return -1;
    int failed = faccessat(dir, name, F_OK, 0); /* no lock file for nothing */
    if (!failed)
        failed = take_locked(dir, name, day, book, coin);
    const int error = errno;
    close(dir);
    errno = error;
    return failed;
}
