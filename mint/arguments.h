/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of lewes-mint: every option of every command, in one table. */
#ifndef LEWES_MINT_ARGUMENTS_H
#define LEWES_MINT_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ARGUMENTS_OPERANDS_MAX 256

/* lewes-mint(1) */
enum exit_code { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_LOCAL = 3 };

/* NULL or false: not given. */
struct arguments {
    const char *account, *at, *blind, *book, *books_per_day, *coins, *dates, *dir, *elements;
    const char *epoch, *expires, *from, *key, *ledger, *listen, *of, *out, *payee, *pk, *request;
    const char *secret, *threshold, *to, *type, *user;
    bool accept_unbound, insecure_listen, json, replace, unbound;
    const char *operands[ARGUMENTS_OPERANDS_MAX];
    size_t count;
};

struct command {
    const char *name;     /* one word or two */
    const char *operands; /* as in the usage; "" for none */
    const char *options;  /* names between spaces, with a space at both ends */
    const char *summary;
    size_t least, most; /* operands */
    int (*run)(const struct arguments *arguments);
};

void arguments_usage(FILE *out, const struct command *command);

/* Reads what stands behind the command's name. Returns 0; or -1, and has said why. */
int arguments_read(struct arguments *arguments, const struct command *command, int argc,
                   char **argv);

/* Writes "lewes-mint: TEXT" to standard error. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* The commands. */
int command_keygen(const struct arguments *arguments);
int command_epoch_add(const struct arguments *arguments);
int command_account_add(const struct arguments *arguments);
int command_account_remove(const struct arguments *arguments);
int command_account_list(const struct arguments *arguments);
int command_dates(const struct arguments *arguments);
int command_coins(const struct arguments *arguments);
int command_user_new(const struct arguments *arguments);
int command_user_show(const struct arguments *arguments);
int command_request(const struct arguments *arguments);
int command_issue(const struct arguments *arguments);
int command_finish(const struct arguments *arguments);
int command_book(const struct arguments *arguments);
int command_spend(const struct arguments *arguments);
int command_verify(const struct arguments *arguments);
int command_settle(const struct arguments *arguments);
int command_show(const struct arguments *arguments);
int command_serve(const struct arguments *arguments);

#endif
