/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/keylocks.h"
#include "tests/support/shared_env.h"

#define WAITERS 32 /* gateway.md G6.1 */

static struct shared_env env;
static struct keylocks *locks;

struct who {
    struct keylock lock;
    unsigned granted;
};

static int set_up(void **state)
{
    (void)state;
    shared_env_init(&env, 3);
    return keylocks_new(&locks, &env.env) == LEWES_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    keylocks_free(locks);
    shared_env_end(&env);
    return 0;
}

static void granted(struct keylock *lock)
{
    struct who *who = (struct who *)(void *)((char *)lock - offsetof(struct who, lock));
    who->granted++;
}

static enum keylock_verdict take(struct who *who, uint8_t number)
{
    struct lewes_wg_public key;
    memset(&key, number, sizeof key);
    *who = (struct who){.lock.granted = granted};
    return keylocks_take(locks, &who->lock, &key);
}

static void one_holds_a_key_and_others_wait_in_line(void **state)
{
    struct who a, b, c;
    (void)state;
    assert_int_equal(take(&a, 1), KEYLOCK_GRANTED);
    assert_int_equal(take(&b, 1), KEYLOCK_QUEUED);
    assert_int_equal(take(&c, 1), KEYLOCK_QUEUED);
    assert_int_equal(b.granted + c.granted, 0);
    keylocks_release(locks, &a.lock);
    assert_int_equal(b.granted, 1);
    assert_int_equal(c.granted, 0);
    keylocks_release(locks, &b.lock);
    assert_int_equal(c.granted, 1);
    keylocks_release(locks, &c.lock);
    assert_int_equal(take(&a, 1), KEYLOCK_GRANTED);
    keylocks_release(locks, &a.lock);
}

static void other_keys_do_not_wait(void **state)
{
    static struct who all[256];
    (void)state;
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(take(&all[i], (uint8_t)i), KEYLOCK_GRANTED);
    for (unsigned i = 0; i < 256; i++) {
        struct who late;
        assert_int_equal(take(&late, (uint8_t)i), KEYLOCK_QUEUED);
        keylocks_release(locks, &all[i].lock);
        assert_int_equal(late.granted, 1);
        keylocks_release(locks, &late.lock);
    }
}

static void the_line_has_an_end(void **state)
{
    static struct who holder, waiters[WAITERS], late;
    (void)state;
    assert_int_equal(take(&holder, 1), KEYLOCK_GRANTED);
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(take(&waiters[i], 1), KEYLOCK_QUEUED);
    assert_int_equal(take(&late, 1), KEYLOCK_REFUSED);
    keylocks_release(locks, &late.lock); /* never had a place */
    keylocks_release(locks, &waiters[7].lock);
    assert_int_equal(take(&late, 1), KEYLOCK_QUEUED);
    keylocks_release(locks, &holder.lock);
    for (int i = 0; i < WAITERS; i++)
        keylocks_release(locks, &waiters[i].lock);
    assert_int_equal(late.granted, 1);
    assert_int_equal(waiters[7].granted, 0);
    keylocks_release(locks, &late.lock);
}

static void who_leaves_the_line_is_passed_over(void **state)
{
    struct who a, b, c;
    (void)state;
    (void)take(&a, 1);
    (void)take(&b, 1);
    (void)take(&c, 1);
    keylocks_release(locks, &b.lock);
    keylocks_release(locks, &a.lock);
    assert_int_equal(b.granted, 0);
    assert_int_equal(c.granted, 1);
    keylocks_release(locks, &c.lock);
}

static void failing_resources_are_reported(void **state)
{
    struct keylocks *none = NULL;
    (void)state;
    shared_env_fail(&env, 1, 0);
    assert_int_equal(keylocks_new(&none, &env.env), LEWES_ERROR_MEMORY);
    shared_env_fail(&env, 0, 1);
    assert_int_equal(keylocks_new(&none, &env.env), LEWES_ERROR_RANDOM);
    assert_null(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_holds_a_key_and_others_wait_in_line),
        TEST(other_keys_do_not_wait),
        TEST(the_line_has_an_end),
        TEST(who_leaves_the_line_is_passed_over),
        TEST(failing_resources_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
