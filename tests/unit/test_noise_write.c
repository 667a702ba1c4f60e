/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"
#include "tests/support/noise_ends.h"

/* The linker puts these between Noise and the back end, to make it fail. */
enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);

static unsigned seals_until_failure = UINT32_MAX;

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    if (seals_until_failure == 0)
        return LEWES_ERROR_CRYPTO;
    seals_until_failure--;
    return __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

/* ---- Refusals on writing ---- */

static void write_into_each_cap(struct noise_ends *ends, unsigned message)
{
    struct lewesi_noise *writer = noise_writer(ends, message);
    const struct lewesi_noise before = *writer;
    const size_t len = noise_message_len(ends, message);
    size_t cap;

    for (cap = 0; cap < len; cap++) {
        assert_int_equal(noise_write_capped(ends, message, 0, cap), LEWES_ERROR_SPACE);
        assert_memory_equal(writer, &before, sizeof before);
        assert_int_equal(ends->len, 0);
    }
    assert_int_equal(noise_write_capped(ends, message, 0, len), LEWES_OK);
    assert_int_equal(ends->len, len);
    assert_int_equal(noise_read(ends, message), LEWES_OK);
}

static void a_message_needs_its_exact_length(void **state)
{
    (void)state;
    noise_for_each_message(write_into_each_cap);
}

static void append_message(struct noise_ends *ends, unsigned message)
{
    static const uint8_t zeros[LEWESI_NOISE_MESSAGE_MAX];
    const struct lewesi_noise before = *noise_writer(ends, message);
    const size_t least = noise_message_len(ends, message);
    const size_t payloads[] = {0, LEWESI_NOISE_MESSAGE_MAX - least};
    size_t i;

    for (i = 0; i < 2; i++) {
        const struct lewesi_span payload = {zeros, payloads[i]};
        struct lewesi_writer out;

        *noise_writer(ends, message) = before;
        lewesi_writer_init(&out, ends->bytes, NOISE_ENDS_CAP);
        lewesi_write_u32be(&out, 0x01020304);
        assert_int_equal(lewesi_noise_write(noise_writer(ends, message),
                                            &ends->ends[message % 2].e_private, payload, &out),
                         LEWES_OK);
        assert_int_equal(lewesi_load32be(ends->bytes), 0x01020304);
        assert_int_equal(out.at, 4 + least + payloads[i]);
        if (payloads[i] == 0) {
            assert_int_equal(noise_read_bytes(noise_reader(ends, message), ends->bytes + 4, least),
                             LEWES_OK);
        }
    }
}

static void a_message_is_appended_to_what_is_there(void **state)
{
    (void)state;
    noise_for_each_message(append_message);
}

static void write_longest(struct noise_ends *ends, unsigned message)
{
    struct lewesi_noise *writer = noise_writer(ends, message);
    const struct lewesi_noise before = *writer;
    const size_t overhead = noise_message_len(ends, message);
    const size_t most = LEWESI_NOISE_MESSAGE_MAX - overhead;
    uint8_t *payload = malloc(LEWESI_NOISE_MESSAGE_MAX);
    struct lewesi_span bytes = {ends->bytes, LEWESI_NOISE_MESSAGE_MAX + 1};
    size_t len;

    assert_non_null(payload);
    assert_int_equal(noise_write_capped(ends, message, most + 1, NOISE_ENDS_CAP),
                     LEWES_ERROR_TOO_LONG);
    assert_int_equal(noise_write_capped(ends, message, SIZE_MAX, NOISE_ENDS_CAP),
                     LEWES_ERROR_SPACE);
    assert_memory_equal(writer, &before, sizeof before);
    assert_int_equal(noise_write_capped(ends, message, most, NOISE_ENDS_CAP), LEWES_OK);
    assert_int_equal(ends->len, LEWESI_NOISE_MESSAGE_MAX);
    assert_int_equal(lewesi_noise_read(noise_reader(ends, message), bytes, payload, &len),
                     LEWES_ERROR_NOISE);
    bytes.len = ends->len;
    assert_int_equal(lewesi_noise_read(noise_reader(ends, message), bytes, payload, &len),
                     LEWES_OK);
    assert_int_equal(len, most);
    free(payload);
}

static void a_noise_message_has_65535_bytes_at_most(void **state)
{
    (void)state;
    noise_for_each_message(write_longest);
}

static void want_ephemeral(struct noise_ends *ends, unsigned message)
{
    struct lewesi_noise *writer = noise_writer(ends, message);
    const struct lewesi_noise before = *writer;
    struct lewesi_span nothing = {NULL, 0};
    struct lewesi_writer out;
    const bool has_e = message < 2; /* in both patterns */

    lewesi_writer_init(&out, ends->bytes, NOISE_ENDS_CAP);
    assert_int_equal(lewesi_noise_write(writer, NULL, nothing, &out),
                     has_e ? LEWES_ERROR_ARGUMENT : LEWES_OK);
    if (has_e) {
        assert_memory_equal(writer, &before, sizeof before);
        assert_int_equal(out.at, 0);
    }
}

static void a_message_with_an_e_token_wants_an_ephemeral_key(void **state)
{
    (void)state;
    noise_for_each_message(want_ephemeral);
}

static void fail_each_seal(struct noise_ends *ends, unsigned message)
{
    struct lewesi_noise *writer = noise_writer(ends, message);
    const struct lewesi_noise before = *writer;
    const unsigned seals = noise_message_len(ends, message) == 64 ? 2 : 1;
    unsigned n;

    for (n = 0; n < seals; n++) {
        const uint8_t zeros[64] = {0};

        memset(ends->bytes, 0, sizeof ends->bytes);
        seals_until_failure = n;
        assert_int_equal(noise_write(ends, message), LEWES_ERROR_CRYPTO);
        seals_until_failure = UINT32_MAX;
        assert_memory_equal(writer, &before, sizeof before);
        assert_int_equal(ends->len, 0);
        assert_memory_equal(ends->bytes, zeros, sizeof zeros);
    }
    assert_int_equal(noise_write(ends, message), LEWES_OK);
    assert_int_equal(noise_read(ends, message), LEWES_OK);
}

static void a_failed_back_end_leaves_no_trace(void **state)
{
    (void)state;
    noise_for_each_message(fail_each_seal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_needs_its_exact_length),
        cmocka_unit_test(a_message_is_appended_to_what_is_there),
        cmocka_unit_test(a_noise_message_has_65535_bytes_at_most),
        cmocka_unit_test(a_message_with_an_e_token_wants_an_ephemeral_key),
        cmocka_unit_test(a_failed_back_end_leaves_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
