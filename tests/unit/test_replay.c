/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/session/replay.h"
#include "tests/support/env.h"

/* What the window says to a good packet, and then does. */
static bool take(struct lewesi_replay *replay, uint64_t counter)
{
    const bool admissible = lewesi_replay_admissible(replay, counter);

    if (admissible)
        lewesi_replay_accept(replay, counter);
    return admissible;
}

/* ---- the examples of protocol.md 11.2 ---- */

static void a_counter_is_taken_once(void **state)
{
    struct lewesi_replay replay = {0};

    (void)state;
    assert_true(take(&replay, 0));
    assert_false(take(&replay, 0));
}

static void counters_may_come_out_of_order_but_not_twice(void **state)
{
    struct lewesi_replay replay = {0};

    (void)state;
    assert_true(take(&replay, 0));
    assert_true(take(&replay, 1));
    assert_true(take(&replay, 2));
    assert_false(take(&replay, 1));
    assert_true(take(&replay, 10));
    assert_true(take(&replay, 9));
    assert_true(take(&replay, 8));
    assert_false(take(&replay, 10));
}

static void the_window_reaches_back_1024_counters_from_the_next(void **state)
{
    struct lewesi_replay replay = {0};

    (void)state;
    assert_true(take(&replay, 3072));
    for (uint64_t counter = 0; counter <= 2048; counter++)
        assert_false(take(&replay, counter));
    for (uint64_t counter = 2049; counter <= 3071; counter++) {
        assert_true(take(&replay, counter));
        assert_false(take(&replay, counter));
    }
}

static void a_jump_forgets_only_the_counters_that_leave_the_window(void **state)
{
    struct lewesi_replay replay = {0};

    (void)state;
    for (uint64_t counter = 0; counter <= 1023; counter++)
        assert_true(take(&replay, counter));
    assert_true(take(&replay, 1088));
    for (uint64_t counter = 65; counter <= 127; counter++)
        assert_false(take(&replay, counter));
}

static void a_jump_over_the_whole_window_empties_it(void **state)
{
    struct lewesi_replay replay = {0};

    (void)state;
    assert_true(take(&replay, 2000));
    assert_true(take(&replay, 7000));
    assert_true(take(&replay, 6500));
    assert_false(take(&replay, 2100));
}

static void high_counters_are_as_good_as_low_ones(void **state)
{
    struct lewesi_replay replay = {0};
    const uint64_t counter = (UINT64_C(1) << 63) + 5;

    (void)state;
    assert_true(take(&replay, counter));
    assert_false(take(&replay, counter));
}

static void the_counter_1024_before_the_next_is_still_admissible(void **state)
{
    struct lewesi_replay replay = {0};

    (void)state;
    assert_true(take(&replay, 5000)); /* next is 5001 */
    assert_false(lewesi_replay_admissible(&replay, 5001 - 1025));
    assert_true(take(&replay, 5001 - 1024));
    assert_false(take(&replay, 5001 - 1024));
    assert_true(take(&replay, 5001)); /* it has the same bit */
    assert_false(take(&replay, 5001));
}

static void the_last_counter_of_all_is_never_admissible(void **state)
{
    struct lewesi_replay replay = {0};

    (void)state;
    assert_false(take(&replay, UINT64_MAX));
    assert_true(take(&replay, UINT64_MAX - 1));
    assert_false(take(&replay, UINT64_MAX - 1));
    assert_false(take(&replay, UINT64_MAX));
    assert_true(take(&replay, UINT64_MAX - 1024));
    assert_false(take(&replay, UINT64_MAX - 1025));
}

static void asking_changes_nothing(void **state)
{
    struct lewesi_replay replay = {0}, before;

    (void)state;
    assert_true(take(&replay, 77));
    before = replay;
    (void)lewesi_replay_admissible(&replay, 76);
    (void)lewesi_replay_admissible(&replay, 100000);
    assert_memory_equal(&replay, &before, sizeof replay);
}

/* ---- against a list of what was seen ---- */

#define REMEMBERED 4096 /* more than the window, less than 2^12 */

struct model {
    uint64_t next;
    uint64_t seen[REMEMBERED]; /* counter + 1, in the slot counter mod REMEMBERED; 0 = none */
};

static bool model_take(struct model *model, uint64_t counter)
{
    uint64_t *const slot = &model->seen[counter % REMEMBERED];

    if (counter == UINT64_MAX)
        return false;
    if (counter < model->next && (model->next - counter > 1024 || *slot == counter + 1))
        return false;
    *slot = counter + 1;
    if (counter >= model->next)
        model->next = counter + 1;
    return true;
}

/* Returns how many counters were taken. */
static unsigned walk(uint64_t start, unsigned steps, const struct lewes_env *env)
{
    struct lewesi_replay replay = {0};
    static struct model model;
    uint64_t at = start;
    unsigned taken = 0;

    memset(&model, 0, sizeof model);
    for (unsigned step = 0; step < steps; step++) {
        uint16_t random[3];
        uint64_t counter, back;
        bool expected;

        assert_int_equal(env->random(env->user, (uint8_t *)random, sizeof random), 0);
        /* Mostly near the front, else anywhere up to 3 000 before or behind it. */
        counter = random[0] % 16 == 0 ? at + random[1] % 3001u : at + random[1] % 8u;
        back = random[2] % 4 == 0 ? random[2] % 3001u : random[2] % 40u;
        counter = counter > back ? counter - back : 0;
        expected = model_take(&model, counter);
        assert_int_equal(take(&replay, counter), expected);
        taken += expected;
        if (expected && counter > at)
            at = counter;
    }
    return taken;
}

static void the_window_agrees_with_a_list_of_all_counters_seen(void **state)
{
    struct test_env test;

    (void)state;
    test_env_init(&test, 27);
    assert_in_range(walk(0, 250000, &test.env), 50000, 200000);
    assert_in_range(walk((UINT64_C(1) << 62) - 1500, 250000, &test.env), 50000, 200000);
    assert_in_range(walk((UINT64_C(1) << 63) - 1500, 250000, &test.env), 50000, 200000);
    for (unsigned i = 0; i < 2500; i++) /* in short walks, for the numbers end there */
        assert_in_range(walk(UINT64_MAX - 9000, 100, &test.env), 5, 95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_is_taken_once),
        cmocka_unit_test(counters_may_come_out_of_order_but_not_twice),
        cmocka_unit_test(the_window_reaches_back_1024_counters_from_the_next),
        cmocka_unit_test(a_jump_forgets_only_the_counters_that_leave_the_window),
        cmocka_unit_test(a_jump_over_the_whole_window_empties_it),
        cmocka_unit_test(high_counters_are_as_good_as_low_ones),
        cmocka_unit_test(the_counter_1024_before_the_next_is_still_admissible),
        cmocka_unit_test(the_last_counter_of_all_is_never_admissible),
        cmocka_unit_test(asking_changes_nothing),
        cmocka_unit_test(the_window_agrees_with_a_list_of_all_counters_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
