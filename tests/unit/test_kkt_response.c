/* SPDX-License-Identifier: Apache-2.0 */
/* What an initiator takes as the response (protocol.md P25, P26). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/kkt/kkt.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/kkt_frames.h"

#define LENGTHS 1400
#define BYTES 256
#define STATUS_SHIFT 5

static struct kem_parties parties;

static int init_parties(void **state)
{
    (void)state;
    kem_parties_init(&parties);
    return 0;
}

/* An initiator that has asked for a suite, and the good answer. */
struct asked {
    struct kem_pair pair;
    struct lewes_kem_digest digest;
    struct lewesi_kkt_expected expected;
    uint8_t context[LEWESI_KKT_CONTEXT_LEN];
    struct kkt_frame frame;
};

static struct lewesi_span key_of(const struct asked *asked)
{
    return (struct lewesi_span){asked->pair.public_key, asked->pair.kem->public_len};
}

/* The digest is computed by the code under test's own functions: test_kkt_vectors has recorded
 * ones. */
static void pin(struct asked *asked, enum lewes_hash hash)
{
    asked->digest = (struct lewes_kem_digest){.kem = asked->pair.kem->id, .hash = hash};
    assert_int_equal(lewesi_kem_digest(asked->digest.bytes, key_of(asked), hash), LEWES_OK);
    asked->expected.digest = &asked->digest;
}

static void ask(struct asked *asked, const struct lewesi_kem *kem)
{
    memset(asked, 0, sizeof *asked);
    kem_pair_init(&asked->pair, kem);
    if (kem->id == LEWES_KEM_X25519) /* the recorded key is not that of the identity */
        memcpy(asked->pair.public_key, parties.gateway_x25519.bytes, LEWES_KEY_LEN);
    asked->expected.suite.kem = (uint8_t)kem->id;
    asked->expected.session_id = kkt_session_id;
    asked->expected.gateway = &parties.gateway;
    asked->expected.gateway_x25519 = &parties.gateway_x25519;
    pin(asked, LEWES_HASH_BLAKE3);
    asked->context[0] = 0x11;
    asked->context[1] = 0x01;
    asked->context[2] = (uint8_t)kem->id;
    kkt_frame_make(&asked->frame, asked->context, key_of(asked), &parties.gateway_private);
}

static enum lewes_error read_len(const struct asked *asked, size_t len)
{
    uint8_t status;
    return kkt_frame_read_response(&asked->frame, len, &asked->expected, asked->pair.public_key,
                                   &status);
}

static enum lewes_error read_frame(const struct asked *asked)
{
    return read_len(asked, asked->frame.len);
}

/* Reads the answer with `value` in byte `at`, signed anew. */
static enum lewes_error read_with(struct asked *asked, size_t at, uint8_t value)
{
    const uint8_t before = asked->frame.bytes[at];
    asked->frame.bytes[at] = value;
    kkt_frame_sign(&asked->frame, &parties.gateway_private);
    enum lewes_error error = read_frame(asked);
    asked->frame.bytes[at] = before;
    kkt_frame_sign(&asked->frame, &parties.gateway_private);
    return error;
}

static void make_status(struct asked *asked, unsigned status)
{
    asked->context[1] = (uint8_t)(status << STATUS_SHIFT | 1);
    kkt_frame_make(&asked->frame, asked->context, (struct lewesi_span){NULL, 0},
                   &parties.gateway_private);
    assert_int_equal(asked->frame.len, LEWESI_KKT_STATUS_LEN);
}

static void check_lengths(const struct lewesi_kem *kem)
{
    struct asked asked;
    ask(&asked, kem);
    const size_t good = asked.frame.len;
    for (size_t len = 0; len <= LENGTHS; len++)
        assert_int_equal(read_len(&asked, len), len == good ? LEWES_OK : LEWES_ERROR_KKT);
}

static void only_the_length_of_the_suite_is_an_answer(void **state)
{
    (void)state;
    kem_suites_each(check_lengths);
}

/* The signature is good, and the session id stands where a good frame has it; but the body is too
 * short or too long. */
static void check_signed_lengths(const struct lewesi_kem *kem)
{
    uint8_t body[LENGTHS] = {0};
    struct asked asked;
    ask(&asked, kem);
    memcpy(body, asked.pair.public_key, kem->public_len);
    memcpy(body + kem->public_len, kkt_session_id, sizeof kkt_session_id);
    for (size_t len = LEWESI_KKT_STATUS_LEN; len <= LENGTHS; len++) {
        enum lewes_error expected = LEWES_ERROR_KKT;
        if (len == lewesi_kkt_response_len(kem))
            expected = LEWES_OK;
        else if (len == lewesi_kkt_response_len(lewesi_kem_find(LEWES_KEM_X25519)))
            expected = LEWES_ERROR_SUITE; /* P26 */
        const struct lewesi_span part = {body, len - LEWESI_KKT_STATUS_LEN};
        kkt_frame_make(&asked.frame, asked.context, part, &parties.gateway_private);
        assert_int_equal(read_frame(&asked), expected);
    }
}

static void a_good_signature_over_another_length_does_not_help(void **state)
{
    (void)state;
    kem_suites_each(check_signed_lengths);
}

static void flip_every_bit(struct asked *asked)
{
    for (size_t bit = 0; bit < 8 * asked->frame.len; bit++) {
        asked->frame.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_frame(asked), LEWES_ERROR_KKT);
        asked->frame.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void check_flipped_bits(const struct lewesi_kem *kem)
{
    struct asked asked;
    ask(&asked, kem);
    flip_every_bit(&asked);
    assert_int_equal(read_frame(&asked), LEWES_OK);
    make_status(&asked, LEWESI_KKT_STATUS_SUITE);
    flip_every_bit(&asked);
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT_STATUS);
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    kem_suites_each(check_flipped_bits);
}

/* All 256 values of each byte of the context, each well signed. */
static void check_context(const struct lewesi_kem *kem)
{
    struct asked asked;
    ask(&asked, kem);
    for (size_t at = 0; at < LEWESI_KKT_CONTEXT_LEN; at++)
        for (unsigned value = 0; value < BYTES; value++)
            assert_int_equal(read_with(&asked, at, (uint8_t)value),
                             value == asked.context[at] ? LEWES_OK : LEWES_ERROR_KKT);
}

static void the_context_has_to_be_our_own(void **state)
{
    (void)state;
    kem_suites_each(check_context);
}

static void check_session_id(const struct lewesi_kem *kem)
{
    struct asked asked;
    ask(&asked, kem);
    const size_t at = LEWESI_KKT_CONTEXT_LEN + (size_t)kem->public_len;
    for (size_t i = 0; i < LEWESI_KKT_SESSION_ID_LEN; i++)
        assert_int_equal(read_with(&asked, at + i, (uint8_t)(kkt_session_id[i] ^ 0x01)),
                         LEWES_ERROR_KKT);
    assert_int_equal(read_frame(&asked), LEWES_OK);
}

static void the_answer_to_another_request_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_session_id);
}

static void check_signer(const struct lewesi_kem *kem)
{
    struct asked asked;
    ask(&asked, kem);
    kkt_frame_sign(&asked.frame, &parties.client_private);
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT);
}

static void another_gateways_answer_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_signer);
}

static void check_statuses(const struct lewesi_kem *kem)
{
    struct asked asked;
    uint8_t status;
    ask(&asked, kem);
    for (unsigned i = 1; i < 8; i++) {
        make_status(&asked, i);
        assert_int_equal(
            kkt_frame_read_response(&asked.frame, asked.frame.len, &asked.expected, NULL, &status),
            LEWES_ERROR_KKT_STATUS);
        assert_int_equal(status, i);
        /* The same with a key in it. */
        kkt_frame_make(&asked.frame, asked.context, key_of(&asked), &parties.gateway_private);
        assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT);
    }
    make_status(&asked, 0);
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT);
}

static void every_status_is_understood(void **state)
{
    (void)state;
    kem_suites_each(check_statuses);
}

static void check_status_context(const struct lewesi_kem *kem)
{
    struct asked asked;
    ask(&asked, kem);
    make_status(&asked, LEWESI_KKT_STATUS_SUITE);
    for (size_t at = 0; at < LEWESI_KKT_STATUS_LEN - LEWESI_SIGNATURE_LEN; at++) {
        uint8_t value = (uint8_t)(asked.frame.bytes[at] ^ 0x02);
        assert_int_equal(read_with(&asked, at, value), LEWES_ERROR_KKT);
    }
    kkt_frame_sign(&asked.frame, &parties.client_private);
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT);
}

static void a_status_of_another_request_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_status_context);
}

/* P31: who asks for 32 must take 0. */
static void a_digest_length_of_32_may_come_back_as_0(void **state)
{
    const size_t at = 4;
    struct asked asked;
    (void)state;
    ask(&asked, lewesi_kem_find(LEWES_KEM_X25519));
    asked.expected.suite.digest_len = 32;
    for (unsigned value = 0; value < BYTES; value++)
        assert_int_equal(read_with(&asked, at, (uint8_t)value),
                         value == 0 || value == 32 ? LEWES_OK : LEWES_ERROR_KKT);
    asked.expected.suite.digest_len = 0;
    assert_int_equal(read_with(&asked, at, 32), LEWES_ERROR_KKT);
    asked.expected.suite.digest_len = 64; /* only 32 is what 0 means */
    assert_int_equal(read_with(&asked, at, 0), LEWES_ERROR_KKT);
    assert_int_equal(read_with(&asked, at, 64), LEWES_OK);
}

static void an_x25519_key_that_is_not_the_identitys_is_refused(void **state)
{
    struct asked asked;
    (void)state;
    ask(&asked, lewesi_kem_find(LEWES_KEM_X25519));
    for (size_t i = 0; i < LEWES_KEY_LEN; i++) {
        const size_t at = LEWESI_KKT_CONTEXT_LEN + i;
        assert_int_equal(read_with(&asked, at, (uint8_t)(asked.frame.bytes[at] ^ 0x80)),
                         LEWES_ERROR_KKT_KEY);
    }
    assert_int_equal(read_frame(&asked), LEWES_OK);
}

/* The first coefficient, of 12 bits, becomes 3329, the modulus (FIPS 203, 7.2). */
static void check_modulus(const struct lewesi_kem *kem)
{
    struct asked asked;
    if (kem->id == LEWES_KEM_X25519)
        return;
    ask(&asked, kem);
    uint8_t *key = asked.frame.bytes + LEWESI_KKT_CONTEXT_LEN;
    key[0] = 0x01;
    key[1] = (uint8_t)((key[1] & 0xf0) | 0x0d);
    kkt_frame_sign(&asked.frame, &parties.gateway_private);
    memcpy(asked.pair.public_key, key, 2);
    pin(&asked, LEWES_HASH_BLAKE3); /* what the description announces is no better for that */
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT_KEY);
    key[0] = 0x00; /* 3328 is a coefficient */
    kkt_frame_sign(&asked.frame, &parties.gateway_private);
    memcpy(asked.pair.public_key, key, 2);
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT_KEY); /* not the key of the digest */
    pin(&asked, LEWES_HASH_BLAKE3);
    assert_int_equal(read_frame(&asked), LEWES_OK);
}

static void a_malformed_ml_kem_key_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_modulus);
}

/* Step 8, under each hash; X25519 does without a digest, but not against one. */
static void check_digests(const struct lewesi_kem *kem)
{
    struct asked asked;
    ask(&asked, kem);
    for (unsigned hash = 0; hash < LEWES_HASHES; hash++) {
        pin(&asked, (enum lewes_hash)hash);
        assert_int_equal(read_frame(&asked), LEWES_OK);
        for (size_t bit = 0; bit < 8 * sizeof asked.digest.bytes; bit++) {
            asked.digest.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT_KEY);
            asked.digest.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        asked.digest.hash = (enum lewes_hash)((hash + 1) % LEWES_HASHES);
        assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT_KEY);
    }
    pin(&asked, LEWES_HASH_BLAKE3);
    asked.digest.hash = (enum lewes_hash)LEWES_HASHES;
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT_KEY);
    pin(&asked, LEWES_HASH_BLAKE3);
    asked.digest.kem =
        kem->id == LEWES_KEM_MLKEM768 ? LEWES_KEM_XWING : LEWES_KEM_MLKEM768; /* of another suite */
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT_KEY);
    asked.expected.digest = NULL;
    assert_int_equal(read_frame(&asked),
                     kem->id == LEWES_KEM_X25519 ? LEWES_OK : LEWES_ERROR_KKT_KEY);
}

static void only_the_key_of_the_digest_is_taken(void **state)
{
    (void)state;
    kem_suites_each(check_digests);
}

/* The original's gateway: our context with its X25519 key, whatever was asked (P26). */
static void script_original(struct asked *asked, const struct lewesi_kem *kem)
{
    ask(asked, kem);
    kkt_frame_make(&asked->frame, asked->context,
                   (struct lewesi_span){parties.gateway_x25519.bytes, LEWES_KEY_LEN},
                   &parties.gateway_private);
    assert_int_equal(asked->frame.len, 119);
}

static void check_original(const struct lewesi_kem *kem)
{
    struct asked asked;
    script_original(&asked, kem);
    if (kem->id == LEWES_KEM_X25519) {
        assert_int_equal(read_frame(&asked), LEWES_OK);
        return;
    }
    assert_int_equal(read_frame(&asked), LEWES_ERROR_SUITE);
    flip_every_bit(&asked);
    kkt_frame_sign(&asked.frame, &parties.client_private);
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT);
}

static void the_original_is_recognised_by_its_x25519_key(void **state)
{
    (void)state;
    kem_suites_each(check_original);
}

/* A caller may go back to X25519 on SUITE: no frame from another exchange may cause it. */
static void an_old_x25519_answer_does_not_talk_a_peer_down(void **state)
{
    struct asked asked;
    (void)state;
    script_original(&asked, lewesi_kem_find(LEWES_KEM_MLKEM768));
    for (size_t at = 0; at < LEWESI_KKT_CONTEXT_LEN; at++)
        for (unsigned value = 0; value < BYTES; value++)
            assert_int_equal(read_with(&asked, at, (uint8_t)value),
                             value == asked.context[at] ? LEWES_ERROR_SUITE : LEWES_ERROR_KKT);
    const size_t id = LEWESI_KKT_CONTEXT_LEN + LEWES_KEY_LEN;
    for (size_t i = 0; i < LEWESI_KKT_SESSION_ID_LEN; i++)
        assert_int_equal(read_with(&asked, id + i, (uint8_t)(kkt_session_id[i] ^ 0x10)),
                         LEWES_ERROR_KKT);
}

static void no_answer_is_good_for_a_suite_that_this_build_does_not_have(void **state)
{
    struct asked asked;
    const uint8_t mceliece = 2;
    (void)state;
    assert_null(lewesi_kem_find(mceliece));
    ask(&asked, lewesi_kem_find(LEWES_KEM_X25519));
    asked.expected.suite.kem = mceliece;
    assert_int_equal(read_frame(&asked), LEWES_ERROR_KKT);
    assert_int_equal(read_with(&asked, 2, mceliece), LEWES_ERROR_KKT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_length_of_the_suite_is_an_answer),
        cmocka_unit_test(a_good_signature_over_another_length_does_not_help),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(the_context_has_to_be_our_own),
        cmocka_unit_test(the_answer_to_another_request_is_refused),
        cmocka_unit_test(another_gateways_answer_is_refused),
        cmocka_unit_test(every_status_is_understood),
        cmocka_unit_test(a_status_of_another_request_is_refused),
        cmocka_unit_test(a_digest_length_of_32_may_come_back_as_0),
        cmocka_unit_test(an_x25519_key_that_is_not_the_identitys_is_refused),
        cmocka_unit_test(a_malformed_ml_kem_key_is_refused),
        cmocka_unit_test(only_the_key_of_the_digest_is_taken),
        cmocka_unit_test(the_original_is_recognised_by_its_x25519_key),
        cmocka_unit_test(an_old_x25519_answer_does_not_talk_a_peer_down),
        cmocka_unit_test(no_answer_is_good_for_a_suite_that_this_build_does_not_have),
    };
    return cmocka_run_group_tests(tests, init_parties, NULL);
}
