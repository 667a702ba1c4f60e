/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/arguments.h"

#include <stdarg.h>
#include <string.h>

#define TEXT(member) offsetof(struct arguments, member)

static const struct option {
    const char *name;
    const char *value; /* what it is called in the usage; NULL: it has none */
    size_t at;
    const char *help;
} table[] = {
    {"accept-unbound", NULL, TEXT(accept_unbound), "take payments of older clients, too"},
    {"account", "NAME", TEXT(account), "whose book it is, for the ledger"},
    {"at", "UNIX", TEXT(at), "act as if it were this time, in Unix seconds"},
    {"blind", "FILE", TEXT(blind), "the blind signature"},
    {"book", "FILE", TEXT(book), "the book"},
    {"books-per-day", "N", TEXT(books_per_day), "how many the account may have; default 4"},
    {"coins", "FILE", TEXT(coins), "the coin signatures"},
    {"dates", "FILE", TEXT(dates), "the date signatures"},
    {"dir", "DIR", TEXT(dir), "the mint's directory; default /var/lib/lewes-mint"},
    {"elements", "N", TEXT(elements), "of the key, 4 to 8; default 5"},
    {"epoch", "N", TEXT(epoch), "this epoch of the key file; default the last"},
    {"expires", "DATE", TEXT(expires), "last spend date; default today and 6 days"},
    {"from", "DATE", TEXT(from), "first spend date of the epoch"},
    {"insecure-listen", NULL, TEXT(insecure_listen), "listen on an address that others can reach"},
    {"json", NULL, TEXT(json), "write JSON"},
    {"key", "FILE", TEXT(key), "the gateways' key file; default DIR/epochs"},
    {"ledger", "FILE", TEXT(ledger), "default DIR/ledger"},
    {"listen", "ADDRESS", TEXT(listen), "default 127.0.0.1:8090"},
    {"of", "N", TEXT(of), "not in this version: one authority only"},
    {"out", "FILE", TEXT(out), "where to; - is standard output"},
    {"payee", "ID", TEXT(payee), "identity of the gateway that is paid, in base58"},
    {"pk", "HEX", TEXT(pk), "public key of the user"},
    {"replace", NULL, TEXT(replace), "make a new key; the old one is kept as secret.before"},
    {"request", "FILE", TEXT(request), "the request; - is standard input"},
    {"secret", "FILE", TEXT(secret), "what the user keeps until the answer comes"},
    {"threshold", "T", TEXT(threshold), "not in this version: one authority only"},
    {"to", "DATE", TEXT(to), "last spend date of the epoch"},
    {"type", "TYPE", TEXT(type), "mixnet-entry, mixnet-exit, wg-entry, wg-exit, or 0 to 3"},
    {"unbound", NULL, TEXT(unbound), "leave out the proof of the coin's index; for tests"},
    {"user", "FILE", TEXT(user), "the user's secret key"},
};
#define OPTIONS (sizeof table / sizeof table[0])

void complain(const char *format, ...)
{
    va_list arguments;
    fputs("lewes-mint: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static bool takes(const struct command *command, const char *name, size_t len)
{
    for (const char *at = strchr(command->options, ' '); at != NULL; at = strchr(at + 1, ' '))
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == ' ')
            return true;
    return false;
}

void arguments_usage(FILE *out, const struct command *command)
{
    fprintf(out, "usage: lewes-mint %s%s%s [OPTION]...\n\n%s.\n\n", command->name,
            command->operands[0] != '\0' ? " " : "", command->operands, command->summary);
    for (size_t i = 0; i < OPTIONS; i++) {
        char left[40];
        if (!takes(command, table[i].name, strlen(table[i].name)))
            continue;
        snprintf(left, sizeof left, "--%s%s%s", table[i].name, table[i].value != NULL ? " " : "",
                 table[i].value != NULL ? table[i].value : "");
        fprintf(out, "  %-18s %s\n", left, table[i].help);
    }
    fputs("  --help             this text\n", out);
}

static const struct option *find(const struct command *command, const char *name, size_t len)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strlen(table[i].name) == len && strncmp(table[i].name, name, len) == 0 &&
            takes(command, name, len))
            return &table[i];
    return NULL;
}

static int fail(const struct command *command, const char *argument, const char *why)
{
    complain("%s: %.64s %s; see 'lewes-mint %s --help'", command->name, argument, why,
             command->name);
    return -1;
}

/* `argument` begins with "--". Takes the next one as its value if it needs it. */
static int read_option(struct arguments *arguments, const struct command *command,
                       const char *argument, const char *next, bool *took_next)
{
    const size_t len = strcspn(argument + 2, "=");
    const char *value = argument[2 + len] == '=' ? argument + 3 + len : NULL;
    const struct option *const option = find(command, argument + 2, len);
    if (option == NULL)
        return fail(command, argument, "is no option of it");
    if (option->value == NULL) {
        *(bool *)((char *)arguments + option->at) = true;
        return value == NULL ? 0 : fail(command, argument, "takes no value");
    }
    *took_next = value == NULL;
    if (value == NULL)
        value = next;
    *(const char **)(void *)((char *)arguments + option->at) = value;
    return value != NULL ? 0 : fail(command, argument, "needs a value");
}

int arguments_read(struct arguments *arguments, const struct command *command, int argc,
                   char **argv)
{
    memset(arguments, 0, sizeof *arguments);
    for (int i = 0; i < argc; i++) {
        bool took_next = false;
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0') {
            if (read_option(arguments, command, argv[i], i + 1 < argc ? argv[i + 1] : NULL,
                            &took_next))
                return -1;
            i += took_next;
        } else if (arguments->count == command->most ||
                   arguments->count == ARGUMENTS_OPERANDS_MAX) {
            return fail(command, argv[i], "is one argument too many");
        } else {
            arguments->operands[arguments->count++] = argv[i];
        }
    }
    if (arguments->count < command->least)
        return fail(command, command->operands, "is missing");
    return 0;
}
