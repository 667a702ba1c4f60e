/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_TICKET_OPTIONS_H
#define LEWES_CLIENT_TICKET_OPTIONS_H

#include <stdbool.h>

#include <lewes/registration.h>

#include "client/command.h"

enum ticket_action { TICKET_IMPORT, TICKET_LIST, TICKET_SHOW, TICKET_WITHDRAW };

struct ticket_arguments { /* the command line of `lewes ticket`, checked */
    enum ticket_action action;
    const char *books; /* a directory, or NULL: the usual place */
    bool json;
    char **files; /* of import, at least one; of show, one */
    int file_count;
    const char *mint, *token_file;
    enum lewes_ticket_type type;
};

/* Reads the command line; PARSE_BAD after a complaint, PARSE_HELP after the help text. */
enum parse_result ticket_parse(struct ticket_arguments *arguments, int argc, char **argv);

#endif
