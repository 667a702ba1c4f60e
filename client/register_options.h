/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_REGISTER_OPTIONS_H
#define LEWES_CLIENT_REGISTER_OPTIONS_H

#include <lewes/client.h>

#include "client/command.h"

#define HOST_CAP 256 /* a name has at most 253 characters */

struct hop_arguments {
    bool given;
    struct lewes_ed25519_public gateway;
    char host[HOST_CAP];
    uint16_t port;      /* 0: none was given */
    const char *wg_key; /* path, or NULL: a fresh key */
    const char *out;    /* path of the profile, or NULL */
    const char *info;   /* path of the self-description, or NULL */
};

struct register_arguments {                /* the command line of `lewes register`, checked */
    struct hop_arguments hops[LEWES_HOPS]; /* a single gateway is the entry */
    bool two_hops;
    enum lewes_mode mode;
    const char *mixnet_key; /* path; mixnet mode only */
    const char *dns;        /* or NULL */
    uint16_t mtu;
    bool json;
    enum lewes_kem_choice kem;
    bool require_pq, no_early, clock_from_info;
    uint32_t connect_ms, handshake_ms, registration_ms, forward_ms, overall_ms;
    unsigned tries;
    bool mock;                   /* mock tickets; else those of books */
    const char *books, *book;    /* paths: a directory, a single file, or NULL: the usual place */
    const char *journal, *cache; /* paths, or NULL: the usual place */
    bool no_journal, top_up;
    const char *fallback; /* command, or NULL */
    bool fallback_after_maybe_spent;
};

/* Reads the command line; PARSE_BAD after a complaint, PARSE_HELP after the help text. */
enum parse_result register_parse(struct register_arguments *arguments, int argc, char **argv);

/* "the gateway", "the entry", "the exit" */
const char *hop_title(const struct register_arguments *arguments, enum lewes_hop hop);

#endif
