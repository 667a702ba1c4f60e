/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/noise_ends.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"

const uint8_t noise_ends_psk[32] = "a pre-shared key of 32 bytes...";

struct noise_ends *noise_ends_new(const struct lewesi_noise_pattern *pattern, uint8_t fill)
{
    struct noise_ends *ends = calloc(1, sizeof *ends);
    size_t i;

    assert_non_null(ends);
    for (i = 0; i < 2; i++) {
        struct noise_end *end = &ends->ends[i];

        memset(&end->s_private, i == 0 ? fill : 2, sizeof end->s_private);
        memset(&end->e_private, (int)i + 3, sizeof end->e_private);
        lewesi_x25519_public(&end->s, &end->s_private);
    }
    for (i = 0; i < 2; i++) {
        struct noise_end *end = &ends->ends[i];
        const bool knows_peer = i == 0 ? pattern->pre_responder : pattern->pre_initiator;
        const struct lewesi_noise_setup setup = {
            .pattern = pattern,
            .initiator = i == 0,
            .s_private = &end->s_private,
            .s = &end->s,
            .rs = knows_peer ? &ends->ends[1 - i].s : NULL,
        };

        lewesi_noise_start(&end->noise, &setup);
        lewesi_noise_set_psk(&end->noise, noise_ends_psk);
    }
    return ends;
}

struct noise_ends *noise_ends_after(const struct lewesi_noise_pattern *pattern, unsigned messages)
{
    struct noise_ends *ends = noise_ends_new(pattern, 1);
    unsigned i;

    for (i = 0; i < messages; i++) {
        assert_int_equal(noise_write(ends, i), LEWES_OK);
        assert_int_equal(noise_read(ends, i), LEWES_OK);
    }
    return ends;
}

struct lewesi_noise *noise_writer(struct noise_ends *ends, unsigned message)
{
    return &ends->ends[message % 2].noise;
}

struct lewesi_noise *noise_reader(struct noise_ends *ends, unsigned message)
{
    return &ends->ends[1 - message % 2].noise;
}

static bool is_kkpsk0(const struct noise_ends *ends)
{
    return ends->ends[0].noise.pattern == &lewesi_noise_kkpsk0;
}

size_t noise_message_len(const struct noise_ends *ends, unsigned message)
{
    return message == 2 && !is_kkpsk0(ends) ? 64 : 48;
}

bool noise_message_has_psk(const struct noise_ends *ends, unsigned message)
{
    return message == (is_kkpsk0(ends) ? 0U : 2U);
}

enum lewes_error noise_write_capped(struct noise_ends *ends, unsigned message, size_t payload,
                                    size_t cap)
{
    static const uint8_t zeros[NOISE_ENDS_CAP];
    const struct lewesi_span span = {zeros, payload};
    struct lewesi_writer out;
    enum lewes_error error;

    lewesi_writer_init(&out, ends->bytes, cap);
    error = lewesi_noise_write(noise_writer(ends, message), &ends->ends[message % 2].e_private,
                               span, &out);
    assert_false(out.failed);
    ends->len = out.at;
    return error;
}

enum lewes_error noise_write(struct noise_ends *ends, unsigned message)
{
    return noise_write_capped(ends, message, 0, NOISE_ENDS_CAP);
}

enum lewes_error noise_read_bytes(struct lewesi_noise *noise, const uint8_t *bytes, size_t len)
{
    const struct lewesi_noise before = *noise;
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    struct lewesi_span message = {copy, len};
    enum lewes_error error;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    error = lewesi_noise_read(noise, message, NULL, NULL);
    if (error != LEWES_OK)
        assert_memory_equal(noise, &before, sizeof before);
    free(copy);
    return error;
}

enum lewes_error noise_read(struct noise_ends *ends, unsigned message)
{
    return noise_read_bytes(noise_reader(ends, message), ends->bytes, ends->len);
}

void noise_for_each_message(void (*check)(struct noise_ends *ends, unsigned message))
{
    static const struct lewesi_noise_pattern *const patterns[] = {&lewesi_noise_xkpsk3,
                                                                  &lewesi_noise_kkpsk0};
    unsigned message;
    size_t i;

    for (i = 0; i < 2; i++) {
        for (message = 0; message < patterns[i]->messages; message++) {
            struct noise_ends *ends = noise_ends_after(patterns[i], message);

            check(ends, message);
            free(ends);
        }
    }
}
