/* SPDX-License-Identifier: Apache-2.0 */
/* What the client does with the answer (registration.md 10). */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "client/run.h"

static bool all_zero(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum |= bytes[i];
    return sum == 0;
}

/* R20: an address that a tunnel cannot have. */
static bool bad_ipv4(const uint8_t ip[4])
{
    return all_zero(ip, 4) || ip[0] == 127 || (ip[0] >= 224 && ip[0] <= 239) ||
           (ip[0] & ip[1] & ip[2] & ip[3]) == 255;
}

static bool bad_ipv6(const uint8_t ip[16])
{
    bool loopback_or_none = all_zero(ip, 15) && ip[15] <= 1;
    bool mapped = all_zero(ip, 10) && ip[10] == 0xff && ip[11] == 0xff;
    return loopback_or_none || mapped || ip[0] == 0xff;
}

static bool same_key(const struct lewes_wg_public *a, const struct lewes_wg_public *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool bad_gateway_key(const struct run *run, const struct lewes_wg_public *key)
{
    bool ours = false;
    for (size_t i = 0; i < LEWES_HOPS; i++)
        ours |= run->hops[i].options && same_key(key, &run->hops[i].wg_key);
    return ours || lewes_wg_check(key);
}

static bool same_endpoint(const struct lewes_endpoint *a, const struct lewes_endpoint *b)
{
    return a->port == b->port && a->ip.family == b->ip.family &&
           memcmp(a->ip.bytes, b->ip.bytes, sizeof a->ip.bytes) == 0;
}

/* A mapped address means IPv4 (R19). */
static struct lewes_ip plain_ip(const struct lewes_ip *ip)
{
    struct lewes_ip plain = {.family = 4};
    if (ip->family != 6 || !all_zero(ip->bytes, 10) || ip->bytes[10] != 0xff ||
        ip->bytes[11] != 0xff)
        return *ip;
    memcpy(plain.bytes, ip->bytes + 12, 4);
    return plain;
}

/* R19: noted, if the gateway believes to be somewhere else. */
static void note_address(struct run *run, const struct hop *hop, const struct lewes_ip *answered,
                         const struct lewes_ip *reached)
{
    struct lewes_register_result *result = run->result;
    struct lewes_ip ip = plain_ip(answered);
    char text[INET6_ADDRSTRLEN];
    size_t len = strlen(result->text);
    if (all_zero(ip.bytes, sizeof ip.bytes) ||
        (ip.family == reached->family && memcmp(ip.bytes, reached->bytes, sizeof ip.bytes) == 0))
        return;
    inet_ntop(ip.family == 6 ? AF_INET6 : AF_INET, ip.bytes, text, sizeof text);
    snprintf(result->text + len, sizeof result->text - len,
             "%s%s named the address %s, which is ignored", len ? "; " : "", hop_name(run, hop),
             text);
}

/* The port is the answer's, the address the one that was reached (R19). */
static bool take_tunnel(struct run *run, struct hop *hop, const struct lewes_dvpn_answer *dvpn)
{
    struct lewes_register_result *result = run->result;
    const struct hop *other = &run->hops[hop->outer ? LEWES_HOP_ENTRY : LEWES_HOP_EXIT];
    const struct lewes_tunnel *theirs = hop->outer ? &result->entry.tunnel : &result->exit.tunnel;
    struct lewes_tunnel tunnel = {
        .gateway_key = dvpn->gateway_key,
        .endpoint = {.ip = hop->outer ? hop->forwarding.address.ip : run->channel.peer.ip,
                     .port = dvpn->endpoint.port},
    };
    memcpy(tunnel.ipv4, dvpn->ipv4, sizeof tunnel.ipv4);
    memcpy(tunnel.ipv6, dvpn->ipv6, sizeof tunnel.ipv6);
    if (bad_gateway_key(run, &tunnel.gateway_key))
        return fail_answer(run, hop, "its WireGuard key is not a peer's key");
    if (bad_ipv4(tunnel.ipv4) || bad_ipv6(tunnel.ipv6))
        return fail_answer(run, hop, "it holds an address that no tunnel can have");
    if (other->result->registered && same_key(&tunnel.gateway_key, &theirs->gateway_key))
        return fail_answer(run, hop, "entry and exit have the same WireGuard key");
    if (other->result->registered && same_endpoint(&tunnel.endpoint, &theirs->endpoint))
        return fail_answer(run, hop, "entry and exit have the same endpoint");
    note_address(run, hop, &dvpn->endpoint.ip, &tunnel.endpoint.ip);
    *(hop->outer ? &result->exit.tunnel : &result->entry.tunnel) = tunnel;
    return true;
}

bool answer_take(struct run *run, struct hop *hop, const uint8_t *bytes, size_t len)
{
    struct lewes_answer answer;
    bool mixnet = run->options->mode == LEWES_MODE_MIXNET;
    if (lewes_answer_decode(&answer, bytes, len, NULL))
        return fail_answer(run, hop, "it is malformed");
    switch (answer.kind) {
    case LEWES_ANSWER_REFUSED:
        return fail_refused(run, hop, &answer.as.refused);
    case LEWES_ANSWER_DVPN:
        if (mixnet)
            return fail_answer(run, hop, "it is for a tunnel, not for the mixnet");
        if (!take_tunnel(run, hop, &answer.as.dvpn))
            return false;
        break;
    case LEWES_ANSWER_MIXNET:
        if (!mixnet)
            return fail_answer(run, hop, "it is for the mixnet, not for a tunnel");
        run->result->mixnet = answer.as.mixnet;
        break;
    }
    hop->result->registered = true;
    hop->result->bandwidth = answer.bandwidth;
    hop->result->unix_time = run_unix_ms(run) / 1000;
    return true;
}
