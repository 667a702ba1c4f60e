/* SPDX-License-Identifier: Apache-2.0 */
/* PSQ as it was recorded, in both roles, and the values of protocol.md 17. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/psq/psq.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/psq_model.h"
#include "tests/support/vectors.h"

#define TRANSCRIPTS 5
#define MILLISECONDS 123 /* of every recorded PSQ time */
#define HANDSHAKE1 4     /* wire[] */

/* What both ends of one exchange have, and what has to come out. */
struct exchange {
    struct kem_parties parties;
    struct kem_pair pair;
    uint32_t receiver_index;
    uint64_t unix_seconds;
    uint8_t message[LEWESI_PSQ_MESSAGE_MAX];
    size_t len;
    uint8_t ecdh[32], psk_registration[32], salt[32], psk[32], outer_key[32];
};

static void assert_initiated(const struct exchange *exchange, struct lewesi_psq_keys *keys)
{
    const struct lewesi_psq_initiation in = {
        .gateway_key = kem_pair_public(&exchange->pair),
        .randomness = exchange->pair.randomness,
        .receiver_index = exchange->receiver_index,
        .time = {.seconds = exchange->unix_seconds, .milliseconds = MILLISECONDS},
        .client_private = &exchange->parties.client_private,
        .client = &exchange->parties.client,
    };
    uint8_t out[LEWESI_PSQ_MESSAGE_MAX];
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, sizeof out);
    assert_int_equal(lewesi_psq_initiate(&w, keys, &in), LEWES_OK);
    assert_int_equal(w.at, exchange->len);
    assert_int_equal(w.at, lewesi_psq_message_len(exchange->pair.kem));
    assert_memory_equal(out, exchange->message, w.at);
    assert_memory_equal(keys->psk_registration, exchange->psk_registration, 32);
}

static void assert_accepted(const struct exchange *exchange, struct lewesi_psq_keys *keys)
{
    const struct lewesi_psq_acceptance in = {
        .gateway_public = kem_pair_public(&exchange->pair),
        .gateway_private = kem_pair_private(&exchange->pair),
        .receiver_index = exchange->receiver_index,
        .client = &exchange->parties.client,
        .unix_ms = 1000 * exchange->unix_seconds + MILLISECONDS,
        .clock_tolerance = 30,
    };
    const struct lewesi_span message = {exchange->message, exchange->len};
    assert_int_equal(lewesi_psq_accept(keys, message, &in), LEWES_OK);
    assert_memory_equal(keys->psk_registration, exchange->psk_registration, 32);
}

static void assert_answered(const uint8_t expected[LEWESI_PSQ_ANSWER_LEN],
                            const struct lewesi_psq_keys *initiator,
                            const struct lewesi_psq_keys *responder)
{
    uint8_t answer[LEWESI_PSQ_ANSWER_LEN];
    assert_int_equal(lewesi_psq_answer(answer, responder), LEWES_OK);
    assert_memory_equal(answer, expected, sizeof answer);
    const struct lewesi_span message = {answer, sizeof answer};
    assert_int_equal(lewesi_psq_answer_check(message, initiator), LEWES_OK);
}

static void assert_psk(const struct exchange *exchange)
{
    const struct kem_parties *parties = &exchange->parties;
    const struct lewesi_psk_input in = {exchange->ecdh, exchange->psk_registration, exchange->salt};
    uint8_t psk[32], outer_key[32], ecdh[32];
    assert_int_equal(lewesi_x25519(ecdh, &parties->client_x25519_private, &parties->gateway_x25519),
                     LEWES_OK);
    assert_memory_equal(ecdh, exchange->ecdh, sizeof ecdh);
    assert_int_equal(lewesi_x25519(ecdh, &parties->gateway_x25519_private, &parties->client_x25519),
                     LEWES_OK);
    assert_memory_equal(ecdh, exchange->ecdh, sizeof ecdh);
    lewesi_psk_derive(psk, outer_key, &in);
    assert_memory_equal(psk, exchange->psk, sizeof psk);
    assert_memory_equal(outer_key, exchange->outer_key, sizeof outer_key);
}

static void read_vector(struct exchange *exchange, const json_t *vector,
                        const struct lewesi_kem *kem)
{
    uint8_t sctx[4];
    memset(exchange, 0, sizeof *exchange);
    kem_parties_init(&exchange->parties);
    kem_pair_init(&exchange->pair, kem);
    vectors_exact(vector, "session_context", sctx, sizeof sctx);
    exchange->receiver_index = lewesi_load32le(sctx);
    exchange->unix_seconds =
        (uint64_t)json_integer_value(vectors_member(vector, "clock_unix_seconds"));
    exchange->len =
        vectors_hex(vector, "initiator_msg", exchange->message, sizeof exchange->message);
    vectors_exact(vector, "static_ecdh", exchange->ecdh, 32);
    vectors_exact(vector, "psk_registration", exchange->psk_registration, 32);
    vectors_exact(vector, "salt", exchange->salt, 32);
    vectors_exact(vector, "final_psk", exchange->psk, 32);
    vectors_exact(vector, "outer_key", exchange->outer_key, 32);
}

static void check_vector(const json_t *vector, const struct lewesi_kem *kem)
{
    struct exchange exchange;
    struct lewesi_psq_keys initiator, responder;
    uint8_t answer[LEWESI_PSQ_ANSWER_LEN];
    read_vector(&exchange, vector, kem);
    vectors_exact(vector, "responder_msg", answer, sizeof answer);
    assert_initiated(&exchange, &initiator);
    assert_accepted(&exchange, &responder);
    assert_answered(answer, &initiator, &responder);
    assert_psk(&exchange);
}

static void the_recorded_exchanges_are_reproduced_and_accepted(void **state)
{
    (void)state;
    kem_vectors_each("psq", 1, check_vector);
}

static void check_key_confusion(const json_t *vector, const struct lewesi_kem *kem)
{
    struct exchange exchange;
    uint8_t psk[32], outer_key[32], k[32];
    read_vector(&exchange, vector, kem);
    vectors_exact(vector, "psq_component_K", k, sizeof k);
    assert_memory_not_equal(k, exchange.psk_registration, sizeof k);
    const struct lewesi_psk_input in = {exchange.ecdh, k, exchange.salt};
    lewesi_psk_derive(psk, outer_key, &in);
    assert_memory_not_equal(psk, exchange.psk, sizeof psk);
    assert_memory_not_equal(outer_key, exchange.outer_key, sizeof outer_key);
}

static void the_psk_comes_from_psk_reg_and_not_from_k(void **state)
{
    (void)state;
    kem_vectors_each("psq", 1, check_key_confusion);
}

/* The X25519 key of the gateway's identity is its KEM key here. */
static void read_session(struct exchange *exchange, const json_t *transcript, const json_t *session,
                         const json_t *wire)
{
    const json_t *client = vectors_member(session, "client");
    const json_t *clock = vectors_member(transcript, "clock");
    uint8_t body[512];
    memset(exchange, 0, sizeof *exchange);
    kem_parties_of_session(&exchange->parties, session);
    exchange->pair.kem = lewesi_kem_find(LEWES_KEM_X25519);
    memcpy(exchange->pair.public_key, exchange->parties.gateway_x25519.bytes, 32);
    memcpy(exchange->pair.private_key, exchange->parties.gateway_x25519_private.bytes, 32);
    vectors_exact(client, "kem_ephemeral_private", exchange->pair.randomness, 32);
    exchange->receiver_index =
        (uint32_t)json_integer_value(vectors_member(session, "receiver_index"));
    exchange->unix_seconds = (uint64_t)json_integer_value(vectors_member(clock, "unix_seconds"));
    assert_int_equal(json_integer_value(vectors_member(clock, "milliseconds")), MILLISECONDS);
    assert_true(kem_packet_body(wire, HANDSHAKE1, body, sizeof body) > 2 + 207);
    exchange->len = lewesi_load16le(body);
    assert_int_equal(exchange->len, 207);
    memcpy(exchange->message, body + 2, exchange->len);
    vectors_exact(session, "static_ecdh", exchange->ecdh, 32);
    vectors_exact(session, "psq_registration_psk", exchange->psk_registration, 32);
    vectors_exact(session, "salt", exchange->salt, 32);
    vectors_exact(session, "final_psk", exchange->psk, 32);
    vectors_exact(session, "outer_key", exchange->outer_key, 32);
}

/* Of dvpn-1, protocol.md 17. */
#define DVPN1_INDEX 0x6399b995u
#define DVPN1_MAC "7747ec0c4c95f98477740cb4223f66a52a0788f5d7c882a2e0bc4324c3a8fa49"
#define DVPN1_PSK_REG "65471d39462958ae403d4863e7ef1593aee67eded8687f3826b5fe8cc9444f4f"
#define DVPN1_PSK "e303c5c5d614c4e661b17fcae38f635a6e9b819309039901e935a35346e6b8df"
#define DVPN1_OUTER_KEY "480bf08195fdef55f9007eccf8d0f16d4af7a2aaff76a0287676551d593e0b80"
#define DVPN1_ANSWER "eba79a1ea1bbe5ed04bc5b14834397c10d9983fc65b12c3aa2540b832ed2"

static void assert_hex(const uint8_t value[32], const char *hex)
{
    uint8_t expected[32];
    vector_hex(hex, expected, sizeof expected);
    assert_memory_equal(value, expected, sizeof expected);
}

static unsigned published;

static void check_transcript(const json_t *transcript, const json_t *session, const json_t *wire)
{
    struct exchange exchange;
    struct lewesi_psq_keys initiator, responder;
    uint8_t answer[LEWESI_PSQ_ANSWER_LEN];
    read_session(&exchange, transcript, session, wire);
    assert_initiated(&exchange, &initiator);
    assert_accepted(&exchange, &responder);
    assert_memory_equal(&initiator, &responder, sizeof initiator);
    assert_psk(&exchange);
    if (!vectors_text_is(transcript, "name", "dvpn-1"))
        return;
    published++;
    assert_int_equal(exchange.receiver_index, DVPN1_INDEX);
    assert_hex(exchange.message + 33, DVPN1_MAC);
    assert_hex(initiator.psk_registration, DVPN1_PSK_REG);
    assert_hex(exchange.psk, DVPN1_PSK);
    assert_hex(exchange.outer_key, DVPN1_OUTER_KEY);
    vector_hex(DVPN1_ANSWER, answer, sizeof answer);
    assert_answered(answer, &initiator, &responder);
}

static void the_recorded_sessions_are_reproduced_and_accepted(void **state)
{
    (void)state;
    published = 0;
    kem_transcripts_each(TRANSCRIPTS, check_transcript);
    assert_int_equal(published, 1);
}

/* The table of protocol.md 8.3. */
static void messages_have_the_lengths_of_the_table(void **state)
{
    (void)state;
    assert_int_equal(lewesi_psq_message_len(lewesi_kem_find(LEWES_KEM_X25519)), 207);
    assert_int_equal(lewesi_psq_message_len(lewesi_kem_find(LEWES_KEM_MLKEM768)), 1265);
    assert_int_equal(LEWESI_PSQ_MESSAGE_MAX, 1297);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recorded_exchanges_are_reproduced_and_accepted),
        cmocka_unit_test(the_psk_comes_from_psk_reg_and_not_from_k),
        cmocka_unit_test(the_recorded_sessions_are_reproduced_and_accepted),
        cmocka_unit_test(messages_have_the_lengths_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
