/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/sessions.h"
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

static struct sessions *make(uint32_t all, uint32_t half_open)
{
    const struct sessions_caps caps = {all, half_open};
    struct sessions *sessions = NULL;
    assert_int_equal(sessions_new(&sessions, &env.env, &caps), LEWES_OK);
    return sessions;
}

static void an_index_is_entered_once(void **state)
{
    struct sessions *sessions = make(10, 10);
    (void)state;
    assert_int_equal(sessions_insert(sessions, 77), SESSIONS_OK);
    assert_int_equal(sessions_insert(sessions, 77), SESSIONS_TAKEN);
    sessions_establish(sessions, 77);
    assert_int_equal(sessions_insert(sessions, 77), SESSIONS_TAKEN);
    sessions_remove(sessions, 77);
    assert_int_equal(sessions_insert(sessions, 77), SESSIONS_OK);
    sessions_free(sessions);
}

static void index_0_is_never_entered(void **state)
{
    struct sessions *sessions = make(10, 10);
    (void)state;
    assert_int_equal(sessions_insert(sessions, 0), SESSIONS_TAKEN);
    sessions_remove(sessions, 0);
    assert_int_equal(sessions_half_open(sessions), 0);
    sessions_free(sessions);
}

static void promotion_moves_the_count(void **state)
{
    struct sessions *sessions = make(10, 10);
    (void)state;
    assert_int_equal(sessions_insert(sessions, 5), SESSIONS_OK);
    assert_int_equal(sessions_half_open(sessions), 1);
    sessions_establish(sessions, 5);
    sessions_establish(sessions, 5);
    sessions_establish(sessions, 6); /* nobody */
    assert_int_equal(sessions_half_open(sessions), 0);
    assert_int_equal(sessions_established(sessions), 1);
    sessions_remove(sessions, 5);
    sessions_remove(sessions, 5);
    assert_int_equal(sessions_established(sessions), 0);
    sessions_free(sessions);
}

static void caps_come_before_collisions(void **state)
{
    struct sessions *sessions = make(3, 2);
    (void)state;
    assert_int_equal(sessions_insert(sessions, 1), SESSIONS_OK);
    assert_int_equal(sessions_insert(sessions, 2), SESSIONS_OK);
    assert_int_equal(sessions_insert(sessions, 1), SESSIONS_CROWDED);
    assert_int_equal(sessions_insert(sessions, 0), SESSIONS_CROWDED);
    sessions_establish(sessions, 1);
    assert_int_equal(sessions_insert(sessions, 3), SESSIONS_OK);
    sessions_establish(sessions, 2);
    assert_int_equal(sessions_insert(sessions, 4), SESSIONS_FULL); /* three of both kinds */
    sessions_remove(sessions, 1);
    assert_int_equal(sessions_insert(sessions, 4), SESSIONS_OK);
    sessions_free(sessions);
}

/* Against a table that cannot be wrong: one flag for each index. */
static void coming_and_going_keeps_the_table_right(void **state)
{
    enum { INDICES = 3000, CAP = 1000 };
    static bool there[INDICES];
    struct sessions *sessions = make(CAP, CAP);
    uint64_t seed = 1;
    unsigned count = 0;
    (void)state;
    for (unsigned i = 0; i < 300000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t index = 1 + (uint32_t)(seed >> 33) % (INDICES - 1);
        if (there[index] && (seed >> 20) % 2 == 0) {
            sessions_remove(sessions, index);
            there[index] = false;
            count--;
        } else {
            enum sessions_verdict expected = count == CAP   ? SESSIONS_CROWDED
                                             : there[index] ? SESSIONS_TAKEN
                                                            : SESSIONS_OK;
            assert_int_equal(sessions_insert(sessions, index), expected);
            count += expected == SESSIONS_OK;
            there[index] = there[index] || expected == SESSIONS_OK;
        }
        assert_int_equal(sessions_half_open(sessions), count);
    }
    sessions_free(sessions);
}

static void a_session_that_replaces_one_is_established_at_once(void **state)
{
    const struct sessions_caps caps = {2, 0};
    struct sessions *sessions = NULL;
    (void)state;
    assert_int_equal(sessions_new(&sessions, &env.env, &caps), LEWES_OK);
    assert_int_equal(sessions_insert_established(sessions, 0), SESSIONS_TAKEN);
    assert_int_equal(sessions_insert_established(sessions, 7), SESSIONS_OK);
    assert_int_equal(sessions_insert_established(sessions, 7), SESSIONS_TAKEN);
    assert_int_equal(sessions_insert_established(sessions, 8), SESSIONS_OK);
    assert_int_equal(sessions_insert_established(sessions, 9), SESSIONS_FULL);
    assert_int_equal(sessions_established(sessions), 2);
    assert_int_equal(sessions_half_open(sessions), 0);
    sessions_remove(sessions, 7);
    assert_int_equal(sessions_established(sessions), 1);
    sessions_free(sessions);
}

static void an_owner_is_found_until_its_session_goes(void **state)
{
    const struct sessions_caps caps = {100, 100};
    struct sessions *sessions = NULL;
    int owners[100];
    (void)state;
    assert_int_equal(sessions_new(&sessions, &env.env, &caps), LEWES_OK);
    sessions_set_owner(sessions, 0, owners);
    sessions_set_owner(sessions, 5, owners); /* not there */
    assert_null(sessions_owner(sessions, 0));
    assert_null(sessions_owner(sessions, 5));
    for (uint32_t i = 1; i < 100; i++) {
        assert_int_equal(sessions_insert(sessions, i), SESSIONS_OK);
        assert_null(sessions_owner(sessions, i));
        sessions_set_owner(sessions, i, &owners[i]);
    }
    for (uint32_t i = 1; i < 100; i += 2) /* gaps, that others move into */
        sessions_remove(sessions, i);
    for (uint32_t i = 1; i < 100; i++)
        assert_ptr_equal(sessions_owner(sessions, i), i % 2 == 0 ? (void *)&owners[i] : NULL);
    sessions_set_owner(sessions, 2, NULL);
    assert_null(sessions_owner(sessions, 2));
    assert_int_equal(sessions_insert(sessions, 1), SESSIONS_OK);
    assert_null(sessions_owner(sessions, 1));
    sessions_free(sessions);
}

static void failing_resources_are_reported(void **state)
{
    const struct sessions_caps caps = {100, 10};
    struct sessions *sessions = NULL;
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        shared_env_fail(&env, n, 0);
        assert_int_equal(sessions_new(&sessions, &env.env, &caps), LEWES_ERROR_MEMORY);
    }
    shared_env_fail(&env, 0, 1);
    assert_int_equal(sessions_new(&sessions, &env.env, &caps), LEWES_ERROR_RANDOM);
    assert_null(sessions);
    sessions_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_index_is_entered_once),
        TEST(index_0_is_never_entered),
        TEST(promotion_moves_the_count),
        TEST(caps_come_before_collisions),
        TEST(coming_and_going_keeps_the_table_right),
        TEST(a_session_that_replaces_one_is_established_at_once),
        TEST(an_owner_is_found_until_its_session_goes),
        TEST(failing_resources_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
