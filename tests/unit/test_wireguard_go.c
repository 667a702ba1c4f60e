/* SPDX-License-Identifier: Apache-2.0 */
/* The userspace back end against the real wireguard-go, in a network namespace of its own. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "wireguard/device.h"

#define PROGRAM "/usr/bin/wireguard-go"
#define PEERS 600

static const char *reason; /* why it cannot be tried here; NULL if it can */
static char name[16];      /* of the interface; the socket is one for the whole machine */
static char path[64];
static pid_t child;
static struct wg_device *device;

static void wait_a_little(void)
{
    const struct timespec little = {0, 2000000};
    nanosleep(&little, NULL);
}

/* The socket has its name a moment before somebody listens on it. */
static bool listening(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, sizeof path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return connected;
}

static void run_program(void)
{
    int null = open("/dev/null", O_RDWR);
    if (null < 0)
        _exit(126);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  /* it must not outlive a test that fails */
    unsetenv("WG_PROCESS_FOREGROUND"); /* set but empty, it starts itself for ever */
    setenv("LOG_LEVEL", "silent", 1);
    execl(PROGRAM, PROGRAM, "-f", name, (char *)NULL);
    _exit(127);
}

/* Waits as long as the program lives. */
static int start_program(void)
{
    child = fork();
    if (child == 0)
        run_program();
    while (waitpid(child, NULL, WNOHANG) == 0) {
        if (listening())
            return 0;
        wait_a_little();
    }
    child = 0;
    return -1;
}

static void stop_program(int signal_number)
{
    if (child <= 0)
        return;
    kill(child, signal_number);
    waitpid(child, NULL, 0);
    child = 0;
    unlink(path);
}

static int set_up_group(void **state)
{
    (void)state;
    snprintf(name, sizeof name, "lw%ld", (long)getpid());
    snprintf(path, sizeof path, "/var/run/wireguard/%s.sock", name);
    if (access(PROGRAM, X_OK))
        reason = "wireguard-go is not installed";
    else if (access("/dev/net/tun", R_OK | W_OK))
        reason = "/dev/net/tun cannot be used";
    else if (unshare(CLONE_NEWNET))
        reason = "no right to make a network namespace";
    return 0;
}

static enum wg_status open_device(void)
{
    const struct wg_settings settings = {.interface = name,
                                         .uapi_socket = path,
                                         .private_key = {{8, 7, [31] = 0x40}},
                                         .listen_port = 51822};
    return wg_userspace.open(&device, &settings);
}

static int set_up(void **state)
{
    (void)state;
    device = NULL;
    if (reason)
        return 0;
    return start_program() || open_device() != WG_OK ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    wg_userspace.close(device);
    stop_program(SIGTERM);
    return 0;
}

static void need_wireguard_go(void)
{
    if (!reason)
        return;
    print_message("skipped: %s\n", reason);
    skip();
}

static struct wg_peer peer_of(uint16_t number)
{
    uint8_t high = (uint8_t)(number >> 8), low = (uint8_t)number;
    struct wg_peer peer = {.key = {{9, high, low}},
                           .ipv4 = {10, 1, high, low},
                           .ipv6 = {0xfc, 1, [14] = high, low},
                           .keepalive = 25};
    return peer;
}

struct seen {
    struct wg_peer peers[PEERS + 8];
    size_t count;
};

static struct seen seen;

static void keep(void *user, const struct wg_peer *peer)
{
    (void)user;
    assert_true(seen.count < sizeof seen.peers / sizeof *seen.peers);
    seen.peers[seen.count++] = *peer;
}

static void dump(void)
{
    seen.count = 0;
    assert_int_equal(wg_userspace.dump(device, keep, NULL), WG_OK);
}

static const struct wg_peer *find(const struct wg_peer *peer)
{
    for (size_t i = 0; i < seen.count; i++)
        if (memcmp(&seen.peers[i].key, &peer->key, sizeof peer->key) == 0)
            return &seen.peers[i];
    return NULL;
}

static void assert_same(const struct wg_peer *peer)
{
    const struct wg_peer *found = find(peer);
    assert_non_null(found);
    assert_memory_equal(found->ipv4, peer->ipv4, 4);
    assert_memory_equal(found->ipv6, peer->ipv6, 16);
    assert_int_equal(found->keepalive, peer->keepalive);
    assert_false(found->other_ips);
}

/* Says something to the device past the back end; returns the answer. */
static const char *say(const char *request)
{
    static char answer[2048];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = 0;
    memcpy(address.sun_path, path, sizeof path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
        fail_msg("%s: %s", path, strerror(errno));
        return "";
    }
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    do {
        ssize_t n = recv(fd, answer + len, sizeof answer - 1 - len, 0);
        assert_true(n > 0);
        len += (size_t)n;
        answer[len] = '\0';
    } while (!strstr(answer, "\n\n"));
    close(fd);
    return answer;
}

static void hundreds_of_peers_are_added_and_dumped(void **state)
{
    static struct wg_peer peers[PEERS];
    (void)state;
    need_wireguard_go();
    for (uint16_t i = 0; i < PEERS; i++)
        peers[i] = peer_of((uint16_t)(i + 1));
    assert_int_equal(wg_userspace.add(device, peers, PEERS), WG_OK);
    dump();
    assert_int_equal(seen.count, PEERS);
    for (size_t i = 0; i < PEERS; i++)
        assert_same(&peers[i]);
}

static void adding_again_replaces_the_addresses(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    need_wireguard_go();
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
    peer.ipv4[3] = peer.ipv6[15] = 99;
    peer.keepalive = 0;
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
    dump();
    assert_int_equal(seen.count, 1);
    assert_same(&peer);
}

static void a_removed_peer_is_gone_and_removing_it_again_is_fine(void **state)
{
    struct wg_peer peers[2] = {peer_of(1), peer_of(2)};
    (void)state;
    need_wireguard_go();
    assert_int_equal(wg_userspace.add(device, peers, 2), WG_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(wg_userspace.remove(device, &peers[0].key), WG_OK);
    dump();
    assert_int_equal(seen.count, 1);
    assert_same(&peers[1]);
}

static void a_stolen_address_shows_in_the_next_dump(void **state)
{
    static const uint8_t none[16];
    struct wg_peer peers[2] = {peer_of(1), peer_of(2)};
    (void)state;
    need_wireguard_go();
    memcpy(peers[1].ipv4, peers[0].ipv4, 4);
    assert_int_equal(wg_userspace.add(device, peers, 2), WG_OK); /* without an error */
    dump();
    assert_memory_equal(find(&peers[0])->ipv4, none, 4);
    assert_same(&peers[1]);
}

static void an_address_given_by_hand_shows_in_the_next_dump(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    need_wireguard_go();
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
    assert_string_equal(say("set=1\npublic_key=090001000000000000000000000000000000000000000000"
                            "0000000000000000\nallowed_ip=10.9.0.0/24\n\n"),
                        "errno=0\n\n");
    dump();
    assert_true(find(&peer)->other_ips);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK); /* repaired */
    dump();
    assert_same(&peer);
}

/* Why a batch is removed after a refusal: the device keeps what came before the bad line. */
static void a_refused_set_leaves_its_first_peer_behind(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    need_wireguard_go();
    assert_string_equal(say("set=1\npublic_key=090001000000000000000000000000000000000000000000"
                            "0000000000000000\nallowed_ip=10.1.0.1/32\npublic_key=bad\n\n"),
                        "errno=-22\n\n");
    dump();
    assert_int_equal(seen.count, 1);
    assert_non_null(find(&peer));
}

static void zero_and_own_key_never_reach_the_device(void **state)
{
    const struct lewes_wg_private own = {{8, 7, [31] = 0x40}};
    struct wg_peer peers[3] = {peer_of(1), peer_of(2), peer_of(3)};
    (void)state;
    need_wireguard_go();
    memset(&peers[0].key, 0, sizeof peers[0].key);
    lewes_wg_public(&peers[1].key, &own);
    assert_int_equal(wg_userspace.add(device, peers, 3), WG_REFUSED);
    dump();
    assert_int_equal(seen.count, 1);
    assert_same(&peers[2]);
}

static void opening_again_keeps_the_peers(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    need_wireguard_go();
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
    wg_userspace.close(device);
    device = NULL;
    assert_int_equal(open_device(), WG_OK);
    dump();
    assert_int_equal(seen.count, 1);
    assert_same(&peer);
}

static void a_killed_device_is_lost_and_comes_back_empty(void **state)
{
    struct wg_peer peer = peer_of(1);
    (void)state;
    need_wireguard_go();
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
    stop_program(SIGKILL);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_LOST);
    assert_int_equal(wg_userspace.dump(device, keep, NULL), WG_LOST);
    assert_int_equal(start_program(), 0);
    enum wg_status status;
    do { /* the back end waits between attempts */
        wait_a_little();
        seen.count = 0;
        status = wg_userspace.dump(device, keep, NULL);
    } while (status == WG_LOST);
    assert_int_equal(status, WG_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(wg_userspace.add(device, &peer, 1), WG_OK);
    assert_non_null(strstr(say("get=1\n\n"), "private_key=0807"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hundreds_of_peers_are_added_and_dumped),
        TEST(adding_again_replaces_the_addresses),
        TEST(a_removed_peer_is_gone_and_removing_it_again_is_fine),
        TEST(a_stolen_address_shows_in_the_next_dump),
        TEST(an_address_given_by_hand_shows_in_the_next_dump),
        TEST(a_refused_set_leaves_its_first_peer_behind),
        TEST(zero_and_own_key_never_reach_the_device),
        TEST(opening_again_keeps_the_peers),
        TEST(a_killed_device_is_lost_and_comes_back_empty),
    };
    return cmocka_run_group_tests(tests, set_up_group, NULL);
}
