/* SPDX-License-Identifier: Apache-2.0 */
/* What a handshake costs each side, beside the primitives that it consists of; data packets; the
 * replay window. Processor time, median of several rounds.
 *
 * The linker puts the __wrap_ functions below in front of the primitives, so that the operations
 * that are summed up are those that really happened. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/crypto/crypto.h"
#include "lib/session/session_internal.h"

#define ROUNDS 11
#define PAIRS 64      /* handshakes in one round, step by step side by side */
#define PACKETS 2000  /* data packets in one round */
#define REPEATS 200   /* of a primitive in one round */
#define CHECKS 200000 /* of the replay window in one round */
#define UNIX_MS UINT64_C(1768384800000)

static void check(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_session: %s failed\n", what);
        exit(1);
    }
}

/* ---- time ---- */

static double now_us(void)
{
    struct timespec t;

    check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0, "the clock");
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

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

static int draw(void *user, uint8_t *out, size_t len) /* xorshift64 */
{
    uint64_t *const state = user;

    for (size_t i = 0; i < len; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        out[i] = (uint8_t)*state;
    }
    return 0;
}

static uint64_t seed = 88172645463325252;
static const struct lewes_env env = {&seed, allocate, release, draw};

/* ---- counted primitives ---- */

enum primitive {
    X25519_PUBLIC,
    X25519,
    CONVERT,
    SIGN,
    VERIFY,
    SEAL,
    OPEN,
    SHA256,
    HMAC,
    EXPAND,
    NOISE_HKDF,
    BLAKE3,
    PRIMITIVES
};

static const char *const primitive_names[PRIMITIVES] = {
    "X25519, base point", "X25519",      "Ed25519 to X25519", "Ed25519 sign",
    "Ed25519 verify",     "AEAD seal",   "AEAD open",         "SHA-256",
    "HMAC-SHA-256",       "HKDF-Expand", "HKDF of Noise",     "BLAKE3 derive_key",
};

struct counts {
    unsigned calls[PRIMITIVES];
    size_t bytes[PRIMITIVES];
};

static struct counts counts;
static unsigned nested; /* HKDF calls HMAC: that is not to be counted again */

static void count(enum primitive primitive, size_t bytes)
{
    if (nested == 0) {
        counts.calls[primitive]++;
        counts.bytes[primitive] += bytes;
    }
}

#define REAL(result, name, parameters)                                                             \
    result __real_##name parameters;                                                               \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters

REAL(void, lewesi_x25519_public,
     (struct lewes_x25519_public * out, const struct lewes_x25519_private *key))
{
    count(X25519_PUBLIC, 0);
    nested++;
    __real_lewesi_x25519_public(out, key);
    nested--;
}

REAL(enum lewes_error, lewesi_x25519,
     (uint8_t out[32], const struct lewes_x25519_private *key,
      const struct lewes_x25519_public *peer))
{
    enum lewes_error error;

    count(X25519, 0);
    nested++;
    error = __real_lewesi_x25519(out, key, peer);
    nested--;
    return error;
}

REAL(enum lewes_error, lewesi_x25519_public_from_ed25519,
     (struct lewes_x25519_public * out, const struct lewes_ed25519_public *key))
{
    count(CONVERT, 0);
    return __real_lewesi_x25519_public_from_ed25519(out, key);
}

REAL(enum lewes_error, lewesi_ed25519_sign,
     (uint8_t out[64], const struct lewesi_ed25519_private *key, struct lewesi_span message))
{
    count(SIGN, message.len);
    return __real_lewesi_ed25519_sign(out, key, message);
}

REAL(bool, lewesi_ed25519_verify,
     (const struct lewes_ed25519_public *key, const uint8_t signature[64],
      struct lewesi_span message))
{
    count(VERIFY, message.len);
    return __real_lewesi_ed25519_verify(key, signature, message);
}

REAL(enum lewes_error, lewesi_aead_seal,
     (const uint8_t key[32], const struct lewesi_nonce *nonce, struct lewesi_span aad,
      uint8_t *text, size_t len, uint8_t tag[16]))
{
    count(SEAL, len);
    return __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

REAL(enum lewes_error, lewesi_aead_open,
     (const uint8_t key[32], const struct lewesi_nonce *nonce, struct lewesi_span aad,
      uint8_t *text, size_t len, const uint8_t tag[16]))
{
    count(OPEN, len);
    return __real_lewesi_aead_open(key, nonce, aad, text, len, tag);
}

REAL(void, lewesi_sha256, (uint8_t out[32], struct lewesi_span a, struct lewesi_span b))
{
    count(SHA256, a.len + b.len);
    __real_lewesi_sha256(out, a, b);
}

REAL(void, lewesi_hmac_sha256,
     (uint8_t out[32], struct lewesi_span key, struct lewesi_span message))
{
    count(HMAC, message.len);
    nested++;
    __real_lewesi_hmac_sha256(out, key, message);
    nested--;
}

REAL(void, lewesi_hkdf_expand,
     (uint8_t *out, size_t out_len, const uint8_t prk[32], struct lewesi_span info))
{
    count(EXPAND, info.len);
    nested++;
    __real_lewesi_hkdf_expand(out, out_len, prk, info);
    nested--;
}

REAL(void, lewesi_hkdf_noise,
     (uint8_t out1[32], uint8_t out2[32], uint8_t *out3, const uint8_t ck[32],
      struct lewesi_span material))
{
    count(NOISE_HKDF, material.len);
    nested++;
    __real_lewesi_hkdf_noise(out1, out2, out3, ck, material);
    nested--;
}

REAL(void, lewesi_blake3_derive,
     (uint8_t out[32], const char *context, struct lewesi_span material))
{
    count(BLAKE3, material.len);
    __real_lewesi_blake3_derive(out, context, material);
}

/* ---- primitives alone ---- */

struct bench_keys {
    struct lewesi_ed25519_private ed25519_private;
    struct lewes_ed25519_public ed25519;
    struct lewes_x25519_private x25519_private;
    struct lewes_x25519_public x25519;
    uint8_t signature[64];
};

static uint8_t text[4096], sink[64], tag[16];

static void make_keys(struct bench_keys *keys, size_t signed_len)
{
    const struct lewes_ed25519_seed from = {{1, 2, 3}};

    lewesi_ed25519_from_seed(&keys->ed25519_private, &keys->ed25519, &from);
    lewesi_x25519_private_from_seed(&keys->x25519_private, &from);
    lewesi_x25519_public(&keys->x25519, &keys->x25519_private);
    check(lewesi_ed25519_sign(keys->signature, &keys->ed25519_private,
                              (struct lewesi_span){text, signed_len}) == LEWES_OK,
          "signing");
}

static bool run_once(enum primitive primitive, const struct bench_keys *keys, size_t len)
{
    const struct lewesi_span span = {text, len}, aad = {text, 12};
    const struct lewesi_nonce nonce = {{0}};
    struct lewes_x25519_public point;

    switch (primitive) {
    case X25519_PUBLIC:
        lewesi_x25519_public(&point, &keys->x25519_private);
        return true;
    case X25519:
        return lewesi_x25519(sink, &keys->x25519_private, &keys->x25519) == LEWES_OK;
    case CONVERT:
        return lewesi_x25519_public_from_ed25519(&point, &keys->ed25519) == LEWES_OK;
    case SIGN:
        return lewesi_ed25519_sign(sink, &keys->ed25519_private, span) == LEWES_OK;
    case VERIFY:
        return lewesi_ed25519_verify(&keys->ed25519, keys->signature, span);
    case SEAL:
        return lewesi_aead_seal(sink, &nonce, aad, text, len, tag) == LEWES_OK;
    case OPEN: /* a wrong tag costs the same */
        return lewesi_aead_open(sink, &nonce, aad, text, len, tag) != LEWES_ERROR_CRYPTO;
    case SHA256:
        lewesi_sha256(sink, span, (struct lewesi_span){NULL, 0});
        return true;
    case HMAC:
        lewesi_hmac_sha256(sink, aad, span);
        return true;
    case EXPAND:
        lewesi_hkdf_expand(sink, 32, text, span);
        return true;
    case NOISE_HKDF:
        lewesi_hkdf_noise(sink, sink + 32, NULL, text, span);
        return true;
    case BLAKE3:
        lewesi_blake3_derive(sink, "lp-outer-aead", span);
        return true;
    case PRIMITIVES:
        break;
    }
    return false;
}

/* Microseconds of one call. */
static double time_primitive(enum primitive primitive, size_t len)
{
    struct bench_keys keys;
    double start;

    make_keys(&keys, len);
    start = now_us();
    for (unsigned i = 0; i < REPEATS; i++)
        check(run_once(primitive, &keys, len), primitive_names[primitive]);
    return (now_us() - start) / REPEATS;
}

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
                                                .peer = lewes_identity_public(gateway)};

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

    printf("\n%s\n", name);
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
    report_side("initiator, one handshake", &result, 0);
    report_side("responder, one handshake", &result, 1);
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

int main(void)
{
    const struct lewes_ed25519_seed client_seed = {{0x11}}, gateway_seed = {{0x22}};

    check(lewes_identity_new(&client, &env, &client_seed) == LEWES_OK, "identity");
    check(lewes_identity_new(&gateway, &env, &gateway_seed) == LEWES_OK, "identity");
    printf("suite X25519; processor time, median of %d rounds\n", ROUNDS);
    bench_handshake();
    printf("\nestablished session, %zu bytes\n", sizeof(struct lewes_session));
    bench_data(64);
    bench_data(1400);
    bench_replay();
    lewes_identity_free(client);
    lewes_identity_free(gateway);
    return 0;
}
