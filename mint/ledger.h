/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger (ecash.md 10): who got which book. Lines of text, only ever appended; a line is on
 * disk before its answer leaves. It is what makes a revealed public key a person, and what limits
 * are counted from.
 *
 *   time=UNIX pk=HEX type=N expires=DATE request=HEX account=NAME blind=HEX check=HEX
 */
#ifndef LEWES_MINT_LEDGER_H
#define LEWES_MINT_LEDGER_H

#include <stdbool.h>
#include <sys/types.h>

#include <lewes/mint.h>

#define LEDGER_LINE_CAP 640
#define ACCOUNT_CAP 64 /* with the NUL */

struct ledger_entry {
    uint64_t time; /* Unix seconds */
    uint8_t pk[LEWES_USER_KEY_LEN];
    struct lewes_book_terms terms;
    uint8_t request[32]; /* SHA-256 */
    char account[ACCOUNT_CAP];
    uint8_t blind[LEWES_TICKET_SIGNATURE_LEN];
};

struct ledger;

/* Letters, digits and . _ - @ +, at most ACCOUNT_CAP - 1 of them. */
bool account_is_valid(const char *name);

size_t ledger_line_write(char out[LEDGER_LINE_CAP], const struct ledger_entry *entry);
/* `line` without its newline. */
bool ledger_line_read(struct ledger_entry *entry, const char *line, size_t len);

/* Opens or makes the ledger of a directory. Returns 0, or -1 with errno. */
int ledger_open(struct ledger **ledger, int dir);
void ledger_close(struct ledger *ledger);

/*
 * Waits until no other process writes, and reads what has come since. A last line that a crash left
 * damaged is cut off, kept in `ledger.cut`, and said on standard error.
 *
 * @return 0 and ledger_unlock() is due; -1 with errno, EBADMSG if an earlier line is damaged,
 * ESTALE if the file was replaced or shortened (both are said), EIO after a failed sync
 */
int ledger_lock(struct ledger *ledger, uint64_t now);
void ledger_unlock(struct ledger *ledger);

/* The rest between lock and unlock. */

/* The entry of a request whose book has not expired; false if there is none. */
bool ledger_find(const struct ledger *ledger, const uint8_t request[32],
                 struct ledger_entry *entry);
/* How many books an account has got on the day of `now`, or a day later by the clock of then. */
unsigned ledger_books(const struct ledger *ledger, const char *account, uint64_t now);
/* Returns 0 when it is on disk; -1 with errno. */
int ledger_append(struct ledger *ledger, const struct ledger_entry *entry);

/* Calls `each` for every whole line of a ledger. Returns 0; -1 with errno, EBADMSG if a line
 * before the last is damaged. */
int ledger_scan(const char *path, void (*each)(void *user, const struct ledger_entry *entry),
                void *user);

#endif
