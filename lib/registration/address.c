/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/registration/address.h"

#include <string.h>

#define GROUPS 8            /* of 16 bits in an IPv6 address */
#define NO_GAP (GROUPS + 1) /* no :: seen; a gap may stand behind the last group, too */

struct text {
    const char *at, *end;
};

static bool take(struct text *t, char c)
{
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

/* A decimal number without sign or leading zeros, at most `max`. */
static bool take_decimal(struct text *t, unsigned max, unsigned *value)
{
    const char *start = t->at;
    *value = 0;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9' && *value <= max)
        *value = *value * 10 + (unsigned)(*t->at++ - '0');
    return t->at > start && *value <= max && (t->at == start + 1 || *start != '0');
}

static bool take_ipv4(struct text *t, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        unsigned value;
        if ((i > 0 && !take(t, '.')) || !take_decimal(t, 255, &value))
            return false;
        out[i] = (uint8_t)value;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One to four hexadecimal digits. */
static bool take_group(struct text *t, uint8_t out[2])
{
    unsigned value = 0;
    int digits = 0;
    while (t->at < t->end && digits < 4 && hex_digit(*t->at) >= 0) {
        value = value << 4 | (unsigned)hex_digit(*t->at++);
        digits++;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return digits > 0;
}

/* The last four bytes may be written as IPv4: true if that is what stands here. */
static bool take_dotted_tail(struct text *t, uint8_t *out)
{
    struct text trial = *t;
    if (!take_ipv4(&trial, out))
        return false;
    *t = trial;
    return true;
}

/* Moves what stands behind the gap to the end of the address. */
static void fill_gap(uint8_t out[16], unsigned gap, unsigned count)
{
    size_t tail = 2 * (size_t)(count - gap);
    memmove(out + 16 - tail, out + 2 * (size_t)gap, tail);
    memset(out + 2 * (size_t)gap, 0, 16 - tail - 2 * (size_t)gap);
}

static bool take_ipv6(struct text *t, uint8_t out[16])
{
    unsigned count = 0, gap = NO_GAP;
    if (take(t, ':')) {
        if (!take(t, ':'))
            return false;
        gap = 0;
    }
    while (count < GROUPS && t->at < t->end && *t->at != ']') {
        if (count <= GROUPS - 2 && take_dotted_tail(t, out + 2 * (size_t)count)) {
            count += 2;
            break;
        }
        if (!take_group(t, out + 2 * (size_t)count))
            return false;
        count++;
        if (t->at == t->end || *t->at == ']')
            break;
        if (!take(t, ':') || (t->at < t->end && *t->at == ']'))
            return false;
        if (take(t, ':')) {
            if (gap != NO_GAP)
                return false;
            gap = count;
        }
    }
    if (gap == NO_GAP)
        return count == GROUPS;
    if (count > GROUPS - 1)
        return false;
    fill_gap(out, gap, count);
    return true;
}

/* An IPv4 address in the clothes of IPv6 means the IPv4 address. */
static void unmap(struct lewes_ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(ip->bytes, mapped, sizeof mapped) != 0)
        return;
    ip->family = 4;
    memmove(ip->bytes, ip->bytes + 12, 4);
    memset(ip->bytes + 4, 0, 12);
}

bool lewesi_address_read(struct lewes_endpoint *endpoint, const char *text, size_t len)
{
    struct text t = {text, text + len};
    struct lewes_ip *ip = &endpoint->ip;
    unsigned port;
    memset(endpoint, 0, sizeof *endpoint);
    if (take(&t, '[')) {
        ip->family = 6;
        if (!take_ipv6(&t, ip->bytes) || !take(&t, ']'))
            return false;
        unmap(ip);
    } else {
        ip->family = 4;
        if (!take_ipv4(&t, ip->bytes))
            return false;
    }
    if (!take(&t, ':') || !take_decimal(&t, UINT16_MAX, &port) || port == 0)
        return false;
    endpoint->port = (uint16_t)port;
    return t.at == t.end;
}

static size_t put_decimal(char *out, unsigned value)
{
    char digits[10];
    size_t n = 0, len = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0)
        out[len++] = digits[--n];
    return len;
}

static size_t put_group(char *out, unsigned value)
{
    size_t len = 0;
    for (int shift = 12; shift >= 0; shift -= 4)
        if (value >> shift || shift == 0)
            out[len++] = "0123456789abcdef"[value >> shift & 15];
    return len;
}

/* The longest run of at least two zero groups, the first of equals (RFC 5952). */
static unsigned find_run(const uint16_t groups[GROUPS], unsigned *length)
{
    unsigned best = NO_GAP;
    *length = 1;
    for (unsigned i = 0; i < GROUPS; i++) {
        unsigned n = 0;
        while (i + n < GROUPS && groups[i + n] == 0)
            n++;
        if (n > *length) {
            best = i;
            *length = n;
        }
    }
    return best;
}

static size_t put_ipv6(char *out, const uint8_t bytes[16])
{
    uint16_t groups[GROUPS];
    unsigned run_length;
    size_t len = 0;
    for (size_t i = 0; i < GROUPS; i++)
        groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    unsigned run = find_run(groups, &run_length);
    for (unsigned i = 0; i < GROUPS; i++) {
        if (i == run) {
            out[len++] = ':';
            i += run_length - 1;
            if (i == GROUPS - 1)
                out[len++] = ':';
            continue;
        }
        if (i > 0)
            out[len++] = ':';
        len += put_group(out + len, groups[i]);
    }
    return len;
}

static size_t put_ipv4(char *out, const uint8_t bytes[4])
{
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            out[len++] = '.';
        len += put_decimal(out + len, bytes[i]);
    }
    return len;
}

size_t lewesi_address_write(char out[LEWESI_ADDRESS_CAP], const struct lewes_endpoint *endpoint)
{
    size_t len = 0;
    if (endpoint->ip.family == 6) {
        out[len++] = '[';
        len += put_ipv6(out + len, endpoint->ip.bytes);
        out[len++] = ']';
    } else {
        len += put_ipv4(out, endpoint->ip.bytes);
    }
    out[len++] = ':';
    return len + put_decimal(out + len, endpoint->port);
}
