/* SPDX-License-Identifier: Apache-2.0 */
/* A coin that is paid twice (ecash.md E25, gateway.md G6.2): what becomes evidence and what does
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/support/paying.h"

#define ONE INT64_C(500000000)

static struct paying paying;
static struct rig rig;
static struct client client, other;
static struct client_ticket first, second;

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

static void dial(struct client *who, uint8_t number)
{
    client_open(who, &rig, number);
    client_handshake(who);
}

static int up(void **state)
{
    (void)state;
    rig_init(&rig);
    paying_configure(&paying, &rig, "");
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

/* Coin 0; another `number` is another pay_info. */
static struct lewes_request pay(uint8_t number, uint8_t wg_who, struct client_ticket *ticket)
{
    const struct paying_terms terms = paying_terms(&rig, 0, number);
    return paying_request(&paying, &rig, &terms, wg_who, ticket);
}

static void expect_spent(const struct lewes_request *request)
{
    const struct lewes_answer answer = client_register(&client, request);
    assert_refused(&answer, LEWES_REFUSAL_SPENT);
}

static void register_first(void)
{
    const struct lewes_request request = pay(1, 1, &first);
    const struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
}

static bool evidence(const uint8_t serial[LEWES_SERIAL_LEN])
{
    return store_find_evidence(rig.store, serial) == STORE_OK;
}

static void assert_evidence(bool expected, uint64_t double_spends)
{
    struct lewes_payment_view view;
    assert_int_equal(lewes_payment_peek(&view, first.payment, sizeof first.payment), LEWES_OK);
    assert_int_equal(evidence(view.serial), expected);
    assert_int_equal(rig_count(&rig).double_spends, double_spends);
    assert_int_equal(rig_peers(&rig), 1);
}

static void read_blob(sqlite3_stmt *row, int column, void *out, size_t len)
{
    assert_int_equal(sqlite3_column_bytes(row, column), len);
    memcpy(out, sqlite3_column_blob(row, column), len);
}

static void verify(const uint8_t *payment, const uint8_t *pay_info, struct lewes_ticket *ticket)
{
    const struct lewes_ticket_claim claim = {.payment = payment,
                                             .len = LEWES_PAYMENT_BOUND_LEN,
                                             .pay_info = pay_info,
                                             .day = PAYING_DAY,
                                             .require_bound = true};
    assert_int_equal(lewes_ticket_verify(paying.mint.key, &claim, ticket), LEWES_OK);
}

/* What stands in the tables is enough for anybody to find out who it was. */
static void the_tables_name_the_spender(void **state)
{
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], pay_info[LEWES_PAY_INFO_LEN];
    uint8_t named[LEWES_USER_KEY_LEN], again[LEWES_USER_KEY_LEN];
    struct lewes_ticket tickets[2];
    char path[128];
    sqlite3 *db;
    sqlite3_stmt *row;
    (void)state;
    register_first();
    const struct lewes_request request = pay(2, 2, &second);
    expect_spent(&request);
    assert_evidence(true, 1);
    (void)snprintf(path, sizeof path, "%s/lewes.db", rig.directory);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT payment, pay_info FROM spent_ticket UNION ALL"
                                        " SELECT payment, pay_info FROM double_spend",
                                        -1, &row, NULL),
                     SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
        read_blob(row, 0, payment, sizeof payment);
        read_blob(row, 1, pay_info, sizeof pay_info);
        verify(payment, pay_info, &tickets[i]);
    }
    sqlite3_finalize(row);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(lewes_ticket_identify(named, &tickets[0], &tickets[1]), LEWES_OK);
    assert_int_equal(lewes_ticket_identify(again, &tickets[1], &tickets[0]), LEWES_OK);
    assert_memory_equal(named, again, sizeof named);
}

static void false_evidence_is_not_kept(void **state)
{
    struct lewes_request request;
    (void)state;
    register_first();
    request = pay(2, 2, &second);
    second.payment[800] ^= 1; /* the serial is right, the proof is not */
    expect_spent(&request);
    request = pay(1, 2, &second);
    request.credential.pay_info[0] ^= 1; /* another payment's pay_info */
    expect_spent(&request);
    assert_evidence(false, 0);
}

static void a_replay_is_no_evidence(void **state)
{
    struct lewes_request request;
    (void)state;
    register_first();
    request = pay(1, 2, &second); /* made anew, for the same pay_info */
    expect_spent(&request);
    paying_randomise(&second);
    expect_spent(&request);
    assert_evidence(false, 0);
}

static void false_evidence_counts_as_a_false_ticket(void **state)
{
    const struct lewes_request request = pay(2, 2, &second);
    (void)state;
    register_first();
    second.payment[800] ^= 1;
    for (int i = 0; i < 3; i++)
        expect_spent(&request);
    client_expect_end(&client);
}

static void without_a_share_of_checks_there_is_no_evidence(void **state)
{
    struct lewes_request request;
    (void)state;
    client_close(&client);
    rig_stop(&rig);
    rig.settings.limits.verify_rate = (struct settings_rate){1, 3600000};
    rig.settings.limits.verify_burst = 1;
    rig_start(&rig);
    dial(&client, 1);
    register_first();
    request = pay(2, 2, &second);
    expect_spent(&request);
    assert_evidence(false, 0);
}

static void a_second_double_spend_of_a_coin_costs_no_check(void **state)
{
    struct lewes_request request;
    (void)state;
    register_first();
    request = pay(2, 2, &second);
    expect_spent(&request);
    for (uint8_t number = 3; number < 8; number++) {
        request = pay(number, 2, &second);
        second.payment[800] ^= 1; /* a check would end the connection after three */
        expect_spent(&request);
    }
    assert_evidence(true, 1);
}

/* Both checks are under way before either is committed: the loser's is evidence all the same. */
static void two_payments_of_a_coin_at_once_are_evidence(void **state)
{
    struct lewes_answer answers[2];
    const struct lewes_request one = pay(1, 1, &first);
    const struct lewes_request two = pay(2, 2, &second);
    (void)state;
    dial(&other, 2);
    client_send_request(&client, &one);
    client_send_request(&other, &two);
    assert_true(client_answer(&client, &answers[0]));
    assert_true(client_answer(&other, &answers[1]));
    const int winner = answers[0].kind == LEWES_ANSWER_DVPN ? 0 : 1;
    assert_dvpn(&answers[winner], ONE);
    assert_refused(&answers[1 - winner], LEWES_REFUSAL_SPENT);
    assert_evidence(true, 1);
    client_close(&other);
}

static void a_store_that_fails_leaves_the_ticket_spent(void **state)
{
    const struct lewes_request request = pay(2, 2, &second);
    (void)state;
    register_first();
    atomic_store(&rig.store_fault_point, STORE_POINT_TICKET);
    expect_spent(&request);
    assert_true(rig_logged(&rig, "a double spend was not stored"));
    atomic_store(&rig.store_fault_point, -1);
    assert_evidence(false, 0);
    expect_spent(&request);
    assert_evidence(true, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_tables_name_the_spender),
        TEST(false_evidence_is_not_kept),
        TEST(a_replay_is_no_evidence),
        TEST(false_evidence_counts_as_a_false_ticket),
        TEST(without_a_share_of_checks_there_is_no_evidence),
        TEST(a_second_double_spend_of_a_coin_costs_no_check),
        TEST(two_payments_of_a_coin_at_once_are_evidence),
        TEST(a_store_that_fails_leaves_the_ticket_spent),
    };
    return cmocka_run_group_tests(tests, open_mint, close_mint);
}
