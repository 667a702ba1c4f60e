/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_REGISTER_OPTIONS_H
#define LEWES_CLIENT_REGISTER_OPTIONS_H

#include <lewes/client.h>

#define HOST_CAP 256 /* a name has at most 253 characters */

struct register_arguments { /* the command line of `lewes register`, checked */
    struct lewes_ed25519_public gateway;
    char host[HOST_CAP];
    uint16_t port;
    const char *wg_key; /* path, or NULL: a fresh key */
    const char *out;    /* path, or NULL: standard output */
    const char *dns;    /* or NULL */
    uint16_t mtu;
    bool json;
    uint32_t connect_ms, handshake_ms, registration_ms;
};

enum parse_result { PARSE_GO, PARSE_HELP, PARSE_BAD };

/* Reads the command line; PARSE_BAD after a complaint, PARSE_HELP after the help text. */
enum parse_result register_parse(struct register_arguments *arguments, int argc, char **argv);

#endif
