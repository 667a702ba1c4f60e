/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever fails, no credit is lost, no pair leaks, and the next attempt succeeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_client.h"

#define ONE INT64_C(500000000)

static struct rig rig;
static struct client client;
static struct client_ticket ticket;

static int up(void **state)
{
    (void)state;
    rig_up(&rig);
    client_ticket(&ticket, &rig, 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    rig_down(&rig);
    return 0;
}

/* ---- memory and randomness ---- */

/* A registration that may fail anywhere; true if it succeeded. */
static bool attempt(uint8_t who)
{
    struct lewes_answer answer;
    bool success = false;
    client_open(&client, &rig, who);
    client.tolerant = true;
    if (client_try_handshake(&client)) {
        struct lewes_request request = client_request(&rig, who, &ticket);
        client_send_request(&client, &request);
        success = client_answer(&client, &answer) && answer.kind == LEWES_ANSWER_DVPN;
    }
    client_close(&client);
    return success;
}

static void check_consistent(void)
{
    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.half_open + counts.sessions, 0);
    assert_int_equal(counts.leased_pairs, rig_peers(&rig));
    assert_int_equal(counts.free_pairs + counts.leased_pairs, 4096 - 3);
}

/* One failure after the other, of allocations or of draws, until there is none to fail. */
static void fail_each(bool allocations)
{
    assert_true(attempt(200));
    rig_wait_quiet(&rig);
    size_t blocks = shared_env_count(&rig.env).blocks;
    for (unsigned n = 1;; n++) {
        uint8_t who = (uint8_t)(n % 100 + 1);
        shared_env_fail(&rig.env, allocations ? n : 0, allocations ? 0 : n);
        bool success = attempt(who);
        bool failed = shared_env_count(&rig.env).failures > 0;
        shared_env_fail(&rig.env, 0, 0);
        rig_wait_quiet(&rig);
        check_consistent();
        assert_int_equal(shared_env_count(&rig.env).blocks, blocks);
        assert_true(success || failed);
        assert_true(attempt(who));
        rig_wait_quiet(&rig);
        if (!failed) {
            assert_true(n > 1);
            return;
        }
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fail_each(true);
}

static void every_draw_may_fail(void **state)
{
    (void)state;
    fail_each(false);
}

/* ---- the store ---- */

static void a_store_failure_leaves_nothing(void **state)
{
    const enum store_point points[] = {STORE_POINT_BEGIN, STORE_POINT_READ, STORE_POINT_LEASE,
                                       STORE_POINT_COMMIT};
    struct lewes_request request = client_request(&rig, 1, &ticket);
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    for (int i = 0; i < 4; i++) {
        struct lease lease;
        atomic_store(&rig.store_fault_point, (int)points[i]);
        struct lewes_answer answer = client_register(&client, &request);
        assert_refused(&answer, LEWES_REFUSAL_STORE);
        atomic_store(&rig.store_fault_point, -1);
        assert_int_equal(rig_count(&rig).leased_pairs, 0);
        assert_int_equal(rig_count(&rig).free_pairs, 4096 - 3);
        assert_int_equal(rig_peers(&rig), 0);
        assert_int_equal(rig_lease(&rig, &request.wg_key, &lease), STORE_NOT_FOUND);
    }
    struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
    client_close(&client);
}

static void a_lease_that_stays_pending_is_answered_all_the_same(void **state)
{
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lease lease;
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    atomic_store(&rig.store_fault_point, STORE_POINT_STATE);
    struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
    atomic_store(&rig.store_fault_point, -1);
    assert_int_equal(rig_lease(&rig, &request.wg_key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_PENDING);
    answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
    assert_int_equal(rig_lease(&rig, &request.wg_key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_ACTIVE);
    client_close(&client);
}

/* ---- the device ---- */

static void a_device_error_keeps_the_credit_for_a_retry(void **state)
{
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lease lease;
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    atomic_store(&rig.device_fault, WG_REFUSED);
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_DEVICE);
    assert_int_equal(rig_lease(&rig, &request.wg_key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_PENDING);
    assert_int_equal(lease.balance, ONE);
    assert_int_equal(rig_count(&rig).leased_pairs, 1);
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_DEVICE);
    atomic_store(&rig.device_fault, WG_OK);
    answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
    assert_int_equal(rig_peers(&rig), 1);
    client_close(&client);
}

static bool has_repaired(void *user)
{
    return rig_count(user).repairs > 0;
}

static void a_lost_device_stops_newcomers_until_it_is_repaired(void **state)
{
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_request second = client_request(&rig, 2, &ticket);
    struct lease lease;
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    atomic_store(&rig.device_fault, WG_LOST);
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_DEVICE);
    answer = client_register(&client, &second);
    assert_refused(&answer, LEWES_REFUSAL_BUSY);
    assert_int_equal(rig_count(&rig).leased_pairs, 1);
    atomic_store(&rig.device_fault, WG_OK);
    rig_wait(&rig, has_repaired, &rig);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(rig_lease(&rig, &request.wg_key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_ACTIVE);
    answer = client_register(&client, &second);
    assert_dvpn(&answer, ONE);
    client_close(&client);
}

static void a_device_that_comes_back_empty_gets_all_peers(void **state)
{
    (void)state;
    for (uint8_t who = 1; who <= 40; who++)
        assert_true(attempt(who));
    rig_wait_quiet(&rig);
    atomic_store(&rig.device_fault, WG_LOST);
    assert_false(attempt(41));
    atomic_store(&rig.device_fault, WG_OK);
    rig_wait(&rig, has_repaired, &rig);
    assert_int_equal(rig_peers(&rig), 41);
}

/* ---- restart ---- */

static void a_restart_brings_every_peer_back(void **state)
{
    struct lease before, after;
    struct wg_peer peer;
    (void)state;
    for (uint8_t who = 1; who <= 5; who++)
        assert_true(attempt(who));
    const struct lewes_wg_public key = client_wg_key(3);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_lease(&rig, &key, &before), STORE_OK);
    rig_stop(&rig);
    rig_reopen(&rig);
    assert_int_equal(rig_peers(&rig), 0);
    rig_start(&rig);
    assert_int_equal(rig_peers(&rig), 5);
    assert_int_equal(rig_count(&rig).leased_pairs, 5);
    assert_true(rig_peer(&rig, &key, &peer));
    assert_int_equal(rig_lease(&rig, &key, &after), STORE_OK);
    assert_int_equal(after.pair, before.pair);
    assert_true(attempt(3));
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
}

static void a_pending_lease_is_installed_at_start(void **state)
{
    struct lease lease;
    (void)state;
    atomic_store(&rig.device_fault, WG_REFUSED);
    assert_false(attempt(1));
    rig_stop(&rig);
    atomic_store(&rig.device_fault, WG_OK);
    rig_start(&rig);
    const struct lewes_wg_public key = client_wg_key(1);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_ACTIVE);
    assert_true(attempt(1));
}

/* ---- many at once ---- */

static void one_request_on_twenty_sessions_is_one_registration(void **state)
{
    static struct client clients[20];
    static uint8_t first[LEASE_ANSWER_MAX];
    struct lewes_request request = client_request(&rig, 1, &ticket);
    size_t len = 0;
    (void)state;
    for (uint8_t i = 0; i < 20; i++) {
        client_open(&clients[i], &rig, i);
        client_handshake(&clients[i]);
    }
    for (int i = 0; i < 20; i++)
        client_send_request(&clients[i], &request);
    for (int i = 0; i < 20; i++) {
        struct lewes_answer answer;
        assert_true(client_answer(&clients[i], &answer));
        assert_dvpn(&answer, ONE);
        if (i == 0) {
            len = clients[i].payload_len;
            memcpy(first, clients[i].payload, len);
        }
        assert_int_equal(clients[i].payload_len, len);
        assert_memory_equal(clients[i].payload, first, len);
    }
    assert_int_equal(rig_count(&rig).results[REGISTRAR_NEW], 1);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 19);
    assert_int_equal(rig_count(&rig).leased_pairs, 1);
    for (int i = 0; i < 20; i++)
        client_close(&clients[i]);
}

static void who_stands_33rd_in_line_hears_busy(void **state)
{
    static struct client clients[34];
    struct lewes_request request = client_request(&rig, 1, &ticket);
    unsigned busy = 0;
    (void)state;
    for (uint8_t i = 0; i < 34; i++) {
        client_open(&clients[i], &rig, i);
        client_handshake(&clients[i]);
    }
    rig_gate_close(&rig.store_gate);
    for (int i = 0; i < 34; i++) {
        client_send_request(&clients[i], &request);
        rig_settle(&rig);
    }
    struct lewes_answer answer;
    assert_true(client_answer(&clients[33], &answer));
    assert_refused(&answer, LEWES_REFUSAL_BUSY);
    rig_gate_open(&rig.store_gate);
    for (int i = 0; i < 33; i++) {
        assert_true(client_answer(&clients[i], &answer));
        busy += answer.kind == LEWES_ANSWER_REFUSED;
        client_close(&clients[i]);
    }
    assert_int_equal(busy, 0);
    client_close(&clients[33]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_allocation_may_fail),
        TEST(every_draw_may_fail),
        TEST(a_store_failure_leaves_nothing),
        TEST(a_lease_that_stays_pending_is_answered_all_the_same),
        TEST(a_device_error_keeps_the_credit_for_a_retry),
        TEST(a_lost_device_stops_newcomers_until_it_is_repaired),
        TEST(a_device_that_comes_back_empty_gets_all_peers),
        TEST(a_restart_brings_every_peer_back),
        TEST(a_pending_lease_is_installed_at_start),
        TEST(one_request_on_twenty_sessions_is_one_registration),
        TEST(who_stands_33rd_in_line_hears_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
