/* SPDX-License-Identifier: Apache-2.0 */
/* Working copies of secrets, which live shorter than the session: each is wiped by whoever made it
 * (protocol.md P43). The linker puts a witness in front of every wipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"
#include "tests/support/rekey.h"

void __real_lewesi_wipe(void *block, size_t len);
void __wrap_lewesi_wipe(void *block, size_t len);

/* What was wiped, as it was before. */
static struct {
    size_t count, at;
    size_t begin[512], len[512];
    uint8_t bytes[1 << 19];
} wiped;

static struct rekey rekey;
static struct pair *const pair = &rekey.pair;
static struct pair_packet packet;

void __wrap_lewesi_wipe(void *block, size_t len)
{
    assert_true(wiped.count < sizeof wiped.len / sizeof *wiped.len);
    assert_true(len <= sizeof wiped.bytes - wiped.at);
    if (len > 0)
        memcpy(wiped.bytes + wiped.at, block, len);
    wiped.begin[wiped.count] = wiped.at;
    wiped.len[wiped.count++] = len;
    wiped.at += len;
    __real_lewesi_wipe(block, len);
}

static void forget(void)
{
    wiped.count = wiped.at = 0;
}

/* How many blocks were exactly these bytes? */
static unsigned alone(const void *bytes, size_t len)
{
    unsigned found = 0;

    for (size_t i = 0; i < wiped.count; i++)
        found += wiped.len[i] == len && memcmp(wiped.bytes + wiped.begin[i], bytes, len) == 0;
    return found;
}

/* How many were of this length? */
static unsigned of_length(size_t len)
{
    unsigned found = 0;

    for (size_t i = 0; i < wiped.count; i++)
        found += wiped.len[i] == len;
    return found;
}

/* How many had this key somewhere? */
static unsigned around(const uint8_t key[32])
{
    unsigned found = 0;

    for (size_t i = 0; i < wiped.count; i++) {
        bool has = false;
        for (size_t at = 0; !has && at + 32 <= wiped.len[i]; at++)
            has = memcmp(wiped.bytes + wiped.begin[i] + at, key, 32) == 0;
        found += has;
    }
    return found;
}

/* Message `done` + 1 is written; what is seen is the writer's. */
static void see_write(void)
{
    struct lewes_session *const writer = pair_writer(pair);

    forget();
    pair_write(pair, writer, &packet);
}

/* ... and delivered; what is seen is the reader's. */
static void see_read(void)
{
    struct lewes_event event;

    forget();
    assert_int_equal(pair_deliver(pair, &packet, &event), LEWES_OK);
}

/* An end that has just derived its keys in Handshake1. */
static void assert_derivation_wiped(const struct lewes_session *session)
{
    const struct lewesi_noise *const noise = &session->handshake->noise;
    uint8_t ecdh[32], last_step[64];

    assert_int_equal(
        lewesi_x25519(ecdh, &session->identity->x25519_private, &session->handshake->peer_x25519),
        LEWES_OK);
    assert_int_equal(alone(ecdh, sizeof ecdh), 1);
    assert_int_equal(alone(noise->psk, sizeof noise->psk), 1);
    assert_int_equal(around(session->outer_key.bytes), 1);
    assert_int_equal(lewesi_x25519(ecdh, &pair->initiator->handshake->params.noise_ephemeral,
                                   &pair->initiator->handshake->peer_x25519),
                     LEWES_OK);
    assert_int_equal(alone(ecdh, sizeof ecdh), 1); /* es */
    memcpy(last_step, noise->ck, 32);
    memcpy(last_step + 32, noise->k, 32);
    assert_int_equal(alone(last_step, sizeof last_step), 1);
}

static void assert_split_wiped(const struct lewes_session *session)
{
    assert_int_equal(of_length(sizeof(struct lewesi_noise)), 2); /* noise's own copy, and ours */
    assert_int_equal(alone(&session->send, sizeof session->send), 1);
    assert_int_equal(alone(&session->receive, sizeof session->receive), 1);
}

static void every_copy_of_a_handshake_is_wiped(void **state)
{
    (void)state;
    pair_init(pair, 1);
    pair_start(pair);
    pair_advance(pair, 4);
    see_write();
    assert_derivation_wiped(pair->initiator);
    see_read();
    assert_derivation_wiped(pair->responder);
    see_write();
    assert_int_equal(
        alone(&pair->responder->handshake->noise, sizeof pair->responder->handshake->noise), 2);
    see_read();
    see_write();
    assert_split_wiped(pair->initiator);
    see_read();
    assert_split_wiped(pair->responder);
    pair_advance(pair, PAIR_MESSAGES);
    assert_int_equal(lewes_session_send(pair->initiator, NULL, 0, pair->now), LEWES_OK);
    forget();
    pair_write(pair, pair->initiator, &packet);
    assert_int_equal(alone(&pair->initiator->send, sizeof pair->initiator->send), 1);
    pair_end(pair);
}

static void what_was_drawn_is_wiped(void **state)
{
    const struct lewes_env env = watched_env(&pair->sessions);
    struct lewes_session *session = NULL;

    (void)state;
    pair_init(pair, 1);
    forget();
    assert_int_equal(lewes_session_new(&session, &env,
                                       &(struct lewes_session_config){
                                           .role = LEWES_INITIATOR,
                                           .identity = pair->client,
                                           .unix_ms = PAIR_UNIX_MS,
                                           .peer = lewes_identity_public(pair->gateway),
                                       },
                                       pair->now),
                     LEWES_OK);
    if (session == NULL)
        abort();
    assert_int_equal(alone(&session->handshake->params, sizeof session->handshake->params), 1);
    lewes_session_free(session);
    pair_end(pair);
}

static void every_copy_of_a_rekey_is_wiped(void **state)
{
    uint8_t material[40] = {0};
    uint8_t psk[32], ephemeral[32];

    (void)state;
    rekey_open(&rekey, true);
    memcpy(material, rekey.begins->psk_registration, 32);
    forget();
    assert_int_equal(lewes_session_rekey(rekey.begins, pair->now), LEWES_OK);
    memcpy(psk, rekey.begins->rekey->noise.psk, sizeof psk);
    memcpy(ephemeral, rekey.begins->rekey->noise.e_private.bytes, sizeof ephemeral);
    assert_int_equal(alone(material, sizeof material), 1);
    assert_int_equal(alone(psk, sizeof psk), 1);
    assert_int_equal(around(ephemeral), 2); /* what was drawn, and noise's own copy */
    pair_write(pair, rekey.begins, &packet);
    forget();
    assert_int_equal(rekey_read(&rekey, rekey.answers, &packet), LEWES_OK);
    assert_int_equal(alone(material, sizeof material), 1);
    assert_int_equal(alone(psk, sizeof psk), 1);
    assert_int_equal(of_length(sizeof(struct lewesi_rekey_params)), 1);
    assert_int_equal(of_length(sizeof(struct lewesi_noise)), 3); /* read, write, and the object */
    pair_write(pair, rekey.answers, &packet);
    forget();
    assert_int_equal(rekey_read(&rekey, rekey.begins, &packet), LEWES_OK);
    assert_split_wiped(rekey.begins_next);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_copy_of_a_handshake_is_wiped),
        cmocka_unit_test(what_was_drawn_is_wiped),
        cmocka_unit_test(every_copy_of_a_rekey_is_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
