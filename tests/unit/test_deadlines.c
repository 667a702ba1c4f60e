/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/deadlines.h"

static void none_is_due_until_one_is_set(void **state)
{
    struct deadlines deadlines;
    enum deadline which;
    (void)state;
    deadlines_init(&deadlines);
    assert_int_equal(deadlines_next(&deadlines), LEWES_NEVER);
    assert_false(deadlines_due(&deadlines, LEWES_NEVER, &which));
}

static void each_is_due_at_its_own_time(void **state)
{
    struct deadlines deadlines;
    (void)state;
    deadlines_init(&deadlines);
    for (unsigned i = 0; i < DEADLINES; i++)
        deadlines_set(&deadlines, (enum deadline)i, 100 + i);
    for (unsigned i = 0; i < DEADLINES; i++) {
        enum deadline which;
        assert_int_equal(deadlines_next(&deadlines), 100 + i);
        assert_false(deadlines_due(&deadlines, 99 + i, &which));
        assert_true(deadlines_due(&deadlines, 100 + i, &which));
        assert_int_equal(which, i);
        deadlines_clear(&deadlines, which);
    }
    assert_int_equal(deadlines_next(&deadlines), LEWES_NEVER);
}

static void the_one_that_waited_longest_comes_first(void **state)
{
    struct deadlines deadlines;
    enum deadline which;
    (void)state;
    deadlines_init(&deadlines);
    deadlines_set(&deadlines, DEADLINE_FIRST_BYTE, 20);
    deadlines_set(&deadlines, DEADLINE_WRITE, 10);
    assert_true(deadlines_due(&deadlines, 1000, &which));
    assert_int_equal(which, DEADLINE_WRITE);
}

static void setting_again_moves_it(void **state)
{
    struct deadlines deadlines;
    (void)state;
    deadlines_init(&deadlines);
    deadlines_set(&deadlines, DEADLINE_IDLE, 20);
    deadlines_set(&deadlines, DEADLINE_IDLE, 50);
    assert_int_equal(deadlines_next(&deadlines), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_due_until_one_is_set),
        cmocka_unit_test(each_is_due_at_its_own_time),
        cmocka_unit_test(the_one_that_waited_longest_comes_first),
        cmocka_unit_test(setting_again_moves_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
