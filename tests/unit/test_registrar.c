/* SPDX-License-Identifier: Apache-2.0 */
/* Registrations by the rules: refusals, and the rows of gateway.md G6.2 with the mock verifier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_client.h"

#define DAY_MS UINT64_C(86400000)
#define ONE INT64_C(500000000) /* what a ticket is worth */

static struct rig rig;
static struct client client;
static struct client_ticket ticket;

static int up(void **state)
{
    (void)state;
    rig_up(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    client_close(&client);
    rig_down(&rig);
    return 0;
}

static int up_with(void (*change)(struct settings *settings))
{
    rig_init(&rig);
    change(&rig.settings);
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    return 0;
}

/* Comes back as somebody else. */
static void come_as(uint8_t who)
{
    client_close(&client);
    client_open(&client, &rig, who);
    client_handshake(&client);
}

static struct lewes_answer ask(uint8_t wg_who)
{
    struct lewes_request request = client_request(&rig, wg_who, &ticket);
    return client_register(&client, &request);
}

static void nothing_was_left(void)
{
    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.leased_pairs, 0);
    assert_int_equal(rig_peers(&rig), 0);
    assert_int_equal(counts.registrations, 0);
}

/* ---- refusals ---- */

static void a_request_may_be_30_seconds_off_and_no_more(void **state)
{
    const int64_t offsets[] = {-30, 30, -31, 31};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct lewes_request request = client_request(&rig, (uint8_t)(i + 1), &ticket);
        request.timestamp = (uint64_t)((int64_t)request.timestamp + offsets[i]);
        struct lewes_answer answer = client_register(&client, &request);
        if (i < 2)
            assert_dvpn(&answer, ONE);
        else
            assert_refused(&answer, LEWES_REFUSAL_TIMESTAMP);
    }
    struct lewes_request request = client_request(&rig, 9, &ticket);
    request.timestamp = 0;
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_TIMESTAMP);
    request.timestamp = INT64_MAX;
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_TIMESTAMP);
    assert_int_equal(rig_peers(&rig), 2);
}

static void unusable_wireguard_keys_are_refused(void **state)
{
    (void)state;
    struct lewes_request request = client_request(&rig, 1, &ticket);
    memset(&request.wg_key, 0, sizeof request.wg_key);
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_PUBLIC_KEY);
    request.wg_key.bytes[0] = 1; /* small order */
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_PUBLIC_KEY);
    request.wg_key = rig.wg_key;
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_PUBLIC_KEY);
    nothing_was_left();
}

static void mixnet_mode_is_not_enabled(void **state)
{
    (void)state;
    struct lewes_request request = client_request(&rig, 1, &ticket);
    request.mode = LEWES_MODE_MIXNET;
    request.mixnet_identity = *lewes_identity_public(client.identity);
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_MODE);
    nothing_was_left();
}

static void disable(struct settings *settings)
{
    settings->gateway.enabled = false;
}

static int up_disabled(void **state)
{
    (void)state;
    return up_with(disable);
}

static void a_gateway_that_is_off_refuses_all(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1);
    assert_refused(&answer, LEWES_REFUSAL_MODE);
    nothing_was_left();
}

static void a_ticket_of_bad_form_leaves_no_trace(void **state)
{
    struct lease lease;
    (void)state;
    ticket.payment[737] = 2;
    struct lewes_answer answer = ask(1);
    assert_refused(&answer, LEWES_REFUSAL_MULTIPLE);
    nothing_was_left();
    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.free_pairs, 4096 - 3);
    client_close(&client);
    rig_wait_quiet(&rig);
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_NOT_FOUND);
}

static void shrink(struct settings *settings)
{
    settings->wireguard.address4.prefix = 30;
    settings->wireguard.address6.prefix = 126;
}

static int up_small(void **state)
{
    (void)state;
    return up_with(shrink);
}

static void the_last_address_goes_to_one_client(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    assert_memory_equal(answer.as.dvpn.ipv4, "\x0a\x01\0\x02", 4);
    answer = ask(2);
    assert_refused(&answer, LEWES_REFUSAL_NO_ADDRESS);
    answer = ask(1);
    assert_dvpn(&answer, ONE);
}

static void slow_down(struct settings *settings)
{
    settings->limits.verify_burst = 2;
    settings->limits.verify_rate = (struct settings_rate){1, 3600000};
}

static int up_slow(void **state)
{
    (void)state;
    return up_with(slow_down);
}

static void a_source_has_its_share_of_checks(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    answer = ask(2);
    assert_dvpn(&answer, ONE);
    answer = ask(3);
    assert_refused(&answer, LEWES_REFUSAL_BUSY);
    answer = ask(1); /* a repeat is not checked */
    assert_dvpn(&answer, ONE);
    assert_int_equal(rig_peers(&rig), 2);
}

/* ---- gateway.md G6.2 ---- */

static void the_same_payment_again_repeats_the_same_bytes(void **state)
{
    uint8_t first[LEASE_ANSWER_MAX];
    (void)state;
    (void)ask(1);
    size_t len = client.payload_len;
    memcpy(first, client.payload, len);
    unsigned adds = atomic_load(&rig.device_adds);
    come_as(2);
    (void)ask(1);
    assert_int_equal(client.payload_len, len);
    assert_memory_equal(client.payload, first, len);
    assert_int_equal(atomic_load(&rig.device_adds), adds);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
}

static void after_the_answer_window_the_balance_is_todays(void **state)
{
    struct lease lease;
    (void)state;
    struct lewes_answer first = ask(1);
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    lease.balance = 123;
    assert_int_equal(store_update_lease(rig.store, &lease), STORE_OK);
    atomic_fetch_add(&rig.unix_ms, 600000);
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    atomic_fetch_add(&rig.unix_ms, 1000);
    answer = ask(1);
    assert_dvpn(&answer, 123);
    assert_memory_equal(answer.as.dvpn.ipv4, first.as.dvpn.ipv4, 4);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 2);
}

static void a_repeat_is_known_before_its_pay_info_is_stale(void **state)
{
    (void)state;
    (void)ask(1);
    atomic_fetch_add(&rig.unix_ms, DAY_MS);
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
}

static void a_known_identity_with_credit_keeps_its_new_ticket(void **state)
{
    (void)state;
    struct lewes_answer first = ask(1);
    client_ticket(&ticket, &rig, 2);
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    assert_memory_equal(answer.as.dvpn.ipv6, first.as.dvpn.ipv6, 16);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_UNCHANGED], 1);
    client_ticket(&ticket, &rig, 1);
    answer = ask(1);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
}

static void set_balance(int64_t balance)
{
    struct lease lease;
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    lease.balance = balance;
    assert_int_equal(store_update_lease(rig.store, &lease), STORE_OK);
}

static void below_the_threshold_a_ticket_adds_credit(void **state)
{
    (void)state;
    struct lewes_answer first = ask(1);
    unsigned adds = atomic_load(&rig.device_adds);
    set_balance(50000000);
    client_ticket(&ticket, &rig, 2);
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, 50000000);
    set_balance(49999999);
    answer = ask(1);
    assert_dvpn(&answer, ONE + 49999999);
    assert_memory_equal(answer.as.dvpn.ipv4, first.as.dvpn.ipv4, 4);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_TOPUP], 1);
    assert_int_equal(rig_count(&rig).leased_pairs, 1);
    assert_int_equal(atomic_load(&rig.device_adds), adds);
}

static void a_held_lease_comes_back_with_its_addresses(void **state)
{
    struct lease lease;
    (void)state;
    struct lewes_answer first = ask(1);
    const struct lewes_wg_public key = client_wg_key(1);
    set_balance(0);
    assert_int_equal(store_set_state(rig.store, &key, LEASE_HELD), STORE_OK);
    assert_int_equal(tunnel_remove(rig.tunnel, &key), WG_OK);
    client_ticket(&ticket, &rig, 2);
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    assert_memory_equal(answer.as.dvpn.ipv4, first.as.dvpn.ipv4, 4);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_ACTIVE);
}

static void an_expired_lease_is_paid_for_again(void **state)
{
    (void)state;
    (void)ask(1);
    atomic_fetch_add(&rig.unix_ms, 7 * DAY_MS);
    client_close(&client);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    struct lewes_answer answer = ask(1); /* the mock forgets with the lease */
    assert_dvpn(&answer, 2 * ONE);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_TOPUP], 1);
}

static void another_identity_pays_and_is_remembered(void **state)
{
    struct lease lease;
    (void)state;
    struct lewes_answer first = ask(1);
    come_as(2);
    client_ticket(&ticket, &rig, 2);
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, 2 * ONE);
    assert_memory_equal(answer.as.dvpn.ipv4, first.as.dvpn.ipv4, 4);
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    assert_int_equal(lease.identity_count, 2);
    client_ticket(&ticket, &rig, 3);
    answer = ask(1);
    assert_dvpn(&answer, 2 * ONE);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_JOINED], 1);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_UNCHANGED], 1);
}

static void refuse_joins(struct settings *settings)
{
    settings->registration.key_join = SETTINGS_KEY_JOIN_REFUSE;
}

static int up_refusing_joins(void **state)
{
    (void)state;
    return up_with(refuse_joins);
}

static void another_identity_may_be_refused(void **state)
{
    (void)state;
    (void)ask(1);
    come_as(2);
    client_ticket(&ticket, &rig, 2);
    struct lewes_answer answer = ask(1);
    assert_refused(&answer, LEWES_REFUSAL_OTHER_IDENTITY);
}

static void each_ticket_type_is_worth_its_amount(void **state)
{
    static const int64_t amounts[] = {200000000, 100000000, 500000000, 500000000};
    (void)state;
    for (int type = 0; type < 4; type++) {
        struct lewes_request request = client_request(&rig, (uint8_t)(type + 1), &ticket);
        request.ticket_type = (enum lewes_ticket_type)type;
        struct lewes_answer answer = client_register(&client, &request);
        assert_dvpn(&answer, amounts[type]);
    }
}

/* ---- gateway.md G6.10 ---- */

static void announce(struct settings *settings)
{
    settings->listen.announce_address.count = 2;
    settings->listen.announce_address.at[0] = (struct lewes_ip){6, {0x20, 0x01, 0x0d, 0xb8}};
    settings->listen.announce_address.at[1] = (struct lewes_ip){4, {198, 51, 100, 7}};
    settings->wireguard.announce_port = 5182;
}

static int up_announcing(void **state)
{
    (void)state;
    return up_with(announce);
}

static void the_announced_address_of_the_family_is_told(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1);
    assert_dvpn(&answer, ONE);
    assert_int_equal(answer.as.dvpn.endpoint.ip.family, 4);
    assert_memory_equal(answer.as.dvpn.endpoint.ip.bytes, "\xc6\x33\x64\x07", 4);
    assert_int_equal(answer.as.dvpn.endpoint.port, 5182);
}

static void announce_other(struct settings *settings)
{
    announce(settings);
    settings->listen.announce_address.count = 1;
}

static int up_announcing_other(void **state)
{
    (void)state;
    return up_with(announce_other);
}

static void the_connections_own_address_comes_before_the_other_family(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1);
    assert_memory_equal(answer.as.dvpn.endpoint.ip.bytes, "\x7f\0\0\x01", 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)
#define TEST_WITH(name, setup) cmocka_unit_test_setup_teardown(name, setup, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_may_be_30_seconds_off_and_no_more),
        TEST(unusable_wireguard_keys_are_refused),
        TEST(mixnet_mode_is_not_enabled),
        TEST_WITH(a_gateway_that_is_off_refuses_all, up_disabled),
        TEST(a_ticket_of_bad_form_leaves_no_trace),
        TEST_WITH(the_last_address_goes_to_one_client, up_small),
        TEST_WITH(a_source_has_its_share_of_checks, up_slow),
        TEST(the_same_payment_again_repeats_the_same_bytes),
        TEST(after_the_answer_window_the_balance_is_todays),
        TEST(a_repeat_is_known_before_its_pay_info_is_stale),
        TEST(a_known_identity_with_credit_keeps_its_new_ticket),
        TEST(below_the_threshold_a_ticket_adds_credit),
        TEST(a_held_lease_comes_back_with_its_addresses),
        TEST(an_expired_lease_is_paid_for_again),
        TEST(another_identity_pays_and_is_remembered),
        TEST_WITH(another_identity_may_be_refused, up_refusing_joins),
        TEST(each_ticket_type_is_worth_its_amount),
        TEST_WITH(the_announced_address_of_the_family_is_told, up_announcing),
        TEST_WITH(the_connections_own_address_comes_before_the_other_family, up_announcing_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
