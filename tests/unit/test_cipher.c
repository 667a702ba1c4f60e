/* SPDX-License-Identifier: Apache-2.0 */
/* Transport messages; their values are in test_patterns.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/noise/cipher.h"
#include "lib/noise/noise.h"

#define TEXT_MAX (LEWESI_NOISE_MESSAGE_MAX - LEWESI_NOISE_TAG_LEN)

/* The linker puts this between the cipher and the back end, to make it fail. */
enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);

static bool backend_fails;

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    return backend_fails ? LEWES_ERROR_CRYPTO
                         : __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

static struct lewesi_cipher cipher_at(uint64_t nonce)
{
    struct lewesi_cipher cipher;

    memset(cipher.key, 0x4b, sizeof cipher.key);
    cipher.nonce = nonce;
    return cipher;
}

/* Opens a copy of exactly `len` bytes. */
static enum lewes_error open_copy(struct lewesi_cipher *cipher, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    enum lewes_error error;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    error = lewesi_cipher_open(cipher, copy, len);
    free(copy);
    return error;
}

static void a_nonce_has_its_zeros_in_front(void **state)
{
    static const uint8_t expected[12] = {0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
    const struct lewesi_nonce nonce = lewesi_noise_nonce(0x0102030405060708);

    (void)state;
    assert_memory_equal(nonce.bytes, expected, sizeof expected);
}

static void messages_open_in_the_order_of_sending_alone(void **state)
{
    struct lewesi_cipher send = cipher_at(0), receive = cipher_at(0);
    uint8_t first[16 + 16] = "the first text", second[16 + 16] = "the second text";

    (void)state;
    assert_int_equal(lewesi_cipher_seal(&send, first, 16), LEWES_OK);
    assert_int_equal(lewesi_cipher_seal(&send, second, 16), LEWES_OK);
    assert_true(send.nonce == 2);
    assert_int_equal(open_copy(&receive, second, sizeof second), LEWES_ERROR_NOISE);
    assert_true(receive.nonce == 0);
    assert_int_equal(open_copy(&receive, first, sizeof first), LEWES_OK);
    assert_int_equal(open_copy(&receive, first, sizeof first), LEWES_ERROR_NOISE);
    assert_true(receive.nonce == 1);
    assert_int_equal(lewesi_cipher_open(&receive, second, sizeof second), LEWES_OK);
    assert_string_equal((const char *)second, "the second text");
}

static void a_flipped_bit_is_refused_and_moves_nothing(void **state)
{
    struct lewesi_cipher send = cipher_at(7), receive = cipher_at(7);
    uint8_t bytes[5 + 16] = "text";
    size_t bit;

    (void)state;
    assert_int_equal(lewesi_cipher_seal(&send, bytes, 5), LEWES_OK);
    for (bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(open_copy(&receive, bytes, sizeof bytes), LEWES_ERROR_NOISE);
        assert_true(receive.nonce == 7);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(lewesi_cipher_open(&receive, bytes, sizeof bytes), LEWES_OK);
    assert_string_equal((const char *)bytes, "text");
}

static void a_message_of_another_length_is_refused(void **state)
{
    struct lewesi_cipher send = cipher_at(0), receive = cipher_at(0);
    uint8_t bytes[20 + 16 + 1] = {0};
    size_t len;

    (void)state;
    assert_int_equal(lewesi_cipher_seal(&send, bytes, 20), LEWES_OK);
    for (len = 0; len <= sizeof bytes; len++)
        if (len != 36)
            assert_int_equal(open_copy(&receive, bytes, len), LEWES_ERROR_NOISE);
    assert_int_equal(open_copy(&receive, bytes, 36), LEWES_OK);
}

static void an_empty_text_is_a_message(void **state)
{
    struct lewesi_cipher send = cipher_at(0), receive = cipher_at(0);
    uint8_t bytes[16];

    (void)state;
    assert_int_equal(lewesi_cipher_seal(&send, bytes, 0), LEWES_OK);
    assert_int_equal(lewesi_cipher_open(&receive, bytes, sizeof bytes), LEWES_OK);
    assert_true(receive.nonce == 1);
}

static void the_longest_message_has_65535_bytes(void **state)
{
    static uint8_t bytes[TEXT_MAX + 1 + LEWESI_NOISE_TAG_LEN];
    const struct lewesi_nonce second = lewesi_noise_nonce(1);
    struct lewesi_cipher send = cipher_at(0), receive = cipher_at(0);
    size_t i;

    (void)state;
    bytes[0] = 0x55;
    assert_int_equal(lewesi_cipher_seal(&send, bytes, TEXT_MAX + 1), LEWES_ERROR_TOO_LONG);
    assert_int_equal(lewesi_cipher_seal(&send, bytes, SIZE_MAX), LEWES_ERROR_TOO_LONG);
    assert_int_equal(bytes[0], 0x55);
    assert_true(send.nonce == 0);
    assert_int_equal(lewesi_cipher_seal(&send, bytes, TEXT_MAX), LEWES_OK);
    assert_int_equal(lewesi_cipher_open(&receive, bytes, LEWESI_NOISE_MESSAGE_MAX), LEWES_OK);
    assert_int_equal(bytes[0], 0x55);
    for (i = 1; i < TEXT_MAX; i++)
        assert_int_equal(bytes[i], 0);
    /* one byte more, from somebody who does not keep to the limit */
    assert_int_equal(__real_lewesi_aead_seal(receive.key, &second, (struct lewesi_span){0}, bytes,
                                             TEXT_MAX + 1, bytes + TEXT_MAX + 1),
                     LEWES_OK);
    assert_int_equal(open_copy(&receive, bytes, sizeof bytes), LEWES_ERROR_NOISE);
}

static void the_last_nonce_is_never_used(void **state)
{
    struct lewesi_cipher send = cipher_at(UINT64_MAX - 1), receive = cipher_at(UINT64_MAX - 1);
    const struct lewesi_nonce last = lewesi_noise_nonce(UINT64_MAX);
    uint8_t bytes[4 + 16] = "end";

    (void)state;
    assert_int_equal(lewesi_cipher_seal(&send, bytes, 4), LEWES_OK);
    assert_int_equal(lewesi_cipher_open(&receive, bytes, sizeof bytes), LEWES_OK);
    assert_string_equal((const char *)bytes, "end");

    assert_int_equal(lewesi_cipher_seal(&send, bytes, 4), LEWES_ERROR_EXHAUSTED);
    assert_string_equal((const char *)bytes, "end");
    assert_true(send.nonce == UINT64_MAX);
    assert_int_equal(
        __real_lewesi_aead_seal(send.key, &last, (struct lewesi_span){0}, bytes, 4, bytes + 4),
        LEWES_OK);
    assert_int_equal(open_copy(&receive, bytes, sizeof bytes), LEWES_ERROR_NOISE);
    assert_true(receive.nonce == UINT64_MAX);
}

static void a_failed_back_end_does_not_use_up_the_nonce(void **state)
{
    struct lewesi_cipher send = cipher_at(9);
    uint8_t bytes[4 + 16] = "end";

    (void)state;
    backend_fails = true;
    assert_int_equal(lewesi_cipher_seal(&send, bytes, 4), LEWES_ERROR_CRYPTO);
    backend_fails = false;
    assert_true(send.nonce == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nonce_has_its_zeros_in_front),
        cmocka_unit_test(messages_open_in_the_order_of_sending_alone),
        cmocka_unit_test(a_flipped_bit_is_refused_and_moves_nothing),
        cmocka_unit_test(a_message_of_another_length_is_refused),
        cmocka_unit_test(an_empty_text_is_a_message),
        cmocka_unit_test(the_longest_message_has_65535_bytes),
        cmocka_unit_test(the_last_nonce_is_never_used),
        cmocka_unit_test(a_failed_back_end_does_not_use_up_the_nonce),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
