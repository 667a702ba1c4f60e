/* SPDX-License-Identifier: Apache-2.0 */
/* What the program behind the data port receives (gateway.md G11.3). */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/sink.h"

#define FILLERS_MAX 100000

static char directory[] = "/tmp/lewes-sink-XXXXXX";
static char path[64];
static struct settings settings;
static struct sink sink;
static int receiver = -1;

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/s", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static void close_receiver(void)
{
    if (receiver >= 0)
        close(receiver);
    receiver = -1;
    (void)unlink(path);
}

static int end(void **state)
{
    (void)state;
    sink_close(&sink);
    close_receiver();
    return 0;
}

static int make_socket(int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        abort();
    return fd;
}

static void receive_unix(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    memcpy(at.sun_path, path, strlen(path) + 1);
    receiver = make_socket(AF_UNIX);
    assert_int_equal(bind(receiver, (struct sockaddr *)&at, sizeof at), 0);
}

static uint16_t receive_udp(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    receiver = make_socket(AF_INET);
    assert_int_equal(bind(receiver, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(receiver, (struct sockaddr *)&at, &len), 0);
    return ntohs(at.sin_port);
}

static void open_sink(const char *scheme, const char *rest, int format)
{
    struct sink_error error;

    (void)snprintf(settings.data.sink, sizeof settings.data.sink, "%s%s", scheme, rest);
    settings.data.sink_format = format;
    if (!sink_open(&sink, &settings, &error))
        fail_msg("%s", error.text);
}

static bool send_text(const char *text)
{
    static struct lewes_ed25519_public client;
    const struct sink_item item = {.index = 0x01020304,
                                   .counter = 0x4000000000000105,
                                   .client = &client,
                                   .payload = (const uint8_t *)text,
                                   .len = strlen(text)};

    memset(client.bytes, 0xc1, sizeof client.bytes);
    return sink_send(&sink, &item);
}

static void assert_framed(const char *text)
{
    static const uint8_t header[] = {1, 0, 0, 5, 1, 2, 3, 4, 0x40, 0, 0, 0, 0, 0, 1, 5};
    uint8_t got[256];

    assert_int_equal(strlen(text), 5);
    assert_int_equal(recv(receiver, got, sizeof got, 0), 48 + 5);
    assert_memory_equal(got, header, sizeof header);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(got[16 + i], 0xc1);
    assert_memory_equal(got + 48, text, 5);
}

static void assert_raw(const char *text)
{
    uint8_t got[256];

    assert_int_equal(recv(receiver, got, sizeof got, 0), strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void a_framed_payload_has_48_bytes_in_front(void **state)
{
    (void)state;
    receive_unix();
    open_sink("unix:", path, SETTINGS_SINK_FRAMED);
    assert_true(send_text("hello"));
    assert_framed("hello");
}

static void a_raw_payload_is_alone(void **state)
{
    char rest[32];
    (void)state;
    (void)snprintf(rest, sizeof rest, "127.0.0.1:%u", (unsigned)receive_udp());
    open_sink("udp:", rest, SETTINGS_SINK_RAW);
    assert_true(send_text("hello, world"));
    assert_raw("hello, world");
    assert_true(send_text(""));
    assert_raw("");
}

static void a_unix_socket_may_come_late_and_come_back(void **state)
{
    (void)state;
    open_sink("unix:", path, SETTINGS_SINK_RAW);
    assert_false(send_text("nobody"));
    receive_unix();
    assert_true(send_text("one"));
    assert_raw("one");
    close_receiver();
    assert_false(send_text("nobody"));
    receive_unix();
    assert_true(send_text("two"));
    assert_raw("two");
}

static void a_port_where_nobody_listens_is_noticed(void **state)
{
    char rest[32];
    (void)state;
    (void)snprintf(rest, sizeof rest, "127.0.0.1:%u", (unsigned)receive_udp());
    close_receiver();
    open_sink("udp:", rest, SETTINGS_SINK_RAW);
    (void)send_text("it is this one that is refused");
    assert_false(send_text("and here it is heard"));
}

static void a_full_sink_takes_no_more_and_nobody_waits(void **state)
{
    unsigned sent = 0;
    (void)state;
    receive_unix();
    open_sink("unix:", path, SETTINGS_SINK_RAW);
    while (sent < FILLERS_MAX && send_text("filler"))
        sent++;
    assert_in_range(sent, 1, FILLERS_MAX - 1);
    assert_raw("filler");
    assert_true(send_text("filler"));
}

static void only_whole_names_of_sinks_are_valid(void **state)
{
    (void)state;
    assert_true(sink_valid("none"));
    assert_true(sink_valid("udp:[::1]:9"));
    assert_true(sink_valid("unix:/x"));
    assert_false(sink_valid(""));
    assert_false(sink_valid("udp"));
    assert_false(sink_valid("udp:1.2.3.4:0"));
    assert_false(sink_valid("udp:1.2.3.4:9x"));
    assert_false(sink_valid("unix:relative"));
    assert_false(sink_valid("unix"));
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_framed_payload_has_48_bytes_in_front),
        TEST(a_raw_payload_is_alone),
        TEST(a_unix_socket_may_come_late_and_come_back),
        TEST(a_port_where_nobody_listens_is_noticed),
        TEST(a_full_sink_takes_no_more_and_nobody_waits),
        cmocka_unit_test(only_whole_names_of_sinks_are_valid),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
