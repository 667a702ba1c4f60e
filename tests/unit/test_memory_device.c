/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wireguard/memory.h"

static struct wg_device *device;

static int set_up(void **state)
{
    const struct wg_settings settings = {.interface = "x", .private_key = {{8}}, .listen_port = 1};
    (void)state;
    return wg_memory.open(&device, &settings) == WG_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    wg_memory.close(device);
    wg_memory.close(NULL);
    return 0;
}

static struct wg_peer peer_of(uint8_t number)
{
    struct wg_peer peer = {.key = {{9, number}},
                           .ipv4 = {10, 1, 0, number},
                           .ipv6 = {0xfc, 1, [15] = number},
                           .keepalive = 25};
    return peer;
}

struct seen {
    struct wg_peer peers[256];
    size_t count;
};

static void keep(void *user, const struct wg_peer *peer)
{
    struct seen *seen = user;
    assert_true(seen->count < 256);
    seen->peers[seen->count++] = *peer;
}

static struct seen *dump(void)
{
    static struct seen seen;
    seen.count = 0;
    assert_int_equal(wg_memory.dump(device, keep, &seen), WG_OK);
    return &seen;
}

static void what_is_added_is_dumped(void **state)
{
    struct wg_peer peers[200];
    (void)state;
    for (uint8_t i = 0; i < 200; i++)
        peers[i] = peer_of(i);
    assert_int_equal(wg_memory.add(device, peers, 200), WG_OK);
    assert_int_equal(wg_memory_count(device), 200);
    const struct seen *seen = dump();
    for (size_t i = 0; i < 200; i++) {
        assert_memory_equal(&seen->peers[i].key, &peers[i].key, sizeof peers[i].key);
        assert_memory_equal(seen->peers[i].ipv4, peers[i].ipv4, 4);
        assert_memory_equal(seen->peers[i].ipv6, peers[i].ipv6, 16);
        assert_int_equal(seen->peers[i].keepalive, 25);
    }
}

static void adding_again_replaces_and_keeps_the_counters(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    assert_int_equal(wg_memory.add(device, &peer, 1), WG_OK);
    assert_true(wg_memory_traffic(device, &peer.key, 10, 20));
    peer.ipv4[3] = 77;
    assert_int_equal(wg_memory.add(device, &peer, 1), WG_OK);
    assert_true(wg_memory_traffic(device, &peer.key, 1, 2));
    const struct seen *seen = dump();
    assert_int_equal(seen->count, 1);
    assert_int_equal(seen->peers[0].ipv4[3], 77);
    assert_int_equal(seen->peers[0].rx, 11);
    assert_int_equal(seen->peers[0].tx, 22);
}

static void an_address_moves_silently_as_in_a_true_device(void **state)
{
    static const uint8_t none[16];
    struct wg_peer peers[2] = {peer_of(1), peer_of(2)};
    (void)state;
    memcpy(peers[1].ipv4, peers[0].ipv4, 4);
    assert_int_equal(wg_memory.add(device, peers, 2), WG_OK);
    const struct seen *seen = dump();
    assert_memory_equal(seen->peers[0].ipv4, none, 4);
    assert_memory_equal(seen->peers[0].ipv6, peers[0].ipv6, 16);
    assert_memory_equal(seen->peers[1].ipv4, peers[0].ipv4, 4);
}

static void a_removed_peer_is_gone_and_removing_it_again_is_fine(void **state)
{
    struct wg_peer peers[2] = {peer_of(1), peer_of(2)};
    (void)state;
    assert_int_equal(wg_memory.add(device, peers, 2), WG_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(wg_memory.remove(device, &peers[0].key), WG_OK);
    const struct seen *seen = dump();
    assert_int_equal(seen->count, 1);
    assert_memory_equal(&seen->peers[0].key, &peers[1].key, sizeof peers[1].key);
    assert_false(wg_memory_traffic(device, &peers[0].key, 1, 1));
}

static void zero_and_own_key_are_refused_alone(void **state)
{
    struct wg_peer peers[3] = {peer_of(1), peer_of(2), peer_of(3)};
    const struct lewes_wg_private own = {{8}};
    (void)state;
    memset(&peers[0].key, 0, sizeof peers[0].key);
    lewes_wg_public(&peers[1].key, &own);
    assert_int_equal(wg_memory.add(device, peers, 3), WG_REFUSED);
    const struct seen *seen = dump();
    assert_int_equal(seen->count, 1);
    assert_memory_equal(&seen->peers[0].key, &peers[2].key, sizeof peers[2].key);
}

struct plan {
    enum wg_memory_call call;
    unsigned at; /* counted from 1 */
    enum wg_status status;
    unsigned calls;
};

static enum wg_status obey(void *user, enum wg_memory_call call)
{
    struct plan *plan = user;
    return call == plan->call && ++plan->calls == plan->at ? plan->status : WG_OK;
}

static void it_fails_when_told(void **state)
{
    struct wg_peer peers[3] = {peer_of(1), peer_of(2), peer_of(3)};
    struct plan plan = {WG_MEMORY_ADD, 2, WG_LOST, 0};
    struct seen seen = {.count = 0};
    (void)state;
    wg_memory_set_fault(device, obey, &plan);
    assert_int_equal(wg_memory.add(device, peers, 3), WG_LOST);
    assert_int_equal(wg_memory_count(device), 1);
    plan = (struct plan){WG_MEMORY_ADD, 2, WG_REFUSED, 0};
    assert_int_equal(wg_memory.add(device, peers, 3), WG_REFUSED);
    assert_int_equal(wg_memory_count(device), 2);
    plan = (struct plan){WG_MEMORY_REMOVE, 1, WG_LOST, 0};
    assert_int_equal(wg_memory.remove(device, &peers[0].key), WG_LOST);
    assert_int_equal(wg_memory_count(device), 2);
    plan = (struct plan){WG_MEMORY_DUMP, 1, WG_LOST, 0};
    assert_int_equal(wg_memory.dump(device, keep, &seen), WG_LOST);
    assert_int_equal(seen.count, 0);
    wg_memory_set_fault(device, NULL, NULL);
    assert_int_equal(wg_memory.add(device, peers, 3), WG_OK);
    assert_int_equal(wg_memory_count(device), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_added_is_dumped),
        TEST(adding_again_replaces_and_keeps_the_counters),
        TEST(an_address_moves_silently_as_in_a_true_device),
        TEST(a_removed_peer_is_gone_and_removing_it_again_is_fine),
        TEST(zero_and_own_key_are_refused_alone),
        TEST(it_fails_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
