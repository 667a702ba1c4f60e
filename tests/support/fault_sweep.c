/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fault_sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "client/run.h"
#include "tests/support/recorded_tickets.h"

/* A whole registration without a fault: where its tickets stand. */
struct reference {
    unsigned tickets;
    struct {
        size_t flight, sent, received; /* when the ticket's packet left, and its whole flight */
    } at[LEWES_HOPS];
    size_t sent, received;
};

static enum lewes_register_class register_once(struct vnet *net, bool two_hops,
                                               struct lewes_register_result *result)
{
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct recorded_tickets tickets = {0};
    vnet_options(net, &options, two_hops ? &exit : NULL);
    options.tries = 1;
    options.tickets = recorded_source(&tickets);
    run_register(&options, result, &net->world);
    recorded_assert_settled(&tickets);
    return result->outcome;
}

static struct reference measure(struct vnet *net, bool two_hops)
{
    struct reference reference = {0};
    struct lewes_register_result result;
    assert_int_equal(register_once(net, two_hops, &result), LEWES_REGISTER_OK);
    reference.tickets = net->ticket_count;
    assert_int_equal(reference.tickets, two_hops ? 2 : 1);
    for (unsigned i = 0; i < reference.tickets; i++) {
        reference.at[i].flight = net->tickets[i].flight;
        reference.at[i].sent = net->tickets[i].sent;
        reference.at[i].received = net->tickets[i].received;
    }
    reference.sent = net->sent;
    reference.received = net->received;
    return reference;
}

/* Has this ticket left, wholly or in part? What was received lets it leave, but for the last byte;
 * a byte that is spoiled on its way out does not stop those behind it in the same flight. */
static bool has_left(const struct vnet *net, const struct reference *reference, unsigned ticket)
{
    if (net->fault_inbound)
        return net->fault_at >= reference->at[ticket].received;
    return net->fault == VNET_GARBAGE ? net->fault_at >= reference->at[ticket].flight
                                      : net->fault_at > reference->at[ticket].sent;
}

/* The second ticket can be about to leave only when the first has been answered. */
static bool second_is_due(const struct vnet *net, const struct reference *reference)
{
    if (reference->tickets < 2)
        return false;
    return net->fault_inbound ? net->fault_at >= reference->at[1].received
                              : net->fault_at >= reference->at[1].flight;
}

static enum lewes_register_class expected(const struct vnet *net, const struct reference *reference)
{
    unsigned last = second_is_due(net, reference) ? 1 : 0;
    return has_left(net, reference, last) ? LEWES_REGISTER_MAYBE_SPENT
                                          : LEWES_REGISTER_BEFORE_SPEND;
}

static void assert_class(const struct vnet *net, const struct reference *reference,
                         const struct lewes_register_result *result)
{
    enum lewes_register_class want = expected(net, reference);
    /* Some bits mean nothing to a reader (protocol.md P7, P8): then nothing happens at all. */
    if (net->fault == VNET_GARBAGE && result->outcome == LEWES_REGISTER_OK)
        return;
    if (result->outcome != want)
        fail_msg("%s byte %zu: class %d, expected %d (%s)", net->fault_inbound ? "in" : "out",
                 net->fault_at, (int)result->outcome, (int)want, result->text);
    assert_true(strlen(result->text) > 0);
    /* Nothing that was received later lets a ticket leave that had not been expected. */
    assert_int_equal(net->sent_most > reference->at[0].sent, has_left(net, reference, 0));
}

static void fault_sweep(bool two_hops, enum vnet_fault fault, bool inbound)
{
    struct vnet net;
    vnet_init(&net);
    const struct reference reference = measure(&net, two_hops);
    size_t end = inbound ? reference.received : reference.sent;
    net.fault = fault;
    net.fault_inbound = inbound;
    for (net.fault_at = 0; net.fault_at < end; net.fault_at++) {
        struct lewes_register_result result;
        vnet_reset(&net);
        register_once(&net, two_hops, &result);
        assert_class(&net, &reference, &result);
    }
    vnet_free(&net);
}

/* ---- tests ---- */

static void a_close_at_every_byte_of_what_is_sent(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_CLOSE, false);
}

static void a_close_at_every_byte_of_what_is_received(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_CLOSE, true);
}

static void a_reset_at_every_byte_of_what_is_sent(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_RESET, false);
}

static void a_reset_at_every_byte_of_what_is_received(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_RESET, true);
}

static void a_stall_at_every_byte_of_what_is_sent(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_STALL, false);
}

static void a_stall_at_every_byte_of_what_is_received(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_STALL, true);
}

static void garbage_at_every_byte_of_what_is_sent(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_GARBAGE, false);
}

static void garbage_at_every_byte_of_what_is_received(void **state)
{
    fault_sweep(*(const bool *)*state, VNET_GARBAGE, true);
}

int fault_sweep_run(bool two_hops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_close_at_every_byte_of_what_is_sent, &two_hops),
        cmocka_unit_test_prestate(a_close_at_every_byte_of_what_is_received, &two_hops),
        cmocka_unit_test_prestate(a_reset_at_every_byte_of_what_is_sent, &two_hops),
        cmocka_unit_test_prestate(a_reset_at_every_byte_of_what_is_received, &two_hops),
        cmocka_unit_test_prestate(a_stall_at_every_byte_of_what_is_sent, &two_hops),
        cmocka_unit_test_prestate(a_stall_at_every_byte_of_what_is_received, &two_hops),
        cmocka_unit_test_prestate(garbage_at_every_byte_of_what_is_sent, &two_hops),
        cmocka_unit_test_prestate(garbage_at_every_byte_of_what_is_received, &two_hops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
