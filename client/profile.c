/* SPDX-License-Identifier: Apache-2.0 */
/* The wg-quick profile (registration.md R21). */
#include <arpa/inet.h>
#include <stdio.h>

#include <lewes/client.h>

#define DEFAULT_MTU 1420 /* registration.md R21 */
#define KEEPALIVE 25     /* seconds; registration.md R21 */
#define ENDPOINT_CAP (INET6_ADDRSTRLEN + 10)

static void endpoint_text(char out[ENDPOINT_CAP], const struct lewes_endpoint *endpoint)
{
    char ip[INET6_ADDRSTRLEN];
    bool v6 = endpoint->ip.family == 6;
    inet_ntop(v6 ? AF_INET6 : AF_INET, endpoint->ip.bytes, ip, sizeof ip);
    snprintf(out, ENDPOINT_CAP, v6 ? "[%s]:%u" : "%s:%u", ip, (unsigned)endpoint->port);
}

size_t lewes_profile_write(char *out, size_t cap, const struct lewes_entry_tunnel *entry,
                           const struct lewes_wg_private *wg_key,
                           const struct lewes_profile_options *options)
{
    const struct lewes_tunnel *tunnel = &entry->tunnel;
    char private_key[LEWES_BASE64_CAP], gateway_key[LEWES_BASE64_CAP];
    char ipv4[INET_ADDRSTRLEN], ipv6[INET6_ADDRSTRLEN], endpoint[ENDPOINT_CAP];
    unsigned mtu = options->mtu ? options->mtu : DEFAULT_MTU;
    lewes_base64_encode(private_key, wg_key->bytes);
    lewes_base64_encode(gateway_key, tunnel->gateway_key.bytes);
    inet_ntop(AF_INET, tunnel->ipv4, ipv4, sizeof ipv4);
    inet_ntop(AF_INET6, tunnel->ipv6, ipv6, sizeof ipv6);
    endpoint_text(endpoint, &tunnel->endpoint);
    int len = snprintf(out, cap,
                       "[Interface]\n"
                       "PrivateKey = %s\n"
                       "Address = %s/32, %s/128\n"
                       "MTU = %u\n"
                       "%s%s%s"
                       "\n"
                       "[Peer]\n"
                       "PublicKey = %s\n"
                       "Endpoint = %s\n"
                       "AllowedIPs = 0.0.0.0/0, ::/0\n"
                       "PersistentKeepalive = %d\n",
                       private_key, ipv4, ipv6, mtu, options->dns ? "DNS = " : "",
                       options->dns ? options->dns : "", options->dns ? "\n" : "", gateway_key,
                       endpoint, KEEPALIVE);
    lewes_wipe(private_key, sizeof private_key);
    if (len > 0 && (size_t)len < cap)
        return (size_t)len;
    lewes_wipe(out, cap);
    return 0;
}
