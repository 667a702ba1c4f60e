/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/registration/codec.h"

#include <string.h>

#define ONE_BYTE_MAX 250 /* registration.md 1 */
#define MARK_U16 0xfb
#define MARK_U32 0xfc
#define MARK_U64 0xfd
#define FAMILY_V4 0 /* variant numbers of an IP address */
#define FAMILY_V6 1

static uint64_t read_be(struct lewesi_reader *r, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | lewesi_read_u8(r);
    return value;
}

uint64_t lewesi_read_varint(struct lewesi_reader *r, uint64_t max, enum lewesi_spelling spelling)
{
    uint8_t first = lewesi_read_u8(r);
    uint64_t value = first, least = 0;
    if (first == MARK_U16) {
        value = read_be(r, 2);
        least = ONE_BYTE_MAX + 1;
    } else if (first == MARK_U32) {
        value = read_be(r, 4);
        least = (uint64_t)UINT16_MAX + 1;
    } else if (first == MARK_U64) {
        value = read_be(r, 8);
        least = (uint64_t)UINT32_MAX + 1;
    } else if (first > ONE_BYTE_MAX) {
        r->failed = true;
    }
    if (value > max || (spelling == LEWESI_SHORTEST && value < least))
        r->failed = true;
    return r->failed ? 0 : value;
}

static void write_be(struct lewesi_writer *w, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0)
        lewesi_write_u8(w, (uint8_t)(value >> (8 * bytes)));
}

void lewesi_write_varint(struct lewesi_writer *w, uint64_t value)
{
    if (value <= ONE_BYTE_MAX) {
        lewesi_write_u8(w, (uint8_t)value);
    } else if (value <= UINT16_MAX) {
        lewesi_write_u8(w, MARK_U16);
        write_be(w, value, 2);
    } else if (value <= UINT32_MAX) {
        lewesi_write_u8(w, MARK_U32);
        write_be(w, value, 4);
    } else {
        lewesi_write_u8(w, MARK_U64);
        write_be(w, value, 8);
    }
}

enum lewes_error lewesi_write_finish(struct lewesi_writer *w, size_t *len)
{
    if (w->failed) {
        memset(w->data, 0, w->at);
        return LEWES_ERROR_SPACE;
    }
    *len = w->at;
    return LEWES_OK;
}

uint64_t lewesi_zigzag(int64_t value)
{
    uint64_t bits = (uint64_t)value << 1;
    return value < 0 ? ~bits : bits;
}

int64_t lewesi_unzigzag(uint64_t value)
{
    int64_t half = (int64_t)(value >> 1);
    return value & 1 ? -half - 1 : half;
}

bool lewesi_read_bool(struct lewesi_reader *r)
{
    uint8_t value = lewesi_read_u8(r);
    if (value > 1)
        r->failed = true;
    return value == 1;
}

void lewesi_read_ip(struct lewesi_reader *r, struct lewes_ip *ip)
{
    uint64_t variant = lewesi_read_varint(r, FAMILY_V6, LEWESI_SHORTEST);
    memset(ip, 0, sizeof *ip);
    ip->family = variant == FAMILY_V6 ? 6 : 4;
    lewesi_read_copy(r, ip->bytes, variant == FAMILY_V6 ? 16 : 4);
}

void lewesi_write_ip(struct lewesi_writer *w, const struct lewes_ip *ip)
{
    if (ip->family != 4 && ip->family != 6) {
        w->failed = true;
        return;
    }
    lewesi_write_varint(w, ip->family == 6 ? FAMILY_V6 : FAMILY_V4);
    lewesi_write_copy(w, ip->bytes, ip->family == 6 ? 16 : 4);
}

void lewesi_read_endpoint(struct lewesi_reader *r, struct lewes_endpoint *endpoint)
{
    lewesi_read_ip(r, &endpoint->ip);
    endpoint->port = (uint16_t)lewesi_read_varint(r, UINT16_MAX, LEWESI_ANY);
    if (endpoint->port == 0)
        r->failed = true;
}

void lewesi_write_endpoint(struct lewesi_writer *w, const struct lewes_endpoint *endpoint)
{
    lewesi_write_ip(w, &endpoint->ip);
    if (endpoint->port == 0)
        w->failed = true;
    lewesi_write_varint(w, endpoint->port);
}
