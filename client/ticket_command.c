/* SPDX-License-Identifier: Apache-2.0 */
/* `lewes ticket`: the books that `lewes register` pays from. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/books.h"
#include "client/command.h"
#include "client/register_tickets.h"
#include "client/system.h"
#include "client/ticket_options.h"
#include "client/ticket_report.h"
#include "client/ticket_withdraw.h"
#include "host/state_files.h"
#include "host/words.h"

#define NAME "ticket"

/* The books, and where they are. */
struct shelf {
    struct lewes_books *books;
    const char *path;
    char usual[PATH_MAX];
};

static int open_shelf(struct shelf *shelf, const struct ticket_arguments *arguments)
{
    shelf->books = NULL;
    shelf->path = ticket_directory(NAME, arguments->books, shelf->usual, sizeof shelf->usual);
    if (!shelf->path)
        return -1;
    if (lewes_books_open(&shelf->books, shelf->path, NULL) == 0)
        return 0;
    ticket_directory_fault(NAME, shelf->path);
    return -1;
}

/* 0; or -1 with errno. */
static int read_file(int dir, const char *path, struct lewes_book *book)
{
    uint8_t bytes[LEWES_BOOK_MAX];
    const ssize_t len = state_file_read(dir, path, bytes, sizeof bytes);
    int failed = len < 0 ? -1 : 0;
    if (!failed && lewes_book_read(book, bytes, (size_t)len)) {
        errno = EBADMSG;
        failed = -1;
    }
    lewes_wipe(bytes, sizeof bytes);
    return failed;
}

/* ---- import ---- */

/* The day has passed, or 0. */
static bool has_expired(const struct lewes_book *book)
{
    const uint64_t now = system_unix_ms() / 1000;
    return book->wallet.terms.expiration < now && !books_serves(book, now);
}

static int import_book(struct shelf *shelf, const char *file, const struct lewes_book *book)
{
    char name[BOOK_NAME_CAP], last[DATE_CAP];
    date_write(last, book->wallet.terms.expiration);
    if (has_expired(book)) {
        complain(NAME, "%s: it has expired on %s; get a new one", file, last);
        return -1;
    }
    if (books_add(shelf->books, book, name) == 0) {
        printf("%s: %u %s tickets until %s, kept as %s/%s\n", file, books_coins_left(book),
               ticket_type_name(book->wallet.terms.type), last, shelf->path, name);
        return 0;
    }
    if (errno == EEXIST) {
        printf("%s: has been taken in before, as %s/%s\n", file, shelf->path, name);
        return 0;
    }
    if (errno == EBADMSG)
        complain(NAME,
                 "%s: a signature does not hold, so its tickets would be refused; get it "
                 "again",
                 file);
    else
        complain(NAME, "%s: cannot be kept in %s: %s", file, shelf->path, strerror(errno));
    return -1;
}

static int import(const struct ticket_arguments *arguments)
{
    struct lewes_book book;
    struct shelf shelf;
    int code = EXIT_DONE;
    if (open_shelf(&shelf, arguments))
        return EXIT_LOCAL;
    for (int i = 0; i < arguments->file_count; i++) {
        const char *file = arguments->files[i];
        if (read_file(AT_FDCWD, file, &book)) {
            complain(NAME, "%s: %s", file, ticket_fault(errno));
            code = EXIT_LOCAL;
        } else if (import_book(&shelf, file, &book)) {
            code = EXIT_LOCAL;
        }
        lewes_wipe(&book, sizeof book);
    }
    lewes_books_close(shelf.books);
    if (code == EXIT_DONE)
        fputs("Delete the files now: a ticket that is paid from two copies of a book names its "
              "owner.\n",
              stderr);
    return code;
}

/* ---- list ---- */

struct listing {
    const struct ticket_arguments *arguments;
    json_t *books, *faults; /* NULL: in words */
    unsigned count, unusable;
};

static void list_one(void *user, const char *name, const struct lewes_book *book)
{
    struct listing *const listing = user;
    const int error = errno;
    if (book && listing->books) {
        json_array_append_new(listing->books, ticket_json(name, book));
    } else if (book) {
        if (listing->count++ == 0)
            ticket_put_head();
        ticket_put_line(name, book);
    } else {
        listing->unusable++;
        if (listing->faults)
            json_array_append_new(listing->faults, json_pack("{s:s, s:s}", "file", name, "fault",
                                                             ticket_fault(error)));
        else
            complain(NAME, "%s: %s", name, ticket_fault(error));
    }
}

static int list(const struct ticket_arguments *arguments)
{
    struct listing listing = {.arguments = arguments};
    struct shelf shelf;
    if (open_shelf(&shelf, arguments))
        return EXIT_LOCAL;
    if (arguments->json) {
        listing.books = json_array();
        listing.faults = json_array();
    }
    int failed = books_each(shelf.books, list_one, &listing);
    if (failed)
        ticket_directory_fault(NAME, shelf.path);
    lewes_books_close(shelf.books);
    if (arguments->json)
        failed |= ticket_put_json(json_pack("{s:s, s:o, s:o}", "directory", shelf.path, "books",
                                            listing.books, "faults", listing.faults));
    else if (!failed && listing.count + listing.unusable == 0)
        printf("There are no books in %s; 'lewes ticket import FILE' takes one in.\n", shelf.path);
    return failed || listing.unusable ? EXIT_LOCAL : EXIT_DONE;
}

/* ---- show ---- */

/* A path, or a name out of the list. */
static int find_book(const struct ticket_arguments *arguments, struct lewes_book *book)
{
    const char *file = arguments->files[0];
    char usual[PATH_MAX];
    int failed = read_file(AT_FDCWD, file, book);
    if (failed && errno == ENOENT && !strchr(file, '/')) {
        const char *path = ticket_directory(NAME, arguments->books, usual, sizeof usual);
        const int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (dir >= 0) {
            failed = read_file(dir, file, book);
            const int error = errno;
            close(dir);
            errno = error;
        }
    }
    if (failed)
        complain(NAME, "%s: %s", file, ticket_fault(errno));
    return failed;
}

static bool is_good(const struct lewes_book *book)
{
    struct lewes_ecash *ecash = NULL;
    struct lewes_ecash_key *key = NULL;
    struct lewes_env env;
    lewes_env_system(&env);
    const bool good = !lewes_ecash_new(&ecash, &env) &&
                      !lewes_ecash_key_new(&key, &env, ecash, book->key, book->key_len) &&
                      !lewes_book_check(key, book);
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    return good;
}

static int show(const struct ticket_arguments *arguments)
{
    struct lewes_book book;
    int failed = 0;
    if (find_book(arguments, &book))
        return EXIT_LOCAL;
    const bool good = is_good(&book);
    if (arguments->json) {
        json_t *root = ticket_json(arguments->files[0], &book);
        json_object_set_new(root, "good", json_boolean(good));
        failed = ticket_put_json(root);
    } else {
        ticket_put_book(arguments->files[0], &book, good);
    }
    lewes_wipe(&book, sizeof book);
    return failed || !good ? EXIT_LOCAL : EXIT_DONE;
}

/* ---- withdraw ---- */

static int withdraw(const struct ticket_arguments *arguments)
{
    struct shelf shelf;
    if (open_shelf(&shelf, arguments))
        return EXIT_LOCAL;
    const int code = ticket_withdraw(arguments, shelf.books, shelf.path);
    lewes_books_close(shelf.books);
    return code;
}

int command_ticket(int argc, char **argv)
{
    struct ticket_arguments arguments;
    switch (ticket_parse(&arguments, argc, argv)) {
    case PARSE_GO:
        break;
    case PARSE_HELP:
        return EXIT_DONE;
    case PARSE_BAD:
        return EXIT_USAGE;
    }
    switch (arguments.action) {
    case TICKET_IMPORT:
        return import(&arguments);
    case TICKET_LIST:
        return list(&arguments);
    case TICKET_SHOW:
        return show(&arguments);
    case TICKET_WITHDRAW:
        break;
    }
    return withdraw(&arguments);
}
