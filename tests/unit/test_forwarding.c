/* SPDX-License-Identifier: Apache-2.0 */
/* What is a forward notice, and whose answer came (registration.md R13, protocol.md P74). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/run.h"

static const uint8_t asked[FORWARD_INDEX_LEN] = {0x39, 0x30, 0x00, 0x00};

/* Example 12 of registration.md, with any reason. */
static void make_notice(uint8_t packet[LEWES_PACKET_MIN + 1], uint8_t reason)
{
    memset(packet, 0, LEWES_PACKET_MIN + 1);
    memcpy(packet, asked, sizeof asked);
    packet[4] = reason;
    packet[12] = 1;
}

static void a_notice_has_a_reason_from_1_to_7(void **state)
{
    uint8_t packet[LEWES_PACKET_MIN + 1];

    (void)state;
    for (unsigned reason = 0; reason < 256; reason++) {
        make_notice(packet, (uint8_t)reason);
        assert_int_equal(forwarding_notice(packet, LEWES_PACKET_MIN, asked),
                         reason <= 7 ? reason : 0);
    }
}

static void a_packet_with_any_other_bit_is_none(void **state)
{
    uint8_t packet[LEWES_PACKET_MIN + 1];

    (void)state;
    for (size_t bit = 0; bit < 8 * LEWES_PACKET_MIN; bit++) {
        if (bit / 8 == 4)
            continue; /* the reason */
        make_notice(packet, 3);
        packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(forwarding_notice(packet, LEWES_PACKET_MIN, asked), 0);
    }
}

static void a_packet_of_another_length_is_none(void **state)
{
    uint8_t packet[LEWES_PACKET_MIN + 1];

    (void)state;
    make_notice(packet, 3);
    for (size_t len = 0; len <= LEWES_PACKET_MIN + 1; len++)
        assert_int_equal(forwarding_notice(packet, len, asked), len == LEWES_PACKET_MIN ? 3 : 0);
}

/* Those of a session that is no more are skipped, and every answer is for the oldest question. */
static void answers_are_matched_in_order(void **state)
{
    struct forwarding forwarding = {.asked = {{1}, {2}, {3}}, .count = 3, .abandoned = 1};
    uint8_t index[FORWARD_INDEX_LEN];

    (void)state;
    assert_false(forwarding_match(&forwarding, index));
    assert_true(forwarding_match(&forwarding, index));
    assert_int_equal(index[0], 2);
    assert_true(forwarding_match(&forwarding, index));
    assert_int_equal(index[0], 3);
    assert_true(forwarding_match(&forwarding, index)); /* to nothing: the session will see */
    assert_int_equal(index[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_has_a_reason_from_1_to_7),
        cmocka_unit_test(a_packet_with_any_other_bit_is_none),
        cmocka_unit_test(a_packet_of_another_length_is_none),
        cmocka_unit_test(answers_are_matched_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
