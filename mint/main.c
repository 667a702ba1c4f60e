/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <lewes/version.h>

#include "mint/arguments.h"

static const struct command commands[] = {
    {"keygen", "", " dir elements replace threshold of ", "Makes the mint's secret key", 0, 0,
     command_keygen},
    {"epoch add", "N", " dir from to ",
     "Puts the key into force as epoch N and prints the line for the gateways' key file", 1, 1,
     command_epoch_add},
    {"account add", "NAME", " dir books-per-day ",
     "Makes an account of 'serve' and prints its token, this once", 1, 1, command_account_add},
    {"account remove", "NAME", " dir ", "Ends an account; the ledger keeps its books", 1, 1,
     command_account_remove},
    {"account list", "", " dir ", "Lists the accounts", 0, 0, command_account_list},
    {"dates", "", " dir expires at out ", "Signs the seven spend dates of books", 0, 0,
     command_dates},
    {"coins", "", " dir out ", "Signs the fifty coin indices", 0, 0, command_coins},
    {"user new", "", " out ", "Makes the secret key of a user", 0, 0, command_user_new},
    {"user show", "FILE", " ", "Prints the public key of a user", 1, 1, command_user_show},
    {"request", "", " user type expires at out secret ", "Makes a request for a book", 0, 0,
     command_request},
    {"issue", "", " dir account pk type expires at request out ",
     "Signs a request blindly; the ledger has it before the answer leaves", 0, 0, command_issue},
    {"finish", "", " secret blind dates coins key dir epoch out ",
     "Opens the blind signature: a book if dates and coins are given, else a wallet", 0, 0,
     command_finish},
    {"book", "", " dir account type at out ", "Makes a book for an account, all in one go", 0, 0,
     command_book},
    {"spend", "", " book payee unbound at out ",
     "Pays with the next coin of a book: writes a container for a registration", 0, 0,
     command_spend},
    {"verify", "FILE", " key dir type payee at accept-unbound ",
     "Verifies a container as a gateway does, but for what it has seen before", 1, 1,
     command_verify},
    {"settle", "FILE...", " key dir ledger json accept-unbound ",
     "Merges what gateways exported, verifies it, names who spent a coin twice", 1,
     ARGUMENTS_OPERANDS_MAX, command_settle},
    {"show", "FILE", " ", "Says what a file is and what stands in it, secrets apart", 1, 1,
     command_show},
    {"serve", "", " dir listen insecure-listen ", "Issues books over HTTP", 0, 0, command_serve},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fputs("usage: lewes-mint COMMAND [OPTION]...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-15s %s\n", commands[i].name, commands[i].summary);
    fputs("\n  --help     this text; also after a command\n"
          "  --version  the version\n",
          out);
}

/* How many words of the command line are this command's name; 0 if it is another. */
static int words_of(const struct command *command, int argc, char **argv)
{
    const char *const space = strchr(command->name, ' ');
    const size_t len = space != NULL ? (size_t)(space - command->name) : strlen(command->name);
    if (strlen(argv[1]) != len || strncmp(argv[1], command->name, len) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc > 2 && strcmp(argv[2], space + 1) == 0 ? 2 : 0;
}

static int run(const struct command *command, int argc, char **argv)
{
    static struct arguments arguments;
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            arguments_usage(stdout, command);
            return EXIT_DONE;
        }
    if (arguments_read(&arguments, command, argc, argv))
        return EXIT_USAGE;
    return command->run(&arguments);
}

int main(int argc, char **argv)
{
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("lewes-mint " LEWES_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        const int words = words_of(&commands[i], argc, argv);
        if (words > 0)
            return run(&commands[i], argc - 1 - words, argv + 1 + words);
    }
    complain("there is no command '%s%s%s'; 'lewes-mint --help' lists them", argv[1],
             argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
    return EXIT_USAGE;
}
