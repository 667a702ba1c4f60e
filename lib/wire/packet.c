/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/wire/packet.h"

#include <string.h>

#include <lewes/session.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/wire/subsession.h"

#define COUNTER_OFFSET 4  /* protocol.md 3.1 */
#define VERSION_OFFSET 12 /* protocol.md 3.1 */
#define TYPE_OFFSET 16    /* protocol.md 3.1 */
#define VERSION 1         /* protocol.md 3.1 */

#define BODY_MAX (LEWES_PACKET_MAX - LEWESI_PACKET_FRAME)

/* protocol.md 3.2; types without a rule are not packets. */
struct size_rule {
    bool known;
    enum lewes_error error;
    size_t min, max;
};

static const struct size_rule size_rules[LEWESI_TYPES] = {
    [LEWESI_BUSY] = {true, LEWES_ERROR_LENGTH, 0, 0},
    [LEWESI_HANDSHAKE] = {true, LEWES_ERROR_LENGTH, 64, 1347},
    [LEWESI_DATA] = {true, LEWES_ERROR_LENGTH, 16, BODY_MAX},
    [LEWESI_HELLO] = {true, LEWES_ERROR_FORMAT, 100, 100},
    [LEWESI_KKT_REQUEST] = {true, LEWES_ERROR_LENGTH, 23, BODY_MAX},
    [LEWESI_KKT_RESPONSE] = {true, LEWES_ERROR_LENGTH, 23, BODY_MAX},
    [LEWESI_COLLISION] = {true, LEWES_ERROR_LENGTH, 0, 0},
    [LEWESI_ACK] = {true, LEWES_ERROR_LENGTH, 0, 0},
    [LEWESI_SUBSESSION_REQUEST] = {true, LEWES_ERROR_LENGTH, 0, 0},
    [LEWESI_SUBSESSION_KK1] = {true, LEWES_ERROR_FORMAT, LEWESI_KK_LEN, LEWESI_KK_LEN},
    [LEWESI_SUBSESSION_KK2] = {true, LEWES_ERROR_FORMAT, LEWESI_KK_LEN, LEWESI_KK_LEN},
    [LEWESI_SUBSESSION_READY] = {true, LEWES_ERROR_FORMAT, 1, LEWESI_READY_MAX},
    [LEWESI_SUBSESSION_ABORT] = {true, LEWES_ERROR_LENGTH, 0, 0},
};

static enum lewes_error check_body(enum lewesi_type type, struct lewesi_span body)
{
    const struct size_rule *rule = &size_rules[type];
    uint32_t index;

    if (body.len < rule->min || body.len > rule->max)
        return rule->error;
    if (type == LEWESI_SUBSESSION_KK1 || type == LEWESI_SUBSESSION_KK2)
        return lewesi_kk_read(body).data != NULL ? LEWES_OK : LEWES_ERROR_FORMAT;
    if (type == LEWESI_SUBSESSION_READY && !lewesi_ready_read(&index, body))
        return LEWES_ERROR_FORMAT;
    return LEWES_OK;
}

enum lewes_error lewesi_packet_peek(const uint8_t *bytes, size_t len, uint32_t *index,
                                    uint64_t *counter)
{
    if (len < LEWES_PACKET_MIN || len > LEWES_PACKET_MAX)
        return LEWES_ERROR_LENGTH;
    *index = lewesi_load32le(bytes);
    *counter = lewesi_load64le(bytes + COUNTER_OFFSET);
    return LEWES_OK;
}

enum lewes_error lewesi_packet_parse(struct lewesi_packet *packet, const uint8_t *bytes, size_t len)
{
    struct lewesi_packet parsed;
    uint32_t type;
    enum lewes_error error = lewesi_packet_peek(bytes, len, &parsed.index, &parsed.counter);

    if (error != LEWES_OK)
        return error;
    type = lewesi_load32le(bytes + TYPE_OFFSET);
    if (type >= LEWESI_TYPES || !size_rules[type].known)
        return LEWES_ERROR_TYPE;
    parsed.type = (enum lewesi_type)type;
    parsed.body.data = bytes + LEWESI_BODY_OFFSET;
    parsed.body.len = len - LEWESI_PACKET_FRAME;
    error = check_body(parsed.type, parsed.body);
    if (error == LEWES_OK)
        *packet = parsed;
    return error;
}

/* The counter first, then zeros: the mirror image of the nonce of Noise (P10). */
static struct lewesi_nonce outer_nonce(uint64_t counter)
{
    struct lewesi_nonce nonce = {{0}};

    lewesi_store64le(nonce.bytes, counter);
    return nonce;
}

enum lewes_error lewesi_packet_open(uint8_t *bytes, size_t len, const struct lewesi_outer_key *key)
{
    struct lewesi_span header = {bytes, LEWESI_OUTER_HEADER_LEN};
    struct lewesi_nonce nonce;
    uint32_t index;
    uint64_t counter;
    enum lewes_error error = lewesi_packet_peek(bytes, len, &index, &counter);

    if (error != LEWES_OK)
        return error;
    nonce = outer_nonce(counter);
    return lewesi_aead_open(key->bytes, &nonce, header, bytes + LEWESI_OUTER_HEADER_LEN,
                            len - LEWESI_OUTER_HEADER_LEN - LEWESI_TRAILER_LEN,
                            bytes + len - LEWESI_TRAILER_LEN);
}

void lewesi_packet_write(uint8_t *out, uint32_t index, uint64_t counter, enum lewesi_type type,
                         size_t body_len)
{
    lewesi_store32le(out, index);
    lewesi_store64le(out + COUNTER_OFFSET, counter);
    lewesi_store32le(out + VERSION_OFFSET, VERSION);
    lewesi_store32le(out + TYPE_OFFSET, (uint32_t)type);
    memset(out + LEWESI_BODY_OFFSET + body_len, 0, LEWESI_TRAILER_LEN);
}

enum lewes_error lewesi_packet_seal(uint8_t *out, size_t body_len,
                                    const struct lewesi_packet *header,
                                    const struct lewesi_outer_key *key)
{
    struct lewesi_span outer = {out, LEWESI_OUTER_HEADER_LEN};
    struct lewesi_nonce nonce = outer_nonce(header->counter);
    enum lewes_error error;

    lewesi_packet_write(out, header->index, header->counter, header->type, body_len);
    error =
        lewesi_aead_seal(key->bytes, &nonce, outer, out + LEWESI_OUTER_HEADER_LEN,
                         LEWESI_INNER_HEADER_LEN + body_len, out + LEWESI_BODY_OFFSET + body_len);
    if (error != LEWES_OK)
        lewesi_wipe(out, body_len + LEWESI_PACKET_FRAME);
    return error;
}
