/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of lewesd. */
#ifndef LEWES_GATEWAY_OPTIONS_H
#define LEWES_GATEWAY_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#define OPTIONS_SET_MAX 96
#define OPTIONS_ERROR_TEXT 256
#define OPTIONS_CONFIG "/etc/lewes/lewesd.conf"

enum options_action {
    OPTIONS_RUN,
    OPTIONS_CHECK,
    OPTIONS_PRINT_CONFIG,
    OPTIONS_IDENTITY,
    OPTIONS_DESCRIBE,
    OPTIONS_EXPORT,
    OPTIONS_VERSION,
    OPTIONS_HELP
};

struct options {
    enum options_action action;
    const char *config;
    const char *set[OPTIONS_SET_MAX]; /* "section.key=value" */
    size_t set_count;
};

struct options_error {
    char text[OPTIONS_ERROR_TEXT];
};

/* Reads the arguments, which must outlive `options`. 0, or -1 with `error` set. */
int options_read(struct options *options, int argc, char **argv, struct options_error *error);

void options_usage(FILE *out);

#endif
