/* SPDX-License-Identifier: Apache-2.0 */
/* Coins of ticket books: who gets them, and what is left after a crash (registration.md 4, R10). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/books.h"
#include "tests/support/env.h"
#include "tests/support/minted.h"

#define STEPS_MAX 64 /* system calls of one run, at which it dies */
#define RACERS 4
#define COINS_EACH 12
#define OLD_BOOKS 400

static struct test_env env;
static struct minted minted;
static struct lewes_book book;
static uint32_t today;
static char directory[sizeof "/tmp/lewes-books-XXXXXX"];
static char file[BOOK_NAME_CAP];

/* ---- the process dies at one of these ---- */

static unsigned step, dies_at;

static void fault_point(void)
{
    if (++step == dies_at)
        _exit(42);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    fault_point();
    return __real_fsync(fd);
}

/* Is the book locked while it is written? */
static char watched_lock[256];
static unsigned writes_locked, writes_unlocked;

static void watch_lock(void)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LEWES_BOOK_TICKETS, .l_len = 1};
    if (!watched_lock[0])
        return;
    const int fd = open(watched_lock, O_RDWR | O_CLOEXEC);
    const bool held = fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) && errno == EAGAIN;
    writes_locked += held;
    writes_unlocked += !held;
    if (fd >= 0)
        close(fd);
}

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    fault_point();
    watch_lock();
    return __real_write(fd, bytes, len);
}

int __real_renameat(int from, const char *old, int to, const char *new_name);
int __wrap_renameat(int from, const char *old, int to, const char *new_name);
int __wrap_renameat(int from, const char *old, int to, const char *new_name)
{
    fault_point();
    return __real_renameat(from, old, to, new_name);
}

/* ---- fixtures ---- */

static int load(void **state)
{
    (void)state;
    today = (uint32_t)(time(NULL) / LEWES_DAY * LEWES_DAY);
    test_env_init(&env, 3);
    minted_open(&minted, &env.env);
    minted_book(&minted, LEWES_TICKET_WG_ENTRY, today + 3 * LEWES_DAY, &book);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    minted_close(&minted);
    return 0;
}

static struct lewes_books *open_books(void)
{
    struct lewes_books *books = NULL;
    assert_int_equal(lewes_books_open(&books, directory, NULL), 0);
    return books;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/lewes-books-XXXXXX");
    assert_non_null(mkdtemp(directory));
    struct lewes_books *books = open_books();
    assert_int_equal(books_add(books, &book, file), 0);
    lewes_books_close(books);
    return 0;
}

static int tear_down(void **state)
{
    char path[512];
    const struct dirent *entry;
    DIR *const listing = opendir(directory);
    (void)state;
    if (!listing)
        abort();
    while ((entry = readdir(listing)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(listing);
    return rmdir(directory);
}

/* ---- what stands in the file ---- */

static void count_left(void *user, const char *name, const struct lewes_book *found)
{
    unsigned *const left = user;
    (void)name;
    *left += found ? books_coins_left(found) : 0;
}

static void count_files(void *user, const char *name, const struct lewes_book *found)
{
    unsigned *const seen = user;
    (void)name;
    (void)found;
    ++*seen;
}

static unsigned coins_left(void)
{
    struct lewes_books *books = open_books();
    unsigned left = 0;
    assert_int_equal(books_each(books, count_left, &left), 0);
    lewes_books_close(books);
    return left;
}

static struct lewes_ticket_order order_at(uint64_t seconds)
{
    return (struct lewes_ticket_order){
        .type = LEWES_TICKET_WG_ENTRY,
        .pay_info = {.random = {5}, .unix_seconds = (int64_t)seconds, .gateway = {{7}}}};
}

static int pay_now(const struct lewes_ticket_source *source, uint64_t coin, uint64_t seconds,
                   uint8_t *payment, struct lewes_credential *credential)
{
    const struct lewes_ticket_order order = order_at(seconds);
    credential->payment = payment;
    return source->pay(source->user, coin, &order, payment, credential);
}

static uint64_t reserve(const struct lewes_ticket_source *source)
{
    uint64_t coin = 0;
    assert_int_equal(source->reserve(source->user, LEWES_TICKET_WG_ENTRY, &coin), 0);
    return coin;
}

/* ---- one process ---- */

static void a_coin_pays_and_is_used(void **state)
{
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    struct lewes_credential credential = {0};
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_ticket ticket;
    (void)state;
    const uint64_t coin = reserve(&source);
    assert_int_equal(pay_now(&source, coin, today + 60, payment, &credential), 0);
    assert_int_equal(credential.epoch, 1);
    assert_int_equal(coins_left(), LEWES_BOOK_TICKETS);
    assert_int_equal(source.settle(source.user, coin, LEWES_COIN_SENT), 0);
    assert_int_equal(coins_left(), LEWES_BOOK_TICKETS - 1);
    assert_int_equal(source.settle(source.user, coin, LEWES_COIN_SPENT), 0);
    lewes_books_close(books);
    const struct lewes_ticket_claim claim = {
        .payment = payment,
        .len = credential.payment_len,
        .pay_info = credential.pay_info,
        .day = today,
        .require_bound = true,
    };
    assert_int_equal(lewes_ticket_verify(minted.key, &claim, &ticket), LEWES_OK);
    assert_int_equal(coins_left(), LEWES_BOOK_TICKETS - 1);
}

static void a_coin_that_is_given_back_is_free_again(void **state)
{
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    struct lewes_credential credential = {0};
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    (void)state;
    const uint64_t first = reserve(&source);
    assert_int_not_equal(reserve(&source), first); /* the second hop's */
    assert_int_equal(pay_now(&source, first, today, payment, &credential), 0);
    assert_int_equal(source.settle(source.user, first, LEWES_COIN_FREE), 0);
    assert_int_equal(reserve(&source), first);
    lewes_books_close(books);
    assert_int_equal(coins_left(), LEWES_BOOK_TICKETS);
}

static void a_used_up_book_has_no_coin(void **state)
{
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    uint64_t coin, before = 0;
    (void)state;
    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++) {
        coin = reserve(&source);
        assert_int_not_equal(coin, before);
        before = coin;
        assert_int_equal(source.settle(source.user, coin, LEWES_COIN_SENT), 0);
        assert_int_equal(source.settle(source.user, coin, LEWES_COIN_BURNED), 0);
    }
    assert_int_not_equal(source.reserve(source.user, LEWES_TICKET_WG_ENTRY, &coin), 0);
    lewes_books_close(books);
}

static void only_a_book_of_the_type_and_the_day_serves(void **state)
{
    static struct lewes_book old;
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    struct lewes_credential credential = {0};
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    char name[BOOK_NAME_CAP];
    uint64_t coin;
    (void)state;
    assert_int_not_equal(source.reserve(source.user, LEWES_TICKET_WG_EXIT, &coin), 0);
    minted_book(&minted, LEWES_TICKET_WG_EXIT, today - LEWES_DAY, &old);
    assert_int_equal(books_add(books, &old, name), 0);
    assert_int_not_equal(source.reserve(source.user, LEWES_TICKET_WG_EXIT, &coin), 0);
    coin = reserve(&source);
    assert_int_not_equal(pay_now(&source, coin, today + 4 * LEWES_DAY, payment, &credential), 0);
    assert_int_not_equal(pay_now(&source, coin, today - 4 * LEWES_DAY, payment, &credential), 0);
    assert_int_equal(pay_now(&source, coin, today + 3 * LEWES_DAY, payment, &credential), 0);
    lewes_books_close(books);
}

static void the_book_that_expires_first_is_used_first(void **state)
{
    static struct lewes_book sooner;
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    char name[BOOK_NAME_CAP];
    (void)state;
    const uint64_t later = reserve(&source);
    minted_book(&minted, LEWES_TICKET_WG_ENTRY, today + LEWES_DAY, &sooner);
    assert_int_equal(books_add(books, &sooner, name), 0);
    assert_int_not_equal(reserve(&source) >> 8, later >> 8);
    lewes_books_close(books);
}

/* ---- taking books in ---- */

static void a_book_is_taken_in_once_and_only_if_it_holds(void **state)
{
    static struct lewes_book bad;
    struct lewes_books *books = open_books();
    char name[BOOK_NAME_CAP];
    (void)state;
    assert_int_equal(books_add(books, &book, name), -1);
    assert_int_equal(errno, EEXIST);
    minted_book(&minted, LEWES_TICKET_WG_ENTRY, today + 3 * LEWES_DAY, &bad);
    bad.coins[7][60] ^= 1;
    assert_int_equal(books_add(books, &bad, name), -1);
    assert_int_equal(errno, EBADMSG);
    lewes_books_close(books);
}

static void note_error(void *user, const char *name, const struct lewes_book *found)
{
    int *const error = user;
    (void)name;
    *error = found ? 0 : errno;
}

static void a_damaged_or_exposed_book_is_told_and_not_used(void **state)
{
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    char path[256];
    uint64_t coin;
    int error = 0;
    (void)state;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(books_each(books, note_error, &error), 0);
    assert_int_equal(error, EPERM);
    assert_int_not_equal(source.reserve(source.user, LEWES_TICKET_WG_ENTRY, &coin), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 1000), 0);
    assert_int_equal(books_each(books, note_error, &error), 0);
    assert_int_equal(error, EBADMSG);
    assert_int_not_equal(source.reserve(source.user, LEWES_TICKET_WG_ENTRY, &coin), 0);
    lewes_books_close(books);
}

/* ---- why there is none ---- */

static void explain(const struct lewes_ticket_source *source, enum lewes_ticket_type type,
                    const char *words)
{
    char said[200];
    source->explain(source->user, type, said, sizeof said);
    if (!strstr(said, words))
        fail_msg("'%s' is not in: %s", words, said);
}

static void mark_all_used(const char *name)
{
    static struct lewes_book whole;
    static uint8_t bytes[LEWES_BOOK_MAX];
    char path[256];
    size_t len = 0;
    whole = book;
    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++)
        whole.used[i] = true;
    assert_int_equal(lewes_book_write(bytes, sizeof bytes, &len, &whole), LEWES_OK);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *const out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static void it_is_told_why_there_is_no_ticket(void **state)
{
    static struct lewes_book other;
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    char name[BOOK_NAME_CAP], path[256];
    (void)state;
    explain(&source, LEWES_TICKET_WG_ENTRY, "held by registrations that run"); /* they end now */
    explain(&source, LEWES_TICKET_WG_EXIT, "it takes a wg-exit ticket, and there are only books");
    minted_book(&minted, LEWES_TICKET_WG_EXIT, today - LEWES_DAY, &other);
    assert_int_equal(books_add(books, &other, name), 0);
    explain(&source, LEWES_TICKET_WG_EXIT, "have expired, the last on 20");
    minted_book(&minted, LEWES_TICKET_MIXNET_ENTRY, today + 20 * LEWES_DAY, &other);
    assert_int_equal(books_add(books, &other, name), 0);
    explain(&source, LEWES_TICKET_MIXNET_ENTRY, "for later days");
    mark_all_used(file);
    explain(&source, LEWES_TICKET_WG_ENTRY, "all wg-entry tickets are used");
    snprintf(path, sizeof path, "%s/%s", directory, file);
    assert_int_equal(chmod(path, 0644), 0);
    explain(&source, LEWES_TICKET_WG_ENTRY, "1 more file cannot be used");
    lewes_books_close(books);
}

/* Books that have expired stay where they are: years of them must not hide the one that is good. */
static void a_book_is_found_among_any_number_of_old_ones(void **state)
{
    char old[256];
    unsigned seen = 0;
    (void)state;
    for (int i = 0; i < OLD_BOOKS; i++) {
        snprintf(old, sizeof old, "%s/2020-001-type2-%014d.book", directory, i);
        assert_int_equal(symlink("nowhere", old), 0); /* as good as any that cannot be used */
    }
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    assert_int_equal(books_each(books, count_files, &seen), 0);
    assert_int_equal(seen, OLD_BOOKS + 1);
    reserve(&source);
    lewes_books_close(books);
}

static void an_empty_directory_has_no_book(void **state)
{
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    assert_int_equal(unlink(path), 0);
    struct lewes_books *books = open_books();
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    explain(&source, LEWES_TICKET_WG_ENTRY, "there is no ticket book");
    lewes_books_close(books);
}

/* ---- a single file ---- */

static void a_single_book_pays_where_it_lies(void **state)
{
    static struct lewes_book other;
    struct lewes_books *books = open_books();
    char path[256], name[BOOK_NAME_CAP];
    uint64_t coin;
    (void)state;
    minted_book(&minted, LEWES_TICKET_WG_EXIT, today, &other);
    assert_int_equal(books_add(books, &other, name), 0);
    lewes_books_close(books);
    snprintf(path, sizeof path, "%s/%s", directory, file);
    assert_int_equal(lewes_books_open_file(&books, path, NULL), 0);
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    assert_int_not_equal(source.reserve(source.user, LEWES_TICKET_WG_EXIT, &coin), 0);
    coin = reserve(&source);
    assert_int_equal(source.settle(source.user, coin, LEWES_COIN_SENT), 0);
    lewes_books_close(books);
    assert_int_equal(coins_left(), 2 * LEWES_BOOK_TICKETS - 1);
}

static void assert_no_single(const char *path, int error)
{
    struct lewes_books *books = NULL;
    errno = 0;
    assert_int_equal(lewes_books_open_file(&books, path, NULL), -1);
    assert_int_equal(errno, error);
    assert_null(books);
}

static void a_single_book_must_be_there_and_sound(void **state)
{
    char path[256], missing[256];
    (void)state;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    snprintf(missing, sizeof missing, "%s/no/such.book", directory);
    assert_no_single(missing, ENOENT);
    snprintf(missing, sizeof missing, "%s/no", directory);
    assert_int_not_equal(access(missing, F_OK), 0);
    snprintf(missing, sizeof missing, "%s/%070d", directory, 1);
    assert_no_single(missing, ENAMETOOLONG);
    assert_int_equal(chmod(path, 0640), 0);
    assert_no_single(path, EPERM);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 1000), 0);
    assert_no_single(path, EBADMSG);
}

/* ---- several processes ---- */

static int wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Takes coins, and reports each that it marked as sent. */
static void race(int report)
{
    struct lewes_books *books = NULL;
    if (lewes_books_open(&books, directory, NULL))
        _exit(1);
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    for (int i = 0; i < COINS_EACH; i++) {
        uint64_t coin;
        if (source.reserve(source.user, LEWES_TICKET_WG_ENTRY, &coin) ||
            source.settle(source.user, coin, LEWES_COIN_SENT) ||
            write(report, &coin, sizeof coin) != sizeof coin ||
            source.settle(source.user, coin, LEWES_COIN_SPENT))
            _exit(2);
    }
    _exit(0);
}

static void no_coin_goes_to_two_processes(void **state)
{
    uint64_t coins[RACERS * COINS_EACH];
    pid_t children[RACERS];
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < RACERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            race(ends[1]);
    }
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(wait_for(children[i]), 0);
    assert_int_equal(read(ends[0], coins, sizeof coins), sizeof coins);
    for (int i = 0; i < RACERS * COINS_EACH; i++)
        for (int j = 0; j < i; j++)
            assert_true(coins[i] != coins[j]);
    assert_int_equal(coins_left(), LEWES_BOOK_TICKETS - RACERS * COINS_EACH);
    close(ends[0]);
    close(ends[1]);
}

/* Dies at one step; 7 says that the payment could have left. */
static void run_and_die(unsigned at)
{
    struct lewes_books *books = NULL;
    struct lewes_credential credential = {0};
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    uint64_t coin = 0;
    dies_at = at;
    step = 0;
    if (lewes_books_open(&books, directory, NULL))
        _exit(1);
    const struct lewes_ticket_source source = lewes_ticket_source_books(books);
    if (source.reserve(source.user, LEWES_TICKET_WG_ENTRY, &coin) ||
        pay_now(&source, coin, today, payment, &credential) ||
        source.settle(source.user, coin, LEWES_COIN_SENT))
        _exit(2);
    _exit(7);
}

/* Else another could take it in and pay from it, between the look at the directory and the write.
 */
static void a_book_that_is_taken_in_is_locked(void **state)
{
    char path[256], name[BOOK_NAME_CAP];
    (void)state;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    assert_int_equal(unlink(path), 0);
    snprintf(watched_lock, sizeof watched_lock, "%s/%s.lock", directory, file);
    writes_locked = writes_unlocked = 0;
    struct lewes_books *books = open_books();
    assert_int_equal(books_add(books, &book, name), 0);
    lewes_books_close(books);
    watched_lock[0] = '\0';
    assert_string_equal(name, file);
    assert_int_equal(writes_locked, 1);
    assert_int_equal(writes_unlocked, 0);
}

static void whenever_it_dies_a_coin_that_left_is_used(void **state)
{
    unsigned left = LEWES_BOOK_TICKETS;
    int code = 0;
    (void)state;
    for (unsigned at = 1; at < STEPS_MAX && code != 7; at++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            run_and_die(at);
        code = wait_for(child);
        assert_true(code == 42 || code == 7);
        const unsigned now_left = coins_left();
        assert_true(now_left == left - 1 || (code == 42 && now_left == left));
        left = now_left;
        /* Whatever it held is free again. */
        struct lewes_books *books = open_books();
        const struct lewes_ticket_source source = lewes_ticket_source_books(books);
        reserve(&source);
        lewes_books_close(books);
    }
    assert_int_equal(code, 7);
    assert_true(left < LEWES_BOOK_TICKETS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_coin_pays_and_is_used),
        TEST(a_coin_that_is_given_back_is_free_again),
        TEST(a_used_up_book_has_no_coin),
        TEST(only_a_book_of_the_type_and_the_day_serves),
        TEST(the_book_that_expires_first_is_used_first),
        TEST(a_book_is_taken_in_once_and_only_if_it_holds),
        TEST(a_damaged_or_exposed_book_is_told_and_not_used),
        TEST(it_is_told_why_there_is_no_ticket),
        TEST(an_empty_directory_has_no_book),
        TEST(a_book_is_found_among_any_number_of_old_ones),
        TEST(a_single_book_pays_where_it_lies),
        TEST(a_single_book_must_be_there_and_sound),
        TEST(a_book_that_is_taken_in_is_locked),
        TEST(no_coin_goes_to_two_processes),
        TEST(whenever_it_dies_a_coin_that_left_is_used),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
