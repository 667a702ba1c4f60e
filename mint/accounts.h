/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of `lewes-mint serve`: a name, a limit, the hash of a token. They are read anew for
 * each request, so a change holds at once. */
#ifndef LEWES_MINT_ACCOUNTS_H
#define LEWES_MINT_ACCOUNTS_H

#include "mint/ledger.h"

#define ACCOUNTS_MAX (1024 * 1024) /* bytes of the file */
#define TOKEN_CAP 65               /* 64 hexadecimal digits, NUL */
#define BOOKS_PER_DAY 4
#define BOOKS_PER_DAY_MAX 100000

struct account {
    char name[ACCOUNT_CAP];
    unsigned books_per_day;
    uint8_t token_hash[32];
};

void token_hash(uint8_t out[32], const char *token, size_t len);

/* These return 1 if found, 0 if not, -1 with errno; EBADMSG if the file is damaged. */
int accounts_by_name(int dir, const char *name, struct account *account);
int accounts_by_token(int dir, const char *token, size_t len, struct account *account);

/* Return 0; -1 with errno: EEXIST, ENOENT, EFBIG if there are too many. */
int accounts_add(int dir, const struct account *account);
int accounts_remove(int dir, const char *name);
int accounts_each(int dir, void (*each)(void *user, const struct account *account), void *user);

#endif
