/* SPDX-License-Identifier: Apache-2.0 */
/* Several packets in one write, and their replies, which come in order (protocol.md 14). */
#include <errno.h>

#include "client/run.h"

#define INNER_CAP (LEWES_REQUEST_MAX + LEWES_PACKET_OVERHEAD)
#define FORWARD_CAP (INNER_CAP + LEWES_KEY_LEN + 64) /* address text and lengths */

/* ---- out ---- */

/* Adds all that a session on the connection has due. */
static enum lewes_error drain(struct run *run, struct lewes_session *session)
{
    struct flight *flight = &run->flight;
    for (;;) {
        uint8_t *frame = flight->bytes + flight->len;
        size_t room = sizeof flight->bytes - flight->len, len = 0;
        if (room < LEWES_FRAME_PREFIX_LEN)
            return LEWES_ERROR_SPACE;
        enum lewes_error error =
            lewes_session_write(session, frame + LEWES_FRAME_PREFIX_LEN,
                                room - LEWES_FRAME_PREFIX_LEN, &len, run_now(run));
        if (error || len == 0)
            return error;
        lewes_frame_prefix(frame, len);
        flight->last = flight->len;
        flight->len += LEWES_FRAME_PREFIX_LEN + len;
    }
}

/* The same for a session whose packets are forwarded; what the outer one has due comes first. */
static enum lewes_error drain_forwarded(struct run *run, struct hop *hop)
{
    struct lewes_session *outer = hop->outer->session;
    uint8_t packet[INNER_CAP], forward[FORWARD_CAP];
    for (;;) {
        size_t len = 0, forward_len = 0;
        enum lewes_error error =
            lewes_session_write(hop->session, packet, sizeof packet, &len, run_now(run));
        if (error || len == 0)
            return error;
        error = forwarding_wrap(hop, packet, len, forward, sizeof forward, &forward_len);
        if (!error)
            error = lewes_session_send(outer, forward, forward_len, run_now(run));
        if (!error)
            error = drain(run, outer);
        if (error)
            return error;
    }
}

static void count_round_trip(struct run *run, struct hop *hop)
{
    if (run->answered)
        hop->result->round_trips++;
    run->answered = false;
}

bool flight_send(struct run *run, struct hop *hop)
{
    struct flight *flight = &run->flight;
    size_t sent = 0;
    flight->len = flight->last = 0;
    enum lewes_error error = hop->outer ? drain_forwarded(run, hop) : drain(run, hop->session);
    if (error) {
        run->path_lost = true; /* packets that were written and are not sent leave a gap */
        return fail_session(run, hop, error);
    }
    if (flight->len == 0)
        return true;
    count_round_trip(run, hop);
    enum channel_status status =
        channel_write(&run->channel, flight->bytes, flight->len, hop->deadline, &sent);
    if (hop->ticket_due && sent > flight->last)
        hop->payment.left = hop->payment.doubt = true; /* R15 */
    if (status == CHANNEL_OK)
        return true;
    run->path_lost = true;
    return fail_channel(run, hop, status);
}

/* ---- in ---- */

static lewes_time earlier(lewes_time a, lewes_time b)
{
    return a < b ? a : b;
}

/* Reads one packet into the session on the connection. */
static bool receive(struct run *run, struct hop *hop, lewes_time deadline,
                    struct lewes_event *event, enum lewes_error *error)
{
    struct hop *outermost = hop->outer ? hop->outer : hop;
    size_t cap = lewes_session_state(outermost->session) < LEWES_AWAIT_ESTABLISHED
                     ? LEWES_HANDSHAKE_PACKET_MAX
                     : CHANNEL_PACKET_MAX;
    uint8_t *packet = NULL;
    size_t len = 0;
    enum channel_status status = channel_read(&run->channel, cap, &packet, &len, deadline);
    if (status != CHANNEL_OK) {
        /* What was asked and not answered may be answered yet: only a forward is given up. */
        if (!hop->outer || (status != CHANNEL_TIMEOUT && status != CHANNEL_CANCELLED))
            run->path_lost = true;
        return fail_channel(run, hop, status);
    }
    run->answered = true;
    *error = lewes_session_read(outermost->session, packet, len, run_now(run), event);
    return true;
}

/* Reads until an answer to one of the hop's own packets has come. */
static bool receive_forwarded(struct run *run, struct hop *hop, struct lewes_event *event,
                              enum lewes_error *error)
{
    uint32_t limit = setting_ms(run->options->forward_ms, 30000); /* protocol.md 1 */
    lewes_time deadline = earlier(hop->deadline, run_now(run) + limit);
    uint8_t asked[FORWARD_INDEX_LEN];
    do {
        do {
            if (!receive(run, hop, deadline, event, error))
                return false;
            if (*error) {
                run->path_lost = true;
                return fail_session(run, hop->outer, *error);
            }
        } while (event->kind != LEWES_EVENT_PAYLOAD);
    } while (!forwarding_match(&hop->forwarding, asked));
    unsigned notice = forwarding_notice(event->payload, event->len, asked);
    if (notice)
        return fail_notice(run, hop, notice);
    uint8_t *packet = run->channel.in + (event->payload - run->channel.in);
    *error = lewes_session_read(hop->session, packet, event->len, run_now(run), event);
    return true;
}

bool flight_reply(struct run *run, struct hop *hop, struct lewes_event *event,
                  enum lewes_error *error)
{
    bool got = hop->outer ? receive_forwarded(run, hop, event, error)
                          : receive(run, hop, hop->deadline, event, error);
    if (got)
        hop->replies++;
    return got;
}
