/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "tests/support/backend_memory.h"
#include "tests/support/vectors.h"

#define TEXT_MAX 1024

struct sealed {
    uint8_t key[LEWESI_AEAD_KEY_LEN], aad[TEXT_MAX], plain[TEXT_MAX], text[TEXT_MAX];
    uint8_t tag[LEWESI_AEAD_TAG_LEN];
    struct lewesi_nonce nonce;
    size_t aad_len, len;
};

static enum lewes_error seal(const struct sealed *s, uint8_t *text, uint8_t *tag)
{
    const struct lewesi_span aad = {s->aad, s->aad_len};

    return lewesi_aead_seal(s->key, &s->nonce, aad, text, s->len, tag);
}

static enum lewes_error open_copy(const struct sealed *s, uint8_t *text)
{
    const struct lewesi_span aad = {s->aad, s->aad_len};

    memcpy(text, s->text, s->len);
    return lewesi_aead_open(s->key, &s->nonce, aad, text, s->len, s->tag);
}

static struct sealed load(const json_t *vector)
{
    struct sealed s = {0};

    vectors_exact(vector, "key", s.key, sizeof s.key);
    vectors_exact(vector, "iv", s.nonce.bytes, sizeof s.nonce.bytes);
    vectors_exact(vector, "tag", s.tag, sizeof s.tag);
    s.aad_len = vectors_hex(vector, "aad", s.aad, sizeof s.aad);
    s.len = vectors_hex(vector, "msg", s.plain, sizeof s.plain);
    vectors_exact(vector, "ct", s.text, s.len);
    return s;
}

static void check_vector(const struct sealed *s, bool valid)
{
    uint8_t text[TEXT_MAX], tag[LEWESI_AEAD_TAG_LEN];

    if (!valid) {
        assert_int_equal(open_copy(s, text), LEWES_ERROR_AUTH);
        return;
    }
    assert_int_equal(open_copy(s, text), LEWES_OK);
    assert_memory_equal(text, s->plain, s->len);
    assert_int_equal(seal(s, text, tag), LEWES_OK);
    assert_memory_equal(text, s->text, s->len);
    assert_memory_equal(tag, s->tag, sizeof tag);
}

/* The nine vectors with nonces of other lengths cannot be expressed. */
static void wycheproof_agrees(void **state)
{
    json_t *const file = vectors_load("wycheproof/chacha20_poly1305_test.json");
    unsigned valid = 0, invalid = 0;
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        if (json_integer_value(vectors_member(group, "ivSize")) != 96)
            continue;
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            const struct sealed s = load(vector);
            const bool expected = vectors_text_is(vector, "result", "valid");

            check_vector(&s, expected);
            valid += expected;
            invalid += !expected;
        }
    }
    json_decref(file);
    assert_int_equal(valid, 256);
    assert_int_equal(invalid, 60);
}

static struct sealed example(size_t len)
{
    struct sealed s = {.aad_len = 12, .len = len};

    memset(s.key, 0x4b, sizeof s.key);
    memset(s.nonce.bytes, 0x4e, sizeof s.nonce.bytes);
    memset(s.aad, 0x41, s.aad_len);
    for (size_t i = 0; i < len; i++)
        s.plain[i] = (uint8_t)(0x80 + i);
    memcpy(s.text, s.plain, len);
    assert_int_equal(seal(&s, s.text, s.tag), LEWES_OK);
    return s;
}

static void assert_spoiled(struct sealed *s, uint8_t *field, size_t len)
{
    uint8_t text[TEXT_MAX];

    for (size_t bit = 0; bit < 8 * len; bit++) {
        field[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(open_copy(s, text), LEWES_ERROR_AUTH);
        assert_memory_not_equal(text, s->plain, s->len);
        field[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void every_flipped_bit_is_noticed_and_no_text_comes_out(void **state)
{
    struct sealed s = example(40);
    uint8_t text[TEXT_MAX];

    (void)state;
    assert_spoiled(&s, s.key, sizeof s.key);
    assert_spoiled(&s, s.nonce.bytes, sizeof s.nonce.bytes);
    assert_spoiled(&s, s.aad, s.aad_len);
    assert_spoiled(&s, s.text, s.len);
    assert_spoiled(&s, s.tag, sizeof s.tag);
    s.aad_len--;
    assert_int_equal(open_copy(&s, text), LEWES_ERROR_AUTH);
    s.aad_len++;
    s.len--;
    assert_int_equal(open_copy(&s, text), LEWES_ERROR_AUTH);
    s.len++;
    assert_int_equal(open_copy(&s, text), LEWES_OK);
    assert_memory_equal(text, s.plain, s.len);
}

static void nothing_at_all_can_be_sealed(void **state)
{
    static const uint8_t key[LEWESI_AEAD_KEY_LEN];
    const struct lewesi_nonce nonce = {{0}};
    const struct lewesi_span none = {NULL, 0};
    uint8_t tag[LEWESI_AEAD_TAG_LEN];

    (void)state;
    assert_int_equal(lewesi_aead_seal(key, &nonce, none, NULL, 0, tag), LEWES_OK);
    assert_int_equal(lewesi_aead_open(key, &nonce, none, NULL, 0, tag), LEWES_OK);
    tag[0] ^= 1;
    assert_int_equal(lewesi_aead_open(key, &nonce, none, NULL, 0, tag), LEWES_ERROR_AUTH);
}

static void packets_take_no_memory(void **state)
{
    struct sealed s;
    uint8_t text[TEXT_MAX];

    (void)state;
    backend_memory_fail(0);
    s = example(TEXT_MAX);
    assert_int_equal(open_copy(&s, text), LEWES_OK);
    assert_int_equal(backend_memory_allocations(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof_agrees),
        cmocka_unit_test(every_flipped_bit_is_noticed_and_no_text_comes_out),
        cmocka_unit_test(nothing_at_all_can_be_sealed),
        cmocka_unit_test(packets_take_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
