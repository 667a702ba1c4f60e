/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registrations that pay with real tickets, by several clients at a time over loopback, beside the
 * same with mock tickets: how many a second, and the processor time of each gateway for one.
 * Payments are made before the clock starts.
 *
 * bench_tickets LEWESD [COUNT]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lewes/client.h>

#include "bench/gateway_process.h"
#include "bench/measure.h"
#include "bench/tickets.h"

#define COUNT 500
#define CLIENTS 4 /* enough that two workers always have something to do */

/* How the gateways verify. */
struct mode {
    const char *name;
    unsigned workers; /* 0: mock tickets */
};

static const struct mode modes[] = {
    {"mock tickets", 0}, {"real, 1 worker", 1}, {"real, 2 workers", 2}};

/* Payments to one gateway; coins are their numbers. */
struct purse {
    struct bench_payment *paid;
    atomic_size_t taken;
};

struct scene {
    const char *lewesd;
    size_t count;
    struct bench_mint mint;
    struct lewes_env random;
    struct gateway_process entry, exit;
    struct purse purses[2]; /* by hop */
    bool real, two_hops;
    atomic_size_t done;
    size_t until; /* registrations */
};

static double wall_us(void)
{
    struct timespec t;
    check(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "the clock");
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- a source of payments that are made ---- */

static struct purse *purse_of(struct scene *scene, enum lewes_ticket_type type)
{
    return &scene->purses[type == LEWES_TICKET_WG_EXIT ? LEWES_HOP_EXIT : LEWES_HOP_ENTRY];
}

static int reserve(void *user, enum lewes_ticket_type type, uint64_t *coin)
{
    struct scene *scene = user;
    *coin = atomic_fetch_add(&purse_of(scene, type)->taken, 1);
    return *coin < scene->count + CLIENTS ? 0 : -1;
}

static int pay(void *user, uint64_t coin, const struct lewes_ticket_order *order, uint8_t *payment,
               struct lewes_credential *credential)
{
    struct scene *scene = user;
    const struct bench_payment *paid = &purse_of(scene, order->type)->paid[coin];
    *credential = bench_credential(&scene->mint, paid);
    memcpy(payment, paid->payment, sizeof paid->payment);
    credential->payment = payment;
    return 0;
}

static int settle(void *user, uint64_t coin, enum lewes_coin_state state)
{
    (void)user, (void)coin, (void)state;
    return 0;
}

/* ---- clients ---- */

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

static void register_once(struct scene *scene)
{
    const struct lewes_ticket_source real = {
        .user = scene, .reserve = reserve, .pay = pay, .settle = settle};
    struct lewes_hop_options exit;
    struct lewes_register_result result;
    struct lewes_register_options options = {.tickets =
                                                 scene->real ? real : lewes_ticket_source_mock(),
                                             .kem = LEWES_CHOOSE_X25519,
                                             .tries = 1};
    take_hop(scene, &options.entry, &scene->entry);
    take_hop(scene, &exit, &scene->exit);
    if (scene->two_hops)
        options.exit = &exit;
    lewes_register(&options, &result);
    check(result.outcome == LEWES_REGISTER_OK, result.text);
}

static void *client(void *user)
{
    struct scene *scene = user;
    while (atomic_fetch_add(&scene->done, 1) < scene->until)
        register_once(scene);
    return NULL;
}

static void register_many(struct scene *scene, size_t count)
{
    pthread_t clients[CLIENTS];
    scene->until = count;
    atomic_store(&scene->done, 0);
    for (int i = 0; i < CLIENTS; i++)
        check(pthread_create(&clients[i], NULL, client, scene) == 0, "a thread");
    for (int i = 0; i < CLIENTS; i++)
        check(pthread_join(clients[i], NULL) == 0, "a thread");
}

/* ---- gateways ---- */

static void write_keys(const struct scene *scene, const char *path)
{
    char line[BENCH_KEY_LINE_CAP];
    size_t len = bench_mint_line(&scene->mint, line);
    FILE *file = fopen(path, "we");
    if (!file || fwrite(line, 1, len, file) != len || fclose(file) != 0)
        check(false, "the key file");
}

static void start_gateways(struct scene *scene, const struct mode *mode, const char *keys)
{
    char lines[GATEWAY_PATH_CAP + 128] = GATEWAY_MOCK;
    if (mode->workers > 0)
        (void)snprintf(lines, sizeof lines,
                       "verifier = ecash\nkeys = %s\nverify_workers = %u\n"
                       "[gateway]\ntimestamp_tolerance = 1h\n",
                       keys, mode->workers);
    process_start(&scene->exit, scene->lewesd, 5, NULL, lines);
    process_start(&scene->entry, scene->lewesd, 4, &scene->exit, lines);
}

static void fill(const struct scene *scene, struct purse *purse, enum lewes_ticket_type type,
                 const struct gateway_process *gateway)
{
    atomic_store(&purse->taken, 0);
    bench_pay(&scene->mint, purse->paid, scene->count + CLIENTS, type,
              &gateway->description.identity);
}

/* ---- measuring ---- */

/* Returns registrations a second. */
static double measure(struct scene *scene, const struct mode *mode, double mock)
{
    if (scene->real)
        fill(scene, &scene->purses[LEWES_HOP_ENTRY], LEWES_TICKET_WG_ENTRY, &scene->entry);
    if (scene->real && scene->two_hops)
        fill(scene, &scene->purses[LEWES_HOP_EXIT], LEWES_TICKET_WG_EXIT, &scene->exit);
    register_many(scene, CLIENTS); /* threads and files are made here */
    double entry = process_cpu_us(&scene->entry), exit = process_cpu_us(&scene->exit);
    const double wall = wall_us();
    register_many(scene, scene->count);
    const double rate = (double)scene->count * 1e6 / (wall_us() - wall);
    entry = (process_cpu_us(&scene->entry) - entry) / (double)scene->count;
    exit = (process_cpu_us(&scene->exit) - exit) / (double)scene->count;
    printf("%-16s %d hop%s %8.0f /s   %.3f of mock   entry %7.0f us", mode->name,
           scene->two_hops ? 2 : 1, scene->two_hops ? "s" : " ", rate, mock > 0 ? rate / mock : 1,
           entry);
    if (scene->two_hops)
        printf("   exit %7.0f us", exit);
    printf("\n");
    (void)fflush(stdout);
    return rate;
}

int main(int argc, char **argv)
{
    static struct scene scene;
    char keys[] = "/tmp/lewes-bench-keys-XXXXXX";
    double mock[2] = {0};
    check(argc > 1, "bench_tickets LEWESD [COUNT]: the arguments");
    scene.lewesd = argv[1];
    scene.count = argc > 2 ? strtoul(argv[2], NULL, 10) : COUNT;
    lewes_env_system(&scene.random);
    bench_mint_open(&scene.mint);
    const int fd = mkstemp(keys);
    check(fd >= 0, "a file");
    write_keys(&scene, keys);
    for (int hop = 0; hop < 2; hop++) {
        scene.purses[hop].paid = calloc(scene.count + CLIENTS, sizeof *scene.purses[hop].paid);
        check(scene.purses[hop].paid != NULL, "memory");
    }
    printf("%zu registrations by %d clients at a time\n", scene.count, CLIENTS);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        scene.real = modes[i].workers > 0;
        start_gateways(&scene, &modes[i], keys);
        for (int hops = 0; hops < 2; hops++) {
            scene.two_hops = hops > 0;
            const double rate = measure(&scene, &modes[i], mock[hops]);
            mock[hops] = i == 0 ? rate : mock[hops];
        }
        process_end(&scene.entry);
        process_end(&scene.exit);
    }
    (void)remove(keys);
    bench_mint_close(&scene.mint);
    return 0;
}
