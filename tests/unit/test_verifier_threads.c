/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of real tickets on their threads, while the loop has something else in mind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/paying.h"

#define CLIENTS 4
#define ROUNDS 3
#define THREADS 3
#define THREADS_TEXT "3"
#define ONE INT64_C(500000000)

static struct paying paying;
static struct rig rig;
static struct client clients[CLIENTS];
static struct client_ticket tickets[CLIENTS];

static int open_mint(void **state)
{
    (void)state;
    paying_open(&paying);
    return 0;
}

static int close_mint(void **state)
{
    (void)state;
    paying_close(&paying);
    return 0;
}

static int up(void **state)
{
    (void)state;
    rig_init(&rig);
    paying_configure(&paying, &rig, "");
    rig_start(&rig);
    return 0;
}

static int down(void **state)
{
    (void)state;
    rig_down(&rig);
    return 0;
}

static void renew_keys(void)
{
    struct gateway_error error;
    assert_int_equal(gateway_renew_keys(rig.gateway, &error), 0);
}

static bool all_checked(void *user)
{
    const struct gateway_counts counts = rig_count(&rig);
    const unsigned *const checks = user;
    renew_keys();
    return counts.bound == *checks && counts.checking == 0;
}

/* Everybody at once: the threads share keys, which the loop makes anew at every turn. */
static void keys_change_under_all_threads(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CLIENTS; i++) {
        client_open(&clients[i], &rig, (uint8_t)(i + 1));
        client_handshake(&clients[i]);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned checks = (round + 1) * CLIENTS;
        for (unsigned i = 0; i < CLIENTS; i++) {
            const unsigned coin = round * CLIENTS + i;
            const struct paying_terms terms = paying_terms(&rig, coin, (uint8_t)coin);
            const struct lewes_request request =
                paying_request(&paying, &rig, &terms, (uint8_t)(coin + 1), &tickets[i]);
            client_send_request(&clients[i], &request);
        }
        rig_wait(&rig, all_checked, &checks);
        for (unsigned i = 0; i < CLIENTS; i++) {
            struct lewes_answer answer;
            assert_true(client_answer(&clients[i], &answer));
            assert_dvpn(&answer, ONE);
        }
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
}

static void renew_until_stopped(uv_prepare_t *prepare)
{
    unsigned *const times = prepare->data;
    if (rig.stopped)
        return;
    renew_keys();
    (void)rig_count(&rig);
    ++*times;
}

/* A reload may come after everything of the gateway has been freed but the gateway itself. */
static void new_keys_are_harmless_until_the_gateway_is_gone(void **state)
{
    unsigned times = 0;
    uv_prepare_t prepare;
    (void)state;
    assert_int_equal(uv_prepare_init(&rig.loop, &prepare), 0);
    prepare.data = &times;
    assert_int_equal(uv_prepare_start(&prepare, renew_until_stopped), 0);
    rig_stop(&rig);
    uv_close((uv_handle_t *)&prepare, NULL);
    rig_settle(&rig);
    assert_true(times >= 1);
}

/* ---- a queue ---- */

static atomic_bool held;
static uv_work_t holders[THREADS];
static unsigned holding;

static void hold(uv_work_t *work)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    (void)work;
    while (held)
        nanosleep(&pause, NULL);
}

static void let_go(uv_work_t *work, int status)
{
    (void)work;
    assert_int_equal(status, 0);
    holding--;
}

static bool nobody_holds(void *user)
{
    (void)user;
    return holding == 0;
}

/* Until release_threads() nothing that waits in the queue is checked. */
static void hold_threads(void)
{
    held = true;
    for (holding = 0; holding < THREADS; holding++)
        assert_int_equal(uv_queue_work(&rig.loop, &holders[holding], hold, let_go), 0);
}

static void release_threads(void)
{
    held = false;
    rig_wait(&rig, nobody_holds, NULL);
}

static bool one_waits(void *user)
{
    (void)user;
    return rig_count(&rig).checking == 1;
}

static void queue_one(void)
{
    const struct paying_terms terms = paying_terms(&rig, 0, 0);
    const struct lewes_request request = paying_request(&paying, &rig, &terms, 1, &tickets[0]);
    client_open(&clients[0], &rig, 1);
    client_handshake(&clients[0]);
    client_send_request(&clients[0], &request);
    rig_wait(&rig, one_waits, NULL);
}

static void who_vanishes_from_the_queue_is_not_checked(void **state)
{
    (void)state;
    hold_threads();
    queue_one();
    client_vanish(&clients[0]);
    rig_wait_quiet(&rig);
    const struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.checking, 0);
    assert_int_equal(counts.leased_pairs, 0);
    release_threads();
    assert_int_equal(rig_count(&rig).bound, 0);
    client_close(&clients[0]);
}

static void who_stops_does_not_wait_for_the_queue(void **state)
{
    struct lewes_answer answer;
    (void)state;
    hold_threads();
    queue_one();
    rig_stop(&rig);
    assert_true(client_answer(&clients[0], &answer));
    assert_refused(&answer, LEWES_REFUSAL_SHUTDOWN);
    release_threads();
    client_close(&clients[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_change_under_all_threads),
        TEST(new_keys_are_harmless_until_the_gateway_is_gone),
        TEST(who_vanishes_from_the_queue_is_not_checked),
        TEST(who_stops_does_not_wait_for_the_queue),
    };
    if (setenv("UV_THREADPOOL_SIZE", THREADS_TEXT, 1) != 0)
        return 1;
    return cmocka_run_group_tests(tests, open_mint, close_mint);
}
