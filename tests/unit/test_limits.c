/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/limits.h"
#include "tests/support/shared_env.h"

static struct shared_env env;
static struct limits_caps caps;

static int set_up(void **state)
{
    (void)state;
    shared_env_init(&env, 7);
    caps = (struct limits_caps){
        .sources = 1024,
        .connections = 1000000,
        .connections_per_source = 64,
        .half_open_per_source = 32,
        .accept = {20, 1000, 20},
        .verify = {2, 1000, 10},
        .unbound = {3, 3600000, 3},
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shared_env_end(&env);
    return 0;
}

static struct limits *make(void)
{
    struct limits *limits = NULL;
    assert_int_equal(limits_new(&limits, &env.env, &caps), LEWES_OK);
    return limits;
}

static struct source ipv4(uint32_t address)
{
    return (struct source){.prefix = address};
}

/* Opens and closes as often as it may. */
static unsigned come_and_go(struct limits *limits, struct source source, lewes_time now)
{
    unsigned times = 0;
    uint32_t slot;
    while (limits_open(limits, &source, now, &slot) == LIMITS_OK) {
        limits_close(limits, slot);
        times++;
    }
    return times;
}

static void the_bucket_of_a_source_empties_and_fills(void **state)
{
    struct limits *limits = make();
    uint32_t slot;
    const struct source source = ipv4(1);
    (void)state;
    assert_int_equal(come_and_go(limits, source, 0), 20);
    assert_int_equal(limits_open(limits, &source, 0, &slot), LIMITS_RATE);
    assert_int_equal(come_and_go(limits, ipv4(2), 0), 20);
    assert_int_equal(come_and_go(limits, source, 500), 10);
    limits_free(limits);
}

static void families_do_not_mix(void **state)
{
    struct limits *limits = make();
    (void)state;
    assert_int_equal(come_and_go(limits, ipv4(1), 0), 20);
    assert_int_equal(come_and_go(limits, (struct source){.prefix = 1, .ipv6 = true}, 0), 20);
    limits_free(limits);
}

static void a_source_has_so_many_connections_at_a_time(void **state)
{
    const struct source source = ipv4(1);
    uint32_t slots[64], slot;
    lewes_time now = 0;
    (void)state;
    struct limits *limits = make();
    for (size_t i = 0; i < 64; i++, now += 1000)
        assert_int_equal(limits_open(limits, &source, now, &slots[i]), LIMITS_OK);
    assert_int_equal(limits_open(limits, &source, now, &slot), LIMITS_SOURCE);
    assert_int_equal(limits_connections(limits), 64);
    limits_close(limits, slots[0]);
    assert_int_equal(limits_open(limits, &source, now, &slot), LIMITS_OK);
    limits_free(limits);
}

/* gateway.md G2.5 */
static void a_peer_has_so_many_times_a_strangers_share(void **state)
{
    struct source peer = ipv4(1);
    uint32_t slots[192], slot;
    (void)state;
    peer.peer = true;
    caps.peer_factor = 3;
    struct limits *limits = make();
    assert_int_equal(come_and_go(limits, peer, 0), 60);
    assert_int_equal(come_and_go(limits, peer, 1000), 60);
    assert_int_equal(come_and_go(limits, ipv4(1), 1000), 20); /* a stranger beside it */
    lewes_time now = 10000;
    for (size_t i = 0; i < 192; i++, now += 100)
        assert_int_equal(limits_open(limits, &peer, now, &slots[i]), LIMITS_OK);
    assert_int_equal(limits_open(limits, &peer, now, &slot), LIMITS_SOURCE);
    for (size_t i = 0; i < 96; i++)
        assert_true(limits_half_open(limits, slots[i]));
    assert_false(limits_half_open(limits, slots[0]));
    for (size_t i = 0; i < 30; i++)
        assert_true(limits_verify(limits, slots[0], now));
    assert_false(limits_verify(limits, slots[0], now));
    limits_free(limits);
}

static void all_together_have_so_many(void **state)
{
    uint32_t slot;
    (void)state;
    caps.connections = 3;
    struct limits *limits = make();
    for (uint32_t i = 0; i < 3; i++) {
        const struct source source = ipv4(i);
        assert_int_equal(limits_open(limits, &source, 0, &slot), LIMITS_OK);
    }
    const struct source late = ipv4(9);
    assert_int_equal(limits_open(limits, &late, 0, &slot), LIMITS_GLOBAL);
    limits_close(limits, slot);
    assert_int_equal(limits_open(limits, &late, 0, &slot), LIMITS_OK);
    limits_free(limits);
}

static void half_open_handshakes_and_checks_are_counted_by_source(void **state)
{
    struct limits *limits = make();
    const struct source sources[2] = {ipv4(1), ipv4(2)};
    uint32_t slots[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(limits_open(limits, &sources[i], 0, &slots[i]), LIMITS_OK);
    for (int i = 0; i < 32; i++)
        assert_true(limits_half_open(limits, slots[0]));
    assert_false(limits_half_open(limits, slots[0]));
    assert_true(limits_half_open(limits, slots[1]));
    limits_half_open_end(limits, slots[0]);
    assert_true(limits_half_open(limits, slots[0]));
    for (int i = 0; i < 10; i++)
        assert_true(limits_verify(limits, slots[0], 0));
    assert_false(limits_verify(limits, slots[0], 0));
    assert_true(limits_verify(limits, slots[1], 0));
    assert_true(limits_verify(limits, slots[0], 500));
    limits_free(limits);
}

/* ecash.md E20: so many an hour, and who has used them up is remembered as long. */
static void unbound_tickets_are_counted_by_source(void **state)
{
    const lewes_time third = 1200000;
    const struct source source = ipv4(1);
    uint32_t slot, other;
    (void)state;
    caps.sources = 1;
    struct limits *limits = make();
    assert_int_equal(limits_open(limits, &source, 0, &slot), LIMITS_OK);
    for (int i = 0; i < 3; i++)
        assert_true(limits_unbound(limits, slot, 0));
    assert_false(limits_unbound(limits, slot, third - 1));
    limits_close(limits, slot);
    const struct source late = ipv4(2);
    assert_int_equal(limits_open(limits, &late, third - 1, &other), LIMITS_OK);
    assert_int_not_equal(other, slot);
    assert_true(limits_unbound(limits, slot, third));
    assert_false(limits_unbound(limits, slot, third));
    limits_free(limits);
}

static void any_number_of_sources_needs_the_same_memory(void **state)
{
    struct limits *limits = make();
    size_t bytes = shared_env_count(&env).bytes;
    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t slot;
        const struct source source = ipv4(i);
        (void)limits_open(limits, &source, i / 100, &slot);
    }
    assert_int_equal(shared_env_count(&env).bytes, bytes);
    limits_free(limits);
}

static void a_full_table_lets_newcomers_share(void **state)
{
    uint32_t slot;
    unsigned admitted = 0;
    (void)state;
    caps.sources = 16;
    struct limits *limits = make();
    for (uint32_t i = 0; i < 10000; i++) {
        const struct source source = ipv4(i);
        admitted += limits_open(limits, &source, 0, &slot) == LIMITS_OK;
    }
    assert_in_range(admitted, 20, 16 + 20);
    /* whoever has gone and whose bucket has filled makes room */
    limits_free(limits);
    limits = make();
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(come_and_go(limits, ipv4(i), i * 10000), 20);
    limits_free(limits);
}

static void who_is_connected_is_not_evicted(void **state)
{
    uint32_t slot, first;
    const struct source resident = ipv4(0xffffffff);
    (void)state;
    caps.sources = 8;
    caps.connections_per_source = 1;
    struct limits *limits = make();
    assert_int_equal(limits_open(limits, &resident, 0, &first), LIMITS_OK);
    for (uint32_t i = 0; i < 1000; i++)
        (void)come_and_go(limits, ipv4(i), i * 10000);
    assert_int_equal(limits_open(limits, &resident, 100000000, &slot), LIMITS_SOURCE);
    limits_free(limits);
}

static void failing_resources_are_reported(void **state)
{
    struct limits *limits = NULL;
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        shared_env_fail(&env, n, 0);
        assert_int_equal(limits_new(&limits, &env.env, &caps), LEWES_ERROR_MEMORY);
    }
    shared_env_fail(&env, 0, 1);
    assert_int_equal(limits_new(&limits, &env.env, &caps), LEWES_ERROR_RANDOM);
    assert_null(limits);
    limits_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_bucket_of_a_source_empties_and_fills),
        TEST(families_do_not_mix),
        TEST(a_source_has_so_many_connections_at_a_time),
        TEST(a_peer_has_so_many_times_a_strangers_share),
        TEST(all_together_have_so_many),
        TEST(half_open_handshakes_and_checks_are_counted_by_source),
        TEST(any_number_of_sources_needs_the_same_memory),
        TEST(unbound_tickets_are_counted_by_source),
        TEST(a_full_table_lets_newcomers_share),
        TEST(who_is_connected_is_not_evicted),
        TEST(failing_resources_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
