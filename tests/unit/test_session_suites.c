/* SPDX-License-Identifier: Apache-2.0 */
/* The three suites, each with both kinds of flights: what is configured, sizes, what is asked of a
 * session, and what it does when it gets nothing (protocol.md 6, P22, P23, P43). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair_suites.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct pair pair;
static struct pair_packet packet;

/* ---- on the wire ---- */

/* protocol.md 6 */
static const size_t *sizes_of(enum lewes_kem kem)
{
    static const size_t x25519[PAIR_MESSAGES] = {136, 36, 123, 155, 293, 116, 100, 36};
    static const size_t mlkem768[PAIR_MESSAGES] = {136, 36, 123, 1307, 1351, 116, 100, 36};
    static const size_t xwing[PAIR_MESSAGES] = {136, 36, 123, 1339, 1383, 116, 100, 36};

    if (kem == LEWES_KEM_X25519)
        return x25519;
    return kem == LEWES_KEM_MLKEM768 ? mlkem768 : xwing;
}

static void the_packets_of_each_suite_have_the_listed_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        const size_t *const sizes = sizes_of(pair_kinds[i].kem);

        pair_open_kind(&pair, &pair_kinds[i], 0);
        for (unsigned j = 0; j < PAIR_MESSAGES; j++) {
            struct lewes_event event;

            pair_write(&pair, pair_writer(&pair), &packet);
            assert_int_equal(packet.len, sizes[j]);
            assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
        }
        pair_exchange(&pair, pair.initiator, pair.responder, 100);
        pair_exchange(&pair, pair.responder, pair.initiator, 100);
        pair_end(&pair);
    }
}

/* In every byte position, whatever the length of the packet. */
static void no_packet_fits_into_one_byte_less(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        const size_t *const sizes = sizes_of(pair_kinds[i].kem);

        pair_init_kind(&pair, &pair_kinds[i]);
        pair.early = false; /* or they have been written before */
        pair_start(&pair);
        for (unsigned j = 0; j < PAIR_MESSAGES; j++) {
            struct lewes_event event;

            assert_int_equal(lewes_session_write(pair_writer(&pair), packet.bytes, sizes[j] - 1,
                                                 &packet.len, pair.now),
                             LEWES_ERROR_SPACE);
            assert_int_equal(lewes_session_write(pair_writer(&pair), packet.bytes, sizes[j],
                                                 &packet.len, pair.now),
                             LEWES_OK);
            assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
        }
        pair_end(&pair);
    }
}

static void the_request_names_the_suite_and_the_hash_of_its_digest(void **state)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768, LEWES_KEM_XWING};

    (void)state;
    for (size_t i = 0; i < COUNT(kems); i++) {
        for (unsigned hash = 0; hash < LEWES_HASHES; hash++) {
            const uint8_t *const suite = packet.bytes + LEWESI_BODY_OFFSET + 2;
            struct lewes_event event;

            pair_init(&pair, 1);
            if (kems[i] != LEWES_KEM_X25519)
                pair_serve(&pair, kems[i]);
            pair_accept(&pair, kems[i], (enum lewes_hash)hash, false);
            pair_start(&pair);
            pair_advance(&pair, 2);
            pair_write(&pair, pair.initiator, &packet);
            assert_int_equal(suite[0], (unsigned)kems[i]);
            assert_int_equal(suite[1], hash);
            assert_int_equal(suite[2], 0);
            assert_int_equal(suite[3], 0);
            assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
            pair_advance(&pair, PAIR_MESSAGES);
            assert_true(lewes_session_digest_pinned(pair.initiator));
            pair_end(&pair);
        }
    }
}

/* ---- what is asked of a session ---- */

static void both_ends_know_the_suite_and_the_initiator_that_it_was_pinned(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        pair_open_kind(&pair, &pair_kinds[i], 3);
        assert_int_equal(lewes_session_kem(pair.initiator), pair_kinds[i].kem);
        assert_false(lewes_session_digest_pinned(pair.initiator));
        pair_advance(&pair, 4);
        assert_true(lewes_session_digest_pinned(pair.initiator));
        pair_advance(&pair, PAIR_MESSAGES);
        assert_int_equal(lewes_session_kem(pair.initiator), pair_kinds[i].kem);
        assert_int_equal(lewes_session_kem(pair.responder), pair_kinds[i].kem);
        assert_true(lewes_session_digest_pinned(pair.initiator));
        assert_false(lewes_session_digest_pinned(pair.responder));
        assert_int_equal(lewes_session_kkt_status(pair.initiator), 0);
        pair_end(&pair);
    }
}

static void without_a_digest_nothing_was_pinned(void **state)
{
    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    assert_false(lewes_session_digest_pinned(pair.initiator));
    pair_end(&pair);
}

static void assert_no_key(const struct lewes_session *session)
{
    struct lewes_kem_public key, untouched;

    memset(&key, 0x5e, sizeof key);
    memcpy(&untouched, &key, sizeof key);
    assert_int_equal(lewes_session_kem_key(session, &key), LEWES_ERROR_NOT_READY);
    assert_memory_equal(&key, &untouched, sizeof key);
}

static void the_kem_key_can_be_had_when_it_has_been_proved_and_until_the_next_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        pair_open_kind(&pair, &pair_kinds[i], 1);
        for (unsigned messages = 1; messages <= PAIR_MESSAGES; messages++) {
            struct lewes_kem_public key, expected;

            pair_advance(&pair, messages);
            assert_no_key(pair.responder);
            if (messages != 6) {
                assert_no_key(pair.initiator);
                continue;
            }
            assert_int_equal(lewes_session_kem_key(pair.initiator, &key), LEWES_OK);
            assert_int_equal(lewes_identity_kem(pair.gateway, pair_kinds[i].kem, &expected),
                             LEWES_OK);
            assert_int_equal(key.kem, expected.kem);
            assert_int_equal(key.len, expected.len);
            assert_memory_equal(key.bytes, expected.bytes, key.len);
        }
        lewes_session_close(pair.initiator, pair.now);
        assert_no_key(pair.initiator);
        pair_end(&pair);
    }
}

/* ---- configuration ---- */

static enum lewes_error try_suites(const struct lewes_suite *suites, size_t count)
{
    const struct lewes_env env = watched_env(&pair.sessions);
    struct lewes_session *session = NULL;
    const struct lewes_session_config config = {.role = LEWES_INITIATOR,
                                                .identity = pair.client,
                                                .unix_ms = PAIR_UNIX_MS,
                                                .peer = lewes_identity_public(pair.gateway),
                                                .suites = suites,
                                                .suite_count = count,
                                                .early = pair.early};
    const enum lewes_error error = lewes_session_new(&session, &env, &config, 0);

    assert_int_equal(session != NULL, error == LEWES_OK);
    lewes_session_free(session);
    test_env_assert_clean(&pair.sessions.test);
    return error;
}

/* Three good ones with keys: X-Wing, ML-KEM-768, X25519. */
static void prepare_suites(void)
{
    pair_init(&pair, 1);
    pair_serve(&pair, LEWES_KEM_XWING);
    pair_serve(&pair, LEWES_KEM_MLKEM768);
    pair_accept(&pair, LEWES_KEM_XWING, LEWES_HASH_BLAKE3, true);
    pair_accept(&pair, LEWES_KEM_MLKEM768, LEWES_HASH_SHA3_256, true);
    pair_accept(&pair, LEWES_KEM_X25519, LEWES_HASH_SHAKE128, true);
    assert_int_equal(try_suites(pair.suites, pair.suite_count), LEWES_OK);
}

static void too_many_suites_or_one_twice_are_refused(void **state)
{
    struct lewes_suite suites[LEWES_KEM_SUITES + 1];

    (void)state;
    prepare_suites();
    memcpy(suites, pair.suites, sizeof pair.suites);
    suites[LEWES_KEM_SUITES] = (struct lewes_suite){.kem = LEWES_KEM_X25519};
    assert_int_equal(try_suites(suites, LEWES_KEM_SUITES + 1), LEWES_ERROR_ARGUMENT);
    assert_int_equal(try_suites(suites, SIZE_MAX), LEWES_ERROR_ARGUMENT);
    assert_int_equal(try_suites(NULL, 1), LEWES_ERROR_ARGUMENT);
    for (size_t i = 0; i < LEWES_KEM_SUITES; i++) {
        suites[0] = suites[1] = suites[2] = pair.suites[i];
        assert_int_equal(try_suites(suites, 1), LEWES_OK);
        assert_int_equal(try_suites(suites, 2), LEWES_ERROR_ARGUMENT);
        suites[1] = pair.suites[(i + 1) % LEWES_KEM_SUITES];
        assert_int_equal(try_suites(suites, 2), LEWES_OK);
        assert_int_equal(try_suites(suites, 3), LEWES_ERROR_ARGUMENT);
    }
    pair_end(&pair);
}

static void suites_that_do_not_exist_are_refused(void **state)
{
    static const unsigned numbers[] = {2, 3, 254, 256, 257, 511};

    (void)state;
    prepare_suites();
    for (size_t i = 0; i < COUNT(numbers); i++) {
        /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
        const enum lewes_kem kem = (enum lewes_kem)numbers[i];
        const struct lewes_kem_digest digest = {.kem = kem};
        const struct lewes_suite suite = {.kem = kem, .digest = &digest};

        assert_int_equal(try_suites(&suite, 1), LEWES_ERROR_ARGUMENT);
    }
    pair_end(&pair);
}

static void only_x25519_needs_no_digest(void **state)
{
    (void)state;
    prepare_suites();
    for (size_t i = 0; i < LEWES_KEM_SUITES; i++) {
        struct lewes_suite suite = {.kem = pair.suites[i].kem};

        assert_int_equal(try_suites(&suite, 1),
                         suite.kem == LEWES_KEM_X25519 ? LEWES_OK : LEWES_ERROR_ARGUMENT);
        suite.key = pair.suites[i].key;
        assert_int_equal(try_suites(&suite, 1),
                         suite.kem == LEWES_KEM_X25519 ? LEWES_OK : LEWES_ERROR_ARGUMENT);
        suite.digest = pair.suites[i].digest;
        assert_int_equal(try_suites(&suite, 1), LEWES_OK);
    }
    pair_end(&pair);
}

static void digests_and_keys_of_another_suite_are_refused(void **state)
{
    (void)state;
    prepare_suites();
    for (size_t i = 0; i < LEWES_KEM_SUITES; i++) {
        const size_t other = (i + 1) % LEWES_KEM_SUITES;
        struct lewes_suite suite = pair.suites[i];
        struct lewes_kem_digest digest = *suite.digest;

        suite.digest = pair.suites[other].digest;
        assert_int_equal(try_suites(&suite, 1), LEWES_ERROR_ARGUMENT);
        suite.digest = pair.suites[i].digest;
        suite.key = pair.suites[other].key;
        assert_int_equal(try_suites(&suite, 1), LEWES_ERROR_ARGUMENT);
        suite.key = pair.suites[i].key;
        suite.digest = &digest;
        /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
        digest.hash = (enum lewes_hash)LEWES_HASHES;
        assert_int_equal(try_suites(&suite, 1), LEWES_ERROR_ARGUMENT);
    }
    pair_end(&pair);
}

static void malformed_keys_are_refused(void **state)
{
    static struct lewes_kem_public key;

    (void)state;
    prepare_suites();
    for (size_t i = 0; i < LEWES_KEM_SUITES; i++) {
        struct lewes_suite suite = pair.suites[i];

        suite.key = &key;
        key = *pair.suites[i].key;
        key.len--;
        assert_int_equal(try_suites(&suite, 1), LEWES_ERROR_ARGUMENT);
        key.len += 2;
        assert_int_equal(try_suites(&suite, 1), LEWES_ERROR_ARGUMENT);
        key.len = SIZE_MAX;
        assert_int_equal(try_suites(&suite, 1), LEWES_ERROR_ARGUMENT);
        key.len = pair.suites[i].key->len;
        memset(key.bytes, 0xff, 3); /* coefficients of 4 095; any 32 bytes are a key of X25519 */
        assert_int_equal(try_suites(&suite, 1),
                         suite.kem == LEWES_KEM_X25519 ? LEWES_OK : LEWES_ERROR_ARGUMENT);
    }
    pair_end(&pair);
}

static void the_configuration_is_copied(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        pair_open_kind(&pair, &pair_kinds[i], 0);
        memset(pair.suites, 0xff, sizeof pair.suites);
        memset(pair.digests, 0xff, sizeof pair.digests);
        memset(pair.keys, 0xff, sizeof pair.keys);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_exchange(&pair, pair.initiator, pair.responder, 30);
        pair_end(&pair);
    }
}

/* ---- memory ---- */

static void the_handshake_has_room_for_the_longest_key_that_is_accepted(void **state)
{
    size_t alone, with_mlkem768, with_all;

    (void)state;
    prepare_suites();
    pair.suites[0] = pair.suites[2];
    pair.suite_count = 1;
    pair_start(&pair);
    alone = pair.sessions.test.live_bytes;
    pair_end_sessions(&pair);
    pair.suites[1] = (struct lewes_suite){.kem = LEWES_KEM_MLKEM768, .digest = &pair.digests[1]};
    pair.suite_count = 2;
    pair_start(&pair);
    with_mlkem768 = pair.sessions.test.live_bytes;
    pair_end_sessions(&pair);
    pair.suites[2] = (struct lewes_suite){.kem = LEWES_KEM_XWING, .digest = &pair.digests[0]};
    pair.suite_count = 3;
    pair_start(&pair);
    with_all = pair.sessions.test.live_bytes;
    assert_int_equal(with_mlkem768 - alone, 1184 - 32);
    assert_int_equal(with_all - with_mlkem768, 1216 - 1184);
    pair_end(&pair);
}

static void after_the_handshake_a_session_of_any_kind_has_at_most_1024_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        size_t both;

        pair_open_kind(&pair, &pair_kinds[i], PAIR_MESSAGES);
        both = pair.sessions.test.live_bytes;
        lewes_session_free(pair.initiator);
        pair.initiator = NULL;
        assert_in_range(pair.sessions.test.live_bytes, 1, 1024);
        assert_in_range(both - pair.sessions.test.live_bytes, 1, 1024);
        pair_end(&pair);
    }
}

static void only_the_constructor_allocates_and_draws(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        pair_open_kind(&pair, &pair_kinds[i], 1);
        pair.sessions.test.fail_allocation = pair.sessions.test.allocations + 1;
        pair.sessions.test.fail_draw = pair.sessions.test.draws + 1;
        pair_advance(&pair, PAIR_MESSAGES);
        pair_exchange(&pair, pair.initiator, pair.responder, 1000);
        pair_end(&pair);
    }
}

/* Returns how many calls there were, each of which has failed once. */
static unsigned fail_construction(bool allocations)
{
    for (unsigned n = 1;; n++) {
        enum lewes_error error;

        watched_env_init(&pair.sessions, 1);
        pair.sessions.test.fail_allocation = allocations ? n : 0;
        pair.sessions.test.fail_draw = allocations ? 0 : n;
        error = try_suites(pair.suites, pair.suite_count);
        if (error == LEWES_OK)
            return n - 1;
        assert_int_equal(error, allocations ? LEWES_ERROR_MEMORY : LEWES_ERROR_RANDOM);
    }
}

static void construction_survives_the_failure_of_every_allocation_and_every_draw(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        pair_init_kind(&pair, &pair_kinds[i]);
        assert_int_equal(fail_construction(true), 2);
        assert_int_equal(fail_construction(false), 5);
        pair_end(&pair);
    }
}

/* ---- a back end that fails in the KEM ---- */

enum lewes_error __real_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m);
enum lewes_error __wrap_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m);
enum lewes_error __real_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key);
enum lewes_error __wrap_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key);

static bool kem_fails;
static unsigned kem_failures;

enum lewes_error __wrap_lewesi_mlkem768_encapsulate(uint8_t *ciphertext, uint8_t *secret,
                                                    const uint8_t *public_key, const uint8_t *m)
{
    if (!kem_fails)
        return __real_lewesi_mlkem768_encapsulate(ciphertext, secret, public_key, m);
    memset(ciphertext, 0, LEWESI_MLKEM768_CIPHERTEXT_LEN);
    memset(secret, 0, 32);
    kem_failures++;
    return LEWES_ERROR_CRYPTO;
}

enum lewes_error __wrap_lewesi_mlkem768_decapsulate(uint8_t *secret, const uint8_t *ciphertext,
                                                    const uint8_t *private_key)
{
    if (!kem_fails)
        return __real_lewesi_mlkem768_decapsulate(secret, ciphertext, private_key);
    memset(secret, 0, 32);
    kem_failures++;
    return LEWES_ERROR_CRYPTO;
}

static void a_back_end_that_fails_in_the_kem_spoils_nothing(void **state)
{
    static struct pair_image image;

    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        struct lewes_event event;

        if (pair_kinds[i].kem == LEWES_KEM_X25519 || pair_kinds[i].early)
            continue;
        pair_open_kind(&pair, &pair_kinds[i], 4);
        kem_fails = true;
        kem_failures = 0;
        pair_image_take(&image, pair.initiator);
        assert_int_equal(lewes_session_write(pair.initiator, packet.bytes, sizeof packet.bytes,
                                             &packet.len, pair.now),
                         LEWES_ERROR_CRYPTO);
        assert_int_equal(packet.len, 0);
        assert_true(pair_image_same(&image, pair.initiator));
        kem_fails = false;
        pair_write(&pair, pair.initiator, &packet);
        kem_fails = true;
        pair_image_take(&image, pair.responder);
        assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_ERROR_CRYPTO);
        assert_true(pair_image_same(&image, pair.responder));
        assert_int_equal(pair.responder->drops, 0); /* nobody's fault */
        kem_fails = false;
        assert_int_equal(kem_failures, 2);
        assert_int_equal(pair_deliver(&pair, &packet, &event), LEWES_OK);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_exchange(&pair, pair.initiator, pair.responder, 30);
        pair_end(&pair);
    }
}

/* ---- secrets, P43 ---- */

static void the_secrets_of_every_kind_of_handshake_are_forgotten_with_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_KINDS; i++) {
        struct lewesi_session_params params;
        uint8_t secrets[2][3][32];

        pair_open_kind(&pair, &pair_kinds[i], 6);
        params = pair.initiator->handshake->params;
        for (unsigned side = 0; side < 2; side++) {
            const struct lewesi_handshake *const handshake =
                side == 0 ? pair.initiator->handshake : pair.responder->handshake;
            memcpy(secrets[side][0], handshake->psq.psk_registration, 32);
            memcpy(secrets[side][1], handshake->noise.ck, 32);
            memcpy(secrets[side][2], handshake->noise.psk, 32);
        }
        assert_true(watched_env_holds(&pair.sessions, params.kem_random, 32));
        assert_true(watched_env_holds(&pair.sessions, params.kem_random + 32, 32));
        pair_advance(&pair, PAIR_MESSAGES);
        assert_false(watched_env_holds(&pair.sessions, params.kem_random, 32));
        assert_false(watched_env_holds(&pair.sessions, params.kem_random + 32, 32));
        assert_false(watched_env_holds(&pair.sessions, params.noise_ephemeral.bytes, 32));
        for (unsigned j = 0; j < 6; j++)
            assert_false(watched_env_holds(&pair.sessions, secrets[j / 3][j % 3], 32));
        pair_end(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packets_of_each_suite_have_the_listed_sizes),
        cmocka_unit_test(no_packet_fits_into_one_byte_less),
        cmocka_unit_test(the_request_names_the_suite_and_the_hash_of_its_digest),
        cmocka_unit_test(both_ends_know_the_suite_and_the_initiator_that_it_was_pinned),
        cmocka_unit_test(without_a_digest_nothing_was_pinned),
        cmocka_unit_test(the_kem_key_can_be_had_when_it_has_been_proved_and_until_the_next_write),
        cmocka_unit_test(too_many_suites_or_one_twice_are_refused),
        cmocka_unit_test(suites_that_do_not_exist_are_refused),
        cmocka_unit_test(only_x25519_needs_no_digest),
        cmocka_unit_test(digests_and_keys_of_another_suite_are_refused),
        cmocka_unit_test(malformed_keys_are_refused),
        cmocka_unit_test(the_configuration_is_copied),
        cmocka_unit_test(the_handshake_has_room_for_the_longest_key_that_is_accepted),
        cmocka_unit_test(after_the_handshake_a_session_of_any_kind_has_at_most_1024_bytes),
        cmocka_unit_test(only_the_constructor_allocates_and_draws),
        cmocka_unit_test(construction_survives_the_failure_of_every_allocation_and_every_draw),
        cmocka_unit_test(a_back_end_that_fails_in_the_kem_spoils_nothing),
        cmocka_unit_test(the_secrets_of_every_kind_of_handshake_are_forgotten_with_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
