/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/source.h"

static struct lewes_ip ip_of(const char *text, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr *address = (struct sockaddr *)&v6;
    struct lewes_ip ip;
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        address = (struct sockaddr *)&v4;
    else
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    assert_true(source_ip(&ip, address));
    assert_int_equal(source_port(address), port);
    return ip;
}

static bool same(const char *a, const char *b)
{
    const struct lewes_ip ip_a = ip_of(a, 1);
    const struct lewes_ip ip_b = ip_of(b, 65535);
    const struct source source_a = source_of(&ip_a);
    const struct source source_b = source_of(&ip_b);
    return source_a.prefix == source_b.prefix && source_a.ipv6 == source_b.ipv6;
}

static void an_ipv4_address_is_a_source(void **state)
{
    (void)state;
    assert_true(same("192.0.2.1", "192.0.2.1"));
    assert_false(same("192.0.2.1", "192.0.2.2"));
    assert_false(same("192.0.2.1", "193.0.2.1"));
}

static void an_ipv6_network_of_64_bits_is_a_source(void **state)
{
    (void)state;
    assert_true(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_false(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert_false(same("::192.0.2.1", "192.0.2.1"));
}

static void a_mapped_address_is_ipv4(void **state)
{
    const struct lewes_ip ip = ip_of("::ffff:192.0.2.1", 7);
    static const uint8_t rest[12];
    (void)state;
    assert_true(same("::ffff:192.0.2.1", "192.0.2.1"));
    assert_int_equal(ip.family, 4);
    assert_memory_equal(ip.bytes, "\xc0\0\x02\x01", 4);
    assert_memory_equal(ip.bytes + 4, rest, sizeof rest);
}

static void other_families_are_nobody(void **state)
{
    const struct sockaddr address = {.sa_family = AF_UNIX};
    struct lewes_ip ip;
    (void)state;
    assert_false(source_ip(&ip, &address));
    assert_int_equal(source_port(&address), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_a_source),
        cmocka_unit_test(an_ipv6_network_of_64_bits_is_a_source),
        cmocka_unit_test(a_mapped_address_is_ipv4),
        cmocka_unit_test(other_families_are_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
