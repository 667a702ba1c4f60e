/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses that need leave (gateway.md G5.1): the first and the last of each kind, and their
 * neighbours. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/address_range.h"

static const char *const inside[] = {
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.168.0.0",
    "192.168.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.255",
    "::",
    "::1",
    "::9.9.9.9",
    "2001:db8::",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff::",
    "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fc00::",
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::",
    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fec0::",
    "feff::",
    "ff00::",
    "ff02::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::ffff:169.254.0.1",
    "::ffff:0.0.0.0",
};

static const char *const outside[] = {
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "::1:0:0",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2606:4700::1111",
    "3ffe:ffff::",
    "3fff:1000::",
    "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe00::",
    "fe7f:ffff::",
    "::ffff:9.9.9.9",
};

static struct lewes_ip parse(const char *text)
{
    struct lewes_ip ip = {.family = strchr(text, ':') != NULL ? 6 : 4};
    assert_int_equal(inet_pton(ip.family == 6 ? AF_INET6 : AF_INET, text, ip.bytes), 1);
    return ip;
}

static void what_cannot_be_reached_from_outside_is_not_public(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        const struct lewes_ip ip = parse(inside[i]);
        if (address_is_public(&ip))
            fail_msg("%s", inside[i]);
    }
}

static void its_neighbours_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        const struct lewes_ip ip = parse(outside[i]);
        if (!address_is_public(&ip))
            fail_msg("%s", outside[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_reached_from_outside_is_not_public),
        cmocka_unit_test(its_neighbours_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
