/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's verifier alone: tickets a second with one worker and with two, by the clock, and
 * processor time for each ticket. What the second worker brings depends on what else the machine
 * does; processor time does not.
 *
 * bench_verifier [COUNT]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure.h"
#include "bench/tickets.h"
#include "gateway/verifier_ecash.h"

#define COUNT 300
#define WORKERS_MAX 2

struct job {
    struct verifier_check check; /* first: `done` gets this */
    struct verifier_claim claim;
    struct lewes_request request;
};

static struct bench_mint mint;
static const struct lewes_ed25519_public gateway = {{7}};
static size_t finished;

static void done(struct verifier_check *check_done)
{
    check(check_done->verdict.valid, "a valid ticket");
    finished++;
}

static struct job *make_jobs(const struct bench_payment *paid, size_t count)
{
    struct job *jobs = calloc(count, sizeof *jobs);
    if (!jobs)
        abort();
    for (size_t i = 0; i < count; i++) {
        jobs[i].request = (struct lewes_request){.credential = bench_credential(&mint, &paid[i]),
                                                 .ticket_type = LEWES_TICKET_WG_ENTRY};
        jobs[i].claim =
            (struct verifier_claim){.request = &jobs[i].request, .unix_seconds = time(NULL)};
        jobs[i].check = (struct verifier_check){.claim = &jobs[i].claim, .done = done};
    }
    return jobs;
}

static struct epochs *read_keys(void)
{
    char line[BENCH_KEY_LINE_CAP];
    struct epochs *epochs = NULL;
    struct epochs_error error;
    const struct epochs_text text = {"keys", line, bench_mint_line(&mint, line)};
    check(epochs_read(&epochs, &env, mint.ecash, &text, &error) == 0, "the keys");
    return epochs;
}

/* Tickets a second. In a process of its own: libuv makes its threads once. */
static double verify_all(const struct bench_payment *paid, size_t count, int workers)
{
    static struct settings settings;
    struct verifier_ecash *ecash = NULL;
    uv_loop_t loop;
    char text[16];
    settings.gateway.timestamp_tolerance = 3600 * 1000;
    (void)snprintf(text, sizeof text, "%d", workers);
    check(setenv("UV_THREADPOOL_SIZE", text, 1) == 0 && uv_loop_init(&loop) == 0, "the loop");
    const struct verifier_ecash_parts parts = {.env = &env,
                                               .loop = &loop,
                                               .settings = &settings,
                                               .gateway = gateway,
                                               .epochs = read_keys()};
    check(verifier_ecash_new(&ecash, &parts) == LEWES_OK, "the verifier");
    const struct verifier *const verifier = verifier_ecash_of(ecash);
    struct job *const jobs = make_jobs(paid, count);
    const double cpu = now_us();
    const uint64_t start = uv_hrtime();
    for (size_t i = 0; i < count; i++)
        verifier->verify(verifier, &jobs[i].check);
    check(uv_run(&loop, UV_RUN_DEFAULT) == 0 && finished == count, "all verdicts");
    const double rate = (double)count * 1e9 / (double)(uv_hrtime() - start);
    printf("  %d worker%s %6.0f tickets/s   %5.2f ms of processor time each", workers,
           workers > 1 ? "s" : " ", rate, (now_us() - cpu) / 1000 / (double)count);
    free(jobs);
    verifier_ecash_free(ecash);
    return rate;
}

/* The rate comes back through a pipe. */
static double in_a_process(const struct bench_payment *paid, size_t count, int workers)
{
    int ends[2], status = 0;
    double rate = 0;
    check(pipe(ends) == 0, "a pipe");
    (void)fflush(stdout);
    const pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        rate = verify_all(paid, count, workers);
        check(write(ends[1], &rate, sizeof rate) == sizeof rate && fflush(stdout) == 0, "writing");
        _exit(0);
    }
    check(waitpid(child, &status, 0) == child && status == 0, "verification");
    check(read(ends[0], &rate, sizeof rate) == sizeof rate, "reading");
    (void)close(ends[0]);
    (void)close(ends[1]);
    return rate;
}

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT;
    struct bench_payment *const paid = calloc(count, sizeof *paid);
    double one = 0;
    check(count > 0 && paid != NULL, "bench_verifier [COUNT]: memory or the arguments");
    bench_mint_open(&mint);
    bench_pay(&mint, paid, count, LEWES_TICKET_WG_ENTRY, &gateway);
    printf("verifier of lewesd, %zu bound tickets at once\n", count);
    for (int workers = 1; workers <= WORKERS_MAX; workers++) {
        const double rate = in_a_process(paid, count, workers);
        one = workers == 1 ? rate : one;
        printf("   %.2f of one worker\n", rate / one);
    }
    bench_mint_close(&mint);
    free(paid);
    return 0;
}
