/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/env.h"

#define PREFIX LEWES_FRAME_PREFIX_LEN

void stream_init(struct stream *stream, const struct lewes_env *env, int fd)
{
    *stream = (struct stream){.env = *env, .fd = fd};
}

static void drop_buffer(struct stream *stream)
{
    if (stream->buffer != NULL)
        lewesi_release(&stream->env, stream->buffer, PREFIX + stream->room);
    stream->buffer = NULL;
    stream->room = 0;
}

void stream_rest(struct stream *stream)
{
    drop_buffer(stream);
    stream_next(stream);
}

void stream_next(struct stream *stream)
{
    stream->got = 0;
    stream->len = 0;
    stream->out_len = 0;
    stream->out_sent = 0;
}

bool stream_begun(const struct stream *stream)
{
    return stream->got > 0;
}

uint8_t *stream_packet(struct stream *stream)
{
    return stream->buffer + PREFIX;
}

static enum stream_result receive(struct stream *stream, uint8_t *at, size_t len, size_t *got)
{
    for (;;) {
        ssize_t n = recv(stream->fd, at, len, MSG_DONTWAIT);
        if (n > 0) {
            *got = (size_t)n;
            return STREAM_DONE;
        }
        if (n == 0)
            return STREAM_CLOSED;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return STREAM_AGAIN;
        if (errno != EINTR)
            return STREAM_LOST;
    }
}

static enum stream_result read_prefix(struct stream *stream, const struct stream_bounds *bounds)
{
    while (stream->got < PREFIX) {
        size_t got;
        enum stream_result result =
            receive(stream, stream->prefix + stream->got, PREFIX - stream->got, &got);
        if (result != STREAM_DONE)
            return result;
        stream->got += got;
    }
    if (stream->len > 0)
        return STREAM_DONE;
    size_t len;
    if (lewes_frame_length(stream->prefix, bounds->max, &len) != LEWES_OK || len < bounds->min)
        return STREAM_FRAMING;
    stream->len = len;
    return STREAM_DONE;
}

/* Makes room for more of the packet: first the size that handshakes need, then twice as much each
 * time that it is full. */
static enum stream_result make_room(struct stream *stream)
{
    size_t filled = stream->got - PREFIX;
    size_t room = stream->room == 0 ? LEWES_HANDSHAKE_PACKET_MAX : stream->room * 2;
    if (filled < stream->room)
        return STREAM_DONE;
    uint8_t *buffer = lewesi_allocate(&stream->env, PREFIX + room);
    if (buffer == NULL)
        return STREAM_MEMORY;
    if (filled > 0)
        memcpy(buffer + PREFIX, stream->buffer + PREFIX, filled);
    drop_buffer(stream);
    stream->buffer = buffer;
    stream->room = room;
    return STREAM_DONE;
}

enum stream_result stream_read(struct stream *stream, const struct stream_bounds *bounds)
{
    enum stream_result result = read_prefix(stream, bounds);
    while (result == STREAM_DONE && stream->got < PREFIX + stream->len) {
        result = make_room(stream);
        if (result != STREAM_DONE)
            break;
        size_t end = stream->len < stream->room ? stream->len : stream->room;
        size_t got;
        result = receive(stream, stream->buffer + stream->got, PREFIX + end - stream->got, &got);
        if (result == STREAM_DONE)
            stream->got += got;
    }
    return result;
}

bool stream_room(struct stream *stream, size_t len)
{
    size_t room = len < LEWES_HANDSHAKE_PACKET_MAX ? LEWES_HANDSHAKE_PACKET_MAX : len;
    if (room <= stream->room)
        return true;
    uint8_t *buffer = lewesi_allocate(&stream->env, PREFIX + room);
    if (buffer == NULL)
        return false;
    drop_buffer(stream);
    stream->buffer = buffer;
    stream->room = room;
    return true;
}

enum stream_result stream_answer(struct stream *stream, size_t len, bool *progress)
{
    lewes_frame_prefix(stream->buffer, len);
    stream->out_len = PREFIX + len;
    stream->out_sent = 0;
    return stream_write(stream, progress);
}

enum stream_result stream_write(struct stream *stream, bool *progress)
{
    *progress = false;
    while (stream->out_sent < stream->out_len) {
        ssize_t n = send(stream->fd, stream->buffer + stream->out_sent,
                         stream->out_len - stream->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? STREAM_AGAIN : STREAM_LOST;
        stream->out_sent += (size_t)n;
        *progress = true;
    }
    return STREAM_DONE;
}
