/* SPDX-License-Identifier: Apache-2.0 */
/* What the client does with the answer (registration.md 10). */
#include <stdio.h>
#include <string.h>

#include "client/attempt.h"
#include "client/system.h"

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

static bool bad_gateway_key(const struct attempt *attempt, const struct lewes_wg_public *key)
{
    return lewes_wg_check(key) || memcmp(key, &attempt->request.wg_key, sizeof *key) == 0;
}

static bool unusable(struct attempt *attempt, const char *what)
{
    return attempt_fail(attempt, LEWES_ERROR_FORMAT,
                        "the gateway's answer is not usable (%s); the ticket was sent and may be "
                        "spent. Tell the gateway's operator",
                        what);
}

static const char *coin_text(enum lewes_coin coin)
{
    switch (coin) {
    case LEWES_COIN_NOT_TAKEN:
        return "the ticket was not taken";
    case LEWES_COIN_CREDITED:
        return "the ticket is credited to this WireGuard key: register again with the same key";
    case LEWES_COIN_LOST:
        return "the ticket had been spent before";
    case LEWES_COIN_UNKNOWN:
        break;
    }
    return "what became of the ticket is unknown";
}

/* Text of a stranger on its way to a terminal (registration.md R6). */
static void copy_printable(char *out, size_t cap, const char *text, size_t len)
{
    size_t n = len < cap - 1 ? len : cap - 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = c < 0x20 || c == 0x7f ? '?' : text[i];
    }
    out[n] = '\0';
}

static bool take_refusal(struct attempt *attempt, const struct lewes_refused_answer *refused)
{
    struct lewes_register_result *result = attempt->result;
    char text[256 + 1]; /* what a lewesd sends at most, registration.md 5.1 */
    copy_printable(text, sizeof text, refused->text, refused->len);
    result->outcome = LEWES_REGISTER_REJECTED;
    result->refusal = lewes_refusal_find(refused->text, refused->len);
    result->coin = lewes_refusal_coin(result->refusal);
    snprintf(result->text, sizeof result->text, "the gateway refused: %s; %s", text,
             coin_text(result->coin));
    return false;
}

/* The port is the answer's, the address the one that was reached (R19). */
static bool take_tunnel(struct attempt *attempt, const struct lewes_answer *answer)
{
    const struct lewes_dvpn_answer *dvpn = &answer->as.dvpn;
    struct lewes_register_result *result = attempt->result;
    struct lewes_hop_result *hop = &result->hops[LEWES_HOP_ENTRY];
    struct lewes_tunnel *tunnel = &result->entry.tunnel;
    if (bad_gateway_key(attempt, &dvpn->gateway_key))
        return unusable(attempt, "its WireGuard key is not a peer's key");
    if (bad_ipv4(dvpn->ipv4) || bad_ipv6(dvpn->ipv6))
        return unusable(attempt, "it holds an address that no tunnel can have");
    result->outcome = LEWES_REGISTER_OK;
    tunnel->gateway_key = dvpn->gateway_key;
    tunnel->endpoint.ip = attempt->channel.peer.ip;
    tunnel->endpoint.port = dvpn->endpoint.port;
    memcpy(tunnel->ipv4, dvpn->ipv4, sizeof tunnel->ipv4);
    memcpy(tunnel->ipv6, dvpn->ipv6, sizeof tunnel->ipv6);
    hop->registered = true;
    hop->bandwidth = answer->bandwidth;
    hop->unix_time = system_unix_ms() / 1000;
    hop->kem = lewes_session_kem(attempt->session);
    hop->pq_handshake = hop->kem != LEWES_KEM_X25519;
    snprintf(result->text, sizeof result->text, "registered");
    return true;
}

bool attempt_take_answer(struct attempt *attempt, const uint8_t *bytes, size_t len)
{
    struct lewes_answer answer;
    if (lewes_answer_decode(&answer, bytes, len, NULL))
        return unusable(attempt, "it is malformed");
    switch (answer.kind) {
    case LEWES_ANSWER_REFUSED:
        return take_refusal(attempt, &answer.as.refused);
    case LEWES_ANSWER_DVPN:
        return take_tunnel(attempt, &answer);
    case LEWES_ANSWER_MIXNET:
        break;
    }
    return unusable(attempt, "it is for the mixnet, not for a tunnel");
}
