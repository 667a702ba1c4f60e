/* SPDX-License-Identifier: Apache-2.0 */
/* What a gateway has been paid, as lines for a settlement (ecash.md E27); and what it forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>

#include "gateway/export.h"
#include "host/words.h"
#include "tests/support/paying.h"

#define LINES_MAX 8

static struct paying paying;
static struct rig rig;
static struct client client;
static struct client_ticket ticket;
static char path[128];
static struct export_error error;
static json_t *lines[LINES_MAX];
static size_t count;

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

static int up(void **state)
{
    (void)state;
    rig_init(&rig);
    paying_configure(&paying, &rig, "");
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    (void)snprintf(path, sizeof path, "%s/lewes.db", rig.directory);
    return 0;
}

static void forget_lines(void)
{
    for (size_t i = 0; i < count; i++)
        json_decref(lines[i]);
    count = 0;
}

static int down(void **state)
{
    (void)state;
    forget_lines();
    client_close(&client);
    rig_down(&rig);
    return 0;
}

static int export(void)
{
    char *text = NULL;
    size_t len = 0;
    forget_lines();
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    const int result = export_tickets(out, path, 1000, &error);
    assert_int_equal(fclose(out), 0);
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        assert_true(count < LINES_MAX);
        lines[count] = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(lines[count]);
        count++;
    }
    free(text);
    return result;
}

static enum lewes_answer_kind pay(unsigned coin, uint8_t number, uint8_t wg_who, bool unbound)
{
    struct paying_terms terms = paying_terms(&rig, coin, number);
    terms.unbound = unbound;
    const struct lewes_request request = paying_request(&paying, &rig, &terms, wg_who, &ticket);
    return client_register(&client, &request).kind;
}

static size_t bytes_of(const json_t *line, const char *name, uint8_t *out, size_t cap)
{
    const char *text = json_string_value(json_object_get(line, name));
    ssize_t len;
    assert_non_null(text);
    len = hex_read(out, cap, text);
    assert_true(len >= 0);
    return (size_t)len;
}

static json_int_t number_of(const json_t *line, const char *name)
{
    assert_true(json_is_integer(json_object_get(line, name)));
    return json_integer_value(json_object_get(line, name));
}

/* A line has all that its verification needs. */
static void verify(const json_t *line, struct lewes_ticket *proved)
{
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], pay_info[LEWES_PAY_INFO_LEN], bytes[48];
    const struct lewes_ed25519_public *own = lewes_identity_public(rig.identity);
    struct lewes_ticket_claim claim = {.payment = payment, .pay_info = pay_info};
    claim.len = bytes_of(line, "payment", payment, sizeof payment);
    assert_int_equal(bytes_of(line, "pay_info", pay_info, sizeof pay_info), sizeof pay_info);
    claim.day = (uint32_t)number_of(line, "spend_date");
    assert_int_equal(claim.day, PAYING_DAY);
    assert_int_equal(number_of(line, "epoch"), 1);
    assert_int_equal(number_of(line, "type"), LEWES_TICKET_WG_ENTRY);
    assert_int_equal(lewes_ticket_verify(paying.mint.key, &claim, proved), LEWES_OK);
    assert_int_equal(bytes_of(line, "serial", bytes, sizeof bytes), LEWES_SERIAL_LEN);
    assert_memory_equal(bytes, proved->serial, LEWES_SERIAL_LEN);
    assert_int_equal(bytes_of(line, "tag", bytes, sizeof bytes), LEWES_TICKET_TAG_LEN);
    assert_memory_equal(bytes, proved->tag, LEWES_TICKET_TAG_LEN);
    assert_int_equal(bytes_of(line, "payee", bytes, sizeof bytes), LEWES_KEY_LEN);
    assert_memory_equal(bytes, own->bytes, LEWES_KEY_LEN);
}

static void every_spent_ticket_has_a_line_that_can_be_verified(void **state)
{
    struct lewes_ticket proved;
    (void)state;
    assert_int_equal(export(), 0);
    assert_int_equal(count, 0);
    assert_int_equal(pay(0, 1, 1, false), LEWES_ANSWER_DVPN);
    assert_int_equal(pay(1, 1, 2, true), LEWES_ANSWER_DVPN);
    assert_int_equal(export(), 0); /* the gateway runs */
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        verify(lines[i], &proved);
        assert_int_equal(number_of(lines[i], "spent_at"), RIG_UNIX_MS / 1000);
    }
}

static void a_coin_that_was_spent_twice_has_two_lines(void **state)
{
    struct lewes_ticket proved[2];
    uint8_t named[LEWES_USER_KEY_LEN];
    (void)state;
    assert_int_equal(pay(0, 1, 1, false), LEWES_ANSWER_DVPN);
    assert_int_equal(pay(0, 2, 2, false), LEWES_ANSWER_REFUSED);
    assert_int_equal(export(), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++)
        verify(lines[i], &proved[i]);
    assert_int_equal(number_of(lines[0], "spent_at"), RIG_UNIX_MS / 1000);
    assert_int_equal(number_of(lines[1], "seen_at"), RIG_UNIX_MS / 1000);
    assert_int_equal(lewes_ticket_identify(named, &proved[0], &proved[1]), LEWES_OK);
}

static void execute(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void what_cannot_be_exported_is_said(void **state)
{
    (void)state;
    assert_int_equal(pay(0, 1, 1, false), LEWES_ANSWER_DVPN);
    assert_int_equal(pay(1, 1, 2, false), LEWES_ANSWER_DVPN);
    execute("UPDATE spent_ticket SET payment = x'00' WHERE rowid = 1");
    assert_int_equal(export(), -1);
    assert_int_equal(count, 1); /* the other one */
    assert_non_null(strstr(error.text, "1 rows"));
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        abort();
    assert_int_equal(export_tickets(full, path, 1000, &error), -1);
    assert_non_null(strstr(error.text, "cannot be written"));
    (void)fclose(full);
    execute("DROP TABLE double_spend");
    assert_int_equal(export(), -1);
    assert_non_null(strstr(error.text, "not a database of this version"));
    (void)snprintf(path, sizeof path, "%s/none.db", rig.directory);
    assert_int_equal(export(), -1);
    assert_non_null(strstr(error.text, path));
}

/* ---- gateway.md G10.3 ---- */

static bool has_forgotten(void *user)
{
    (void)user;
    return rig_logged(&rig, "501 spent tickets forgotten");
}

static void old_tickets_are_forgotten_at_start(void **state)
{
    struct store_counts counts;
    (void)state;
    assert_int_equal(pay(0, 1, 1, false), LEWES_ANSWER_DVPN);
    client_close(&client);
    rig_stop(&rig);
    execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 501)"
            " INSERT INTO spent_ticket SELECT CAST(printf('%048d', i) AS BLOB), zeroblob(32),"
            " zeroblob(32), 0, 2, 1, '2025-001', 1, zeroblob(32), zeroblob(48), zeroblob(72),"
            " x'01', 1 FROM n");
    rig_start(&rig);
    rig_wait(&rig, has_forgotten, NULL);
    assert_int_equal(store_count(rig.store, &counts), STORE_OK);
    assert_int_equal(counts.tickets, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_spent_ticket_has_a_line_that_can_be_verified),
        TEST(a_coin_that_was_spent_twice_has_two_lines),
        TEST(what_cannot_be_exported_is_said),
        TEST(old_tickets_are_forgotten_at_start),
    };
    return cmocka_run_group_tests(tests, open_mint, close_mint);
}
