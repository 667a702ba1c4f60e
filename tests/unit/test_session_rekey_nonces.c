/* SPDX-License-Identifier: Apache-2.0 */
/* 10 000 sessions that are replaced by subsessions: no key meets a nonce twice in any layer (P64).
 * The linker puts __wrap_lewesi_aead_seal in front of the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/session/session_derand.h"
#include "tests/support/rekey.h"

#define SESSIONS 2500 /* of each of four kinds */
#define SEALS_MAX 48  /* of a session, both ends and all layers */

enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);

struct use { /* of a nonce */
    uint8_t key[LEWESI_AEAD_KEY_LEN];
    struct lewesi_nonce nonce;
};

static struct use uses[SESSIONS * SEALS_MAX];
static size_t use_count;
static struct rekey rekey;

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    assert_true(use_count < sizeof uses / sizeof *uses);
    memcpy(uses[use_count].key, key, sizeof uses->key);
    uses[use_count++].nonce = *nonce;
    return __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct use));
}

static size_t repeated_uses(void)
{
    size_t repeated = 0;

    qsort(uses, use_count, sizeof *uses, compare);
    for (size_t i = 1; i < use_count; i++)
        repeated += compare(&uses[i - 1], &uses[i]) == 0;
    return repeated;
}

/* ---- the course of a session ---- */

static void pass(struct lewes_session *from, struct lewes_session *to)
{
    assert_int_equal(rekey_pass(&rekey, from, to), LEWES_OK);
}

static void exchange(struct lewes_session *a, struct lewes_session *b)
{
    pair_exchange(&rekey.pair, a, b, 20);
    pair_exchange(&rekey.pair, b, a, 20);
}

static void by_one(void)
{
    rekey_advance(&rekey, 3);
    exchange(rekey.begins_next, rekey.answers_next);
    exchange(rekey.begins_next, rekey.answers_next);
}

/* Both begin; the gateway, which is `begins`, wins. */
static void by_both(void)
{
    static struct pair_packet ours, theirs;

    assert_int_equal(lewes_session_rekey(rekey.answers, rekey.pair.now), LEWES_OK);
    assert_int_equal(lewes_session_rekey(rekey.begins, rekey.pair.now), LEWES_OK);
    pair_write(&rekey.pair, rekey.answers, &theirs);
    pair_write(&rekey.pair, rekey.begins, &ours);
    assert_int_equal(rekey_read(&rekey, rekey.begins, &theirs), LEWES_OK);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &ours), LEWES_OK);
    pass(rekey.begins, rekey.answers); /* Abort */
    pass(rekey.answers, rekey.begins);
    pass(rekey.begins, rekey.answers);
    exchange(rekey.begins_next, rekey.answers_next);
}

static struct lewesi_rekey_params original_params(void)
{
    const struct lewes_env env = watched_env(&rekey.pair.sessions);
    struct lewesi_rekey_params params = {0}; /* counters from 0 */

    assert_int_equal(env.random(env.user, params.ephemeral.bytes, 32), 0);
    assert_int_equal(env.random(env.user, (uint8_t *)&params.index, 4), 0);
    return params;
}

/* The client counts as the original does, and begins. */
static void by_an_original(void)
{
    const struct lewesi_rekey_params params = original_params();

    assert_int_equal(lewesi_session_rekey_derand(rekey.begins, &params, rekey.pair.now), LEWES_OK);
    pass(rekey.begins, rekey.answers);
    pass(rekey.answers, rekey.begins);
    pass(rekey.begins, rekey.answers);
    assert_true(rekey.begins_next->counter == 0);
    exchange(rekey.begins_next, rekey.answers_next);
    exchange(rekey.begins_next, rekey.answers_next);
}

static size_t run(void (*course)(void), unsigned sessions, bool by_client, bool original_client)
{
    use_count = 0;
    pair_init(&rekey.pair, 31);
    rekey.pair.subsessions = true;
    rekey.pair.original_client = original_client;
    for (unsigned i = 0; i < sessions; i++) {
        rekey_start(&rekey, by_client);
        exchange(rekey.begins, rekey.answers);
        course();
        lewes_session_free(rekey.begins_next);
        lewes_session_free(rekey.answers_next);
        pair_end_sessions(&rekey.pair);
    }
    pair_end(&rekey.pair);
    assert_true(use_count > sessions * 20);
    return repeated_uses();
}

static void no_nonce_is_used_twice_when_the_client_begins(void **state)
{
    (void)state;
    assert_int_equal(run(by_one, SESSIONS, true, false), 0);
}

static void no_nonce_is_used_twice_when_the_gateway_begins(void **state)
{
    (void)state;
    assert_int_equal(run(by_one, SESSIONS, false, false), 0);
}

static void no_nonce_is_used_twice_when_both_begin(void **state)
{
    (void)state;
    assert_int_equal(run(by_both, SESSIONS, false, false), 0);
}

static void no_nonce_is_used_twice_with_an_original_client(void **state)
{
    (void)state;
    assert_int_equal(run(by_an_original, SESSIONS, true, true), 0);
}

/* What P71 forbids, or the tests above prove nothing: the same PSK_reg once more. */
static void a_second_rekey_would_use_nonces_twice(void **state)
{
    uint8_t psk_registration[32];

    (void)state;
    use_count = 0;
    rekey_open(&rekey, true);
    memcpy(psk_registration, rekey.begins->psk_registration, 32);
    rekey_advance(&rekey, 3);
    exchange(rekey.begins_next, rekey.answers_next);
    rekey.begins = rekey.begins_next;
    rekey.answers = rekey.answers_next;
    rekey.begins_next = rekey.answers_next = NULL;
    rekey.begins->subsessions = rekey.answers->subsessions = true;
    memcpy(rekey.begins->psk_registration, psk_registration, 32);
    memcpy(rekey.answers->psk_registration, psk_registration, 32);
    rekey_advance(&rekey, 3);
    exchange(rekey.begins_next, rekey.answers_next);
    assert_true(repeated_uses() > 0);
    lewes_session_free(rekey.begins);
    lewes_session_free(rekey.answers);
    rekey_end(&rekey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_nonce_is_used_twice_when_the_client_begins),
        cmocka_unit_test(no_nonce_is_used_twice_when_the_gateway_begins),
        cmocka_unit_test(no_nonce_is_used_twice_when_both_begin),
        cmocka_unit_test(no_nonce_is_used_twice_with_an_original_client),
        cmocka_unit_test(a_second_rekey_would_use_nonces_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
