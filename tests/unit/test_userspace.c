/* SPDX-License-Identifier: Apache-2.0 */
/* The userspace back end against a device that answers as a test tells it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "wireguard/device.h"

#define REQUESTS_MAX 48
#define REQUEST_CAP 16384

/* Instead of an answer: */
static const char hang_up[] = "(hang up)";
static const char stay_silent[] = "(stay silent)";

#define GOOD "errno=0\n\n"
#define BAD "errno=-22\n\n"

/* A device on a socket, in a thread of its own: request n gets answer n, GOOD
 * instead of NULL. Set `answers` before the device is opened, read `requests` after stop(). */
struct fake {
    char directory[32], path[64];
    int listener;
    pthread_t thread;
    bool by_bytes; /* answers leave one byte at a time */
    const char *answers[REQUESTS_MAX];
    char requests[REQUESTS_MAX][REQUEST_CAP];
    size_t count, connections;
};

static struct fake *fake;
static struct wg_device *device;

/* Reads up to an empty line; false when the client has gone. */
static bool read_request(int fd, char *out)
{
    size_t len = 0;
    do {
        ssize_t n = recv(fd, out + len, REQUEST_CAP - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        out[len] = '\0';
    } while (len < 2 || strcmp(out + len - 2, "\n\n") != 0);
    return true;
}

static bool answer(int fd, const char *text)
{
    size_t step = fake->by_bytes ? 1 : strlen(text);
    if (text == hang_up)
        return false;
    if (text == stay_silent)
        return true;
    for (; *text; text += step)
        if (send(fd, text, step, MSG_NOSIGNAL) != (ssize_t)step)
            return false;
    return true;
}

static void *serve(void *unused)
{
    int fd;
    (void)unused;
    while ((fd = accept(fake->listener, NULL, NULL)) >= 0) {
        fake->connections++;
        while (fake->count < REQUESTS_MAX && read_request(fd, fake->requests[fake->count])) {
            const char *text = fake->answers[fake->count++];
            if (!answer(fd, text ? text : GOOD))
                break;
        }
        close(fd);
    }
    return NULL;
}

static int set_up(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)state;
    fake = calloc(1, sizeof *fake);
    assert_non_null(fake);
    device = NULL;
    strcpy(fake->directory, "/tmp/lewes-test-XXXXXX");
    assert_non_null(mkdtemp(fake->directory));
    snprintf(fake->path, sizeof fake->path, "%s/wg.sock", fake->directory);
    memcpy(address.sun_path, fake->path, sizeof fake->path);
    fake->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fake->listener < 0 || bind(fake->listener, (struct sockaddr *)&address, sizeof address) ||
        listen(fake->listener, 5))
        return -1;
    assert_int_equal(pthread_create(&fake->thread, NULL, serve, NULL), 0);
    return 0;
}

/* Ends device and thread; what was asked can be looked at then. */
static void stop(void)
{
    wg_userspace.close(device);
    device = NULL;
    if (fake->listener < 0)
        return;
    shutdown(fake->listener, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    fake->listener = -1;
}

static int tear_down(void **state)
{
    (void)state;
    stop();
    unlink(fake->path);
    rmdir(fake->directory);
    free(fake);
    return 0;
}

static enum wg_status open_device(void)
{
    const struct wg_settings settings = {.interface = "wg",
                                         .uapi_socket = fake->path,
                                         .private_key = {{8, 7}},
                                         .listen_port = 51822};
    return wg_userspace.open(&device, &settings);
}

static struct wg_peer peer_of(uint8_t number)
{
    struct wg_peer peer = {.key = {{9, number}},
                           .ipv4 = {10, 1, 0, number},
                           .ipv6 = {0xfc, 1, [15] = number},
                           .keepalive = 25};
    return peer;
}

static void fill(struct wg_peer *peers, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++)
        peers[i] = peer_of((uint8_t)(i + 1));
}

static unsigned occurrences(const char *text, const char *word)
{
    unsigned count = 0;
    while ((text = strstr(text, word))) {
        count++;
        text += strlen(word);
    }
    return count;
}

/* The first bytes of the key of peer_of(number), as they stand in a request. */
static const char *key_text(uint8_t number)
{
    static char text[32];
    snprintf(text, sizeof text, "public_key=09%02x00", (unsigned)number);
    return text;
}

static void a_device_gets_key_and_port_when_opened(void **state)
{
    (void)state;
    assert_int_equal(open_device(), WG_OK);
    stop();
    assert_int_equal(fake->count, 1);
    assert_string_equal(
        fake->requests[0],
        "set=1\nprivate_key=0807000000000000000000000000000000000000000000000000000000000000\n"
        "listen_port=51822\n\n");
}

static void a_refused_key_or_port_is_told(void **state)
{
    (void)state;
    fake->answers[0] = "errno=-98\n\n";
    assert_int_equal(open_device(), WG_REFUSED);
    assert_null(device);
}

static void without_a_device_there_is_nothing_to_open(void **state)
{
    struct wg_settings settings = {.uapi_socket = "/nonexistent/wg.sock"};
    char path[200];
    (void)state;
    assert_int_equal(wg_userspace.open(&device, &settings), WG_LOST);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    settings.uapi_socket = path;
    assert_int_equal(wg_userspace.open(&device, &settings), WG_LOST);
    assert_null(device);
    wg_userspace.close(NULL);
}

static void peers_are_added_by_at_most_32(void **state)
{
    static const unsigned expected[] = {32, 32, 6};
    struct wg_peer peers[70];
    (void)state;
    fill(peers, 70);
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, peers, 70), WG_OK);
    stop();
    assert_int_equal(fake->count, 4);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(occurrences(fake->requests[i + 1], "public_key="), expected[i]);
    assert_int_equal(fake->connections, 1);
    assert_non_null(strstr(fake->requests[3], key_text(70)));
}

static void adding_nobody_asks_nothing(void **state)
{
    (void)state;
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, NULL, 0), WG_OK);
    stop();
    assert_int_equal(fake->count, 1);
}

static void an_answer_may_come_byte_by_byte(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    fake->by_bytes = true;
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
    assert_int_equal(wg_userspace.remove(device, &peer.key), WG_OK);
    stop();
    assert_int_equal(fake->count, 3);
    assert_int_equal(occurrences(fake->requests[2], "remove=true\n"), 1);
}

static void after_a_refusal_the_batch_is_removed_and_added_singly(void **state)
{
    struct wg_peer peers[3];
    (void)state;
    fill(peers, 3);
    fake->answers[1] = BAD; /* the batch; 2 to 4 remove it, 5 adds the first */
    fake->answers[6] = BAD; /* the second; 7 removes it again, 8 adds the third */
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, peers, 3), WG_REFUSED);
    stop();
    assert_int_equal(fake->count, 9);
    assert_int_equal(occurrences(fake->requests[1], "public_key="), 3);
    for (uint8_t i = 1; i <= 3; i++) {
        assert_non_null(strstr(fake->requests[1 + i], key_text(i)));
        assert_int_equal(occurrences(fake->requests[1 + i], "remove=true"), 1);
    }
    static const struct {
        uint8_t key;
        bool removes;
    } then[] = {{1, false}, {2, false}, {2, true}, {3, false}};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(strstr(fake->requests[5 + i], key_text(then[i].key)));
        assert_int_equal(occurrences(fake->requests[5 + i], "public_key="), 1);
        assert_int_equal(occurrences(fake->requests[5 + i], "remove=true"), then[i].removes);
    }
}

static void one_refused_peer_is_removed(void **state)
{
    struct wg_peer peer = peer_of(5);
    (void)state;
    fake->answers[1] = BAD;
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_REFUSED);
    stop();
    assert_int_equal(fake->count, 3);
    assert_int_equal(occurrences(fake->requests[2], "remove=true"), 1);
}

static void zero_and_own_key_are_never_sent(void **state)
{
    const struct lewes_wg_private own = {{8, 7}};
    struct wg_peer peers[4];
    (void)state;
    fill(peers, 4);
    memset(&peers[1].key, 0, sizeof peers[1].key);
    lewes_wg_public(&peers[3].key, &own); /* the last one, which ends a batch */
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, peers, 4), WG_REFUSED);
    assert_int_equal(wg_userspace.add(device, &peers[1], 1), WG_REFUSED);
    stop();
    assert_int_equal(fake->count, 2);
    assert_int_equal(occurrences(fake->requests[1], "public_key="), 2);
    assert_non_null(strstr(fake->requests[1], key_text(1)));
    assert_non_null(strstr(fake->requests[1], key_text(3)));
}

static void after_a_broken_connection_the_device_is_lost_once(void **state)
{
    struct wg_peer peers[3];
    (void)state;
    fill(peers, 3);
    for (int i = 1; i < 9; i += 3) /* open, lost, key again, ... */
        fake->answers[i] = hang_up;
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, peers, 3), WG_LOST);
    assert_int_equal(wg_userspace.add(device, peers, 3), WG_OK);
    assert_int_equal(wg_userspace.remove(device, &peers[0].key), WG_LOST);
    assert_int_equal(wg_userspace.remove(device, &peers[0].key), WG_OK);
    stop();
    assert_int_equal(fake->connections, 3);
    assert_int_equal(fake->count, 7);
    assert_string_equal(fake->requests[2], fake->requests[0]); /* key and port */
    assert_string_equal(fake->requests[5], fake->requests[0]);
}

static void losses_on_the_way_through_a_refusal_are_losses(void **state)
{
    struct wg_peer peers[2];
    (void)state;
    fill(peers, 2);
    fake->answers[1] = BAD;     /* after 0, the key */
    fake->answers[2] = hang_up; /* while the batch is removed */
    fake->answers[4] = BAD;     /* after 3, the key again */
    fake->answers[7] = hang_up; /* while the first is added singly */
    assert_int_equal(open_device(), WG_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(wg_userspace.add(device, peers, 2), WG_LOST);
    stop();
    assert_int_equal(fake->count, 8);
}

static void what_is_no_answer_loses_the_device(void **state)
{
    static const char *const answers[] = {"hello\n\n", "\n", GOOD "errno=0\n\n", "errno=zero\n\n"};
    struct wg_peer peer = peer_of(1);
    (void)state;
    for (size_t i = 0; i < 4; i++)
        fake->answers[1 + 2 * i] = answers[i];
    assert_int_equal(open_device(), WG_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(wg_userspace.add(device, &peer, 1), WG_LOST);
}

static void a_device_that_refuses_its_key_again_is_lost_not_the_peers_fault(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    fake->answers[1] = hang_up;
    fake->answers[2] = "errno=-98\n\n";
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_LOST);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_LOST);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
}

/* Takes the two seconds of gateway.md G9.4, and gates on nothing. */
static void a_device_that_is_silent_is_lost_and_its_late_answer_too(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    fake->answers[1] = stay_silent;
    fake->answers[3] = BAD;
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_LOST);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_REFUSED); /* its own answer */
    stop();
    assert_int_equal(fake->connections, 2);
}

struct seen {
    size_t count;
    struct wg_peer last;
};

static void keep(void *user, const struct wg_peer *peer)
{
    struct seen *seen = user;
    seen->count++;
    seen->last = *peer;
}

#define KEY_TEXT "0901000000000000000000000000000000000000000000000000000000000000"

static void a_dump_is_read_to_its_end(void **state)
{
    struct seen seen = {.count = 0};
    (void)state;
    fake->by_bytes = true;
    fake->answers[1] = "private_key=" KEY_TEXT "\nlisten_port=51822\npublic_key=" KEY_TEXT
                       "\nrx_bytes=7\nallowed_ip=10.1.0.1/32\nerrno=0\n\n";
    fake->answers[2] = "errno=-5\n\n";
    fake->answers[3] = hang_up;
    assert_int_equal(open_device(), WG_OK);
    assert_int_equal(wg_userspace.dump(device, keep, &seen), WG_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.rx, 7);
    assert_int_equal(wg_userspace.dump(device, keep, &seen), WG_REFUSED);
    assert_int_equal(wg_userspace.dump(device, keep, &seen), WG_LOST);
    assert_int_equal(seen.count, 1);
    stop();
    assert_string_equal(fake->requests[1], "get=1\n\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_gets_key_and_port_when_opened),
        TEST(a_refused_key_or_port_is_told),
        TEST(without_a_device_there_is_nothing_to_open),
        TEST(peers_are_added_by_at_most_32),
        TEST(adding_nobody_asks_nothing),
        TEST(an_answer_may_come_byte_by_byte),
        TEST(after_a_refusal_the_batch_is_removed_and_added_singly),
        TEST(one_refused_peer_is_removed),
        TEST(zero_and_own_key_are_never_sent),
        TEST(after_a_broken_connection_the_device_is_lost_once),
        TEST(losses_on_the_way_through_a_refusal_are_losses),
        TEST(what_is_no_answer_loses_the_device),
        TEST(a_device_that_refuses_its_key_again_is_lost_not_the_peers_fault),
        TEST(a_device_that_is_silent_is_lost_and_its_late_answer_too),
        TEST(a_dump_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
