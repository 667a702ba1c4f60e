/* SPDX-License-Identifier: Apache-2.0 */
#include "client/register_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"

#define NAME "register"

static const char help[] =
    "usage: lewes register --gateway IDENTITY@HOST[:PORT] --ticket mock [OPTION]...\n"
    "\n"
    "Registers with a gateway and writes a profile for wg-quick(8).\n"
    "\n"
    "  --gateway IDENTITY@HOST[:PORT]\n"
    "                    the gateway: its Ed25519 identity in base58, and its name or address\n"
    "                    (an IPv6 address in brackets); port 41264 if none is given\n"
    "  --ticket mock     how to pay; mock tickets are worth nothing and serve test gateways\n"
    "  --wg-key FILE     use this WireGuard private key (see 'lewes genkey'); the identity shown\n"
    "                    to the gateway is kept in FILE.lewes\n"
    "  --out FILE        write the profile here (0600); without it, to standard output\n"
    "  --dns LIST        name servers for the profile, with commas\n"
    "  --mtu N           MTU of the tunnel, 1280 to 9000; 1420\n"
    "  --json            write one JSON object to standard output\n"
    "  --connect-timeout, --handshake-timeout, --registration-timeout SECONDS\n"
    "                    1 to 300; 10, 15 and 30\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 done; 1 failed, no ticket spent; 2 usage; 3 local fault;\n"
    "4 the ticket may be spent; 5 the gateway refused.\n";

enum option_code {
    OPTION_GATEWAY = 256,
    OPTION_TICKET,
    OPTION_WG_KEY,
    OPTION_OUT,
    OPTION_DNS,
    OPTION_MTU,
    OPTION_JSON,
    OPTION_CONNECT,
    OPTION_HANDSHAKE,
    OPTION_REGISTRATION,
    OPTION_HELP
};

static const struct option options[] = {
    {"gateway", required_argument, NULL, OPTION_GATEWAY},
    {"ticket", required_argument, NULL, OPTION_TICKET},
    {"wg-key", required_argument, NULL, OPTION_WG_KEY},
    {"out", required_argument, NULL, OPTION_OUT},
    {"dns", required_argument, NULL, OPTION_DNS},
    {"mtu", required_argument, NULL, OPTION_MTU},
    {"json", no_argument, NULL, OPTION_JSON},
    {"connect-timeout", required_argument, NULL, OPTION_CONNECT},
    {"handshake-timeout", required_argument, NULL, OPTION_HANDSHAKE},
    {"registration-timeout", required_argument, NULL, OPTION_REGISTRATION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool parse_number(const char *text, unsigned long low, unsigned long high,
                         unsigned long *value)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *value = strtoul(text, &end, 10);
    return !errno && *end == '\0' && *value >= low && *value <= high;
}

static bool parse_seconds(const char *name, const char *text, uint32_t *ms)
{
    unsigned long seconds;
    if (!parse_number(text, 1, 300, &seconds)) {
        complain(NAME, "--%s-timeout takes 1 to 300 seconds, not '%s'", name, text);
        return false;
    }
    *ms = (uint32_t)seconds * 1000;
    return true;
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT. */
static bool parse_host(struct register_arguments *arguments, const char *text)
{
    const char *host = text, *rest;
    unsigned long port = LEWES_CONTROL_PORT;
    size_t len;
    if (text[0] == '[') {
        host = text + 1;
        len = strcspn(host, "]");
        if (host[len] != ']')
            return false;
        rest = host + len + 1;
    } else {
        len = strcspn(host, ":");
        rest = host + len;
    }
    if (len == 0 || len >= HOST_CAP || (*rest && *rest != ':') ||
        (*rest && !parse_number(rest + 1, 1, 65535, &port)))
        return false;
    memcpy(arguments->host, host, len);
    arguments->host[len] = '\0';
    arguments->port = (uint16_t)port;
    return text[0] != '[' || inet_pton(AF_INET6, arguments->host, &(struct in6_addr){0}) == 1;
}

static bool parse_gateway(struct register_arguments *arguments, const char *text)
{
    size_t len = strcspn(text, "@");
    if (lewes_base58_decode(arguments->gateway.bytes, text, len) ||
        lewes_ed25519_check(&arguments->gateway)) {
        complain(NAME, "--gateway begins with an identity: 32 to 44 characters of base58, "
                       "as 'lewesd --identity' prints it");
        return false;
    }
    if (text[len] == '@' && parse_host(arguments, text + len + 1))
        return true;
    complain(NAME, "--gateway takes IDENTITY@HOST[:PORT], an IPv6 address in brackets");
    return false;
}

/* The line goes into a file that wg-quick reads as a shell script's input. */
static bool parse_dns(struct register_arguments *arguments, const char *text)
{
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(".:-, ", *c)) {
            complain(NAME, "--dns takes addresses and search domains with commas");
            return false;
        }
    arguments->dns = *text ? text : NULL;
    return true;
}

static bool parse_mtu(struct register_arguments *arguments, const char *text)
{
    unsigned long mtu;
    if (!parse_number(text, 1280, 9000, &mtu)) {
        complain(NAME, "--mtu takes 1280 to 9000, not '%s'", text);
        return false;
    }
    arguments->mtu = (uint16_t)mtu;
    return true;
}

static bool parse_ticket(const char *text)
{
    if (!strcmp(text, "mock"))
        return true;
    complain(NAME, "--ticket takes 'mock'; real tickets are not in this version");
    return false;
}

static bool take_option(struct register_arguments *a, int option, const char *text)
{
    switch (option) {
    case OPTION_GATEWAY:
        return parse_gateway(a, text);
    case OPTION_TICKET:
        return parse_ticket(text);
    case OPTION_WG_KEY:
        a->wg_key = text;
        return true;
    case OPTION_OUT:
        a->out = text;
        return true;
    case OPTION_DNS:
        return parse_dns(a, text);
    case OPTION_MTU:
        return parse_mtu(a, text);
    case OPTION_JSON:
        a->json = true;
        return true;
    case OPTION_CONNECT:
        return parse_seconds("connect", text, &a->connect_ms);
    case OPTION_HANDSHAKE:
        return parse_seconds("handshake", text, &a->handshake_ms);
    case OPTION_REGISTRATION:
        return parse_seconds("registration", text, &a->registration_ms);
    default:
        return false;
    }
}

static bool complete(const struct register_arguments *arguments, bool ticket, const char *left)
{
    if (left)
        complain(NAME, "'%s' is not an option; see 'lewes register --help'", left);
    else if (!arguments->host[0])
        complain(NAME, "--gateway is missing; see 'lewes register --help'");
    else if (!ticket)
        complain(NAME, "--ticket is missing; see 'lewes register --help'");
    else if (arguments->json && !arguments->out && !arguments->wg_key)
        complain(NAME, "with --json the new key needs a place: give --out or --wg-key");
    else
        return true;
    return false;
}

enum parse_result register_parse(struct register_arguments *arguments, int argc, char **argv)
{
    bool ticket = false;
    int option;
    *arguments = (struct register_arguments){0};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(help, stdout);
            return PARSE_HELP;
        }
        if (!take_option(arguments, option, optarg))
            return PARSE_BAD;
        ticket = ticket || option == OPTION_TICKET;
    }
    return complete(arguments, ticket, optind < argc ? argv[optind] : NULL) ? PARSE_GO : PARSE_BAD;
}
