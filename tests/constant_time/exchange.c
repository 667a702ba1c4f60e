/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/constant_time/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "lib/session/session_internal.h"
#include "tests/support/secret.h"

#define UNIX_MS UINT64_C(1768384800500)
#define MESSAGES_MAX 16
#define PAYLOAD_LEN 100

/* ---- environment ---- */

static void *allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void release(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static void fill(void *at, size_t len, unsigned first)
{
    uint8_t *const bytes = at;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(first * 37 + i * 11 + 1);
}

/* Salts, indices, counters and session ids are sent in clear. */
static int draw(void *user, uint8_t *out, size_t len)
{
    struct exchange *const exchange = user;

    fill(out, len, ++exchange->draws);
    if (len == 32 || len == 64)
        make_secret(out, len);
    return 0;
}

void exchange_env(struct exchange *exchange)
{
    memset(exchange, 0, sizeof *exchange);
    exchange->env = (struct lewes_env){exchange, allocate, release, draw};
    exchange->now = 1000;
}

void exchange_secret(void *at, size_t len)
{
    fill(at, len, 100);
    make_secret(at, len);
}

/* ---- both ends ---- */

void exchange_identities(struct exchange *exchange)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
    struct lewes_ed25519_seed seed;

    exchange_env(exchange);
    MUST(lewes_ed25519_generate(&seed, &exchange->env) == LEWES_OK);
    MUST(lewes_identity_new(&exchange->client, &exchange->env, &seed) == LEWES_OK);
    MUST(lewes_ed25519_generate(&seed, &exchange->env) == LEWES_OK);
    MUST(lewes_identity_new(&exchange->gateway, &exchange->env, &seed) == LEWES_OK);
    for (size_t i = 0; i < 2; i++) {
        struct lewes_kem_seed kem_seed;

        MUST(lewes_kem_generate(&kem_seed, kems[i], &exchange->env) == LEWES_OK);
        MUST(lewes_identity_add_kem(exchange->gateway, kems[i], &kem_seed) == LEWES_OK);
    }
}

static void make_initiator(struct exchange *exchange, enum lewes_kem kem, bool early)
{
    struct lewes_kem_public key;
    struct lewes_kem_digest digest;

    MUST(lewes_identity_kem(exchange->gateway, kem, &key) == LEWES_OK);
    MUST(lewes_kem_digest(&digest, &key, LEWES_HASH_BLAKE3) == LEWES_OK);

    const struct lewes_suite suite = {.kem = kem, .digest = &digest, .key = early ? &key : NULL};
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = exchange->client,
        .unix_ms = UNIX_MS,
        .peer = lewes_identity_public(exchange->gateway),
        .suites = kem == LEWES_KEM_X25519 ? NULL : &suite,
        .suite_count = kem == LEWES_KEM_X25519 ? 0 : 1,
        .early = early,
        .subsessions = true,
    };
    MUST(lewes_session_new(&exchange->initiator, &exchange->env, &config, exchange->now) ==
         LEWES_OK);
}

static void make_responder(struct exchange *exchange, const uint8_t *packet, size_t len)
{
    struct lewes_hello hello;
    const struct lewes_session_config config = {
        .role = LEWES_RESPONDER,
        .identity = exchange->gateway,
        .unix_ms = UNIX_MS,
        .hello = &hello,
        .subsessions = true,
    };

    MUST(lewes_hello_check(&hello, packet, len, UNIX_MS / 1000, LEWES_CLOCK_TOLERANCE) == LEWES_OK);
    MUST(lewes_session_new(&exchange->responder, &exchange->env, &config, exchange->now) ==
         LEWES_OK);
}

/* The next packet, which is then known to everybody; 0: there is none. */
static size_t write_packet(struct exchange *exchange, struct lewes_session *from, uint8_t *out)
{
    size_t len = 0;

    MUST(lewes_session_write(from, out, LEWES_HANDSHAKE_PACKET_MAX, &len, exchange->now) ==
         LEWES_OK);
    make_public(out, len);
    return len;
}

/* Everything that is due at one end. */
static unsigned deliver(struct exchange *exchange, struct lewes_session *from,
                        struct lewes_session *to)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    struct lewes_event event;
    unsigned packets = 0;

    for (size_t len; (len = write_packet(exchange, from, packet)) > 0; packets++) {
        MUST(lewes_session_read(to, packet, len, exchange->now, &event) == LEWES_OK);
        if (event.kind == LEWES_EVENT_PAYLOAD)
            MUST(event.len == PAYLOAD_LEN && is_secret(event.payload, event.len));
    }
    return packets;
}

static void flow(struct exchange *exchange)
{
    unsigned packets = 1;

    for (unsigned rounds = 0; packets > 0; rounds++) {
        MUST(rounds < MESSAGES_MAX);
        packets = deliver(exchange, exchange->initiator, exchange->responder);
        packets += deliver(exchange, exchange->responder, exchange->initiator);
    }
}

static void check_secrets(const struct lewes_session *session)
{
    MUST(session->state == LEWES_TRANSPORT);
    MUST(is_secret(&session->outer_key, sizeof session->outer_key));
    MUST(is_secret(session->send.key, sizeof session->send.key));
    MUST(is_secret(session->receive.key, sizeof session->receive.key));
    MUST(!is_secret(&session->send.nonce, sizeof session->send.nonce));
}

void exchange_handshake(struct exchange *exchange, enum lewes_kem kem, bool early)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];

    make_initiator(exchange, kem, early);
    make_responder(exchange, packet, write_packet(exchange, exchange->initiator, packet));
    flow(exchange);
    check_secrets(exchange->initiator);
    check_secrets(exchange->responder);
    MUST(is_secret(exchange->initiator->psk_registration, 32));
}

void exchange_data(struct exchange *exchange)
{
    uint8_t payload[PAYLOAD_LEN];

    exchange_secret(payload, sizeof payload);
    MUST(lewes_session_send(exchange->initiator, payload, sizeof payload, exchange->now) ==
         LEWES_OK);
    flow(exchange);
    MUST(lewes_session_send(exchange->responder, payload, sizeof payload, exchange->now) ==
         LEWES_OK);
    flow(exchange);
}

/* ---- subsessions ---- */

/* Delivers one packet, and returns the event that it led to. */
static struct lewes_event carry(struct exchange *exchange, struct lewes_session *from,
                                struct lewes_session *to)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    const size_t len = write_packet(exchange, from, packet);
    struct lewes_event event;

    MUST(lewes_session_read(to, packet, len, exchange->now, &event) == LEWES_OK);
    return event;
}

void exchange_rekey(struct exchange *exchange)
{
    struct lewes_session *const parents[2] = {exchange->initiator, exchange->responder};
    struct lewes_event event;

    MUST(lewes_session_rekey(parents[0], exchange->now) == LEWES_OK);
    (void)carry(exchange, parents[0], parents[1]); /* KK1 */
    event = carry(exchange, parents[1], parents[0]);
    MUST(event.kind == LEWES_EVENT_SUBSESSION);
    exchange->initiator = event.subsession;
    event = carry(exchange, parents[0], parents[1]); /* Ready */
    MUST(event.kind == LEWES_EVENT_SUBSESSION);
    exchange->responder = event.subsession;
    check_secrets(exchange->initiator);
    check_secrets(exchange->responder);
    lewes_session_free(parents[0]);
    lewes_session_free(parents[1]);
}

void exchange_leak(const struct exchange *exchange, volatile unsigned *sink)
{
    if (exchange->responder->outer_key.bytes[3] & 1)
        *sink += 1;
}

void exchange_end(struct exchange *exchange)
{
    lewes_session_free(exchange->initiator);
    lewes_session_free(exchange->responder);
    lewes_identity_free(exchange->client);
    lewes_identity_free(exchange->gateway);
}
