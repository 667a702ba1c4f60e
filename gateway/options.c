/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/options.h"

#include <stdbool.h>
#include <string.h>

/* What may stand on the command line; with a value, or for an action. */
static const struct option {
    const char *name;
    const char *value; /* what it is called in the usage; NULL: it has none */
    enum options_action action;
    const char *help;
} table[] = {
    {"--config", "FILE", OPTIONS_RUN, "read this file instead of " OPTIONS_CONFIG},
    {"--set", "S.K=V", OPTIONS_RUN, "one setting, stronger than file and environment; repeatable"},
    {"--check", NULL, OPTIONS_CHECK, "read and check the configuration, then end"},
    {"--print-config", NULL, OPTIONS_PRINT_CONFIG, "show every setting in force and its origin"},
    {"--identity", NULL, OPTIONS_IDENTITY, "show the gateway's identity, made if there is none"},
    {"--describe", NULL, OPTIONS_DESCRIBE, "show the signed self-description, valid for a day"},
    {"--export", NULL, OPTIONS_EXPORT, "show every spent ticket, for 'lewes-mint settle'"},
    {"--version", NULL, OPTIONS_VERSION, "show the version"},
    {"--help", NULL, OPTIONS_HELP, "this text"},
};

void options_usage(FILE *out)
{
    fputs("usage: lewesd [OPTION]...\n\n", out);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char left[32];
        const struct option *option = &table[i];
        (void)snprintf(left, sizeof left, "%s%s%s", option->name, option->value != NULL ? " " : "",
                       option->value != NULL ? option->value : "");
        fprintf(out, "  %-16s %s\n", left, option->help);
    }
    fputs("\nSee lewesd(8) and lewesd.conf(5).\n", out);
}

static int fail(struct options_error *error, const char *argument, const char *why)
{
    (void)snprintf(error->text, sizeof error->text, "%.64s %s", argument, why);
    return -1;
}

/* The entry for `argument`, and the value that may hang on it after a '='. */
static const struct option *find(const char *argument, const char **value)
{
    size_t len = strcspn(argument, "=");
    *value = argument[len] == '=' ? argument + len + 1 : NULL;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strlen(table[i].name) == len && strncmp(table[i].name, argument, len) == 0)
            return &table[i];
    return NULL;
}

static int take_value(struct options *options, const struct option *option, const char *value,
                      struct options_error *error)
{
    if (strcmp(option->name, "--config") == 0) {
        options->config = value;
        return 0;
    }
    if (options->set_count == OPTIONS_SET_MAX)
        return fail(error, value, "is one --set too many; use the configuration file");
    options->set[options->set_count++] = value;
    return 0;
}

int options_read(struct options *options, int argc, char **argv, struct options_error *error)
{
    *options = (struct options){.action = OPTIONS_RUN, .config = OPTIONS_CONFIG};
    for (int i = 1; i < argc; i++) {
        const char *value;
        const struct option *option = find(argv[i], &value);
        if (option == NULL)
            return fail(error, argv[i], "is no option; lewesd --help lists them");
        if (option->value == NULL && value != NULL)
            return fail(error, option->name, "takes no value");
        if (option->value == NULL) {
            if (options->action != OPTIONS_RUN && options->action != option->action)
                return fail(error, argv[i], "does not go with the option before it");
            options->action = option->action;
            continue;
        }
        if (value == NULL && ++i < argc)
            value = argv[i];
        if (value == NULL)
            return fail(error, option->name, "needs a value");
        if (take_value(options, option, value, error) != 0)
            return -1;
    }
    return 0;
}
