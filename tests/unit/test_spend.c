/* SPDX-License-Identifier: Apache-2.0 */
/* A book from its request to its last ticket (ecash.md 4, 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tickets.h"

#define EXPIRATION UINT32_C(1768867200)

static struct test_env env;
static struct lewes_ecash *ecash;
static struct lewes_ecash_key *key;
static struct lewes_mint_secret mint;
static struct lewes_wallet wallet;
static uint8_t dates[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN],
    coins[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN], pay_info[LEWES_PAY_INFO_LEN];
static const struct lewes_book_terms terms = {LEWES_TICKET_WG_ENTRY, EXPIRATION};

static void withdraw(struct lewes_wallet *out)
{
    struct lewes_user_secret user;
    struct lewes_withdrawal withdrawal;
    struct lewes_withdrawal_claim claim = {.terms = terms};
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];

    assert_int_equal(lewes_user_generate(&user, &env.env), LEWES_OK);
    assert_int_equal(lewes_user_public(claim.user, &user), LEWES_OK);
    assert_int_equal(lewes_withdrawal_request(request, &withdrawal, ecash, &user, &terms, &env.env),
                     LEWES_OK);
    assert_int_equal(lewes_withdrawal_issue(blind, ecash, &mint, request, sizeof request, &claim),
                     LEWES_OK);
    assert_int_equal(lewes_withdrawal_finish(out, key, &withdrawal, blind), LEWES_OK);
}

static int open_mint(void **state)
{
    uint8_t bytes[LEWES_MINT_KEY_MAX];

    (void)state;
    test_env_init(&env, 7);
    assert_int_equal(lewes_ecash_new(&ecash, &env.env), LEWES_OK);
    assert_int_equal(lewes_mint_generate(&mint, LEWES_MINT_ELEMENTS, &env.env), LEWES_OK);
    const size_t len = lewes_mint_key_write(bytes, &mint);
    assert_int_equal(lewes_ecash_key_new(&key, &env.env, ecash, bytes, len), LEWES_OK);
    assert_int_equal(lewes_mint_sign_dates(dates, &mint, EXPIRATION), LEWES_OK);
    assert_int_equal(lewes_mint_sign_coins(coins, &mint, bytes, len), LEWES_OK);
    withdraw(&wallet);
    return 0;
}

static int close_mint(void **state)
{
    (void)state;
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    test_env_assert_clean(&env);
    return 0;
}

static struct lewes_spending spending(unsigned coin, unsigned days_left)
{
    return (struct lewes_spending){
        .wallet = &wallet,
        .coin = coin,
        .day = EXPIRATION - days_left * LEWES_DAY,
        .date_signature = dates[LEWES_BOOK_DAYS - 1 - days_left],
        .index_signature = coins[coin],
        .pay_info = pay_info,
    };
}

static enum lewes_error verify(const uint8_t *payment, size_t len, uint32_t day,
                               struct lewes_ticket *ticket)
{
    const struct lewes_ticket_claim claim = {
        .payment = payment, .len = len, .pay_info = pay_info, .day = day, .require_bound = true};

    return lewes_ticket_verify(key, &claim, ticket);
}

static void every_coin_on_every_day_makes_a_valid_payment(void **state)
{
    static uint8_t serials[LEWES_BOOK_TICKETS][LEWES_SERIAL_LEN];

    (void)state;
    for (unsigned coin = 0; coin < LEWES_BOOK_TICKETS; coin++) {
        const struct lewes_spending s = spending(coin, coin % LEWES_BOOK_DAYS);
        uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
        struct lewes_ticket ticket;
        size_t len = 0;

        assert_int_equal(lewes_ticket_spend(payment, &len, key, &s, &env.env), LEWES_OK);
        assert_int_equal(len, LEWES_PAYMENT_BOUND_LEN);
        assert_int_equal(verify(payment, len, s.day, &ticket), LEWES_OK);
        assert_int_equal(ticket.type, terms.type);
        assert_true(ticket.bound);
        memcpy(serials[coin], ticket.serial, LEWES_SERIAL_LEN);
        for (unsigned other = 0; other < coin; other++)
            assert_memory_not_equal(serials[other], serials[coin], LEWES_SERIAL_LEN);
    }
}

static void an_unbound_payment_is_valid_where_it_is_allowed(void **state)
{
    struct lewes_spending s = spending(3, 1);
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_ticket ticket;
    size_t len = 0;

    (void)state;
    s.unbound = true;
    assert_int_equal(lewes_ticket_spend(payment, &len, key, &s, &env.env), LEWES_OK);
    assert_int_equal(len, LEWES_PAYMENT_UNBOUND_LEN);
    assert_int_equal(verify(payment, len, s.day, &ticket), LEWES_ERROR_TICKET_UNBOUND);
    const struct lewes_ticket_claim claim = {
        .payment = payment, .len = len, .pay_info = pay_info, .day = s.day};
    assert_int_equal(lewes_ticket_verify(key, &claim, &ticket), LEWES_OK);
}

static void two_payments_from_one_coin_name_the_user(void **state)
{
    const struct lewes_spending s = spending(9, 0);
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], user[LEWES_USER_KEY_LEN], named[LEWES_USER_KEY_LEN];
    struct lewes_ticket first, second;
    size_t len = 0;

    (void)state;
    assert_int_equal(lewes_ticket_spend(payment, &len, key, &s, &env.env), LEWES_OK);
    assert_int_equal(verify(payment, len, s.day, &first), LEWES_OK);
    assert_int_equal(lewes_ticket_identify(named, &first, &first), LEWES_ERROR_ARGUMENT);
    pay_info[0] ^= 1;
    assert_int_equal(lewes_ticket_spend(payment, &len, key, &s, &env.env), LEWES_OK);
    assert_int_equal(verify(payment, len, s.day, &second), LEWES_OK);
    assert_memory_equal(first.serial, second.serial, sizeof first.serial);
    assert_int_equal(lewes_user_public(user, &wallet.user), LEWES_OK);
    assert_int_equal(lewes_ticket_identify(named, &first, &second), LEWES_OK);
    assert_memory_equal(named, user, sizeof user);
}

static void what_cannot_be_spent_is_refused(void **state)
{
    static const uint8_t nothing[LEWES_PAYMENT_BOUND_LEN];
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], infinity[LEWES_TICKET_SIGNATURE_LEN] = {0};
    struct lewes_spending cases[5];
    size_t len = 1;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        cases[i] = spending(0, 0);
    cases[0].coin = LEWES_BOOK_TICKETS;
    cases[1].day = EXPIRATION + LEWES_DAY;
    cases[2].day = EXPIRATION - LEWES_BOOK_DAYS * LEWES_DAY;
    cases[3].day = EXPIRATION - 1;
    infinity[0] = infinity[48] = 0xc0;
    cases[4].index_signature = infinity;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(lewes_ticket_spend(payment, &len, key, &cases[i], &env.env),
                         i < 4 ? LEWES_ERROR_ARGUMENT : LEWES_ERROR_KEY);
        assert_int_equal(len, 0);
        assert_memory_equal(payment, nothing, sizeof payment);
    }
}

static void without_randomness_there_is_no_payment_and_no_request(void **state)
{
    static const uint8_t nothing[LEWES_PAYMENT_BOUND_LEN];
    const struct lewes_spending s = spending(1, 0);
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], request[LEWES_WITHDRAWAL_LEN];
    struct lewes_withdrawal withdrawal;
    enum lewes_error error = LEWES_ERROR_RANDOM;
    size_t len;

    (void)state;
    for (unsigned n = 1; error != LEWES_OK; n++) {
        env.fail_draw = env.draws + n;
        error = lewes_ticket_spend(payment, &len, key, &s, &env.env);
        assert_true(error == LEWES_OK || error == LEWES_ERROR_RANDOM);
        if (error != LEWES_OK)
            assert_memory_equal(payment, nothing, sizeof payment);
    }
    error = LEWES_ERROR_RANDOM;
    for (unsigned n = 1; error != LEWES_OK; n++) {
        env.fail_draw = env.draws + n;
        error =
            lewes_withdrawal_request(request, &withdrawal, ecash, &wallet.user, &terms, &env.env);
        assert_true(error == LEWES_OK || error == LEWES_ERROR_RANDOM);
        if (error != LEWES_OK)
            assert_memory_equal(request, nothing, sizeof request);
    }
    env.fail_draw = 0;
}

static void terms_that_cannot_be_are_refused(void **state)
{
    /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
    static const struct lewes_book_terms bad[] = {{(enum lewes_ticket_type)4, EXPIRATION},
                                                  {LEWES_TICKET_WG_ENTRY, EXPIRATION + 1}};
    uint8_t request[LEWES_WITHDRAWAL_LEN];
    struct lewes_withdrawal withdrawal;
    struct lewes_user_secret zero = {{0}};

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            lewes_withdrawal_request(request, &withdrawal, ecash, &wallet.user, &bad[i], &env.env),
            LEWES_ERROR_ARGUMENT);
    assert_int_equal(lewes_withdrawal_request(request, &withdrawal, ecash, &zero, &terms, &env.env),
                     LEWES_ERROR_KEY);
}

/* ---- books ---- */

static struct lewes_book make_book(void)
{
    struct lewes_book book = {.epoch = 3, .wallet = wallet};

    book.key_len = lewes_mint_key_write(book.key, &mint);
    memcpy(book.dates, dates, sizeof dates);
    memcpy(book.coins, coins, sizeof coins);
    book.used[0] = book.used[9] = book.used[49] = true;
    return book;
}

static void a_book_is_read_as_it_was_written(void **state)
{
    const struct lewes_book book = make_book();
    struct lewes_book again;
    uint8_t bytes[LEWES_BOOK_MAX], twice[LEWES_BOOK_MAX];
    size_t len = 0, len_twice = 0;

    (void)state;
    assert_int_equal(lewes_book_write(bytes, sizeof bytes, &len, &book), LEWES_OK);
    assert_int_equal(len, 5693 + book.key_len); /* ecash.md 10 */
    assert_int_equal(lewes_book_read(&again, bytes, len), LEWES_OK);
    assert_int_equal(again.epoch, 3);
    assert_true(again.used[0] && again.used[9] && again.used[49] && !again.used[1]);
    assert_int_equal(lewes_book_check(key, &again), LEWES_OK);
    assert_int_equal(lewes_book_write(twice, sizeof twice, &len_twice, &again), LEWES_OK);
    assert_int_equal(len_twice, len);
    assert_memory_equal(twice, bytes, len);
    assert_int_equal(lewes_book_write(twice, len - 1, &len_twice, &again), LEWES_ERROR_SPACE);
    assert_int_equal(len_twice, 0);
}

static void a_damaged_book_is_noticed(void **state)
{
    static const struct lewes_book nothing;
    const struct lewes_book book = make_book();
    struct lewes_book again;
    uint8_t bytes[LEWES_BOOK_MAX + 1] = {0};
    size_t len = 0;

    (void)state;
    assert_int_equal(lewes_book_write(bytes, sizeof bytes, &len, &book), LEWES_OK);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(lewes_book_read(&again, bytes, cut), LEWES_ERROR_FORMAT);
    assert_int_equal(lewes_book_read(&again, bytes, len + 1), LEWES_ERROR_FORMAT);
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(lewes_book_read(&again, bytes, len), LEWES_ERROR_FORMAT);
        bytes[i] ^= (uint8_t)(1 << i % 8);
    }
    assert_memory_equal(&again, &nothing, sizeof again);
}

static void a_book_with_a_wrong_signature_does_not_pass(void **state)
{
    struct lewes_book book = make_book();

    (void)state;
    book.dates[2][50] ^= 1;
    assert_int_equal(lewes_book_check(key, &book), LEWES_ERROR_AUTH);
    book = make_book();
    book.coins[30][50] ^= 1;
    assert_int_equal(lewes_book_check(key, &book), LEWES_ERROR_AUTH);
    book = make_book();
    book.wallet.v[0] ^= 1;
    assert_int_equal(lewes_book_check(key, &book), LEWES_ERROR_AUTH);
    book = make_book();
    book.wallet.terms.type = LEWES_TICKET_WG_EXIT;
    assert_int_equal(lewes_book_check(key, &book), LEWES_ERROR_AUTH);
}

static void a_book_pays_on_its_days(void **state)
{
    const struct lewes_book book = make_book();
    struct lewes_spending s;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_ticket ticket;
    size_t len = 0;

    (void)state;
    for (unsigned left = 0; left < LEWES_BOOK_DAYS; left++) {
        const uint32_t day = EXPIRATION - left * LEWES_DAY;
        assert_int_equal(lewes_book_spending(&s, &book, 5, day, pay_info), LEWES_OK);
        assert_int_equal(lewes_ticket_spend(payment, &len, key, &s, &env.env), LEWES_OK);
        assert_int_equal(verify(payment, len, day, &ticket), LEWES_OK);
    }
    assert_int_equal(lewes_book_spending(&s, &book, 5, EXPIRATION + LEWES_DAY, pay_info),
                     LEWES_ERROR_ARGUMENT);
    assert_int_equal(
        lewes_book_spending(&s, &book, 5, EXPIRATION - LEWES_BOOK_DAYS * LEWES_DAY, pay_info),
        LEWES_ERROR_ARGUMENT);
    assert_int_equal(lewes_book_spending(&s, &book, LEWES_BOOK_TICKETS, EXPIRATION, pay_info),
                     LEWES_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_coin_on_every_day_makes_a_valid_payment),
        cmocka_unit_test(an_unbound_payment_is_valid_where_it_is_allowed),
        cmocka_unit_test(two_payments_from_one_coin_name_the_user),
        cmocka_unit_test(what_cannot_be_spent_is_refused),
        cmocka_unit_test(without_randomness_there_is_no_payment_and_no_request),
        cmocka_unit_test(terms_that_cannot_be_are_refused),
        cmocka_unit_test(a_book_is_read_as_it_was_written),
        cmocka_unit_test(a_damaged_book_is_noticed),
        cmocka_unit_test(a_book_with_a_wrong_signature_does_not_pass),
        cmocka_unit_test(a_book_pays_on_its_days),
    };

    return cmocka_run_group_tests(tests, open_mint, close_mint);
}
