/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams to exits, one for each client connection that needs it (gateway.md 5): opened by the
 * first packet, then a packet out and a packet in, in turn. Each wait has a deadline; a failure
 * closes the stream and says why, and the next packet may open another.
 */
#ifndef LEWES_GATEWAY_FORWARD_STREAM_H
#define LEWES_GATEWAY_FORWARD_STREAM_H

#include <uv.h>

#include "gateway/forward.h"

struct forwards;       /* all streams of a gateway */
struct forward_stream; /* one */

struct forward_outcome {
    enum forward_notice notice;
    const uint8_t *answer; /* if there is no notice; valid during the call */
    size_t len;
};

struct forward_order {
    const struct lewes_forward *forward; /* judged before; copied */
    void (*answered)(void *owner, const struct forward_outcome *outcome);
    void *owner;
};

/* `settings` is borrowed. Error: LEWES_ERROR_MEMORY. */
LEWES_MUST_USE enum lewes_error forwards_new(struct forwards **forwards, uv_loop_t *loop,
                                             const struct lewes_env *env,
                                             const struct settings *settings);

/* Only when forwards_alive() is 0; NULL is fine. */
void forwards_free(struct forwards *forwards);

/* Streams that are open or opening; max_streams caps them. */
size_t forwards_open(const struct forwards *forwards);
/* Streams whose memory is in use: closed ones go when the loop comes round. */
size_t forwards_alive(const struct forwards *forwards);
/* `empty` is called each time that forwards_alive() falls to 0. */
void forwards_when_empty(struct forwards *forwards, void (*empty)(void *user), void *user);

/*
 * Sends a packet to its target and waits for the answer; opens the stream if there is none.
 *
 * @param[in,out] stream  the client's, NULL if it has none; set and cleared until it is closed
 * @return FORWARD_DONE: `answered` will be called exactly once, after this returns, unless the
 *         stream is closed before; otherwise the notice, and it will not be called
 */
enum forward_notice forward_stream_exchange(struct forward_stream **stream,
                                            struct forwards *forwards,
                                            const struct forward_order *order);

/* Closes at once; an exchange under way is forgotten. NULL is fine. */
void forward_stream_close(struct forward_stream *stream);

#endif
