/* SPDX-License-Identifier: Apache-2.0 */
/* Real tickets at a whole gateway: the table of ecash.md 6, repeats, keys that change, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/paying.h"

#define ONE INT64_C(500000000)
#define PAIRS (4096 - 3)
#define MIDNIGHT_MS ((uint64_t)PAYING_DAY * 1000 + UINT64_C(86400000))

static struct paying paying;
static struct rig rig;
static struct client client, other;
static struct client_ticket ticket;

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

static void begin(const char *range)
{
    rig_init(&rig);
    paying_configure(&paying, &rig, range);
}

static void dial(struct client *who, uint8_t number)
{
    client_open(who, &rig, number);
    client_handshake(who);
}

static int up(void **state)
{
    (void)state;
    begin("");
    rig_start(&rig);
    dial(&client, 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    client_close(&client);
    rig_down(&rig);
    return 0;
}

static uint64_t tickets(void)
{
    struct store_counts counts;
    assert_int_equal(store_count(rig.store, &counts), STORE_OK);
    return counts.tickets;
}

static struct lewes_request pay(unsigned coin, uint8_t wg_who)
{
    const struct paying_terms terms = paying_terms(&rig, coin, (uint8_t)coin);
    return paying_request(&paying, &rig, &terms, wg_who, &ticket);
}

static struct lewes_answer ask(const struct lewes_request *request)
{
    return client_register(&client, request);
}

static void assert_no_trace(void)
{
    assert_int_equal(tickets(), 0);
    assert_int_equal(rig_peers(&rig), 0);
    assert_int_equal(rig_count(&rig).free_pairs, PAIRS);
    assert_int_equal(rig_count(&rig).leased_pairs, 0);
}

/* A refusal ends nothing but may be the third one: every case has its own connection. */
static void expect(const struct lewes_request *request, enum lewes_refusal refusal)
{
    struct lewes_answer answer;
    client_close(&client);
    dial(&client, 1);
    answer = ask(request);
    assert_refused(&answer, refusal);
    assert_no_trace();
}

/* ---- what is good ---- */

static void a_valid_ticket_registers_and_is_kept_whole(void **state)
{
    const struct lewes_request request = pay(0, 1);
    struct lewes_payment_view view;
    struct store_ticket kept;
    (void)state;
    struct lewes_answer answer = ask(&request);
    assert_dvpn(&answer, ONE);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(lewes_payment_peek(&view, ticket.payment, request.credential.payment_len),
                     LEWES_OK);
    assert_int_equal(store_find_ticket(rig.store, view.serial, &kept), STORE_OK);
    assert_memory_equal(kept.tag, view.tag, sizeof kept.tag);
    assert_memory_equal(kept.pay_info, ticket.pay_info, sizeof kept.pay_info);
    assert_memory_equal(kept.owner, request.wg_key.bytes, sizeof kept.owner);
    assert_int_equal(kept.payment_len, LEWES_PAYMENT_BOUND_LEN);
    assert_int_equal(kept.ticket_type, LEWES_TICKET_WG_ENTRY);
    assert_int_equal(kept.epoch, 1);
    assert_int_equal(kept.spend_date.year, 2026);
    assert_int_equal(kept.spend_date.day, 14);
    assert_int_equal(kept.amount, ONE);
    assert_int_equal(kept.spent_at, RIG_UNIX_MS / 1000);
}

static void an_unbound_ticket_is_taken_unless_they_are_refused(void **state)
{
    struct paying_terms terms;
    struct lewes_request request;
    struct lewes_answer answer;
    (void)state;
    terms = paying_terms(&rig, 1, 1);
    terms.unbound = true;
    request = paying_request(&paying, &rig, &terms, 1, &ticket);
    answer = ask(&request);
    assert_dvpn(&answer, ONE);
    client_close(&client);
    rig_stop(&rig);
    rig.settings.registration.unbound = SETTINGS_UNBOUND_REFUSE;
    rig_start(&rig);
    dial(&client, 1);
    terms.coin = 2;
    request = paying_request(&paying, &rig, &terms, 2, &ticket);
    answer = ask(&request);
    assert_refused(&answer, LEWES_REFUSAL_PROOF);
    assert_int_equal(tickets(), 1);
}

static void unbound_tickets_of_a_source_may_be_few(void **state)
{
    struct lewes_answer answer;
    struct paying_terms terms;
    struct lewes_request request;
    (void)state;
    client_close(&client);
    rig_stop(&rig);
    rig.settings.registration.unbound = SETTINGS_UNBOUND_LIMIT;
    rig.settings.registration.unbound_limit.count = 2;
    rig_start(&rig);
    dial(&client, 1);
    for (unsigned i = 0; i < 3; i++) {
        terms = paying_terms(&rig, i, (uint8_t)i);
        terms.unbound = true;
        request = paying_request(&paying, &rig, &terms, (uint8_t)(i + 1), &ticket);
        answer = ask(&request);
        if (i < 2)
            assert_dvpn(&answer, ONE);
        else
            assert_refused(&answer, LEWES_REFUSAL_BUSY);
    }
    terms.unbound = false;
    request = paying_request(&paying, &rig, &terms, 3, &ticket);
    answer = ask(&request);
    assert_dvpn(&answer, ONE);
    const struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.unbound, 2);
    assert_int_equal(counts.bound, 1);
}

/* ---- what is not ---- */

static void a_wrong_type_is_refused(void **state)
{
    struct lewes_request request = pay(0, 1);
    (void)state;
    request.ticket_type = LEWES_TICKET_WG_EXIT; /* not the payment's */
    expect(&request, LEWES_REFUSAL_TICKET_TYPE);
    ticket.payment[PAYING_TYPE_AT] = LEWES_TICKET_MIXNET_ENTRY; /* not the mode's */
    request.ticket_type = LEWES_TICKET_MIXNET_ENTRY;
    expect(&request, LEWES_REFUSAL_TICKET_TYPE);
    ticket.payment[PAYING_TYPE_AT] = LEWES_TICKET_WG_EXIT; /* changed by hand, to what fits */
    request.ticket_type = LEWES_TICKET_WG_EXIT;
    expect(&request, LEWES_REFUSAL_PROOF);
    ticket.payment[PAYING_TYPE_AT] = 4;
    expect(&request, LEWES_REFUSAL_TICKET_TYPE);
}

static void several_tickets_in_one_are_refused(void **state)
{
    const struct lewes_request request = pay(0, 1);
    (void)state;
    ticket.payment[PAYING_VALUE_AT] = 2;
    expect(&request, LEWES_REFUSAL_MULTIPLE);
}

static void a_payment_for_another_gateway_is_refused(void **state)
{
    struct paying_terms terms = paying_terms(&rig, 0, 1);
    struct lewes_request request;
    (void)state;
    terms.info.gateway.bytes[0] ^= 1;
    request = paying_request(&paying, &rig, &terms, 1, &ticket);
    expect(&request, LEWES_REFUSAL_PAYEE);
}

static void a_payment_is_fresh_for_thirty_seconds(void **state)
{
    static const struct {
        int64_t off;
        bool fresh;
    } rows[] = {{-31, false},       {31, false}, {INT64_MIN, false},
                {INT64_MAX, false}, {-30, true}, {30, true}};
    const int64_t now = RIG_UNIX_MS / 1000;
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct paying_terms terms = paying_terms(&rig, i, (uint8_t)i);
        const bool extreme = rows[i].off == INT64_MIN || rows[i].off == INT64_MAX;
        terms.info.unix_seconds = extreme ? rows[i].off : now + rows[i].off;
        const struct lewes_request request =
            paying_request(&paying, &rig, &terms, (uint8_t)(i + 1), &ticket);
        if (!rows[i].fresh) {
            expect(&request, LEWES_REFUSAL_STALE);
            continue;
        }
        const struct lewes_answer answer = ask(&request);
        assert_dvpn(&answer, ONE);
    }
    assert_int_equal(tickets(), 2);
}

static void the_spend_date_is_today(void **state)
{
    struct paying_terms terms = paying_terms(&rig, 0, 1);
    struct lewes_request request;
    (void)state;
    terms.day = PAYING_DAY - LEWES_DAY;
    request = paying_request(&paying, &rig, &terms, 1, &ticket);
    expect(&request, LEWES_REFUSAL_SPEND_DATE);
    terms.day = PAYING_DAY + LEWES_DAY;
    request = paying_request(&paying, &rig, &terms, 1, &ticket);
    expect(&request, LEWES_REFUSAL_SPEND_DATE);
    request.credential.spend_date = lewes_date_of(PAYING_DAY); /* not what was signed */
    expect(&request, LEWES_REFUSAL_PROOF);
}

/* In the 30th second of a day nobody within the tolerance has the day before any more. */
static void around_midnight_both_days_are_right(void **state)
{
    static const struct {
        int64_t ms;
        bool tomorrow, good;
    } rows[] = {
        {-31000, true, false},
        {30000, false, false},
        {-30000, true, true},
        {29000, false, true},
    };
    uint64_t good = 0;
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        atomic_store(&rig.unix_ms, MIDNIGHT_MS + (uint64_t)rows[i].ms);
        struct paying_terms terms = paying_terms(&rig, i, (uint8_t)i);
        terms.day = rows[i].tomorrow ? PAYING_DAY + LEWES_DAY : PAYING_DAY;
        const struct lewes_request request =
            paying_request(&paying, &rig, &terms, (uint8_t)(i + 1), &ticket);
        client_close(&client);
        dial(&client, 1);
        const struct lewes_answer answer = ask(&request);
        if (rows[i].good)
            assert_dvpn(&answer, ONE);
        else
            assert_refused(&answer, LEWES_REFUSAL_SPEND_DATE);
        good += rows[i].good;
        assert_int_equal(tickets(), good);
    }
}

static void an_unknown_epoch_is_refused(void **state)
{
    struct lewes_request request = pay(0, 1);
    (void)state;
    request.credential.epoch = 2;
    expect(&request, LEWES_REFUSAL_EPOCH);
    request.credential.epoch = INT64_MAX;
    expect(&request, LEWES_REFUSAL_EPOCH);
}

static void a_day_outside_of_the_epoch_is_refused(void **state)
{
    static const struct {
        const char *range;
        bool good;
    } rows[] = {{"from 2026-01-15", false},
                {"to 2026-01-13", false},
                {"from 2026-01-14 to 2026-01-14", true}};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        begin(rows[i].range);
        rig_start(&rig);
        dial(&client, 1);
        const struct lewes_request request = pay(i, 1);
        if (rows[i].good) {
            const struct lewes_answer answer = ask(&request);
            assert_dvpn(&answer, ONE);
        } else {
            expect(&request, LEWES_REFUSAL_EPOCH);
        }
        client_close(&client);
        rig_down(&rig);
    }
}

static void a_proof_that_is_none_is_refused(void **state)
{
    struct lewes_request request = pay(0, 1);
    (void)state;
    ticket.payment[800] ^= 1; /* in the challenge */
    expect(&request, LEWES_REFUSAL_PROOF);
    request = pay(0, 1);
    ticket.payment[195 + 20] ^= 1; /* in a point */
    expect(&request, LEWES_REFUSAL_PROOF);
    request = pay(0, 1);
    request.credential.pay_info[0] ^= 1; /* not what was proved */
    expect(&request, LEWES_REFUSAL_PROOF);
    client_ticket(&ticket, &rig, 1); /* of no mint at all */
    request = client_request(&rig, 1, &ticket);
    expect(&request, LEWES_REFUSAL_PROOF);
}

static void the_third_false_ticket_ends_the_connection(void **state)
{
    struct lewes_request request = pay(0, 1);
    struct lewes_answer answer;
    (void)state;
    ticket.payment[800] ^= 1;
    for (int i = 0; i < 3; i++) {
        answer = ask(&request);
        assert_refused(&answer, LEWES_REFUSAL_PROOF);
    }
    client_expect_end(&client);
    assert_no_trace();
}

/* ---- again ---- */

static void the_same_payment_is_answered_again_even_when_it_is_stale(void **state)
{
    struct lewes_request request = pay(0, 1);
    (void)state;
    for (int minutes = 0; minutes <= 20; minutes += 5) {
        atomic_store(&rig.unix_ms, RIG_UNIX_MS + (uint64_t)minutes * 60000);
        request.timestamp = RIG_UNIX_MS / 1000 + (uint64_t)minutes * 60;
        client_close(&client);
        dial(&client, 1);
        const struct lewes_answer answer = ask(&request);
        assert_dvpn(&answer, ONE);
    }
    assert_int_equal(tickets(), 1);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 4);
}

/* TE10: other bytes, but the same coin and the same pay_info. */
static void another_form_of_a_payment_is_the_same_payment(void **state)
{
    struct lewes_request request = pay(0, 1);
    struct lewes_answer answer;
    (void)state;
    paying_randomise(&ticket);
    answer = ask(&request); /* it is valid */
    assert_dvpn(&answer, ONE);
    paying_randomise(&ticket);
    answer = ask(&request);
    assert_dvpn(&answer, ONE);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
    request.wg_key = client_wg_key(2);
    answer = ask(&request);
    assert_refused(&answer, LEWES_REFUSAL_SPENT);
    assert_int_equal(tickets(), 1);
    assert_int_equal(rig_peers(&rig), 1);
}

static void of_two_keys_with_one_ticket_one_is_served(void **state)
{
    struct lewes_answer answers[2];
    const struct lewes_request first = pay(0, 1);
    struct lewes_request second = first;
    (void)state;
    second.wg_key = client_wg_key(2);
    dial(&other, 2);
    client_send_request(&client, &first);
    client_send_request(&other, &second);
    assert_true(client_answer(&client, &answers[0]));
    assert_true(client_answer(&other, &answers[1]));
    const int winner = answers[0].kind == LEWES_ANSWER_DVPN ? 0 : 1;
    assert_dvpn(&answers[winner], ONE);
    assert_refused(&answers[1 - winner], LEWES_REFUSAL_SPENT);
    assert_int_equal(tickets(), 1);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(rig_count(&rig).free_pairs, PAIRS - 1);
    client_close(&other);
}

/* ---- meanwhile ---- */

static bool checks_run(void *user)
{
    (void)user;
    return rig_count(&rig).checking > 0;
}

static void keys_may_change_while_a_check_runs(void **state)
{
    struct gateway_error error;
    struct lewes_request request = pay(0, 1);
    struct lewes_answer answer;
    (void)state;
    client_send_request(&client, &request);
    rig_wait(&rig, checks_run, NULL);
    paying_write_keys(&paying, &rig, 2, "");
    assert_int_equal(gateway_renew_keys(rig.gateway, &error), 0);
    assert_int_equal(rig_count(&rig).checking, 1);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, ONE);
    request = pay(1, 2);
    answer = ask(&request); /* its epoch has gone */
    assert_refused(&answer, LEWES_REFUSAL_EPOCH);
    request.credential.epoch = 2;
    answer = ask(&request);
    assert_dvpn(&answer, ONE);
}

static void keys_that_cannot_be_read_change_nothing(void **state)
{
    struct gateway_error error;
    const struct lewes_request request = pay(0, 1);
    (void)state;
    paying_write_keys(&paying, &rig, 2, "nonsense");
    assert_int_equal(gateway_renew_keys(rig.gateway, &error), -1);
    assert_non_null(strstr(error.text, "epochs:1:"));
    assert_int_equal(unlink(rig.settings.registration.keys), 0);
    assert_int_equal(gateway_renew_keys(rig.gateway, &error), -1);
    const struct lewes_answer answer = ask(&request);
    assert_dvpn(&answer, ONE);
}

static void who_stops_waits_for_the_threads(void **state)
{
    const struct lewes_request request = pay(0, 1);
    (void)state;
    client_send_request(&client, &request);
    rig_wait(&rig, checks_run, NULL);
    rig_stop(&rig); /* whatever the check says now, nothing was bought */
    assert_int_equal(tickets(), 0);
    assert_int_equal(rig_peers(&rig), 0);
}

static void who_vanishes_during_the_check_keeps_the_ticket(void **state)
{
    const struct lewes_request request = pay(0, 1);
    (void)state;
    client_send_request(&client, &request);
    rig_wait(&rig, checks_run, NULL);
    client_vanish(&client);
    rig_wait_quiet(&rig);
    assert_no_trace();
    client_close(&client);
    dial(&client, 1);
    const struct lewes_answer answer = ask(&request);
    assert_dvpn(&answer, ONE);
}

static void without_memory_the_gateway_is_busy_and_keeps_nothing(void **state)
{
    const struct lewes_request request = pay(0, 1);
    struct lewes_answer answer;
    unsigned failures = 0;
    (void)state;
    for (unsigned long at = 1;; at++) {
        shared_env_fail(&rig.env, 0, 0);
        client_close(&client);
        dial(&client, 1);
        client.tolerant = true;
        shared_env_fail(&rig.env, at, 0);
        client_send_request(&client, &request);
        if (!client_answer(&client, &answer)) { /* no memory to read or write it */
            failures++;
            continue;
        }
        if (shared_env_count(&rig.env).failures == 0)
            break;
        failures++;
        if (answer.kind == LEWES_ANSWER_REFUSED)
            assert_no_trace();
    }
    shared_env_fail(&rig.env, 0, 0);
    assert_true(failures >= 2); /* the registration, the check */
    assert_dvpn(&answer, ONE);
    assert_int_equal(tickets(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_valid_ticket_registers_and_is_kept_whole),
        TEST(an_unbound_ticket_is_taken_unless_they_are_refused),
        TEST(unbound_tickets_of_a_source_may_be_few),
        TEST(a_wrong_type_is_refused),
        TEST(several_tickets_in_one_are_refused),
        TEST(a_payment_for_another_gateway_is_refused),
        TEST(a_payment_is_fresh_for_thirty_seconds),
        TEST(the_spend_date_is_today),
        TEST(around_midnight_both_days_are_right),
        TEST(an_unknown_epoch_is_refused),
        cmocka_unit_test(a_day_outside_of_the_epoch_is_refused),
        TEST(a_proof_that_is_none_is_refused),
        TEST(the_third_false_ticket_ends_the_connection),
        TEST(the_same_payment_is_answered_again_even_when_it_is_stale),
        TEST(another_form_of_a_payment_is_the_same_payment),
        TEST(of_two_keys_with_one_ticket_one_is_served),
        TEST(keys_may_change_while_a_check_runs),
        TEST(keys_that_cannot_be_read_change_nothing),
        TEST(who_stops_waits_for_the_threads),
        TEST(who_vanishes_during_the_check_keeps_the_ticket),
        TEST(without_memory_the_gateway_is_busy_and_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, open_mint, close_mint);
}
