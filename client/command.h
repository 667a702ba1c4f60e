/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `lewes` share. */
#ifndef LEWES_CLIENT_COMMAND_H
#define LEWES_CLIENT_COMMAND_H

/* lewes(1) */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_BEFORE_SPEND = 1,
    EXIT_USAGE = 2,
    EXIT_LOCAL = 3,
    EXIT_MAYBE_SPENT = 4,
    EXIT_REJECTED = 5
};

enum parse_result { PARSE_GO, PARSE_HELP, PARSE_BAD };

struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};

int command_genkey(int argc, char **argv);
int command_pubkey(int argc, char **argv);
int command_register(int argc, char **argv);
int command_ticket(int argc, char **argv);

/* Writes "lewes NAME: TEXT" to standard error. */
__attribute__((format(printf, 2, 3))) void complain(const char *command, const char *format, ...);

#endif
