/* SPDX-License-Identifier: Apache-2.0 */
/* Whole books: making one in one go, paying from one. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/environment.h"
#include "host/words.h"
#include "lib/base/secret.h"
#include "mint/book_file.h"
#include "mint/container.h"
#include "mint/file_io.h"
#include "mint/issue_command.h"
#include "mint/terms.h"

/* ---- book ---- */

static int finish_book(const struct mint *mint, const struct lewes_withdrawal *withdrawal,
                       const uint8_t blind[LEWES_TICKET_SIGNATURE_LEN], struct lewes_book *book)
{
    book->epoch = mint->epoch.number;
    book->key_len = mint->key_len;
    memcpy(book->key, mint->key_bytes, mint->key_len);
    if (lewes_withdrawal_finish(&book->wallet, mint->key, withdrawal, blind) ||
        lewes_mint_sign_dates(book->dates, &mint->secret, withdrawal->terms.expiration) ||
        lewes_mint_sign_coins(book->coins, &mint->secret, mint->key_bytes, mint->key_len)) {
        complain("the signatures of the book do not hold: is the secret key damaged?");
        return EXIT_LOCAL;
    }
    return EXIT_DONE;
}

static int make_book(const struct mint *mint, struct issue_order *order, struct lewes_book *book)
{
    struct lewes_user_secret user;
    struct lewes_withdrawal withdrawal;
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];
    int code = EXIT_LOCAL;
    memset(&withdrawal, 0, sizeof withdrawal);
    if (lewes_user_generate(&user, &mint->env) || lewes_user_public(order->claim.user, &user) ||
        lewes_withdrawal_request(request, &withdrawal, mint->ecash, &user, &order->claim.terms,
                                 &mint->env)) {
        complain("the system gave no randomness");
    } else {
        order->request = request;
        order->len = sizeof request;
        code = issue_here(mint, order, blind);
        if (code == EXIT_DONE)
            code = finish_book(mint, &withdrawal, blind, book);
    }
    lewesi_wipe(&user, sizeof user);
    lewesi_wipe(&withdrawal, sizeof withdrawal);
    return code;
}

static int write_book(const char *path, const struct lewes_book *book)
{
    uint8_t bytes[LEWES_BOOK_MAX];
    size_t len = 0;
    int code = EXIT_LOCAL;
    if (lewes_book_write(bytes, sizeof bytes, &len, book) == LEWES_OK &&
        output_write(path, true, bytes, len) == 0)
        code = EXIT_DONE;
    lewesi_wipe(bytes, sizeof bytes);
    return code;
}

int command_book(const struct arguments *arguments)
{
    static struct lewes_book book;
    struct issue_order order = {.account = arguments->account};
    struct mint mint;
    if (!issue_account(arguments) || !terms_given(arguments->out, "out") ||
        !terms_type(arguments, &order.claim.terms.type) || !terms_time(arguments, &order.now))
        return EXIT_USAGE;
    if (strcmp(arguments->out, "-") != 0 && access(arguments->out, F_OK) == 0) {
        complain("%s: is there already, and may be a book with coins; choose another name",
                 arguments->out);
        return EXIT_REFUSED;
    }
    order.claim.terms.expiration = issue_expiration(order.now);
    int code = mint_open_epoch(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    code = make_book(&mint, &order, &book);
    if (code == EXIT_DONE)
        code = write_book(arguments->out, &book);
    lewesi_wipe(&book, sizeof book);
    mint_close(&mint);
    return code;
}

/* ---- spend ---- */

static int say_why(const char *path)
{
    switch (errno) {
    case EBADMSG:
        complain("%s: not a book, or damaged", path);
        return EXIT_REFUSED;
    case EPERM:
        complain("%s: others may read or write this secret; 'chmod 600 %s' if they have not yet",
                 path, path);
        return EXIT_LOCAL;
    case ERANGE:
        complain("%s: the book cannot be spent from on this day", path);
        return EXIT_REFUSED;
    case ENOSPC:
        complain("%s: no coin is left in this book", path);
        return EXIT_REFUSED;
    default:
        complain("%s: %s", path, strerror(errno));
        return EXIT_LOCAL;
    }
}

/* The coin is marked by now; what fails here costs it. */
static bool pay(const struct lewes_book *book, unsigned coin, bool unbound, uint32_t day,
                struct lewes_credential *credential, uint8_t payment[LEWES_PAYMENT_BOUND_LEN])
{
    struct lewes_env env;
    struct lewes_ecash *ecash = NULL;
    struct lewes_ecash_key *key = NULL;
    struct lewes_spending spending;
    host_environment(&env);
    bool good = lewes_ecash_new(&ecash, &env) == LEWES_OK &&
                lewes_ecash_key_new(&key, &env, ecash, book->key, book->key_len) == LEWES_OK &&
                lewes_book_spending(&spending, book, coin, day, credential->pay_info) == LEWES_OK;
    if (good) {
        spending.unbound = unbound;
        good =
            lewes_ticket_spend(payment, &credential->payment_len, key, &spending, &env) == LEWES_OK;
    }
    credential->payment = payment;
    credential->spend_date = lewes_date_of(day);
    credential->epoch = book->epoch;
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    return good;
}

static int spend_next(const struct arguments *arguments, const struct lewes_pay_info *info,
                      struct lewes_book *book)
{
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], container[CONTAINER_CAP];
    struct lewes_credential credential = {0};
    const uint32_t day = day_of((uint64_t)info->unix_seconds);
    unsigned coin;
    lewes_pay_info_encode(credential.pay_info, info);
    if (book_file_take(arguments->book, day, book, &coin))
        return say_why(arguments->book);
    size_t len = 0;
    if (pay(book, coin, arguments->unbound, day, &credential, payment))
        len = container_write(container, &credential);
    if (len == 0) {
        complain("%s: the payment could not be made; its coin is used up", arguments->book);
        return EXIT_LOCAL;
    }
    return output_write(arguments->out, false, container, len) ? EXIT_LOCAL : EXIT_DONE;
}

int command_spend(const struct arguments *arguments)
{
    static struct lewes_book book;
    struct lewes_pay_info info = {0};
    struct lewes_env env;
    uint64_t now;
    if (!terms_given(arguments->book, "book") || !terms_given(arguments->payee, "payee") ||
        !terms_given(arguments->out, "out") || !terms_time(arguments, &now))
        return EXIT_USAGE;
    if (lewes_base58_decode(info.gateway.bytes, arguments->payee, strlen(arguments->payee))) {
        complain("--payee takes the identity of a gateway in base58");
        return EXIT_USAGE;
    }
    host_environment(&env);
    info.unix_seconds = (int64_t)now;
    if (env.random(env.user, info.random, sizeof info.random)) {
        complain("the system gave no randomness");
        return EXIT_LOCAL;
    }
    const int code = spend_next(arguments, &info, &book);
    lewesi_wipe(&book, sizeof book);
    return code;
}
