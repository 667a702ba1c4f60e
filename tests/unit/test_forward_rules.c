/* SPDX-License-Identifier: Apache-2.0 */
/* Which targets are allowed (gateway.md G5.1), and how a notice looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/forward.h"
#include "tests/support/env.h"

/* base58 of 01 x 32 (registration.md ex. 4) */
#define NODE "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"

static const uint8_t packet[36] = {0x39, 0x30};
static struct test_env env;
static struct directory *directory;
static struct settings settings;
static const struct lewes_ed25519_public own = {{9}};
static struct lewes_endpoint local;

static int up(void **state)
{
    static const char text[] =
        "{\"nodes\":[{\"identity\":\"" NODE "\",\"addresses\":[\"9.9.9.9\",\"2620:fe::fe\","
        "\"127.0.0.1\",\"fc00::7\",\"9.9.9.10\",\"9.9.9.11\"],\"control_port\":41264}]}";
    const struct directory_text source = {"test", text, sizeof text - 1};
    struct directory_error error;
    (void)state;
    test_env_init(&env, 1);
    memset(&settings, 0, sizeof settings);
    settings.forward.enabled = true;
    local = (struct lewes_endpoint){{4, {192, 168, 1, 1}}, 41264};
    if (directory_parse(&directory, &env.env, &source, &error) != 0)
        fail_msg("%s", error.text);
    return 0;
}

static int down(void **state)
{
    (void)state;
    directory_free(directory);
    directory = NULL;
    test_env_assert_clean(&env);
    return 0;
}

static struct lewes_forward forward_to(uint8_t family, const char *bytes, uint16_t port)
{
    struct lewes_forward forward = {.packet = packet, .packet_len = sizeof packet};
    memset(forward.target.bytes, 1, sizeof forward.target.bytes);
    forward.address.ip.family = family;
    memcpy(forward.address.ip.bytes, bytes, family == 4 ? 4 : 16);
    forward.address.port = port;
    return forward;
}

static enum forward_notice judge(const struct lewes_forward *forward)
{
    const struct forward_rules rules = {&settings, directory, &own, &local};
    return forward_judge(&rules, forward);
}

static enum forward_notice judge_at(uint8_t family, const char *bytes)
{
    const struct lewes_forward forward = forward_to(family, bytes, 41264);
    return judge(&forward);
}

static const char quad9[] = "\x26\x20\0\xfe\0\0\0\0\0\0\0\0\0\0\0\xfe";
static const char unique_local[] = "\xfc\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07";

static void identity_address_and_port_must_agree_with_the_directory(void **state)
{
    (void)state;
    struct lewes_forward forward = forward_to(4, "\x09\x09\x09\x09", 41264);
    assert_int_equal(judge(&forward), FORWARD_DONE);
    forward.address.port = 41265;
    assert_int_equal(judge(&forward), FORWARD_NOT_ALLOWED);
    forward = forward_to(4, "\x09\x09\x09\x08", 41264);
    assert_int_equal(judge(&forward), FORWARD_NOT_ALLOWED);
    forward = forward_to(4, "\x09\x09\x09\x09", 41264);
    forward.target.bytes[31] ^= 1;
    assert_int_equal(judge(&forward), FORWARD_NOT_ALLOWED);
    assert_int_equal(judge_at(6, quad9), FORWARD_DONE);
}

static void without_a_directory_or_switched_off_nothing_is_allowed(void **state)
{
    const struct lewes_forward forward = forward_to(4, "\x09\x09\x09\x09", 41264);
    const struct forward_rules rules = {&settings, NULL, &own, &local};
    (void)state;
    assert_int_equal(forward_judge(&rules, &forward), FORWARD_NOT_ALLOWED);
    settings.forward.enabled = false;
    assert_int_equal(judge(&forward), FORWARD_NOT_ALLOWED);
}

static void addresses_of_a_private_kind_need_leave(void **state)
{
    (void)state;
    assert_int_equal(judge_at(4, "\x7f\0\0\x01"), FORWARD_NOT_ALLOWED);
    assert_int_equal(judge_at(6, unique_local), FORWARD_NOT_ALLOWED);
    settings.forward.allow_private = true;
    assert_int_equal(judge_at(4, "\x7f\0\0\x01"), FORWARD_DONE);
    assert_int_equal(judge_at(6, unique_local), FORWARD_DONE);
    assert_int_equal(judge_at(4, "\x0a\0\0\x01"), FORWARD_NOT_ALLOWED);
}

static void the_gateway_itself_is_never_a_target(void **state)
{
    struct lewes_forward forward = forward_to(4, "\x09\x09\x09\x09", 41264);
    const struct forward_rules rules = {&settings, directory, &forward.target, &local};
    (void)state;
    assert_int_equal(forward_judge(&rules, &forward), FORWARD_NOT_ALLOWED);

    local = forward.address;
    assert_int_equal(judge(&forward), FORWARD_NOT_ALLOWED);
    local.port = 41263;
    assert_int_equal(judge(&forward), FORWARD_DONE);

    local = (struct lewes_endpoint){{4, {192, 168, 1, 1}}, 41264};
    settings.listen.announce_address.count = 1;
    settings.listen.announce_address.at[0] = (struct lewes_ip){4, {9, 9, 9, 10}};
    assert_int_equal(judge_at(4, "\x09\x09\x09\x0a"), FORWARD_NOT_ALLOWED);
    assert_int_equal(judge_at(4, "\x09\x09\x09\x0b"), FORWARD_DONE);
    settings.listen.control.count = 1;
    settings.listen.control.at[0] = (struct lewes_endpoint){{4, {9, 9, 9, 11}}, 41264};
    assert_int_equal(judge_at(4, "\x09\x09\x09\x0b"), FORWARD_NOT_ALLOWED);
}

static void an_inner_packet_has_36_to_65395_bytes(void **state)
{
    static uint8_t large[65396];
    struct lewes_forward forward = forward_to(4, "\x09\x09\x09\x09", 41264);
    (void)state;
    forward.packet = large;
    forward.packet_len = 35;
    assert_int_equal(judge(&forward), FORWARD_MALFORMED);
    forward.packet_len = 36;
    assert_int_equal(judge(&forward), FORWARD_DONE);
    forward.packet_len = 65395;
    assert_int_equal(judge(&forward), FORWARD_DONE);
    forward.packet_len = 65396;
    assert_int_equal(judge(&forward), FORWARD_MALFORMED);
}

static void the_notice_of_example_12(void **state)
{
    /* registration.md 6.2: index 12345, connect failed */
    static const uint8_t example[36] = {0x39, 0x30, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1};
    const struct lewes_forward forward = {.packet = packet, .packet_len = sizeof packet};
    uint8_t out[36];
    (void)state;
    forward_notice_write(out, &forward, FORWARD_CONNECT_FAILED);
    assert_memory_equal(out, example, sizeof example);
}

static void a_packet_without_an_index_has_index_0(void **state)
{
    static const uint8_t zeros[4];
    const uint8_t three[3] = {1, 2, 3};
    const struct lewes_forward forward = {.packet = three, .packet_len = sizeof three};
    uint8_t out[36];
    (void)state;
    forward_notice_write(out, &forward, FORWARD_MALFORMED);
    assert_memory_equal(out, zeros, 4);
    assert_int_equal(out[4], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(identity_address_and_port_must_agree_with_the_directory, up,
                                        down),
        cmocka_unit_test_setup_teardown(without_a_directory_or_switched_off_nothing_is_allowed, up,
                                        down),
        cmocka_unit_test_setup_teardown(addresses_of_a_private_kind_need_leave, up, down),
        cmocka_unit_test_setup_teardown(the_gateway_itself_is_never_a_target, up, down),
        cmocka_unit_test_setup_teardown(an_inner_packet_has_36_to_65395_bytes, up, down),
        cmocka_unit_test(the_notice_of_example_12),
        cmocka_unit_test(a_packet_without_an_index_has_index_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
