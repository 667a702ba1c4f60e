/* SPDX-License-Identifier: Apache-2.0 */
/* A registration whose journal fails, or whose process ends, at any call on the disk: no coin pays
 * twice, and what was sent is sent again (registration.md 4, R10, R17; 13 test 9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/journal.h"
#include "client/run.h"
#include "tests/support/disk_faults.h"
#include "tests/support/recorded_tickets.h"
#include "tests/support/temporary_dir.h"
#include "tests/support/virtual_net.h"

#define CONTAINER_LEN (LEWES_PAYMENT_BOUND_LEN + LEWES_PAY_INFO_LEN)
#define CALLS_LEAST 15 /* three entries of five calls each: tried, sent, spent */

/* In memory that a child process shares: a world outlives who looks at it. */
struct scene {
    struct vnet net;
    struct recorded_tickets tickets;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_register_result result;
    struct temporary_dir directory;
    bool two_hops;
};

static struct scene *begin(bool two_hops)
{
    struct scene *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(s, MAP_FAILED);
    vnet_init(&s->net);
    vnet_options(&s->net, &s->options, two_hops ? &s->exit : NULL);
    temporary_dir_make(&s->directory);
    s->options.tickets = recorded_source(&s->tickets);
    s->options.journal = s->directory.path;
    s->options.tries = 1;
    s->two_hops = two_hops;
    return s;
}

static void end(struct scene *s)
{
    temporary_dir_remove(&s->directory);
    vnet_free(&s->net);
    assert_int_equal(munmap(s, sizeof *s), 0);
}

static enum lewes_register_class register_now(struct scene *s)
{
    run_register(&s->options, &s->result, &s->net.world);
    return s->result.outcome;
}

/* Registers in a process of its own. Returns whether it died. */
static bool register_and_die(struct scene *s, unsigned call)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        disk_faults = (struct disk_faults){.die_at = call};
        _exit(register_now(s) == LEWES_REGISTER_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DISK_DEATH);
    vnet_orphan(&s->net);
    recorded_restart(&s->tickets);
    return WEXITSTATUS(status) == DISK_DEATH;
}

/* What the journal says of a hop's coin. */
static enum journal_coin noted_coin(struct scene *s, enum lewes_hop which)
{
    const struct lewes_hop_options *hop =
        which == LEWES_HOP_ENTRY ? &s->options.entry : s->options.exit;
    struct journal *journal = NULL;
    struct lewes_wg_public key;
    struct lewes_env env;
    lewes_env_system(&env);
    lewes_wg_public(&key, &hop->wg_key);
    assert_int_equal(journal_open(&journal, s->directory.path, &hop->gateway, key.bytes, &env), 0);
    enum journal_coin coin = journal_entry(journal)->coin;
    journal_close(journal);
    return coin;
}

static bool coin_has(const struct scene *s, enum lewes_ticket_type type, enum recorded_state state)
{
    for (unsigned i = 0; i < s->tickets.count; i++)
        if (s->tickets.coins[i].type == type && s->tickets.coins[i].state == state)
            return true;
    return false;
}

/* registration.md 4: each step is written before the action that it allows. */
static void assert_written_before(struct scene *s, enum lewes_hop which)
{
    bool exit = which == LEWES_HOP_EXIT;
    const struct vnet_gateway *gateway = exit ? &s->net.exit : &s->net.entry;
    enum lewes_ticket_type type = exit ? LEWES_TICKET_WG_EXIT : LEWES_TICKET_WG_ENTRY;
    enum journal_coin noted = noted_coin(s, which);
    bool sent = coin_has(s, type, RECORDED_SENT), spent = coin_has(s, type, RECORDED_SPENT);
    if (gateway->requests > 0) /* it has left */
        assert_true((sent || spent) && (noted == JOURNAL_SENT || noted == JOURNAL_SPENT));
    if (noted == JOURNAL_SENT) /* the wallet first */
        assert_true(sent);
    if (spent) /* the result first */
        assert_int_equal(noted, JOURNAL_SPENT);
}

static void assert_one_container(const struct vnet_gateway *gateway)
{
    for (unsigned i = 1; i < gateway->requests; i++)
        assert_memory_equal(gateway->containers[i], gateway->containers[0], CONTAINER_LEN);
}

static void the_next_call_goes_on(struct scene *s)
{
    bool entry_was_sent = noted_coin(s, LEWES_HOP_ENTRY) == JOURNAL_SENT;
    assert_int_equal(register_now(s), LEWES_REGISTER_OK);
    assert_int_equal(s->result.hops[LEWES_HOP_ENTRY].repeated, entry_was_sent);
    assert_one_container(&s->net.entry);
    assert_one_container(&s->net.exit);
}

static unsigned die_at_each_call(bool two_hops)
{
    unsigned call = 0;
    bool died = true;
    while (died) {
        struct scene *s = begin(two_hops);
        died = register_and_die(s, ++call);
        assert_written_before(s, LEWES_HOP_ENTRY);
        if (two_hops)
            assert_written_before(s, LEWES_HOP_EXIT);
        the_next_call_goes_on(s);
        end(s);
    }
    return call - 1;
}

static void a_process_that_ends_at_any_call_on_the_disk_pays_once(void **state)
{
    (void)state;
    assert_true(die_at_each_call(false) >= CALLS_LEAST);
}

static void so_it_does_with_two_hops(void **state)
{
    (void)state;
    assert_true(die_at_each_call(true) >= 2 * CALLS_LEAST);
}

/* Returns whether there was such a call. */
static bool fail_at(bool two_hops, unsigned call)
{
    struct scene *s = begin(two_hops);
    disk_faults = (struct disk_faults){.fail_at = call};
    enum lewes_register_class outcome = register_now(s);
    bool met = disk_faults.calls >= call;
    memset(&disk_faults, 0, sizeof disk_faults);
    /* Either nothing has left, or the tunnel is there all the same. */
    if (outcome != LEWES_REGISTER_OK) {
        assert_int_equal(outcome, LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(s->net.entry.requests, 0);
    }
    recorded_assert_settled(&s->tickets);
    assert_written_before(s, LEWES_HOP_ENTRY);
    assert_int_equal(register_now(s), LEWES_REGISTER_OK);
    assert_one_container(&s->net.exit);
    end(s);
    return met;
}

static void a_disk_that_fails_at_any_call_costs_no_answer(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        unsigned call = 1;
        while (fail_at(two_hops, call))
            call++;
        assert_true(call > CALLS_LEAST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_ends_at_any_call_on_the_disk_pays_once),
        cmocka_unit_test(so_it_does_with_two_hops),
        cmocka_unit_test(a_disk_that_fails_at_any_call_costs_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
