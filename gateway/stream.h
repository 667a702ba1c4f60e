/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames over a non-blocking socket: the only place that touches length bytes (gateway.md G3.1).
 * One packet at a time, in either direction: nothing is read while an answer waits to be written.
 */
#ifndef LEWES_GATEWAY_STREAM_H
#define LEWES_GATEWAY_STREAM_H

#include <stdbool.h>

#include <lewes/session.h>

enum stream_result {
    STREAM_DONE,    /* a whole packet is there; everything is written */
    STREAM_AGAIN,   /* the socket has no more now */
    STREAM_CLOSED,  /* end of the stream */
    STREAM_LOST,    /* the socket failed */
    STREAM_FRAMING, /* a length that is not allowed; no byte of the body was read */
    STREAM_MEMORY
};

/* Packets from `min` to `max` bytes are acceptable now. */
struct stream_bounds {
    size_t min;
    size_t max;
};

struct stream {
    struct lewes_env env;
    int fd;
    uint8_t prefix[LEWES_FRAME_PREFIX_LEN];
    size_t got;               /* bytes of prefix and packet that were read */
    size_t len;               /* of the packet, once the prefix is known */
    uint8_t *buffer;          /* room for a prefix, then the packet; NULL between messages */
    size_t room;              /* of the packet */
    size_t out_len, out_sent; /* prefix included */
};

/* Borrows `fd`. */
void stream_init(struct stream *stream, const struct lewes_env *env, int fd);
/* Wipes and frees the buffer; the stream stays usable between messages. */
void stream_rest(struct stream *stream);

/* Reads until a packet is whole; then it is at stream_packet(), `len` bytes. Memory follows the
 * bytes that have arrived, never the length that was promised. */
enum stream_result stream_read(struct stream *stream, const struct stream_bounds *bounds);

/* Has a byte of the next packet arrived? */
bool stream_begun(const struct stream *stream);

/* Makes room for a packet of `len` bytes, if there is none yet; what was read is gone then. False:
 * no memory, and nothing is changed. */
bool stream_room(struct stream *stream, size_t len);

/* Where the packet is, and where an answer may be written: the buffer has room for at least
 * LEWES_HANDSHAKE_PACKET_MAX bytes after a packet was read. */
uint8_t *stream_packet(struct stream *stream);

/* The packet was taken, there is no answer: the next may come. */
void stream_next(struct stream *stream);

/* The answer of `len` bytes stands at stream_packet(): frames and writes it, then goes on as often
 * as it is called again. `*progress` is set if a byte left. */
enum stream_result stream_answer(struct stream *stream, size_t len, bool *progress);
enum stream_result stream_write(struct stream *stream, bool *progress);

#endif
