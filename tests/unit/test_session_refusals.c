/* SPDX-License-Identifier: Apache-2.0 */
/* What an initiator does with a gateway that does not give the key it was asked for: another suite,
 * another key, something else that it really signed (P23, P25, P26, P33, P80). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/kkt_frames.h"
#include "tests/support/pair_suites.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define STATUS_SUITE 4 /* protocol.md 7.1 */

static struct pair pair;
static struct pair_packet packet;

static enum lewes_error read_packet(void)
{
    struct lewes_event event;
    const enum lewes_error error = pair_read(&pair, pair.initiator, &packet, &event);

    assert_int_equal(event.kind, LEWES_EVENT_NONE);
    return error;
}

static void assert_ends(enum lewes_error expected)
{
    assert_int_equal(read_packet(), expected);
    assert_int_equal(lewes_session_state(pair.initiator), LEWES_CLOSED);
    assert_false(lewes_session_digest_pinned(pair.initiator));
    assert_null(pair.initiator->handshake);
    assert_int_equal(read_packet(), LEWES_ERROR_CLOSED);
    pair_assert_silent(&pair, pair.initiator);
}

/* ---- refused suites ---- */

/* The initiator asks for `kem` and is refused; `packet` is the status frame. */
static void ask_in_vain(enum lewes_kem kem)
{
    struct lewes_event event;

    assert_int_equal(lewes_session_kem(pair.initiator), kem);
    assert_int_equal(lewes_session_state(pair.initiator), LEWES_AWAIT_KEY);
    pair_write(&pair, pair.initiator, &packet);
    pair_assert_silent(&pair, pair.initiator);
    assert_int_equal(packet.len, 123);
    assert_int_equal(packet.bytes[LEWESI_BODY_OFFSET + 2], (unsigned)kem);
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_OK);
    assert_int_equal(lewes_session_state(pair.responder), LEWES_AWAIT_REQUEST);
    pair_write(&pair, pair.responder, &packet);
    pair_assert_silent(&pair, pair.responder);
    assert_int_equal(packet.len, 123);
}

/* A gateway that serves X25519 alone, and a client that would like something better. */
static void prepare(const enum lewes_kem *kems, size_t count, bool early)
{
    pair_init(&pair, 1);
    for (size_t i = 0; i < count; i++)
        pair_accept(&pair, kems[i], LEWES_HASH_BLAKE3, false);
    pair.early = early;
    pair_start(&pair);
    pair_advance(&pair, 2);
}

static void a_refused_suite_is_followed_by_the_next_on_the_same_session(void **state)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_XWING, LEWES_KEM_MLKEM768, LEWES_KEM_X25519};

    prepare(kems, 3, pair_is_early(state));
    for (unsigned i = 0; i < 2; i++) {
        ask_in_vain(kems[i]);
        assert_int_equal(read_packet(), LEWES_OK);
        assert_int_equal(lewes_session_kkt_status(pair.initiator), STATUS_SUITE);
    }
    pair_advance(&pair, PAIR_MESSAGES);
    assert_int_equal(lewes_session_kem(pair.initiator), LEWES_KEM_X25519);
    assert_int_equal(lewes_session_kem(pair.responder), LEWES_KEM_X25519);
    assert_true(lewes_session_digest_pinned(pair.initiator));
    assert_int_equal(lewes_session_kkt_status(pair.initiator), STATUS_SUITE);
    pair_exchange(&pair, pair.initiator, pair.responder, 30);
    pair_end(&pair);
}

static void a_better_suite_that_is_served_is_taken_after_a_refusal(void **state)
{
    (void)state;
    pair_init(&pair, 1);
    pair_serve(&pair, LEWES_KEM_MLKEM768);
    pair_accept(&pair, LEWES_KEM_XWING, LEWES_HASH_BLAKE3, false);
    pair_accept(&pair, LEWES_KEM_MLKEM768, LEWES_HASH_SHAKE256, false);
    pair_accept(&pair, LEWES_KEM_X25519, LEWES_HASH_BLAKE3, false);
    pair_start(&pair);
    pair_advance(&pair, 2);
    ask_in_vain(LEWES_KEM_XWING);
    assert_int_equal(read_packet(), LEWES_OK);
    pair_advance(&pair, PAIR_MESSAGES);
    assert_int_equal(lewes_session_kem(pair.initiator), LEWES_KEM_MLKEM768);
    assert_int_equal(lewes_session_kem(pair.responder), LEWES_KEM_MLKEM768);
    pair_exchange(&pair, pair.responder, pair.initiator, 30);
    pair_end(&pair);
}

static void nothing_falls_back_to_a_suite_that_is_not_accepted(void **state)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_XWING, LEWES_KEM_MLKEM768};

    for (size_t count = 1; count <= COUNT(kems); count++) {
        prepare(kems, count, pair_is_early(state));
        for (size_t i = 0; i < count; i++) {
            ask_in_vain(kems[i]);
            if (i + 1 < count)
                assert_int_equal(read_packet(), LEWES_OK);
        }
        assert_ends(LEWES_ERROR_KKT_STATUS);
        assert_int_equal(lewes_session_kkt_status(pair.initiator), STATUS_SUITE);
        pair_end(&pair);
    }
}

static void a_status_frame_counts_once(void **state)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_XWING, LEWES_KEM_MLKEM768, LEWES_KEM_X25519};
    static struct pair_packet first;

    (void)state;
    prepare(kems, 3, false);
    ask_in_vain(LEWES_KEM_XWING);
    first.len = packet.len;
    memcpy(first.bytes, packet.bytes, packet.len);
    assert_int_equal(read_packet(), LEWES_OK);
    assert_int_equal(read_packet(), LEWES_ERROR_STATE); /* the next request is still to leave */
    ask_in_vain(LEWES_KEM_MLKEM768);
    packet.len = first.len;
    memcpy(packet.bytes, first.bytes, first.len);
    assert_int_equal(read_packet(), LEWES_ERROR_KKT); /* of a suite that is asked no more */
    assert_int_equal(lewes_session_kem(pair.initiator), LEWES_KEM_MLKEM768);
    pair_end(&pair);
}

/* ---- frames that the gateway really signed ---- */

/* Puts a KKTResponse into `packet`. */
static void put_frame(const uint8_t context[LEWESI_KKT_CONTEXT_LEN], struct lewesi_span key,
                      const uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN],
                      const struct lewesi_ed25519_private *signer)
{
    static struct kkt_frame frame;

    kkt_frame_make(&frame, context, key, signer);
    memcpy(frame.bytes + frame.len - LEWESI_SIGNATURE_LEN - LEWESI_KKT_SESSION_ID_LEN, session_id,
           LEWESI_KKT_SESSION_ID_LEN);
    kkt_frame_sign(&frame, signer);
    memcpy(packet.bytes + LEWESI_BODY_OFFSET, frame.bytes, frame.len);
    pair_make_clear(&packet,
                    &(struct lewesi_packet){.index = lewes_session_receiver_index(pair.initiator),
                                            .type = LEWESI_KKT_RESPONSE},
                    frame.len);
}

/* The context that answers the initiator. */
static void good_context(uint8_t context[LEWESI_KKT_CONTEXT_LEN])
{
    const uint8_t bytes[LEWESI_KKT_CONTEXT_LEN] = {
        0x11, 0x01, (uint8_t)lewes_session_kem(pair.initiator), LEWES_HASH_BLAKE3, 0, 0, 0};

    memcpy(context, bytes, sizeof bytes);
}

static const uint8_t *session_id(void)
{
    return pair.initiator->handshake->params.kkt_session_id;
}

static void put_signed(const uint8_t context[LEWESI_KKT_CONTEXT_LEN], struct lewesi_span key)
{
    put_frame(context, key, session_id(), &pair.gateway->ed25519_private);
}

/* A pair whose initiator waits for the key, which is stored in `key`. */
static struct lewesi_span await_key(const struct pair_kind *kind, struct lewes_kem_public *key)
{
    pair_open_kind(&pair, kind, 3);
    assert_int_equal(lewes_identity_kem(pair.gateway, kind->kem, key), LEWES_OK);
    return (struct lewesi_span){key->bytes, key->len};
}

static void every_other_status_ends_at_once(void **state)
{
    (void)state;
    for (unsigned status = 1; status < 8; status++) {
        uint8_t context[LEWESI_KKT_CONTEXT_LEN];

        if (status == STATUS_SUITE)
            continue;
        pair_init(&pair, 1);
        pair_serve(&pair, LEWES_KEM_XWING);
        pair_accept(&pair, LEWES_KEM_XWING, LEWES_HASH_BLAKE3, false);
        pair_accept(&pair, LEWES_KEM_X25519, LEWES_HASH_BLAKE3, false);
        pair_start(&pair);
        pair_advance(&pair, 3);
        good_context(context);
        context[1] |= (uint8_t)(status << 5);
        put_signed(context, (struct lewesi_span){NULL, 0});
        assert_ends(LEWES_ERROR_KKT_STATUS);
        assert_int_equal(lewes_session_kkt_status(pair.initiator), status);
        pair_end(&pair);
    }
}

/* P25, steps 1 to 3, each behind a good signature: sequence, version, mode, role, the four bytes of
 * the suite, reserved; and a status with a key, or none without. */
static void a_signed_response_to_something_else_is_dropped(void **state)
{
    static const struct {
        unsigned at;
        uint8_t flip;
    } faults[] = {{0, 0x01}, {0, 0x03}, {0, 0x30}, {1, 0x04}, {1, 0x02}, {1, 0x01}, {1, 0x80},
                  {2, 0x02}, {2, 0xff}, {3, 0x01}, {4, 0x10}, {4, 0x20}, {5, 0x01}, {6, 0x01}};

    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        static struct lewes_kem_public key;
        const struct lewesi_span span = await_key(&pair_kinds[i], &key);
        static struct pair_image image;

        pair_image_take(&image, pair.initiator);
        for (size_t j = 0; j <= COUNT(faults); j++) {
            uint8_t context[LEWESI_KKT_CONTEXT_LEN];

            good_context(context);
            if (j < COUNT(faults))
                context[faults[j].at] ^= faults[j].flip;
            put_signed(context, j < COUNT(faults) ? span : (struct lewesi_span){NULL, 0});
            assert_int_equal(read_packet(), LEWES_ERROR_KKT);
            assert_true(pair_image_same(&image, pair.initiator));
            pair.initiator->drops = 0; /* the budget has tests of its own */
        }
        pair_advance(&pair, PAIR_MESSAGES);
        pair_exchange(&pair, pair.initiator, pair.responder, 30);
        pair_end(&pair);
    }
}

static void a_response_of_another_session_or_another_gateway_is_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        static struct lewes_kem_public key;
        const struct lewesi_span span = await_key(&pair_kinds[i], &key);
        uint8_t context[LEWESI_KKT_CONTEXT_LEN], id[LEWESI_KKT_SESSION_ID_LEN];

        good_context(context);
        for (size_t at = 0; at < sizeof id; at++) {
            memcpy(id, session_id(), sizeof id);
            id[at] ^= 0x10;
            put_frame(context, span, id, &pair.gateway->ed25519_private);
            assert_int_equal(read_packet(), LEWES_ERROR_KKT);
            pair.initiator->drops = 0;
        }
        put_frame(context, span, session_id(), &pair.client->ed25519_private);
        assert_int_equal(read_packet(), LEWES_ERROR_KKT);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_end(&pair);
    }
}

/* ---- keys, P25 steps 6 to 8 ---- */

static void a_signed_key_with_a_coefficient_above_the_modulus_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        static struct lewes_kem_public key;
        uint8_t context[LEWESI_KKT_CONTEXT_LEN];
        struct lewesi_span span;

        if (pair_kinds[i].kem == LEWES_KEM_X25519)
            continue;
        span = await_key(&pair_kinds[i], &key);
        memset(key.bytes + 600, 0xff, 2);
        good_context(context);
        put_signed(context, span);
        assert_ends(LEWES_ERROR_KKT_KEY);
        pair_end(&pair);
    }
}

/* A well-formed key whose digest is another one, and with X25519 one that is not the identity's. */
static void a_signed_key_that_is_not_the_pinned_one_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        static struct lewes_kem_public key;
        const struct lewesi_span span = await_key(&pair_kinds[i], &key);
        uint8_t context[LEWESI_KKT_CONTEXT_LEN];

        key.bytes[key.len - 1] ^= 1;
        good_context(context);
        put_signed(context, span);
        assert_ends(LEWES_ERROR_KKT_KEY);
        pair_end(&pair);
    }
}

static void a_digest_is_compared_in_full_with_its_own_hash(void **state)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768, LEWES_KEM_XWING};

    (void)state;
    for (size_t i = 0; i < COUNT(kems); i++) {
        for (unsigned at = 0; at < LEWES_HASHES * LEWES_KEM_DIGEST_LEN; at++) {
            const enum lewes_hash hash = (enum lewes_hash)(at / LEWES_KEM_DIGEST_LEN);
            struct lewes_event event;

            pair_init(&pair, 1);
            if (kems[i] != LEWES_KEM_X25519)
                pair_serve(&pair, kems[i]);
            pair_accept(&pair, kems[i], hash, false);
            pair.digests[0].bytes[at % LEWES_KEM_DIGEST_LEN] ^= 0x20;
            pair_start(&pair);
            pair_advance(&pair, 3);
            pair_write(&pair, pair.responder, &packet);
            assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event),
                             LEWES_ERROR_KKT_KEY);
            assert_int_equal(lewes_session_state(pair.initiator), LEWES_CLOSED);
            pair_end(&pair);
        }
    }
}

/* ---- a scripted original, P26 ---- */

static void an_x25519_key_under_another_suites_name_is_never_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        static struct lewes_kem_public key;
        uint8_t context[LEWESI_KKT_CONTEXT_LEN];

        if (pair_kinds[i].kem == LEWES_KEM_X25519)
            continue;
        (void)await_key(&pair_kinds[i], &key);
        good_context(context);
        put_signed(context, (struct lewesi_span){pair.gateway->x25519.bytes, LEWES_KEY_LEN});
        assert_int_equal(packet.len, 155);
        assert_ends(LEWES_ERROR_SUITE);
        assert_int_equal(lewes_session_kkt_status(pair.initiator), 0);
        pair_end(&pair);
    }
}

static void an_x25519_key_under_another_suites_name_but_of_another_session_is_dropped(void **state)
{
    static const uint8_t id[LEWESI_KKT_SESSION_ID_LEN] = {0xa0};

    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        static struct lewes_kem_public key;
        const struct lewesi_span x25519 = {key.bytes, LEWES_KEY_LEN};
        uint8_t context[LEWESI_KKT_CONTEXT_LEN];

        if (pair_kinds[i].kem == LEWES_KEM_X25519)
            continue;
        (void)await_key(&pair_kinds[i], &key);
        good_context(context);
        put_frame(context, x25519, id, &pair.gateway->ed25519_private);
        assert_int_equal(read_packet(), LEWES_ERROR_KKT);
        put_frame(context, x25519, session_id(), &pair.client->ed25519_private);
        assert_int_equal(read_packet(), LEWES_ERROR_KKT);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_end(&pair);
    }
}

/* ---- a key that was known once, P80 ---- */

static void a_known_key_that_is_no_longer_the_gateways_ends_and_stepwise_succeeds(void **state)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_MLKEM768, LEWES_KEM_XWING};

    (void)state;
    for (size_t i = 0; i < COUNT(kems); i++) {
        struct lewes_kem_seed seed = {{1, 2, 3}};
        struct lewes_identity *former = NULL;
        struct lewes_event event;

        pair_init_kind(&pair, &(struct pair_kind){kems[i], true});
        assert_int_equal(
            lewes_identity_new(&former, &pair.identities.env, &(struct lewes_ed25519_seed){{9}}),
            LEWES_OK);
        assert_int_equal(lewes_identity_add_kem(former, kems[i], &seed), LEWES_OK);
        assert_int_equal(lewes_identity_kem(former, kems[i], &pair.keys[0]), LEWES_OK);
        lewes_identity_free(former);
        pair_start(&pair);
        pair_advance(&pair, 4 - 1);
        pair_write(&pair, pair.responder, &packet); /* KKTResponse */
        pair.done++;
        /* The gateway cannot read what it was sent … */
        {
            static struct pair_packet handshake1;
            pair_write(&pair, pair.initiator, &handshake1);
            assert_int_equal(pair_read(&pair, pair.responder, &handshake1, &event),
                             LEWES_ERROR_PSQ);
        }
        assert_ends(LEWES_ERROR_KKT_KEY); /* … and the client learns why. */
        pair_end_sessions(&pair);
        pair.suites[0].key = NULL;
        pair.early = false;
        pair_start(&pair);
        pair_advance(&pair, PAIR_MESSAGES);
        assert_true(lewes_session_digest_pinned(pair.initiator));
        pair_end(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_BOTH_FLIGHTS(a_refused_suite_is_followed_by_the_next_on_the_same_session),
        cmocka_unit_test(a_better_suite_that_is_served_is_taken_after_a_refusal),
        PAIR_TEST_BOTH_FLIGHTS(nothing_falls_back_to_a_suite_that_is_not_accepted),
        cmocka_unit_test(a_status_frame_counts_once),
        cmocka_unit_test(every_other_status_ends_at_once),
        cmocka_unit_test(a_signed_response_to_something_else_is_dropped),
        cmocka_unit_test(a_response_of_another_session_or_another_gateway_is_dropped),
        cmocka_unit_test(a_signed_key_with_a_coefficient_above_the_modulus_ends),
        cmocka_unit_test(a_signed_key_that_is_not_the_pinned_one_ends),
        cmocka_unit_test(a_digest_is_compared_in_full_with_its_own_hash),
        cmocka_unit_test(an_x25519_key_under_another_suites_name_is_never_used),
        cmocka_unit_test(an_x25519_key_under_another_suites_name_but_of_another_session_is_dropped),
        cmocka_unit_test(a_known_key_that_is_no_longer_the_gateways_ends_and_stepwise_succeeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
