/* SPDX-License-Identifier: Apache-2.0 */
/* What a later call makes of what an earlier one, or a killed process, has left (registration.md 4,
 * R10, R17, R22; 13 test 9). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/journal.h"
#include "client/run.h"
#include "tests/support/recorded_tickets.h"
#include "tests/support/temporary_dir.h"
#include "tests/support/virtual_net.h"

#define CONTAINER_LEN (LEWES_PAYMENT_BOUND_LEN + LEWES_PAY_INFO_LEN)
#define DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

/* In memory that a child process shares: a world outlives who looks at it. */
struct run_of {
    struct vnet net;
    struct recorded_tickets tickets;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_register_result result;
    struct temporary_dir directory;
};

static struct run_of *begin(bool two_hops)
{
    struct run_of *r =
        mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(r, MAP_FAILED);
    vnet_init(&r->net);
    vnet_options(&r->net, &r->options, two_hops ? &r->exit : NULL);
    temporary_dir_make(&r->directory);
    r->options.tickets = recorded_source(&r->tickets);
    r->options.journal = r->directory.path;
    r->options.tries = 1;
    return r;
}

static void end(struct run_of *r)
{
    temporary_dir_remove(&r->directory);
    vnet_free(&r->net);
    assert_int_equal(munmap(r, sizeof *r), 0);
}

static enum lewes_register_class register_now(struct run_of *r)
{
    run_register(&r->options, &r->result, &r->net.world);
    recorded_assert_settled(&r->tickets);
    return r->result.outcome;
}

static void assert_one_container(const struct vnet_gateway *gateway)
{
    for (unsigned i = 1; i < gateway->requests; i++)
        assert_memory_equal(gateway->containers[i], gateway->containers[0], CONTAINER_LEN);
}

static void assert_same_tunnel(const struct lewes_tunnel *a, const struct lewes_tunnel *b)
{
    assert_memory_equal(&a->gateway_key, &b->gateway_key, LEWES_KEY_LEN);
    assert_memory_equal(&a->endpoint.ip, &b->endpoint.ip, sizeof a->endpoint.ip);
    assert_int_equal(a->endpoint.port, b->endpoint.port);
    assert_memory_equal(a->ipv4, b->ipv4, sizeof a->ipv4);
    assert_memory_equal(a->ipv6, b->ipv6, sizeof a->ipv6);
}

static void a_known_result_is_given_again_without_a_connection(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        struct run_of *r = begin(two_hops);
        assert_int_equal(register_now(r), LEWES_REGISTER_OK);
        const struct lewes_register_result first = r->result;
        assert_int_equal(register_now(r), LEWES_REGISTER_OK);
        assert_int_equal(r->net.connects, 1);
        assert_int_equal(r->tickets.count, 1 + two_hops);
        assert_true(r->result.hops[LEWES_HOP_ENTRY].known);
        assert_int_equal(r->result.hops[LEWES_HOP_EXIT].known, two_hops);
        assert_same_tunnel(&r->result.entry.tunnel, &first.entry.tunnel);
        assert_same_tunnel(&r->result.exit.tunnel, &first.exit.tunnel);
        assert_memory_equal(r->result.hops[0].serial, first.hops[0].serial, LEWES_SERIAL_LEN);
        assert_int_equal(r->result.hops[0].bandwidth, first.hops[0].bandwidth);
        end(r);
    }
}

static void topping_up_connects_and_pays(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    r->options.top_up = true;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_int_equal(r->net.connects, 2);
    assert_int_equal(r->tickets.count, 2);
    assert_false(r->result.hops[LEWES_HOP_ENTRY].known);
    end(r);
}

static void a_result_without_credit_is_no_result(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    r->net.now += 6 * DAY_MS;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_int_equal(r->net.connects, 2);
    end(r);
}

/* A tunnel that is known, and a ticket for more that was not answered. */
static struct run_of *begin_with_a_top_up_in_doubt(void)
{
    struct run_of *r = begin(false);
    r->net.entry.plan[1] = VNET_VANISH;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    r->options.top_up = true;
    assert_int_equal(register_now(r), LEWES_REGISTER_MAYBE_SPENT);
    r->options.top_up = false;
    assert_int_equal(recorded_state(&r->tickets, 1), RECORDED_SENT);
    return r;
}

static void a_top_up_in_doubt_is_sent_again_although_a_tunnel_is_known(void **state)
{
    struct run_of *r = begin_with_a_top_up_in_doubt();
    (void)state;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_true(r->result.hops[LEWES_HOP_ENTRY].repeated);
    assert_false(r->result.hops[LEWES_HOP_ENTRY].known);
    assert_memory_equal(r->net.entry.containers[2], r->net.entry.containers[1], CONTAINER_LEN);
    assert_int_equal(r->tickets.count, 2);
    assert_int_equal(recorded_state(&r->tickets, 1), RECORDED_SPENT);
    end(r);
}

static void a_top_up_in_doubt_for_a_day_is_burned_and_the_tunnel_known(void **state)
{
    struct run_of *r = begin_with_a_top_up_in_doubt();
    (void)state;
    r->net.now += DAY_MS + 1000;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_true(r->result.hops[LEWES_HOP_ENTRY].known);
    assert_int_equal(r->net.connects, 2);
    assert_int_equal(recorded_state(&r->tickets, 1), RECORDED_BURNED);
    end(r);
}

static void credit_is_counted_from_the_day_of_the_first_sending(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    r->net.entry.plan[0] = VNET_VANISH;
    assert_int_equal(register_now(r), LEWES_REGISTER_MAYBE_SPENT);
    r->net.now += DAY_MS; /* the ticket can be sent again for so long */
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    r->net.now += 5 * DAY_MS;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_false(r->result.hops[LEWES_HOP_ENTRY].known);
    end(r);
}

static void a_ticket_in_doubt_is_sent_again_by_the_next_call(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    r->net.entry.plan[0] = VNET_VANISH;
    assert_int_equal(register_now(r), LEWES_REGISTER_MAYBE_SPENT);
    assert_int_equal(recorded_state(&r->tickets, 0), RECORDED_SENT);
    r->net.unreachable = 1; /* which does not make it less doubtful */
    assert_int_equal(register_now(r), LEWES_REGISTER_MAYBE_SPENT);
    assert_int_equal(recorded_state(&r->tickets, 0), RECORDED_SENT);
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_true(r->result.hops[LEWES_HOP_ENTRY].repeated);
    assert_int_equal(r->net.entry.requests, 2);
    assert_one_container(&r->net.entry);
    assert_int_equal(r->tickets.count, 1);
    assert_int_equal(recorded_state(&r->tickets, 0), RECORDED_SPENT);
    end(r);
}

/* A refusal is the last word only about what it answers. */
static void a_refused_ticket_that_is_sent_again_is_in_doubt_again(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    r->options.tries = 2;
    r->net.entry.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_BUSY);
    r->net.entry.plan[1] = VNET_VANISH;
    assert_int_equal(register_now(r), LEWES_REGISTER_MAYBE_SPENT);
    assert_int_equal(r->net.entry.requests, 2);
    assert_int_equal(recorded_state(&r->tickets, 0), RECORDED_SENT);
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_one_container(&r->net.entry);
    assert_int_equal(r->tickets.count, 1);
    end(r);
}

static void a_ticket_in_doubt_for_a_day_is_burned(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    r->net.entry.plan[0] = VNET_VANISH;
    assert_int_equal(register_now(r), LEWES_REGISTER_MAYBE_SPENT);
    r->net.now += DAY_MS + 1000;
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_int_equal(r->tickets.count, 2);
    assert_int_equal(recorded_state(&r->tickets, 0), RECORDED_BURNED);
    assert_int_equal(recorded_state(&r->tickets, 1), RECORDED_SPENT);
    end(r);
}

static void a_credited_ticket_is_sent_again_by_the_next_call(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    r->net.entry.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_DEVICE);
    assert_int_equal(register_now(r), LEWES_REGISTER_REJECTED);
    assert_int_equal(r->result.coin, LEWES_COIN_CREDITED);
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_one_container(&r->net.entry);
    assert_int_equal(r->tickets.count, 1);
    end(r);
}

static void a_refused_ticket_is_not_used_again(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    r->net.entry.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_PROOF);
    assert_int_equal(register_now(r), LEWES_REGISTER_REJECTED);
    assert_int_equal(recorded_state(&r->tickets, 0), RECORDED_BURNED);
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_int_equal(r->tickets.count, 2);
    end(r);
}

static void the_exits_result_is_kept_when_the_entry_refuses(void **state)
{
    struct run_of *r = begin(true);
    (void)state;
    r->net.entry.plan[0] = VNET_REFUSAL(LEWES_REFUSAL_PROOF);
    assert_int_equal(register_now(r), LEWES_REGISTER_REJECTED);
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_true(r->result.hops[LEWES_HOP_EXIT].known);
    assert_false(r->result.hops[LEWES_HOP_ENTRY].known);
    assert_int_equal(r->net.exit.requests, 1);
    assert_int_equal(r->net.exit.connections, 1);
    assert_int_equal(r->tickets.count, 3); /* exit, entry, entry */
    end(r);
}

/* The connection breaks between what is noted and its first byte. */
static void a_ticket_that_did_not_leave_is_kept_only_by_a_journal(void **state)
{
    (void)state;
    for (int journal = 0; journal < 2; journal++) {
        struct run_of *r = begin(false);
        assert_int_equal(register_now(r), LEWES_REGISTER_OK);
        r->options.top_up = true;
        r->net.fault = VNET_CLOSE;
        r->net.fault_at = r->net.tickets[0].sent;
        r->options.journal = journal ? r->directory.path : NULL;
        assert_int_equal(register_now(r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(recorded_state(&r->tickets, 1), journal ? RECORDED_SENT : RECORDED_BURNED);
        assert_non_null(
            strstr(r->result.text, journal ? "kept for the next call" : "cannot be used"));
        r->net.fault = VNET_NO_FAULT;
        assert_int_equal(register_now(r), LEWES_REGISTER_OK);
        assert_int_equal(r->tickets.count, journal ? 2 : 3);
        end(r);
    }
}

static struct run_of *run_without_disk;

static int pay_and_lose_the_disk(void *user, uint64_t coin, const struct lewes_ticket_order *order,
                                 uint8_t *payment, struct lewes_credential *credential)
{
    temporary_dir_remove(&run_without_disk->directory);
    return recorded_source(user).pay(user, coin, order, payment, credential);
}

static void a_ticket_that_the_journal_cannot_note_does_not_leave(void **state)
{
    struct run_of *r = run_without_disk = begin(false);
    (void)state;
    r->options.tickets.pay = pay_and_lose_the_disk;
    assert_int_equal(register_now(r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_not_equal(r->result.os_error, 0);
    assert_int_equal(r->net.entry.requests, 0);
    assert_int_equal(recorded_state(&r->tickets, 0), RECORDED_BURNED);
    assert_non_null(strstr(r->result.text, "cannot be used"));
    temporary_dir_make(&r->directory); /* for the end */
    end(r);
}

static void two_processes_do_not_work_on_one_entry(void **state)
{
    struct run_of *r = begin(false);
    struct journal *journal = NULL;
    struct lewes_wg_public key;
    struct lewes_env env;
    (void)state;
    lewes_env_system(&env);
    lewes_wg_public(&key, &r->options.entry.wg_key);
    assert_int_equal(
        journal_open(&journal, r->directory.path, &r->net.entry.identity, key.bytes, &env), 0);
    assert_int_equal(register_now(r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r->result.os_error, EBUSY);
    assert_int_equal(r->tickets.calls, 0);
    assert_int_equal(r->net.connects, 0);
    journal_close(journal);
    end(r);
}

static void without_the_journal_no_coin_is_touched(void **state)
{
    struct run_of *r = begin(false);
    (void)state;
    r->options.journal = "/dev/null";
    assert_int_equal(register_now(r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_not_equal(r->result.os_error, 0);
    assert_int_equal(r->tickets.calls, 0);
    assert_int_equal(r->net.connects, 0);
    end(r);
}

/* ---- killed ---- */

/* Returns whether a child process was killed before it was done. */
static bool is_killed(struct run_of *r)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_register(&r->options, &r->result, &r->net.world);
        _exit(r->result.outcome == LEWES_REGISTER_OK ? 7 : 8);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7);
    vnet_orphan(&r->net);
    recorded_restart(&r->tickets);
    return WEXITSTATUS(status) == 0;
}

/* The next call gets what is there to be got, with the same container, if one was sent. */
static void assert_next_call_is_well(struct run_of *r, bool two_hops)
{
    assert_int_equal(register_now(r), LEWES_REGISTER_OK);
    assert_one_container(&r->net.entry);
    assert_one_container(&r->net.exit);
    assert_true(r->net.entry.requests >= 1);
    assert_int_equal(r->net.exit.requests >= 1, two_hops);
}

static void a_process_killed_at_any_wait_leaves_one_container(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        bool killed = true;
        for (unsigned wait = 1; killed; wait++) {
            struct run_of *r = begin(two_hops);
            r->net.kill_at = wait;
            killed = is_killed(r);
            assert_next_call_is_well(r, two_hops);
            end(r);
        }
    }
}

static void a_process_killed_at_any_call_of_the_wallet_leaves_one_container(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        bool killed = true;
        for (unsigned call = 1; killed; call++) {
            struct run_of *r = begin(two_hops);
            r->tickets.kill_call = call;
            killed = is_killed(r);
            assert_next_call_is_well(r, two_hops);
            end(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_result_is_given_again_without_a_connection),
        cmocka_unit_test(topping_up_connects_and_pays),
        cmocka_unit_test(a_result_without_credit_is_no_result),
        cmocka_unit_test(a_top_up_in_doubt_is_sent_again_although_a_tunnel_is_known),
        cmocka_unit_test(a_top_up_in_doubt_for_a_day_is_burned_and_the_tunnel_known),
        cmocka_unit_test(credit_is_counted_from_the_day_of_the_first_sending),
        cmocka_unit_test(a_ticket_in_doubt_is_sent_again_by_the_next_call),
        cmocka_unit_test(a_refused_ticket_that_is_sent_again_is_in_doubt_again),
        cmocka_unit_test(a_ticket_in_doubt_for_a_day_is_burned),
        cmocka_unit_test(a_credited_ticket_is_sent_again_by_the_next_call),
        cmocka_unit_test(a_refused_ticket_is_not_used_again),
        cmocka_unit_test(the_exits_result_is_kept_when_the_entry_refuses),
        cmocka_unit_test(a_ticket_that_did_not_leave_is_kept_only_by_a_journal),
        cmocka_unit_test(a_ticket_that_the_journal_cannot_note_does_not_leave),
        cmocka_unit_test(two_processes_do_not_work_on_one_entry),
        cmocka_unit_test(without_the_journal_no_coin_is_touched),
        cmocka_unit_test(a_process_killed_at_any_wait_leaves_one_container),
        cmocka_unit_test(a_process_killed_at_any_call_of_the_wallet_leaves_one_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
