/* SPDX-License-Identifier: Apache-2.0 */
/* BLS12-381 against the library that the original uses, and against RFC 9380 (ecash.md 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/ecash/curve.h"

#include <blst_aux.h>

#include "tests/support/vectors.h"

#define TEXT_CAP 2048
#define MULTIPLES 1000

static json_t *plain;

static int load(void **state)
{
    (void)state;
    plain = vectors_load("bls12-381/nym-plain.json");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(plain);
    return 0;
}

static void text_hex(const json_t *text, uint8_t *out, size_t len)
{
    assert_true(json_is_string(text));
    vector_hex(json_string_value(text), out, len);
}

static void read_scalar(const json_t *object, const char *key, lewesi_scalar *scalar)
{
    uint8_t bytes[LEWESI_SCALAR_LEN];

    vectors_exact(object, key, bytes, sizeof bytes);
    assert_true(lewesi_scalar_decode(scalar, bytes));
}

static void check_scalar(const json_t *object, const char *key, const lewesi_scalar *scalar)
{
    uint8_t wanted[LEWESI_SCALAR_LEN], got[LEWESI_SCALAR_LEN];

    vectors_exact(object, key, wanted, sizeof wanted);
    lewesi_scalar_encode(got, scalar);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static void check_g1(const uint8_t wanted[LEWESI_G1_LEN], const blst_p1 *point)
{
    uint8_t got[LEWESI_G1_LEN];

    lewesi_g1_encode(got, point);
    assert_memory_equal(got, wanted, sizeof got);
}

static void check_g2(const uint8_t wanted[LEWESI_G2_LEN], const blst_p2 *point)
{
    uint8_t got[LEWESI_G2_LEN];

    lewesi_g2_encode(got, point);
    assert_memory_equal(got, wanted, sizeof got);
}

/* ---- encodings ---- */

static void points_decode_as_in_the_original(void **state)
{
    const json_t *recorded;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(plain, "g1_decoding"), i, recorded)
    {
        uint8_t bytes[LEWESI_G1_LEN];
        blst_p1_affine affine;
        blst_p1 point;

        vectors_exact(recorded, "bytes", bytes, sizeof bytes);
        const bool good = json_is_true(vectors_member(recorded, "accepted"));
        assert_int_equal(lewesi_g1_decode(&affine, bytes), good);
        if (good) {
            blst_p1_from_affine(&point, &affine);
            check_g1(bytes, &point);
        }
    }
    json_array_foreach(vectors_member(plain, "g2_decoding"), i, recorded)
    {
        uint8_t bytes[LEWESI_G2_LEN];
        blst_p2_affine affine;
        blst_p2 point;

        vectors_exact(recorded, "bytes", bytes, sizeof bytes);
        const bool good = json_is_true(vectors_member(recorded, "accepted"));
        assert_int_equal(lewesi_g2_decode(&affine, bytes), good);
        if (good) {
            blst_p2_from_affine(&point, &affine);
            check_g2(bytes, &point);
        }
    }
}

static void scalars_decode_as_in_the_original(void **state)
{
    const json_t *recorded;
    lewesi_scalar scalar;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(plain, "scalar_decoding"), i, recorded)
    {
        uint8_t bytes[LEWESI_SCALAR_LEN];

        vectors_exact(recorded, "bytes_le", bytes, sizeof bytes);
        const bool good = json_is_true(vectors_member(recorded, "accepted"));
        assert_int_equal(lewesi_scalar_decode(&scalar, bytes), good);
        if (good)
            check_scalar(recorded, "bytes_le", &scalar);
    }
    json_array_foreach(vectors_member(plain, "scalar_from_64_bytes_le_mod_r"), i, recorded)
    {
        uint8_t wide[64];

        vectors_exact(recorded, "bytes_le_64", wide, sizeof wide);
        lewesi_scalar_reduce(&scalar, wide);
        check_scalar(recorded, "scalar", &scalar);
    }
}

/* ---- arithmetic ---- */

static void scalars_add_and_multiply(void **state)
{
    const json_t *recorded;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(plain, "scalar_arithmetic"), i, recorded)
    {
        lewesi_scalar a, b, one, zero, sum, product;

        read_scalar(recorded, "a", &a);
        read_scalar(recorded, "b", &b);
        lewesi_scalar_of(&one, 1);
        lewesi_scalar_of(&zero, 0);
        lewesi_scalar_mul_add(&sum, &a, &b, &one);
        check_scalar(recorded, "a+b", &sum);
        lewesi_scalar_mul_add(&product, &zero, &a, &b);
        check_scalar(recorded, "a*b", &product);
        assert_false(lewesi_scalar_is_zero(&a));
        assert_true(lewesi_scalar_is_zero(&zero));
    }
}

static void generators_multiply(void **state)
{
    const json_t *recorded;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(plain, "g1_multiples_of_generator"), i, recorded)
    {
        uint8_t wanted[LEWESI_G1_LEN];
        lewesi_scalar k;
        blst_p1 point;

        read_scalar(recorded, "k", &k);
        vectors_exact(recorded, "compressed", wanted, sizeof wanted);
        lewesi_g1_mul(&point, blst_p1_generator(), &k);
        check_g1(wanted, &point);
    }
    json_array_foreach(vectors_member(plain, "g2_multiples_of_generator"), i, recorded)
    {
        uint8_t wanted[LEWESI_G2_LEN];
        lewesi_scalar k;
        blst_p2 point;

        read_scalar(recorded, "k", &k);
        vectors_exact(recorded, "compressed", wanted, sizeof wanted);
        lewesi_g2_mul(&point, blst_p2_generator(), &k);
        check_g2(wanted, &point);
    }
}

static void a_thousand_multiples_of_both_generators_come_out(void **state)
{
    FILE *const g1 = vectors_open("bls12-381/g1_compressed_valid_test_vectors.dat");
    FILE *const g2 = vectors_open("bls12-381/g2_compressed_valid_test_vectors.dat");

    (void)state;
    for (uint64_t number = 0; number < MULTIPLES; number++) {
        uint8_t wanted1[LEWESI_G1_LEN], wanted2[LEWESI_G2_LEN];
        lewesi_scalar k;
        blst_p1 point1;
        blst_p2 point2;

        assert_int_equal(fread(wanted1, sizeof wanted1, 1, g1), 1);
        assert_int_equal(fread(wanted2, sizeof wanted2, 1, g2), 1);
        lewesi_scalar_of(&k, number);
        lewesi_g1_mul(&point1, blst_p1_generator(), &k);
        check_g1(wanted1, &point1);
        lewesi_g2_mul(&point2, blst_p2_generator(), &k);
        check_g2(wanted2, &point2);
    }
    fclose(g1);
    fclose(g2);
}

static void sums_of_multiples_come_out(void **state)
{
    const json_t *recorded, *text;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(plain, "msm"), i, recorded)
    {
        blst_p1 sum1 = {0};
        blst_p2 sum2 = {0};
        uint8_t wanted1[LEWESI_G1_LEN], wanted2[LEWESI_G2_LEN];

        json_array_foreach(vectors_member(recorded, "scalars"), j, text)
        {
            uint8_t scalar_bytes[LEWESI_SCALAR_LEN], bytes1[LEWESI_G1_LEN], bytes2[LEWESI_G2_LEN];
            blst_p1_affine affine1;
            blst_p2_affine affine2;
            blst_p1 point1;
            blst_p2 point2;
            lewesi_scalar scalar;

            text_hex(text, scalar_bytes, sizeof scalar_bytes);
            text_hex(json_array_get(vectors_member(recorded, "g1"), j), bytes1, sizeof bytes1);
            text_hex(json_array_get(vectors_member(recorded, "g2"), j), bytes2, sizeof bytes2);
            assert_true(lewesi_scalar_decode(&scalar, scalar_bytes));
            assert_true(lewesi_g1_decode(&affine1, bytes1));
            assert_true(lewesi_g2_decode(&affine2, bytes2));
            blst_p1_from_affine(&point1, &affine1);
            blst_p2_from_affine(&point2, &affine2);
            lewesi_g1_mul_add(&sum1, &point1, &scalar);
            lewesi_g2_mul_add(&sum2, &point2, &scalar);
        }
        vectors_exact(recorded, "g1_result", wanted1, sizeof wanted1);
        vectors_exact(recorded, "g2_result", wanted2, sizeof wanted2);
        check_g1(wanted1, &sum1);
        check_g2(wanted2, &sum2);
    }
}

/* ---- hashes ---- */

static void hashes_agree_with_the_original(void **state)
{
    const json_t *recorded;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(plain, "hashing"), i, recorded)
    {
        uint8_t message[TEXT_CAP], wanted[LEWESI_G1_LEN];
        const size_t len = vectors_hex(recorded, "msg", message, sizeof message);
        lewesi_scalar scalar;
        blst_p1 point;

        lewesi_hash_to_g1(&point, (struct lewesi_span){message, len});
        vectors_exact(recorded, "hash_g1", wanted, sizeof wanted);
        check_g1(wanted, &point);
        lewesi_hash_to_scalar(&scalar, (struct lewesi_span){message, len});
        check_scalar(recorded, "hash_to_scalar", &scalar);
    }
}

static const uint8_t *text_bytes(const json_t *object, const char *key)
{
    return (const uint8_t *)vectors_text(object, key);
}

static void the_back_end_hashes_as_rfc_9380_says(void **state)
{
    json_t *const file = vectors_load("bls12-381/BLS12381G1_XMD_SHA-256_SSWU_RO_.json");
    const char *const domain = vectors_text(file, "dst");
    const json_t *recorded;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(file, "vectors"), i, recorded)
    {
        const char *const message = vectors_text(recorded, "msg");
        uint8_t wanted[2 * 48], got[2 * 48];
        blst_p1 point;

        blst_hash_to_g1(&point, (const uint8_t *)message, strlen(message), (const uint8_t *)domain,
                        strlen(domain), NULL, 0);
        blst_p1_serialize(got, &point);
        vector_hex(vectors_text(vectors_member(recorded, "P"), "x") + 2, wanted, 48);
        vector_hex(vectors_text(vectors_member(recorded, "P"), "y") + 2, wanted + 48, 48);
        assert_memory_equal(got, wanted, sizeof wanted);
    }
    json_decref(file);
}

static void the_back_end_expands_as_rfc_9380_says(void **state)
{
    static const char *const names[] = {"bls12-381/expand_message_xmd_SHA256_38.json",
                                        "bls12-381/expand_message_xmd_SHA256_256.json"};

    (void)state;
    for (size_t n = 0; n < 2; n++) {
        json_t *const file = vectors_load(names[n]);
        const json_t *recorded;
        size_t i;

        json_array_foreach(vectors_member(file, "tests"), i, recorded)
        {
            const size_t len = strtoul(vectors_text(recorded, "len_in_bytes"), NULL, 16);
            uint8_t wanted[256], got[256];

            assert_true(len <= sizeof got);
            blst_expand_message_xmd(got, len, text_bytes(recorded, "msg"),
                                    strlen(vectors_text(recorded, "msg")), text_bytes(file, "DST"),
                                    strlen(vectors_text(file, "DST")));
            vectors_exact(recorded, "uniform_bytes", wanted, len);
            assert_memory_equal(got, wanted, len);
        }
        json_decref(file);
    }
}

/* ---- pairings ---- */

/* A product of two is one if the first equals the inverse of the second. */
static void pairings_agree_with_the_original(void **state)
{
    const json_t *recorded;
    unsigned checked = 0;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(plain, "pairing_products"), i, recorded)
    {
        const json_t *const pairs = vectors_member(recorded, "pairs");
        blst_p1_affine p[2];
        blst_p2_affine q[2];
        blst_p1 minus;

        if (json_array_size(pairs) != 2)
            continue;
        for (size_t j = 0; j < 2; j++) {
            const json_t *const pair = json_array_get(pairs, j);
            uint8_t bytes1[LEWESI_G1_LEN], bytes2[LEWESI_G2_LEN];

            vectors_exact(pair, "g1", bytes1, sizeof bytes1);
            vectors_exact(pair, "g2", bytes2, sizeof bytes2);
            assert_true(lewesi_g1_decode(&p[j], bytes1));
            assert_true(lewesi_g2_decode(&q[j], bytes2));
        }
        blst_p1_from_affine(&minus, &p[1]);
        blst_p1_cneg(&minus, true);
        blst_p1_to_affine(&p[1], &minus);
        assert_int_equal(lewesi_pairings_equal(&p[0], &q[0], &p[1], &q[1]),
                         json_is_true(vectors_member(recorded, "product_is_one")));
        checked++;
    }
    assert_true(checked >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_decode_as_in_the_original),
        cmocka_unit_test(scalars_decode_as_in_the_original),
        cmocka_unit_test(scalars_add_and_multiply),
        cmocka_unit_test(generators_multiply),
        cmocka_unit_test(a_thousand_multiples_of_both_generators_come_out),
        cmocka_unit_test(sums_of_multiples_come_out),
        cmocka_unit_test(hashes_agree_with_the_original),
        cmocka_unit_test(the_back_end_hashes_as_rfc_9380_says),
        cmocka_unit_test(the_back_end_expands_as_rfc_9380_says),
        cmocka_unit_test(pairings_agree_with_the_original),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
