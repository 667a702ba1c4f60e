/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/forward.h"

static void the_notice_of_example_12(void **state)
{
    /* registration.md 6.2: index 12345, connect failed */
    static const uint8_t example[36] = {0x39, 0x30, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1};
    const uint8_t packet[36] = {0x39, 0x30};
    const struct lewes_forward forward = {.packet = packet, .packet_len = sizeof packet};
    uint8_t out[36];
    (void)state;
    forward_notice_write(out, &forward, FORWARD_CONNECT_FAILED);
    assert_memory_equal(out, example, sizeof example);
}

static void a_packet_without_an_index_has_index_0(void **state)
{
    static const uint8_t zeros[4];
    const uint8_t packet[3] = {1, 2, 3};
    const struct lewes_forward forward = {.packet = packet, .packet_len = sizeof packet};
    uint8_t out[36];
    (void)state;
    forward_notice_write(out, &forward, FORWARD_MALFORMED);
    assert_memory_equal(out, zeros, 4);
    assert_int_equal(out[4], 7);
}

static void without_a_directory_no_target_is_allowed(void **state)
{
    const uint8_t packet[36] = {0};
    struct lewes_forward forward = {.packet = packet, .packet_len = 36};
    (void)state;
    assert_int_equal(forward_refusal(&forward), FORWARD_NOT_ALLOWED);
    forward.packet_len = 35;
    assert_int_equal(forward_refusal(&forward), FORWARD_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_notice_of_example_12),
        cmocka_unit_test(a_packet_without_an_index_has_index_0),
        cmocka_unit_test(without_a_directory_no_target_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
