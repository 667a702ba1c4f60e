/* SPDX-License-Identifier: Apache-2.0 */
/* The conversion against recorded keys, and against the textbook in big integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>

#include "lib/crypto/crypto.h"
#include "tests/support/edwards_portable.h"
#include "tests/support/env.h"
#include "tests/support/vectors.h"

/* What P18 says about an encoding. */
enum verdict { NOT_CANONICAL, NO_POINT, SMALL_ORDER, GOOD, VERDICTS };

struct curve {
    BN_CTX *ctx;
    BIGNUM *p, *d, *one;
};

struct point {
    BIGNUM *x, *y;
};

static BIGNUM *fresh(struct curve *curve)
{
    BIGNUM *const number = BN_CTX_get(curve->ctx);

    assert_non_null(number);
    return number;
}

static BIGNUM *product(struct curve *curve, const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *const r = fresh(curve);

    assert_int_equal(BN_mod_mul(r, a, b, curve->p, curve->ctx), 1);
    return r;
}

static BIGNUM *sum(struct curve *curve, const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *const r = fresh(curve);

    assert_int_equal(BN_mod_add(r, a, b, curve->p, curve->ctx), 1);
    return r;
}

static BIGNUM *difference(struct curve *curve, const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *const r = fresh(curve);

    assert_int_equal(BN_mod_sub(r, a, b, curve->p, curve->ctx), 1);
    return r;
}

static BIGNUM *quotient(struct curve *curve, const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *const inverse = fresh(curve);

    assert_non_null(BN_mod_inverse(inverse, b, curve->p, curve->ctx));
    return product(curve, a, inverse);
}

static BIGNUM *word(struct curve *curve, BN_ULONG value)
{
    BIGNUM *const r = fresh(curve);

    assert_int_equal(BN_set_word(r, value), 1);
    return r;
}

/* -x^2 + y^2 = 1 + d x^2 y^2 with d = -121665/121666 (RFC 7748, 4.1) */
static void curve_open(struct curve *curve)
{
    curve->ctx = BN_CTX_new();
    assert_non_null(curve->ctx);
    BN_CTX_start(curve->ctx);
    curve->p = fresh(curve);
    assert_int_equal(BN_set_bit(curve->p, 255), 1);
    assert_int_equal(BN_sub_word(curve->p, 19), 1);
    curve->one = word(curve, 1);
    curve->d = quotient(curve, difference(curve, word(curve, 0), word(curve, 121665)),
                        word(curve, 121666));
}

static void curve_close(struct curve *curve)
{
    BN_CTX_end(curve->ctx);
    BN_CTX_free(curve->ctx);
}

/* The addition law of RFC 8032, 5.1.4, in affine form. */
static struct point twice(struct curve *curve, struct point a)
{
    const BIGNUM *const xy = product(curve, a.x, a.y);
    const BIGNUM *const xx = product(curve, a.x, a.x), *const yy = product(curve, a.y, a.y);
    const BIGNUM *const dxxyy = product(curve, curve->d, product(curve, xx, yy));

    return (struct point){
        .x = quotient(curve, sum(curve, xy, xy), sum(curve, curve->one, dxxyy)),
        .y = quotient(curve, sum(curve, yy, xx), difference(curve, curve->one, dxxyy)),
    };
}

static bool eight_times_is_neutral(struct curve *curve, struct point a)
{
    for (unsigned i = 0; i < 3; i++)
        a = twice(curve, a);
    return BN_is_zero(a.x) && BN_is_one(a.y);
}

static enum verdict judge(struct curve *curve, const uint8_t key[32], uint8_t u[32])
{
    uint8_t bytes[32];
    struct point a = {.x = fresh(curve), .y = fresh(curve)};
    const BIGNUM *yy, *xx;

    memcpy(bytes, key, sizeof bytes);
    bytes[31] &= 0x7f;
    assert_non_null(BN_le2bn(bytes, sizeof bytes, a.y));
    if (BN_cmp(a.y, curve->p) >= 0)
        return NOT_CANONICAL;
    yy = product(curve, a.y, a.y);
    xx = quotient(curve, difference(curve, yy, curve->one),
                  sum(curve, product(curve, curve->d, yy), curve->one));
    if (BN_mod_sqrt(a.x, xx, curve->p, curve->ctx) == NULL)
        return NO_POINT;
    if (eight_times_is_neutral(curve, a))
        return SMALL_ORDER;
    yy = quotient(curve, sum(curve, curve->one, a.y), difference(curve, curve->one, a.y));
    assert_int_equal(BN_bn2le_padded(u, 32, yy), 1);
    return GOOD;
}

/* Both builds of the conversion must agree with the textbook; returns its verdict. */
static enum verdict compare(struct curve *curve, const uint8_t bytes[32])
{
    struct lewes_ed25519_public key;
    struct lewes_x25519_public wide, narrow;
    uint8_t expected[32];
    enum verdict verdict;
    enum lewes_error error;

    memcpy(key.bytes, bytes, sizeof key.bytes);
    memset(&wide, 0x5a, sizeof wide);
    memset(&narrow, 0x5a, sizeof narrow);
    memset(expected, 0x5a, sizeof expected); /* untouched on error */
    BN_CTX_start(curve->ctx);
    verdict = judge(curve, bytes, expected);
    BN_CTX_end(curve->ctx);
    error = verdict == GOOD ? LEWES_OK : LEWES_ERROR_KEY;
    assert_int_equal(lewesi_x25519_public_from_ed25519(&wide, &key), error);
    assert_memory_equal(wide.bytes, expected, sizeof expected);
    assert_int_equal(portable_public_from_ed25519(&narrow, &key), error);
    assert_memory_equal(narrow.bytes, expected, sizeof expected);
    return verdict;
}

static void random_encodings_are_judged_as_by_the_textbook(void **state)
{
    unsigned count[VERDICTS] = {0};
    struct curve curve;
    struct test_env test;

    (void)state;
    curve_open(&curve);
    test_env_init(&test, 5);
    for (unsigned i = 0; i < 1500; i++) {
        uint8_t bytes[32];

        assert_int_equal(test.env.random(&test, bytes, sizeof bytes), 0);
        count[compare(&curve, bytes)]++;
    }
    curve_close(&curve);
    assert_true(count[NO_POINT] > 650);
    assert_true(count[GOOD] > 650);
    assert_int_equal(count[NO_POINT] + count[GOOD], 1500);
}

/* y = 0 to 99, and everything from p - 81 up, which 255 bits can spell; both signs. */
static void the_edges_of_the_field_are_judged_as_by_the_textbook(void **state)
{
    unsigned count[VERDICTS] = {0};
    struct curve curve;

    (void)state;
    curve_open(&curve);
    for (unsigned i = 0; i < 200; i++) {
        for (unsigned sign = 0; sign < 2; sign++) {
            uint8_t bytes[32];

            memset(bytes, i < 100 ? 0 : 0xff, sizeof bytes);
            bytes[0] = (uint8_t)(i < 100 ? i : 56 + i);
            bytes[31] = (uint8_t)((bytes[31] & 0x7f) | sign << 7);
            count[compare(&curve, bytes)]++;
        }
    }
    curve_close(&curve);
    assert_int_equal(count[NOT_CANONICAL], 2 * 19);
    assert_int_equal(count[SMALL_ORDER], 2 * 3); /* y = 0, 1, -1 */
    assert_true(count[NO_POINT] > 100);
    assert_true(count[GOOD] > 100);
}

/* One bit set, one bit clear: carries through all limbs. */
static void lonely_bits_are_judged_as_by_the_textbook(void **state)
{
    unsigned count[VERDICTS] = {0};
    struct curve curve;

    (void)state;
    curve_open(&curve);
    for (unsigned bit = 0; bit < 256; bit++) {
        uint8_t bytes[32] = {0};

        bytes[bit / 8] = (uint8_t)(1U << bit % 8);
        count[compare(&curve, bytes)]++;
        for (unsigned i = 0; i < 32; i++)
            bytes[i] ^= 0xff;
        count[compare(&curve, bytes)]++;
    }
    curve_close(&curve);
    assert_true(count[NO_POINT] > 100);
    assert_true(count[GOOD] > 100);
}

/* The eight points of the torsion subgroup, with every sign bit. */
static void every_point_of_small_order_is_refused(void **state)
{
    static const char *const ys[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    };
    struct curve curve;
    unsigned refused = 0;

    (void)state;
    curve_open(&curve);
    for (size_t i = 0; i < 2 * sizeof ys / sizeof ys[0]; i++) {
        uint8_t bytes[32];

        vector_hex(ys[i / 2], bytes, sizeof bytes);
        bytes[31] |= (uint8_t)(i % 2 << 7);
        assert_int_equal(compare(&curve, bytes), SMALL_ORDER);
        refused++;
    }
    curve_close(&curve);
    assert_int_equal(refused, 10);
}

static void check_pair(const json_t *end)
{
    struct lewes_ed25519_seed seed;
    struct lewesi_ed25519_private unused;
    struct lewes_ed25519_public ed25519;
    struct lewes_x25519_private x25519_private;
    struct lewes_x25519_public x25519, multiplied;
    uint8_t expected[32];

    vectors_exact(end, "ed25519_seed", seed.bytes, sizeof seed.bytes);
    lewesi_ed25519_from_seed(&unused, &ed25519, &seed);
    vectors_exact(end, "ed25519_public", expected, sizeof expected);
    assert_memory_equal(ed25519.bytes, expected, sizeof expected);

    lewesi_x25519_private_from_seed(&x25519_private, &seed);
    vectors_exact(end, "x25519_private", expected, sizeof expected);
    assert_memory_equal(x25519_private.bytes, expected, sizeof expected);

    assert_int_equal(lewesi_x25519_public_from_ed25519(&x25519, &ed25519), LEWES_OK);
    lewesi_x25519_public(&multiplied, &x25519_private);
    vectors_exact(end, "x25519_public", expected, sizeof expected);
    assert_memory_equal(x25519.bytes, expected, sizeof expected);
    assert_memory_equal(multiplied.bytes, expected, sizeof expected);
}

static void recorded_identities_have_the_recorded_keys(void **state)
{
    json_t *const file = vectors_load("lp/generation1.json");
    const json_t *transcript, *session;
    unsigned pairs = 0;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(file, "transcripts"), i, transcript)
    {
        json_array_foreach(vectors_member(transcript, "sessions"), j, session)
        {
            check_pair(vectors_member(session, "client"));
            check_pair(vectors_member(session, "gateway"));
            pairs += 2;
        }
    }
    json_decref(file);
    assert_int_equal(pairs, 12);
}

/* protocol.md 17 */
static void the_worked_values_come_out(void **state)
{
    static const char *const rows[2][3] = {
        {"d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737",
         "845b920bda4cd49d251d3329144a0cf8bdaaa07502626fa87f08e80faedab11f",
         "7a46e129fd805047448437e4744f1f1576be8c449fdf57e0c580d36c5cfc6668"},
        {"a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0",
         "6ac3eb1cd6dbdd0037d503e6655229500a83f464be62ca753bff884c437887f8",
         "9d8d78b9c9e6661e552f2f1af02095ee2f8743fa2e6183f41bb7077ef51b5379"},
    };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct lewes_ed25519_seed seed;
        struct lewes_ed25519_public ed25519;
        struct lewes_x25519_private private_key;
        struct lewes_x25519_public x25519;
        uint8_t expected[32];

        memset(seed.bytes, (int)(0x11 * (i + 1)), sizeof seed.bytes);
        lewesi_x25519_private_from_seed(&private_key, &seed);
        vector_hex(rows[i][1], expected, sizeof expected);
        assert_memory_equal(private_key.bytes, expected, sizeof expected);
        vector_hex(rows[i][0], ed25519.bytes, sizeof ed25519.bytes);
        assert_int_equal(lewesi_x25519_public_from_ed25519(&x25519, &ed25519), LEWES_OK);
        vector_hex(rows[i][2], expected, sizeof expected);
        assert_memory_equal(x25519.bytes, expected, sizeof expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_encodings_are_judged_as_by_the_textbook),
        cmocka_unit_test(the_edges_of_the_field_are_judged_as_by_the_textbook),
        cmocka_unit_test(lonely_bits_are_judged_as_by_the_textbook),
        cmocka_unit_test(every_point_of_small_order_is_refused),
        cmocka_unit_test(recorded_identities_have_the_recorded_keys),
        cmocka_unit_test(the_worked_values_come_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
