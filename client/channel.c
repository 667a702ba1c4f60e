/* SPDX-License-Identifier: Apache-2.0 */
#include "client/channel.h"

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

static enum channel_status failed(struct channel *channel, int error)
{
    channel->os_error = error;
    return CHANNEL_FAILED;
}

enum channel_status channel_wait(struct channel *channel, int fd, short events, lewes_time deadline)
{
    for (;;) {
        struct pollfd fds[2] = {
            {.fd = fd, .events = events},
            {.fd = channel->cancel_fd > 0 ? channel->cancel_fd : -1, .events = POLLIN},
        };
        int n = poll(fds, 2, poll_timeout(deadline));
        if (n < 0 && errno != EINTR)
            return failed(channel, errno);
        if (n > 0 && fds[1].revents)
            return CHANNEL_CANCELLED;
        if (n > 0)
            return CHANNEL_OK;
        if (n == 0 && system_now() >= deadline)
            return CHANNEL_TIMEOUT;
    }
}

enum channel_status channel_write(struct channel *channel, const uint8_t *data, size_t len,
                                  lewes_time deadline, bool *started)
{
    while (len > 0) {
        enum channel_status status = channel_wait(channel, channel->fd, POLLOUT, deadline);
        if (status != CHANNEL_OK)
            return status;
        *started = true;
        ssize_t n = send(channel->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return failed(channel, errno);
        data += n;
        len -= (size_t)n;
    }
    return CHANNEL_OK;
}

static enum channel_status read_exactly(struct channel *channel, uint8_t *out, size_t len,
                                        lewes_time deadline)
{
    while (len > 0) {
        enum channel_status status = channel_wait(channel, channel->fd, POLLIN, deadline);
        if (status != CHANNEL_OK)
            return status;
        ssize_t n = recv(channel->fd, out, len, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return failed(channel, errno);
        if (n == 0)
            return CHANNEL_END;
        out += n;
        len -= (size_t)n;
        /* The original writes prefix and body separately: an acknowledgement held back here costs
         * 40 ms a reply (protocol.md P5). The kernel forgets the option, so it is set each time. */
        setsockopt(channel->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
    }
    return CHANNEL_OK;
}

enum channel_status channel_read(struct channel *channel, uint8_t *packet, size_t cap, size_t *len,
                                 lewes_time deadline)
{
    uint8_t prefix[LEWES_FRAME_PREFIX_LEN];
    enum channel_status status = read_exactly(channel, prefix, sizeof prefix, deadline);
    if (status != CHANNEL_OK)
        return status;
    if (lewes_frame_length(prefix, cap, len))
        return CHANNEL_FRAME;
    return read_exactly(channel, packet, *len, deadline);
}

void channel_close(struct channel *channel)
{
    if (channel->fd >= 0)
        close(channel->fd);
    channel->fd = -1;
}
