/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/bind.h"

static const struct lewes_endpoint any6 = {.ip.family = 6};
static const struct lewes_endpoint loopback4 = {.ip = {4, {127, 0, 0, 1}}};

/* Does a datagram to 127.0.0.1 and this port get through to `fd`? */
static int bound(int type, struct lewes_endpoint *at, bool only6)
{
    const int fd = bind_at(type, at, only6, NULL);
    if (fd < 0)
        abort();
    return fd;
}

static bool hears_ipv4(int fd, uint16_t port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char got[8];
    int out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (out < 0)
        abort();
    (void)sendto(out, "hello", 5, 0, (const struct sockaddr *)&to, sizeof to);
    close(out);
    return recv(fd, got, sizeof got, MSG_DONTWAIT) == 5; /* loopback delivers at once */
}

static void a_socket_tells_the_port_that_it_got(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lewes_endpoint at = loopback4;
        int fd = bound(types[i], &at, false);

        assert_int_not_equal(at.port, 0);
        close(fd);
    }
}

static void the_address_of_all_takes_ipv4_unless_told_otherwise(void **state)
{
    (void)state;
    for (int only6 = 0; only6 < 2; only6++) {
        struct lewes_endpoint at = any6;
        int fd = bound(SOCK_DGRAM, &at, only6);

        if (at.ip.family == 6) /* else this host has no IPv6 */
            assert_int_equal(hears_ipv4(fd, at.port), !only6);
        else
            assert_true(hears_ipv4(fd, at.port));
        close(fd);
    }
}

static void a_port_is_not_shared(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lewes_endpoint at = loopback4, same;
        int fd = bound(types[i], &at, false);

        if (types[i] == SOCK_STREAM)
            assert_int_equal(listen(fd, 1), 0);
        same = at;
        assert_int_equal(bind_at(types[i], &same, false, NULL), -1);
        assert_int_equal(errno, EADDRINUSE);
        close(fd);
    }
}

static void the_advice_names_the_setting(void **state)
{
    static const int errors[] = {EADDRINUSE, EACCES, EADDRNOTAVAIL, EINVAL};
    char text[128];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bind_advice(text, sizeof text, errors[i], "[data] bind");
        assert_non_null(strstr(text, "[data] bind"));
    }
}

static void addresses_read_as_they_are_written(void **state)
{
    struct lewes_endpoint at = loopback4;
    char text[BIND_TEXT];

    (void)state;
    at.port = 51264;
    assert_string_equal(bind_text(text, &at), "127.0.0.1:51264");
    assert_false(bind_is_any(&at));
    at = any6;
    assert_string_equal(bind_text(text, &at), "[::]:0");
    assert_true(bind_is_any(&at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_tells_the_port_that_it_got),
        cmocka_unit_test(the_address_of_all_takes_ipv4_unless_told_otherwise),
        cmocka_unit_test(a_port_is_not_shared),
        cmocka_unit_test(the_advice_names_the_setting),
        cmocka_unit_test(addresses_read_as_they_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
