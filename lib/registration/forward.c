/* SPDX-License-Identifier: Apache-2.0 */
/* Forward requests and their address text (registration.md 6). */
#include <string.h>

#include "lib/registration/address.h"
#include "lib/registration/codec.h"

#define ADDRESS_MIN 6 /* registration.md R6 */

enum field { WHOLE, TARGET, ADDRESS, PACKET };

enum lewes_error lewes_forward_encode(const struct lewes_forward *forward, uint8_t *out, size_t cap,
                                      size_t *len)
{
    char text[LEWESI_ADDRESS_CAP];
    struct lewesi_writer w;
    bool family = forward->address.ip.family == 4 || forward->address.ip.family == 6;
    if (!family || forward->address.port == 0 || forward->packet_len == 0 ||
        forward->packet_len > LEWES_FORWARD_INNER_MAX)
        return LEWES_ERROR_VALUE;
    size_t text_len = lewesi_address_write(text, &forward->address);
    lewesi_writer_init(&w, out, cap);
    lewesi_write_copy(&w, forward->target.bytes, LEWES_KEY_LEN);
    lewesi_write_varint(&w, text_len);
    lewesi_write_copy(&w, (const uint8_t *)text, text_len);
    lewesi_write_varint(&w, forward->packet_len);
    lewesi_write_copy(&w, forward->packet, forward->packet_len);
    return lewesi_write_finish(&w, len);
}

static void read_field(struct lewesi_reader *r, enum field field, struct lewes_forward *forward)
{
    size_t len;
    const uint8_t *text;
    switch (field) {
    case TARGET:
        lewesi_read_copy(r, forward->target.bytes, LEWES_KEY_LEN);
        break;
    case ADDRESS:
        len = (size_t)lewesi_read_varint(r, LEWESI_ADDRESS_MAX, LEWESI_SHORTEST);
        text = lewesi_read_bytes(r, len);
        if (!text || len < ADDRESS_MIN ||
            !lewesi_address_read(&forward->address, (const char *)text, len))
            r->failed = true;
        break;
    case PACKET:
        len = (size_t)lewesi_read_varint(r, LEWES_FORWARD_INNER_MAX, LEWESI_SHORTEST);
        forward->packet_len = len;
        forward->packet = lewesi_read_bytes(r, len);
        if (len == 0)
            r->failed = true;
        break;
    case WHOLE:
        break;
    }
}

enum lewes_error lewes_forward_decode(struct lewes_forward *forward, const uint8_t *bytes,
                                      size_t len, unsigned *field)
{
    struct lewes_forward decoded;
    struct lewesi_reader r;
    unsigned at = WHOLE;
    enum lewes_error error = LEWES_OK;
    memset(&decoded, 0, sizeof decoded);
    lewesi_reader_init(&r, bytes, len);
    while (!error && at < PACKET) {
        read_field(&r, (enum field)++ at, &decoded);
        if (r.failed)
            error = LEWES_ERROR_FORMAT;
    }
    if (!error && !lewesi_reader_done(&r)) {
        error = LEWES_ERROR_LENGTH;
        at = WHOLE;
    }
    if (error && field)
        *field = at;
    if (!error)
        *forward = decoded;
    return error;
}
