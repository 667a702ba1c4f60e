/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever goes wrong at any byte of a registration has the class of its moment (R15): two hops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/fault_sweep.h"

static void a_close_at_every_byte_of_what_is_sent(void **state)
{
    (void)state;
    fault_sweep(true, VNET_CLOSE, false);
}

static void a_close_at_every_byte_of_what_is_received(void **state)
{
    (void)state;
    fault_sweep(true, VNET_CLOSE, true);
}

static void a_reset_at_every_byte_of_what_is_sent(void **state)
{
    (void)state;
    fault_sweep(true, VNET_RESET, false);
}

static void a_reset_at_every_byte_of_what_is_received(void **state)
{
    (void)state;
    fault_sweep(true, VNET_RESET, true);
}

static void a_stall_at_every_byte_of_what_is_sent(void **state)
{
    (void)state;
    fault_sweep(true, VNET_STALL, false);
}

static void a_stall_at_every_byte_of_what_is_received(void **state)
{
    (void)state;
    fault_sweep(true, VNET_STALL, true);
}

static void garbage_at_every_byte_of_what_is_sent(void **state)
{
    (void)state;
    fault_sweep(true, VNET_GARBAGE, false);
}

static void garbage_at_every_byte_of_what_is_received(void **state)
{
    (void)state;
    fault_sweep(true, VNET_GARBAGE, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_close_at_every_byte_of_what_is_sent),
        cmocka_unit_test(a_close_at_every_byte_of_what_is_received),
        cmocka_unit_test(a_reset_at_every_byte_of_what_is_sent),
        cmocka_unit_test(a_reset_at_every_byte_of_what_is_received),
        cmocka_unit_test(a_stall_at_every_byte_of_what_is_sent),
        cmocka_unit_test(a_stall_at_every_byte_of_what_is_received),
        cmocka_unit_test(garbage_at_every_byte_of_what_is_sent),
        cmocka_unit_test(garbage_at_every_byte_of_what_is_received),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
