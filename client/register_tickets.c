/* SPDX-License-Identifier: Apache-2.0 */
#include "client/register_tickets.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/books.h"
#include "client/command.h"
#include "client/standard_dirs.h"

#define NAME "register"

const char *ticket_directory(const char *command, const char *given, char *out, size_t cap)
{
    const char *path = given;
    if (!path)
        path = standard_dir(out, cap, "XDG_DATA_HOME", ".local/share", "lewes/books");
    if (!path)
        complain(command, "there is no home directory for ticket books; give --books DIR");
    return path;
}

void ticket_directory_fault(const char *command, const char *path)
{
    if (errno == EPERM)
        complain(command, "others can write in %s; take that from them: chmod go-w %s", path, path);
    else
        complain(command, "ticket books in %s: %s", path, strerror(errno));
}

static void tell_file_fault(const char *path)
{
    if (errno == EPERM)
        complain(NAME,
                 "others can read the book %s, or write in its directory; "
                 "chmod 600 it, or take it in: lewes ticket import %s",
                 path, path);
    else if (errno == EBADMSG)
        complain(NAME, "%s is not a ticket book, or it is damaged; get it again", path);
    else
        complain(NAME, "the book %s: %s", path, strerror(errno));
}

/* ---- a book in place ---- */

struct copy {
    struct lewes_books *books; /* the user's directory */
    char name[BOOK_NAME_CAP];
    bool found;
};

static void look_for_copy(void *user, const char *name, const struct lewes_book *book)
{
    struct copy *const copy = user;
    (void)name;
    copy->found = book && books_have(copy->books, book, copy->name);
}

/* Two copies of one book would pay twice from the same coin, and so name their owner. */
static int refuse_copy(const char *path, struct lewes_books *single)
{
    char usual[PATH_MAX];
    struct copy copy = {.found = false};
    if (!standard_dir(usual, sizeof usual, "XDG_DATA_HOME", ".local/share", "lewes/books") ||
        access(usual, F_OK))
        return 0;
    if (lewes_books_open(&copy.books, usual, NULL)) {
        ticket_directory_fault(NAME, usual);
        return -1;
    }
    int failed = books_each(single, look_for_copy, &copy);
    lewes_books_close(copy.books);
    if (copy.found) {
        char place[PATH_MAX];
        char real_path[PATH_MAX], real_place[PATH_MAX];
        snprintf(place, sizeof place, "%.*s/%s", (int)(sizeof place - BOOK_NAME_CAP - 2), usual,
                 copy.name);
        if (realpath(path, real_path) && realpath(place, real_place) &&
            !strcmp(real_path, real_place))
            return 0;
        complain(NAME,
                 "%s has been taken in as %s; a ticket that is paid from both names its owner: "
                 "leave --book out, and delete %s",
                 path, place, path);
        failed = -1;
    }
    return failed;
}

static int open_file(const char *path, struct lewes_books **books)
{
    if (lewes_books_open_file(books, path, NULL)) {
        tell_file_fault(path);
        return -1;
    }
    if (!refuse_copy(path, *books))
        return 0;
    lewes_books_close(*books);
    *books = NULL;
    return -1;
}

int register_tickets_open(const struct register_arguments *arguments, struct lewes_books **books,
                          struct lewes_ticket_source *source)
{
    char usual[PATH_MAX];
    *books = NULL;
    if (arguments->mock) {
        *source = lewes_ticket_source_mock();
        return 0;
    }
    if (arguments->book) {
        if (open_file(arguments->book, books))
            return -1;
    } else {
        const char *path = ticket_directory(NAME, arguments->books, usual, sizeof usual);
        if (!path)
            return -1;
        if (lewes_books_open(books, path, NULL)) {
            ticket_directory_fault(NAME, path);
            return -1;
        }
    }
    *source = lewes_ticket_source_books(*books);
    return 0;
}
