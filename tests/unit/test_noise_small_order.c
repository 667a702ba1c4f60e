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

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct lewesi_noise_pattern *const patterns[] = {&lewesi_noise_xkpsk3,
                                                              &lewesi_noise_kkpsk0};

/* The linker puts these between Noise and the back end, to make it cheat. */
enum lewes_error __real_lewesi_x25519(uint8_t out[32],
                                      const struct lewes_x25519_private *private_key,
                                      const struct lewes_x25519_public *public_key);
enum lewes_error __wrap_lewesi_x25519(uint8_t out[32],
                                      const struct lewes_x25519_private *private_key,
                                      const struct lewes_x25519_public *public_key);
void __real_lewesi_x25519_public(struct lewes_x25519_public *public_key,
                                 const struct lewes_x25519_private *private_key);
void __wrap_lewesi_x25519_public(struct lewes_x25519_public *public_key,
                                 const struct lewes_x25519_private *private_key);

void __real_lewesi_hkdf_noise(uint8_t out1[32], uint8_t out2[32], uint8_t *out3,
                              const uint8_t ck[32], struct lewesi_span material);
void __wrap_lewesi_hkdf_noise(uint8_t out1[32], uint8_t out2[32], uint8_t *out3,
                              const uint8_t ck[32], struct lewesi_span material);

/* A private key of all 0xee stands for a public key of small order. */
static struct lewes_x25519_public small_order;
static bool zero_is_fine;
static bool zero_is_left_out; /* chaining key and key stay as they are */

static bool is_evil(const struct lewes_x25519_private *key)
{
    struct lewes_x25519_private evil;

    memset(&evil, 0xee, sizeof evil);
    return memcmp(&evil, key, sizeof evil) == 0;
}

enum lewes_error __wrap_lewesi_x25519(uint8_t out[32],
                                      const struct lewes_x25519_private *private_key,
                                      const struct lewes_x25519_public *public_key)
{
    enum lewes_error error = LEWES_OK;

    if (is_evil(private_key))
        memset(out, 0, 32);
    else
        error = __real_lewesi_x25519(out, private_key, public_key);
    return zero_is_fine ? LEWES_OK : error;
}

void __wrap_lewesi_x25519_public(struct lewes_x25519_public *public_key,
                                 const struct lewes_x25519_private *private_key)
{
    if (is_evil(private_key))
        *public_key = small_order;
    else
        __real_lewesi_x25519_public(public_key, private_key);
}

void __wrap_lewesi_hkdf_noise(uint8_t out1[32], uint8_t out2[32], uint8_t *out3,
                              const uint8_t ck[32], struct lewesi_span material)
{
    static const uint8_t zeros[32];
    static uint8_t key[32];

    if (zero_is_left_out && material.len == 32 && memcmp(material.data, zeros, 32) == 0) {
        memcpy(out1, ck, 32);
        memcpy(out2, key, 32);
        return;
    }
    __real_lewesi_hkdf_noise(out1, out2, out3, ck, material);
    memcpy(key, out3 == NULL ? out2 : out3, 32);
}

/* ---- Keys of small order (P19) ---- */

static const struct lewes_x25519_public small_orders[] = {
    {{0}},
    {{1}},
    {{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
      0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
      0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}},
};

/* A cheat writes message `message` of a handshake so that a lax reader would accept it. */
static void refuse_cheat(struct noise_ends *ends, unsigned message)
{
    assert_int_equal(noise_write(ends, message), LEWES_OK);
    zero_is_fine = false;
    assert_int_equal(noise_read(ends, message), LEWES_ERROR_NOISE);
    zero_is_fine = true;
    assert_int_equal(noise_read(ends, message), LEWES_OK);
    zero_is_fine = false;
    free(ends);
}

static void an_ephemeral_key_of_small_order_is_refused(void **state)
{
    unsigned message;
    size_t i, j;

    (void)state;
    for (i = 0; i < COUNT(small_orders); i++) {
        small_order = small_orders[i];
        for (j = 0; j < COUNT(patterns); j++) {
            for (message = 0; message < 2; message++) { /* es, ee */
                struct noise_ends *ends = noise_ends_after(patterns[j], message);

                memset(&ends->ends[message].e_private, 0xee, LEWES_KEY_LEN);
                zero_is_fine = true;
                refuse_cheat(ends, message);
            }
        }
    }
}

/* A reader that only forgot to look at the result would go on with the keys that it had. */
static void a_step_with_a_key_of_small_order_cannot_be_left_out(void **state)
{
    (void)state;
    small_order = small_orders[1];
    for (size_t i = 0; i < COUNT(patterns); i++) {
        for (unsigned message = 0; message < 2; message++) {
            struct noise_ends *ends = noise_ends_after(patterns[i], message);

            memset(&ends->ends[message].e_private, 0xee, LEWES_KEY_LEN);
            zero_is_fine = zero_is_left_out = true;
            refuse_cheat(ends, message);
            zero_is_left_out = false;
        }
    }
}

static void a_static_key_of_small_order_is_refused(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(small_orders); i++) {
        struct noise_ends *ends;
        unsigned message;

        small_order = small_orders[i];
        zero_is_fine = true;
        refuse_cheat(noise_ends_new(&lewesi_noise_kkpsk0, 0xee), 0); /* ss */

        ends = noise_ends_new(&lewesi_noise_xkpsk3, 0xee);
        for (message = 0; message < 2; message++) {
            assert_int_equal(noise_write(ends, message), LEWES_OK);
            assert_int_equal(noise_read(ends, message), LEWES_OK);
        }
        zero_is_fine = true;
        refuse_cheat(ends, 2); /* se */
    }
}

static void refuse_to_write_with_zero(struct noise_ends *ends, unsigned message)
{
    struct lewesi_noise *writer = noise_writer(ends, message);
    const struct lewesi_noise good = *writer;
    struct lewesi_noise before;
    size_t i;

    for (i = 0; i < COUNT(small_orders); i++) {
        const uint8_t zeros[64] = {0};

        small_order = small_orders[i];
        writer->re = small_order;
        writer->rs = small_order;
        before = *writer;
        memset(ends->bytes, 0, sizeof ends->bytes);
        assert_int_equal(noise_write(ends, message), LEWES_ERROR_KEY);
        assert_memory_equal(writer, &before, sizeof before);
        assert_int_equal(ends->len, 0);
        assert_memory_equal(ends->bytes, zeros, sizeof zeros);
        *writer = good;
    }
    assert_int_equal(noise_write(ends, message), LEWES_OK);
    assert_int_equal(noise_read(ends, message), LEWES_OK);
}

static void nothing_is_written_to_a_key_of_small_order(void **state)
{
    (void)state;
    noise_for_each_message(refuse_to_write_with_zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ephemeral_key_of_small_order_is_refused),
        cmocka_unit_test(a_step_with_a_key_of_small_order_cannot_be_left_out),
        cmocka_unit_test(a_static_key_of_small_order_is_refused),
        cmocka_unit_test(nothing_is_written_to_a_key_of_small_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
