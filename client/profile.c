/* SPDX-License-Identifier: Apache-2.0 */
/* wg-quick profiles (registration.md R21). */
#include <arpa/inet.h>
#include <stdio.h>

#include <lewes/client.h>

#define MTU 1420       /* registration.md R21 */
#define MTU_INNER 1340 /* registration.md R21: 80 bytes less */
#define KEEPALIVE 25   /* seconds; registration.md R21 */
#define ENDPOINT_CAP (INET6_ADDRSTRLEN + 10)
/*
 * wg-quick sends everything that does not bear the mark of a default route's tunnel into it. With
 * two tunnels the packets of the outer one must bear the mark of the inner, or they would be sent
 * into it, too. Not wg-quick's own first choice (51820), which another tunnel may have.
 */
#define NESTED_MARK 0x4c50

struct profile {
    const struct lewes_tunnel *tunnel;
    const struct lewes_wg_private *wg_key;
    const struct lewes_profile_options *options;
    const char *allowed;
    unsigned mtu;
    bool nested;
};

static const char *ip_text(char out[INET6_ADDRSTRLEN], const struct lewes_ip *ip)
{
    return inet_ntop(ip->family == 6 ? AF_INET6 : AF_INET, ip->bytes, out, INET6_ADDRSTRLEN);
}

static void endpoint_text(char out[ENDPOINT_CAP], const struct lewes_endpoint *endpoint)
{
    char ip[INET6_ADDRSTRLEN];
    ip_text(ip, &endpoint->ip);
    snprintf(out, ENDPOINT_CAP, endpoint->ip.family == 6 ? "[%s]:%u" : "%s:%u", ip,
             (unsigned)endpoint->port);
}

static int write_interface(char *out, size_t cap, const struct profile *profile)
{
    const struct lewes_tunnel *tunnel = profile->tunnel;
    const struct lewes_profile_options *options = profile->options;
    char private_key[LEWES_BASE64_CAP], mark[32] = "";
    char ipv4[INET_ADDRSTRLEN], ipv6[INET6_ADDRSTRLEN];
    lewes_base64_encode(private_key, profile->wg_key->bytes);
    inet_ntop(AF_INET, tunnel->ipv4, ipv4, sizeof ipv4);
    inet_ntop(AF_INET6, tunnel->ipv6, ipv6, sizeof ipv6);
    if (profile->nested)
        snprintf(mark, sizeof mark, "FwMark = 0x%x\n", (unsigned)NESTED_MARK);
    int len = snprintf(out, cap,
                       "[Interface]\n"
                       "PrivateKey = %s\n"
                       "Address = %s/32, %s/128\n"
                       "MTU = %u\n"
                       "%s%s%s%s"
                       "\n",
                       private_key, ipv4, ipv6, options->mtu ? options->mtu : profile->mtu, mark,
                       options->dns ? "DNS = " : "", options->dns ? options->dns : "",
                       options->dns ? "\n" : "");
    lewes_wipe(private_key, sizeof private_key);
    return len;
}

static int write_peer(char *out, size_t cap, const struct profile *profile)
{
    char gateway_key[LEWES_BASE64_CAP], endpoint[ENDPOINT_CAP];
    lewes_base64_encode(gateway_key, profile->tunnel->gateway_key.bytes);
    endpoint_text(endpoint, &profile->tunnel->endpoint);
    return snprintf(out, cap,
                    "[Peer]\n"
                    "PublicKey = %s\n"
                    "Endpoint = %s\n"
                    "AllowedIPs = %s\n"
                    "PersistentKeepalive = %d\n",
                    gateway_key, endpoint, profile->allowed, KEEPALIVE);
}

static size_t write_profile(char *out, size_t cap, const struct profile *profile)
{
    int head = write_interface(out, cap, profile), tail = -1;
    if (head > 0 && (size_t)head < cap)
        tail = write_peer(out + head, cap - (size_t)head, profile);
    if (tail > 0 && (size_t)tail < cap - (size_t)head)
        return (size_t)head + (size_t)tail;
    lewes_wipe(out, cap);
    return 0;
}

size_t lewes_profile_write(char *out, size_t cap, const struct lewes_entry_tunnel *entry,
                           const struct lewes_wg_private *wg_key,
                           const struct lewes_profile_options *options)
{
    const struct profile profile = {
        .tunnel = &entry->tunnel,
        .wg_key = wg_key,
        .options = options,
        .allowed = "0.0.0.0/0, ::/0",
        .mtu = MTU,
    };
    return write_profile(out, cap, &profile);
}

size_t lewes_profile_write_entry(char *out, size_t cap, const struct lewes_entry_tunnel *entry,
                                 const struct lewes_exit_tunnel *exit,
                                 const struct lewes_wg_private *wg_key,
                                 const struct lewes_profile_options *options)
{
    const struct lewes_ip *ip = &exit->tunnel.endpoint.ip;
    char address[INET6_ADDRSTRLEN], allowed[INET6_ADDRSTRLEN + 5];
    const struct profile profile = {
        .tunnel = &entry->tunnel,
        .wg_key = wg_key,
        .options = options,
        .allowed = allowed,
        .mtu = MTU,
        .nested = true,
    };
    snprintf(allowed, sizeof allowed, "%s/%d", ip_text(address, ip), ip->family == 6 ? 128 : 32);
    return write_profile(out, cap, &profile);
}

size_t lewes_profile_write_exit(char *out, size_t cap, const struct lewes_exit_tunnel *exit,
                                const struct lewes_wg_private *wg_key,
                                const struct lewes_profile_options *options)
{
    const struct profile profile = {
        .tunnel = &exit->tunnel,
        .wg_key = wg_key,
        .options = options,
        .allowed = "0.0.0.0/0, ::/0",
        .mtu = MTU_INNER,
        .nested = true,
    };
    return write_profile(out, cap, &profile);
}
