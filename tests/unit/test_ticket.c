/* SPDX-License-Identifier: Apache-2.0 */
/* Verification against recorded tickets and forgeries (ecash.md 6, 7, 9). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/ecash/curve.h"
#include "tests/support/tickets.h"

static struct tickets tickets;

static int load(void **state)
{
    (void)state;
    tickets_load(&tickets);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    tickets_unload(&tickets);
    return 0;
}

/* ecash.md 6: the file has TYPE after UNBOUND, the table has it before. */
static bool is_named_otherwise(const char *wanted, enum lewes_error got)
{
    return strcmp(wanted, "UNBOUND") == 0 && got == LEWES_ERROR_TICKET_TYPE;
}

static void check_verdict(const json_t *recorded, const char *mode)
{
    static struct tickets_payment payment;
    struct lewes_ticket ticket, untouched;
    const char *const wanted = vectors_text(vectors_member(recorded, "expected"), mode);

    tickets_payment(&tickets, recorded, &payment);
    payment.claim.require_bound = strcmp(mode, "strict") == 0;
    memset(&ticket, 0xee, sizeof ticket);
    untouched = ticket;
    const enum lewes_error got = lewes_ticket_verify(payment.key, &payment.claim, &ticket);
    if (!is_named_otherwise(wanted, got))
        assert_int_equal(got, tickets_verdict(wanted));
    if (got != LEWES_OK)
        assert_memory_equal(&ticket, &untouched, sizeof ticket);
}

static void check_all(const char *array, size_t count)
{
    const json_t *const list = vectors_member(tickets.root, array), *recorded;
    size_t i;

    assert_int_equal(json_array_size(list), count);
    json_array_foreach(list, i, recorded)
    {
        check_verdict(recorded, "strict");
        check_verdict(recorded, "compat");
    }
}

static void the_tickets_of_the_original_are_valid(void **state)
{
    (void)state;
    check_all("tickets", 19);
}

static void every_forgery_is_refused_for_its_reason(void **state)
{
    (void)state;
    check_all("negative", 119);
}

static void the_edge_cases_have_their_verdicts(void **state)
{
    (void)state;
    check_all("edge", 2);
}

static void a_valid_payment_tells_its_serial_tag_and_hash(void **state)
{
    static struct tickets_payment payment;
    const json_t *recorded;
    struct lewes_ticket ticket;
    uint8_t hash[32], serial[LEWES_SERIAL_LEN];
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "tickets"), i, recorded)
    {
        tickets_payment(&tickets, recorded, &payment);
        assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket), LEWES_OK);
        vectors_exact(json_array_get(vectors_member(recorded, "pay_info_hashes"), 0), "R", hash,
                      sizeof hash);
        assert_memory_equal(ticket.pay_info_hash, hash, sizeof hash);
        vector_hex(json_string_value(json_array_get(vectors_member(recorded, "serial_number"), 0)),
                   serial, sizeof serial);
        assert_memory_equal(ticket.serial, serial, sizeof serial);
        assert_int_equal(ticket.bound, payment.claim.len == LEWES_PAYMENT_BOUND_LEN);
    }
}

/* ---- double spending ---- */

static enum lewes_error read_spent(const json_t *pair, const char *payment_key,
                                   const char *pay_info_key, struct lewes_ticket *ticket)
{
    static uint8_t payment[TICKETS_LONGEST];
    uint8_t pay_info[LEWES_PAY_INFO_LEN];
    const struct lewes_ticket_claim claim = {
        .payment = payment,
        .len = vectors_hex(pair, payment_key, payment, sizeof payment),
        .pay_info = pay_info,
        .day = 1768867200, /* of all recorded pairs */
    };

    vectors_exact(pair, pay_info_key, pay_info, sizeof pay_info);
    return lewes_ticket_verify(tickets.keys[0], &claim, ticket);
}

static void a_coin_spent_twice_names_its_owner(void **state)
{
    const json_t *const pairs = vectors_member(tickets.root, "double_spending"), *pair;
    unsigned named = 0;
    size_t i;

    (void)state;
    json_array_foreach(pairs, i, pair)
    {
        const json_t *const result = vectors_member(pair, "result");
        struct lewes_ticket a, b;
        uint8_t user[LEWES_USER_KEY_LEN], wanted[LEWES_USER_KEY_LEN];

        assert_int_equal(read_spent(pair, "payment1", "pay_info1", &a), LEWES_OK);
        assert_int_equal(read_spent(pair, "payment2", "pay_info2", &b), LEWES_OK);
        if (!json_is_object(result)) { /* a replay, or two different coins */
            assert_int_equal(lewes_ticket_identify(user, &a, &b), LEWES_ERROR_ARGUMENT);
            continue;
        }
        vectors_exact(result, "double_spender_pk", wanted, sizeof wanted);
        assert_int_equal(lewes_ticket_identify(user, &a, &b), LEWES_OK);
        assert_memory_equal(user, wanted, sizeof user);
        assert_int_equal(lewes_ticket_identify(user, &b, &a), LEWES_OK);
        assert_memory_equal(user, wanted, sizeof user);
        named++;
    }
    assert_int_equal(named, 1);
}

/* ---- forgeries of our own ---- */

static void another_payee_day_or_key_is_noticed(void **state)
{
    static struct tickets_payment payment;
    struct lewes_ticket ticket;

    (void)state;
    tickets_good(&tickets, &payment);
    for (size_t i = 0; i < LEWES_PAY_INFO_LEN; i++) {
        payment.pay_info[i] ^= 1;
        assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket),
                         LEWES_ERROR_TICKET_PROOF);
        payment.pay_info[i] ^= 1;
    }
    payment.claim.day += LEWES_DAY;
    assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket),
                     LEWES_ERROR_TICKET_DATE);
    payment.claim.day -= LEWES_DAY;
    const struct lewes_ecash_key *const other =
        payment.key == tickets.keys[0] ? tickets.keys[1] : tickets.keys[0];
    assert_int_equal(lewes_ticket_verify(other, &payment.claim, &ticket), LEWES_ERROR_TICKET_PROOF);
}

/* Adds the generator to, or takes it from, the point at `at`. */
static void shift_point(uint8_t *at, bool minus)
{
    blst_p1 g = *blst_p1_generator(), point;
    blst_p1_affine affine;

    assert_true(lewesi_g1_decode(&affine, at));
    blst_p1_from_affine(&point, &affine);
    blst_p1_cneg(&g, minus);
    blst_p1_add_or_double(&point, &point, &g);
    lewesi_g1_encode(at, &point);
}

/* Without weights the two faults would cancel in the product (ecash.md E22). */
static void two_faults_do_not_cancel(void **state)
{
    static struct tickets_payment payment;
    struct lewes_ticket ticket;

    (void)state;
    tickets_good(&tickets, &payment);
    shift_point(payment.payment + 244, false); /* s of the wallet's signature, ecash.md 5 */
    shift_point(payment.payment + 342, true);  /* s of the date's */
    assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket),
                     LEWES_ERROR_TICKET_WALLET);
    shift_point(payment.payment + 244, true);
    shift_point(payment.payment + 539, false); /* s of the index's */
    assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket),
                     LEWES_ERROR_TICKET_DATE);
}

static void a_payment_that_is_cut_short_or_goes_on_is_refused(void **state)
{
    static struct tickets_payment payment;
    struct lewes_ticket ticket;

    (void)state;
    tickets_good(&tickets, &payment);
    const size_t len = payment.claim.len;
    for (payment.claim.len = 0; payment.claim.len < len; payment.claim.len++)
        assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket),
                         LEWES_ERROR_TICKET_FORM);
    payment.claim.len = len + 1;
    assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket),
                     LEWES_ERROR_TICKET_FORM);
}

/* ---- keys ---- */

static void a_damaged_key_is_refused(void **state)
{
    uint8_t bytes[LEWES_MINT_KEY_MAX + 1] = {0};
    struct lewes_ecash_key *key = NULL;
    const json_t *const set = json_array_get(vectors_member(tickets.root, "authority_sets"), 0);
    const size_t len = vectors_hex(vectors_member(set, "aggregated_verification_key"), "bytes",
                                   bytes, LEWES_MINT_KEY_MAX);
    const struct lewes_env *const env = &tickets.env.env;

    (void)state;
    for (size_t cut = 0; cut < len; cut += 7)
        assert_int_equal(lewes_ecash_key_new(&key, env, tickets.ecash, bytes, cut),
                         LEWES_ERROR_KEY);
    assert_int_equal(lewes_ecash_key_new(&key, env, tickets.ecash, bytes, len + 1),
                     LEWES_ERROR_KEY);
    assert_int_equal(lewes_ecash_key_new(&key, env, tickets.ecash, bytes, sizeof bytes),
                     LEWES_ERROR_KEY);
    for (size_t i = 0; i < len; i += 13) {
        bytes[i] ^= 1;
        if (i >= 96 + 8) { /* another alpha is another key */
            assert_int_equal(lewes_ecash_key_new(&key, env, tickets.ecash, bytes, len),
                             LEWES_ERROR_KEY);
        }
        bytes[i] ^= 1;
    }
    tickets.env.fail_allocation = tickets.env.allocations + 1;
    assert_int_equal(lewes_ecash_key_new(&key, env, tickets.ecash, bytes, len), LEWES_ERROR_MEMORY);
    tickets.env.fail_allocation = 0;
    assert_null(key);
}

/* Where the two halves of element `i` of a key of `n` stand (ecash.md E5). */
static uint8_t *half_g1(uint8_t *bytes, size_t i)
{
    return bytes + 96 + 8 + 48 * i;
}

static uint8_t *half_g2(uint8_t *bytes, size_t n, size_t i)
{
    return bytes + 96 + 8 + 48 * n + 96 * i;
}

static void make_infinity(uint8_t *point, size_t len)
{
    memset(point, 0, len);
    point[0] = 0xc0;
}

static enum lewes_error read_key(const uint8_t *bytes, size_t n)
{
    struct lewes_ecash_key *key = NULL;
    const enum lewes_error error =
        lewes_ecash_key_new(&key, &tickets.env.env, tickets.ecash, bytes, 104 + 144 * n);

    lewes_ecash_key_free(key);
    return error;
}

/* Good points all of them, in the wrong places (ecash.md E6). */
static void a_key_of_good_points_may_still_be_none(void **state)
{
    uint8_t good[LEWES_MINT_KEY_MAX], bytes[LEWES_MINT_KEY_MAX];
    const json_t *const set = json_array_get(vectors_member(tickets.root, "authority_sets"), 0);
    const size_t len =
        vectors_hex(vectors_member(set, "aggregated_verification_key"), "bytes", good, sizeof good);
    const size_t n = good[96];

    (void)state;
    assert_int_equal(len, 104 + 144 * n);
    assert_int_equal(read_key(good, n), LEWES_OK);
    memcpy(bytes, good, len);
    make_infinity(bytes, 96);
    assert_int_equal(read_key(bytes, n), LEWES_ERROR_KEY);
    for (size_t i = 0; i < n; i++) {
        memcpy(bytes, good, len); /* halves of different secrets */
        memcpy(half_g1(bytes, i), half_g1(good, (i + 1) % n), 48);
        assert_int_equal(read_key(bytes, n), LEWES_ERROR_KEY);
        memcpy(bytes, good, len);
        memcpy(half_g2(bytes, n, i), half_g2(good, n, (i + 1) % n), 96);
        assert_int_equal(read_key(bytes, n), LEWES_ERROR_KEY);
        memcpy(bytes, good, len); /* halves of the secret 0: what lies behind y3 is never used */
        make_infinity(half_g1(bytes, i), 48);
        make_infinity(half_g2(bytes, n, i), 96);
        assert_int_equal(read_key(bytes, n), i < 4 ? LEWES_ERROR_KEY : LEWES_OK);
    }
    memcpy(bytes, good, len); /* one element too few */
    bytes[96] = 3;
    memmove(half_g2(bytes, 3, 0), half_g2(good, n, 0), 3 * 96);
    assert_int_equal(read_key(bytes, 3), LEWES_ERROR_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tickets_of_the_original_are_valid),
        cmocka_unit_test(every_forgery_is_refused_for_its_reason),
        cmocka_unit_test(the_edge_cases_have_their_verdicts),
        cmocka_unit_test(a_valid_payment_tells_its_serial_tag_and_hash),
        cmocka_unit_test(a_coin_spent_twice_names_its_owner),
        cmocka_unit_test(another_payee_day_or_key_is_noticed),
        cmocka_unit_test(two_faults_do_not_cancel),
        cmocka_unit_test(a_payment_that_is_cut_short_or_goes_on_is_refused),
        cmocka_unit_test(a_damaged_key_is_refused),
        cmocka_unit_test(a_key_of_good_points_may_still_be_none),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
