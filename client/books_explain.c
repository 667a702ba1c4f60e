/* SPDX-License-Identifier: Apache-2.0 */
/* Why there is no ticket, in words. */
#include <stdio.h>

#include "client/books.h"
#include "client/system.h"
#include "host/words.h"

struct census {
    enum lewes_ticket_type type;
    uint64_t now;
    unsigned books, unreadable, of_type;
    unsigned left, used_up;  /* of the type, of today: tickets left; books without any */
    unsigned expired, early; /* books of the type */
    uint32_t last;           /* day on which the last of them expired */
};

static void count(void *user, const char *name, const struct lewes_book *book)
{
    struct census *const census = user;
    (void)name;
    if (!book) {
        census->unreadable++;
        return;
    }
    const uint32_t last = book->wallet.terms.expiration;
    const unsigned left = books_coins_left(book);
    census->books++;
    if (book->wallet.terms.type != census->type)
        return;
    census->of_type++;
    if (books_serves(book, census->now)) {
        census->left += left;
        census->used_up += left == 0;
    } else if (last < census->now) {
        census->expired++;
        census->last = last > census->last ? last : census->last;
    } else {
        census->early++;
    }
}

static int tell(const struct census *census, char *out, size_t cap)
{
    const char *const type = ticket_type_name(census->type);
    char day[DATE_CAP];
    date_write(day, census->last);
    if (census->books == 0)
        return snprintf(out, cap, "there is no ticket book");
    if (census->of_type == 0)
        return snprintf(out, cap, "it takes a %s ticket, and there are only books of other types",
                        type);
    if (census->left)
        return snprintf(out, cap, "the %s tickets that are left are held by registrations that run",
                        type);
    if (census->used_up)
        return snprintf(out, cap, "all %s tickets are used", type);
    if (census->early)
        return snprintf(out, cap, "the books of %s tickets are for later days", type);
    return snprintf(out, cap, "the books of %s tickets have expired, the last on %s", type, day);
}

void books_explain(void *books, enum lewes_ticket_type type, char *out, size_t cap)
{
    struct census census = {.type = type, .now = system_unix_ms() / 1000};
    if (books_each(books, count, &census)) {
        snprintf(out, cap, "the directory of the ticket books cannot be read");
        return;
    }
    const int len = tell(&census, out, cap);
    if (census.unreadable && len > 0 && (size_t)len < cap)
        snprintf(out + len, cap - (size_t)len,
                 "; %u more file%s cannot be used, see 'lewes ticket list'", census.unreadable,
                 census.unreadable == 1 ? "" : "s");
}
