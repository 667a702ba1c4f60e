/* SPDX-License-Identifier: Apache-2.0 */
/* `lewes ticket withdraw`: the request is on disk before it is sent, and until the book is in. */
#include "client/ticket_withdraw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/mint_client.h"
#include "client/secret_file.h"
#include "client/system.h"
#include "client/ticket_report.h"
#include "host/state_files.h"
#include "host/words.h"

#define NAME "ticket"
#define LOCK "withdraw.lock"

struct withdrawing {
    const struct ticket_arguments *arguments;
    struct lewes_books *books;
    const char *path;
    int dir;
    bool resumed; /* the request is of an earlier run */
    struct mint_client client;
    struct withdrawal_file file;
    char token[MINT_TOKEN_CAP];
};

/* ---- what is needed ---- */

static int read_token(struct withdrawing *w)
{
    const char *const path = w->arguments->token_file;
    bool exposed = false;
    ssize_t len = secret_file_read(path, w->token, sizeof w->token - 1, &exposed);
    if (exposed)
        complain(NAME, "others can read the token in %s; take that from them: chmod 600 %s", path,
                 path);
    else if (len < 0)
        complain(NAME, "the token in %s: %s", path, strerror(errno));
    if (len < 0)
        return -1;
    while (len > 0 && strchr(" \t\r\n", w->token[len - 1]))
        w->token[--len] = '\0';
    bool plain = len > 0;
    for (ssize_t i = 0; plain && i < len; i++)
        plain = w->token[i] > ' ' && w->token[i] <= '~';
    if (!plain)
        complain(NAME, "%s does not hold a token", path);
    return plain ? 0 : -1;
}

/* One run at a time: two would take the same request for theirs. */
static int lock(const struct withdrawing *w)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = openat(w->dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return fd;
    if (fd >= 0 && (errno == EAGAIN || errno == EACCES))
        complain(NAME, "another 'lewes ticket withdraw' is at work in %s; wait for it", w->path);
    else
        complain(NAME, "%s/%s: %s", w->path, LOCK, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int fail_file(const struct withdrawing *w)
{
    if (errno == EBADMSG)
        complain(NAME,
                 "the request in %s/%s.request is damaged; if it is deleted, the book that "
                 "it asked for may be lost",
                 w->path, ticket_type_name(w->arguments->type));
    else
        complain(NAME, "the request in %s: %s", w->path, strerror(errno));
    return EXIT_LOCAL;
}

/* ---- the request ---- */

/* Six days from today by our own clock: a mint that chose the day could mark its users with it. */
static uint32_t expiration(void)
{
    const uint64_t today = system_unix_ms() / 1000 / LEWES_DAY * LEWES_DAY;
    return (uint32_t)(today + (uint64_t)(LEWES_BOOK_DAYS - 1) * LEWES_DAY);
}

static int exit_code_of(enum mint_result result)
{
    switch (result) {
    case MINT_DONE:
        return EXIT_DONE;
    case MINT_UNREACHABLE:
    case MINT_LIMIT:
        return EXIT_BEFORE_SPEND;
    case MINT_REFUSED:
    case MINT_FORBIDDEN:
    case MINT_NONSENSE:
        break;
    }
    return EXIT_REJECTED;
}

static const char *advice_of(enum mint_result result)
{
    switch (result) {
    case MINT_UNREACHABLE:
        return "Run the same command again later: nothing is lost, and nothing is charged twice";
    case MINT_LIMIT:
        return "Run the same command again tomorrow";
    case MINT_FORBIDDEN:
        return "Check the token and run the same command again";
    case MINT_DONE:
    case MINT_REFUSED:
    case MINT_NONSENSE:
        break;
    }
    return "Check the clock of this machine and the address of the mint, or ask its operator";
}

static int fail_mint(const struct withdrawing *w, enum mint_result result)
{
    complain(NAME, "no book: %s. %s", w->client.fault, advice_of(result));
    return exit_code_of(result);
}

static int make_request(struct withdrawing *w)
{
    struct withdrawal_file *const file = &w->file;
    struct lewes_ecash *ecash = NULL;
    struct lewes_user_secret user;
    struct lewes_env env;
    memset(file, 0, sizeof *file);
    lewes_env_system(&env);
    snprintf(file->mint, sizeof file->mint, "%s", w->arguments->mint);
    file->book.wallet.terms =
        (struct lewes_book_terms){.type = w->arguments->type, .expiration = expiration()};
    const enum mint_result result = mint_client_prepare(&w->client, &file->book);
    if (result != MINT_DONE)
        return fail_mint(w, result);
    bool good = !lewes_ecash_new(&ecash, &env) && !lewes_user_generate(&user, &env) &&
                !lewes_withdrawal_request(file->request, &file->withdrawal, ecash, &user,
                                          &file->book.wallet.terms, &env);
    if (good) {
        file->book.wallet.user = user;
        memcpy(file->book.wallet.v, file->withdrawal.v, sizeof file->withdrawal.v);
    }
    lewes_ecash_free(ecash);
    lewes_wipe(&user, sizeof user);
    if (!good) {
        complain(NAME, "there is no memory, or the system gave no randomness");
        return EXIT_LOCAL;
    }
    w->resumed = false;
    return withdrawal_file_write(w->dir, file) ? fail_file(w) : EXIT_DONE;
}

/* The request that is under way, or a new one. */
static int take_request(struct withdrawing *w)
{
    const int failed = withdrawal_file_read(w->dir, w->arguments->type, &w->file);
    if (failed && errno != ENOENT)
        return fail_file(w);
    if (failed)
        return make_request(w);
    if (w->file.withdrawal.terms.expiration < system_unix_ms() / 1000 / LEWES_DAY * LEWES_DAY)
        return make_request(w); /* nobody could use its book any more */
    if (strcmp(w->file.mint, w->arguments->mint) != 0) {
        complain(NAME, "a request to %s is under way; go on with it first: --mint %s", w->file.mint,
                 w->file.mint);
        return EXIT_USAGE;
    }
    w->resumed = true;
    return EXIT_DONE;
}

/* ---- the book ---- */

static int take_in(struct withdrawing *w)
{
    char name[BOOK_NAME_CAP], last[DATE_CAP];
    const struct lewes_book *const book = &w->file.book;
    if (books_add(w->books, book, name) && errno != EEXIST) {
        complain(NAME, "the book cannot be kept in %s: %s. Run the same command again", w->path,
                 errno == EBADMSG ? "its signatures do not hold" : strerror(errno));
        return EXIT_LOCAL;
    }
    if (withdrawal_file_remove(w->dir, w->arguments->type))
        return fail_file(w);
    date_write(last, book->wallet.terms.expiration);
    printf("%u %s tickets until %s, kept as %s/%s\n", books_coins_left(book),
           ticket_type_name(book->wallet.terms.type), last, w->path, name);
    return fflush(stdout) ? EXIT_LOCAL : EXIT_DONE;
}

/* The mint may have taken another key into force since the request was made. */
static bool finish(struct withdrawing *w, const uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    return mint_client_finish(&w->file, blind) ||
           (mint_client_prepare(&w->client, &w->file.book) == MINT_DONE &&
            mint_client_finish(&w->file, blind));
}

static int withdraw(struct withdrawing *w)
{
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
    int code = take_request(w);
    if (code != EXIT_DONE)
        return code;
    enum mint_result result = mint_client_issue(&w->client, &w->file, blind);
    if (result == MINT_REFUSED && w->resumed) { /* it was never answered, and its day is over */
        code = make_request(w);
        if (code != EXIT_DONE)
            return code;
        result = mint_client_issue(&w->client, &w->file, blind);
    }
    if (result == MINT_REFUSED && withdrawal_file_remove(w->dir, w->arguments->type))
        return fail_file(w);
    if (result != MINT_DONE)
        return fail_mint(w, result);
    if (finish(w, blind))
        return take_in(w);
    complain(NAME,
             "the mint's signature does not hold; its operator has to help. The request is "
             "kept in %s/%s.request",
             w->path, ticket_type_name(w->arguments->type));
    return EXIT_REJECTED;
}

int ticket_withdraw(const struct ticket_arguments *arguments, struct lewes_books *books,
                    const char *path)
{
    static struct withdrawing w; /* large, and used once */
    w = (struct withdrawing){.arguments = arguments, .books = books, .path = path, .dir = -1};
    w.client = (struct mint_client){.url = arguments->mint, .token = w.token};
    int code = EXIT_LOCAL, held = -1;
    if (read_token(&w))
        goto out;
    w.dir = state_dir_open(path);
    if (w.dir < 0) {
        complain(NAME, "%s: %s", path, strerror(errno));
        goto out;
    }
    held = lock(&w);
    if (held >= 0)
        code = withdraw(&w);
out:
    if (held >= 0)
        close(held);
    if (w.dir >= 0)
        close(w.dir);
    lewes_wipe(&w, sizeof w);
    return code;
}
