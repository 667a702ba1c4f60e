/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <lewes/version.h>

#include "client/command.h"

static const struct command commands[] = {
    {"register", "register with a gateway and write a WireGuard profile", command_register},
    {"ticket", "take in, list and withdraw the tickets that pay", command_ticket},
    {"genkey", "write a new WireGuard private key to standard output", command_genkey},
    {"pubkey", "read a private key from standard input, write the public one", command_pubkey},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fputs("usage: lewes COMMAND [OPTION]...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n  --help     this text; also after a command\n"
          "  --version  the version\n",
          out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        usage(stdout);
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("lewes " LEWES_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "lewes: there is no command '%s'; 'lewes --help' lists them\n", argv[1]);
    return EXIT_USAGE;
}
