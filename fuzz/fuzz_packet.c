/* SPDX-License-Identifier: Apache-2.0 */
/* Packets in clear and under a key that the fuzzer owns, frames, and bodies (protocol.md 2 to 4).
 */
#include <string.h>

#include <lewes/session.h>

#include "fuzz/fuzz.h"
#include "lib/wire/packet.h"

static const struct lewesi_outer_key key = {{1, 2, 3}};

static void parse(uint8_t *bytes, size_t len)
{
    struct lewesi_packet packet;
    struct lewes_hello hello;

    if (lewesi_packet_parse(&packet, bytes, len) == LEWES_OK) {
        PROMISE(packet.body.data >= bytes && packet.body.data + packet.body.len <= bytes + len);
        PROMISE((unsigned)packet.type < LEWESI_TYPES);
    }
    if (lewes_hello_check(&hello, bytes, len, 1768384800, UINT32_MAX) == LEWES_OK)
        PROMISE(len == LEWES_HELLO_PACKET_LEN);
}

/* The fuzzer's bytes as the inside of an authentic packet. */
static void seal_and_open(uint8_t *bytes, size_t len)
{
    const struct lewesi_packet header = {
        .index = 7, .counter = len, .type = (enum lewesi_type)(bytes[0] % LEWESI_TYPES)};
    const size_t body_len = len - LEWESI_PACKET_FRAME;

    PROMISE(lewesi_packet_seal(bytes, body_len, &header, &key) == LEWES_OK);
    PROMISE(lewesi_packet_open(bytes, len, &key) == LEWES_OK);
    parse(bytes, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[LEWES_PACKET_MAX];
    size_t len = 0;

    if (size >= LEWES_FRAME_PREFIX_LEN && lewes_frame_length(data, LEWES_PACKET_MAX, &len) == 0)
        PROMISE(len >= LEWES_PACKET_MIN && len <= LEWES_PACKET_MAX);
    if (size > sizeof bytes)
        return 0;
    if (size > 0)
        memcpy(bytes, data, size);
    parse(bytes, size);
    if (size > 0)
        memcpy(bytes, data, size);
    if (size >= LEWES_PACKET_MIN) {
        seal_and_open(bytes, size);
        memcpy(bytes, data, size);
        (void)!lewesi_packet_open(bytes, size, &key);
    }
    return 0;
}
