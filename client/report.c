/* SPDX-License-Identifier: Apache-2.0 */
#include "client/report.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define ENDPOINT_CAP (INET6_ADDRSTRLEN + 10)

static const char *const step_names[] = {"connect", "handshake", "pay", "register", "done"};
static const char *const step_texts[] = {
    "connecting to the gateway", "shaking hands", "making the payment", "registering", "registered",
};
static const char *const class_names[] = {NULL, "before spend", "maybe spent", "rejected"};
static const char *const coin_names[] = {"not taken", "credited", "lost", "unknown"};

void report_step(void *user, enum lewes_hop hop, enum lewes_register_step step, uint64_t elapsed_ms)
{
    (void)user, (void)hop;
    fprintf(stderr, "%6" PRIu64 " ms  %s\n", elapsed_ms, step_texts[step]);
}

static const char *kem_name(enum lewes_kem kem)
{
    switch (kem) {
    case LEWES_KEM_XWING:
        return "xwing";
    case LEWES_KEM_MLKEM768:
        return "mlkem768";
    case LEWES_KEM_X25519:
        break;
    }
    return "x25519";
}

static void ip_text(char out[INET6_ADDRSTRLEN], int family, const uint8_t *bytes)
{
    inet_ntop(family == 6 ? AF_INET6 : AF_INET, bytes, out, INET6_ADDRSTRLEN);
}

static void endpoint_text(char out[ENDPOINT_CAP], const struct lewes_endpoint *endpoint)
{
    char ip[INET6_ADDRSTRLEN];
    ip_text(ip, endpoint->ip.family, endpoint->ip.bytes);
    snprintf(out, ENDPOINT_CAP, endpoint->ip.family == 6 ? "[%s]:%u" : "%s:%u", ip,
             (unsigned)endpoint->port);
}

static void report_tunnel(const struct register_arguments *arguments,
                          const struct lewes_register_result *result)
{
    char endpoint[ENDPOINT_CAP], ipv4[INET6_ADDRSTRLEN], ipv6[INET6_ADDRSTRLEN];
    endpoint_text(endpoint, &result->entry.tunnel.endpoint);
    ip_text(ipv4, 4, result->entry.tunnel.ipv4);
    ip_text(ipv6, 6, result->entry.tunnel.ipv6);
    fprintf(stderr,
            "tunnel     %s and %s, gateway at %s\n"
            "credit     %" PRId64 " bytes\n"
            "handshake  %s (%s)\n",
            ipv4, ipv6, endpoint, result->hops[LEWES_HOP_ENTRY].bandwidth,
            kem_name(result->hops[LEWES_HOP_ENTRY].kem),
            result->hops[LEWES_HOP_ENTRY].pq_handshake ? "post-quantum" : "not post-quantum");
    if (arguments->out)
        fprintf(stderr, "profile    %s (bring it up: wg-quick up %s)\n", arguments->out,
                arguments->out);
    if (!arguments->dns)
        fprintf(stderr, "warning    without --dns, names are resolved outside of the tunnel\n");
}

void report_text(const struct register_arguments *arguments,
                 const struct lewes_register_result *result)
{
    if (result->outcome == LEWES_REGISTER_OK)
        report_tunnel(arguments, result);
    else
        fprintf(stderr, "lewes register: %s\n", result->text);
}

static void add_tunnel(json_t *root, const struct lewes_register_result *result)
{
    char endpoint[ENDPOINT_CAP], ipv4[INET6_ADDRSTRLEN], ipv6[INET6_ADDRSTRLEN];
    char key[LEWES_BASE64_CAP];
    endpoint_text(endpoint, &result->entry.tunnel.endpoint);
    ip_text(ipv4, 4, result->entry.tunnel.ipv4);
    ip_text(ipv6, 6, result->entry.tunnel.ipv6);
    lewes_base64_encode(key, result->entry.tunnel.gateway_key.bytes);
    json_object_set_new(root, "gateway_key", json_string(key));
    json_object_set_new(root, "endpoint", json_string(endpoint));
    json_object_set_new(root, "ipv4", json_string(ipv4));
    json_object_set_new(root, "ipv6", json_string(ipv6));
    json_object_set_new(root, "bandwidth", json_integer(result->hops[LEWES_HOP_ENTRY].bandwidth));
    json_object_set_new(root, "time",
                        json_integer((json_int_t)result->hops[LEWES_HOP_ENTRY].unix_time));
    json_object_set_new(root, "kem", json_string(kem_name(result->hops[LEWES_HOP_ENTRY].kem)));
    json_object_set_new(root, "pq_handshake",
                        json_boolean(result->hops[LEWES_HOP_ENTRY].pq_handshake));
    json_object_set_new(root, "pq_tunnel", json_boolean(result->hops[LEWES_HOP_ENTRY].pq_tunnel));
}

static json_t *step_times(const struct lewes_register_result *result)
{
    json_t *times = json_object();
    for (int step = 0; step < (int)LEWES_STEP_DONE; step++)
        json_object_set_new(times, step_names[step],
                            json_integer((json_int_t)result->hops[LEWES_HOP_ENTRY].ms[step]));
    return times;
}

int report_json(const struct register_arguments *arguments,
                const struct lewes_register_result *result, const char *local_fault)
{
    bool good = result->outcome == LEWES_REGISTER_OK;
    bool rejected = result->outcome == LEWES_REGISTER_REJECTED;
    const char *class_name = class_names[result->outcome];
    char gateway[LEWES_BASE58_CAP];
    json_t *root = json_object();
    lewes_base58_encode(gateway, arguments->gateway.bytes);
    json_object_set_new(root, "success", json_boolean(good));
    json_object_set_new(root, "hop", json_string("entry"));
    json_object_set_new(root, "gateway", json_string(gateway));
    json_object_set_new(root, "step", json_string(step_names[result->step]));
    json_object_set_new(root, "class", class_name ? json_string(class_name) : json_null());
    json_object_set_new(root, "coin",
                        rejected ? json_string(coin_names[result->coin]) : json_null());
    json_object_set_new(root, "error", good ? json_null() : json_string(result->text));
    json_object_set_new(root, "local_error", local_fault ? json_string(local_fault) : json_null());
    json_object_set_new(root, "profile",
                        good && arguments->out && !local_fault ? json_string(arguments->out)
                                                               : json_null());
    json_object_set_new(root, "milliseconds", step_times(result));
    if (good)
        add_tunnel(root, result);
    int failed = json_dumpf(root, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(root);
    return failed || putchar('\n') == EOF || fflush(stdout) ? -1 : 0;
}
