/* SPDX-License-Identifier: Apache-2.0 */
/* A back end that refuses to encrypt or to sign: nothing leaves, and no nonce meets a second
 * packet. The linker puts the __wrap_ functions in front of the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __real_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);

static unsigned calls, failing; /* so far; the one that fails, 0 = none */

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    if (++calls == failing) {
        memset(text, 0, len);
        memset(tag, 0, LEWESI_AEAD_TAG_LEN);
        return LEWES_ERROR_CRYPTO;
    }
    return __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message)
{
    return ++calls == failing ? LEWES_ERROR_CRYPTO : __real_lewesi_ed25519_sign(out, key, message);
}

static struct pair pair;
static struct pair_packet packet;

/* Lets every operation of the next write fail in turn; returns how many there are. The write that
 * succeeds in the end leaves its packet in `packet`. */
static unsigned fail_each(struct lewes_session *session)
{
    static struct pair_image image;

    pair_image_take(&image, session);
    for (unsigned n = 1;; n++) {
        enum lewes_error error;

        memset(packet.bytes, 0xee, 400);
        calls = 0;
        failing = n;
        error =
            lewes_session_write(session, packet.bytes, sizeof packet.bytes, &packet.len, pair.now);
        failing = 0;
        if (error == LEWES_OK)
            return n - 1;
        assert_int_equal(error, LEWES_ERROR_CRYPTO);
        assert_int_equal(packet.len, 0);
        assert_true(pair_image_same(&image, session));
        for (size_t i = 0; i < 400; i++) /* of what was half-made nothing is left */
            assert_true(packet.bytes[i] == 0 || packet.bytes[i] == 0xee);
    }
}

static void every_operation_of_a_handshake_may_fail_and_come_again(void **state)
{
    /* A signature of each side in KKT; PSQ (signed) and Noise; PSQ, Noise and outer; Noise twice
     * and outer; outer. */
    static const unsigned operations[PAIR_MESSAGES] = {0, 0, 1, 1, 3, 3, 3, 1};
    struct lewes_event event;

    (void)state;
    pair_open(&pair, 0);
    for (unsigned i = 0; i < PAIR_MESSAGES; i++) {
        assert_int_equal(fail_each(pair_writer(&pair)), operations[i]);
        assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
    }
    pair_exchange(&pair, pair.initiator, pair.responder, 5);
    pair_exchange(&pair, pair.responder, pair.initiator, 5);
    pair_end(&pair);
}

static void every_operation_of_an_early_flight_may_fail_and_come_again(void **state)
{
    static const unsigned operations[PAIR_FLIGHT] = {0, 1, 3};
    struct lewes_env env;
    struct lewes_event event;

    (void)state;
    pair_init(&pair, 1);
    env = watched_env(&pair.sessions);
    assert_int_equal(lewes_session_new(&pair.initiator, &env,
                                       &(struct lewes_session_config){
                                           .role = LEWES_INITIATOR,
                                           .identity = pair.client,
                                           .unix_ms = PAIR_UNIX_MS,
                                           .peer = lewes_identity_public(pair.gateway),
                                           .early = true,
                                       },
                                       pair.now),
                     LEWES_OK);
    for (unsigned i = 0; i < PAIR_FLIGHT; i++) {
        assert_int_equal(fail_each(pair.initiator), operations[i]);
        pair.done = 2 * i;
        assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
    }
    pair_assert_silent(&pair, pair.initiator);
    for (unsigned i = 0; i < PAIR_FLIGHT; i++) {
        pair_write(&pair, pair.responder, &packet);
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_OK);
    }
    pair.done = 6;
    pair_advance(&pair, PAIR_MESSAGES);
    pair_exchange(&pair, pair.responder, pair.initiator, 5);
    pair_end(&pair);
}

static void every_operation_of_a_payload_may_fail_and_come_again(void **state)
{
    static const uint8_t text[] = "as it was given";
    struct lewes_event event;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(lewes_session_send(pair.initiator, text, sizeof text, pair.now), LEWES_OK);
        assert_int_equal(fail_each(pair.initiator), 2);
        assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_OK);
        assert_int_equal(event.len, sizeof text);
        assert_memory_equal(event.payload, text, sizeof text);
    }
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_of_a_handshake_may_fail_and_come_again),
        cmocka_unit_test(every_operation_of_an_early_flight_may_fail_and_come_again),
        cmocka_unit_test(every_operation_of_a_payload_may_fail_and_come_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
