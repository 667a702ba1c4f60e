/* SPDX-License-Identifier: Apache-2.0 */
#include "client/report.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- words ---- */

const char *report_class_name(enum lewes_register_class outcome)
{
    static const char *const names[] = {NULL, "before spend", "maybe spent", "rejected"};
    return names[outcome];
}

const char *report_hop_name(enum lewes_hop hop)
{
    return hop == LEWES_HOP_ENTRY ? "entry" : "exit";
}

const char *report_step_name(enum lewes_register_step step)
{
    static const char *const names[] = {"connect", "handshake", "pay", "register", "done"};
    return names[step];
}

const char *report_coin_name(enum lewes_coin coin)
{
    static const char *const names[] = {"not taken", "credited", "lost", "unknown"};
    return names[coin];
}

const struct lewes_tunnel *report_tunnel_of(const struct lewes_register_result *result,
                                            enum lewes_hop hop)
{
    return hop == LEWES_HOP_ENTRY ? &result->entry.tunnel : &result->exit.tunnel;
}

void report_ip(char out[INET6_ADDRSTRLEN], int family, const uint8_t *bytes)
{
    inet_ntop(family == 6 ? AF_INET6 : AF_INET, bytes, out, INET6_ADDRSTRLEN);
}

void report_endpoint(char out[ENDPOINT_TEXT_CAP], const struct lewes_endpoint *endpoint)
{
    char ip[INET6_ADDRSTRLEN];
    report_ip(ip, endpoint->ip.family, endpoint->ip.bytes);
    snprintf(out, ENDPOINT_TEXT_CAP, endpoint->ip.family == 6 ? "[%s]:%u" : "%s:%u", ip,
             (unsigned)endpoint->port);
}

void report_step(void *user, enum lewes_hop hop, enum lewes_register_step step, uint64_t elapsed_ms)
{
    static const char *const texts[] = {"connecting", "shaking hands", "making the payment",
                                        "registering", "registered"};
    const struct register_arguments *arguments = user;
    fprintf(stderr, "%6" PRIu64 " ms  %s%s%s\n", elapsed_ms,
            arguments->two_hops ? report_hop_name(hop) : "", arguments->two_hops ? ": " : "",
            texts[step]);
}

/* ---- a summary ---- */

/* "exit tunnel", or "tunnel" if there is only one. */
static void put_label(const struct register_arguments *arguments, enum lewes_hop hop,
                      const char *what)
{
    char label[32];
    snprintf(label, sizeof label, "%s%s%s", arguments->two_hops ? report_hop_name(hop) : "",
             arguments->two_hops ? " " : "", what);
    fprintf(stderr, arguments->two_hops ? "%-15s  " : "%-9s  ", label);
}

static void put_handshake(const struct lewes_hop_result *hop)
{
    fprintf(stderr, "%s, %s, %s, %u round trip%s\n", lewes_kem_name(hop->kem),
            hop->pq_handshake ? "post-quantum" : "not post-quantum",
            hop->digest_pinned ? "key pinned" : "key not pinned", hop->round_trips,
            hop->round_trips == 1 ? "" : "s");
}

static void put_known(const struct lewes_hop_result *hop)
{
    char when[32] = "";
    time_t seconds = (time_t)hop->unix_time;
    struct tm utc;
    if (gmtime_r(&seconds, &utc))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &utc);
    fprintf(stderr, "from the journal of %s; nothing was sent (--top-up registers all the same)\n",
            when);
}

static void put_hop(const struct register_arguments *arguments,
                    const struct lewes_register_result *result, enum lewes_hop which)
{
    const struct lewes_tunnel *tunnel = report_tunnel_of(result, which);
    const struct lewes_hop_result *hop = &result->hops[which];
    char endpoint[ENDPOINT_TEXT_CAP], ipv4[INET6_ADDRSTRLEN], ipv6[INET6_ADDRSTRLEN];
    if (arguments->mode == LEWES_MODE_DVPN) {
        report_endpoint(endpoint, &tunnel->endpoint);
        report_ip(ipv4, 4, tunnel->ipv4);
        report_ip(ipv6, 6, tunnel->ipv6);
        put_label(arguments, which, "tunnel");
        fprintf(stderr, "%s and %s, gateway at %s\n", ipv4, ipv6, endpoint);
    }
    put_label(arguments, which, "credit");
    fprintf(stderr, "%" PRId64 " bytes\n", hop->bandwidth);
    if (hop->known) {
        put_label(arguments, which, "known");
        put_known(hop);
    }
    if (hop->handshaken) {
        put_label(arguments, which, "handshake");
        put_handshake(hop);
    }
}

static void put_profiles(const struct register_arguments *arguments)
{
    for (int hop = 0; hop < LEWES_HOPS; hop++) {
        const char *out = arguments->hops[hop].out;
        if (!out)
            continue;
        put_label(arguments, (enum lewes_hop)hop, "profile");
        fprintf(stderr, "%s (%s: wg-quick up %s)\n", out,
                hop == LEWES_HOP_EXIT ? "then" : "bring it up", out);
    }
}

static void put_warnings(const struct register_arguments *arguments,
                         const struct lewes_register_result *result)
{
    const char *note = strstr(result->text, "; "); /* what follows "registered" */
    if (result->clock_offset)
        fprintf(stderr,
                "warning    this machine's clock is %" PRId64 " seconds %s the gateway's, whose "
                "time was used\n",
                result->clock_offset < 0 ? -result->clock_offset : result->clock_offset,
                result->clock_offset < 0 ? "ahead of" : "behind");
    if (note)
        fprintf(stderr, "note       %s\n", note + 2);
    if (!arguments->dns && arguments->mode == LEWES_MODE_DVPN)
        fprintf(stderr, "warning    without --dns, names are resolved outside of the tunnel\n");
}

void report_text(const struct register_arguments *arguments,
                 const struct lewes_register_result *result)
{
    if (result->outcome != LEWES_REGISTER_OK) {
        if (result->fell_back)
            fprintf(stderr, "the fallback worked\n");
        else if (!arguments->fallback)
            fprintf(stderr, "lewes register: %s\n", result->text);
        else
            fprintf(stderr, "lewes register: %s; there was no fallback, or it failed\n",
                    result->text);
        return;
    }
    for (int hop = 0; hop < LEWES_HOPS; hop++)
        if (result->hops[hop].registered)
            put_hop(arguments, result, (enum lewes_hop)hop);
    put_profiles(arguments);
    put_warnings(arguments, result);
}
