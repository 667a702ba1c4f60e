/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/salts.h"
#include "tests/support/shared_env.h"

static struct shared_env env;

static int set_up(void **state)
{
    (void)state;
    shared_env_init(&env, 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shared_env_end(&env);
    return 0;
}

static struct salts *make(uint32_t cap)
{
    const struct salts_caps caps = {cap, 60000};
    struct salts *salts = NULL;
    assert_int_equal(salts_new(&salts, &env.env, &caps), LEWES_OK);
    return salts;
}

static const uint8_t *salt(uint32_t number)
{
    static uint8_t bytes[LEWES_SALT_LEN];
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes + 8, &number, sizeof number);
    return bytes;
}

static void a_salt_is_remembered_for_its_time(void **state)
{
    struct salts *salts = make(100);
    (void)state;
    assert_false(salts_seen(salts, salt(1), 1000));
    assert_int_equal(salts_add(salts, salt(1), 1000), LEWES_OK);
    assert_true(salts_seen(salts, salt(1), 1000));
    assert_true(salts_seen(salts, salt(1), 60999));
    assert_false(salts_seen(salts, salt(1), 61000));
    assert_false(salts_seen(salts, salt(2), 1000));
    salts_free(salts);
}

static void stale_ones_make_room(void **state)
{
    struct salts *salts = make(100);
    (void)state;
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(salts_add(salts, salt(i), i), LEWES_OK);
    assert_int_equal(salts_add(salts, salt(99), 60025), LEWES_OK);
    assert_int_equal(salts_count(salts), 25); /* 26 to 49, and the new one */
    assert_true(salts_seen(salts, salt(26), 60025));
    salts_free(salts);
}

static void at_the_cap_the_oldest_gives_way(void **state)
{
    struct salts *salts = make(1000);
    (void)state;
    for (uint32_t i = 0; i < 1500; i++)
        assert_int_equal(salts_add(salts, salt(i), 0), LEWES_OK);
    assert_int_equal(salts_count(salts), 1000);
    for (uint32_t i = 0; i < 1500; i++)
        assert_int_equal(salts_seen(salts, salt(i), 0), i >= 500);
    salts_free(salts);
}

static void growing_forgets_nothing(void **state)
{
    struct salts *salts = make(262144);
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        assert_false(salts_seen(salts, salt(i), 0));
        assert_int_equal(salts_add(salts, salt(i), 0), LEWES_OK);
    }
    for (uint32_t i = 0; i < 20000; i++)
        assert_true(salts_seen(salts, salt(i), 0));
    salts_free(salts);
}

static void without_memory_to_grow_the_old_ones_stay(void **state)
{
    struct salts *salts = make(1000);
    uint32_t added = 0;
    (void)state;
    shared_env_fail(&env, 1, 0);
    while (salts_add(salts, salt(added), 0) == LEWES_OK)
        added++;
    assert_int_equal(shared_env_count(&env).failures, 1);
    shared_env_fail(&env, 2, 0);
    assert_int_equal(salts_add(salts, salt(added), 0), LEWES_ERROR_MEMORY);
    assert_false(salts_seen(salts, salt(added), 0));
    assert_int_equal(salts_add(salts, salt(added), 0), LEWES_OK);
    for (uint32_t i = 0; i <= added; i++)
        assert_true(salts_seen(salts, salt(i), 0));
    salts_free(salts);
}

static void failing_resources_are_reported(void **state)
{
    const struct salts_caps caps = {100, 10};
    struct salts *salts = NULL;
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        shared_env_fail(&env, n, 0);
        assert_int_equal(salts_new(&salts, &env.env, &caps), LEWES_ERROR_MEMORY);
    }
    shared_env_fail(&env, 0, 1);
    assert_int_equal(salts_new(&salts, &env.env, &caps), LEWES_ERROR_RANDOM);
    assert_null(salts);
    salts_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_salt_is_remembered_for_its_time),        TEST(stale_ones_make_room),
        TEST(at_the_cap_the_oldest_gives_way),          TEST(growing_forgets_nothing),
        TEST(without_memory_to_grow_the_old_ones_stay), TEST(failing_resources_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
