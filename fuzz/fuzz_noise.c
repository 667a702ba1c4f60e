/* SPDX-License-Identifier: Apache-2.0 */
/* Noise messages of both handshakes, and the bodies around those of a rekey: what is spoiled is
 * refused, leaves no trace, and the true one is taken after it (protocol.md 9, 12, P44). */
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/crypto/crypto.h"
#include "lib/noise/noise.h"
#include "lib/wire/subsession.h"

#define MESSAGE_CAP 128
#define ENDS 2

static const uint8_t psk[32] = {3};

struct ends {
    struct lewesi_noise noise[ENDS]; /* initiator, responder */
    unsigned messages;               /* of the pattern */
};

static void keys(struct lewes_x25519_private *secret, struct lewes_x25519_public *public_key,
                 uint8_t first)
{
    memset(secret, first, sizeof *secret);
    lewesi_x25519_public(public_key, secret);
}

static void start(struct ends *ends, bool subsession)
{
    struct lewes_x25519_private secrets[ENDS];
    struct lewes_x25519_public publics[ENDS];

    for (uint8_t i = 0; i < ENDS; i++)
        keys(&secrets[i], &publics[i], (uint8_t)(i + 1));
    for (unsigned i = 0; i < ENDS; i++) {
        const struct lewesi_noise_setup setup = {
            .pattern = subsession ? &lewesi_noise_kkpsk0 : &lewesi_noise_xkpsk3,
            .initiator = i == 0,
            .s_private = &secrets[i],
            .s = &publics[i],
            .rs = i == 0 || subsession ? &publics[1 - i] : NULL,
        };
        lewesi_noise_start(&ends->noise[i], &setup);
        lewesi_noise_set_psk(&ends->noise[i], psk);
    }
    ends->messages = subsession ? 2 : 3;
}

/* The next message, written by whose turn it is. */
static size_t write_message(struct ends *ends, unsigned number, uint8_t out[MESSAGE_CAP])
{
    struct lewes_x25519_private ephemeral;
    struct lewesi_writer w;

    memset(&ephemeral, (int)(0x10 + number), sizeof ephemeral);
    lewesi_writer_init(&w, out, MESSAGE_CAP);
    PROMISE(lewesi_noise_write(&ends->noise[number % ENDS], &ephemeral, (struct lewesi_span){0},
                               &w) == LEWES_OK);
    return w.at;
}

/* The message in another form; returns its length. */
static size_t spoil(struct input *input, uint8_t message[MESSAGE_CAP], size_t len)
{
    const uint8_t how = input_u8(input);
    const size_t at = input_u8(input) % len;

    switch (how % 4) {
    case 0:
        message[at] ^= input_u8(input);
        return len;
    case 1:
        return at;
    case 2:
        return len + input_bytes(input, message + len, MESSAGE_CAP - len);
    default:
        return input_bytes(input, message, MESSAGE_CAP);
    }
}

static void attack(struct ends *ends, unsigned number, struct input *input)
{
    uint8_t message[MESSAGE_CAP], spoiled[MESSAGE_CAP];
    const size_t len = write_message(ends, number, message);
    struct lewesi_noise *const reader = &ends->noise[1 - number % ENDS];
    struct lewesi_noise before;

    memcpy(spoiled, message, sizeof spoiled);
    const size_t spoiled_len = spoil(input, spoiled, len);
    if (spoiled_len != len || memcmp(spoiled, message, len) != 0) {
        memcpy(&before, reader, sizeof before);
        const enum lewes_error error =
            lewesi_noise_read(reader, (struct lewesi_span){spoiled, spoiled_len}, NULL, NULL);
        PROMISE(error == LEWES_ERROR_NOISE);
        PROMISE(same_bytes(&before, reader, sizeof before));
    }
    PROMISE(lewesi_noise_read(reader, (struct lewesi_span){message, len}, NULL, NULL) == LEWES_OK);
}

static void bodies(struct lewesi_span body)
{
    uint8_t again[LEWESI_READY_MAX];
    uint32_t index = 0;
    const struct lewesi_span noise = lewesi_kk_read(body);

    if (noise.data != NULL)
        PROMISE(noise.len == LEWESI_KK_NOISE_LEN && noise.data == body.data + 1);
    if (lewesi_ready_read(&index, body))
        PROMISE(lewesi_ready_write(again, index) == body.len &&
                memcmp(again, body.data, body.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lewesi_cipher ciphers[2 * ENDS];
    struct ends ends;

    bodies((struct lewesi_span){data, size});
    start(&ends, input_u8(&input) & 1);
    for (unsigned number = 0; number < ends.messages; number++)
        attack(&ends, number, &input);
    for (unsigned i = 0; i < ENDS; i++)
        PROMISE(lewesi_noise_split(&ends.noise[i], &ciphers[2 * i], &ciphers[2 * i + 1]) ==
                LEWES_OK);
    PROMISE(memcmp(&ciphers[0], &ciphers[3], sizeof ciphers[0]) == 0);
    PROMISE(memcmp(&ciphers[1], &ciphers[2], sizeof ciphers[1]) == 0);
    return 0;
}
