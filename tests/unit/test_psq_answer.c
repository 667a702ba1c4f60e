/* SPDX-License-Identifier: Apache-2.0 */
/* The responder message (protocol.md 8.5, P38, P40). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/psq/psq.h"

#define BEFORE_HANDLE 17 /* tag, length */
#define HANDLE_MAX 255
#define HANDLE_LEN 13

/* The linker puts these between PSQ and the back end, to make it fail. */
enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __real_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN]);

static bool backend_fails;

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    return backend_fails ? LEWES_ERROR_CRYPTO
                         : __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

enum lewes_error __wrap_lewesi_aead_open(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         const uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    return backend_fails ? LEWES_ERROR_CRYPTO
                         : __real_lewesi_aead_open(key, nonce, aad, text, len, tag);
}

static int mend_backend(void **state)
{
    (void)state;
    backend_fails = false;
    return 0;
}

static struct lewesi_psq_keys keys_of(uint8_t fill)
{
    struct lewesi_psq_keys keys;
    memset(&keys, fill, sizeof keys);
    keys.responder_key[LEWESI_AEAD_KEY_LEN] ^= 0xff; /* the nonce is not the key */
    return keys;
}

/* tag ‖ prefix ‖ `len` bytes of a handle, properly sealed. */
static size_t make(uint8_t out[BEFORE_HANDLE + HANDLE_MAX], const struct lewesi_psq_keys *keys,
                   size_t len, uint8_t prefix)
{
    struct lewesi_nonce nonce;
    memcpy(nonce.bytes, keys->responder_key + LEWESI_AEAD_KEY_LEN, sizeof nonce.bytes);
    memset(out + BEFORE_HANDLE, 'h', len);
    out[LEWESI_AEAD_TAG_LEN] = prefix;
    assert_int_equal(__real_lewesi_aead_seal(keys->responder_key, &nonce,
                                             (struct lewesi_span){NULL, 0}, out + BEFORE_HANDLE,
                                             len, out),
                     LEWES_OK);
    return BEFORE_HANDLE + len;
}

/* Checks a copy of exactly `len` bytes. */
static enum lewes_error check(const uint8_t *message, size_t len,
                              const struct lewesi_psq_keys *keys)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, message, len);
    enum lewes_error error = lewesi_psq_answer_check((struct lewesi_span){copy, len}, keys);
    assert_memory_equal(copy, message, len);
    free(copy);
    return error;
}

static void handles_of_1_to_63_bytes_are_taken(void **state)
{
    const struct lewesi_psq_keys keys = keys_of(0x21);
    uint8_t message[BEFORE_HANDLE + HANDLE_MAX];
    (void)state;
    for (size_t len = 0; len <= HANDLE_MAX; len++) {
        size_t message_len = make(message, &keys, len, (uint8_t)len);
        assert_int_equal(check(message, message_len, &keys),
                         len >= 1 && len <= 63 ? LEWES_OK : LEWES_ERROR_PEER);
    }
}

static void the_length_in_front_has_to_be_exact(void **state)
{
    const struct lewesi_psq_keys keys = keys_of(0x22);
    uint8_t message[BEFORE_HANDLE + HANDLE_MAX];
    (void)state;
    for (unsigned prefix = 0; prefix <= UINT8_MAX; prefix++) {
        size_t len = make(message, &keys, HANDLE_LEN, (uint8_t)prefix);
        assert_int_equal(check(message, len, &keys),
                         prefix == HANDLE_LEN ? LEWES_OK : LEWES_ERROR_PEER);
    }
    /* 64 and more take two bytes. */
    make(message, &keys, HANDLE_LEN, 0x40);
    assert_int_equal(check(message, BEFORE_HANDLE + HANDLE_LEN, &keys), LEWES_ERROR_PEER);
}

static void an_answer_that_is_cut_or_extended_is_refused(void **state)
{
    const struct lewesi_psq_keys keys = keys_of(0x23);
    uint8_t message[BEFORE_HANDLE + HANDLE_MAX] = {0};
    (void)state;
    assert_int_equal(lewesi_psq_answer(message, &keys), LEWES_OK);
    for (size_t len = 0; len <= sizeof message; len++)
        assert_int_equal(check(message, len, &keys),
                         len == LEWESI_PSQ_ANSWER_LEN ? LEWES_OK : LEWES_ERROR_PEER);
}

static void every_flipped_bit_is_noticed(void **state)
{
    const struct lewesi_psq_keys keys = keys_of(0x24);
    uint8_t message[LEWESI_PSQ_ANSWER_LEN];
    (void)state;
    assert_int_equal(lewesi_psq_answer(message, &keys), LEWES_OK);
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(check(message, sizeof message, &keys), LEWES_ERROR_PEER);
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(check(message, sizeof message, &keys), LEWES_OK);
}

static void the_answer_of_another_peer_is_refused(void **state)
{
    const struct lewesi_psq_keys keys = keys_of(0x25), other = keys_of(0x26);
    uint8_t message[LEWESI_PSQ_ANSWER_LEN];
    (void)state;
    assert_int_equal(lewesi_psq_answer(message, &keys), LEWES_OK);
    assert_int_equal(check(message, sizeof message, &other), LEWES_ERROR_PEER);
}

static void a_back_end_that_fails_is_not_the_peers_fault(void **state)
{
    const struct lewesi_psq_keys keys = keys_of(0x27);
    uint8_t message[LEWESI_PSQ_ANSWER_LEN];
    (void)state;
    assert_int_equal(lewesi_psq_answer(message, &keys), LEWES_OK);
    backend_fails = true;
    assert_int_equal(check(message, sizeof message, &keys), LEWES_ERROR_CRYPTO);
    assert_int_equal(lewesi_psq_answer(message, &keys), LEWES_ERROR_CRYPTO);
    assert_true(lewesi_is_zero(message, sizeof message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_of_1_to_63_bytes_are_taken),
        cmocka_unit_test(the_length_in_front_has_to_be_exact),
        cmocka_unit_test(an_answer_that_is_cut_or_extended_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(the_answer_of_another_peer_is_refused),
        cmocka_unit_test_teardown(a_back_end_that_fails_is_not_the_peers_fault, mend_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
