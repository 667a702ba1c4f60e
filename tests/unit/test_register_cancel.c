/* SPDX-License-Identifier: Apache-2.0 */
/* Every wait can be cancelled, and that has the class of its moment (registration.md 7, R15). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/run.h"
#include "tests/support/recorded_tickets.h"
#include "tests/support/scripted_gateway.h"
#include "tests/support/virtual_net.h"

struct run_of {
    struct vnet net;
    struct recorded_tickets tickets;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_register_result result;
};

static void begin(struct run_of *r, bool two_hops)
{
    memset(r, 0, sizeof *r);
    vnet_init(&r->net);
    vnet_options(&r->net, &r->options, two_hops ? &r->exit : NULL);
    r->options.tickets = recorded_source(&r->tickets);
}

/* Does a ticket without an answer stand when the run ends? */
static bool in_doubt(const struct run_of *r)
{
    for (unsigned i = 0; i < r->tickets.count; i++)
        if (recorded_state(&r->tickets, i) == RECORDED_BURNED)
            return true;
    return false;
}

static void cancel_each_wait(bool two_hops, bool stepwise)
{
    for (unsigned wait = 1;; wait++) {
        struct run_of r;
        begin(&r, two_hops);
        r.options.stepwise = stepwise;
        r.net.cancel_at = wait;
        run_register(&r.options, &r.result, &r.net.world);
        recorded_assert_settled(&r.tickets);
        assert_true(r.net.waits <= wait); /* nothing is waited for after that */
        bool sent = r.net.entry.requests + r.net.exit.requests >
                    (unsigned)(r.result.hops[0].registered + r.result.hops[1].registered);
        vnet_free(&r.net);
        if (r.result.outcome == LEWES_REGISTER_OK) {
            assert_true(r.net.waits < wait);
            break;
        }
        assert_int_equal(r.result.outcome,
                         sent ? LEWES_REGISTER_MAYBE_SPENT : LEWES_REGISTER_BEFORE_SPEND);
        assert_non_null(strstr(r.result.text, "cancelled"));
        if (sent)
            assert_true(in_doubt(&r));
    }
}

static void each_wait_of_one_hop_can_be_cancelled(void **state)
{
    (void)state;
    cancel_each_wait(false, false);
    cancel_each_wait(false, true);
}

static void each_wait_of_two_hops_can_be_cancelled(void **state)
{
    (void)state;
    cancel_each_wait(true, false);
    cancel_each_wait(true, true);
}

static int must_not_be_called(void *user, const struct lewes_register_result *failed)
{
    (void)user, (void)failed;
    fail_msg("another way was taken after cancelling");
    return -1;
}

static void a_pause_between_tries_can_be_cancelled(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r, false);
    r.net.unreachable = 10;
    r.net.cancel_at = 2; /* after that for the first connection */
    r.options.fallback = must_not_be_called;
    assert_int_equal(run_register(&r.options, &r.result, &r.net.world),
                     LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.net.connects, 1);
    assert_int_equal(r.net.pauses, 0);
    vnet_free(&r.net);
}

/* ---- a true gateway that stalls, and another thread ---- */

/* The thread begins when a step does. */
struct progress {
    int fd;
    enum lewes_register_step at;
    pthread_t thread;
    bool begun;
};

static void *cancel(void *argument)
{
    const struct progress *progress = argument;
    assert_int_equal(write(progress->fd, "", 1), 1);
    return NULL;
}

static void cancel_from_another_thread_at(void *user, enum lewes_hop hop,
                                          enum lewes_register_step step, uint64_t elapsed_ms)
{
    struct progress *progress = user;
    (void)hop, (void)elapsed_ms;
    if (step != progress->at || progress->begun)
        return;
    assert_int_equal(pthread_create(&progress->thread, NULL, cancel, progress), 0);
    progress->begun = true;
}

static void another_thread_ends_the_wait_of_a_step(void **state)
{
    static const struct {
        enum lewes_register_step at;
        int frames; /* before the gateway falls silent */
        enum lewes_register_class outcome;
    } cases[] = {{LEWES_STEP_HANDSHAKE, 0, LEWES_REGISTER_BEFORE_SPEND},
                 {LEWES_STEP_HANDSHAKE, 2, LEWES_REGISTER_BEFORE_SPEND},
                 {LEWES_STEP_REGISTER, 3, LEWES_REGISTER_MAYBE_SPENT},
                 {LEWES_STEP_REGISTER, 4, LEWES_REGISTER_MAYBE_SPENT}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scripted_gateway gateway;
        struct lewes_register_result result;
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        struct progress progress = {.fd = fds[1], .at = cases[i].at};
        scripted_gateway_start(&gateway,
                               &(struct script){.end = SCRIPT_STALL, .frames = cases[i].frames});
        const struct lewes_register_options options = {
            .entry = {.gateway = gateway.identity,
                      .host = "127.0.0.1",
                      .port = gateway.port,
                      .wg_key = {{1}}},
            .tickets = lewes_ticket_source_mock(),
            .cancel_fd = fds[0],
            .progress = cancel_from_another_thread_at,
            .progress_user = &progress,
            .handshake_ms = 60000, /* it ends by the other thread, or the test takes too long */
            .registration_ms = 60000,
        };
        enum lewes_register_class outcome = lewes_register(&options, &result);
        scripted_gateway_stop(&gateway);
        assert_true(progress.begun);
        assert_int_equal(pthread_join(progress.thread, NULL), 0);
        /* A cancellation may overtake the request's first byte. */
        if (cases[i].outcome == LEWES_REGISTER_BEFORE_SPEND)
            assert_int_equal(outcome, LEWES_REGISTER_BEFORE_SPEND);
        else
            assert_true(outcome == cases[i].outcome ||
                        (outcome == LEWES_REGISTER_BEFORE_SPEND && !gateway.has_request));
        assert_non_null(strstr(result.text, "cancelled"));
        close(fds[0]);
        close(fds[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wait_of_one_hop_can_be_cancelled),
        cmocka_unit_test(each_wait_of_two_hops_can_be_cancelled),
        cmocka_unit_test(a_pause_between_tries_can_be_cancelled),
        cmocka_unit_test(another_thread_ends_the_wait_of_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
