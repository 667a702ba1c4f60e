/* SPDX-License-Identifier: Apache-2.0 */
/* What a handshake of each suite costs each side, beside the primitives that it consists of; how
 * often it waits for an answer; data packets; the replay window. Processor time, median of several
 * rounds. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "lib/session/session_internal.h"

#define PAIRS 64      /* handshakes in one round, step by step side by side */
#define PACKETS 2000  /* data packets in one round */
#define CHECKS 200000 /* of the replay window in one round */
#define UNIX_MS UINT64_C(1768384800000)
#define SUITES 3

static uint8_t text[4096];

/* ---- handshakes ---- */

struct bench_packet {
    size_t len;
    uint8_t bytes[LEWES_HANDSHAKE_PACKET_MAX];
};

struct bench_pair {
    struct lewes_session *initiator, *responder;
    struct bench_packet packet; /* the last one that was written */
};

static struct bench_pair pairs[PAIRS];
static struct lewes_identity *client, *gateway;

/* What the initiators are made with. */
static struct lewes_suite suite = {.kem = LEWES_KEM_X25519};
static bool early;

static void write_packet(struct lewes_session *session, struct bench_packet *out)
{
    check(lewes_session_write(session, out->bytes, sizeof out->bytes, &out->len, 0) == LEWES_OK &&
              out->len > 0,
          "write");
}

static enum lewes_event_kind read_packet(struct lewes_session *session, struct bench_packet *in)
{
    struct lewes_event event;

    check(lewes_session_read(session, in->bytes, in->len, 0, &event) == LEWES_OK, "read");
    return event.kind;
}

static void open_initiator(struct bench_pair *pair)
{
    const struct lewes_session_config config = {.role = LEWES_INITIATOR,
                                                .identity = client,
                                                .unix_ms = UNIX_MS,
                                                .peer = lewes_identity_public(gateway),
                                                .suites = &suite,
                                                .suite_count = 1,
                                                .early = early};

    check(lewes_session_new(&pair->initiator, &env, &config, 0) == LEWES_OK, "initiator");
}

static void open_responder(struct bench_pair *pair)
{
    struct lewes_hello hello;
    const struct lewes_session_config config = {
        .role = LEWES_RESPONDER, .identity = gateway, .unix_ms = UNIX_MS, .hello = &hello};

    check(lewes_hello_check(&hello, pair->packet.bytes, pair->packet.len, UNIX_MS / 1000,
                            LEWES_CLOCK_TOLERANCE) == LEWES_OK,
          "hello");
    check(lewes_session_new(&pair->responder, &env, &config, 0) == LEWES_OK, "responder");
}

/* Everything that one side does between two packets of the other. */
static void step(struct bench_pair *pair, unsigned message)
{
    struct lewes_session **const session = message % 2 == 0 ? &pair->initiator : &pair->responder;

    if (message == 0)
        open_initiator(pair);
    else if (message == 1)
        open_responder(pair);
    else
        (void)read_packet(*session, &pair->packet);
    if (message < 8)
        write_packet(*session, &pair->packet);
}

/* Nine steps: eight messages, and the last is only read. Adds microseconds for each side. */
static void run_handshakes(double sides[2], struct counts side_counts[2])
{
    for (unsigned message = 0; message <= 8; message++) {
        const double start = now_us();
        memset(&counts, 0, sizeof counts);
        for (unsigned i = 0; i < PAIRS; i++)
            step(&pairs[i], message);
        sides[message % 2] += now_us() - start;
        for (unsigned p = 0; p < PRIMITIVES; p++) {
            side_counts[message % 2].calls[p] += counts.calls[p];
            side_counts[message % 2].bytes[p] += counts.bytes[p];
        }
    }
}

static void end_pairs(double sides[2])
{
    for (unsigned side = 0; side < 2; side++) {
        const double start = now_us();
        for (unsigned i = 0; i < PAIRS; i++)
            lewes_session_free(side == 0 ? pairs[i].initiator : pairs[i].responder);
        sides[side] += now_us() - start;
    }
}

/* Of both sides; the counts are those of one round. */
struct result {
    double handshake[2][ROUNDS], primitive[PRIMITIVES][ROUNDS];
    struct counts counts[2];
};

static void report_side(const char *name, struct result *result, unsigned side)
{
    const double us = median(result->handshake[side]);
    double sum = 0;

    printf("\nsuite %s, one handshake, %s\n", lewes_kem_name(suite.kem), name);
    for (unsigned p = 0; p < PRIMITIVES; p++) {
        const unsigned calls = result->counts[side].calls[p] / PAIRS;
        const double one = median(result->primitive[p]);
        if (calls > 0) {
            printf("  %-28s %3u x %8.3f us %10.2f us\n", primitive_names[p], calls, one,
                   one * calls);
        }
        sum += one * calls;
    }
    printf("  %-46s %8.2f us\n", "sum of the primitives", sum);
    printf("  %-46s %8.2f us %8.0f /s\n", "handshake", us, 1e6 / us);
    printf("  %-46s %8.3f\n", "primitives / handshake (1: no overhead)", sum / us);
}

/* The mean length of what it was called with. */
static size_t length_of(const struct result *result, unsigned primitive)
{
    const struct counts *const c = result->counts;
    const unsigned calls = c[0].calls[primitive] + c[1].calls[primitive];

    return calls == 0 ? 0 : (c[0].bytes[primitive] + c[1].bytes[primitive]) / calls;
}

static void bench_handshake(void)
{
    static struct result result;

    /* Both in every round, so that a change of the machine's pace meets both. */
    for (unsigned round = 0; round < ROUNDS; round++) {
        double sides[2] = {0, 0};
        memset(result.counts, 0, sizeof result.counts);
        run_handshakes(sides, result.counts);
        end_pairs(sides);
        result.handshake[0][round] = sides[0] / PAIRS;
        result.handshake[1][round] = sides[1] / PAIRS;
        for (unsigned p = 0; p < PRIMITIVES; p++)
            result.primitive[p][round] = time_primitive((enum primitive)p, length_of(&result, p));
    }
    report_side("initiator", &result, 0);
    report_side("responder", &result, 1);
}

/* ---- round trips ---- */

/* Lets the initiator say all that it can and the responder answer each packet before it reads the
 * next; returns true if the answer to the initiator's request is among them. */
static bool exchange(struct bench_pair *pair)
{
    static struct bench_packet answers[8];
    struct bench_packet packet;
    unsigned count = 0;

    for (;;) {
        check(lewes_session_write(pair->initiator, packet.bytes, sizeof packet.bytes, &packet.len,
                                  0) == LEWES_OK,
              "write");
        if (packet.len == 0)
            break;
        pair->packet = packet;
        if (pair->responder == NULL)
            open_responder(pair);
        else if (read_packet(pair->responder, &packet) == LEWES_EVENT_PAYLOAD)
            check(lewes_session_send(pair->responder, text, 1, 0) == LEWES_OK, "answer");
        write_packet(pair->responder, &answers[count++]);
    }
    check(count > 0, "conversation");
    for (unsigned i = 0; i < count; i++) {
        const enum lewes_event_kind kind = read_packet(pair->initiator, &answers[i]);

        if (kind == LEWES_EVENT_PAYLOAD)
            return true;
        if (kind == LEWES_EVENT_MAY_SEND)
            check(lewes_session_send(pair->initiator, text, 1, 0) == LEWES_OK, "request");
    }
    return false;
}

static unsigned round_trips(void)
{
    struct bench_pair pair = {0};
    unsigned trips = 1;

    open_initiator(&pair);
    while (!exchange(&pair))
        trips++;
    lewes_session_free(pair.initiator);
    lewes_session_free(pair.responder);
    return trips;
}

static void count_round_trips(const struct lewes_kem_public *key)
{
    printf("\nsuite %s, round trips to the answer to a request, counted, without that of TCP\n",
           lewes_kem_name(suite.kem));
    early = true;
    suite.key = key;
    printf("  early flights, key known   %u\n", round_trips());
    suite.key = NULL;
    if (suite.kem != LEWES_KEM_X25519)
        printf("  early flights, key unknown %u\n", round_trips());
    early = false;
    printf("  one step at a time         %u\n", round_trips());
}

/* ---- data ---- */

static void bench_data(size_t len)
{
    static struct bench_packet packets[PACKETS];
    double seal[ROUNDS], open[ROUNDS];
    struct bench_pair pair;

    for (unsigned message = 0; message <= 8; message++)
        step(&pair, message);
    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now_us();
        for (unsigned i = 0; i < PACKETS; i++) {
            check(lewes_session_send(pair.initiator, text, len, 0) == LEWES_OK, "send");
            write_packet(pair.initiator, &packets[i]);
        }
        seal[round] = (now_us() - start) / PACKETS;
        start = now_us();
        for (unsigned i = 0; i < PACKETS; i++)
            check(read_packet(pair.responder, &packets[i]) == LEWES_EVENT_PAYLOAD, "open");
        open[round] = (now_us() - start) / PACKETS;
    }
    lewes_session_free(pair.initiator);
    lewes_session_free(pair.responder);
    printf("  payload of %4zu bytes: seal %22.3f us, open %8.3f us\n", len, median(seal),
           median(open));
}

static void bench_replay(void)
{
    struct lewesi_replay replay = {0};
    double values[ROUNDS];
    uint64_t counter = UINT64_C(1) << 62;

    for (unsigned round = 0; round < ROUNDS; round++) {
        const double start = now_us();
        for (unsigned i = 0; i < CHECKS; i++) {
            check(lewesi_replay_admissible(&replay, counter), "the replay window");
            lewesi_replay_accept(&replay, counter++);
        }
        values[round] = (now_us() - start) / CHECKS;
    }
    printf("  replay window, check and mark: %20.1f ns\n", median(values) * 1000);
}

static void bench_suite(enum lewes_kem kem)
{
    static const struct lewes_kem_seed seed = {{0x33}};
    struct lewes_kem_public key;
    struct lewes_kem_digest digest;

    if (kem != LEWES_KEM_X25519)
        check(lewes_identity_add_kem(gateway, kem, &seed) == LEWES_OK, "KEM key");
    check(lewes_identity_kem(gateway, kem, &key) == LEWES_OK &&
              lewes_kem_digest(&digest, &key, LEWES_HASH_BLAKE3) == LEWES_OK,
          "digest");
    suite = (struct lewes_suite){.kem = kem, .digest = kem == LEWES_KEM_X25519 ? NULL : &digest};
    bench_handshake();
    count_round_trips(&key);
    suite = (struct lewes_suite){.kem = LEWES_KEM_X25519};
}

int main(void)
{
    static const enum lewes_kem kems[SUITES] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768,
                                                LEWES_KEM_XWING};
    const struct lewes_ed25519_seed client_seed = {{0x11}}, gateway_seed = {{0x22}};

    check(lewes_identity_new(&client, &env, &client_seed) == LEWES_OK, "identity");
    check(lewes_identity_new(&gateway, &env, &gateway_seed) == LEWES_OK, "identity");
    printf("processor time, median of %d rounds\n", ROUNDS);
    for (unsigned i = 0; i < SUITES; i++)
        bench_suite(kems[i]);
    printf("\nestablished session, %zu bytes\n", sizeof(struct lewes_session));
    bench_data(64);
    bench_data(1400);
    bench_replay();
    lewes_identity_free(client);
    lewes_identity_free(gateway);
    return 0;
}
