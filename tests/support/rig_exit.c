/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/rig_exit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/config_address.h"
#include "lib/base/bytes.h"

void rig_exit_open(struct rig_exit *exit, struct rig *rig, uint8_t who)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    memset(exit, 0, sizeof *exit);
    exit->rig = rig;
    exit->fd = -1;
    for (int i = 0; i < RIG_EXIT_FILLERS; i++)
        exit->fillers[i] = -1;
    memset(exit->identity.bytes, who, sizeof exit->identity.bytes);
    exit->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(exit->listener >= 0);
    assert_int_equal(bind(exit->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(exit->listener, 64), 0);
    assert_int_equal(getsockname(exit->listener, (struct sockaddr *)&at, &len), 0);
    exit->at = (struct lewes_endpoint){{4, {127, 0, 0, 1}}, ntohs(at.sin_port)};
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void rig_exit_fill(struct rig_exit *exit)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(exit->at.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(listen(exit->listener, 0), 0);
    for (int i = 0; i < RIG_EXIT_FILLERS; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        exit->fillers[i] = fd;
        if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
            fail_msg("no socket, or a connection in no time");
    }
}

void rig_exit_narrow(struct rig_exit *exit)
{
    const int least = 1;
    const int segment = 536;
    assert_int_equal(setsockopt(exit->listener, SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
    assert_int_equal(setsockopt(exit->listener, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment),
                     0);
}

void rig_exit_close(struct rig_exit *exit)
{
    close_one(&exit->fd);
    close_one(&exit->listener);
    for (int i = 0; i < RIG_EXIT_FILLERS; i++)
        close_one(&exit->fillers[i]);
}

/* ---- directories ---- */

static FILE *directory_file(struct rig *rig)
{
    char *path = rig->settings.forward.directory;
    (void)snprintf(path, sizeof rig->settings.forward.directory, "%s/nodes.json", rig->directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    return file;
}

static void write_node(FILE *file, const struct lewes_ed25519_public *identity,
                       const struct lewes_endpoint *at)
{
    char name[LEWES_BASE58_CAP];
    char ip[CONFIG_ADDRESS_TEXT];
    lewes_base58_encode(name, identity->bytes);
    config_format_ip(&at->ip, ip);
    (void)fprintf(file, "{\"identity\":\"%s\",\"addresses\":[\"%s\"],\"control_port\":%u}", name,
                  ip, (unsigned)at->port);
}

void rig_exit_directory(struct rig *rig, const struct rig_exit *exits, size_t count)
{
    FILE *file = directory_file(rig);
    (void)fputs("{\"nodes\":[", file);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(i > 0 ? "," : "", file);
        write_node(file, &exits[i].identity, &exits[i].at);
    }
    (void)fputs("]}", file);
    assert_int_equal(fclose(file), 0);
}

void rig_directory(struct rig *rig, const struct lewes_ed25519_public *identity,
                   const struct lewes_endpoint *at)
{
    const struct rig_exit exit = {.identity = *identity, .at = *at};
    rig_exit_directory(rig, &exit, 1);
}

/* ---- what comes ---- */

/* Looks at the sockets; nobody wakes the loop for them, so whoever waits turns it quickly. */
void rig_exit_look(struct rig_exit *exit)
{
    int fd = accept4(exit->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        close_one(&exit->fd);
        exit->fd = fd;
        exit->accepted++;
        exit->ended = false;
        exit->in_len = 0;
    }
    if (exit->fd < 0 || exit->ended)
        return;
    ssize_t n = recv(exit->fd, exit->in + exit->in_len, sizeof exit->in - exit->in_len, 0);
    if (n > 0)
        exit->in_len += (size_t)n;
    else if (exit->in_len < sizeof exit->in && (n == 0 || errno != EAGAIN))
        exit->ended = true;
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

static void wait_for(struct rig_exit *exit, bool (*done)(void *user))
{
    uv_timer_t ticks;
    uv_timer_init(&exit->rig->loop, &ticks);
    uv_timer_start(&ticks, tick, 1, 1);
    rig_wait(exit->rig, done, exit);
    uv_close((uv_handle_t *)&ticks, NULL);
    rig_settle(exit->rig);
}

static bool frame_len(const struct rig_exit *exit, size_t *len)
{
    return exit->in_len >= LEWES_FRAME_PREFIX_LEN &&
           lewes_frame_length(exit->in, LEWES_PACKET_MAX, len) == LEWES_OK &&
           exit->in_len >= LEWES_FRAME_PREFIX_LEN + *len;
}

static bool has_packet(void *user)
{
    struct rig_exit *exit = user;
    size_t len;
    rig_exit_look(exit);
    return frame_len(exit, &len);
}

static bool has_ended(void *user)
{
    struct rig_exit *exit = user;
    rig_exit_look(exit);
    return exit->ended;
}

void rig_exit_receive(struct rig_exit *exit)
{
    size_t len = 0;
    wait_for(exit, has_packet);
    assert_true(frame_len(exit, &len));
    memcpy(exit->packet, exit->in + LEWES_FRAME_PREFIX_LEN, len);
    exit->packet_len = len;
    exit->in_len -= LEWES_FRAME_PREFIX_LEN + len;
    memmove(exit->in, exit->in + LEWES_FRAME_PREFIX_LEN + len, exit->in_len);
}

size_t rig_exit_drain(struct rig_exit *exit)
{
    wait_for(exit, has_ended);
    return exit->in_len;
}

void rig_exit_expect_end(struct rig_exit *exit)
{
    wait_for(exit, has_ended);
    assert_int_equal(exit->in_len, 0);
}

struct awaited {
    struct rig_exit *exit;
    unsigned accepted;
};

static bool has_accepted(void *user)
{
    const struct awaited *awaited = user;
    rig_exit_look(awaited->exit);
    return awaited->exit->accepted >= awaited->accepted;
}

void rig_exit_wait_accepted(struct rig_exit *exit, unsigned accepted)
{
    struct awaited awaited = {exit, accepted};
    uv_timer_t ticks;
    uv_timer_init(&exit->rig->loop, &ticks);
    uv_timer_start(&ticks, tick, 1, 1);
    rig_wait(exit->rig, has_accepted, &awaited);
    uv_close((uv_handle_t *)&ticks, NULL);
    rig_settle(exit->rig);
}

void rig_exit_expect_nobody(const struct rig_exit *exit)
{
    assert_int_equal(exit->accepted, 0);
    assert_int_equal(accept4(exit->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), -1);
    assert_int_equal(errno, EAGAIN);
}

/* ---- what it says ---- */

void rig_exit_send(struct rig_exit *exit, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t n = send(exit->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            return; /* the gateway has closed */
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
        uv_run(&exit->rig->loop, UV_RUN_NOWAIT);
    }
}

void rig_exit_answer(struct rig_exit *exit, const uint8_t *packet, size_t len)
{
    static uint8_t frame[LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX + 1];
    lewesi_store32be(frame, (uint32_t)len);
    memcpy(frame + LEWES_FRAME_PREFIX_LEN, packet, len);
    rig_exit_send(exit, frame, LEWES_FRAME_PREFIX_LEN + len);
}

void rig_exit_hang_up(struct rig_exit *exit, bool reset)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        assert_int_equal(setsockopt(exit->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(exit->fd);
    exit->fd = -1;
}

/* ---- the client ---- */

void client_send_forward(struct client *client, const struct rig_exit *exit, const uint8_t *packet,
                         size_t len)
{
    static uint8_t bytes[LEWES_PAYLOAD_MAX];
    const struct lewes_forward forward = {
        .target = exit->identity, .address = exit->at, .packet = packet, .packet_len = len};
    size_t written;
    assert_int_equal(lewes_forward_encode(&forward, bytes, sizeof bytes, &written), LEWES_OK);
    client_send_payload(client, bytes, written);
}

void client_expect_notice(struct client *client, enum forward_notice notice, uint32_t index)
{
    uint8_t expected[LEWES_PACKET_MIN] = {[12] = 1};
    lewesi_store32le(expected, index);
    expected[4] = (uint8_t)notice;
    assert_true(client_receive_payload(client));
    assert_int_equal(client->payload_len, sizeof expected);
    assert_memory_equal(client->payload, expected, sizeof expected);
}

void client_expect_forwarded(struct client *client, const uint8_t *packet, size_t len)
{
    assert_true(client_receive_payload(client));
    assert_int_equal(client->payload_len, len);
    assert_memory_equal(client->payload, packet, len);
}
