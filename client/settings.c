/* SPDX-License-Identifier: Apache-2.0 */
/* Are the options of a call possible at all, before anything is done? */
#include <arpa/inet.h>
#include <string.h>

#include "client/run.h"

#define LIMIT_MAX 300000 /* ms; registration.md 7 */

uint32_t setting_ms(uint32_t given, uint32_t standard)
{
    return given ? given : standard;
}

static bool bad(struct run *run, struct hop *hop, enum lewes_error error, const char *what,
                const char *advice)
{
    return run_fail(run, hop, &(struct fault){.error = error, .advice = advice}, "%s", what);
}

static bool take_times(struct run *run)
{
    const struct lewes_register_options *o = run->options;
    struct hop *entry = &run->hops[LEWES_HOP_ENTRY];
    if (o->connect_ms > LIMIT_MAX || o->handshake_ms > LIMIT_MAX ||
        o->registration_ms > LIMIT_MAX || o->forward_ms > LIMIT_MAX)
        return bad(run, entry, LEWES_ERROR_ARGUMENT, "a time limit is above 300 seconds",
                   "Give a smaller one");
    if (o->overall_ms)
        run->limit = run->start + o->overall_ms;
    return true;
}

/* An exit is named to the entry by its address (registration.md 6). */
static bool take_exit_address(struct run *run, struct hop *hop)
{
    struct lewes_endpoint *address = &hop->forwarding.address;
    uint8_t *bytes = address->ip.bytes;
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    *address = (struct lewes_endpoint){.port = hop->options->port ? hop->options->port
                                                                  : LEWES_CONTROL_PORT};
    if (inet_pton(AF_INET, hop->options->host, bytes) == 1) {
        address->ip.family = 4;
        return true;
    }
    if (inet_pton(AF_INET6, hop->options->host, bytes) != 1)
        return bad(run, hop, LEWES_ERROR_ARGUMENT, "the exit's host is not an IP address",
                   "Look the name up, and give the address that the entry knows it by");
    address->ip.family = 6;
    if (memcmp(bytes, mapped, sizeof mapped) == 0) { /* it means IPv4 (R19) */
        memmove(bytes, bytes + sizeof mapped, 4);
        memset(bytes + 4, 0, sizeof address->ip.bytes - 4);
        address->ip.family = 4;
    }
    return true;
}

/* In mixnet mode the field is meaningless, and a fresh key tells nothing (registration.md 3). */
static enum lewes_error take_wg_key(struct run *run, struct hop *hop)
{
    struct lewes_wg_private fresh;
    enum lewes_error error = LEWES_OK;
    if (run->options->mode == LEWES_MODE_DVPN) {
        lewes_wg_public(&hop->wg_key, &hop->options->wg_key);
        return lewes_wg_check(&hop->wg_key);
    }
    error = lewes_wg_generate(&fresh, &run->env);
    if (!error)
        lewes_wg_public(&hop->wg_key, &fresh);
    lewes_wipe(&fresh, sizeof fresh);
    return error;
}

static bool take_suites(struct run *run, struct hop *hop)
{
    switch (suites_choose(&hop->suites, run->options, hop->options, run_unix_ms(run) / 1000)) {
    case SUITES_OK:
        return true;
    case SUITES_NOT_OFFERED:
        return bad(run, hop, LEWES_ERROR_SUITE,
                   "the gateway's description does not name the key exchange that was chosen",
                   "Choose another, or get its present description");
    case SUITES_NO_PQ:
        return bad(run, hop, LEWES_ERROR_SUITE,
                   "a post-quantum key exchange is required, and none is known of the gateway",
                   "Get the gateway's description, or do without");
    case SUITES_EXPIRED:
        break;
    }
    return bad(run, hop, LEWES_ERROR_CLOCK, "the gateway's description has expired",
               "Get its present one, and check this machine's clock");
}

static bool take_hop(struct run *run, struct hop *hop)
{
    const struct lewes_hop_options *options = hop->options;
    if (!options->host || !options->host[0])
        return bad(run, hop, LEWES_ERROR_ARGUMENT, "no host was given", "Give one");
    if (lewes_ed25519_check(&options->gateway))
        return bad(run, hop, LEWES_ERROR_KEY, "the gateway's identity is not a valid Ed25519 key",
                   "Copy it again from the gateway's operator");
    if (hop->outer && !take_exit_address(run, hop))
        return false;
    const struct lewes_description *described = options->description;
    if (described && memcmp(&described->identity, &options->gateway, LEWES_KEY_LEN) != 0)
        return bad(run, hop, LEWES_ERROR_ARGUMENT, "the description is of another gateway",
                   "Get the one of this gateway");
    if (described && !(described->modes & (1u << run->options->mode)))
        return bad(run, hop, LEWES_ERROR_ARGUMENT,
                   "the gateway's description does not offer this mode",
                   "Choose another gateway, or another mode");
    enum lewes_error error = take_wg_key(run, hop);
    if (error == LEWES_ERROR_KEY)
        return bad(run, hop, error, "the WireGuard key is not usable", "Make a new one");
    if (!error)
        error = lewes_identity_new(&hop->identity, &run->env, &options->identity);
    if (error)
        return fail_session(run, hop, error);
    return take_suites(run, hop);
}

/* What is the same for both would link them, or make a loop (registration.md 7, 8). */
static bool compare_hops(struct run *run, struct hop *entry, struct hop *exit)
{
    const struct lewes_hop_options *a = entry->options, *b = exit->options;
    if (memcmp(&a->gateway, &b->gateway, sizeof a->gateway) == 0)
        return bad(run, exit, LEWES_ERROR_ARGUMENT, "entry and exit are the same gateway",
                   "Choose two");
    if (memcmp(&entry->wg_key, &exit->wg_key, sizeof entry->wg_key) == 0)
        return bad(run, exit, LEWES_ERROR_ARGUMENT, "both hops have the same WireGuard key",
                   "Make another one for the exit");
    if (memcmp(lewes_identity_public(entry->identity), lewes_identity_public(exit->identity),
               LEWES_KEY_LEN) == 0)
        return bad(run, exit, LEWES_ERROR_ARGUMENT, "both hops have the same identity",
                   "Make another one for the exit");
    return true;
}

/* registration.md 7, step 2; of two descriptions the entry's is believed first. */
static void take_clock(struct run *run, const struct hop *exit)
{
    uint64_t now = run_unix_ms(run) / 1000;
    int64_t offset = suites_clock_offset(&run->options->entry, now);
    if (offset == 0 && exit)
        offset = suites_clock_offset(exit->options, now);
    run->clock_offset = run->result->clock_offset = offset;
}

/* Whoever is nearer knows better. */
static void correct_clock(struct run *run)
{
    uint64_t now = run_unix_ms(run) / 1000;
    for (size_t i = 0; i < LEWES_HOPS && run->clock_offset == 0; i++)
        if (run->hops[i].options)
            run->clock_offset = suites_clock_offset(run->hops[i].options, now);
    run->result->clock_offset = run->clock_offset;
}

bool settings_take(struct run *run)
{
    struct hop *entry = &run->hops[LEWES_HOP_ENTRY], *exit = run_exit(run);
    const struct lewes_ticket_source *tickets = &run->options->tickets;
    if (!tickets->reserve || !tickets->pay || !tickets->settle)
        return bad(run, entry, LEWES_ERROR_ARGUMENT, "no ticket source was given", "Give one");
    if (exit && run->options->mode == LEWES_MODE_MIXNET)
        return bad(run, exit, LEWES_ERROR_ARGUMENT, "mixnet mode has one hop only",
                   "Leave the exit out");
    take_clock(run, exit);
    correct_clock(run);
    return take_times(run) && take_hop(run, entry) &&
           (!exit || (take_hop(run, exit) && compare_hops(run, entry, exit)));
}
