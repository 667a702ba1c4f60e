/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real registrations with real gateways over loopback, one after the other: how many a second, and
 * the processor time of each gateway for one, beside the cryptographic primitives in it.
 *
 * bench_register LEWESD [COUNT [SOAK]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lewes/client.h>

#include "bench/gateway_process.h"
#include "bench/measure.h"

#define COUNT 300
#define SOAK 10000
#define CLIENTS 16
#define UNIX_MS UINT64_C(1768384800000)

struct scene {
    struct gateway_process entry, exit;
    struct lewes_env random;
    char cache[GATEWAY_PATH_CAP];
};

static const struct {
    enum lewes_kem_choice choice;
    enum lewes_kem kem;
} suites[] = {{LEWES_CHOOSE_X25519, LEWES_KEM_X25519},
              {LEWES_CHOOSE_MLKEM768, LEWES_KEM_MLKEM768},
              {LEWES_CHOOSE_XWING, LEWES_KEM_XWING}};
#define SUITES (sizeof suites / sizeof suites[0])

static double wall_us(void)
{
    struct timespec t;
    check(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "the clock");
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- registrations ---- */

static void take_hop(const struct scene *scene, struct lewes_hop_options *hop,
                     const struct gateway_process *gateway)
{
    *hop = (struct lewes_hop_options){.gateway = gateway->description.identity,
                                      .host = gateway->address,
                                      .port = gateway->port,
                                      .description = &gateway->description};
    check(lewes_ed25519_generate(&hop->identity, &scene->random) == LEWES_OK, "an identity");
    check(lewes_wg_generate(&hop->wg_key, &scene->random) == LEWES_OK, "a key");
}

/* By a client that was never seen before, but knows the gateways. Returns the round trips. */
static unsigned register_once(const struct scene *scene, enum lewes_kem_choice kem, bool two_hops)
{
    struct lewes_hop_options exit;
    struct lewes_register_result result;
    struct lewes_register_options options = {
        .tickets = lewes_ticket_source_mock(), .kem = kem, .cache = scene->cache, .tries = 1};
    take_hop(scene, &options.entry, &scene->entry);
    take_hop(scene, &exit, &scene->exit);
    if (two_hops)
        options.exit = &exit;
    lewes_register(&options, &result);
    check(result.outcome == LEWES_REGISTER_OK, result.text);
    return result.hops[LEWES_HOP_ENTRY].round_trips + result.hops[LEWES_HOP_EXIT].round_trips;
}

/* ---- the primitives in it ---- */

/* What a gateway does for the registration that `options` of one hop lead to, but without sockets,
 * database and device: a session, a request of 1 300 bytes, an answer of 81. */
struct model {
    struct lewes_identity *client, *gateway;
    struct lewes_session *initiator, *responder;
    struct counts counts; /* of the responder's steps */
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    size_t len;
    bool request_sent;
};

static void initiator_speaks(struct model *model, const struct lewes_suite *suite)
{
    static const uint8_t request[1300];
    const struct lewes_session_config config = {.role = LEWES_INITIATOR,
                                                .identity = model->client,
                                                .unix_ms = UNIX_MS,
                                                .peer = lewes_identity_public(model->gateway),
                                                .suites = suite,
                                                .suite_count = 1};
    struct lewes_event event;
    if (!model->initiator)
        check(lewes_session_new(&model->initiator, &env, &config, 0) == LEWES_OK, "initiator");
    else
        check(lewes_session_read(model->initiator, model->packet, model->len, 0, &event) ==
                  LEWES_OK,
              "read");
    if (lewes_session_state(model->initiator) == LEWES_TRANSPORT && !model->request_sent) {
        check(lewes_session_send(model->initiator, request, sizeof request, 0) == LEWES_OK, "send");
        model->request_sent = true;
    }
    check(lewes_session_write(model->initiator, model->packet, sizeof model->packet, &model->len,
                              0) == LEWES_OK,
          "write");
}

static void responder_answers(struct model *model)
{
    static const uint8_t answer[81];
    struct lewes_event event = {0};
    struct lewes_wg_public key = {{9}};
    struct lewes_hello hello;
    if (!model->responder) {
        const struct lewes_session_config config = {.role = LEWES_RESPONDER,
                                                    .identity = model->gateway,
                                                    .unix_ms = UNIX_MS,
                                                    .hello = &hello};
        check(lewes_hello_check(&hello, model->packet, model->len, UNIX_MS / 1000, 0) == LEWES_OK &&
                  lewes_session_new(&model->responder, &env, &config, 0) == LEWES_OK,
              "responder");
    } else {
        check(lewes_session_read(model->responder, model->packet, model->len, 0, &event) ==
                  LEWES_OK,
              "read");
    }
    if (event.kind == LEWES_EVENT_PAYLOAD)
        check(lewes_wg_check(&key) == LEWES_OK &&
                  lewes_session_send(model->responder, answer, sizeof answer, 0) == LEWES_OK,
              "answer");
    check(lewes_session_write(model->responder, model->packet, sizeof model->packet, &model->len,
                              0) == LEWES_OK,
          "write");
}

static void add_counts(struct counts *sum)
{
    for (unsigned p = 0; p < PRIMITIVES; p++) {
        sum->calls[p] += counts.calls[p];
        sum->bytes[p] += counts.bytes[p];
    }
}

/* Microseconds of the primitives that a gateway calls for one registration. */
static double primitives_us(const struct scene *scene, enum lewes_kem kem)
{
    struct model model = {0};
    struct lewes_ed25519_seed seed;
    struct lewes_kem_seed kem_seed;
    struct lewes_kem_public key;
    struct lewes_kem_digest digest;
    double sum = 0;
    check(lewes_ed25519_generate(&seed, &scene->random) == LEWES_OK &&
              lewes_identity_new(&model.client, &env, &seed) == LEWES_OK &&
              lewes_ed25519_generate(&seed, &scene->random) == LEWES_OK &&
              lewes_identity_new(&model.gateway, &env, &seed) == LEWES_OK,
          "identities");
    if (kem != LEWES_KEM_X25519)
        check(lewes_kem_generate(&kem_seed, kem, &scene->random) == LEWES_OK &&
                  lewes_identity_add_kem(model.gateway, kem, &kem_seed) == LEWES_OK,
              "a KEM key");
    check(lewes_identity_kem(model.gateway, kem, &key) == LEWES_OK &&
              lewes_kem_digest(&digest, &key, LEWES_HASH_BLAKE3) == LEWES_OK,
          "a digest");
    const struct lewes_suite suite = {.kem = kem, .digest = &digest};
    for (initiator_speaks(&model, &suite); model.len > 0; initiator_speaks(&model, &suite)) {
        memset(&counts, 0, sizeof counts);
        responder_answers(&model);
        add_counts(&model.counts);
    }
    for (unsigned p = 0; p < PRIMITIVES; p++)
        if (model.counts.calls[p])
            sum += model.counts.calls[p] *
                   time_primitive((enum primitive)p, model.counts.bytes[p] / model.counts.calls[p]);
    lewes_session_free(model.initiator);
    lewes_session_free(model.responder);
    lewes_identity_free(model.client);
    lewes_identity_free(model.gateway);
    return sum;
}

/* ---- measuring ---- */

/* Where the time of a gateway goes: microseconds since it started, and how often it has waited. */
struct times {
    double all, loop, waits;
};

static struct times times_of(const struct gateway_process *gateway)
{
    return (struct times){process_cpu_us(gateway), process_loop_us(gateway),
                          process_waits(gateway)};
}

/* All crypto of these registrations runs on the loop; store and device have a thread each. */
static void print_split(const struct times *from, const struct times *to, unsigned count,
                        double primitives)
{
    double loop = (to->loop - from->loop) / count;
    printf("          of the entry's: primitives %4.0f us, the loop beside them %4.0f us, "
           "store and device %4.0f us; it waited %.1f times\n",
           primitives, loop - primitives, (to->all - from->all) / count - loop,
           (to->waits - from->waits) / count);
}

/* A store that has grown its log to full length: before, every sync writes the file's length. */
static void warm_up(const struct scene *scene, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        register_once(scene, LEWES_CHOOSE_X25519, true);
}

static void measure(const struct scene *scene, size_t suite, bool two_hops, unsigned count)
{
    unsigned trips = register_once(scene, suites[suite].choice, two_hops); /* keys are met here */
    const struct times before = times_of(&scene->entry);
    double exit = process_cpu_us(&scene->exit);
    double client = now_us(), wall = wall_us();
    for (unsigned i = 0; i < count; i++)
        trips = register_once(scene, suites[suite].choice, two_hops);
    wall = wall_us() - wall;
    client = (now_us() - client) / count;
    const struct times after = times_of(&scene->entry);
    double entry = (after.all - before.all) / count;
    exit = (process_cpu_us(&scene->exit) - exit) / count;
    printf("%-9s %d hop%s  %u round trips %8.0f /s   client %7.0f us   entry %7.0f us",
           lewes_kem_name(suites[suite].kem), two_hops ? 2 : 1, two_hops ? "s" : " ", trips,
           count * 1e6 / wall, client, entry);
    if (two_hops) {
        printf("   exit %7.0f us\n", exit);
    } else {
        printf("\n");
        print_split(&before, &after, count, primitives_us(scene, suites[suite].kem));
    }
    fflush(stdout);
}

/* Clients that do not wait for each other: transactions that meet share their syncs. */
static void crowd(const struct scene *scene, unsigned clients, unsigned count)
{
    const struct times before = times_of(&scene->entry);
    double wall = wall_us();
    int status = 0;
    for (unsigned i = 0; i < clients; i++) {
        pid_t pid = fork();
        check(pid >= 0, "fork");
        if (pid > 0)
            continue;
        for (unsigned n = 0; n < count; n++)
            register_once(scene, LEWES_CHOOSE_X25519, false);
        _exit(0);
    }
    for (unsigned i = 0; i < clients; i++)
        check(wait(&status) > 0 && status == 0, "a client");
    wall = wall_us() - wall;
    const struct times after = times_of(&scene->entry);
    printf("%u clients at once %20.0f /s %30.0f us, it waited %.1f times\n", clients,
           clients * count * 1e6 / wall, (after.all - before.all) / count / clients,
           (after.waits - before.waits) / count / clients);
    fflush(stdout);
}

static void soak(const struct scene *scene, unsigned count)
{
    long first = 0, half = 0;
    for (unsigned i = 0; i < count; i++) {
        register_once(scene, LEWES_CHOOSE_X25519, false);
        if (i == count / 10)
            first = process_memory_kb(&scene->entry);
        if (i == count / 2)
            half = process_memory_kb(&scene->entry);
    }
    printf("%u registrations: the gateway has %ld kB after a tenth, %ld kB after half, %ld kB at "
           "the end\n",
           count, first, half, process_memory_kb(&scene->entry));
}

int main(int argc, char **argv)
{
    static struct scene scene;
    check(argc > 1, "bench_register LEWESD [COUNT [SOAK]]: the arguments");
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : COUNT;
    unsigned total = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : SOAK;
    lewes_env_system(&scene.random);
    process_start(&scene.exit, argv[1], 3, NULL, GATEWAY_MOCK);
    process_start(&scene.entry, argv[1], 2, &scene.exit, GATEWAY_MOCK);
    snprintf(scene.cache, sizeof scene.cache, "%s/cache", scene.entry.directory);
    warm_up(&scene, count);
    for (size_t suite = 0; suite < SUITES; suite++) {
        measure(&scene, suite, false, count);
        measure(&scene, suite, true, count);
    }
    crowd(&scene, CLIENTS, (count + CLIENTS - 1) / CLIENTS);
    if (total > 0)
        soak(&scene, total);
    process_end(&scene.entry);
    process_end(&scene.exit);
    return 0;
}
