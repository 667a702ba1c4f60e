/* SPDX-License-Identifier: Apache-2.0 */
/* host/io.h: however a descriptor cuts them, bytes arrive whole. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/io.h"

ssize_t __real_read(int fd, void *out, size_t cap);
ssize_t __wrap_read(int fd, void *out, size_t cap);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);

static size_t bite;      /* how many bytes a call moves; 0: as many as it likes */
static unsigned calls;   /* of both */
static bool interrupted; /* every second call is interrupted */

static bool is_interrupted(void)
{
    if (!interrupted || calls++ % 2 != 0)
        return false;
    errno = EINTR;
    return true;
}

ssize_t __wrap_read(int fd, void *out, size_t cap)
{
    if (is_interrupted())
        return -1;
    return __real_read(fd, out, bite && cap > bite ? bite : cap);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    if (is_interrupted())
        return -1;
    return __real_write(fd, bytes, bite && len > bite ? bite : len);
}

static void make_pipe(int ends[2])
{
    if (pipe(ends))
        abort();
}

static void bytes_arrive_whole_in_small_bites_and_through_signals(void **state)
{
    uint8_t sent[100], got[sizeof sent + 1];
    int ends[2];

    (void)state;
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)i;
    interrupted = true;
    for (bite = 1; bite <= sizeof sent; bite++) {
        make_pipe(ends);
        assert_int_equal(io_write(ends[1], sent, sizeof sent), 0);
        close(ends[1]);
        memset(got, 0xff, sizeof got);
        assert_int_equal(io_read(ends[0], got, sizeof got), sizeof sent);
        assert_memory_equal(got, sent, sizeof sent);
        assert_int_equal(io_read(ends[0], got, sizeof got), 0);
        close(ends[0]);
    }
    interrupted = false;
    bite = 0;
}

static void a_read_stops_at_its_cap(void **state)
{
    char got[5] = "....";
    int ends[2];

    (void)state;
    make_pipe(ends);
    assert_int_equal(io_write(ends[1], "seven77", 7), 0);
    close(ends[1]);
    assert_int_equal(io_read(ends[0], got, 3), 3);
    assert_string_equal(got, "sev.");
    assert_int_equal(io_read(ends[0], got, 0), 0);
    assert_int_equal(io_read(ends[0], got, 4), 4);
    assert_string_equal(got, "en77");
    close(ends[0]);
}

static void all_is_read_or_nothing(void **state)
{
    char got[8];
    int ends[2];

    (void)state;
    for (size_t cap = 0; cap <= 5; cap++) {
        make_pipe(ends);
        assert_int_equal(io_write(ends[1], "four", 4), 0);
        close(ends[1]);
        errno = 0;
        assert_int_equal(io_read_all(ends[0], got, cap), cap < 4 ? -1 : 4);
        assert_int_equal(errno, cap < 4 ? EFBIG : 0);
        close(ends[0]);
    }
}

static void faults_are_told(void **state)
{
    char got[4];
    int ends[2];

    (void)state;
    make_pipe(ends);
    close(ends[0]);
    errno = 0;
    assert_int_equal(io_write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
    assert_int_equal(io_read(ends[0], got, sizeof got), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(io_read_all(ends[0], got, sizeof got), -1);
    assert_int_equal(io_write(ends[1], "", 0), 0);
}

static void the_directory_of_a_path_is_synced(void **state)
{
    char directory[] = "/tmp/lewes-io-XXXXXX";
    char path[sizeof directory + 8];

    (void)state;
    if (!mkdtemp(directory))
        abort();
    snprintf(path, sizeof path, "%s/file", directory);
    assert_int_equal(io_sync_directory(path), 0); /* the file need not be there */
    snprintf(path, sizeof path, "%s/", directory);
    assert_int_equal(io_sync_directory(path), 0);
    assert_int_equal(io_sync_directory("/file"), 0);
    assert_int_equal(io_sync_directory("file"), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(io_sync_directory(path), -1);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_arrive_whole_in_small_bites_and_through_signals),
        cmocka_unit_test(a_read_stops_at_its_cap),
        cmocka_unit_test(all_is_read_or_nothing),
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(the_directory_of_a_path_is_synced),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
