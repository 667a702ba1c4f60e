/* SPDX-License-Identifier: Apache-2.0 */
/* What a responder takes as a request (protocol.md P27). */
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

static const uint8_t good_context[LEWESI_KKT_CONTEXT_LEN] = {0x10, 0x00, 0xff, 0, 0, 0, 0};
static const struct lewesi_span no_body = {NULL, 0};

static struct kem_parties parties;

static int init_parties(void **state)
{
    (void)state;
    kem_parties_init(&parties);
    return 0;
}

static enum lewes_error read_frame(const struct kkt_frame *frame, size_t len)
{
    struct lewesi_kkt_request request;
    return kkt_frame_read_request(frame, len, &request, &parties.client);
}

/* Reads a well signed request with `value` in byte `at` of its context. */
static enum lewes_error read_with(size_t at, uint8_t value, struct lewesi_kkt_request *request)
{
    uint8_t context[LEWESI_KKT_CONTEXT_LEN];
    struct kkt_frame frame;
    memcpy(context, good_context, sizeof context);
    context[at] = value;
    kkt_frame_make(&frame, context, no_body, &parties.client_private);
    return kkt_frame_read_request(&frame, frame.len, request, &parties.client);
}

static void only_87_bytes_are_a_request(void **state)
{
    struct kkt_frame frame;
    (void)state;
    kkt_frame_make(&frame, good_context, no_body, &parties.client_private);
    for (size_t len = 0; len <= LENGTHS; len++)
        assert_int_equal(read_frame(&frame, len),
                         len == LEWESI_KKT_REQUEST_LEN ? LEWES_OK : LEWES_ERROR_KKT);
}

static void a_good_signature_over_another_length_does_not_help(void **state)
{
    struct kkt_frame frame;
    (void)state;
    for (size_t len = LEWESI_SIGNATURE_LEN; len <= LENGTHS; len++) {
        kkt_frame_make(&frame, good_context, no_body, &parties.client_private);
        if (len < LEWESI_KKT_REQUEST_LEN) {
            memmove(frame.bytes + len - LEWESI_SIGNATURE_LEN,
                    frame.bytes + LEWESI_KKT_REQUEST_LEN - LEWESI_SIGNATURE_LEN,
                    LEWESI_SIGNATURE_LEN);
        }
        frame.len = len;
        kkt_frame_sign(&frame, &parties.client_private);
        assert_int_equal(read_frame(&frame, len),
                         len == LEWESI_KKT_REQUEST_LEN ? LEWES_OK : LEWES_ERROR_KKT);
    }
}

static void every_flipped_bit_is_noticed(void **state)
{
    struct kkt_frame frame;
    (void)state;
    kkt_frame_make(&frame, good_context, no_body, &parties.client_private);
    for (size_t bit = 0; bit < 8 * frame.len; bit++) {
        frame.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_frame(&frame, frame.len), LEWES_ERROR_KKT);
        frame.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(read_frame(&frame, frame.len), LEWES_OK);
}

static void only_the_owner_of_the_key_may_ask(void **state)
{
    struct kkt_frame frame;
    (void)state;
    kkt_frame_make(&frame, good_context, no_body, &parties.gateway_private);
    assert_int_equal(read_frame(&frame, frame.len), LEWES_ERROR_KKT);
}

/* The first two bytes of a context and its last have one good value each. */
static void check_fixed_byte(size_t at)
{
    struct lewesi_kkt_request request;
    for (unsigned value = 0; value < BYTES; value++)
        assert_int_equal(read_with(at, (uint8_t)value, &request),
                         value == good_context[at] ? LEWES_OK : LEWES_ERROR_KKT);
}

static void another_version_or_sequence_is_refused(void **state)
{
    (void)state;
    check_fixed_byte(0);
}

static void another_status_mode_or_role_is_refused(void **state)
{
    (void)state;
    check_fixed_byte(1);
}

static void a_reserved_byte_is_refused(void **state)
{
    (void)state;
    check_fixed_byte(LEWESI_KKT_CONTEXT_LEN - 1);
}

static void an_anonymous_request_is_refused(void **state)
{
    uint8_t context[LEWESI_KKT_CONTEXT_LEN];
    struct kkt_frame frame;
    (void)state;
    memcpy(context, good_context, sizeof context);
    context[1] = 0x02;
    kkt_frame_make(&frame, context, no_body, &parties.client_private);
    assert_int_equal(read_frame(&frame, LEWESI_KKT_ANONYMOUS_LEN), LEWES_ERROR_KKT);
    assert_int_equal(read_frame(&frame, frame.len), LEWES_ERROR_KKT);
    kkt_frame_make(&frame, good_context, no_body, &parties.client_private);
    assert_int_equal(read_frame(&frame, LEWESI_KKT_ANONYMOUS_LEN), LEWES_ERROR_KKT);
}

static void check_mutual(const struct lewesi_kem *kem)
{
    uint8_t context[LEWESI_KKT_CONTEXT_LEN];
    struct kkt_frame frame;
    struct kem_pair pair;
    kem_pair_init(&pair, kem);
    memcpy(context, good_context, sizeof context);
    context[1] = 0x04;
    context[2] = (uint8_t)kem->id;
    const struct lewesi_span key = {pair.public_key, kem->public_len};
    kkt_frame_make(&frame, context, key, &parties.client_private);
    assert_int_equal(frame.len, lewesi_kkt_response_len(kem));
    assert_int_equal(read_frame(&frame, frame.len), LEWES_ERROR_KKT);
    context[1] = 0x00;
    kkt_frame_make(&frame, context, key, &parties.client_private);
    assert_int_equal(read_frame(&frame, frame.len), LEWES_ERROR_KKT);
}

static void a_mutual_request_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_mutual);
}

/* Every suite is read: what is not served gets a status frame instead of silence. */
static void check_suite_byte(size_t at, bool (*served)(unsigned value))
{
    struct lewesi_kkt_request request;
    for (unsigned value = 0; value < BYTES; value++) {
        uint8_t suite[LEWESI_KKT_SUITE_LEN];
        assert_int_equal(read_with(at, (uint8_t)value, &request), LEWES_OK);
        memcpy(suite, good_context + 2, sizeof suite);
        suite[at - 2] = (uint8_t)value;
        assert_int_equal(request.suite.kem, suite[0]);
        assert_int_equal(request.suite.hash, suite[1]);
        assert_int_equal(request.suite.digest_len, suite[2]);
        assert_int_equal(request.suite.signature, suite[3]);
        assert_memory_equal(request.session_id, kkt_session_id, sizeof kkt_session_id);
        assert_int_equal(request.served_form, served(value));
    }
}

static bool always(unsigned value)
{
    (void)value;
    return true;
}

static bool is_hash(unsigned value)
{
    return value <= 3;
}

static bool is_digest_len(unsigned value)
{
    return value == 0 || value == 32;
}

static bool is_signature_scheme(unsigned value)
{
    return value == 0;
}

static void the_kem_is_the_callers_question(void **state)
{
    (void)state;
    check_suite_byte(2, always);
}

static void hashes_0_to_3_are_served(void **state)
{
    (void)state;
    check_suite_byte(3, is_hash);
}

static void digest_lengths_0_and_32_are_served(void **state)
{
    (void)state;
    check_suite_byte(4, is_digest_len);
}

static void only_signature_scheme_0_is_served(void **state)
{
    (void)state;
    check_suite_byte(5, is_signature_scheme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_87_bytes_are_a_request),
        cmocka_unit_test(a_good_signature_over_another_length_does_not_help),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(only_the_owner_of_the_key_may_ask),
        cmocka_unit_test(another_version_or_sequence_is_refused),
        cmocka_unit_test(another_status_mode_or_role_is_refused),
        cmocka_unit_test(a_reserved_byte_is_refused),
        cmocka_unit_test(an_anonymous_request_is_refused),
        cmocka_unit_test(a_mutual_request_is_refused),
        cmocka_unit_test(the_kem_is_the_callers_question),
        cmocka_unit_test(hashes_0_to_3_are_served),
        cmocka_unit_test(digest_lengths_0_and_32_are_served),
        cmocka_unit_test(only_signature_scheme_0_is_served),
    };
    return cmocka_run_group_tests(tests, init_parties, NULL);
}
