/* SPDX-License-Identifier: Apache-2.0 */
/* wg-quick profiles of a single hop and of two (registration.md R21). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/client.h>

#define CAP 1024
#define PRIVATE_KEY "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define GATEWAY_KEY "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct lewes_wg_private wg_key = {{1}};

static struct lewes_tunnel tunnel_at(uint8_t family, const uint8_t *ip)
{
    struct lewes_tunnel tunnel = {
        .gateway_key = {{2}},
        .endpoint = {.ip = {.family = family}, .port = 51822},
        .ipv4 = {10, 1, 0, 42},
        .ipv6 = {0xfc, 0x01, [15] = 0x2a},
    };
    memcpy(tunnel.endpoint.ip.bytes, ip, family == 4 ? 4 : 16);
    return tunnel;
}

static const uint8_t entry_ip[4] = {192, 0, 2, 1}, exit_ip[4] = {198, 51, 100, 7},
                     exit_ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};

static void a_single_hop_carries_everything(void **state)
{
    const struct lewes_entry_tunnel entry = {tunnel_at(4, entry_ip)};
    const struct lewes_profile_options options = {0};
    char out[CAP];
    (void)state;
    assert_true(lewes_profile_write(out, sizeof out, &entry, &wg_key, &options) > 0);
    assert_string_equal(out, "[Interface]\n"
                             "PrivateKey = " PRIVATE_KEY "\n"
                             "Address = 10.1.0.42/32, fc01::2a/128\n"
                             "MTU = 1420\n"
                             "\n"
                             "[Peer]\n"
                             "PublicKey = " GATEWAY_KEY "\n"
                             "Endpoint = 192.0.2.1:51822\n"
                             "AllowedIPs = 0.0.0.0/0, ::/0\n"
                             "PersistentKeepalive = 25\n");
}

static void name_servers_and_mtu_are_the_callers(void **state)
{
    const struct lewes_entry_tunnel entry = {tunnel_at(6, exit_ip6)};
    const struct lewes_profile_options options = {.dns = "10.1.0.1, fc01::1", .mtu = 1280};
    char out[CAP];
    (void)state;
    assert_true(lewes_profile_write(out, sizeof out, &entry, &wg_key, &options) > 0);
    assert_non_null(strstr(out, "\nMTU = 1280\nDNS = 10.1.0.1, fc01::1\n\n"));
    assert_non_null(strstr(out, "\nEndpoint = [2001:db8::7]:51822\n"));
}

static void the_outer_of_two_carries_the_exits_packets_and_nothing_else(void **state)
{
    const struct lewes_entry_tunnel entry = {tunnel_at(4, entry_ip)};
    const struct lewes_exit_tunnel exit = {tunnel_at(4, exit_ip)}, exit6 = {tunnel_at(6, exit_ip6)};
    const struct lewes_profile_options options = {0};
    char out[CAP];
    (void)state;
    assert_true(lewes_profile_write_entry(out, sizeof out, &entry, &exit, &wg_key, &options) > 0);
    assert_non_null(strstr(out, "\nAllowedIPs = 198.51.100.7/32\n"));
    assert_non_null(strstr(out, "\nEndpoint = 192.0.2.1:51822\n"));
    assert_non_null(strstr(out, "\nMTU = 1420\n"));
    assert_true(lewes_profile_write_entry(out, sizeof out, &entry, &exit6, &wg_key, &options) > 0);
    assert_non_null(strstr(out, "\nAllowedIPs = 2001:db8::7/128\n"));
}

static void the_inner_of_two_carries_everything_else_with_room_for_the_outer(void **state)
{
    const struct lewes_exit_tunnel exit = {tunnel_at(4, exit_ip)};
    const struct lewes_profile_options options = {.dns = "9.9.9.9"};
    char out[CAP];
    (void)state;
    assert_true(lewes_profile_write_exit(out, sizeof out, &exit, &wg_key, &options) > 0);
    assert_non_null(strstr(out, "\nMTU = 1340\n"));
    assert_non_null(strstr(out, "\nAllowedIPs = 0.0.0.0/0, ::/0\n"));
    assert_non_null(strstr(out, "\nEndpoint = 198.51.100.7:51822\n"));
    assert_non_null(strstr(out, "\nDNS = 9.9.9.9\n"));
}

/* The inner tunnel takes every packet without its mark: those of the outer must bear it, too. */
static void both_of_two_bear_the_same_mark(void **state)
{
    const struct lewes_entry_tunnel entry = {tunnel_at(4, entry_ip)};
    const struct lewes_exit_tunnel exit = {tunnel_at(4, exit_ip)};
    const struct lewes_profile_options options = {0};
    char outer[CAP], inner[CAP], single[CAP];
    (void)state;
    lewes_profile_write_entry(outer, sizeof outer, &entry, &exit, &wg_key, &options);
    lewes_profile_write_exit(inner, sizeof inner, &exit, &wg_key, &options);
    lewes_profile_write(single, sizeof single, &entry, &wg_key, &options);
    const char *mark = strstr(outer, "FwMark = "), *other = strstr(inner, "FwMark = ");
    assert_non_null(mark);
    assert_non_null(other);
    assert_memory_equal(mark, other, strcspn(mark, "\n") + 1);
    assert_null(strstr(single, "FwMark"));
}

static void a_profile_that_does_not_fit_leaves_nothing(void **state)
{
    const struct lewes_entry_tunnel entry = {tunnel_at(4, entry_ip)};
    const struct lewes_profile_options options = {0};
    static const char zeros[CAP];
    char out[CAP];
    (void)state;
    size_t len = lewes_profile_write(out, sizeof out, &entry, &wg_key, &options);
    assert_int_equal(strlen(out), len);
    for (size_t cap = 1; cap <= len; cap++) {
        memset(out, 'x', sizeof out);
        assert_int_equal(lewes_profile_write(out, cap, &entry, &wg_key, &options), 0);
        assert_memory_equal(out, zeros, cap);
        assert_int_equal(out[cap], 'x');
    }
    assert_int_equal(lewes_profile_write(out, len + 1, &entry, &wg_key, &options), len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_hop_carries_everything),
        cmocka_unit_test(name_servers_and_mtu_are_the_callers),
        cmocka_unit_test(the_outer_of_two_carries_the_exits_packets_and_nothing_else),
        cmocka_unit_test(the_inner_of_two_carries_everything_else_with_room_for_the_outer),
        cmocka_unit_test(both_of_two_bear_the_same_mark),
        cmocka_unit_test(a_profile_that_does_not_fit_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
