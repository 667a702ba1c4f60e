/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/wire/hello.h"

#include <string.h>

#include "lib/base/bytes.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/wire/packet.h"

void lewesi_hello_write(uint8_t out[LEWESI_HELLO_LEN], const struct lewes_hello *hello)
{
    struct lewesi_writer w;

    lewesi_writer_init(&w, out, LEWESI_HELLO_LEN);
    lewesi_write_u32le(&w, hello->receiver_index);
    lewesi_write_copy(&w, hello->x25519.bytes, sizeof hello->x25519.bytes);
    lewesi_write_copy(&w, hello->identity.bytes, sizeof hello->identity.bytes);
    lewesi_write_copy(&w, hello->salt, sizeof hello->salt);
}

void lewesi_hello_read(struct lewes_hello *hello, const uint8_t body[LEWESI_HELLO_LEN])
{
    struct lewesi_reader r;

    lewesi_reader_init(&r, body, LEWESI_HELLO_LEN);
    hello->receiver_index = lewesi_read_u32le(&r);
    lewesi_read_copy(&r, hello->x25519.bytes, sizeof hello->x25519.bytes);
    lewesi_read_copy(&r, hello->identity.bytes, sizeof hello->identity.bytes);
    lewesi_read_copy(&r, hello->salt, sizeof hello->salt);
    hello->unix_seconds = lewesi_load64le(hello->salt);
}

/* Step 1 of P13. */
static enum lewes_error parse(struct lewes_hello *hello, const uint8_t *bytes, size_t len)
{
    struct lewesi_packet packet;
    enum lewes_error error;

    if (len != LEWES_HELLO_PACKET_LEN)
        return LEWES_ERROR_LENGTH;
    error = lewesi_packet_parse(&packet, bytes, len);
    if (error == LEWES_ERROR_TYPE)
        return error;
    if (error != LEWES_OK || packet.type != LEWESI_HELLO)
        return LEWES_ERROR_STATE;
    if (packet.index != 0 || packet.counter != 0)
        return LEWES_ERROR_INDEX;
    lewesi_hello_read(hello, packet.body.data);
    return LEWES_OK;
}

/* Steps 3 and 4 of P13. */
static enum lewes_error check_keys(const struct lewes_hello *hello)
{
    struct lewes_x25519_public converted;
    enum lewes_error error = lewesi_x25519_public_from_ed25519(&converted, &hello->identity);

    if (error != LEWES_OK)
        return error;
    return lewesi_equal(&converted, &hello->x25519, sizeof converted) ? LEWES_OK : LEWES_ERROR_KEY;
}

enum lewes_error lewes_hello_check(struct lewes_hello *hello, const uint8_t *packet, size_t len,
                                   uint64_t unix_seconds, uint32_t clock_tolerance)
{
    struct lewes_hello parsed;
    uint64_t off;
    enum lewes_error error = parse(&parsed, packet, len);

    if (error != LEWES_OK)
        return error;
    /* The clock goes first: a stranger's old packet must not cost a point decompression. */
    off = parsed.unix_seconds > unix_seconds ? parsed.unix_seconds - unix_seconds
                                             : unix_seconds - parsed.unix_seconds;
    if (off > clock_tolerance)
        return LEWES_ERROR_CLOCK;
    error = check_keys(&parsed);
    if (error == LEWES_OK)
        *hello = parsed;
    return error;
}

void lewes_hello_answer(uint8_t out[LEWES_PACKET_MIN], enum lewes_hello_answer answer,
                        uint32_t receiver_index)
{
    enum lewesi_type type = answer == LEWES_ANSWER_COLLISION ? LEWESI_COLLISION : LEWESI_BUSY;

    lewesi_packet_write(out, receiver_index, 0, type, 0);
}
