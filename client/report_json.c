/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>

#include "client/report.h"
#include "host/words.h"

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static void add_tunnel(json_t *object, const struct lewes_tunnel *tunnel)
{
    char endpoint[ENDPOINT_TEXT_CAP], ipv4[INET6_ADDRSTRLEN], ipv6[INET6_ADDRSTRLEN];
    char key[LEWES_BASE64_CAP];
    report_endpoint(endpoint, &tunnel->endpoint);
    report_ip(ipv4, 4, tunnel->ipv4);
    report_ip(ipv6, 6, tunnel->ipv6);
    lewes_base64_encode(key, tunnel->gateway_key.bytes);
    json_object_set_new(object, "gateway_key", json_string(key));
    json_object_set_new(object, "endpoint", json_string(endpoint));
    json_object_set_new(object, "ipv4", json_string(ipv4));
    json_object_set_new(object, "ipv6", json_string(ipv6));
}

static void add_mixnet(json_t *object, const struct lewes_mixnet_answer *mixnet)
{
    char identity[LEWES_BASE58_CAP], key[LEWES_BASE58_CAP];
    lewes_base58_encode(identity, mixnet->gateway_identity.bytes);
    lewes_base58_encode(key, mixnet->sphinx_key.bytes);
    json_object_set_new(object, "mixnet_identity", json_string(identity));
    json_object_set_new(object, "sphinx_key", json_string(key));
}

static json_t *step_times(const struct lewes_hop_result *hop)
{
    json_t *times = json_object();
    for (int step = 0; step < (int)LEWES_STEP_DONE; step++)
        json_object_set_new(times, report_step_name((enum lewes_register_step)step),
                            json_integer((json_int_t)hop->ms[step]));
    return times;
}

static void add_handshake(json_t *object, const struct lewes_hop_result *hop)
{
    json_object_set_new(object, "kem",
                        text_or_null(hop->handshaken ? lewes_kem_name(hop->kem) : NULL));
    json_object_set_new(object, "pq_handshake", json_boolean(hop->pq_handshake));
    json_object_set_new(object, "key_pinned", json_boolean(hop->digest_pinned));
    json_object_set_new(object, "early", json_boolean(hop->early));
    json_object_set_new(object, "round_trips", json_integer(hop->round_trips));
    json_object_set_new(object, "milliseconds", step_times(hop));
}

static void add_registration(json_t *object, const struct register_arguments *arguments,
                             const struct lewes_register_result *result, enum lewes_hop which)
{
    const struct lewes_hop_result *hop = &result->hops[which];
    char serial[2 * LEWES_SERIAL_LEN + 1];
    json_object_set_new(object, "known", json_boolean(hop->known));
    json_object_set_new(object, "repeated", json_boolean(hop->repeated));
    json_object_set_new(object, "bandwidth", json_integer(hop->bandwidth));
    json_object_set_new(object, "time", json_integer((json_int_t)hop->unix_time));
    json_object_set_new(object, "pq_tunnel", json_boolean(hop->pq_tunnel));
    hex_write(serial, hop->serial, sizeof hop->serial);
    json_object_set_new(object, "serial", json_string(serial));
    if (arguments->mode == LEWES_MODE_MIXNET)
        add_mixnet(object, &result->mixnet);
    else
        add_tunnel(object, report_tunnel_of(result, which));
}

/* Everything about one hop: the whole object of a single one, or a part of it. */
static void add_hop(json_t *object, const struct register_arguments *arguments,
                    const struct lewes_register_result *result, enum lewes_hop which, bool profile)
{
    char gateway[LEWES_BASE58_CAP];
    lewes_base58_encode(gateway, arguments->hops[which].gateway.bytes);
    json_object_set_new(object, "gateway", json_string(gateway));
    json_object_set_new(object, "profile",
                        text_or_null(profile ? arguments->hops[which].out : NULL));
    add_handshake(object, &result->hops[which]);
    if (result->hops[which].registered)
        add_registration(object, arguments, result, which);
}

int report_json(const struct register_arguments *arguments,
                const struct lewes_register_result *result, const char *local_fault)
{
    bool good = result->outcome == LEWES_REGISTER_OK;
    bool rejected = result->outcome == LEWES_REGISTER_REJECTED;
    bool profile = good && !local_fault;
    json_t *root = json_object();
    json_object_set_new(root, "success", json_boolean(good));
    json_object_set_new(root, "hop", json_string(report_hop_name(result->hop)));
    json_object_set_new(root, "step", json_string(report_step_name(result->step)));
    json_object_set_new(root, "class", text_or_null(report_class_name(result->outcome)));
    json_object_set_new(root, "coin",
                        text_or_null(rejected ? report_coin_name(result->coin) : NULL));
    json_object_set_new(root, "error", text_or_null(good ? NULL : result->text));
    json_object_set_new(root, "local_error", text_or_null(local_fault));
    json_object_set_new(root, "fell_back", json_boolean(result->fell_back));
    json_object_set_new(root, "attempts", json_integer(result->attempts));
    json_object_set_new(root, "clock_offset", json_integer(result->clock_offset));
    if (arguments->two_hops) {
        for (int hop = 0; hop < LEWES_HOPS; hop++) {
            json_t *object = json_object();
            add_hop(object, arguments, result, (enum lewes_hop)hop, profile);
            json_object_set_new(root, report_hop_name((enum lewes_hop)hop), object);
        }
    } else {
        add_hop(root, arguments, result, LEWES_HOP_ENTRY, profile);
    }
    int failed = json_dumpf(root, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(root);
    return failed || putchar('\n') == EOF || fflush(stdout) ? -1 : 0;
}
