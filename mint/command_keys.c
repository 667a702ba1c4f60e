/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, epochs and accounts of a mint. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/environment.h"
#include "host/state_files.h"
#include "host/words.h"
#include "lib/base/secret.h"
#include "mint/accounts.h"
#include "mint/arguments.h"
#include "mint/mint.h"

/* ---- keygen ---- */

/* The key of earlier epochs is kept: nothing that was lost with it comes back. */
static int keep_before(int dir)
{
    uint8_t bytes[LEWES_MINT_SECRET_MAX];
    const ssize_t len = state_file_read(dir, MINT_SECRET, bytes, sizeof bytes);
    int failed = len < 0 && errno == ENOENT ? 0 : -1;
    if (len >= 0)
        failed = state_file_replace(dir, MINT_BEFORE, bytes, (size_t)len);
    lewesi_wipe(bytes, sizeof bytes);
    return failed;
}

static int write_new(int dir, const char *path, unsigned elements)
{
    struct lewes_env env;
    struct lewes_mint_secret secret;
    uint8_t bytes[LEWES_MINT_SECRET_MAX];
    int code = EXIT_LOCAL;
    host_environment(&env);
    if (lewes_mint_generate(&secret, elements, &env)) {
        complain("the system gave no randomness");
        return EXIT_LOCAL;
    }
    const size_t len = lewes_mint_secret_write(bytes, &secret);
    if (state_file_replace(dir, MINT_SECRET, bytes, len))
        complain("%s/%s: %s", path, MINT_SECRET, strerror(errno));
    else
        code = EXIT_DONE;
    lewesi_wipe(&secret, sizeof secret);
    lewesi_wipe(bytes, sizeof bytes);
    return code;
}

int command_keygen(const struct arguments *arguments)
{
    const char *const path = arguments->dir != NULL ? arguments->dir : MINT_DIRECTORY;
    uint64_t elements = LEWES_MINT_ELEMENTS;
    int code = EXIT_LOCAL;
    if (arguments->threshold != NULL || arguments->of != NULL) {
        complain("keys that are shared by several authorities are not in this version; one "
                 "authority needs neither --threshold nor --of");
        return EXIT_REFUSED;
    }
    if (arguments->elements != NULL &&
        (!number_read(&elements, arguments->elements, LEWES_MINT_ELEMENTS_MAX) ||
         elements < LEWES_MINT_ELEMENTS_MIN)) {
        complain("--elements takes a number from 4 to 8");
        return EXIT_USAGE;
    }
    const int dir = state_dir_open(path);
    if (dir < 0) {
        complain("%s: %s", path, strerror(errno));
        return EXIT_LOCAL;
    }
    if (faccessat(dir, MINT_SECRET, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && !arguments->replace) {
        complain("%s: there is a key here already; --replace makes another for the next epoch",
                 path);
        code = EXIT_REFUSED;
    } else if (keep_before(dir)) {
        complain("%s: the key of before could not be kept: %s", path, strerror(errno));
    } else {
        code = write_new(dir, path, (unsigned)elements);
    }
    close(dir);
    if (code == EXIT_DONE)
        printf("%s/%s: a new key; make a backup of it, then 'lewes-mint epoch add N'\n", path,
               MINT_SECRET);
    return code;
}

/* ---- epoch add ---- */

static int read_epoch(const struct arguments *arguments, struct key_epoch *epoch)
{
    *epoch = (struct key_epoch){.to = UINT32_MAX};
    if (!number_read(&epoch->number, arguments->operands[0], INT64_MAX)) {
        complain("an epoch has a number, not '%.20s'", arguments->operands[0]);
        return -1;
    }
    if ((arguments->from != NULL && !date_read(&epoch->from, arguments->from)) ||
        (arguments->to != NULL && !date_read(&epoch->to, arguments->to)) ||
        epoch->from > epoch->to) {
        complain("--from and --to take dates as 2026-12-31, in their order");
        return -1;
    }
    return 0;
}

/* The whole file as it shall be. */
static int write_epochs(const struct mint *mint, const struct key_file *keys)
{
    char *const text = malloc(KEY_FILE_EPOCHS * KEY_LINE_CAP);
    size_t len = 0;
    int failed = -1;
    if (text == NULL)
        return -1;
    for (size_t i = 0; i < keys->count; i++)
        len += key_line_write(text + len, &keys->epochs[i]);
    failed = state_file_replace(mint->dir, MINT_EPOCHS, (const uint8_t *)text, len);
    free(text);
    return failed;
}

static int add_epoch(const struct mint *mint, struct key_file *keys, struct key_epoch *epoch)
{
    char path[MINT_PATH_CAP], line[KEY_LINE_CAP];
    const struct key_epoch *last;
    mint_path(path, mint->path, MINT_EPOCHS);
    keys->count = 0;
    if (access(path, F_OK) == 0 && key_file_load(keys, path))
        return EXIT_LOCAL;
    last = key_file_last(keys);
    if (last != NULL && epoch->number <= last->number) {
        complain("epoch %llu is in force: the next one needs a larger number",
                 (unsigned long long)last->number);
        return EXIT_REFUSED;
    }
    if (keys->count == KEY_FILE_EPOCHS) {
        complain("%s: there are %d epochs: remove those that are over", path, KEY_FILE_EPOCHS);
        return EXIT_REFUSED;
    }
    memcpy(epoch->bytes, mint->key_bytes, mint->key_len);
    epoch->len = mint->key_len;
    keys->epochs[keys->count++] = *epoch;
    if (write_epochs(mint, keys)) {
        complain("%s: %s", path, strerror(errno));
        return EXIT_LOCAL;
    }
    key_line_write(line, epoch);
    fputs(line, stdout);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_LOCAL;
}

int command_epoch_add(const struct arguments *arguments)
{
    struct key_epoch epoch;
    struct mint mint;
    if (read_epoch(arguments, &epoch))
        return EXIT_USAGE;
    int code = mint_open_secret(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    struct key_file *const keys = malloc(sizeof *keys);
    code = keys != NULL ? add_epoch(&mint, keys, &epoch) : EXIT_LOCAL;
    free(keys);
    mint_close(&mint);
    return code;
}

/* ---- accounts ---- */

static int add_account(const struct mint *mint, struct account *account)
{
    uint8_t random[32];
    char token[TOKEN_CAP];
    int code = EXIT_LOCAL;
    if (mint->env.random(mint->env.user, random, sizeof random)) {
        complain("the system gave no randomness");
        return EXIT_LOCAL;
    }
    hex_write(token, random, sizeof random);
    token_hash(account->token_hash, token, TOKEN_CAP - 1);
    if (accounts_add(mint->dir, account) == 0) {
        puts(token);
        code = fflush(stdout) == 0 ? EXIT_DONE : EXIT_LOCAL;
    } else if (errno == EEXIST) {
        complain("there is an account '%s' already", account->name);
        code = EXIT_REFUSED;
    } else {
        complain("%s/%s: %s", mint->path, MINT_ACCOUNTS, strerror(errno));
    }
    lewesi_wipe(random, sizeof random);
    lewesi_wipe(token, sizeof token);
    return code;
}

int command_account_add(const struct arguments *arguments)
{
    struct mint mint;
    struct account account = {0};
    uint64_t books = BOOKS_PER_DAY;
    if (!account_is_valid(arguments->operands[0])) {
        complain("an account's name has 1 to %d letters, digits and . _ - @ +", ACCOUNT_CAP - 1);
        return EXIT_USAGE;
    }
    if (arguments->books_per_day != NULL &&
        !number_read(&books, arguments->books_per_day, BOOKS_PER_DAY_MAX)) {
        complain("--books-per-day takes a number up to %d", BOOKS_PER_DAY_MAX);
        return EXIT_USAGE;
    }
    snprintf(account.name, sizeof account.name, "%s", arguments->operands[0]);
    account.books_per_day = (unsigned)books;
    int code = mint_open_secret(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    code = add_account(&mint, &account);
    mint_close(&mint);
    return code;
}

int command_account_remove(const struct arguments *arguments)
{
    struct mint mint;
    int code = mint_open_secret(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    if (accounts_remove(mint.dir, arguments->operands[0])) {
        complain(errno == ENOENT ? "there is no account '%s'%s" : "%s: %s", arguments->operands[0],
                 errno == ENOENT ? "" : strerror(errno));
        code = errno == ENOENT ? EXIT_REFUSED : EXIT_LOCAL;
    }
    mint_close(&mint);
    return code;
}

static void print_account(void *user, const struct account *account)
{
    (void)user;
    printf("%s books-per-day %u\n", account->name, account->books_per_day);
}

int command_account_list(const struct arguments *arguments)
{
    struct mint mint;
    int code = mint_open_secret(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    if (accounts_each(mint.dir, print_account, NULL)) {
        complain("%s/%s: %s", mint.path, MINT_ACCOUNTS, strerror(errno));
        code = EXIT_LOCAL;
    }
    mint_close(&mint);
    return code;
}
