/* SPDX-License-Identifier: Apache-2.0 */
/* KKT frames that were recorded, and those of protocol.md 17. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/kkt/kkt.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/kkt_frames.h"
#include "tests/support/vectors.h"

#define HASHES 4
#define TRANSCRIPTS 5

static uint8_t hash_of(const json_t *vector)
{
    static const char *const names[HASHES] = {"Blake3", "SHAKE256", "SHAKE128", "SHA256"};
    for (uint8_t i = 0; i < HASHES; i++)
        if (vectors_text_is(vector, "hash", names[i]))
            return i;
    fail_msg("unknown hash %s", vectors_text(vector, "hash"));
    return HASHES;
}

/* A frame of the file, or of a packet: what both ends of one exchange have. */
struct exchange {
    struct kem_parties parties;
    struct lewesi_kkt_suite suite;
    uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN];
    uint8_t key[LEWESI_KEM_PUBLIC_MAX];
    struct kkt_frame request, response;
};

static void assert_request_written_and_read(const struct exchange *exchange)
{
    struct lewesi_kkt_request request;
    uint8_t out[LEWESI_KKT_REQUEST_LEN];
    assert_int_equal(exchange->request.len, sizeof out);
    assert_int_equal(lewesi_kkt_request_write(out, exchange->suite, exchange->session_id,
                                              &exchange->parties.client_private),
                     LEWES_OK);
    assert_memory_equal(out, exchange->request.bytes, sizeof out);
    assert_int_equal(
        kkt_frame_read_request(&exchange->request, sizeof out, &request, &exchange->parties.client),
        LEWES_OK);
    assert_true(request.served_form);
    assert_memory_equal(&request.suite, &exchange->suite, sizeof request.suite);
    assert_memory_equal(request.session_id, exchange->session_id, sizeof request.session_id);
}

static void assert_response_written(const struct exchange *exchange)
{
    struct lewesi_kkt_request request = {.suite = exchange->suite, .served_form = true};
    const struct lewesi_kem *kem = lewesi_kem_find(exchange->suite.kem);
    uint8_t out[LEWESI_KKT_RESPONSE_MAX];
    struct lewesi_writer w;
    memcpy(request.session_id, exchange->session_id, sizeof request.session_id);
    lewesi_writer_init(&w, out, sizeof out);
    assert_int_equal(lewesi_kkt_response_write(&w, &request,
                                               (struct lewesi_kem_public){kem, exchange->key},
                                               &exchange->parties.gateway_private),
                     LEWES_OK);
    assert_int_equal(w.at, exchange->response.len);
    assert_int_equal(w.at, lewesi_kkt_response_len(kem));
    assert_memory_equal(out, exchange->response.bytes, w.at);
}

/* Reads the response under the expectation that `x25519` is the gateway's key. */
static enum lewes_error read_response(const struct exchange *exchange,
                                      const struct lewes_x25519_public *x25519,
                                      const struct lewes_kem_digest *digest)
{
    uint8_t status;
    const struct lewesi_kkt_expected expected = {.suite = exchange->suite,
                                                 .session_id = exchange->session_id,
                                                 .gateway = &exchange->parties.gateway,
                                                 .gateway_x25519 = x25519,
                                                 .digest = digest};
    return kkt_frame_read_response(&exchange->response, exchange->response.len, &expected,
                                   exchange->key, &status);
}

static void check_vector(const json_t *vector, const struct lewesi_kem *kem)
{
    struct exchange exchange;
    struct lewes_x25519_public other;
    memset(&exchange, 0, sizeof exchange);
    kem_parties_init(&exchange.parties);
    exchange.suite = lewesi_kkt_suite_of(kem->id);
    exchange.suite.hash = hash_of(vector);
    vectors_exact(vector, "session_id", exchange.session_id, sizeof exchange.session_id);
    vectors_exact(vector, "kem_public", exchange.key, kem->public_len);
    exchange.request.len =
        vectors_hex(vector, "request", exchange.request.bytes, sizeof exchange.request.bytes);
    exchange.response.len =
        vectors_hex(vector, "response", exchange.response.bytes, sizeof exchange.response.bytes);
    assert_request_written_and_read(&exchange);
    assert_response_written(&exchange);
    struct lewes_kem_digest digest = {.kem = kem->id, .hash = (enum lewes_hash)exchange.suite.hash};
    vectors_exact(vector, "key_hash", digest.bytes, sizeof digest.bytes);
    /* The X25519 key of the file is not that of the gateway's identity (P25 step 7). */
    assert_int_equal(read_response(&exchange, &exchange.parties.gateway_x25519, &digest),
                     kem->id == LEWES_KEM_X25519 ? LEWES_ERROR_KKT_KEY : LEWES_OK);
    memcpy(other.bytes, exchange.key, sizeof other.bytes);
    assert_int_equal(read_response(&exchange, &other, &digest), LEWES_OK);
    digest.bytes[31] ^= 0x80;
    assert_int_equal(read_response(&exchange, &other, &digest), LEWES_ERROR_KKT_KEY);
    /* Step 8: no digest does only where step 7 says what the key must be. */
    assert_int_equal(read_response(&exchange, &other, NULL),
                     kem->id == LEWES_KEM_X25519 ? LEWES_OK : LEWES_ERROR_KKT_KEY);
}

static void the_recorded_exchanges_are_reproduced_and_read(void **state)
{
    (void)state;
    kem_vectors_each("kkt", HASHES, check_vector);
}

static void check_transcript(const json_t *transcript, const json_t *session, const json_t *wire)
{
    struct exchange exchange;
    (void)transcript;
    memset(&exchange, 0, sizeof exchange);
    kem_parties_of_session(&exchange.parties, session);
    exchange.suite = lewesi_kkt_suite_of(LEWES_KEM_X25519);
    exchange.request.len =
        kem_packet_body(wire, 2, exchange.request.bytes, sizeof exchange.request.bytes);
    exchange.response.len =
        kem_packet_body(wire, 3, exchange.response.bytes, sizeof exchange.response.bytes);
    /* Bytes 27 to 42 of the packet: it is listed nowhere else. */
    memcpy(exchange.session_id, exchange.request.bytes + LEWESI_KKT_CONTEXT_LEN,
           sizeof exchange.session_id);
    vectors_exact(vectors_member(session, "gateway"), "kem_public", exchange.key, 32);
    assert_request_written_and_read(&exchange);
    assert_response_written(&exchange);
    assert_memory_equal(exchange.key, exchange.parties.gateway_x25519.bytes, 32);
    assert_int_equal(read_response(&exchange, &exchange.parties.gateway_x25519, NULL), LEWES_OK);
}

static void the_recorded_sessions_are_reproduced_and_read(void **state)
{
    (void)state;
    kem_transcripts_each(TRANSCRIPTS, check_transcript);
}

/* protocol.md 17, last part of the worked values. */
#define STATUS_REQUEST                                                                             \
    "10000100000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0d6f67f63ac2cc80c3446c211b55bb1a7c1bdc6cfc4671" \
    "30a6dd5d8b41b3750914256681023dd2d4eb4b19966bcb8912ca1b5dc13493a85b62e031cb2c33570e"
#define STATUS_FRAME                                                                               \
    "11810100000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf65c17088c853348d7883a493e60d6225ea2a1da071a669" \
    "96fc954cbf8ea31de36774478f32ea630962403634ff34344a8c6f083bd60c53482fb999edf7f1160a"

static void a_suite_that_is_not_served_gets_the_published_status_frame(void **state)
{
    struct lewesi_kkt_request request;
    struct exchange exchange;
    struct lewesi_writer w;
    uint8_t out[LEWESI_KKT_RESPONSE_MAX], status;
    (void)state;
    memset(&exchange, 0, sizeof exchange);
    kem_parties_init(&exchange.parties);
    exchange.suite = lewesi_kkt_suite_of(LEWES_KEM_MLKEM768);
    memcpy(exchange.session_id, kkt_session_id, sizeof exchange.session_id);
    exchange.request.len = LEWESI_KKT_REQUEST_LEN;
    vector_hex(STATUS_REQUEST, exchange.request.bytes, LEWESI_KKT_REQUEST_LEN);
    exchange.response.len = LEWESI_KKT_STATUS_LEN;
    vector_hex(STATUS_FRAME, exchange.response.bytes, LEWESI_KKT_STATUS_LEN);
    assert_request_written_and_read(&exchange);
    assert_int_equal(kkt_frame_read_request(&exchange.request, LEWESI_KKT_REQUEST_LEN, &request,
                                            &exchange.parties.client),
                     LEWES_OK);
    lewesi_writer_init(&w, out, sizeof out);
    assert_int_equal(lewesi_kkt_response_write(&w, &request, (struct lewesi_kem_public){NULL, NULL},
                                               &exchange.parties.gateway_private),
                     LEWES_OK);
    assert_int_equal(w.at, LEWESI_KKT_STATUS_LEN);
    assert_memory_equal(out, exchange.response.bytes, w.at);
    const struct lewesi_kkt_expected expected = {.suite = exchange.suite,
                                                 .session_id = kkt_session_id,
                                                 .gateway = &exchange.parties.gateway,
                                                 .gateway_x25519 =
                                                     &exchange.parties.gateway_x25519};
    assert_int_equal(kkt_frame_read_response(&exchange.response, exchange.response.len, &expected,
                                             NULL, &status),
                     LEWES_ERROR_KKT_STATUS);
    assert_int_equal(status, LEWESI_KKT_STATUS_SUITE);
}

/* The table of protocol.md 7.2. */
static void frames_have_the_lengths_of_the_table(void **state)
{
    (void)state;
    assert_int_equal(lewesi_kkt_response_len(lewesi_kem_find(LEWES_KEM_X25519)), 119);
    assert_int_equal(lewesi_kkt_response_len(lewesi_kem_find(LEWES_KEM_MLKEM768)), 1271);
    assert_int_equal(lewesi_kkt_response_len(lewesi_kem_find(LEWES_KEM_XWING)), 1303);
    assert_int_equal(LEWESI_KKT_RESPONSE_MAX, 1303);
    assert_int_equal(LEWESI_KKT_MUTUAL_MAX, 1303);
    assert_int_equal(LEWESI_KKT_REQUEST_LEN, 87);
    assert_int_equal(LEWESI_KKT_STATUS_LEN, 87);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recorded_exchanges_are_reproduced_and_read),
        cmocka_unit_test(the_recorded_sessions_are_reproduced_and_read),
        cmocka_unit_test(a_suite_that_is_not_served_gets_the_published_status_frame),
        cmocka_unit_test(frames_have_the_lengths_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
