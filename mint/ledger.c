/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/io.h"
#include "host/state_files.h"
#include "host/words.h"
#include "mint/arguments.h"
#include "mint/mint.h"

#define CHUNK (64 * 1024)
#define SLOTS_MIN 1024

struct slot {         /* a book that has not expired */
    uint64_t key;     /* the first bytes of the request's hash */
    uint32_t expires; /* 0: free */
    off_t at;
};

struct tally { /* books of an account on the last day that it had any */
    char account[ACCOUNT_CAP];
    uint32_t day;
    unsigned books;
};

struct ledger {
    int dir, fd;
    off_t end;      /* of what has been read */
    uint64_t lines; /* before it */
    bool broken;    /* a sync failed: what is on disk is not known before a new start */
    uint32_t today;
    struct slot *slots;
    size_t slot_count, slots_used;
    struct tally *tallies;
    size_t tally_count;
    char buffer[CHUNK + LEDGER_LINE_CAP];
};

/* ---- index ---- */

static uint64_t key_of(const uint8_t request[32])
{
    uint64_t key;
    memcpy(&key, request, sizeof key);
    return key;
}

static void put_slot(struct slot *slots, size_t count, const struct slot *slot)
{
    size_t i = slot->key % count;
    while (slots[i].expires != 0)
        i = (i + 1) % count;
    slots[i] = *slot;
}

/* Makes room for one more; what has expired is left behind. */
static int grow_slots(struct ledger *ledger)
{
    if (ledger->slots_used * 2 < ledger->slot_count)
        return 0;
    const size_t count = ledger->slot_count == 0 ? SLOTS_MIN : ledger->slot_count * 2;
    struct slot *const slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return -1;
    ledger->slots_used = 0;
    for (size_t i = 0; i < ledger->slot_count; i++)
        if (ledger->slots[i].expires >= ledger->today && ledger->slots[i].expires != 0) {
            put_slot(slots, count, &ledger->slots[i]);
            ledger->slots_used++;
        }
    free(ledger->slots);
    ledger->slots = slots;
    ledger->slot_count = count;
    return 0;
}

static struct tally *find_tally(const struct ledger *ledger, const char *account)
{
    for (size_t i = 0; i < ledger->tally_count; i++)
        if (strcmp(ledger->tallies[i].account, account) == 0)
            return &ledger->tallies[i];
    return NULL;
}

/* A clock that once ran far ahead must not use up the books of all days until then. */
static bool is_credible(const struct ledger *ledger, uint32_t day)
{
    return day <= ledger->today + LEWES_DAY;
}

static int count_book(struct ledger *ledger, const struct ledger_entry *entry)
{
    const uint32_t day = day_of(entry->time);
    struct tally *tally = find_tally(ledger, entry->account);
    if (!is_credible(ledger, day))
        return 0;
    if (tally == NULL) {
        struct tally *const more =
            realloc(ledger->tallies, (ledger->tally_count + 1) * sizeof *more);
        if (more == NULL)
            return -1;
        ledger->tallies = more;
        tally = &more[ledger->tally_count++];
        *tally = (struct tally){.day = day};
        memcpy(tally->account, entry->account, sizeof tally->account);
    }
    if (day > tally->day || !is_credible(ledger, tally->day)) {
        tally->day = day;
        tally->books = 0;
    }
    tally->books++;
    return 0;
}

static int note(struct ledger *ledger, const struct ledger_entry *entry, off_t at)
{
    const struct slot slot = {
        .key = key_of(entry->request), .expires = entry->terms.expiration, .at = at};
    if (count_book(ledger, entry) || grow_slots(ledger))
        return -1;
    ledger->lines++;
    if (slot.expires < ledger->today)
        return 0;
    put_slot(ledger->slots, ledger->slot_count, &slot);
    ledger->slots_used++;
    return 0;
}

/* ---- reading ---- */

/* Reads the lines of the buffer's `len` bytes, which stand at ledger->end. Stops at a bad line or
 * a piece of one; returns how many bytes were good, or -1 with errno. */
static ssize_t read_lines(struct ledger *ledger, size_t len)
{
    size_t at = 0;
    const char *newline;
    while ((newline = memchr(ledger->buffer + at, '\n', len - at)) != NULL) {
        struct ledger_entry entry;
        const size_t line = (size_t)(newline - ledger->buffer) - at;
        if (!ledger_line_read(&entry, ledger->buffer + at, line))
            break;
        if (note(ledger, &entry, ledger->end + (off_t)at))
            return -1;
        at += line + 1;
    }
    return (ssize_t)at;
}

/* What stands behind the last good line. It may be cut off if it is the last. */
static int cut_off(struct ledger *ledger, size_t len)
{
    const char *const newline = memchr(ledger->buffer, '\n', len);
    if (len > LEDGER_LINE_CAP || (newline != NULL && newline + 1 < ledger->buffer + len)) {
        complain("the ledger is damaged in line %llu, which is not the last: restore it from the "
                 "backup",
                 (unsigned long long)ledger->lines + 1);
        errno = EBADMSG;
        return -1;
    }
    if (state_file_replace(ledger->dir, MINT_LEDGER ".cut", (const uint8_t *)ledger->buffer, len) ||
        ftruncate(ledger->fd, ledger->end) || fsync(ledger->fd))
        return -1;
    complain("the last line of the ledger was damaged by a crash: it is cut off, and kept in "
             "'ledger.cut'; its answer never left");
    return 0;
}

/* Lines of a process that died before its sync are on disk before anybody is answered from them. */
static int sync_lines(struct ledger *ledger)
{
    ledger->broken = fsync(ledger->fd) != 0;
    return ledger->broken ? -1 : 0;
}

static int catch_up(struct ledger *ledger)
{
    const off_t begin = ledger->end;
    for (;;) {
        const ssize_t len = pread(ledger->fd, ledger->buffer, sizeof ledger->buffer, ledger->end);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return -1;
        if (len == 0)
            return ledger->end > begin ? sync_lines(ledger) : 0;
        const ssize_t good = read_lines(ledger, (size_t)len);
        if (good < 0)
            return -1;
        ledger->end += good;
        if (good == 0)
            return cut_off(ledger, (size_t)len);
    }
}

int ledger_open(struct ledger **ledger, int dir)
{
    struct stat st;
    struct ledger *const made = calloc(1, sizeof *made);
    if (made == NULL)
        return -1;
    made->dir = dir;
    made->fd = openat(dir, MINT_LEDGER, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    if (made->fd < 0 || fstat(made->fd, &st)) {
        ledger_close(made);
        return -1;
    }
    if ((st.st_mode & 077) != 0) {
        ledger_close(made);
        errno = EPERM;
        return -1;
    }
    /* The name of a new file must last, too. */
    if (fsync(dir)) {
        ledger_close(made);
        return -1;
    }
    *ledger = made;
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    const int error = errno;
    if (ledger->fd >= 0)
        close(ledger->fd);
    free(ledger->slots);
    free(ledger->tallies);
    free(ledger);
    errno = error;
}

/* What is written into a file that has lost its name is lost with it. */
static int check_place(const struct ledger *ledger)
{
    struct stat here, named;
    if (fstat(ledger->fd, &here))
        return -1;
    if (fstatat(ledger->dir, MINT_LEDGER, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        here.st_dev == named.st_dev && here.st_ino == named.st_ino && here.st_size >= ledger->end)
        return 0;
    complain("the ledger was replaced or shortened: nothing is issued before a new start");
    errno = ESTALE;
    return -1;
}

int ledger_lock(struct ledger *ledger, uint64_t now)
{
    int failed;
    if (ledger->broken) {
        errno = EIO;
        return -1;
    }
    do
        failed = flock(ledger->fd, LOCK_EX);
    while (failed && errno == EINTR);
    if (failed)
        return -1;
    ledger->today = day_of(now);
    failed = check_place(ledger) || catch_up(ledger) ? -1 : 0;
    if (failed)
        ledger_unlock(ledger);
    return failed;
}

void ledger_unlock(struct ledger *ledger)
{
    const int error = errno;
    flock(ledger->fd, LOCK_UN);
    errno = error;
}

/* ---- questions ---- */

static bool read_at(const struct ledger *ledger, off_t at, struct ledger_entry *entry)
{
    char line[LEDGER_LINE_CAP];
    const ssize_t len = pread(ledger->fd, line, sizeof line, at);
    const char *const newline = len > 0 ? memchr(line, '\n', (size_t)len) : NULL;
    return newline != NULL && ledger_line_read(entry, line, (size_t)(newline - line));
}

bool ledger_find(const struct ledger *ledger, const uint8_t request[32], struct ledger_entry *entry)
{
    const uint64_t key = key_of(request);
    if (ledger->slot_count == 0)
        return false;
    for (size_t i = key % ledger->slot_count; ledger->slots[i].expires != 0;
         i = (i + 1) % ledger->slot_count)
        if (ledger->slots[i].key == key && read_at(ledger, ledger->slots[i].at, entry) &&
            memcmp(entry->request, request, sizeof entry->request) == 0)
            return true;
    return false;
}

unsigned ledger_books(const struct ledger *ledger, const char *account, uint64_t now)
{
    const struct tally *const tally = find_tally(ledger, account);
    return tally != NULL && tally->day >= day_of(now) && is_credible(ledger, tally->day)
               ? tally->books
               : 0;
}

/* ---- writing ---- */

static int write_line(int fd, const char *line, size_t len, off_t at)
{
    return lseek(fd, at, SEEK_SET) < 0 ? -1 : io_write(fd, line, len);
}

int ledger_append(struct ledger *ledger, const struct ledger_entry *entry)
{
    char line[LEDGER_LINE_CAP];
    const size_t len = ledger_line_write(line, entry);
    const bool written = write_line(ledger->fd, line, len, ledger->end) == 0;
    if (!written || fsync(ledger->fd)) {
        const int error = errno;
        /* A line whose sync failed counts as written for the kernel: the next process would read
         * it, and it may never be on disk. */
        ledger->broken = ftruncate(ledger->fd, ledger->end) != 0 || written;
        if (ledger->broken)
            complain("the ledger: %s: nothing is issued before a new start", strerror(error));
        errno = error;
        return -1;
    }
    const off_t at = ledger->end;
    ledger->end += (off_t)len;
    ledger->broken = note(ledger, entry, at) != 0;
    return ledger->broken ? -1 : 0;
}

int ledger_scan(const char *path, void (*each)(void *user, const struct ledger_entry *entry),
                void *user)
{
    char line[LEDGER_LINE_CAP];
    struct ledger_entry entry;
    bool bad = false;
    FILE *const file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (!bad && fgets(line, sizeof line, file) != NULL) {
        const size_t len = strlen(line);
        bad = len == 0 || line[len - 1] != '\n' || !ledger_line_read(&entry, line, len - 1);
        if (!bad)
            each(user, &entry);
    }
    /* The last one may be in the middle of being written. */
    const bool failed = ferror(file) || (bad && fgets(line, sizeof line, file) != NULL);
    fclose(file);
    if (failed)
        errno = EBADMSG;
    return failed ? -1 : 0;
}
