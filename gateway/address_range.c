/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/address_range.h"

#include <string.h>

struct range {
    uint8_t start[16];
    uint8_t prefix; /* bits */
};

static const struct range ranges4[] = {
    {{0}, 8},             /* unspecified, RFC 1122 */
    {{10}, 8},            /* private, RFC 1918 */
    {{100, 64}, 10},      /* shared, RFC 6598 */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local */
    {{172, 16}, 12},      /* private */
    {{192, 0, 2}, 24},    /* documentation, RFC 5737 */
    {{192, 168}, 16},     /* private */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, and broadcast */
};

static const struct range ranges6[] = {
    {{0}, 96},                      /* unspecified, loopback, and IPv4-compatible, RFC 4291 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation, RFC 3849 */
    {{0x3f, 0xff}, 20},             /* documentation, RFC 9637 */
    {{0xfc}, 7},                    /* unique-local, RFC 4193 */
    {{0xfe, 0x80}, 10},             /* link-local */
    {{0xfe, 0xc0}, 10},             /* site-local, deprecated by RFC 3879 */
    {{0xff}, 8},                    /* multicast */
};

static bool within(const uint8_t *address, const struct range *range)
{
    unsigned whole = range->prefix / 8;
    unsigned mask = 0xff00U >> (range->prefix % 8) & 0xffU;
    return memcmp(address, range->start, whole) == 0 &&
           (mask == 0 || (address[whole] & mask) == range->start[whole]);
}

static bool within_any(const uint8_t *address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (within(address, &ranges[i]))
            return true;
    return false;
}

bool address_is_public(const struct lewes_ip *ip)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const uint8_t *four = NULL;
    if (ip->family == 4)
        four = ip->bytes;
    else if (memcmp(ip->bytes, mapped, sizeof mapped) == 0)
        four = ip->bytes + sizeof mapped;
    if (four != NULL)
        return !within_any(four, ranges4, sizeof ranges4 / sizeof ranges4[0]);
    return !within_any(ip->bytes, ranges6, sizeof ranges6 / sizeof ranges6[0]);
}
