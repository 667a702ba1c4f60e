/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that hold the keys and break the protocol inside: forged inner layers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define PSQ_LEN 207       /* protocol.md 8.3, suite X25519 */
#define PSQ_PLAIN_LEN 124 /* protocol.md 8.3 */

static struct pair pair;
static struct pair_packet packet;
static uint8_t *const body = packet.bytes + LEWESI_BODY_OFFSET;

static void assert_closes(struct lewes_session *session, enum lewes_error expected)
{
    struct lewes_event event;

    assert_int_equal(pair_read(&pair, session, &packet, &event), expected);
    assert_int_equal(event.kind, LEWES_EVENT_NONE);
    assert_int_equal(lewes_session_state(session), LEWES_CLOSED);
    assert_int_equal(pair_read(&pair, session, &packet, &event), LEWES_ERROR_CLOSED);
    pair_assert_silent(&pair, session);
}

/* Seals the body of the message that was just opened, with its own counter. */
static void seal_again(enum lewesi_type type, size_t body_len)
{
    const struct lewesi_packet header = {.index = lewesi_load32le(packet.bytes),
                                         .counter = lewesi_load64le(packet.bytes + 4),
                                         .type = type};

    pair_make_sealed(&packet, &header, body_len, &pair_reader(&pair)->outer_key);
}

/* Opens a pair where `message`, an encrypted one, lies opened in `packet`. */
static struct lewes_session *prepare(unsigned message)
{
    pair_open(&pair, message - 1);
    pair_write(&pair, pair_writer(&pair), &packet);
    assert_int_equal(lewesi_packet_open(packet.bytes, packet.len, &pair_reader(&pair)->outer_key),
                     LEWES_OK);
    return pair_reader(&pair);
}

/* ---- Handshake2 ---- */

static void a_handshake2_with_a_bad_noise_part_closes(void **state)
{
    (void)state;
    for (size_t at = 32; at < 80; at++) {
        struct lewes_session *const initiator = prepare(6);

        body[at] ^= 0x40;
        seal_again(LEWESI_HANDSHAKE, 80);
        assert_closes(initiator, LEWES_ERROR_PEER);
        pair_end(&pair);
    }
}

static void a_handshake2_with_a_bad_psq_part_closes(void **state)
{
    (void)state;
    for (size_t at = 0; at < 32; at++) {
        struct lewes_session *const initiator = prepare(6);

        body[at] ^= 0x40;
        seal_again(LEWESI_HANDSHAKE, 80);
        assert_closes(initiator, LEWES_ERROR_PEER);
        pair_end(&pair);
    }
}

static void a_handshake2_of_another_length_closes(void **state)
{
    (void)state;
    for (size_t len = 64; len < 120; len++) {
        struct lewes_session *initiator;

        if (len == 80)
            continue;
        initiator = prepare(6);
        seal_again(LEWESI_HANDSHAKE, len);
        assert_closes(initiator, LEWES_ERROR_PEER);
        pair_end(&pair);
    }
}

/* Replaces the 30 bytes of the PSQ answer by one with a handle of `len` bytes. */
static void put_handle(const struct lewes_session *responder, size_t len)
{
    const struct lewesi_psq_keys *const keys = &responder->handshake->psq;
    struct lewesi_nonce nonce;
    uint8_t noise[48], *const answer = body + 2;

    memcpy(noise, body + 32, sizeof noise);
    lewesi_store16le(body, (uint16_t)(17 + len));
    answer[16] = (uint8_t)len;
    memset(answer + 17, 'h', len);
    memcpy(nonce.bytes, keys->responder_key + 32, sizeof nonce.bytes);
    assert_int_equal(lewesi_aead_seal(keys->responder_key, &nonce, (struct lewesi_span){NULL, 0},
                                      answer + 17, len, answer),
                     LEWES_OK);
    memcpy(answer + 17 + len, noise, sizeof noise);
    seal_again(LEWESI_HANDSHAKE, 2 + 17 + len + sizeof noise);
}

static void a_handle_has_1_to_63_bytes_and_its_text_does_not_count(void **state)
{
    static const size_t good[] = {1, 13, 62, 63}, bad[] = {0, 64, 65};
    struct lewes_event event;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct lewes_session *const initiator = prepare(6);

        put_handle(pair.responder, good[i]);
        assert_int_equal(pair_read(&pair, initiator, &packet, &event), LEWES_OK);
        assert_int_equal(event.kind, LEWES_EVENT_MAY_SEND);
        pair_end(&pair);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct lewes_session *const initiator = prepare(6);

        put_handle(pair.responder, bad[i]);
        assert_closes(initiator, LEWES_ERROR_PEER);
        pair_end(&pair);
    }
}

/* ---- Handshake3 ---- */

static void a_handshake3_with_a_bad_noise_part_closes(void **state)
{
    (void)state;
    for (size_t at = 0; at < 64; at++) {
        struct lewes_session *const responder = prepare(7);

        body[at] ^= 0x40;
        seal_again(LEWESI_HANDSHAKE, 64);
        assert_closes(responder, LEWES_ERROR_PEER);
        pair_end(&pair);
    }
}

static void a_handshake3_of_another_length_closes(void **state)
{
    (void)state;
    for (size_t len = 65; len < 120; len++) {
        struct lewes_session *const responder = prepare(7);

        seal_again(LEWESI_HANDSHAKE, len);
        assert_closes(responder, LEWES_ERROR_PEER);
        pair_end(&pair);
    }
}

static void a_handshake3_with_another_static_key_is_another_identity(void **state)
{
    struct lewes_x25519_private stranger = {{7, 7, 7}};

    (void)state;
    pair_open(&pair, 6);
    /* Up to message 2 XK says nothing of the initiator's static key. */
    pair.initiator->handshake->noise.s_private = stranger;
    lewesi_x25519_public(&pair.initiator->handshake->noise.s, &stranger);
    pair_write(&pair, pair.initiator, &packet);
    assert_closes(pair.responder, LEWES_ERROR_IDENTITY);
    pair_end(&pair);
}

static void a_static_key_that_agrees_on_zero_is_refused(void **state)
{
    struct lewes_event event;

    (void)state;
    pair_open(&pair, 4);
    pair_write(&pair, pair.initiator, &packet);
    /* lewes_hello_check lets no such key through. */
    memset(&pair.responder->handshake->peer_x25519, 0, sizeof(struct lewes_x25519_public));
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_ERROR_PSQ);
    assert_int_equal(lewes_session_state(pair.responder), LEWES_AWAIT_HANDSHAKE1);
    assert_false(pair.responder->keyed);
    pair_end(&pair);
}

/* ---- KKT ---- */

/* Replaces message 4 by one that the gateway really signed, with another key or a status. */
static void put_response(struct lewesi_kem_public key)
{
    struct lewesi_kkt_request request = {.suite = lewesi_kkt_suite_of(LEWES_KEM_X25519),
                                         .served_form = key.kem != NULL};
    struct lewesi_writer w;

    memcpy(request.session_id, pair.initiator->handshake->params.kkt_session_id,
           sizeof request.session_id);
    lewesi_writer_init(&w, body, LEWESI_KKT_RESPONSE_MAX);
    assert_int_equal(lewesi_kkt_response_write(&w, &request, key, &pair.gateway->ed25519_private),
                     LEWES_OK);
    pair_make_clear(&packet,
                    &(struct lewesi_packet){.index = lewes_session_receiver_index(pair.initiator),
                                            .type = LEWESI_KKT_RESPONSE},
                    w.at);
}

static void a_signed_kem_key_that_is_not_the_identitys_closes(void **state)
{
    (void)state;
    pair_open(&pair, 3);
    put_response(lewesi_kem_public_of_x25519(&pair.client->x25519));
    assert_closes(pair.initiator, LEWES_ERROR_KKT_KEY);
    pair_end(&pair);
}

static void a_signed_refusal_of_the_only_suite_closes(void **state)
{
    (void)state;
    pair_open(&pair, 3);
    put_response((struct lewesi_kem_public){NULL, NULL});
    assert_closes(pair.initiator, LEWES_ERROR_KKT_STATUS);
    pair_end(&pair);
}

/* ---- PSQ: what aborted the original (protocol.md 16, 18.31) ---- */

struct forged {
    uint8_t ciphertext[33], mac[32];
    uint8_t key[44]; /* ki */
};

/* The client's side of the key schedule of protocol.md 8.2, by hand. */
static void forge_keys(struct forged *forged)
{
    static const struct lewes_x25519_private ephemeral = {{9, 9, 9}};
    const struct lewes_x25519_public *const gateway = &pair.gateway->x25519;
    struct lewes_x25519_public point;
    uint8_t secret[33] = {0}, info[33 + 33 + 4] = {0}, k0[32], key[32], k[32];

    lewesi_x25519_public(&point, &ephemeral);
    forged->ciphertext[0] = 0;
    memcpy(forged->ciphertext + 1, point.bytes, 32);
    assert_int_equal(lewesi_x25519(secret + 1, &ephemeral, gateway), LEWES_OK);
    memcpy(info + 1, gateway->bytes, 32);
    memcpy(info + 33, forged->ciphertext, 33);
    lewesi_store32le(info + 66, lewes_session_receiver_index(pair.initiator));
    lewesi_hkdf_expand(k0, 32, secret, (struct lewesi_span){info, sizeof info});
    lewesi_hkdf_expand(key, 32, k0, (struct lewesi_span){(const uint8_t *)"Confirmation", 12});
    lewesi_hmac_sha256(forged->mac, (struct lewesi_span){key, 32},
                       (struct lewesi_span){(const uint8_t *)"MAC-Input", 9});
    lewesi_hkdf_expand(k, 32, k0, (struct lewesi_span){(const uint8_t *)"PSK", 3});
    lewesi_hkdf_expand(forged->key, 44, k,
                       (struct lewesi_span){(const uint8_t *)"AEAD-Initiator-Responder", 24});
}

/* Writes a Handshake1 whose PSQ part has this plaintext; everything else in it is right. */
static void forge_handshake1(const uint8_t *plain, size_t plain_len, size_t psq_len)
{
    struct forged forged;
    struct lewesi_nonce nonce;
    uint8_t noise[48], *const psq = body + 2;
    uint8_t *const c = psq + (plain_len < 64 ? 82 : 83);

    forge_keys(&forged);
    memcpy(noise, body + 2 + PSQ_LEN, sizeof noise);
    memset(psq, 0, psq_len);
    lewesi_store16le(body, (uint16_t)psq_len);
    memcpy(psq, forged.ciphertext, 33);
    memcpy(psq + 33, forged.mac, 32);
    if (plain_len < 64) { /* protocol.md 1, V(n) */
        psq[81] = (uint8_t)plain_len;
    } else {
        psq[81] = 0x40;
        psq[82] = (uint8_t)plain_len;
    }
    memmove(c, plain, plain_len);
    memcpy(nonce.bytes, forged.key + 32, sizeof nonce.bytes);
    assert_int_equal(
        lewesi_aead_seal(forged.key, &nonce, (struct lewesi_span){NULL, 0}, c, plain_len, psq + 65),
        LEWES_OK);
    memcpy(psq + psq_len, noise, sizeof noise);
    pair_make_clear(&packet,
                    &(struct lewesi_packet){.index = lewes_session_receiver_index(pair.initiator),
                                            .counter = 1,
                                            .type = LEWESI_HANDSHAKE},
                    2 + psq_len + sizeof noise);
}

/* The plaintext of a good message with these times. */
static void make_plain(uint8_t plain[PSQ_PLAIN_LEN], uint64_t seconds, uint32_t milliseconds)
{
    struct forged forged;
    uint8_t signed_bytes[65];

    forge_keys(&forged);
    memset(plain, 0, PSQ_PLAIN_LEN);
    lewesi_store64be(plain, seconds);
    lewesi_store32be(plain + 8, milliseconds);
    memcpy(signed_bytes, forged.ciphertext, 33);
    memcpy(signed_bytes + 33, forged.mac, 32);
    assert_int_equal(lewesi_ed25519_sign(plain + 28, &pair.client->ed25519_private,
                                         (struct lewesi_span){signed_bytes, sizeof signed_bytes}),
                     LEWES_OK);
    memcpy(plain + 92, pair.client->ed25519.bytes, 32);
}

static void prepare_handshake1(void)
{
    pair_open(&pair, 4);
    pair_write(&pair, pair.initiator, &packet);
}

static void assert_refused(enum lewes_error expected)
{
    static struct pair_image image;
    const unsigned allocations = pair.sessions.test.allocations;
    struct lewes_event event;

    pair_image_take(&image, pair.responder);
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), expected);
    assert_true(pair_image_same(&image, pair.responder));
    assert_int_equal(pair.sessions.test.allocations, allocations);
    pair.responder->drops = 0;
}

static void the_forger_can_make_a_good_handshake1(void **state)
{
    uint8_t plain[PSQ_PLAIN_LEN];
    struct lewes_event event;

    (void)state;
    prepare_handshake1();
    make_plain(plain, (PAIR_UNIX_MS + pair.now) / 1000, 0);
    forge_handshake1(plain, sizeof plain, PSQ_LEN);
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_OK);
    assert_int_equal(lewes_session_state(pair.responder), LEWES_AWAIT_HANDSHAKE3);
    pair_end(&pair);
}

static void a_short_psq_plaintext_is_refused(void **state)
{
    uint8_t plain[PSQ_PLAIN_LEN];

    (void)state;
    prepare_handshake1();
    make_plain(plain, (PAIR_UNIX_MS + pair.now) / 1000, 0);
    for (size_t len = 0; len < sizeof plain; len++) {
        forge_handshake1(plain, len, (len < 64 ? 82 : 83) + len);
        assert_refused(LEWES_ERROR_LENGTH);
        forge_handshake1(plain, len, PSQ_LEN); /* filled up */
        assert_refused(LEWES_ERROR_PSQ);
    }
    pair_end(&pair);
}

static void psq_times_that_overflow_are_refused(void **state)
{
    static const struct lewesi_psq_times times[] = {
        {UINT64_MAX, 4000000000}, {UINT64_MAX, 0}, {UINT64_MAX / 1000 + 1, 0},
        {UINT64_C(1) << 40, 0},   {0, 4000000000}, {1768384800, 1000},
    };
    uint8_t plain[PSQ_PLAIN_LEN];

    (void)state;
    prepare_handshake1();
    for (size_t i = 0; i < COUNT(times); i++) {
        make_plain(plain, times[i].seconds, times[i].milliseconds);
        forge_handshake1(plain, sizeof plain, PSQ_LEN);
        assert_refused(LEWES_ERROR_CLOCK);
    }
    pair_end(&pair);
}

static void tags_of_other_kems_with_huge_lengths_are_refused(void **state)
{
    static const uint8_t tags[] = {0x03, 0x05, 0xff}, firsts[] = {0xc0, 0xff, 0x40, 0x80};
    static const size_t lens[] = {60, PSQ_LEN};

    (void)state;
    for (size_t i = 0; i < COUNT(tags) * COUNT(firsts) * COUNT(lens); i++) {
        const size_t len = lens[i % COUNT(lens)];

        prepare_handshake1();
        memmove(body + 2 + len, body + 2 + PSQ_LEN, 48);
        lewesi_store16le(body, (uint16_t)len);
        body[2] = tags[i / COUNT(lens) / COUNT(firsts)];
        memset(body + 3, firsts[i / COUNT(lens) % COUNT(firsts)], 8);
        pair_make_clear(&packet,
                        &(struct lewesi_packet){
                            .index = pair.responder->index, .counter = 1, .type = LEWESI_HANDSHAKE},
                        2 + len + 48);
        assert_refused(len == PSQ_LEN ? LEWES_ERROR_PSQ : LEWES_ERROR_LENGTH);
        pair_end(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake2_with_a_bad_noise_part_closes),
        cmocka_unit_test(a_handshake2_with_a_bad_psq_part_closes),
        cmocka_unit_test(a_handshake2_of_another_length_closes),
        cmocka_unit_test(a_handle_has_1_to_63_bytes_and_its_text_does_not_count),
        cmocka_unit_test(a_handshake3_with_a_bad_noise_part_closes),
        cmocka_unit_test(a_handshake3_of_another_length_closes),
        cmocka_unit_test(a_handshake3_with_another_static_key_is_another_identity),
        cmocka_unit_test(a_static_key_that_agrees_on_zero_is_refused),
        cmocka_unit_test(a_signed_kem_key_that_is_not_the_identitys_closes),
        cmocka_unit_test(a_signed_refusal_of_the_only_suite_closes),
        cmocka_unit_test(the_forger_can_make_a_good_handshake1),
        cmocka_unit_test(a_short_psq_plaintext_is_refused),
        cmocka_unit_test(psq_times_that_overflow_are_refused),
        cmocka_unit_test(tags_of_other_kems_with_huge_lengths_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
