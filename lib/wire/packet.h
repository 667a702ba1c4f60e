/* SPDX-License-Identifier: Apache-2.0 */
/* Packets: clear and outer-encrypted (protocol.md 3). */
#ifndef LEWESI_WIRE_PACKET_H
#define LEWESI_WIRE_PACKET_H

#include <lewes/base.h>

#include "lib/base/bytes.h"

#define LEWESI_OUTER_HEADER_LEN 12 /* protocol.md 3.1 */
#define LEWESI_INNER_HEADER_LEN 8  /* protocol.md 3.1 */
#define LEWESI_BODY_OFFSET 20      /* protocol.md 3.1 */
#define LEWESI_TRAILER_LEN 16      /* protocol.md 3.1 */
#define LEWESI_PACKET_FRAME 36     /* everything around a body */

/* protocol.md 3.2 */
enum lewesi_type {
    LEWESI_BUSY = 0,
    LEWESI_HANDSHAKE = 1,
    LEWESI_DATA = 2,
    LEWESI_HELLO = 3,
    LEWESI_KKT_REQUEST = 4,
    LEWESI_KKT_RESPONSE = 5,
    LEWESI_COLLISION = 7,
    LEWESI_ACK = 8,
    LEWESI_SUBSESSION_REQUEST = 9,
    LEWESI_SUBSESSION_KK1 = 10,
    LEWESI_SUBSESSION_KK2 = 11,
    LEWESI_SUBSESSION_READY = 12,
    LEWESI_SUBSESSION_ABORT = 13
};
#define LEWESI_TYPES 14

struct lewesi_outer_key { /* of both directions, protocol.md 3.3 */
    uint8_t bytes[32];
};

struct lewesi_packet {
    uint32_t index;
    uint64_t counter;
    enum lewesi_type type;
    struct lewesi_span body; /* in the packet's buffer */
};

/* Reads index and counter, which are always clear. LEWES_ERROR_LENGTH: outside of 36..65536. */
LEWES_MUST_USE enum lewes_error lewesi_packet_peek(const uint8_t *bytes, size_t len,
                                                   uint32_t *index, uint64_t *counter);

/* Parses a clear packet; version, reserved and trailer are ignored (P7). Errors LENGTH, TYPE,
 * and LENGTH or FORMAT for a body that breaks the size rule of its type; `packet` untouched. */
LEWES_MUST_USE enum lewes_error lewesi_packet_parse(struct lewesi_packet *packet,
                                                    const uint8_t *bytes, size_t len);

/* Opens in place and verifies the outer layer only: AUTH or LENGTH. Then parse with
 * lewesi_packet_parse on the same bytes. */
LEWES_MUST_USE enum lewes_error lewesi_packet_open(uint8_t *bytes, size_t len,
                                                   const struct lewesi_outer_key *key);

/* Writes headers and zero trailer around a body of `body_len` bytes that already stands at
 * LEWESI_BODY_OFFSET of `out`; total length is body_len + LEWESI_PACKET_FRAME. */
void lewesi_packet_write(uint8_t *out, uint32_t index, uint64_t counter, enum lewesi_type type,
                         size_t body_len);

/* The same, then encrypts in place. LEWES_ERROR_CRYPTO: `out` zeroed. */
LEWES_MUST_USE enum lewes_error lewesi_packet_seal(uint8_t *out, size_t body_len,
                                                   const struct lewesi_packet *header,
                                                   const struct lewesi_outer_key *key);

#endif
