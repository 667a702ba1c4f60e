/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and MTU of a real TUN interface, in a network namespace of its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "wireguard/link.h"

#define NAME "lewestest0"

static const char *reason; /* why it cannot be tried here; NULL if it can */
static int tun = -1;

static const struct wg_link wanted = {.interface = NAME,
                                      .ipv4 = {10, 1, 0, 1},
                                      .prefix4 = 16,
                                      .ipv6 = {0xfc, 1, [15] = 1},
                                      .prefix6 = 112,
                                      .mtu = 1420};

static int set_up_group(void **state)
{
    (void)state;
    if (access("/dev/net/tun", R_OK | W_OK))
        reason = "/dev/net/tun cannot be used";
    else if (unshare(CLONE_NEWNET))
        reason = "no right to make a network namespace";
    return 0;
}

static int set_up(void **state)
{
    struct ifreq request = {.ifr_name = NAME, .ifr_flags = IFF_TUN | IFF_NO_PI};
    (void)state;
    if (reason)
        return 0;
    tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    return tun >= 0 && ioctl(tun, TUNSETIFF, &request) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (tun >= 0)
        close(tun); /* the interface goes with it */
    tun = -1;
    return 0;
}

static void need_tun(void)
{
    if (!reason)
        return;
    print_message("skipped: %s\n", reason);
    skip();
}

static void configure(const struct wg_link *link, bool ipv6_expected)
{
    struct wg_link_failure failure = {NULL, 0};
    bool without6;
    if (wg_link_configure(link, &failure, &without6))
        fail_msg("%s: %s", failure.step, strerror(failure.error));
    assert_int_equal(without6, !ipv6_expected);
}

static unsigned ask(unsigned long what)
{
    struct ifreq request = {.ifr_name = NAME};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, what, &request), 0);
    close(fd);
    return what == SIOCGIFMTU ? (unsigned)request.ifr_mtu : (unsigned)(uint16_t)request.ifr_flags;
}

/* Counts the addresses of one family; asserts that the wanted one is among them. */
static int addresses(int family, const char *text, const char *mask)
{
    struct ifaddrs *all;
    char found[INET6_ADDRSTRLEN], netmask[INET6_ADDRSTRLEN];
    int count = 0, hits = 0;
    assert_int_equal(getifaddrs(&all), 0);
    for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
        if (strcmp(a->ifa_name, NAME) != 0 || !a->ifa_addr || a->ifa_addr->sa_family != family)
            continue;
        size_t at = family == AF_INET ? offsetof(struct sockaddr_in, sin_addr)
                                      : offsetof(struct sockaddr_in6, sin6_addr);
        assert_non_null(inet_ntop(family, (const char *)a->ifa_addr + at, found, sizeof found));
        assert_non_null(
            inet_ntop(family, (const char *)a->ifa_netmask + at, netmask, sizeof netmask));
        count += strncmp(found, "fe80:", 5) != 0; /* the kernel's own */
        hits += strcmp(found, text) == 0 && strcmp(netmask, mask) == 0;
    }
    freeifaddrs(all);
    assert_int_equal(hits, 1);
    return count;
}

static void assert_configured(void)
{
    assert_int_equal(addresses(AF_INET, "10.1.0.1", "255.255.0.0"), 1);
    assert_int_equal(addresses(AF_INET6, "fc01::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0"), 1);
    assert_int_equal(ask(SIOCGIFMTU), 1420);
    assert_true(ask(SIOCGIFFLAGS) & IFF_UP);
}

static void an_interface_gets_addresses_and_mtu_and_comes_up(void **state)
{
    (void)state;
    need_tun();
    assert_false(ask(SIOCGIFFLAGS) & IFF_UP);
    configure(&wanted, true);
    assert_configured();
}

static void doing_it_again_changes_nothing(void **state)
{
    (void)state;
    need_tun();
    for (int i = 0; i < 3; i++)
        configure(&wanted, true);
    assert_configured();
}

static void an_address_can_be_used_at_once(void **state)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    (void)state;
    need_tun();
    configure(&wanted, true);
    memcpy(&address.sin6_addr, wanted.ipv6, 16);
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    /* Fails while the kernel still looks for a neighbour with this address. */
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
}

static void switch_ipv6(char off)
{
    int fd = open("/proc/sys/net/ipv6/conf/" NAME "/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        print_message("skipped: IPv6 cannot be switched off here\n");
        skip();
    }
    ssize_t n = write(fd, &off, 1);
    close(fd);
    if (n != 1) {
        print_message("skipped: IPv6 cannot be switched off here\n");
        skip();
    }
}

static void a_host_without_ipv6_gets_the_rest(void **state)
{
    (void)state;
    need_tun();
    switch_ipv6('1');
    configure(&wanted, false);
    assert_int_equal(addresses(AF_INET, "10.1.0.1", "255.255.0.0"), 1);
    assert_true(ask(SIOCGIFFLAGS) & IFF_UP);
}

static void a_step_that_fails_is_named(void **state)
{
    struct wg_link link = wanted;
    struct wg_link_failure failure = {NULL, 0};
    bool without6;
    (void)state;
    need_tun();
    link.interface = "nosuchthing";
    assert_int_equal(wg_link_configure(&link, &failure, &without6), -1);
    assert_string_equal(failure.step, "find the interface");
    assert_int_equal(failure.error, ENODEV);
    link = wanted;
    link.mtu = 10;
    assert_int_equal(wg_link_configure(&link, &failure, &without6), -1);
    assert_string_equal(failure.step, "set the MTU");
    assert_int_equal(failure.error, EINVAL);
    link = wanted;
    link.prefix4 = 33;
    assert_int_equal(wg_link_configure(&link, &failure, &without6), -1);
    assert_string_equal(failure.step, "add the IPv4 address");
    assert_int_equal(failure.error, EINVAL);
    link = wanted;
    link.prefix6 = 129;
    assert_int_equal(wg_link_configure(&link, &failure, &without6), -1);
    assert_string_equal(failure.step, "add the IPv6 address");
    assert_int_equal(failure.error, EINVAL);
    assert_false(ask(SIOCGIFFLAGS) & IFF_UP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_interface_gets_addresses_and_mtu_and_comes_up),
        TEST(doing_it_again_changes_nothing),
        TEST(an_address_can_be_used_at_once),
        TEST(a_host_without_ipv6_gets_the_rest),
        TEST(a_step_that_fails_is_named),
    };
    return cmocka_run_group_tests(tests, set_up_group, NULL);
}
