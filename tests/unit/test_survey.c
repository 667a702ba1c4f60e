/* SPDX-License-Identifier: Apache-2.0 */
/* Leases, addresses and device brought into agreement: gateway.md G6.11, G7.4, G9.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_client.h"

#define NOW ((int64_t)(RIG_UNIX_MS / 1000))

static struct rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_init(&rig);
    rig_open(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_down(&rig);
    return 0;
}

static struct lease make_lease(uint8_t who, uint32_t pair, enum lease_state lease_state)
{
    struct lease lease = {.wg_key = client_wg_key(who),
                          .pair = pair,
                          .state = lease_state,
                          .balance = 1000,
                          .expires = NOW + 1000,
                          .created = who};
    memset(&lease.identities[0], who, sizeof lease.identities[0]);
    lease.identity_count = 1;
    return lease;
}

static void put(const struct lease *lease)
{
    assert_int_equal(store_register(rig.store, NULL, lease), STORE_OK);
}

static struct lease get(uint8_t who)
{
    struct lease lease;
    const struct lewes_wg_public key = client_wg_key(who);
    assert_int_equal(rig_lease(&rig, &key, &lease), STORE_OK);
    return lease;
}

static bool installed(uint8_t who)
{
    struct wg_peer peer;
    const struct lewes_wg_public key = client_wg_key(who);
    return rig_peer(&rig, &key, &peer);
}

static void install(uint8_t who, uint8_t last)
{
    const struct wg_peer peer = {
        .key = client_wg_key(who), .ipv4 = {10, 1, 0, last}, .ipv6 = {0xfc, 1, [15] = last}};
    assert_int_equal(tunnel_add(rig.tunnel, &peer, 1), WG_OK);
}

static void leases_with_credit_get_their_peers(void **state)
{
    struct lease lease = make_lease(1, 10, LEASE_ACTIVE);
    (void)state;
    put(&lease);
    lease = make_lease(2, 11, LEASE_PENDING);
    put(&lease);
    rig_start(&rig);
    assert_true(installed(1));
    assert_true(installed(2));
    assert_int_equal(get(1).state, LEASE_ACTIVE);
    assert_int_equal(get(2).state, LEASE_ACTIVE);
    assert_int_equal(rig_count(&rig).leased_pairs, 2);
}

static void leases_without_credit_are_held(void **state)
{
    struct lease lease = make_lease(1, 10, LEASE_ACTIVE);
    (void)state;
    lease.balance = 0;
    put(&lease);
    lease = make_lease(2, 11, LEASE_ACTIVE);
    lease.expires = NOW;
    put(&lease);
    lease = make_lease(3, 12, LEASE_REMOVING);
    put(&lease);
    lease = make_lease(4, 13, LEASE_HELD);
    put(&lease);
    for (uint8_t who = 1; who <= 4; who++)
        install(who, (uint8_t)(9 + who));
    rig_start(&rig);
    assert_int_equal(rig_peers(&rig), 0);
    for (uint8_t who = 1; who <= 4; who++)
        assert_int_equal(get(who).state, LEASE_HELD);
    assert_int_equal(rig_count(&rig).leased_pairs, 4); /* addresses are kept */
}

static void unknown_peers_go_if_the_interface_is_ours(void **state)
{
    (void)state;
    install(1, 10);
    rig_start(&rig);
    assert_int_equal(rig_peers(&rig), 0);
}

static void unknown_peers_stay_on_a_shared_interface(void **state)
{
    struct lease lease = make_lease(2, 11, LEASE_REMOVING);
    (void)state;
    put(&lease);
    rig.settings.wireguard.exclusive = false;
    install(1, 10);
    install(2, 11);
    rig_start(&rig);
    assert_true(installed(1));
    assert_false(installed(2));
}

static void a_peer_with_other_addresses_is_replaced(void **state)
{
    struct lease lease = make_lease(1, 10, LEASE_ACTIVE);
    struct wg_peer peer;
    (void)state;
    put(&lease);
    install(1, 99);
    rig_start(&rig);
    assert_true(rig_peer(&rig, &lease.wg_key, &peer));
    assert_memory_equal(peer.ipv4, "\x0a\x01\0\x0a", 4);
    assert_memory_equal(peer.ipv6, "\xfc\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x0a", 16);
}

static void what_agrees_is_left_alone(void **state)
{
    struct lease lease = make_lease(1, 10, LEASE_ACTIVE);
    (void)state;
    put(&lease);
    install(1, 10);
    unsigned adds = atomic_load(&rig.device_adds);
    rig_start(&rig);
    assert_int_equal(atomic_load(&rig.device_adds), adds);
    assert_true(installed(1));
}

static void a_lease_outside_of_the_networks_loses_its_addresses_only(void **state)
{
    struct client client;
    struct client_ticket ticket;
    struct lease lease = make_lease(1, 5000, LEASE_ACTIVE);
    (void)state;
    put(&lease);
    lease = make_lease(2, 1, LEASE_ACTIVE); /* the gateway's own */
    put(&lease);
    rig_start(&rig);
    assert_int_equal(rig_peers(&rig), 0);
    assert_int_equal(get(1).pair, LEASE_NO_PAIR);
    assert_int_equal(get(2).pair, LEASE_NO_PAIR);
    assert_int_equal(get(1).balance, 1000);
    assert_int_equal(rig_count(&rig).leased_pairs, 0);

    /* its next registration brings new ones: another identity, so it pays */
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, 500001000);
    assert_true(installed(1));
    assert_int_equal(get(1).state, LEASE_ACTIVE);
    assert_true(get(1).pair < 4096);
    client_close(&client);
}

static void many_peers_are_added_in_batches(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        struct lease lease = make_lease((uint8_t)(i + 1), 10 + i, LEASE_ACTIVE);
        put(&lease);
    }
    rig_start(&rig);
    assert_int_equal(rig_peers(&rig), 200);
    assert_int_equal(rig_count(&rig).leased_pairs, 200);
}

static void a_device_that_is_lost_stops_the_start(void **state)
{
    struct gateway *gateway = NULL;
    struct gateway_error error;
    struct lease lease = make_lease(1, 10, LEASE_ACTIVE);
    (void)state;
    put(&lease);
    atomic_store(&rig.device_fault, WG_LOST);
    const struct gateway_parts parts = rig_parts(&rig);
    assert_int_equal(gateway_start(&gateway, &parts, &error), -1);
    rig_settle(&rig);
    atomic_store(&rig.device_fault, WG_OK);
    rig_start(&rig);
    assert_true(installed(1));
}

static void a_peer_that_is_refused_does_not_stop_it(void **state)
{
    struct lease lease = make_lease(1, 10, LEASE_ACTIVE);
    struct lease bad = make_lease(2, 11, LEASE_PENDING);
    (void)state;
    put(&lease);
    bad.wg_key = rig.wg_key; /* the device refuses its own key */
    put(&bad);
    rig_start(&rig);
    assert_true(installed(1));
    assert_int_equal(rig_peers(&rig), 1);
    assert_true(rig_logged(&rig, "1 refused"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leases_with_credit_get_their_peers),
        TEST(leases_without_credit_are_held),
        TEST(unknown_peers_go_if_the_interface_is_ours),
        TEST(unknown_peers_stay_on_a_shared_interface),
        TEST(a_peer_with_other_addresses_is_replaced),
        TEST(what_agrees_is_left_alone),
        TEST(a_lease_outside_of_the_networks_loses_its_addresses_only),
        TEST(many_peers_are_added_in_batches),
        TEST(a_device_that_is_lost_stops_the_start),
        TEST(a_peer_that_is_refused_does_not_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
