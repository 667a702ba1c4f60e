/* SPDX-License-Identifier: Apache-2.0 */
#include "client/books.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/system.h"
#include "host/state_files.h"

#define HELD_MAX 8                   /* coins of one run; two hops need two */
#define LOCK_BOOK LEWES_BOOK_TICKETS /* byte of the lock file; those before it are the coins' */
#define NAMES_MIN 32
#define ID_OFFSET 8 /* in the wallet's signature: bytes that differ from book to book */
#define ID_BITS 56

struct held { /* a coin that is reserved */
    uint64_t coin;
    char name[BOOK_NAME_CAP];
    int lock; /* descriptor; -1: unused */
};

struct lewes_books {
    struct lewes_env env;
    int dir;
    char only[BOOK_NAME_CAP]; /* the one file that is used; empty: all */
    struct lewes_ecash *ecash;
    struct held held[HELD_MAX];
    struct lewes_book book; /* the one in hand */
    uint8_t bytes[LEWES_BOOK_MAX];
};

/* ---- names ---- */

/* A coin has the same name in every run: the journal knows it by that. */
static uint64_t coin_name(const struct lewes_book *book, unsigned coin)
{
    uint64_t id = 0;
    for (int i = 0; i < ID_BITS / 8; i++)
        id = id << 8 | book->wallet.signature[ID_OFFSET + i];
    return id << 8 | coin;
}

static void book_name(char name[BOOK_NAME_CAP], const struct lewes_book *book)
{
    const struct lewes_date last = lewes_date_of(book->wallet.terms.expiration);
    snprintf(name, BOOK_NAME_CAP, "%u-%03u-type%d-%014" PRIx64 ".book", (unsigned)last.year,
             (unsigned)last.day, (int)book->wallet.terms.type, coin_name(book, 0) >> 8);
}

static bool is_book_name(const char *name)
{
    const size_t len = strlen(name);
    return len > 5 && len < BOOK_NAME_CAP && strcmp(name + len - 5, ".book") == 0;
}

/* ---- files ---- */

static int read_book(struct lewes_books *books, const char *name)
{
    const ssize_t len = state_file_read(books->dir, name, books->bytes, sizeof books->bytes);
    int failed = len < 0 ? -1 : 0;
    if (!failed && lewes_book_read(&books->book, books->bytes, (size_t)len)) {
        errno = EBADMSG;
        failed = -1;
    }
    lewes_wipe(books->bytes, sizeof books->bytes);
    return failed;
}

static int write_book(struct lewes_books *books, const char *name, const struct lewes_book *book)
{
    size_t len = 0;
    int failed = -1;
    if (lewes_book_write(books->bytes, sizeof books->bytes, &len, book))
        errno = EINVAL;
    else
        failed = state_file_replace(books->dir, name, books->bytes, len);
    lewes_wipe(books->bytes, sizeof books->bytes);
    return failed;
}

/* The lock file stays: whoever removed it would let two processes hold one lock. */
static int open_lock(const struct lewes_books *books, const char *name)
{
    char lock[NAME_MAX + 1];
    snprintf(lock, sizeof lock, "%s.lock", name);
    return openat(books->dir, lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
}

/* Locks a byte of the lock file; waits for it if `command` says so. */
static int set_lock(int fd, int command, short type, off_t byte)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int failed;
    do
        failed = fcntl(fd, command, &lock);
    while (failed && errno == EINTR);
    return failed;
}

/* ---- the directory ---- */

int lewes_books_open(struct lewes_books **books, const char *directory, const struct lewes_env *env)
{
    struct lewes_env system;
    if (env == NULL) {
        lewes_env_system(&system);
        env = &system;
    }
    struct lewes_books *made = env->allocate(env->user, sizeof *made);
    if (made == NULL) {
        errno = ENOMEM;
        return -1;
    }
    memset(made, 0, sizeof *made);
    made->env = *env;
    for (int i = 0; i < HELD_MAX; i++)
        made->held[i].lock = -1;
    made->dir = state_dir_open(directory);
    if (made->dir >= 0 && lewes_ecash_new(&made->ecash, env)) {
        close(made->dir);
        made->dir = -1;
        errno = ENOMEM;
    }
    if (made->dir < 0) {
        const int error = errno;
        env->release(env->user, made, sizeof *made);
        errno = error;
        return -1;
    }
    *books = made;
    return 0;
}

void lewes_books_close(struct lewes_books *books)
{
    if (books == NULL)
        return;
    const struct lewes_env env = books->env;
    for (int i = 0; i < HELD_MAX; i++)
        if (books->held[i].lock >= 0)
            close(books->held[i].lock);
    close(books->dir);
    lewes_ecash_free(books->ecash);
    lewes_wipe(books, sizeof *books);
    env.release(env.user, books, sizeof *books);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct names {
    char (*list)[BOOK_NAME_CAP];
    size_t count, room;
};

static void free_names(const struct lewes_books *books, struct names *names)
{
    if (names->list != NULL)
        books->env.release(books->env.user, names->list, names->room * sizeof names->list[0]);
}

static int add_name(const struct lewes_books *books, struct names *names, const char *name)
{
    if (names->count == names->room) {
        struct names more = {.count = names->count, .room = 2 * names->room + NAMES_MIN};
        more.list = books->env.allocate(books->env.user, more.room * sizeof more.list[0]);
        if (more.list == NULL) {
            errno = ENOMEM;
            return -1;
        }
        if (names->count > 0)
            memcpy(more.list, names->list, names->count * sizeof names->list[0]);
        free_names(books, names);
        *names = more;
    }
    snprintf(names->list[names->count++], BOOK_NAME_CAP, "%s", name);
    return 0;
}

static int read_directory(const struct lewes_books *books, struct names *names)
{
    const struct dirent *entry;
    const int fd = openat(books->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const directory = fd < 0 ? NULL : fdopendir(fd);
    int failed = 0;
    if (directory == NULL) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while (!failed && (errno = 0, entry = readdir(directory)) != NULL)
        if (is_book_name(entry->d_name))
            failed = add_name(books, names, entry->d_name);
    const int error = errno;
    closedir(directory);
    errno = error;
    return error ? -1 : failed;
}

/* The names of all books; they begin with the day on which they expire. free_names() is due if it
 * does not fail. */
static int list_names(const struct lewes_books *books, struct names *names)
{
    *names = (struct names){.list = NULL};
    const int failed =
        books->only[0] ? add_name(books, names, books->only) : read_directory(books, names);
    if (failed)
        free_names(books, names);
    else if (names->count > 0)
        qsort(names->list, names->count, sizeof names->list[0], by_text);
    return failed;
}

int books_each(struct lewes_books *books,
               void (*each)(void *user, const char *name, const struct lewes_book *book),
               void *user)
{
    struct names names;
    if (list_names(books, &names))
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        const bool good = read_book(books, names.list[i]) == 0;
        each(user, names.list[i], good ? &books->book : NULL);
        lewes_wipe(&books->book, sizeof books->book);
    }
    free_names(books, &names);
    return 0;
}

static bool holds(const struct lewes_books *books, const struct lewes_book *book)
{
    struct lewes_ecash_key *key = NULL;
    const bool good =
        !lewes_ecash_key_new(&key, &books->env, books->ecash, book->key, book->key_len) &&
        !lewes_book_check(key, book);
    lewes_ecash_key_free(key);
    return good;
}

bool books_have(struct lewes_books *books, const struct lewes_book *book, char name[BOOK_NAME_CAP])
{
    book_name(name, book);
    return faccessat(books->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Checks the file that this is all about, once and for all. */
static int check_only(struct lewes_books *books)
{
    int failed = read_book(books, books->only);
    if (!failed && !holds(books, &books->book)) {
        errno = EBADMSG;
        failed = -1;
    }
    lewes_wipe(&books->book, sizeof books->book);
    return failed;
}

int lewes_books_open_file(struct lewes_books **books, const char *path, const struct lewes_env *env)
{
    const char *const slash = strrchr(path, '/'), *const name = slash ? slash + 1 : path;
    struct lewes_books *made = NULL;
    char directory[PATH_MAX];
    if (strlen(name) >= BOOK_NAME_CAP || strlen(path) >= sizeof directory) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (access(path, F_OK)) /* else its directory would be made */
        return -1;
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    if (lewes_books_open(&made, directory, env))
        return -1;
    snprintf(made->only, sizeof made->only, "%s", name);
    if (check_only(made)) {
        const int error = errno;
        lewes_books_close(made);
        errno = error;
        return -1;
    }
    *books = made;
    return 0;
}

int books_add(struct lewes_books *books, const struct lewes_book *book, char name[BOOK_NAME_CAP])
{
    book_name(name, book);
    if (!holds(books, book)) {
        errno = EBADMSG;
        return -1;
    }
    const int lock = open_lock(books, name);
    int failed = lock < 0 ? -1 : set_lock(lock, F_OFD_SETLKW, F_WRLCK, LOCK_BOOK);
    if (!failed && books_have(books, book, name)) {
        errno = EEXIST; /* it may have coins that are used by now */
        failed = -1;
    }
    if (!failed)
        failed = write_book(books, name, book);
    const int error = errno;
    if (lock >= 0)
        close(lock);
    errno = error;
    return failed;
}

unsigned books_coins_left(const struct lewes_book *book)
{
    unsigned left = 0;
    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++)
        left += !book->used[i];
    return left;
}

bool books_serves(const struct lewes_book *book, uint64_t unix_seconds)
{
    const uint64_t day = unix_seconds / LEWES_DAY * LEWES_DAY;
    const uint64_t last = book->wallet.terms.expiration;
    return day <= last && last - day < (uint64_t)LEWES_BOOK_DAYS * LEWES_DAY;
}

/* ---- coins: reserve ---- */

static struct held *find_held(struct lewes_books *books, uint64_t coin)
{
    for (int i = 0; i < HELD_MAX; i++)
        if (books->held[i].lock >= 0 && books->held[i].coin == coin)
            return &books->held[i];
    return NULL;
}

static struct held *free_slot(struct lewes_books *books)
{
    for (int i = 0; i < HELD_MAX; i++)
        if (books->held[i].lock < 0)
            return &books->held[i];
    return NULL;
}

/* Locks a coin of the book in hand that is not used. What was read before the lock may be old, so
 * it is read again. */
static bool take_coin(struct lewes_books *books, const char *name, int lock, unsigned *coin)
{
    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++) {
        if (books->book.used[i] || find_held(books, coin_name(&books->book, i)) != NULL ||
            set_lock(lock, F_OFD_SETLK, F_WRLCK, i))
            continue;
        if (read_book(books, name))
            return false;
        if (!books->book.used[i]) {
            *coin = i;
            return true;
        }
        set_lock(lock, F_OFD_SETLK, F_UNLCK, i);
    }
    return false;
}

static bool reserve_from(struct lewes_books *books, const char *name, enum lewes_ticket_type type,
                         struct held *held)
{
    unsigned coin = 0;
    if (read_book(books, name) || books->book.wallet.terms.type != type ||
        !books_serves(&books->book, system_unix_ms() / 1000))
        return false;
    const int lock = open_lock(books, name);
    if (lock < 0)
        return false;
    if (!take_coin(books, name, lock, &coin)) {
        close(lock);
        return false;
    }
    *held = (struct held){.coin = coin_name(&books->book, coin), .lock = lock};
    snprintf(held->name, sizeof held->name, "%s", name);
    return true;
}

static int reserve(void *user, enum lewes_ticket_type type, uint64_t *coin)
{
    struct lewes_books *const books = user;
    struct held *const held = free_slot(books);
    struct names names;
    bool found = false;
    if (held == NULL || list_names(books, &names))
        return -1;
    for (size_t i = 0; i < names.count && !found; i++)
        found = reserve_from(books, names.list[i], type, held);
    free_names(books, &names);
    lewes_wipe(&books->book, sizeof books->book);
    if (found)
        *coin = held->coin;
    return found ? 0 : -1;
}

/* ---- coins: pay ---- */

static int spend(struct lewes_books *books, unsigned coin, const struct lewes_ticket_order *order,
                 uint8_t *payment, struct lewes_credential *credential)
{
    const uint64_t seconds = (uint64_t)order->pay_info.unix_seconds;
    const uint32_t day = (uint32_t)(seconds / LEWES_DAY * LEWES_DAY);
    struct lewes_ecash_key *key = NULL;
    struct lewes_spending spending;
    enum lewes_error error =
        lewes_ecash_key_new(&key, &books->env, books->ecash, books->book.key, books->book.key_len);
    lewes_pay_info_encode(credential->pay_info, &order->pay_info);
    if (!error)
        error = lewes_book_spending(&spending, &books->book, coin, day, credential->pay_info);
    if (!error)
        error = lewes_ticket_spend(payment, &credential->payment_len, key, &spending, &books->env);
    lewes_ecash_key_free(key);
    credential->spend_date = lewes_date_of(seconds);
    credential->epoch = books->book.epoch;
    return error ? -1 : 0;
}

static int pay(void *user, uint64_t coin, const struct lewes_ticket_order *order, uint8_t *payment,
               struct lewes_credential *credential)
{
    struct lewes_books *const books = user;
    const struct held *const held = find_held(books, coin);
    const unsigned number = coin & 0xff;
    int failed = -1;
    if (held == NULL)
        return -1;
    if (read_book(books, held->name) == 0 && number < LEWES_BOOK_TICKETS &&
        !books->book.used[number] && books->book.wallet.terms.type == order->type)
        failed = spend(books, number, order, payment, credential);
    lewes_wipe(&books->book, sizeof books->book);
    return failed;
}

/* ---- coins: settle ---- */

/* Two runs may mark coins of one book: each reads what the other has written. */
static int mark_used(struct lewes_books *books, const struct held *held)
{
    int failed = set_lock(held->lock, F_OFD_SETLKW, F_WRLCK, LOCK_BOOK);
    if (failed)
        return -1;
    failed = read_book(books, held->name);
    if (!failed) {
        books->book.used[held->coin & 0xff] = true;
        failed = write_book(books, held->name, &books->book);
    }
    set_lock(held->lock, F_OFD_SETLK, F_UNLCK, LOCK_BOOK);
    lewes_wipe(&books->book, sizeof books->book);
    return failed;
}

static int settle(void *user, uint64_t coin, enum lewes_coin_state state)
{
    struct lewes_books *const books = user;
    struct held *const held = find_held(books, coin);
    if (held == NULL) /* of an earlier run, so it is marked */
        return state == LEWES_COIN_SENT ? -1 : 0;
    if (state == LEWES_COIN_SENT)
        return mark_used(books, held);
    close(held->lock);
    held->lock = -1;
    return 0;
}

struct lewes_ticket_source lewes_ticket_source_books(struct lewes_books *books)
{
    return (struct lewes_ticket_source){
        .user = books, .reserve = reserve, .pay = pay, .settle = settle, .explain = books_explain};
}
