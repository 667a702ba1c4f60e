/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that no session sends: mutual (protocol.md P32) and anonymous (P27, step 3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/kkt/kkt.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/kkt_frames.h"

#define LENGTHS 1400
#define BYTES 256

/* The linker puts these between KKT and the back end: signing fails on demand, the checks of a
 * request leave their order. */
enum lewes_error __real_lewesi_ed25519_sign(uint8_t *out, const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t *out, const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
bool __real_lewesi_ed25519_verify(const struct lewes_ed25519_public *key, const uint8_t *signature,
                                  struct lewesi_span message);
bool __wrap_lewesi_ed25519_verify(const struct lewes_ed25519_public *key, const uint8_t *signature,
                                  struct lewesi_span message);
enum lewes_error __real_lewesi_kem_digest(uint8_t *out, struct lewesi_span key,
                                          enum lewes_hash hash);
enum lewes_error __wrap_lewesi_kem_digest(uint8_t *out, struct lewesi_span key,
                                          enum lewes_hash hash);

static bool backend_fails;
static struct {
    char steps[4];
    size_t len;
} trace;

static void step(char name)
{
    if (trace.len < sizeof trace.steps - 1)
        trace.steps[trace.len++] = name;
}

enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t *out, const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message)
{
    return backend_fails ? LEWES_ERROR_CRYPTO : __real_lewesi_ed25519_sign(out, key, message);
}

bool __wrap_lewesi_ed25519_verify(const struct lewes_ed25519_public *key, const uint8_t *signature,
                                  struct lewesi_span message)
{
    step('S');
    return __real_lewesi_ed25519_verify(key, signature, message);
}

enum lewes_error __wrap_lewesi_kem_digest(uint8_t *out, struct lewesi_span key,
                                          enum lewes_hash hash)
{
    step('D');
    return __real_lewesi_kem_digest(out, key, hash);
}

static struct kem_parties parties;

static int init(void **state)
{
    (void)state;
    kem_parties_init(&parties);
    return 0;
}

/* Both ends of an exchange, in which the initiator has a key, too. */
struct exchange {
    struct kem_pair pair; /* of the initiator */
    struct lewes_kem_digest digest;
    struct lewesi_kkt_asker asker;
    struct lewesi_kkt_suite suite;
    struct kkt_frame request, response;
};

static void write_request(struct exchange *exchange)
{
    struct lewesi_writer w;

    lewesi_writer_init(&w, exchange->request.bytes, LEWESI_KKT_MUTUAL_MAX);
    assert_int_equal(lewesi_kkt_mutual_write(&w, exchange->suite, kkt_session_id,
                                             kem_pair_public(&exchange->pair),
                                             &parties.client_private),
                     LEWES_OK);
    exchange->request.len = w.at;
}

static void begin(struct exchange *exchange, const struct lewesi_kem *kem, enum lewes_hash hash)
{
    memset(exchange, 0, sizeof *exchange);
    kem_pair_init(&exchange->pair, kem);
    exchange->suite = lewesi_kkt_suite_of(kem->id);
    exchange->suite.hash = (uint8_t)hash;
    exchange->digest = (struct lewes_kem_digest){.kem = kem->id, .hash = hash};
    assert_int_equal(
        lewesi_kem_digest(exchange->digest.bytes,
                          (struct lewesi_span){exchange->pair.public_key, kem->public_len}, hash),
        LEWES_OK);
    exchange->asker =
        (struct lewesi_kkt_asker){.client = &parties.client, .digest = &exchange->digest};
    write_request(exchange);
}

static enum lewes_error read_len(const struct exchange *exchange, size_t len,
                                 struct lewesi_kkt_request *request)
{
    return kkt_frame_read_request_from(&exchange->request, len, request, &exchange->asker);
}

static enum lewes_error read_request(const struct exchange *exchange)
{
    struct lewesi_kkt_request request;

    return read_len(exchange, exchange->request.len, &request);
}

/* The gateway's answer, of its X25519 key or the initiator's own one; or a status frame. */
static void answer(struct exchange *exchange, bool served)
{
    const struct lewesi_kem *const kem = exchange->pair.kem;
    struct lewesi_kem_public key = kem_pair_public(&exchange->pair);
    struct lewesi_kkt_request request;
    struct lewesi_writer w;

    if (kem->id == LEWES_KEM_X25519)
        key = lewesi_kem_public_of_x25519(&parties.gateway_x25519);
    if (!served)
        key.kem = NULL;
    assert_int_equal(read_len(exchange, exchange->request.len, &request), LEWES_OK);
    lewesi_writer_init(&w, exchange->response.bytes, sizeof exchange->response.bytes);
    assert_int_equal(lewesi_kkt_response_write(&w, &request, key, &parties.gateway_private),
                     LEWES_OK);
    exchange->response.len = w.at;
}

static enum lewes_error read_answer(const struct exchange *exchange, bool mutual)
{
    const struct lewesi_kem *const kem = exchange->pair.kem;
    const bool x25519 = kem->id == LEWES_KEM_X25519;
    uint8_t status;
    const struct lewesi_kkt_expected expected = {
        .suite = exchange->suite,
        .mutual = mutual,
        .session_id = kkt_session_id,
        .gateway = &parties.gateway,
        .gateway_x25519 = &parties.gateway_x25519,
        .digest = x25519 ? NULL : &exchange->digest,
    };

    return kkt_frame_read_response(
        &exchange->response, exchange->response.len, &expected,
        x25519 ? parties.gateway_x25519.bytes : exchange->pair.public_key, &status);
}

/* ---- mutual ---- */

static void check_exchange(const struct lewesi_kem *kem)
{
    for (unsigned hash = 0; hash < LEWES_HASHES; hash++) {
        struct lewesi_kkt_request request;
        struct exchange exchange;

        begin(&exchange, kem, (enum lewes_hash)hash);
        assert_int_equal(exchange.request.len, lewesi_kkt_response_len(kem));
        assert_memory_equal(exchange.request.bytes, "\x10\x04", 2);
        assert_int_equal(read_len(&exchange, exchange.request.len, &request), LEWES_OK);
        assert_true(request.mutual && !request.anonymous && request.served_form);
        assert_memory_equal(request.key.bytes, exchange.pair.public_key, kem->public_len);
        assert_memory_equal(request.session_id, kkt_session_id, sizeof kkt_session_id);
        answer(&exchange, true);
        assert_memory_equal(exchange.response.bytes, "\x11\x05", 2);
        assert_int_equal(exchange.response.len, lewesi_kkt_response_len(kem));
        assert_int_equal(read_answer(&exchange, true), LEWES_OK);
        assert_int_equal(read_answer(&exchange, false), LEWES_ERROR_KKT);
        answer(&exchange, false);
        assert_memory_equal(exchange.response.bytes, "\x11\x85", 2);
        assert_int_equal(read_answer(&exchange, true), LEWES_ERROR_KKT_STATUS);
        assert_int_equal(read_answer(&exchange, false), LEWES_ERROR_KKT);
    }
}

static void a_mutual_exchange_carries_both_keys(void **state)
{
    (void)state;
    kem_suites_each(check_exchange);
}

static void check_without_digest(const struct lewesi_kem *kem)
{
    struct exchange exchange;

    begin(&exchange, kem, LEWES_HASH_BLAKE3);
    exchange.asker.digest = NULL;
    memset(&trace, 0, sizeof trace);
    assert_int_equal(read_request(&exchange), LEWES_ERROR_KKT);
    assert_string_equal(trace.steps, "");
}

static void without_a_digest_a_mutual_request_is_refused_unread(void **state)
{
    (void)state;
    kem_suites_each(check_without_digest);
}

static void check_digest(const struct lewesi_kem *kem)
{
    struct exchange exchange;

    begin(&exchange, kem, LEWES_HASH_SHA3_256);
    for (size_t bit = 0; bit < 8 * sizeof exchange.digest.bytes; bit++) {
        exchange.digest.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_request(&exchange), LEWES_ERROR_KKT);
        exchange.digest.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(read_request(&exchange), LEWES_OK);
    exchange.digest.hash = LEWES_HASH_SHAKE128;
    assert_int_equal(read_request(&exchange), LEWES_ERROR_KKT);
    exchange.digest.hash = LEWES_HASH_SHA3_256;
    exchange.digest.kem =
        kem->id == LEWES_KEM_MLKEM768 ? LEWES_KEM_XWING : LEWES_KEM_MLKEM768; /* another's */
    assert_int_equal(read_request(&exchange), LEWES_ERROR_KKT);
}

static void another_key_than_the_digests_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_digest);
}

static void check_order(const struct lewesi_kem *kem)
{
    struct exchange exchange;

    begin(&exchange, kem, LEWES_HASH_BLAKE3);
    memset(&trace, 0, sizeof trace);
    assert_int_equal(read_request(&exchange), LEWES_OK);
    assert_string_equal(trace.steps, "SD");
    exchange.request.bytes[exchange.request.len - 1] ^= 1;
    memset(&trace, 0, sizeof trace);
    assert_int_equal(read_request(&exchange), LEWES_ERROR_KKT);
    assert_string_equal(trace.steps, "S");
}

static void the_digest_is_compared_after_the_signature(void **state)
{
    (void)state;
    kem_suites_each(check_order);
}

static void check_modulus(const struct lewesi_kem *kem)
{
    struct exchange exchange;

    if (kem->id == LEWES_KEM_X25519)
        return;
    begin(&exchange, kem, LEWES_HASH_BLAKE3);
    exchange.pair.public_key[0] = 0x01;
    exchange.pair.public_key[1] = (uint8_t)((exchange.pair.public_key[1] & 0xf0) | 0x0d);
    write_request(&exchange);
    assert_int_equal(
        lewesi_kem_digest(exchange.digest.bytes,
                          (struct lewesi_span){exchange.pair.public_key, kem->public_len},
                          LEWES_HASH_BLAKE3),
        LEWES_OK);
    assert_int_equal(read_request(&exchange), LEWES_ERROR_KKT);
}

static void a_malformed_key_is_refused_whatever_the_digest(void **state)
{
    (void)state;
    kem_suites_each(check_modulus);
}

static void check_lengths(const struct lewesi_kem *kem)
{
    struct lewesi_kkt_request request;
    struct exchange exchange;
    size_t good;

    begin(&exchange, kem, LEWES_HASH_BLAKE3);
    good = exchange.request.len;
    for (size_t len = 0; len <= LENGTHS; len++)
        assert_int_equal(read_len(&exchange, len, &request),
                         len == good ? LEWES_OK : LEWES_ERROR_KKT);
}

static void only_the_length_of_the_suite_is_a_mutual_request(void **state)
{
    (void)state;
    kem_suites_each(check_lengths);
}

static void check_bits(const struct lewesi_kem *kem)
{
    struct exchange exchange;

    begin(&exchange, kem, LEWES_HASH_BLAKE3);
    for (size_t bit = 0; bit < 8 * exchange.request.len; bit++) {
        exchange.request.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_request(&exchange), LEWES_ERROR_KKT);
        exchange.request.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(read_request(&exchange), LEWES_OK);
}

static void every_flipped_bit_of_a_mutual_request_is_noticed(void **state)
{
    (void)state;
    kem_suites_each(check_bits);
}

static void a_mutual_request_for_no_suite_is_refused(void **state)
{
    struct exchange exchange;

    (void)state;
    begin(&exchange, lewesi_kem_find(LEWES_KEM_X25519), LEWES_HASH_BLAKE3);
    for (unsigned kem = 0; kem < BYTES; kem++) {
        exchange.request.bytes[2] = (uint8_t)kem;
        kkt_frame_sign(&exchange.request, &parties.client_private);
        assert_int_equal(read_request(&exchange),
                         kem == LEWES_KEM_X25519 ? LEWES_OK : LEWES_ERROR_KKT);
    }
}

static void check_room(const struct lewesi_kem *kem)
{
    const size_t len = lewesi_kkt_response_len(kem);
    uint8_t out[LEWESI_KKT_MUTUAL_MAX];
    struct exchange exchange;
    struct lewesi_writer w;

    begin(&exchange, kem, LEWES_HASH_BLAKE3);
    memset(out, 0xee, sizeof out);
    lewesi_writer_init(&w, out, len - 1);
    assert_int_equal(lewesi_kkt_mutual_write(&w, exchange.suite, kkt_session_id,
                                             kem_pair_public(&exchange.pair),
                                             &parties.client_private),
                     LEWES_ERROR_SPACE);
    assert_int_equal(w.at, 0);
    assert_int_equal(out[0], 0xee);
    lewesi_writer_init(&w, out, len);
    backend_fails = true;
    assert_int_equal(lewesi_kkt_mutual_write(&w, exchange.suite, kkt_session_id,
                                             kem_pair_public(&exchange.pair),
                                             &parties.client_private),
                     LEWES_ERROR_CRYPTO);
    backend_fails = false;
    assert_int_equal(w.at, 0);
    assert_true(lewesi_is_zero(out, len - LEWESI_SIGNATURE_LEN));
}

static void a_mutual_request_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    kem_suites_each(check_room);
}

/* ---- anonymous ---- */

static void make_anonymous(struct kkt_frame *frame, const struct lewesi_kem *kem)
{
    const uint8_t context[LEWESI_KKT_CONTEXT_LEN] = {0x10, 0x02, (uint8_t)kem->id};

    kkt_frame_make(frame, context, (struct lewesi_span){NULL, 0}, &parties.client_private);
    frame->len = LEWESI_KKT_ANONYMOUS_LEN;
}

static enum lewes_error read_anonymous(const struct kkt_frame *frame, size_t len, bool allowed,
                                       struct lewesi_kkt_request *request)
{
    const struct lewesi_kkt_asker asker = {.client = &parties.client, .may_be_anonymous = allowed};

    return kkt_frame_read_request_from(frame, len, request, &asker);
}

static void check_anonymous(const struct lewesi_kem *kem)
{
    struct lewesi_kkt_request request;
    struct exchange exchange;

    begin(&exchange, kem, LEWES_HASH_BLAKE3);
    make_anonymous(&exchange.request, kem);
    assert_int_equal(read_anonymous(&exchange.request, LEWESI_KKT_ANONYMOUS_LEN, false, &request),
                     LEWES_ERROR_KKT);
    assert_int_equal(read_anonymous(&exchange.request, LEWESI_KKT_ANONYMOUS_LEN, true, &request),
                     LEWES_OK);
    assert_true(request.anonymous && !request.mutual && request.served_form);
    assert_memory_equal(request.session_id, kkt_session_id, sizeof kkt_session_id);
    exchange.asker.may_be_anonymous = true;
    answer(&exchange, true);
    assert_memory_equal(exchange.response.bytes, "\x11\x01", 2);
    assert_int_equal(read_answer(&exchange, false), LEWES_OK);
}

static void an_anonymous_request_is_answered_if_the_caller_allows_it(void **state)
{
    (void)state;
    kem_suites_each(check_anonymous);
}

static void only_23_bytes_are_an_anonymous_request(void **state)
{
    struct lewesi_kkt_request request;
    struct kkt_frame frame;

    (void)state;
    make_anonymous(&frame, lewesi_kem_find(LEWES_KEM_X25519));
    for (size_t len = 0; len <= LENGTHS; len++) /* 87: the signature that it must not have */
        assert_int_equal(read_anonymous(&frame, len, true, &request),
                         len == LEWESI_KKT_ANONYMOUS_LEN ? LEWES_OK : LEWES_ERROR_KKT);
}

static void an_anonymous_request_has_the_fixed_bytes_of_any_other(void **state)
{
    static const size_t fixed[] = {0, 1, LEWESI_KKT_CONTEXT_LEN - 1};
    struct lewesi_kkt_request request;
    struct kkt_frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        make_anonymous(&frame, lewesi_kem_find(LEWES_KEM_X25519));
        for (unsigned value = 0; value < BYTES; value++) {
            const uint8_t good = frame.bytes[fixed[i]];

            frame.bytes[fixed[i]] = (uint8_t)value;
            assert_int_equal(read_anonymous(&frame, frame.len, true, &request),
                             value == good ? LEWES_OK : LEWES_ERROR_KKT);
            frame.bytes[fixed[i]] = good;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutual_exchange_carries_both_keys),
        cmocka_unit_test(without_a_digest_a_mutual_request_is_refused_unread),
        cmocka_unit_test(another_key_than_the_digests_is_refused),
        cmocka_unit_test(the_digest_is_compared_after_the_signature),
        cmocka_unit_test(a_malformed_key_is_refused_whatever_the_digest),
        cmocka_unit_test(only_the_length_of_the_suite_is_a_mutual_request),
        cmocka_unit_test(every_flipped_bit_of_a_mutual_request_is_noticed),
        cmocka_unit_test(a_mutual_request_for_no_suite_is_refused),
        cmocka_unit_test(a_mutual_request_is_written_whole_or_not_at_all),
        cmocka_unit_test(an_anonymous_request_is_answered_if_the_caller_allows_it),
        cmocka_unit_test(only_23_bytes_are_an_anonymous_request),
        cmocka_unit_test(an_anonymous_request_has_the_fixed_bytes_of_any_other),
    };

    return cmocka_run_group_tests(tests, init, NULL);
}
