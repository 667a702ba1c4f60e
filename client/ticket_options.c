/* SPDX-License-Identifier: Apache-2.0 */
#include "client/ticket_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client/withdrawal_file.h"
#include "host/words.h"

#define NAME "ticket"
#define SEE_HELP "see 'lewes ticket --help'"

enum option_code {
    OPTION_BOOKS = 256,
    OPTION_JSON,
    OPTION_MINT,
    OPTION_TOKEN_FILE,
    OPTION_TYPE,
    OPTION_HELP
};

static const struct option options[] = {
    {"books", required_argument, NULL, OPTION_BOOKS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"mint", required_argument, NULL, OPTION_MINT},
    {"token-file", required_argument, NULL, OPTION_TOKEN_FILE},
    {"type", required_argument, NULL, OPTION_TYPE},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "usage: lewes ticket import [--books DIR] FILE...\n"
    "       lewes ticket list [--books DIR] [--json]\n"
    "       lewes ticket show [--books DIR] [--json] FILE\n"
    "       lewes ticket withdraw --mint URL --token-file FILE --type TYPE [--books DIR]\n"
    "\n"
    "Books of tickets, which 'lewes register' pays from.\n"
    "\n"
    "  import            checks all signatures of books from a mint, and takes them in;\n"
    "                    delete the files then: a ticket that is paid from two copies of a\n"
    "                    book names its owner\n"
    "  list              what is there, and how many tickets are left\n"
    "  show              one book, by its path or its name in the list; no secrets\n"
    "  withdraw          gets a new book from a mint\n"
    "\n"
    "  --books DIR       where the books are; $XDG_DATA_HOME/lewes/books\n"
    "  --json            write one JSON object to standard output\n"
    "  --mint URL        the mint, https://HOST[:PORT]\n"
    "  --token-file FILE the token of your account, which nobody else may read\n"
    "  --type TYPE       wg-entry, for a single gateway or an entry; wg-exit; mixnet-entry\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 done; 1 the mint cannot be reached or has no book now; 2 usage; 3 local\n"
    "fault, or a file that cannot be used; 5 the mint refused.\n";

static bool parse_path(const char **path, const char *name, const char *text)
{
    *path = text;
    if (text[0])
        return true;
    complain(NAME, "--%s takes a path", name);
    return false;
}

static bool parse_type(struct ticket_arguments *arguments, const char *text)
{
    for (int type = 0; type < TICKET_TYPES; type++)
        if (!strcmp(text, ticket_type_names[type])) {
            arguments->type = (enum lewes_ticket_type)type;
            return true;
        }
    complain(NAME, "--type takes wg-entry, wg-exit or mixnet-entry, not '%s'", text);
    return false;
}

/* Plain HTTP shows the token to everybody on the way: only within this machine. */
static bool parse_mint(struct ticket_arguments *arguments, const char *text)
{
    static const char *const starts[] = {"https://", "http://127.0.0.1", "http://[::1]",
                                         "http://localhost"};
    arguments->mint = text;
    if (strlen(text) >= MINT_URL_CAP) {
        complain(NAME, "--mint takes at most %d characters", MINT_URL_CAP - 1);
        return false;
    }
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const size_t len = strlen(starts[i]);
        if (strncmp(text, starts[i], len) != 0 || strchr(text, '@'))
            continue;
        if (i == 0 ? text[len] != '\0' : strchr(":/", text[len]) != NULL)
            return true;
    }
    complain(NAME, "--mint takes https://HOST[:PORT], and http:// for this machine alone");
    return false;
}

static bool take_option(struct ticket_arguments *arguments, bool *has_type, int option,
                        const char *text)
{
    switch (option) {
    case OPTION_BOOKS:
        return parse_path(&arguments->books, "books", text);
    case OPTION_JSON:
        return arguments->json = true;
    case OPTION_MINT:
        return parse_mint(arguments, text);
    case OPTION_TOKEN_FILE:
        return parse_path(&arguments->token_file, "token-file", text);
    case OPTION_TYPE:
        *has_type = true;
        return parse_type(arguments, text);
    default:
        return false;
    }
}

/* The sentence that says what does not fit, or NULL. */
static const char *misfit(const struct ticket_arguments *a, bool has_type)
{
    const bool withdraws = a->action == TICKET_WITHDRAW;
    if (!withdraws && (a->mint || a->token_file || has_type))
        return "--mint, --token-file and --type are for withdraw";
    if (a->json && a->action != TICKET_LIST && a->action != TICKET_SHOW)
        return "--json is for list and show";
    if (a->action == TICKET_IMPORT && a->file_count == 0)
        return "import takes the files of books";
    if (a->action == TICKET_SHOW && a->file_count != 1)
        return "show takes the file of a book";
    if ((a->action == TICKET_LIST || withdraws) && a->file_count)
        return "list and withdraw take no files; " SEE_HELP;
    if (withdraws && (!a->mint || !a->token_file || !has_type))
        return "withdraw needs --mint, --token-file and --type";
    return NULL;
}

static bool take_action(struct ticket_arguments *arguments, const char *word)
{
    static const char *const actions[] = {"import", "list", "show", "withdraw"};
    for (int i = 0; i <= (int)TICKET_WITHDRAW; i++)
        if (!strcmp(word, actions[i])) {
            arguments->action = (enum ticket_action)i;
            return true;
        }
    complain(NAME, "'%s' is none of import, list, show and withdraw; " SEE_HELP, word);
    return false;
}

enum parse_result ticket_parse(struct ticket_arguments *arguments, int argc, char **argv)
{
    bool has_type = false;
    int option;
    *arguments = (struct ticket_arguments){.json = false};
    optind = 0; /* from the beginning, whatever was read before */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(help, stdout);
            return PARSE_HELP;
        }
        if (!take_option(arguments, &has_type, option, optarg))
            return PARSE_BAD;
    }
    if (optind >= argc) {
        complain(NAME, "import, list, show or withdraw is missing; " SEE_HELP);
        return PARSE_BAD;
    }
    if (!take_action(arguments, argv[optind]))
        return PARSE_BAD;
    arguments->files = argv + optind + 1;
    arguments->file_count = argc - optind - 1;
    const char *fault = misfit(arguments, has_type);
    if (!fault)
        return PARSE_GO;
    complain(NAME, "%s", fault);
    return PARSE_BAD;
}
