/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/session/session_derand.h"
#include "tests/support/secret.h"

/* ---- beginning and end ---- */

static struct lewes_identity *identity_of(struct pair *pair, uint8_t byte)
{
    struct lewes_ed25519_seed seed;
    struct lewes_identity *identity = NULL;

    memset(seed.bytes, byte, sizeof seed.bytes);
    assert_int_equal(lewes_identity_new(&identity, &pair->identities.env, &seed), LEWES_OK);
    return identity;
}

void pair_init(struct pair *pair, uint64_t seed)
{
    *pair = (struct pair){.now = 1000};
    test_env_init(&pair->identities, 0);
    watched_env_init(&pair->sessions, seed);
    pair->client = identity_of(pair, 0x11);
    pair->gateway = identity_of(pair, 0x22);
}

/* An original peer: all that counts for ours is where its counters start. */
static struct lewes_session *make_original(struct pair *pair,
                                           const struct lewes_session_config *config)
{
    const struct lewes_env env = watched_env(&pair->sessions);
    struct lewesi_session_params params = {.receiver_index = 1};
    struct lewes_session *session = NULL;

    env.random(env.user, params.noise_ephemeral.bytes, sizeof params.noise_ephemeral.bytes);
    env.random(env.user, (uint8_t *)&params.receiver_index, sizeof params.receiver_index);
    env.random(env.user, params.salt, sizeof params.salt);
    env.random(env.user, params.kem_random, sizeof params.kem_random);
    env.random(env.user, params.kkt_session_id, sizeof params.kkt_session_id);
    lewesi_store64le(params.salt, config->unix_ms / 1000);
    params.psq_time =
        (struct lewesi_psq_times){config->unix_ms / 1000, (uint32_t)(config->unix_ms % 1000)};
    lewesi_original_counters(&params, config->role);
    assert_int_equal(lewesi_session_new_derand(&session, &env, config, &params, pair->now),
                     LEWES_OK);
    return session;
}

static struct lewes_session *make(struct pair *pair, const struct lewes_session_config *config,
                                  bool original)
{
    const struct lewes_env env = watched_env(&pair->sessions);
    struct lewes_session *session = NULL;

    if (original)
        return make_original(pair, config);
    assert_int_equal(lewes_session_new(&session, &env, config, pair->now), LEWES_OK);
    return session;
}

/* Lets an early initiator say all that it can say. */
static void write_flight(struct pair *pair)
{
    pair->flight_next = 0;
    for (pair->flight_count = 0;; pair->flight_count++) {
        struct pair_early_packet packet;

        assert_int_equal(lewes_session_write(pair->initiator, packet.bytes, sizeof packet.bytes,
                                             &packet.len, pair->now),
                         LEWES_OK);
        if (packet.len == 0)
            return;
        assert_true(pair->flight_count < PAIR_FLIGHT);
        pair->flight[pair->flight_count] = packet;
    }
}

void pair_start(struct pair *pair)
{
    pair->initiator = make(pair,
                           &(struct lewes_session_config){
                               .role = LEWES_INITIATOR,
                               .identity = pair->client,
                               .unix_ms = PAIR_UNIX_MS + pair->now,
                               .peer = lewes_identity_public(pair->gateway),
                               .suites = pair->suites,
                               .suite_count = pair->suite_count,
                               .early = pair->early,
                               .subsessions = pair->subsessions,
                               .datagrams = pair->datagrams,
                               .take_index = pair->take_initiator,
                               .take_index_user = pair->take_user,
                           },
                           pair->original_client);
    pair->responder = NULL;
    pair->done = 0;
    if (pair->early)
        write_flight(pair);
}

void pair_end_sessions(struct pair *pair)
{
    lewes_session_free(pair->initiator);
    lewes_session_free(pair->responder);
    pair->initiator = NULL;
    pair->responder = NULL;
    test_env_assert_clean(&pair->sessions.test);
}

void pair_end(struct pair *pair)
{
    pair_end_sessions(pair);
    lewes_identity_free(pair->client);
    lewes_identity_free(pair->gateway);
    test_env_assert_clean(&pair->identities);
}

/* ---- messages ---- */

struct lewes_session *pair_writer(const struct pair *pair)
{
    return pair->done % 2 == 0 ? pair->initiator : pair->responder;
}

struct lewes_session *pair_reader(const struct pair *pair)
{
    return pair->done % 2 == 0 ? pair->responder : pair->initiator;
}

void pair_write(struct pair *pair, struct lewes_session *session, struct pair_packet *out)
{
    if (pair->early && session == pair->initiator && pair->flight_next < pair->flight_count) {
        out->len = pair->flight[pair->flight_next].len;
        memcpy(out->bytes, pair->flight[pair->flight_next].bytes, out->len);
        pair->flight_next++;
        return;
    }
    assert_int_equal(
        lewes_session_write(session, out->bytes, sizeof out->bytes, &out->len, pair->now),
        LEWES_OK);
    assert_true(out->len >= LEWES_PACKET_MIN);
}

void pair_assert_silent(const struct pair *pair, struct lewes_session *session)
{
    uint8_t out[LEWES_HANDSHAKE_PACKET_MAX];
    size_t len = 1;

    assert_int_equal(lewes_session_write(session, out, sizeof out, &len, pair->now), LEWES_OK);
    assert_int_equal(len, 0);
}

static enum lewes_error deliver_hello(struct pair *pair, const struct pair_packet *packet)
{
    const uint64_t unix_ms = PAIR_UNIX_MS + pair->now;
    enum lewes_error error = lewes_hello_check(&pair->hello, packet->bytes, packet->len,
                                               unix_ms / 1000, LEWES_CLOCK_TOLERANCE);

    if (error != LEWES_OK)
        return error;
    pair->responder = make(pair,
                           &(struct lewes_session_config){
                               .role = LEWES_RESPONDER,
                               .identity = pair->gateway,
                               .unix_ms = unix_ms,
                               .clock_tolerance = pair->clock_tolerance,
                               .hello = &pair->hello,
                               .subsessions = pair->subsessions,
                               .datagrams = pair->datagrams,
                               .take_index = pair->take_responder,
                               .take_index_user = pair->take_user,
                           },
                           pair->original_gateway);
    return LEWES_OK;
}

enum lewes_error pair_read(const struct pair *pair, struct lewes_session *session,
                           const struct pair_packet *packet, struct lewes_event *event)
{
    static struct pair_packet copy; /* the event points into it */

    copy.len = packet->len;
    memcpy(copy.bytes, packet->bytes, packet->len);
    return lewes_session_read(session, copy.bytes, copy.len, pair->now, event);
}

enum lewes_error pair_deliver(struct pair *pair, struct pair_packet *packet,
                              struct lewes_event *event)
{
    enum lewes_error error;

    *event = (struct lewes_event){.kind = LEWES_EVENT_NONE};
    if (pair->done == 0)
        error = deliver_hello(pair, packet);
    else
        error = pair_read(pair, pair_reader(pair), packet, event);
    if (error == LEWES_OK)
        pair->done++;
    return error;
}

void pair_advance(struct pair *pair, unsigned messages)
{
    static struct pair_packet packet;
    struct lewes_event event;

    while (pair->done < messages) {
        pair_write(pair, pair_writer(pair), &packet);
        assert_int_equal(pair_deliver(pair, &packet, &event), LEWES_OK);
    }
}

bool pair_early = true;

bool pair_is_early(void **state)
{
    return *state == &pair_early;
}

void pair_open(struct pair *pair, unsigned messages)
{
    pair_open_flights(pair, false, messages);
}

void pair_open_flights(struct pair *pair, bool early, unsigned messages)
{
    pair_init(pair, 1);
    pair->early = early;
    pair_start(pair);
    pair_advance(pair, messages);
}

void pair_exchange(struct pair *pair, struct lewes_session *from, struct lewes_session *to,
                   size_t len)
{
    static uint8_t payload[LEWES_PAYLOAD_MAX];
    static struct pair_packet packet;
    struct lewes_event event;

    assert_true(len <= sizeof payload);
    for (size_t i = 0; i < len; i++)
        payload[i] = (uint8_t)(i * 7 + len);
    assert_int_equal(lewes_session_send(from, payload, len, pair->now), LEWES_OK);
    pair_write(pair, from, &packet);
    assert_int_equal(packet.len, len + LEWES_PACKET_OVERHEAD);
    assert_int_equal(pair_read(pair, to, &packet, &event), LEWES_OK);
    assert_int_equal(event.kind, LEWES_EVENT_PAYLOAD);
    assert_int_equal(event.len, len);
    assert_memory_equal(event.payload, payload, len);
}

/* ---- packets made by hand ---- */

void pair_make_clear(struct pair_packet *out, const struct lewesi_packet *header, size_t body_len)
{
    lewesi_packet_write(out->bytes, header->index, header->counter, header->type, body_len);
    out->len = body_len + LEWESI_PACKET_FRAME;
}

void pair_make_sealed(struct pair_packet *out, const struct lewesi_packet *header, size_t body_len,
                      const struct lewesi_outer_key *key)
{
    assert_int_equal(lewesi_packet_seal(out->bytes, body_len, header, key), LEWES_OK);
    out->len = body_len + LEWESI_PACKET_FRAME;
}

/* ---- images ---- */

void pair_image_take(struct pair_image *image, const struct lewes_session *session)
{
    memcpy(&image->session, session, sizeof *session);
    image->handshake_len = session->handshake == NULL ? 0 : session->handshake->size;
    assert_true(image->handshake_len <= sizeof image->handshake);
    if (image->handshake_len > 0)
        memcpy(image->handshake, session->handshake, image->handshake_len);
    make_public(image, sizeof *image); /* valgrind: padding is compared on purpose */
}

bool pair_image_same(const struct pair_image *image, const struct lewes_session *session)
{
    static struct pair_image now;

    pair_image_take(&now, session);
    now.session.drops = image->session.drops;
    now.session.noise_failures = image->session.noise_failures;
    memcpy(&now.session.replay, &image->session.replay, sizeof now.session.replay);
    /* Bytes, on purpose: padding and all, nothing may have been touched. */
    const uint8_t *is = (const uint8_t *)&now.session, *was = (const uint8_t *)&image->session;
    return memcmp(is, was, sizeof now.session) == 0 && now.handshake_len == image->handshake_len &&
           memcmp(now.handshake, image->handshake, now.handshake_len) == 0;
}
