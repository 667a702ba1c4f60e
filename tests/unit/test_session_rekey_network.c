/* SPDX-License-Identifier: Apache-2.0 */
/* Either end, both or none begin a subsession at any moment, over a network that loses, delays,
 * reorders and repeats: whatever happens, the ends agree, and no key meets a nonce twice. The
 * linker puts __wrap_lewesi_aead_seal in front of the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rekey.h"

#define RUNS 3000
#define STEPS 60
#define IN_FLIGHT 16
#define SEALS_MAX 400

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

static struct use uses[SEALS_MAX]; /* of one run */
static size_t use_count;

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    assert_true(use_count < SEALS_MAX);
    memcpy(uses[use_count].key, key, sizeof uses->key);
    uses[use_count++].nonce = *nonce;
    return __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

static void assert_no_nonce_twice(void)
{
    for (size_t i = 0; i < use_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&uses[i], &uses[j], sizeof *uses);
}

/* ---- the network ---- */

struct flying {
    bool to_client;
    size_t len;
    uint8_t bytes[160];
};

static struct rekey rekey; /* `begins` is the client, whoever it is that begins */
static struct flying flying[IN_FLIGHT];
static size_t flying_count;

static uint32_t draw(uint32_t below)
{
    const struct lewes_env env = watched_env(&rekey.pair.sessions);
    uint32_t random;

    assert_int_equal(env.random(env.user, (uint8_t *)&random, sizeof random), 0);
    return random % below;
}

static void send_all(struct lewes_session *from, bool to_client)
{
    for (;;) {
        static struct pair_packet packet;

        assert_int_equal(lewes_session_write(from, packet.bytes, sizeof packet.bytes, &packet.len,
                                             rekey.pair.now),
                         LEWES_OK);
        if (packet.len == 0)
            return;
        if (flying_count == IN_FLIGHT || draw(8) == 0)
            continue; /* lost */
        flying[flying_count].to_client = to_client;
        flying[flying_count].len = packet.len;
        memcpy(flying[flying_count++].bytes, packet.bytes, packet.len);
    }
}

static void say(struct lewes_session *from, bool to_client)
{
    static const uint8_t text[20] = {1, 2, 3};

    if (from == NULL)
        return;
    if (lewes_session_state(from) != LEWES_READ_ONLY)
        assert_int_equal(lewes_session_send(from, text, draw(20), rekey.pair.now), LEWES_OK);
    send_all(from, to_client);
}

/* A packet for an index that is not there yet is nobody's. */
static void deliver_one(void)
{
    static struct pair_packet packet;
    const size_t which = flying_count == 0 ? 0 : draw((uint32_t)flying_count);
    const struct flying *const chosen = &flying[which];
    struct lewes_session *to = chosen->to_client ? rekey.begins : rekey.answers;
    struct lewes_session *const next = chosen->to_client ? rekey.begins_next : rekey.answers_next;
    enum lewes_error error;

    if (flying_count == 0)
        return;
    packet.len = chosen->len;
    memcpy(packet.bytes, chosen->bytes, chosen->len);
    if (next != NULL && lewesi_load32le(packet.bytes) == next->index)
        to = next;
    error = rekey_read(&rekey, to, &packet);
    if (error != LEWES_OK)
        assert_int_equal(lewes_error_class(error), LEWES_CLASS_PACKET);
    send_all(to, !chosen->to_client);
    if (draw(6) > 0) /* else it will come again */
        flying[which] = flying[--flying_count];
}

static void pass_time(void)
{
    rekey.pair.now += draw(15000);
    for (unsigned i = 0; i < 2; i++) {
        struct lewes_session *const session = i == 0 ? rekey.begins : rekey.answers;

        if (lewes_session_state(session) != LEWES_READ_ONLY) /* kept, so that it can be asked */
            assert_int_equal(lewes_session_expire(session, rekey.pair.now), LEWES_OK);
    }
}

static void step(void)
{
    switch (draw(12)) {
    case 0:
        (void)!lewes_session_rekey(rekey.begins, rekey.pair.now);
        break;
    case 1:
        (void)!lewes_session_rekey(rekey.answers, rekey.pair.now);
        break;
    case 2:
        say(rekey.begins, false);
        break;
    case 3:
        say(rekey.answers, true);
        break;
    case 4:
        say(rekey.begins_next, false);
        break;
    case 5:
        say(rekey.answers_next, true);
        break;
    case 6:
        pass_time();
        break;
    default:
        deliver_one();
    }
}

/* ---- what must hold ---- */

static void assert_agreement(void)
{
    if (rekey.begins_next == NULL && rekey.answers_next == NULL) {
        assert_int_not_equal(lewes_session_state(rekey.begins), LEWES_READ_ONLY);
        assert_int_not_equal(lewes_session_state(rekey.answers), LEWES_READ_ONLY);
    }
    if (rekey.begins_next == NULL || rekey.answers_next == NULL)
        return;
    assert_int_equal(lewes_session_state(rekey.begins), LEWES_READ_ONLY);
    assert_int_equal(lewes_session_state(rekey.answers), LEWES_READ_ONLY);
    assert_int_equal(rekey.begins_next->index, rekey.answers_next->index);
    assert_int_not_equal(rekey.begins_next->role, rekey.answers_next->role);
    assert_memory_equal(rekey.begins_next->send.key, rekey.answers_next->receive.key, 32);
    assert_memory_equal(rekey.begins_next->receive.key, rekey.answers_next->send.key, 32);
}

static void run(void)
{
    use_count = 0;
    flying_count = 0;
    rekey_start(&rekey, true);
    for (unsigned i = 0; i < STEPS; i++) {
        step();
        assert_agreement();
    }
    rekey.pair.now += 10000;
    pass_time();
    if (rekey.begins_next == NULL && rekey.answers_next == NULL) {
        assert_int_equal(lewes_session_state(rekey.begins), LEWES_TRANSPORT);
        assert_int_equal(lewes_session_state(rekey.answers), LEWES_TRANSPORT);
    }
    assert_no_nonce_twice();
}

static void whatever_the_network_does_the_ends_agree(void **state)
{
    unsigned both = 0, one = 0, none = 0;

    (void)state;
    pair_init(&rekey.pair, 67);
    rekey.pair.subsessions = true;
    rekey.pair.datagrams = true;
    for (unsigned i = 0; i < RUNS; i++) {
        run();
        if (rekey.begins_next != NULL && rekey.answers_next != NULL)
            both++;
        else if (rekey.begins_next != NULL || rekey.answers_next != NULL)
            one++;
        else
            none++;
        lewes_session_free(rekey.begins_next);
        lewes_session_free(rekey.answers_next);
        pair_end_sessions(&rekey.pair);
    }
    pair_end(&rekey.pair);
    /* All of it has happened, or the test proves little. */
    assert_in_range(both, RUNS / 20, RUNS);
    assert_in_range(one, RUNS / 100, RUNS);
    assert_in_range(none, RUNS / 20, RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_network_does_the_ends_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
