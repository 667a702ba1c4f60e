/* SPDX-License-Identifier: Apache-2.0 */
#include "client/register_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/register_help.h"
#include "host/words.h"

#define NAME "register"
#define SEE_HELP "see 'lewes register --help'"
#define STEP_SECONDS_MAX 300 /* registration.md 7 */
#define OVERALL_SECONDS_MAX 86400
#define TRIES_MAX 100

enum option_code {
    OPTION_GATEWAY = 256,
    OPTION_ENTRY,
    OPTION_EXIT,
    OPTION_GATEWAY_INFO,
    OPTION_EXIT_INFO,
    OPTION_CLOCK_FROM_INFO,
    OPTION_MODE,
    OPTION_TICKET,
    OPTION_BOOKS,
    OPTION_BOOK,
    OPTION_TOP_UP,
    OPTION_JOURNAL,
    OPTION_NO_JOURNAL,
    OPTION_WG_KEY,
    OPTION_ENTRY_WG_KEY,
    OPTION_MIXNET_KEY,
    OPTION_OUT,
    OPTION_ENTRY_OUT,
    OPTION_DNS,
    OPTION_MTU,
    OPTION_JSON,
    OPTION_KEM,
    OPTION_REQUIRE_PQ,
    OPTION_NO_EARLY,
    OPTION_CACHE,
    OPTION_TRIES,
    OPTION_TIMEOUT,
    OPTION_CONNECT,
    OPTION_HANDSHAKE,
    OPTION_REGISTRATION,
    OPTION_FORWARD,
    OPTION_FALLBACK,
    OPTION_FALLBACK_AFTER,
    OPTION_HELP
};

static const struct option options[] = {
    {"gateway", required_argument, NULL, OPTION_GATEWAY},
    {"entry", required_argument, NULL, OPTION_ENTRY},
    {"exit", required_argument, NULL, OPTION_EXIT},
    {"gateway-info", required_argument, NULL, OPTION_GATEWAY_INFO},
    {"exit-info", required_argument, NULL, OPTION_EXIT_INFO},
    {"clock-from-info", no_argument, NULL, OPTION_CLOCK_FROM_INFO},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"ticket", required_argument, NULL, OPTION_TICKET},
    {"books", required_argument, NULL, OPTION_BOOKS},
    {"book", required_argument, NULL, OPTION_BOOK},
    {"top-up", no_argument, NULL, OPTION_TOP_UP},
    {"journal", required_argument, NULL, OPTION_JOURNAL},
    {"no-journal", no_argument, NULL, OPTION_NO_JOURNAL},
    {"wg-key", required_argument, NULL, OPTION_WG_KEY},
    {"entry-wg-key", required_argument, NULL, OPTION_ENTRY_WG_KEY},
    {"mixnet-key", required_argument, NULL, OPTION_MIXNET_KEY},
    {"out", required_argument, NULL, OPTION_OUT},
    {"entry-out", required_argument, NULL, OPTION_ENTRY_OUT},
    {"dns", required_argument, NULL, OPTION_DNS},
    {"mtu", required_argument, NULL, OPTION_MTU},
    {"json", no_argument, NULL, OPTION_JSON},
    {"kem", required_argument, NULL, OPTION_KEM},
    {"require-pq", no_argument, NULL, OPTION_REQUIRE_PQ},
    {"no-early", no_argument, NULL, OPTION_NO_EARLY},
    {"cache", required_argument, NULL, OPTION_CACHE},
    {"tries", required_argument, NULL, OPTION_TRIES},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"connect-timeout", required_argument, NULL, OPTION_CONNECT},
    {"handshake-timeout", required_argument, NULL, OPTION_HANDSHAKE},
    {"registration-timeout", required_argument, NULL, OPTION_REGISTRATION},
    {"forward-timeout", required_argument, NULL, OPTION_FORWARD},
    {"fallback", required_argument, NULL, OPTION_FALLBACK},
    {"fallback-after-maybe-spent", no_argument, NULL, OPTION_FALLBACK_AFTER},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* As given; what belongs to which hop is known at the end. */
struct parse {
    struct register_arguments *arguments;
    bool single;
    const char *wg_key, *out;
};

const char *hop_title(const struct register_arguments *arguments, enum lewes_hop hop)
{
    if (!arguments->two_hops)
        return "the gateway";
    return hop == LEWES_HOP_ENTRY ? "the entry" : "the exit";
}

/* ---- values ---- */

static bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
    return number_read(value, text, high) && *value >= low;
}

static bool parse_seconds(const char *name, const char *text, unsigned high, uint32_t *ms)
{
    uint64_t seconds;
    if (!parse_number(text, 1, high, &seconds)) {
        complain(NAME, "--%s takes 1 to %u seconds, not '%s'", name, high, text);
        return false;
    }
    *ms = (uint32_t)seconds * 1000;
    return true;
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT. */
static bool parse_host(struct hop_arguments *hop, const char *text)
{
    const char *host = text, *rest;
    uint64_t port = 0;
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
    memcpy(hop->host, host, len);
    hop->host[len] = '\0';
    hop->port = (uint16_t)port;
    return text[0] != '[' || inet_pton(AF_INET6, hop->host, &(struct in6_addr){0}) == 1;
}

static bool parse_hop(struct hop_arguments *hop, const char *name, const char *text)
{
    size_t len = strcspn(text, "@");
    hop->given = true;
    if (lewes_base58_decode(hop->gateway.bytes, text, len) || lewes_ed25519_check(&hop->gateway)) {
        complain(NAME,
                 "--%s begins with an identity: 32 to 44 characters of base58, "
                 "as 'lewesd --identity' prints it",
                 name);
        return false;
    }
    if (text[len] == '@' && parse_host(hop, text + len + 1))
        return true;
    complain(NAME, "--%s takes IDENTITY@HOST[:PORT], an IPv6 address in brackets", name);
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
    uint64_t mtu;
    if (!parse_number(text, 1280, 9000, &mtu)) {
        complain(NAME, "--mtu takes 1280 to 9000, not '%s'", text);
        return false;
    }
    arguments->mtu = (uint16_t)mtu;
    return true;
}

static bool parse_tries(struct register_arguments *arguments, const char *text)
{
    uint64_t tries;
    if (!parse_number(text, 1, TRIES_MAX, &tries)) {
        complain(NAME, "--tries takes 1 to %d, not '%s'", TRIES_MAX, text);
        return false;
    }
    arguments->tries = (unsigned)tries;
    return true;
}

static bool parse_kem(struct register_arguments *arguments, const char *text)
{
    static const char *const names[] = {"auto", "x25519", "mlkem768", "xwing"};
    for (int choice = 0; choice <= LEWES_CHOOSE_XWING; choice++)
        if (!strcmp(text, names[choice])) {
            arguments->kem = (enum lewes_kem_choice)choice;
            return true;
        }
    complain(NAME, "--kem takes auto, x25519, mlkem768 or xwing, not '%s'", text);
    return false;
}

static bool parse_mode(struct register_arguments *arguments, const char *text)
{
    bool mixnet = !strcmp(text, "mixnet");
    arguments->mode = mixnet ? LEWES_MODE_MIXNET : LEWES_MODE_DVPN;
    if (mixnet || !strcmp(text, "dvpn"))
        return true;
    complain(NAME, "--mode takes dvpn or mixnet, not '%s'", text);
    return false;
}

static bool parse_ticket(struct register_arguments *arguments, const char *text)
{
    if (!strcmp(text, "mock"))
        return arguments->mock = true;
    complain(NAME, "--ticket takes 'mock', not '%s'; without it, ticket books pay", text);
    return false;
}

/* An empty path would be the working directory, or nothing. */
static bool parse_path(const char **path, const char *name, const char *text)
{
    *path = text;
    if (text[0])
        return true;
    complain(NAME, "--%s takes a path", name);
    return false;
}

/* ---- options ---- */

static bool take_limit(struct register_arguments *a, int option, const char *text)
{
    switch (option) {
    case OPTION_TRIES:
        return parse_tries(a, text);
    case OPTION_TIMEOUT:
        return parse_seconds("timeout", text, OVERALL_SECONDS_MAX, &a->overall_ms);
    case OPTION_CONNECT:
        return parse_seconds("connect-timeout", text, STEP_SECONDS_MAX, &a->connect_ms);
    case OPTION_HANDSHAKE:
        return parse_seconds("handshake-timeout", text, STEP_SECONDS_MAX, &a->handshake_ms);
    case OPTION_REGISTRATION:
        return parse_seconds("registration-timeout", text, STEP_SECONDS_MAX, &a->registration_ms);
    case OPTION_FORWARD:
        return parse_seconds("forward-timeout", text, STEP_SECONDS_MAX, &a->forward_ms);
    default:
        return false;
    }
}

static bool take_path(struct parse *parse, int option, const char *text)
{
    struct register_arguments *a = parse->arguments;
    struct hop_arguments *entry = &a->hops[LEWES_HOP_ENTRY], *exit = &a->hops[LEWES_HOP_EXIT];
    switch (option) {
    case OPTION_GATEWAY_INFO:
        return parse_path(&entry->info, "gateway-info", text);
    case OPTION_EXIT_INFO:
        return parse_path(&exit->info, "exit-info", text);
    case OPTION_BOOKS:
        return parse_path(&a->books, "books", text);
    case OPTION_BOOK:
        return parse_path(&a->book, "book", text);
    case OPTION_JOURNAL:
        return parse_path(&a->journal, "journal", text);
    case OPTION_CACHE:
        return parse_path(&a->cache, "cache", text);
    case OPTION_WG_KEY:
        return parse_path(&parse->wg_key, "wg-key", text);
    case OPTION_ENTRY_WG_KEY:
        return parse_path(&entry->wg_key, "entry-wg-key", text);
    case OPTION_MIXNET_KEY:
        return parse_path(&a->mixnet_key, "mixnet-key", text);
    case OPTION_OUT:
        return parse_path(&parse->out, "out", text);
    case OPTION_ENTRY_OUT:
        return parse_path(&entry->out, "entry-out", text);
    default:
        return take_limit(a, option, text);
    }
}

static bool take_value(struct parse *parse, int option, const char *text)
{
    struct register_arguments *a = parse->arguments;
    switch (option) {
    case OPTION_GATEWAY:
        parse->single = true;
        return parse_hop(&a->hops[LEWES_HOP_ENTRY], "gateway", text);
    case OPTION_ENTRY:
        a->two_hops = true;
        return parse_hop(&a->hops[LEWES_HOP_ENTRY], "entry", text);
    case OPTION_EXIT:
        a->two_hops = true;
        return parse_hop(&a->hops[LEWES_HOP_EXIT], "exit", text);
    case OPTION_TICKET:
        return parse_ticket(a, text);
    case OPTION_MODE:
        return parse_mode(a, text);
    case OPTION_KEM:
        return parse_kem(a, text);
    case OPTION_DNS:
        return parse_dns(a, text);
    case OPTION_MTU:
        return parse_mtu(a, text);
    case OPTION_FALLBACK:
        a->fallback = text;
        return true;
    default:
        return take_path(parse, option, text);
    }
}

static bool take_option(struct parse *parse, int option, const char *text)
{
    struct register_arguments *a = parse->arguments;
    switch (option) {
    case OPTION_CLOCK_FROM_INFO:
        return a->clock_from_info = true;
    case OPTION_TOP_UP:
        return a->top_up = true;
    case OPTION_NO_JOURNAL:
        return a->no_journal = true;
    case OPTION_JSON:
        return a->json = true;
    case OPTION_REQUIRE_PQ:
        return a->require_pq = true;
    case OPTION_NO_EARLY:
        return a->no_early = true;
    case OPTION_FALLBACK_AFTER:
        return a->fallback_after_maybe_spent = true;
    default:
        return text && take_value(parse, option, text);
    }
}

/* ---- what fits together ---- */

static bool is_address(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

/* The sentence that says what does not fit, or NULL. */
static const char *misfit_of_gateways(const struct parse *parse)
{
    const struct register_arguments *a = parse->arguments;
    const struct hop_arguments *entry = &a->hops[LEWES_HOP_ENTRY], *exit = &a->hops[LEWES_HOP_EXIT];
    if (parse->single && a->two_hops)
        return "--gateway is for one hop, --entry and --exit are for two";
    if (!parse->single && !a->two_hops)
        return "--gateway is missing; " SEE_HELP;
    if (a->two_hops && !entry->given)
        return "--exit needs an --entry";
    if (a->two_hops && !exit->given)
        return "--entry needs an --exit; a single hop is a --gateway";
    if (a->two_hops && !is_address(exit->host))
        return "the host of --exit must be an IP address: the one that the entry knows it by";
    if (!a->two_hops && exit->info)
        return "--exit-info needs an --exit";
    if (a->clock_from_info && !entry->info && !exit->info)
        return "--clock-from-info needs --gateway-info or --exit-info";
    return NULL;
}

static const char *misfit_of_mixnet(const struct parse *parse)
{
    const struct register_arguments *a = parse->arguments;
    if (a->two_hops)
        return "--mode mixnet has one hop";
    if (!a->mixnet_key)
        return "--mode mixnet needs --mixnet-key; make one: umask 077; lewes genkey > FILE";
    const struct hop_arguments *entry = &a->hops[LEWES_HOP_ENTRY];
    if (parse->wg_key || entry->wg_key || parse->out || entry->out || a->dns || a->mtu)
        return "--mode mixnet makes no tunnel: no --wg-key, --out, --dns or --mtu";
    return NULL;
}

static const char *misfit_of_files(const struct parse *parse)
{
    const struct register_arguments *a = parse->arguments;
    const struct hop_arguments *entry = &a->hops[LEWES_HOP_ENTRY];
    if (a->mixnet_key)
        return "--mixnet-key is for --mode mixnet";
    if (!a->two_hops && (entry->wg_key || entry->out))
        return "--entry-wg-key and --entry-out need an --entry";
    if (a->json && !parse->out && !parse->wg_key)
        return "with --json the new key needs a place: give --out or --wg-key";
    if (!a->two_hops)
        return NULL;
    if (a->json && !entry->out && !entry->wg_key)
        return "with --json the entry's new key needs a place: give --entry-out or --entry-wg-key";
    if (!a->json && (!parse->out || !entry->out))
        return "two hops make two profiles: give --entry-out and --out";
    if (parse->out && entry->out && !strcmp(parse->out, entry->out))
        return "--entry-out and --out are the same file";
    if (parse->wg_key && entry->wg_key && !strcmp(parse->wg_key, entry->wg_key))
        return "each hop needs a key of its own: --entry-wg-key and --wg-key are the same file";
    return NULL;
}

static const char *misfit_of_state(const struct register_arguments *a)
{
    if (a->books && a->book)
        return "--books and --book exclude each other";
    if (a->mock && (a->books || a->book))
        return "--ticket mock pays from no book: leave --books and --book out";
    if (a->journal && a->no_journal)
        return "--journal and --no-journal exclude each other";
    if (a->fallback_after_maybe_spent && !a->fallback)
        return "--fallback-after-maybe-spent needs a --fallback";
    return NULL;
}

static bool complete(struct parse *parse, const char *left)
{
    struct register_arguments *a = parse->arguments;
    struct hop_arguments *last = &a->hops[a->two_hops ? LEWES_HOP_EXIT : LEWES_HOP_ENTRY];
    const char *misfit = misfit_of_gateways(parse);
    if (left) {
        complain(NAME, "'%s' is not an option; " SEE_HELP, left);
        return false;
    }
    if (!misfit)
        misfit = a->mode == LEWES_MODE_MIXNET ? misfit_of_mixnet(parse) : misfit_of_files(parse);
    if (!misfit)
        misfit = misfit_of_state(a);
    if (misfit) {
        complain(NAME, "%s", misfit);
        return false;
    }
    last->wg_key = parse->wg_key;
    last->out = parse->out;
    return true;
}

enum parse_result register_parse(struct register_arguments *arguments, int argc, char **argv)
{
    struct parse parse = {.arguments = arguments};
    int option;
    *arguments = (struct register_arguments){0};
    optind = 0; /* from the beginning, whatever was read before */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(register_help, stdout);
            return PARSE_HELP;
        }
        if (!take_option(&parse, option, optarg))
            return PARSE_BAD;
    }
    return complete(&parse, optind < argc ? argv[optind] : NULL) ? PARSE_GO : PARSE_BAD;
}
