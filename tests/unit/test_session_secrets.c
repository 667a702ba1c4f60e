/* SPDX-License-Identifier: Apache-2.0 */
/* What a session keeps, what it forgets, and what it does when it gets nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

static bool early; /* the kind of flights that is tested */

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- secrets, P43 and P57 ---- */

#define SECRETS_MAX 32

struct secret {
    const char *name;
    uint8_t bytes[32];
};

struct secrets {
    size_t count;
    struct secret list[SECRETS_MAX];
};

static void note(struct secrets *secrets, const char *name, const void *bytes)
{
    struct secret *const secret = &secrets->list[secrets->count++];

    assert_true(secrets->count <= SECRETS_MAX);
    secret->name = name;
    memcpy(secret->bytes, bytes, sizeof secret->bytes);
}

static void note_handshake(struct secrets *secrets, const struct lewes_session *session)
{
    const struct lewesi_handshake *const handshake = session->handshake;

    assert_non_null(handshake);
    note(secrets, "ephemeral", handshake->params.noise_ephemeral.bytes);
    if (session->role == LEWES_INITIATOR)
        note(secrets, "KEM randomness", handshake->params.kem_random);
    note(secrets, "static key", session->identity->x25519_private.bytes);
    note(secrets, "PSK_reg", handshake->psq.psk_registration);
    note(secrets, "kr", handshake->psq.responder_key);
    note(secrets, "PSK", handshake->noise.psk);
    note(secrets, "ck", handshake->noise.ck);
    note(secrets, "k", handshake->noise.k);
}

static void note_transport(struct secrets *secrets, const struct lewes_session *session)
{
    note(secrets, "outer key", session->outer_key.bytes);
    note(secrets, "sending key", session->send.key);
    note(secrets, "receiving key", session->receive.key);
}

static void assert_held(const struct pair *pair, const struct secrets *secrets, bool held)
{
    for (size_t i = 0; i < secrets->count; i++) {
        const struct secret *const secret = &secrets->list[i];
        if (watched_env_holds(&pair->sessions, secret->bytes, sizeof secret->bytes) != held)
            fail_msg("%s is %sin memory", secret->name, held ? "not " : "");
    }
}

static void the_secrets_of_a_handshake_are_forgotten_with_its_end(void **state)
{
    static struct secrets secrets;
    struct pair pair;

    early = pair_is_early(state);
    secrets.count = 0;
    pair_open_flights(&pair, early, 6); /* both have all but message 3 */
    note_handshake(&secrets, pair.initiator);
    note_handshake(&secrets, pair.responder);
    assert_held(&pair, &secrets, true);
    pair_advance(&pair, PAIR_MESSAGES);
    assert_held(&pair, &secrets, false);
    pair_end(&pair);
}

static void a_closed_session_has_forgotten_everything(void **state)
{
    early = pair_is_early(state);
    for (unsigned messages = 5; messages <= PAIR_MESSAGES; messages++) {
        static struct secrets secrets;
        struct pair pair;

        secrets.count = 0;
        pair_open_flights(&pair, early, messages);
        if (messages <= 6) {
            note_handshake(&secrets, pair.initiator);
            note_handshake(&secrets, pair.responder);
        } else {
            note_transport(&secrets, pair.initiator);
            note_transport(&secrets, pair.responder);
        }
        assert_held(&pair, &secrets, true);
        lewes_session_close(pair.initiator, pair.now);
        assert_int_equal(lewes_session_expire(pair.responder, LEWES_NEVER - 1),
                         messages < 7 ? LEWES_ERROR_TIMEOUT : LEWES_OK);
        lewes_session_close(pair.responder, pair.now);
        assert_held(&pair, &secrets, false);
        assert_null(pair.initiator->handshake);
        assert_null(pair.responder->handshake);
        pair_end(&pair);
    }
}

static void an_error_that_closes_forgets_as_well(void **state)
{
    static struct pair_packet packet;
    static struct secrets secrets;
    struct lewes_event event;
    struct pair pair;

    (void)state;
    secrets.count = 0;
    pair_open(&pair, 6);
    note_handshake(&secrets, pair.responder);
    memset(packet.bytes + LEWESI_BODY_OFFSET, 1, 64);
    pair_make_sealed(&packet,
                     &(struct lewesi_packet){
                         .index = pair.responder->index, .counter = 5, .type = LEWESI_HANDSHAKE},
                     64, &pair.responder->outer_key);
    lewes_session_free(pair.initiator); /* it knows the same secrets */
    pair.initiator = NULL;
    assert_held(&pair, &secrets, true);
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_ERROR_PEER);
    assert_held(&pair, &secrets, false);
    pair_end(&pair);
}

/* ---- memory ---- */

static void an_established_session_has_at_most_1024_bytes(void **state)
{
    struct pair pair;
    size_t both;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, PAIR_MESSAGES);
    both = pair.sessions.test.live_bytes;
    assert_int_equal(pair.sessions.test.live_blocks, 2);
    lewes_session_free(pair.initiator);
    pair.initiator = NULL;
    assert_in_range(pair.sessions.test.live_bytes, 1, 1024);
    assert_in_range(both - pair.sessions.test.live_bytes, 1, 1024);
    pair_end(&pair);
}

static void data_allocates_and_draws_nothing(void **state)
{
    struct pair pair;
    unsigned allocations, draws;

    (void)state;
    pair_open(&pair, PAIR_MESSAGES);
    allocations = pair.sessions.test.allocations;
    draws = pair.sessions.test.draws;
    for (size_t len = 0; len < 2000; len += 100) {
        pair_exchange(&pair, pair.initiator, pair.responder, len);
        pair_exchange(&pair, pair.responder, pair.initiator, len);
    }
    assert_int_equal(pair.sessions.test.allocations, allocations);
    assert_int_equal(pair.sessions.test.draws, draws);
    pair_end(&pair);
}

static void only_the_constructor_allocates_and_draws(void **state)
{
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 1);
    pair.sessions.test.fail_allocation = pair.sessions.test.allocations + 1;
    pair.sessions.test.fail_draw = pair.sessions.test.draws + 1;
    pair_advance(&pair, PAIR_MESSAGES);
    pair_end(&pair);
}

/* ---- construction ---- */

static struct lewes_session_config config_of(const struct pair *pair, enum lewes_role role)
{
    return (struct lewes_session_config){
        .role = role,
        .identity = role == LEWES_INITIATOR ? pair->client : pair->gateway,
        .unix_ms = PAIR_UNIX_MS,
        .peer = role == LEWES_INITIATOR ? lewes_identity_public(pair->gateway) : NULL,
        .hello = role == LEWES_RESPONDER ? &pair->hello : NULL,
    };
}

/* Fails the n-th call until there is no n-th; returns how many failed. */
static unsigned fail_each(struct pair *pair, enum lewes_role role, bool allocations)
{
    const struct lewes_session_config config = config_of(pair, role);
    struct lewes_session *const untouched = (struct lewes_session *)(uintptr_t)pair;
    unsigned n = 0;

    for (;;) {
        struct test_env test;
        struct lewes_session *session = untouched;
        enum lewes_error error;

        test_env_init(&test, 7);
        n++;
        test.fail_allocation = allocations ? n : 0;
        test.fail_draw = allocations ? 0 : n;
        error = lewes_session_new(&session, &test.env, &config, 0);
        if (error == LEWES_OK) {
            lewes_session_free(session);
            test_env_assert_clean(&test);
            return n - 1;
        }
        assert_int_equal(error, allocations ? LEWES_ERROR_MEMORY : LEWES_ERROR_RANDOM);
        assert_ptr_equal(session, untouched);
        test_env_assert_clean(&test);
    }
}

static void construction_survives_the_failure_of_every_allocation(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair, 1);
    assert_int_equal(fail_each(&pair, LEWES_INITIATOR, true), 2);
    assert_int_equal(fail_each(&pair, LEWES_RESPONDER, true), 2);
    pair_end(&pair);
}

static void construction_survives_the_failure_of_every_draw(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair, 1);
    assert_int_equal(fail_each(&pair, LEWES_INITIATOR, false), 5);
    assert_int_equal(fail_each(&pair, LEWES_RESPONDER, false), 2);
    pair_end(&pair);
}

static void assert_not_made(struct pair *pair, const struct lewes_session_config *config,
                            enum lewes_error expected)
{
    const struct lewes_env env = watched_env(&pair->sessions);
    const size_t blocks = pair->sessions.test.live_blocks;
    struct lewes_session *session = NULL;

    assert_int_equal(lewes_session_new(&session, &env, config, 0), expected);
    assert_null(session);
    assert_int_equal(pair->sessions.test.live_blocks, blocks);
    assert_int_equal(pair->sessions.test.dirty_releases, 0);
}

static void a_session_without_what_its_role_needs_is_not_made(void **state)
{
    struct lewes_hello without_index;
    struct lewes_session_config config;
    struct pair pair;

    (void)state;
    pair_open(&pair, 1);
    config = config_of(&pair, LEWES_INITIATOR);
    config.peer = NULL;
    assert_not_made(&pair, &config, LEWES_ERROR_ARGUMENT);
    config = config_of(&pair, LEWES_RESPONDER);
    config.hello = NULL;
    assert_not_made(&pair, &config, LEWES_ERROR_ARGUMENT);
    config = config_of(&pair, LEWES_INITIATOR);
    config.identity = NULL;
    assert_not_made(&pair, &config, LEWES_ERROR_ARGUMENT);
    /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
    config = config_of(&pair, (enum lewes_role)7);
    assert_not_made(&pair, &config, LEWES_ERROR_ARGUMENT);
    without_index = pair.hello;
    without_index.receiver_index = 0;
    config = config_of(&pair, LEWES_RESPONDER);
    config.hello = &without_index;
    assert_not_made(&pair, &config, LEWES_ERROR_ARGUMENT);
    pair_end(&pair);
}

static void a_session_with_oneself_is_not_made(void **state)
{
    struct lewes_session_config config;
    struct pair pair;

    (void)state;
    pair_open(&pair, 1);
    config = config_of(&pair, LEWES_INITIATOR);
    config.peer = lewes_identity_public(pair.client);
    assert_not_made(&pair, &config, LEWES_ERROR_IDENTITY);
    config = config_of(&pair, LEWES_RESPONDER);
    config.identity = pair.client;
    assert_not_made(&pair, &config, LEWES_ERROR_IDENTITY);
    pair_end(&pair);
}

static void a_peer_whose_key_is_no_identity_is_refused(void **state)
{
    /* y = 1 (the neutral element), y = 0 (order 4), y = 2 (no point), y = p + 1 */
    static const uint8_t firsts[] = {1, 0, 2, 0xee};
    struct lewes_session_config config;
    struct pair pair;

    (void)state;
    pair_open(&pair, 1);
    config = config_of(&pair, LEWES_INITIATOR);
    for (size_t i = 0; i < COUNT(firsts); i++) {
        struct lewes_ed25519_public peer = {{firsts[i]}};

        if (firsts[i] == 0xee) {
            memset(peer.bytes + 1, 0xff, sizeof peer.bytes - 1);
            peer.bytes[31] = 0x7f;
        }
        config.peer = &peer;
        assert_not_made(&pair, &config, LEWES_ERROR_KEY);
    }
    pair_end(&pair);
}

static int draw_zeros(void *user, uint8_t *out, size_t len)
{
    (void)user;
    memset(out, 0, len);
    return 0;
}

static void an_index_of_zero_is_never_chosen(void **state)
{
    struct lewes_session *session = NULL;
    struct lewes_session_config config;
    struct lewes_env env;
    struct pair pair;

    (void)state;
    pair_open(&pair, 1);
    config = config_of(&pair, LEWES_INITIATOR);
    env = watched_env(&pair.sessions);
    env.random = draw_zeros;
    assert_int_equal(lewes_session_new(&session, &env, &config, 0), LEWES_ERROR_RANDOM);
    assert_null(session);
    pair_end(&pair);
}

static void the_psq_time_is_300_seconds_before_the_hello(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair, 1);
    assert_int_equal(pair.hello.unix_seconds, (PAIR_UNIX_MS + pair.now) / 1000);
    assert_int_equal(pair.initiator->handshake->params.psq_time.seconds,
                     pair.hello.unix_seconds - 300);
    assert_int_equal(pair.initiator->handshake->params.psq_time.milliseconds, 0);
    pair_end(&pair);
}

static void every_session_draws_anew(void **state)
{
    struct pair pair;
    struct lewesi_session_params first;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 1);
    first = pair.initiator->handshake->params;
    pair_end_sessions(&pair);
    pair_start(&pair);
    assert_int_not_equal(pair.initiator->index, first.receiver_index);
    assert_memory_not_equal(pair.initiator->handshake->params.salt + 8, first.salt + 8, 24);
    assert_memory_not_equal(pair.initiator->handshake->params.kkt_session_id, first.kkt_session_id,
                            sizeof first.kkt_session_id);
    assert_memory_not_equal(pair.initiator->handshake->params.kem_random, first.kem_random, 32);
    assert_memory_not_equal(pair.initiator->handshake->params.noise_ephemeral.bytes,
                            first.noise_ephemeral.bytes, 32);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_BOTH_FLIGHTS(the_secrets_of_a_handshake_are_forgotten_with_its_end),
        PAIR_TEST_BOTH_FLIGHTS(a_closed_session_has_forgotten_everything),
        cmocka_unit_test(an_error_that_closes_forgets_as_well),
        PAIR_TEST_BOTH_FLIGHTS(an_established_session_has_at_most_1024_bytes),
        cmocka_unit_test(data_allocates_and_draws_nothing),
        PAIR_TEST_BOTH_FLIGHTS(only_the_constructor_allocates_and_draws),
        cmocka_unit_test(construction_survives_the_failure_of_every_allocation),
        cmocka_unit_test(construction_survives_the_failure_of_every_draw),
        cmocka_unit_test(a_session_without_what_its_role_needs_is_not_made),
        cmocka_unit_test(a_session_with_oneself_is_not_made),
        cmocka_unit_test(a_peer_whose_key_is_no_identity_is_refused),
        cmocka_unit_test(an_index_of_zero_is_never_chosen),
        cmocka_unit_test(the_psq_time_is_300_seconds_before_the_hello),
        PAIR_TEST_BOTH_FLIGHTS(every_session_draws_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
