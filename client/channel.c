/* SPDX-License-Identifier: Apache-2.0 */
#include "client/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

void channel_init(struct channel *channel, const struct world *world, int cancel_fd)
{
    *channel = (struct channel){.world = world, .fd = -1, .cancel_fd = cancel_fd};
}

static enum channel_status failed(struct channel *channel, int error)
{
    channel->os_error = error;
    return CHANNEL_FAILED;
}

static enum channel_status wait_for(struct channel *channel, short events, lewes_time deadline)
{
    return channel->world->wait(channel->world->user, channel, events, deadline);
}

enum channel_status channel_connect(struct channel *channel, const char *host, uint16_t port,
                                    lewes_time deadline)
{
    const struct world *world = channel->world;
    return world->connect(world->user, channel, host, port, deadline);
}

enum channel_status channel_write(struct channel *channel, const uint8_t *data, size_t len,
                                  lewes_time deadline, size_t *sent)
{
    const struct world *world = channel->world;
    *sent = 0;
    while (*sent < len) {
        enum channel_status status = wait_for(channel, POLLOUT, deadline);
        if (status != CHANNEL_OK)
            return status;
        ssize_t n = world->send(world->user, channel->fd, data + *sent, len - *sent);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return failed(channel, errno);
        *sent += (size_t)n;
    }
    return CHANNEL_OK;
}

/* Takes what is there, as far as there is room. */
static enum channel_status fill(struct channel *channel, lewes_time deadline)
{
    const struct world *world = channel->world;
    for (;;) {
        enum channel_status status = wait_for(channel, POLLIN, deadline);
        if (status != CHANNEL_OK)
            return status;
        ssize_t n = world->receive(world->user, channel->fd, channel->in + channel->end,
                                   sizeof channel->in - channel->end);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return failed(channel, errno);
        if (n == 0)
            return CHANNEL_END;
        channel->end += (size_t)n;
        return CHANNEL_OK;
    }
}

enum channel_status channel_read(struct channel *channel, size_t cap, uint8_t **packet, size_t *len,
                                 lewes_time deadline)
{
    size_t there = channel->end - channel->begin, need = LEWES_FRAME_PREFIX_LEN;
    memmove(channel->in, channel->in + channel->begin, there);
    channel->begin = 0;
    channel->end = there;
    for (;;) {
        if (channel->end >= LEWES_FRAME_PREFIX_LEN) {
            if (lewes_frame_length(channel->in, cap, len))
                return CHANNEL_FRAME;
            need = LEWES_FRAME_PREFIX_LEN + *len;
        }
        if (channel->end >= need && need > LEWES_FRAME_PREFIX_LEN)
            break;
        enum channel_status status = fill(channel, deadline);
        if (status != CHANNEL_OK)
            return status;
    }
    *packet = channel->in + LEWES_FRAME_PREFIX_LEN;
    channel->begin = need;
    return CHANNEL_OK;
}

enum channel_status channel_pause(struct channel *channel, lewes_time deadline)
{
    return wait_for(channel, 0, deadline);
}

void channel_close(struct channel *channel)
{
    if (channel->fd >= 0)
        channel->world->close(channel->world->user, channel->fd);
    channel->fd = -1;
    channel->begin = channel->end = 0;
    lewes_wipe(channel->in, sizeof channel->in);
}
