/* SPDX-License-Identifier: Apache-2.0 */
/* Settlement: who spent a coin twice, and who did not (ecash.md E25, E27). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/words.h"
#include "mint/settlement.h"
#include "tests/support/env.h"
#include "tests/support/minted.h"
#include "tests/support/temporary_dir.h"

#define TODAY 1799971200U /* 2027-01-15 */

static struct test_env env;
static struct minted minted;
static struct lewes_book book;
static struct temporary_dir dir;
static struct verdict_keys keys;
static struct settlement *settlement;

/* What the reports said. */
static unsigned accused;
static uint8_t culprit[LEWES_USER_KEY_LEN];
static uint64_t owed[2]; /* to the gateways 1 and 2 */

static int load(void **state)
{
    char line[KEY_LINE_CAP], path[TEMPORARY_PATH_CAP];
    static struct key_epoch epoch;
    (void)state;
    test_env_init(&env, 5);
    minted_open(&minted, &env.env);
    minted_book(&minted, LEWES_TICKET_WG_ENTRY, TODAY + 3 * LEWES_DAY, &book);
    epoch = (struct key_epoch){.number = 1, .to = UINT32_MAX, .len = minted.len};
    memcpy(epoch.bytes, minted.bytes, minted.len);
    temporary_dir_make(&dir);
    temporary_dir_write(&dir, "keys", line, key_line_write(line, &epoch));
    temporary_dir_path(&dir, path, "keys");
    return verdict_keys_open(&keys, path);
}

static int unload(void **state)
{
    (void)state;
    verdict_keys_close(&keys);
    temporary_dir_remove(&dir);
    minted_close(&minted);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return settlement_open(&settlement, &keys, false);
}

static int tear_down(void **state)
{
    (void)state;
    settlement_close(settlement);
    return 0;
}

/* What a gateway has of a payment with one coin. */
static struct export_line pay(unsigned coin, uint8_t gateway, uint8_t random)
{
    struct export_line line = {.payee = {gateway}, .epoch = 1, .day = TODAY};
    struct lewes_pay_info info = {.random = {random}, .unix_seconds = TODAY + 5};
    struct lewes_payment_view view;
    struct lewes_spending spending;
    info.gateway.bytes[0] = gateway;
    lewes_pay_info_encode(line.pay_info, &info);
    assert_int_equal(lewes_book_spending(&spending, &book, coin, TODAY, line.pay_info), LEWES_OK);
    assert_int_equal(
        lewes_ticket_spend(line.payment, &line.payment_len, minted.key, &spending, &env.env),
        LEWES_OK);
    assert_int_equal(lewes_payment_peek(&view, line.payment, line.payment_len), LEWES_OK);
    memcpy(line.serial, view.serial, sizeof line.serial);
    memcpy(line.tag, view.tag, sizeof line.tag);
    line.type = view.type;
    return line;
}

static void note_evidence(void *user, const struct settlement_evidence *evidence)
{
    (void)user;
    accused++;
    memcpy(culprit, evidence->user, sizeof culprit);
}

static void note_sum(void *user, const struct settlement_sum *sum)
{
    (void)user;
    assert_in_range(sum->payee[0], 1, 2);
    owed[sum->payee[0] - 1] += sum->tickets;
}

static void report(void)
{
    accused = 0;
    memset(owed, 0, sizeof owed);
    assert_int_equal(settlement_evidence(settlement, note_evidence, NULL), 0);
    assert_int_equal(settlement_sums(settlement, note_sum, NULL), 0);
}

static void take(const struct export_line *line)
{
    assert_null(settlement_take(settlement, line));
}

/* ---- settling ---- */

static void honest_payments_accuse_nobody(void **state)
{
    struct settlement_counts counts;
    (void)state;
    for (unsigned coin = 0; coin < 4; coin++) {
        const struct export_line line = pay(coin, coin == 3 ? 2 : 1, (uint8_t)coin);
        take(&line);
    }
    report();
    settlement_count(settlement, &counts);
    assert_int_equal(accused, 0);
    assert_int_equal(counts.taken, 4);
    assert_int_equal(owed[0], 3);
    assert_int_equal(owed[1], 1);
}

static void the_same_pay_info_is_a_replay_and_no_evidence(void **state)
{
    struct settlement_counts counts;
    const struct export_line line = pay(5, 1, 1);
    const struct export_line again = pay(5, 1, 1); /* other bytes, equal serial and pay_info */
    (void)state;
    assert_memory_not_equal(line.payment, again.payment, line.payment_len);
    take(&line);
    take(&line);
    take(&again);
    report();
    settlement_count(settlement, &counts);
    assert_int_equal(accused, 0);
    assert_int_equal(counts.replays, 2);
    assert_int_equal(owed[0], 1);
}

static void another_pay_info_names_the_spender(void **state)
{
    uint8_t user[LEWES_USER_KEY_LEN];
    const struct export_line first = pay(6, 1, 1), second = pay(6, 2, 1), third = pay(6, 2, 2);
    (void)state;
    take(&first);
    take(&second);
    report();
    assert_int_equal(accused, 1);
    assert_int_equal(lewes_user_public(user, &book.wallet.user), LEWES_OK);
    assert_memory_equal(culprit, user, sizeof user);
    take(&third);
    report();
    assert_int_equal(accused, 2);
    assert_memory_equal(culprit, user, sizeof user);
}

static void a_second_payment_that_does_not_hold_accuses_nobody(void **state)
{
    const struct export_line first = pay(7, 1, 1);
    struct export_line forged = first;
    struct settlement_counts counts;
    (void)state;
    take(&first);
    forged.pay_info[0] ^= 1; /* the payment was not made for this */
    assert_string_equal(settlement_take(settlement, &forged), "E_PROOF");
    forged = pay(7, 1, 2);
    forged.payment[250] ^= 1;
    assert_non_null(settlement_take(settlement, &forged));
    forged = pay(7, 1, 2);
    forged.epoch = 2;
    assert_string_equal(settlement_take(settlement, &forged), "E_EPOCH");
    forged.epoch = 1;
    forged.day += LEWES_DAY;
    assert_non_null(settlement_take(settlement, &forged));
    report();
    settlement_count(settlement, &counts);
    assert_int_equal(accused, 0);
    assert_int_equal(counts.refused, 4);
}

static void a_line_that_is_refused_does_not_hide_the_good_one(void **state)
{
    struct export_line line = pay(8, 1, 1);
    (void)state;
    line.payment[250] ^= 1;
    assert_non_null(settlement_take(settlement, &line));
    line.payment[250] ^= 1;
    take(&line);
    report();
    assert_int_equal(owed[0], 1);
}

/* ---- lines ---- */

static size_t write_line(char *out, size_t cap, const struct export_line *line)
{
    char serial[97], tag[97], info[145], payee[65], payment[2 * LEWES_PAYMENT_BOUND_LEN + 1];
    hex_write(serial, line->serial, sizeof line->serial);
    hex_write(tag, line->tag, sizeof line->tag);
    hex_write(info, line->pay_info, sizeof line->pay_info);
    hex_write(payee, line->payee, sizeof line->payee);
    hex_write(payment, line->payment, line->payment_len);
    return (size_t)snprintf(out, cap,
                            "{\"serial\": \"%s\", \"tag\": \"%s\", \"pay_info\": \"%s\", "
                            "\"epoch\": %d, \"type\": %d, \"payee\": \"%s\", \"payment\": \"%s\", "
                            "\"spend_date\": %u}\n",
                            serial, tag, info, (int)line->epoch, (int)line->type, payee, payment,
                            line->day);
}

static void an_exported_line_is_read(void **state)
{
    char text[EXPORT_LINE_MAX];
    static struct export_line again;
    const struct export_line line = pay(9, 1, 1);
    (void)state;
    const size_t len = write_line(text, sizeof text, &line);
    assert_null(export_line_read(&again, text, len));
    assert_memory_equal(again.payment, line.payment, line.payment_len);
    assert_int_equal(again.day, TODAY);
    for (size_t cut = 0; cut + 2 < len; cut++)
        assert_non_null(export_line_read(&again, text, cut));
}

static void a_line_that_contradicts_its_payment_is_refused(void **state)
{
    char text[EXPORT_LINE_MAX];
    static struct export_line again;
    const struct export_line good = pay(9, 1, 1);
    struct export_line bad[6] = {good, good, good, good, good, good};
    (void)state;
    bad[0].serial[9] ^= 1;
    bad[1].tag[9] ^= 1;
    bad[2].payee[9] ^= 1;
    bad[3].type = LEWES_TICKET_WG_EXIT;
    bad[4].day += 1;
    bad[5].payment_len = LEWES_PAYMENT_UNBOUND_LEN;
    for (int i = 0; i < 6; i++) {
        const size_t len = write_line(text, sizeof text, &bad[i]);
        assert_non_null(export_line_read(&again, text, len));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(honest_payments_accuse_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_pay_info_is_a_replay_and_no_evidence, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_pay_info_names_the_spender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_payment_that_does_not_hold_accuses_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_is_refused_does_not_hide_the_good_one, set_up,
                                        tear_down),
        cmocka_unit_test(an_exported_line_is_read),
        cmocka_unit_test(a_line_that_contradicts_its_payment_is_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
