/* SPDX-License-Identifier: Apache-2.0 */
/* The user's side of a withdrawal. */
#include <stdlib.h>
#include <string.h>

#include "host/environment.h"
#include "host/words.h"
#include "lib/base/secret.h"
#include "mint/file_io.h"
#include "mint/key_file.h"
#include "mint/mint.h"
#include "mint/terms.h"
#include "mint/withdrawal_file.h"

/* ---- keys ---- */

int command_user_new(const struct arguments *arguments)
{
    struct lewes_env env;
    struct lewes_user_secret user;
    int code = EXIT_LOCAL;
    if (!terms_given(arguments->out, "out"))
        return EXIT_USAGE;
    host_environment(&env);
    if (lewes_user_generate(&user, &env))
        complain("the system gave no randomness");
    else if (output_write(arguments->out, true, user.bytes, sizeof user.bytes) == 0)
        code = EXIT_DONE;
    lewesi_wipe(&user, sizeof user);
    return code;
}

static int read_user(const char *path, struct lewes_user_secret *user,
                     uint8_t public_key[LEWES_USER_KEY_LEN])
{
    const ssize_t len = input_read(path, true, user->bytes, sizeof user->bytes);
    if (len < 0)
        return EXIT_LOCAL;
    if (len != sizeof user->bytes || lewes_user_public(public_key, user)) {
        complain("%s: this is not the secret key of a user", path);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

int command_user_show(const struct arguments *arguments)
{
    struct lewes_user_secret user;
    uint8_t public_key[LEWES_USER_KEY_LEN];
    char hex[2 * LEWES_USER_KEY_LEN + 1];
    const int code = read_user(arguments->operands[0], &user, public_key);
    lewesi_wipe(&user, sizeof user);
    if (code != EXIT_DONE)
        return code;
    hex_write(hex, public_key, sizeof public_key);
    puts(hex);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_LOCAL;
}

/* ---- request ---- */

/* The secret is on disk before the request leaves: without it the answer is worth nothing. */
static int make_request(const struct arguments *arguments, const struct lewes_user_secret *user,
                        const struct lewes_book_terms *terms)
{
    struct lewes_env env;
    struct lewes_ecash *ecash = NULL;
    struct lewes_withdrawal withdrawal;
    uint8_t request[LEWES_WITHDRAWAL_LEN], file[WITHDRAWAL_FILE_LEN];
    int code = EXIT_LOCAL;
    memset(&withdrawal, 0, sizeof withdrawal);
    host_environment(&env);
    if (lewes_ecash_new(&ecash, &env) ||
        lewes_withdrawal_request(request, &withdrawal, ecash, user, terms, &env)) {
        complain("no request could be made: no memory or randomness, or an expiration before 2020");
    } else {
        withdrawal_file_write(file, &withdrawal);
        if (output_write(arguments->secret, true, file, sizeof file) == 0 &&
            output_write(arguments->out, false, request, sizeof request) == 0)
            code = EXIT_DONE;
    }
    lewesi_wipe(&withdrawal, sizeof withdrawal);
    lewesi_wipe(file, sizeof file);
    lewes_ecash_free(ecash);
    return code;
}

int command_request(const struct arguments *arguments)
{
    struct lewes_user_secret user;
    struct lewes_book_terms terms;
    uint8_t public_key[LEWES_USER_KEY_LEN];
    uint64_t now;
    if (!terms_given(arguments->user, "user") || !terms_given(arguments->secret, "secret") ||
        !terms_given(arguments->out, "out") || !terms_type(arguments, &terms.type) ||
        !terms_time(arguments, &now) || !terms_expires(arguments, now, &terms.expiration))
        return EXIT_USAGE;
    int code = read_user(arguments->user, &user, public_key);
    if (code == EXIT_DONE)
        code = make_request(arguments, &user, &terms);
    lewesi_wipe(&user, sizeof user);
    return code;
}

/* ---- finish ---- */

static bool read_exactly(const char *path, uint8_t *out, size_t len)
{
    const ssize_t got = input_read(path, false, out, len);
    if (got >= 0 && (size_t)got != len)
        complain("%s: has %zd bytes where %zu are due", path, got, len);
    return got >= 0 && (size_t)got == len;
}

/* The epoch of --epoch, or the last. */
static const struct key_epoch *choose_epoch(const struct arguments *arguments,
                                            const struct key_file *keys)
{
    uint64_t number;
    const struct key_epoch *epoch = key_file_last(keys);
    if (arguments->epoch != NULL)
        epoch =
            number_read(&number, arguments->epoch, INT64_MAX) ? key_file_find(keys, number) : NULL;
    if (epoch == NULL)
        complain("the key file has no epoch '%.20s'", arguments->epoch);
    return epoch;
}

static int write_wallet(const char *path, const struct lewes_wallet *wallet)
{
    uint8_t bytes[LEWES_WALLET_LEN];
    wallet_write(bytes, wallet);
    const int failed = output_write(path, true, bytes, sizeof bytes);
    lewesi_wipe(bytes, sizeof bytes);
    return failed ? EXIT_LOCAL : EXIT_DONE;
}

static int write_book(const struct arguments *arguments, const struct lewes_ecash_key *key,
                      struct lewes_book *book)
{
    uint8_t bytes[LEWES_BOOK_MAX];
    size_t len = 0;
    int code = EXIT_LOCAL;
    if (!read_exactly(arguments->dates, book->dates[0], sizeof book->dates) ||
        !read_exactly(arguments->coins, book->coins[0], sizeof book->coins))
        return EXIT_LOCAL;
    if (lewes_book_check(key, book)) {
        complain("refused: the date or coin signatures do not hold under this key");
        return EXIT_REFUSED;
    }
    if (lewes_book_write(bytes, sizeof bytes, &len, book) == LEWES_OK &&
        output_write(arguments->out, true, bytes, len) == 0)
        code = EXIT_DONE;
    lewesi_wipe(bytes, sizeof bytes);
    return code;
}

static int finish(const struct arguments *arguments, const struct key_epoch *epoch,
                  const struct lewes_withdrawal *withdrawal, struct lewes_book *book)
{
    struct lewes_env env;
    struct lewes_ecash *ecash = NULL;
    struct lewes_ecash_key *key = NULL;
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
    int code = EXIT_LOCAL;
    if (!read_exactly(arguments->blind, blind, sizeof blind))
        return EXIT_LOCAL;
    host_environment(&env);
    *book = (struct lewes_book){.epoch = epoch->number, .key_len = epoch->len};
    memcpy(book->key, epoch->bytes, epoch->len);
    if (lewes_ecash_new(&ecash, &env) ||
        lewes_ecash_key_new(&key, &env, ecash, epoch->bytes, epoch->len)) {
        complain("the key of epoch %llu cannot be used", (unsigned long long)epoch->number);
    } else if (lewes_withdrawal_finish(&book->wallet, key, withdrawal, blind)) {
        complain("refused: this is not the answer to the request, or not under this key");
        code = EXIT_REFUSED;
    } else if (arguments->dates != NULL) {
        code = write_book(arguments, key, book);
    } else {
        code = write_wallet(arguments->out, &book->wallet);
    }
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    return code;
}

static int finish_with(const struct arguments *arguments, struct key_file *keys,
                       const struct lewes_withdrawal *withdrawal)
{
    static struct lewes_book book;
    char path[MINT_PATH_CAP];
    mint_path(path, arguments->dir, MINT_EPOCHS);
    if (key_file_load(keys, arguments->key != NULL ? arguments->key : path))
        return EXIT_LOCAL;
    const struct key_epoch *const epoch = choose_epoch(arguments, keys);
    if (epoch == NULL)
        return EXIT_REFUSED;
    const int code = finish(arguments, epoch, withdrawal, &book);
    lewesi_wipe(&book, sizeof book);
    return code;
}

int command_finish(const struct arguments *arguments)
{
    uint8_t bytes[WITHDRAWAL_FILE_LEN];
    struct lewes_withdrawal withdrawal;
    if (!terms_given(arguments->secret, "secret") || !terms_given(arguments->blind, "blind") ||
        !terms_given(arguments->out, "out"))
        return EXIT_USAGE;
    if ((arguments->dates == NULL) != (arguments->coins == NULL)) {
        complain("a book needs both, --dates and --coins");
        return EXIT_USAGE;
    }
    const ssize_t len = input_read(arguments->secret, true, bytes, sizeof bytes);
    struct key_file *const keys = malloc(sizeof *keys);
    int code = EXIT_LOCAL;
    if (len >= 0 && !withdrawal_file_read(&withdrawal, bytes, (size_t)len)) {
        complain("%s: this is not what 'lewes-mint request --secret' wrote", arguments->secret);
        code = EXIT_REFUSED;
    } else if (len >= 0 && keys != NULL) {
        code = finish_with(arguments, keys, &withdrawal);
    }
    free(keys);
    lewesi_wipe(bytes, sizeof bytes);
    lewesi_wipe(&withdrawal, sizeof withdrawal);
    return code;
}
