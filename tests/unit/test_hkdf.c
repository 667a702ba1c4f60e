/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"
#include "tests/support/vectors.h"

#define OUT_MAX (255 * 32) /* RFC 5869, 2.3 */
#define IN_MAX 1024

/* Extract (RFC 5869, 2.2): the protocol has Expand alone. */
static void extract(uint8_t prk[32], const json_t *vector)
{
    uint8_t salt[IN_MAX], ikm[IN_MAX];
    const size_t salt_len = vectors_hex(vector, "salt", salt, sizeof salt);
    const size_t ikm_len = vectors_hex(vector, "ikm", ikm, sizeof ikm);

    lewesi_hmac_sha256(prk, (struct lewesi_span){salt, salt_len},
                       (struct lewesi_span){ikm, ikm_len});
}

static void check_vector(const json_t *vector, size_t size)
{
    uint8_t prk[32], info[IN_MAX], expected[OUT_MAX], actual[OUT_MAX + 1];
    const size_t info_len = vectors_hex(vector, "info", info, sizeof info);

    extract(prk, vector);
    vectors_exact(vector, "okm", expected, size);
    memset(actual, 0xee, sizeof actual);
    lewesi_hkdf_expand(actual, size, prk, (struct lewesi_span){info, info_len});
    assert_memory_equal(actual, expected, size);
    assert_int_equal(actual[size], 0xee);
}

/* Three vectors ask for more than there is; callers never do. */
static void expand_agrees_with_wycheproof(void **state)
{
    json_t *const file = vectors_load("wycheproof/hkdf_sha256_test.json");
    unsigned count = 0, too_long = 0;
    const json_t *group, *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "testGroups"), i, group)
    {
        json_array_foreach(vectors_member(group, "tests"), j, vector)
        {
            const size_t size = (size_t)json_integer_value(vectors_member(vector, "size"));

            if (vectors_text_is(vector, "result", "valid")) {
                check_vector(vector, size);
                count++;
            } else {
                assert_true(size > OUT_MAX);
                too_long++;
            }
        }
    }
    json_decref(file);
    assert_int_equal(count, 83);
    assert_int_equal(too_long, 3);
}

static void a_shorter_output_is_a_prefix_of_a_longer_one(void **state)
{
    static const uint8_t prk[32] = {1};
    const struct lewesi_span info = {(const uint8_t *)"info", 4};
    uint8_t longest[200], out[200];

    (void)state;
    lewesi_hkdf_expand(longest, sizeof longest, prk, info);
    for (size_t len = 0; len <= sizeof longest; len++) {
        memset(out, 0xee, sizeof out);
        lewesi_hkdf_expand(out, len, prk, info);
        assert_memory_equal(out, longest, len);
        for (size_t i = len; i < sizeof out; i++)
            assert_int_equal(out[i], 0xee);
    }
}

/* The definition in the Noise specification, 4.3, spelled out. */
static void noise_chains_its_outputs(void **state)
{
    static const uint8_t ck[32] = {0x63, 0x6b}, material[40] = {0x6d};
    const struct lewesi_span chaining = {ck, sizeof ck}, input = {material, sizeof material};
    uint8_t temp[32], expected[3][32], chained[33], out[3][32];

    (void)state;
    lewesi_hmac_sha256(temp, chaining, input);
    for (uint8_t i = 0; i < 3; i++) {
        const size_t before = i == 0 ? 0 : 32;

        if (i > 0)
            memcpy(chained, expected[i - 1], 32);
        chained[before] = (uint8_t)(i + 1);
        lewesi_hmac_sha256(expected[i], (struct lewesi_span){temp, sizeof temp},
                           (struct lewesi_span){chained, before + 1});
    }
    lewesi_hkdf_noise(out[0], out[1], out[2], ck, input);
    assert_memory_equal(out, expected, sizeof out);
    memset(out, 0, sizeof out);
    lewesi_hkdf_noise(out[0], out[1], NULL, ck, input);
    assert_memory_equal(out, expected, 2 * sizeof out[0]);
}

static void noise_may_chain_without_material_and_in_place(void **state)
{
    const struct lewesi_span none = {NULL, 0};
    uint8_t ck[32] = {7}, expected[2][32], key[32];

    (void)state;
    lewesi_hkdf_noise(expected[0], expected[1], NULL, ck, none);
    lewesi_hkdf_noise(ck, key, NULL, ck, none);
    assert_memory_equal(ck, expected[0], sizeof ck);
    assert_memory_equal(key, expected[1], sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expand_agrees_with_wycheproof),
        cmocka_unit_test(a_shorter_output_is_a_prefix_of_a_longer_one),
        cmocka_unit_test(noise_chains_its_outputs),
        cmocka_unit_test(noise_may_chain_without_material_and_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
