/* SPDX-License-Identifier: Apache-2.0 */
/* `lewes genkey` and `lewes pubkey`: interchangeable with those of wg(8). */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lewes/client.h>

#include "client/command.h"

/* 1 = --help was answered, 2 = there are arguments that should not be there. */
static int no_arguments(int argc, char **argv, const char *help)
{
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        fputs(help, stdout);
        return 1;
    }
    if (argc == 1)
        return 0;
    complain(argv[0], "takes no arguments; see 'lewes %s --help'", argv[0]);
    return 2;
}

static int put_key(const char *command, const uint8_t bytes[LEWES_KEY_LEN])
{
    char text[LEWES_BASE64_CAP];
    lewes_base64_encode(text, bytes);
    bool good = puts(text) >= 0 && fflush(stdout) == 0;
    lewes_wipe(text, sizeof text);
    if (good)
        return EXIT_DONE;
    complain(command, "the key could not be written");
    return EXIT_LOCAL;
}

int command_genkey(int argc, char **argv)
{
    struct lewes_env env;
    struct lewes_wg_private key;
    struct stat out;
    int help = no_arguments(argc, argv,
                            "usage: lewes genkey > FILE\n\n"
                            "Writes a new WireGuard private key in base64. Keep FILE to yourself: "
                            "run 'umask 077' first.\n");
    if (help)
        return help == 1 ? EXIT_DONE : EXIT_USAGE;
    if (fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(out.st_mode) && (out.st_mode & 077))
        complain(argv[0], "warning: others can read this file; run 'umask 077' first");
    lewes_env_system(&env);
    if (lewes_wg_generate(&key, &env)) {
        complain(argv[0], "the system gave no randomness");
        return EXIT_LOCAL;
    }
    int code = put_key(argv[0], key.bytes);
    lewes_wipe(&key, sizeof key);
    return code;
}

int command_pubkey(int argc, char **argv)
{
    char text[64];
    struct lewes_wg_private key;
    struct lewes_wg_public public_key;
    int help = no_arguments(argc, argv,
                            "usage: lewes pubkey < FILE\n\n"
                            "Reads a WireGuard private key in base64 and writes its public key.\n");
    if (help)
        return help == 1 ? EXIT_DONE : EXIT_USAGE;
    size_t len = fread(text, 1, sizeof text, stdin);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
        len--;
    enum lewes_error error = lewes_base64_decode(key.bytes, text, len);
    lewes_wipe(text, sizeof text);
    if (error) {
        complain(argv[0], "standard input is not a private key (44 characters of base64)");
        return EXIT_LOCAL;
    }
    lewes_wg_public(&public_key, &key);
    lewes_wipe(&key, sizeof key);
    return put_key(argv[0], public_key.bytes);
}
