/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/stream.h"
#include "tests/support/shared_env.h"

static struct shared_env env;
static struct stream stream;
static int ours, theirs;
static const struct stream_bounds all = {LEWES_PACKET_MIN, LEWES_PACKET_MAX};

static int set_up(void **state)
{
    int fds[2];
    const int size = 1 << 20;
    (void)state;
    shared_env_init(&env, 1);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        return -1;
    ours = fds[0];
    theirs = fds[1];
    (void)setsockopt(theirs, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    stream_init(&stream, &env.env, ours);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stream_rest(&stream);
    close(ours);
    if (theirs >= 0)
        close(theirs);
    shared_env_end(&env);
    return 0;
}

static void say(const void *bytes, size_t len)
{
    assert_int_equal(send(theirs, bytes, len, 0), len);
}

static size_t make_frame(uint8_t *frame, size_t len)
{
    lewes_frame_prefix(frame, len);
    for (size_t i = 0; i < len; i++)
        frame[4 + i] = (uint8_t)(i * 31 + len);
    return 4 + len;
}

static void a_frame_in_single_bytes_is_whole_at_the_last(void **state)
{
    uint8_t frame[4 + 200];
    size_t len = make_frame(frame, 200);
    (void)state;
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(stream_read(&stream, &all), STREAM_AGAIN);
        assert_int_equal(stream_begun(&stream), i > 0);
        say(frame + i, 1);
    }
    assert_int_equal(stream_read(&stream, &all), STREAM_DONE);
    assert_int_equal(stream.len, 200);
    assert_memory_equal(stream_packet(&stream), frame + 4, 200);
}

static void the_next_frame_stays_in_the_socket(void **state)
{
    uint8_t frames[400], peek[400];
    size_t len = make_frame(frames, 36);
    size_t second = make_frame(frames + len, 100);
    (void)state;
    say(frames, len + second);
    assert_int_equal(stream_read(&stream, &all), STREAM_DONE);
    assert_int_equal(recv(ours, peek, sizeof peek, MSG_PEEK | MSG_DONTWAIT), second);
    stream_rest(&stream);
    assert_false(stream_begun(&stream));
    assert_int_equal(stream_read(&stream, &all), STREAM_DONE);
    assert_int_equal(stream.len, 100);
}

static void lengths_outside_of_the_bounds_are_refused_unread(void **state)
{
    const struct stream_bounds hello = {136, 136};
    const size_t lengths[] = {0, 35, 36, 135, 137, 65536, 65537, 0xffffffff};
    uint8_t byte;
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint8_t prefix[5] = {(uint8_t)(lengths[i] >> 24), (uint8_t)(lengths[i] >> 16),
                                   (uint8_t)(lengths[i] >> 8), (uint8_t)lengths[i], 0xbb};
        say(prefix, sizeof prefix);
        assert_int_equal(stream_read(&stream, &hello), STREAM_FRAMING);
        assert_int_equal(recv(ours, &byte, 1, MSG_DONTWAIT), 1);
        assert_int_equal(byte, 0xbb);
        stream_rest(&stream);
    }
    assert_int_equal(shared_env_count(&env).blocks, 0);
}

static void memory_follows_the_bytes(void **state)
{
    static uint8_t frame[4 + 65536];
    size_t len = make_frame(frame, 65536);
    size_t largest = 0;
    (void)state;
    for (size_t at = 0; at < len; at += 1000) {
        say(frame + at, len - at < 1000 ? len - at : 1000);
        enum stream_result result = stream_read(&stream, &all);
        assert_int_equal(result, at + 1000 >= len ? STREAM_DONE : STREAM_AGAIN);
        size_t bytes = shared_env_count(&env).bytes;
        assert_in_range(bytes, 0, 4100 + 2 * (at + 1000));
        largest = bytes > largest ? bytes : largest;
    }
    assert_int_equal(largest, 4 + 65536);
    assert_memory_equal(stream_packet(&stream), frame + 4, 65536);
    stream_rest(&stream);
    assert_int_equal(shared_env_count(&env).bytes, 0);
}

static void without_memory_there_is_no_packet(void **state)
{
    static uint8_t frame[4 + 10000];
    size_t len = make_frame(frame, 10000);
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        shared_env_fail(&env, n, 0);
        say(frame, len);
        assert_int_equal(stream_read(&stream, &all), STREAM_MEMORY);
        stream_rest(&stream);
        while (recv(ours, frame, sizeof frame, MSG_DONTWAIT) > 0)
            continue;
        len = make_frame(frame, 10000);
    }
}

static void the_end_of_the_stream_is_told(void **state)
{
    uint8_t frame[100];
    (void)state;
    say(frame, make_frame(frame, 50) - 1);
    close(theirs);
    theirs = -1;
    assert_int_equal(stream_read(&stream, &all), STREAM_CLOSED);
}

static void an_answer_is_framed_and_goes_on_when_the_peer_reads(void **state)
{
    static uint8_t frame[4 + 65536], got[4 + 65536];
    size_t len = make_frame(frame, 65536), at = 0;
    const int size = 8192;
    bool progress;
    (void)state;
    say(frame, len);
    assert_int_equal(stream_read(&stream, &all), STREAM_DONE);
    assert_int_equal(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    enum stream_result result = stream_answer(&stream, 65536, &progress);
    assert_int_equal(result, STREAM_AGAIN);
    assert_true(progress);
    assert_int_equal(stream_write(&stream, &progress), STREAM_AGAIN);
    assert_false(progress);
    while (at < len) {
        ssize_t n = recv(theirs, got + at, sizeof got - at, MSG_DONTWAIT);
        at += n > 0 ? (size_t)n : 0;
        if (result == STREAM_AGAIN)
            result = stream_write(&stream, &progress);
    }
    assert_int_equal(result, STREAM_DONE);
    assert_memory_equal(got, frame, len);
}

static void a_peer_that_is_gone_is_told(void **state)
{
    uint8_t frame[100];
    bool progress;
    (void)state;
    say(frame, make_frame(frame, 50));
    assert_int_equal(stream_read(&stream, &all), STREAM_DONE);
    close(theirs);
    theirs = -1;
    assert_int_equal(stream_answer(&stream, 36, &progress), STREAM_LOST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_frame_in_single_bytes_is_whole_at_the_last),
        TEST(the_next_frame_stays_in_the_socket),
        TEST(lengths_outside_of_the_bounds_are_refused_unread),
        TEST(memory_follows_the_bytes),
        TEST(without_memory_there_is_no_packet),
        TEST(the_end_of_the_stream_is_told),
        TEST(an_answer_is_framed_and_goes_on_when_the_peer_reads),
        TEST(a_peer_that_is_gone_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
