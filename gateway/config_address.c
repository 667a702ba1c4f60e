/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "host/words.h"

bool config_parse_ip(const char *text, struct lewes_ip *out)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct lewes_ip ip = {.family = 4};
    if (inet_pton(AF_INET, text, ip.bytes) != 1) {
        ip.family = 6;
        if (inet_pton(AF_INET6, text, ip.bytes) != 1)
            return false;
        if (memcmp(ip.bytes, mapped, sizeof mapped) == 0) {
            ip.family = 4;
            memcpy(ip.bytes, ip.bytes + 12, 4);
            memset(ip.bytes + 4, 0, 12);
        }
    }
    *out = ip;
    return true;
}

/* Copies the `len` characters of an address; false if they cannot be one. */
static bool parse_part(const char *text, size_t len, struct lewes_ip *ip)
{
    char part[INET6_ADDRSTRLEN];
    if (len >= sizeof part)
        return false;
    memcpy(part, text, len);
    part[len] = '\0';
    return config_parse_ip(part, ip);
}

bool config_parse_endpoint(const char *text, struct lewes_endpoint *endpoint)
{
    struct lewes_ip ip;
    uint64_t port;
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[';
    if (!colon || !number_read(&port, colon + 1, UINT16_MAX))
        return false;
    size_t len = (size_t)(colon - text);
    if (bracketed && (len < 2 || text[len - 1] != ']'))
        return false;
    if (!parse_part(text + bracketed, len - 2 * (size_t)bracketed, &ip))
        return false;
    /* Unbracketed IPv6 has colons of its own: which is the port's cannot be told. */
    if (bracketed != (memchr(text, ':', len) != NULL))
        return false;
    endpoint->ip = ip;
    endpoint->port = (uint16_t)port;
    return true;
}

bool config_parse_network(const char *text, struct settings_network *network)
{
    struct lewes_ip ip;
    uint64_t prefix;
    const char *slash = strchr(text, '/');
    if (!slash || !parse_part(text, (size_t)(slash - text), &ip) ||
        !number_read(&prefix, slash + 1, ip.family == 4 ? 32 : 128))
        return false;
    network->ip = ip;
    network->prefix = (uint8_t)prefix;
    return true;
}

void config_format_ip(const struct lewes_ip *ip, char out[CONFIG_ADDRESS_TEXT])
{
    if (!inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, out, CONFIG_ADDRESS_TEXT))
        snprintf(out, CONFIG_ADDRESS_TEXT, "?");
}

void config_format_endpoint(const struct lewes_endpoint *endpoint, char out[CONFIG_ADDRESS_TEXT])
{
    char ip[CONFIG_ADDRESS_TEXT];
    config_format_ip(&endpoint->ip, ip);
    snprintf(out, CONFIG_ADDRESS_TEXT, endpoint->ip.family == 4 ? "%.46s:%u" : "[%.46s]:%u", ip,
             (unsigned)endpoint->port);
}

void config_format_network(const struct settings_network *network, char out[CONFIG_ADDRESS_TEXT])
{
    char ip[CONFIG_ADDRESS_TEXT];
    config_format_ip(&network->ip, ip);
    snprintf(out, CONFIG_ADDRESS_TEXT, "%.46s/%u", ip, (unsigned)network->prefix);
}
