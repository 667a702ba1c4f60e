/* SPDX-License-Identifier: Apache-2.0 */
/* Subsessions without memory, randomness or back end, and what is left of their secrets. The
 * linker puts __wrap_lewesi_aead_seal in front of the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "tests/support/rekey.h"

enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);

static unsigned calls, failing; /* so far; the one that fails, 0 = none */
static struct rekey rekey;

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

/* ---- failures ---- */

enum resource { ALLOCATION, DRAW, SEAL };

static void fail_next(enum resource resource, unsigned n)
{
    struct test_env *const test = &rekey.pair.sessions.test;

    test->fail_allocation = resource == ALLOCATION && n > 0 ? test->allocations + n : 0;
    test->fail_draw = resource == DRAW && n > 0 ? test->draws + n : 0;
    calls = 0;
    failing = resource == SEAL ? n : 0;
}

static enum lewes_error error_of(enum resource resource)
{
    static const enum lewes_error errors[] = {LEWES_ERROR_MEMORY, LEWES_ERROR_RANDOM,
                                              LEWES_ERROR_CRYPTO};

    return errors[resource];
}

/* Lets each use of the resource fail in turn; returns how many there were. */
static unsigned fail_each_of_begin(enum resource resource)
{
    static struct pair_image image;

    rekey_open(&rekey, true);
    pair_image_take(&image, rekey.begins);
    for (unsigned n = 1;; n++) {
        enum lewes_error error;

        fail_next(resource, n);
        error = lewes_session_rekey(rekey.begins, rekey.pair.now);
        fail_next(resource, 0);
        if (error == LEWES_OK) {
            assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
            assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
            assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
            rekey_assert_successor_works(&rekey);
            rekey_end(&rekey);
            return n - 1;
        }
        assert_int_equal(error, error_of(resource));
        assert_true(pair_image_same(&image, rekey.begins)); /* it may be tried again */
        pair_assert_silent(&rekey.pair, rekey.begins);
    }
}

static void a_rekey_that_cannot_begin_has_not_begun(void **state)
{
    (void)state;
    assert_int_equal(fail_each_of_begin(ALLOCATION), 2);
    assert_int_equal(fail_each_of_begin(DRAW), 2);
    assert_int_equal(fail_each_of_begin(SEAL), 1);
}

/* Delivers message `number`, 1 to 3, again and again until nothing fails any more: each time as
 * another pair, for a counter is used up even then. */
static unsigned fail_each_of_read(enum resource resource, unsigned number)
{
    for (unsigned n = 1;; n++) {
        struct lewes_session *from, *to;
        static struct pair_packet packet;
        static struct pair_image image;
        enum lewes_error error;

        rekey_open(&rekey, true);
        rekey_advance(&rekey, number - 1);
        from = number == 2 ? rekey.answers : rekey.begins;
        to = number == 2 ? rekey.begins : rekey.answers;
        pair_write(&rekey.pair, from, &packet);
        pair_image_take(&image, to);
        fail_next(resource, n);
        error = rekey_read(&rekey, to, &packet);
        fail_next(resource, 0);
        if (error == LEWES_OK) {
            rekey_end(&rekey);
            return n - 1;
        }
        assert_int_equal(error, error_of(resource));
        assert_int_equal(rekey.event.kind, LEWES_EVENT_NONE);
        assert_true(pair_image_same(&image, to));
        pair_assert_silent(&rekey.pair, to);
        pair_exchange(&rekey.pair, from, to, 30);
        rekey_end(&rekey);
    }
}

static void a_packet_that_cannot_be_processed_leaves_the_parent_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(fail_each_of_read(ALLOCATION, 1), 2);
    assert_int_equal(fail_each_of_read(DRAW, 1), 2);
    assert_int_equal(fail_each_of_read(SEAL, 1), 1);
    for (unsigned number = 2; number <= 3; number++) {
        assert_int_equal(fail_each_of_read(ALLOCATION, number), 0);
        assert_int_equal(fail_each_of_read(DRAW, number), 0);
        assert_int_equal(fail_each_of_read(SEAL, number), 0);
    }
}

static bool take_second(void *user, uint32_t index)
{
    unsigned *const asked = user;

    (void)index;
    return ++*asked > 1;
}

static void a_second_index_that_cannot_be_drawn_leaves_the_parent_as_it_was(void **state)
{
    unsigned asked = 0;

    (void)state;
    pair_init(&rekey.pair, 1);
    rekey.pair.subsessions = true;
    rekey.pair.take_initiator = take_second;
    rekey.pair.take_user = &asked;
    rekey_start(&rekey, true);
    rekey_advance(&rekey, 1);
    fail_next(DRAW, 1);
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_ERROR_RANDOM);
    fail_next(DRAW, 0);
    assert_int_equal(asked, 1);
    assert_int_equal(lewes_session_state(rekey.begins), LEWES_REKEY_SENT);
    rekey_assert_parent_works(&rekey);
    rekey_end(&rekey);
}

static void a_packet_that_cannot_be_sealed_stays_due(void **state)
{
    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 0);
    for (unsigned i = 0; i < 3; i++) {
        struct lewes_session *const from = i == 1 ? rekey.answers : rekey.begins;
        struct lewes_session *const to = i == 1 ? rekey.begins : rekey.answers;
        const size_t needed = i < 2 ? 85 : 41;
        static struct pair_packet packet;

        fail_next(SEAL, 1);
        assert_int_equal(lewes_session_write(from, packet.bytes, sizeof packet.bytes, &packet.len,
                                             rekey.pair.now),
                         LEWES_ERROR_CRYPTO);
        fail_next(SEAL, 0);
        for (size_t cap = 0; cap < needed; cap++) {
            assert_int_equal(
                lewes_session_write(from, packet.bytes, cap, &packet.len, rekey.pair.now),
                LEWES_ERROR_SPACE);
            assert_int_equal(packet.len, 0);
        }
        assert_int_equal(rekey_pass(&rekey, from, to), LEWES_OK);
        assert_int_equal(rekey.packet.len, needed);
    }
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

/* ---- secrets and memory ---- */

static bool held(const uint8_t secret[32])
{
    return watched_env_holds(&rekey.pair.sessions, secret, 32);
}

static void the_secrets_of_a_subsession_are_forgotten_with_its_making(void **state)
{
    uint8_t psk_registration[32], ephemeral[32], psk[32], ck[32], parent_send[32];

    (void)state;
    rekey_open(&rekey, true);
    memcpy(psk_registration, rekey.begins->psk_registration, 32);
    memcpy(parent_send, rekey.begins->send.key, 32);
    rekey_advance(&rekey, 1);
    memcpy(ephemeral, rekey.begins->rekey->noise.e_private.bytes, 32);
    memcpy(psk, rekey.begins->rekey->noise.psk, 32);
    memcpy(ck, rekey.begins->rekey->noise.ck, 32);
    assert_true(held(psk_registration) && held(ephemeral) && held(psk) && held(ck));
    assert_true(lewesi_is_zero(rekey.answers->psk_registration, 32)); /* it will not be asked */
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
    assert_false(held(psk_registration) || held(ephemeral) || held(psk) || held(ck));
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    assert_null(rekey.begins->rekey);
    assert_null(rekey.answers->rekey);
    assert_true(lewesi_is_zero(rekey.begins->send.key, 32));
    assert_true(lewesi_is_zero(rekey.answers->send.key, 32));
    rekey_end(&rekey);
    assert_false(held(parent_send));
}

static void an_attempt_that_expires_is_forgotten(void **state)
{
    uint8_t psk_registration[32], sub_outer[32];

    (void)state;
    rekey_open(&rekey, true);
    memcpy(psk_registration, rekey.begins->psk_registration, 32);
    rekey_advance(&rekey, 1);
    memcpy(sub_outer, rekey.begins->rekey->successor->outer_key.bytes, 32);
    assert_true(held(sub_outer));
    assert_int_equal(lewes_session_expire(rekey.begins, rekey.pair.now + 10000), LEWES_OK);
    assert_int_equal(lewes_session_expire(rekey.answers, rekey.pair.now + 10000), LEWES_OK);
    assert_false(held(psk_registration) || held(sub_outer));
    rekey_end(&rekey);
}

static void a_closed_session_has_forgotten_its_rekey(void **state)
{
    (void)state;
    for (unsigned messages = 0; messages < 3; messages++) {
        uint8_t psk_registration[32], sub_outer[32];

        rekey_open(&rekey, true);
        memcpy(psk_registration, rekey.begins->psk_registration, 32);
        rekey_advance(&rekey, messages);
        memcpy(sub_outer,
               messages < 2 ? rekey.begins->rekey->successor->outer_key.bytes
                            : rekey.answers->rekey->successor->outer_key.bytes,
               32);
        lewes_session_close(rekey.begins, 0);
        lewes_session_close(rekey.answers, 0);
        lewes_session_free(rekey.begins_next);
        rekey.begins_next = NULL;
        assert_false(held(psk_registration) || held(sub_outer));
        rekey_end(&rekey);
    }
}

static void without_the_option_psk_reg_is_not_kept(void **state)
{
    (void)state;
    pair_init(&rekey.pair, 1);
    rekey_start(&rekey, true);
    assert_true(lewesi_is_zero(rekey.begins->psk_registration, 32));
    assert_true(lewesi_is_zero(rekey.answers->psk_registration, 32));
    rekey_end(&rekey);
}

static void no_session_has_more_than_1024_bytes_when_all_is_done(void **state)
{
    const struct test_env *const test = &rekey.pair.sessions.test;

    (void)state;
    rekey_open(&rekey, true);
    assert_int_equal(test->live_blocks, 2);
    assert_in_range(test->live_bytes, 2, 2 * 1024);
    rekey_advance(&rekey, 3);
    assert_int_equal(test->live_blocks, 4);
    assert_in_range(test->live_bytes, 4, 4 * 1024);
    print_message("a session has %zu bytes, a rekey %zu more\n", sizeof(struct lewes_session),
                  sizeof(struct lewesi_rekey));
    rekey_end(&rekey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rekey_that_cannot_begin_has_not_begun),
        cmocka_unit_test(a_packet_that_cannot_be_processed_leaves_the_parent_as_it_was),
        cmocka_unit_test(a_second_index_that_cannot_be_drawn_leaves_the_parent_as_it_was),
        cmocka_unit_test(a_packet_that_cannot_be_sealed_stays_due),
        cmocka_unit_test(the_secrets_of_a_subsession_are_forgotten_with_its_making),
        cmocka_unit_test(an_attempt_that_expires_is_forgotten),
        cmocka_unit_test(a_closed_session_has_forgotten_its_rekey),
        cmocka_unit_test(without_the_option_psk_reg_is_not_kept),
        cmocka_unit_test(no_session_has_more_than_1024_bytes_when_all_is_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
