/* SPDX-License-Identifier: Apache-2.0 */
#include "client/ticket_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/system.h"
#include "host/words.h"

const char *ticket_fault(int error)
{
    if (error == EPERM)
        return "others can read it; take that from them: chmod 600 on the file";
    if (error == EBADMSG || error == EFBIG || error == EINVAL)
        return "it is not a ticket book, or it is damaged";
    return strerror(error);
}

static const char *state_of(const struct lewes_book *book)
{
    const uint64_t now = system_unix_ms() / 1000;
    if (books_serves(book, now))
        return books_coins_left(book) ? "usable" : "used up";
    return book->wallet.terms.expiration < now ? "expired" : "not yet valid";
}

static void days_of(const struct lewes_book *book, char first[DATE_CAP], char last[DATE_CAP])
{
    const uint32_t end = book->wallet.terms.expiration;
    const uint32_t span = (LEWES_BOOK_DAYS - 1) * LEWES_DAY;
    date_write(first, end > span ? end - span : 0);
    date_write(last, end);
}

void ticket_put_head(void)
{
    printf("%-12s  %-5s  %-10s  %-13s  %-5s  %s\n", "TYPE", "LEFT", "UNTIL", "STATE", "EPOCH",
           "FILE");
}

void ticket_put_line(const char *file, const struct lewes_book *book)
{
    char first[DATE_CAP], last[DATE_CAP];
    days_of(book, first, last);
    printf("%-12s  %2u/%d  %-10s  %-13s  %-5" PRIu64 "  %s\n",
           ticket_type_name(book->wallet.terms.type), books_coins_left(book), LEWES_BOOK_TICKETS,
           last, state_of(book), book->epoch, file);
}

void ticket_put_book(const char *file, const struct lewes_book *book, bool good)
{
    char first[DATE_CAP], last[DATE_CAP];
    days_of(book, first, last);
    printf("file        %s\n", file);
    printf("type        %s\n", ticket_type_name(book->wallet.terms.type));
    printf("left        %u of %d\n", books_coins_left(book), LEWES_BOOK_TICKETS);
    printf("valid       %s to %s\n", first, last);
    printf("state       %s\n", state_of(book));
    printf("epoch       %" PRIu64 "\n", book->epoch);
    printf("signatures  %s\n", good ? "good" : "bad: its tickets would be refused");
}

json_t *ticket_json(const char *file, const struct lewes_book *book)
{
    char first[DATE_CAP], last[DATE_CAP];
    days_of(book, first, last);
    return json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:I}", "file", file, "type",
                     ticket_type_name(book->wallet.terms.type), "left", (int)books_coins_left(book),
                     "tickets", LEWES_BOOK_TICKETS, "from", first, "expires", last, "state",
                     state_of(book), "epoch", (json_int_t)book->epoch);
}

int ticket_put_json(json_t *root)
{
    int failed = !root || json_dumpf(root, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(root);
    return failed || putchar('\n') == EOF || fflush(stdout) ? -1 : 0;
}
