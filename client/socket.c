/* SPDX-License-Identifier: Apache-2.0 */
#include "client/socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/system.h"

static int poll_timeout(lewes_time deadline)
{
    lewes_time now = system_now();
    if (deadline <= now)
        return 0;
    return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}

enum channel_status socket_wait(struct channel *channel, int fd, short events, lewes_time deadline)
{
    for (;;) {
        struct pollfd fds[2] = {
            {.fd = fd, .events = events},
            {.fd = channel->cancel_fd > 0 ? channel->cancel_fd : -1, .events = POLLIN},
        };
        int n = poll(fds, 2, poll_timeout(deadline));
        if (n < 0 && errno != EINTR) {
            channel->os_error = errno;
            return CHANNEL_FAILED;
        }
        if (n > 0 && fds[1].revents)
            return CHANNEL_CANCELLED;
        if (n > 0)
            return CHANNEL_OK;
        if (system_now() >= deadline)
            return CHANNEL_TIMEOUT;
    }
}

void socket_acknowledge_at_once(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
}

static lewes_time now(void *user)
{
    (void)user;
    return system_now();
}

static uint64_t unix_ms(void *user)
{
    (void)user;
    return system_unix_ms();
}

static ssize_t send_some(void *user, int fd, const uint8_t *data, size_t len)
{
    (void)user;
    return send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static ssize_t receive_some(void *user, int fd, uint8_t *out, size_t cap)
{
    (void)user;
    ssize_t n = recv(fd, out, cap, MSG_DONTWAIT);
    if (n > 0)
        socket_acknowledge_at_once(fd);
    return n;
}

static enum channel_status wait_for(void *user, struct channel *channel, short events,
                                    lewes_time deadline)
{
    (void)user;
    return socket_wait(channel, events ? channel->fd : -1, events, deadline);
}

static void close_fd(void *user, int fd)
{
    (void)user;
    close(fd);
}

const struct world world_system = {
    .now = now,
    .unix_ms = unix_ms,
    .connect = socket_connect,
    .send = send_some,
    .receive = receive_some,
    .wait = wait_for,
    .close = close_fd,
};
