/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "host/state_files.h"
#include "host/words.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "mint/mint.h"

#define LINE_CAP 256

void token_hash(uint8_t out[32], const char *token, size_t len)
{
    const struct lewesi_span span = {.data = (const uint8_t *)token, .len = len};
    lewesi_sha256(out, span, (struct lewesi_span){0});
}

static size_t write_line(char out[LINE_CAP], const struct account *account)
{
    char hex[65];
    hex_write(hex, account->token_hash, sizeof account->token_hash);
    return (size_t)snprintf(out, LINE_CAP, "account %s books-per-day %u token-sha256 %s\n",
                            account->name, account->books_per_day, hex);
}

/* Exactly what write_line() writes. */
static bool read_line(struct account *account, const char *line, size_t len)
{
    char text[LINE_CAP], again[LINE_CAP], books[7], hex[65];
    uint64_t number;
    if (len >= sizeof text)
        return false;
    memcpy(text, line, len);
    text[len] = '\0';
    memset(account, 0, sizeof *account);
    if (sscanf(text, "account %63s books-per-day %6[0-9] token-sha256 %64[0-9a-f]", account->name,
               books, hex) != 3 ||
        !account_is_valid(account->name) || hex_read(account->token_hash, 32, hex) != 32 ||
        !number_read(&number, books, BOOKS_PER_DAY_MAX))
        return false;
    account->books_per_day = (unsigned)number;
    return write_line(again, account) == len && memcmp(again, text, len) == 0;
}

/* Reads the file into `text`; 0 bytes if there is none. */
static ssize_t load(int dir, char **text)
{
    *text = malloc(ACCOUNTS_MAX);
    if (*text == NULL)
        return -1;
    const ssize_t len = state_file_read(dir, MINT_ACCOUNTS, (uint8_t *)*text, ACCOUNTS_MAX);
    return len < 0 && errno == ENOENT ? 0 : len;
}

/* Reads the account at `*at` and moves on. 1; 0 at the end; -1 with errno. */
static int next(const char *text, size_t len, size_t *at, struct account *account)
{
    if (*at == len)
        return 0;
    const char *const newline = memchr(text + *at, '\n', len - *at);
    const size_t line = newline != NULL ? (size_t)(newline - text) + 1 - *at : 0;
    if (line == 0 || !read_line(account, text + *at, line)) {
        errno = EBADMSG;
        return -1;
    }
    *at += line;
    return 1;
}

static bool has_name(const struct account *account, const void *wanted)
{
    return strcmp(account->name, wanted) == 0;
}

static bool has_token(const struct account *account, const void *wanted)
{
    return lewesi_equal(account->token_hash, wanted, sizeof account->token_hash);
}

static int find(int dir, bool (*is)(const struct account *, const void *), const void *wanted,
                struct account *account)
{
    char *text;
    size_t at = 0;
    const ssize_t len = load(dir, &text);
    int found = len < 0 ? -1 : 1;
    while (found == 1 && (found = next(text, (size_t)len, &at, account)) == 1)
        if (is(account, wanted))
            break;
    const int error = errno;
    free(text);
    errno = error;
    return found;
}

int accounts_by_name(int dir, const char *name, struct account *account)
{
    return find(dir, has_name, name, account);
}

int accounts_by_token(int dir, const char *token, size_t len, struct account *account)
{
    uint8_t hash[32];
    token_hash(hash, token, len);
    return find(dir, has_token, hash, account);
}

int accounts_each(int dir, void (*each)(void *user, const struct account *account), void *user)
{
    char *text;
    size_t at = 0;
    struct account account;
    const ssize_t len = load(dir, &text);
    int found = len < 0 ? -1 : 1;
    while (found == 1 && (found = next(text, (size_t)len, &at, &account)) == 1)
        each(user, &account);
    const int error = errno;
    free(text);
    errno = error;
    return found;
}

static int add_line(int dir, char *text, size_t len, const struct account *account)
{
    char line[LINE_CAP];
    struct account other;
    size_t at = 0;
    int found;
    while ((found = next(text, len, &at, &other)) == 1)
        if (has_name(&other, account->name)) {
            errno = EEXIST;
            return -1;
        }
    const size_t more = write_line(line, account);
    if (found == 0 && len + more > ACCOUNTS_MAX) {
        errno = EFBIG;
        found = -1;
    }
    if (found < 0)
        return -1;
    memcpy(text + len, line, more);
    return state_file_replace(dir, MINT_ACCOUNTS, (const uint8_t *)text, len + more);
}

static int remove_line(int dir, char *text, size_t len, const struct account *account)
{
    struct account other;
    size_t at = 0, begin = 0;
    int found;
    while ((found = next(text, len, &at, &other)) == 1 && !has_name(&other, account->name))
        begin = at;
    if (found == 0)
        errno = ENOENT;
    if (found != 1)
        return -1;
    memmove(text + begin, text + at, len - at);
    return state_file_replace(dir, MINT_ACCOUNTS, (const uint8_t *)text, len - (at - begin));
}

/* Two changes at once must not lose one of them. */
static int change(int dir, int (*how)(int, char *, size_t, const struct account *),
                  const struct account *account)
{
    char *text = NULL;
    int failed = -1;
    if (flock(dir, LOCK_EX))
        return -1;
    const ssize_t len = load(dir, &text);
    if (len >= 0)
        failed = how(dir, text, (size_t)len, account);
    const int error = errno;
    free(text);
    flock(dir, LOCK_UN);
    errno = error;
    return failed;
}

int accounts_add(int dir, const struct account *account)
{
    return change(dir, add_line, account);
}

int accounts_remove(int dir, const char *name)
{
    struct account account = {0};
    snprintf(account.name, sizeof account.name, "%s", name);
    return change(dir, remove_line, &account);
}
