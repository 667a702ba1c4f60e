/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/recorded_tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define FIRST_NAME 700 /* coins are numbered from here, so that nobody guesses */

static bool fails(struct recorded_tickets *tickets)
{
    return ++tickets->calls == tickets->fail_call;
}

static void die(const struct recorded_tickets *tickets)
{
    if (tickets->calls == tickets->kill_call)
        _exit(0);
}

static int reserve(void *user, enum lewes_ticket_type type, uint64_t *coin)
{
    struct recorded_tickets *tickets = user;
    if (fails(tickets))
        return -1;
    assert_true(tickets->count < RECORDED_COINS);
    *coin = FIRST_NAME + tickets->count;
    tickets->coins[tickets->count].type = type;
    tickets->coins[tickets->count++].state = RECORDED_RESERVED;
    return 0;
}

static int pay(void *user, uint64_t coin, const struct lewes_ticket_order *order, uint8_t *payment,
               struct lewes_credential *credential)
{
    struct recorded_tickets *tickets = user;
    const struct lewes_ticket_source mock = lewes_ticket_source_mock();
    assert_in_range(coin, FIRST_NAME, FIRST_NAME + tickets->count - 1);
    enum recorded_state *state = &tickets->coins[coin - FIRST_NAME].state;
    assert_true(*state == RECORDED_RESERVED || *state == RECORDED_PAID);
    assert_int_equal(order->type, tickets->coins[coin - FIRST_NAME].type);
    assert_ptr_equal(credential->payment, payment);
    if (fails(tickets))
        return -1;
    *state = RECORDED_PAID;
    return mock.pay(mock.user, coin, order, payment, credential);
}

static int settle(void *user, uint64_t coin, enum lewes_coin_state to)
{
    struct recorded_tickets *tickets = user;
    assert_in_range(coin, FIRST_NAME, FIRST_NAME + tickets->count - 1);
    enum recorded_state *state = &tickets->coins[coin - FIRST_NAME].state;
    bool fail_it = fails(tickets);
    switch (to) {
    case LEWES_COIN_FREE:
        assert_true(*state == RECORDED_RESERVED || *state == RECORDED_PAID);
        *state = RECORDED_FREE;
        break;
    case LEWES_COIN_SENT:
        assert_int_equal(*state, RECORDED_PAID);
        if (!fail_it)
            *state = RECORDED_SENT;
        break;
    case LEWES_COIN_SPENT:
        assert_int_equal(*state, RECORDED_SENT);
        *state = RECORDED_SPENT;
        break;
    case LEWES_COIN_BURNED:
        assert_int_equal(*state, RECORDED_SENT);
        *state = RECORDED_BURNED;
        break;
    }
    return fail_it ? -1 : 0;
}

static int reserve_or_die(void *user, enum lewes_ticket_type type, uint64_t *coin)
{
    int failed = reserve(user, type, coin);
    die(user);
    return failed;
}

static int pay_or_die(void *user, uint64_t coin, const struct lewes_ticket_order *order,
                      uint8_t *payment, struct lewes_credential *credential)
{
    int failed = pay(user, coin, order, payment, credential);
    die(user);
    return failed;
}

static int settle_or_die(void *user, uint64_t coin, enum lewes_coin_state to)
{
    int failed = settle(user, coin, to);
    die(user);
    return failed;
}

struct lewes_ticket_source recorded_source(struct recorded_tickets *tickets)
{
    return (struct lewes_ticket_source){
        .user = tickets, .reserve = reserve_or_die, .pay = pay_or_die, .settle = settle_or_die};
}

void recorded_restart(struct recorded_tickets *tickets)
{
    tickets->kill_call = 0;
    for (unsigned i = 0; i < tickets->count; i++)
        if (tickets->coins[i].state == RECORDED_RESERVED ||
            tickets->coins[i].state == RECORDED_PAID)
            tickets->coins[i].state = RECORDED_FREE;
}

void recorded_assert_settled(const struct recorded_tickets *tickets)
{
    for (unsigned i = 0; i < tickets->count; i++)
        assert_true(tickets->coins[i].state != RECORDED_RESERVED &&
                    tickets->coins[i].state != RECORDED_PAID);
}

enum recorded_state recorded_state(const struct recorded_tickets *tickets, unsigned n)
{
    assert_true(n < tickets->count);
    return tickets->coins[n].state;
}
