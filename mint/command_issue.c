/* SPDX-License-Identifier: Apache-2.0 */
/* The mint's side of a withdrawal: public signatures, issuing. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "host/words.h"
#include "mint/accounts.h"
#include "mint/file_io.h"
#include "mint/issue.h"
#include "mint/issue_command.h"
#include "mint/terms.h"

int command_dates(const struct arguments *arguments)
{
    uint8_t dates[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN];
    struct mint mint;
    uint64_t now;
    uint32_t expires;
    if (!terms_given(arguments->out, "out") || !terms_time(arguments, &now) ||
        !terms_expires(arguments, now, &expires))
        return EXIT_USAGE;
    int code = mint_open_epoch(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    if (lewes_mint_sign_dates(dates, &mint.secret, expires) ||
        output_write(arguments->out, false, dates[0], sizeof dates))
        code = EXIT_LOCAL;
    mint_close(&mint);
    return code;
}

int command_coins(const struct arguments *arguments)
{
    uint8_t coins[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN];
    struct mint mint;
    if (!terms_given(arguments->out, "out"))
        return EXIT_USAGE;
    int code = mint_open_epoch(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    if (lewes_mint_sign_coins(coins, &mint.secret, mint.key_bytes, mint.key_len) ||
        output_write(arguments->out, false, coins[0], sizeof coins))
        code = EXIT_LOCAL;
    mint_close(&mint);
    return code;
}

int issue_here(const struct mint *mint, struct issue_order *order,
               uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    struct ledger *ledger = NULL;
    struct account account;
    const int known = accounts_by_name(mint->dir, order->account, &account);
    if (known < 0) {
        complain("%s/%s: %s", mint->path, MINT_ACCOUNTS, strerror(errno));
        return EXIT_LOCAL;
    }
    order->books_per_day = known ? account.books_per_day : UINT_MAX;
    if (ledger_open(&ledger, mint->dir)) {
        complain("%s/%s: %s", mint->path, MINT_LEDGER, strerror(errno));
        return EXIT_LOCAL;
    }
    const enum issue_result result = issue_book(mint, ledger, order, blind);
    if (result == ISSUE_LOCAL)
        complain("%s: %s: %s", mint->path, issue_text(result), strerror(errno));
    else if (result != ISSUE_DONE)
        complain("refused: %s", issue_text(result));
    ledger_close(ledger);
    return result == ISSUE_DONE ? EXIT_DONE : result == ISSUE_LOCAL ? EXIT_LOCAL : EXIT_REFUSED;
}

bool issue_account(const struct arguments *arguments)
{
    if (!terms_given(arguments->account, "account"))
        return false;
    if (account_is_valid(arguments->account))
        return true;
    complain("an account's name has 1 to %d letters, digits and . _ - @ +", ACCOUNT_CAP - 1);
    return false;
}

int command_issue(const struct arguments *arguments)
{
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];
    struct issue_order order = {.account = arguments->account, .request = request};
    struct mint mint;
    if (!issue_account(arguments) || !terms_given(arguments->pk, "pk") ||
        !terms_given(arguments->request, "request") || !terms_given(arguments->out, "out") ||
        !terms_type(arguments, &order.claim.terms.type) || !terms_time(arguments, &order.now) ||
        !terms_expires(arguments, order.now, &order.claim.terms.expiration))
        return EXIT_USAGE;
    if (hex_read(order.claim.user, LEWES_USER_KEY_LEN, arguments->pk) != LEWES_USER_KEY_LEN) {
        complain("--pk takes 96 hexadecimal digits, as 'lewes-mint user show' prints them");
        return EXIT_USAGE;
    }
    const ssize_t len = input_read(arguments->request, false, request, sizeof request);
    if (len < 0)
        return EXIT_LOCAL;
    order.len = (size_t)len;
    int code = mint_open_epoch(&mint, arguments->dir);
    if (code != EXIT_DONE)
        return code;
    code = issue_here(&mint, &order, blind);
    if (code == EXIT_DONE && output_write(arguments->out, false, blind, sizeof blind))
        code = EXIT_LOCAL;
    mint_close(&mint);
    return code;
}
