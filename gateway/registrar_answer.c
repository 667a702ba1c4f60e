/* SPDX-License-Identifier: Apache-2.0 */
/* What the client is told. */
#include <string.h>

#include "gateway/registration.h"
#include "lib/base/secret.h"

static uint16_t tunnel_port(const struct settings *settings)
{
    return (uint16_t)(settings->wireguard.announce_port != 0 ? settings->wireguard.announce_port
                                                             : settings->wireguard.listen_port);
}

static const struct lewes_ip *announced(const struct settings *settings, bool of_family,
                                        uint8_t family)
{
    for (size_t i = 0; i < settings->listen.announce_address.count; i++) {
        const struct lewes_ip *ip = &settings->listen.announce_address.at[i];
        if ((ip->family == family) == of_family)
            return ip;
    }
    return NULL;
}

struct lewes_endpoint registration_endpoint(const struct settings *settings,
                                            const struct lewes_ip *local)
{
    const struct lewes_ip *ip = announced(settings, true, local->family);
    if (ip == NULL && !lewesi_is_zero(local->bytes, sizeof local->bytes))
        ip = local;
    if (ip == NULL)
        ip = announced(settings, false, local->family);
    return (struct lewes_endpoint){.ip = ip != NULL ? *ip : *local, .port = tunnel_port(settings)};
}

static bool encode(struct registration *r, const struct lewes_answer *answer)
{
    return lewes_answer_encode(answer, r->answer, sizeof r->answer, &r->answer_len) == LEWES_OK;
}

static bool present_mixnet(struct registration *r)
{
    const struct registrar_parts *parts = &r->registrar->parts;
    const struct lewes_answer answer = {
        .kind = LEWES_ANSWER_MIXNET,
        .bandwidth = r->lease.balance,
        .as.mixnet = {.gateway_identity = parts->identity, .sphinx_key = parts->sphinx_key},
    };
    return encode(r, &answer);
}

bool registration_present(struct registration *r)
{
    const struct registrar_parts *parts = &r->registrar->parts;
    struct lewes_answer answer = {.kind = LEWES_ANSWER_DVPN, .bandwidth = r->lease.balance};
    struct lewes_dvpn_answer *dvpn = &answer.as.dvpn;

    if (r->request.mode == LEWES_MODE_MIXNET)
        return present_mixnet(r);
    dvpn->gateway_key = parts->wg_key;
    dvpn->endpoint = registration_endpoint(parts->settings, &r->from.local);
    pool_addresses(parts->pool, r->lease.pair, dvpn->ipv4, dvpn->ipv6);
    return encode(r, &answer);
}

bool registration_again(struct registration *r)
{
    const struct settings *settings = r->registrar->parts.settings;
    int64_t window = (int64_t)(settings->registration.answer_window / 1000);
    struct lewes_answer answer;

    if (lewes_answer_decode(&answer, r->lease.answer, r->lease.answer_len, NULL) != LEWES_OK)
        return registration_present(r);
    if (r->claim.unix_seconds > r->lease.answered_at + window) {
        answer.bandwidth = r->lease.balance;
        return encode(r, &answer);
    }
    memcpy(r->answer, r->lease.answer, r->lease.answer_len);
    r->answer_len = r->lease.answer_len;
    return true;
}

bool registration_refusal(struct registration *r, enum lewes_refusal refusal)
{
    const char *text = lewes_refusal_text(refusal);
    struct lewes_answer answer = {.kind = LEWES_ANSWER_REFUSED, .as.refused = {text, strlen(text)}};
    return encode(r, &answer);
}
