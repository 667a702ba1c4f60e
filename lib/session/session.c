/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls, and the order in which a packet is received (protocol.md 10.1). */
#include <string.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "lib/session/session_internal.h"

/* ---- state ---- */

bool lewesi_session_half_open(const struct lewes_session *session)
{
    return session->state < LEWES_TRANSPORT;
}

/* Does the peer encrypt what it sends now? (P11) */
static bool expects_encrypted(enum lewes_state state)
{
    switch (state) {
    case LEWES_AWAIT_HANDSHAKE2:
    case LEWES_AWAIT_ESTABLISHED:
    case LEWES_AWAIT_HANDSHAKE3:
    case LEWES_TRANSPORT:
    case LEWES_REKEY_SENT:
    case LEWES_REKEY_ANSWERED:
    case LEWES_READ_ONLY:
        return true;
    case LEWES_AWAIT_ACK:
    case LEWES_AWAIT_KEY:
    case LEWES_AWAIT_REQUEST:
    case LEWES_AWAIT_HANDSHAKE1:
    case LEWES_CLOSED:
        break;
    }
    return false;
}

static void wipe_secrets(struct lewes_session *session)
{
    lewesi_handshake_free(session);
    lewesi_rekey_forget(session);
    lewesi_wipe(&session->outer_key, sizeof session->outer_key);
    lewesi_wipe(&session->send, sizeof session->send);
    lewesi_wipe(&session->receive, sizeof session->receive);
    session->keyed = false;
    session->due_count = 0;
    session->payload_waits = false;
    session->payload = NULL;
    session->payload_len = 0;
}

void lewesi_session_enter(struct lewes_session *session, enum lewes_state state)
{
    session->state = state;
    if (state >= LEWES_TRANSPORT)
        session->deadline = LEWES_NEVER;
    if (state == LEWES_CLOSED)
        wipe_secrets(session);
}

/* ---- receive ---- */

/*
 * One of our own packets, sent back to us? The key is that of both directions, so it would open,
 * and its counter would push the window past everything that the peer sends (P51, P64).
 */
static bool is_reflected(const struct lewes_session *session, uint64_t counter)
{
    return !session->original_counters &&
           counter - session->counter_first < session->counter - session->counter_first;
}

static enum lewes_error open_outer(struct lewes_session *session, uint8_t *bytes, size_t len,
                                   struct lewesi_incoming *in)
{
    /* An original responder seals its Ack with counter 0 (P65). */
    const bool ack_awaited = session->state == LEWES_AWAIT_ESTABLISHED && in->counter == 0;
    enum lewes_error error;

    in->admissible = lewesi_replay_admissible(&session->replay, in->counter);
    if ((!in->admissible && !ack_awaited) || is_reflected(session, in->counter))
        return LEWES_ERROR_REPLAY;
    if (!session->keyed) /* our Handshake1 is still to be written: nobody can have the key */
        return LEWES_ERROR_AUTH;
    error = lewesi_packet_open(bytes, len, &session->outer_key);
    if (error == LEWES_OK && !lewesi_session_half_open(session))
        lewesi_replay_accept(&session->replay, in->counter);
    return error;
}

static enum lewes_error dispatch(struct lewes_session *session, struct lewesi_incoming *in)
{
    lewesi_handler *const handler = lewesi_handlers[session->role][session->state][in->type];
    const bool commit = expects_encrypted(session->state) && lewesi_session_half_open(session);
    enum lewes_error error;

    if (in->type != LEWESI_DATA && !in->datagram && !lewesi_session_half_open(session))
        lewesi_datagrams_skip(session, in->counter);
    if (handler == NULL || (in->datagram && in->type != LEWESI_DATA))
        return LEWES_ERROR_STATE;
    error = handler(session, in);
    if (error == LEWES_OK && commit && in->admissible)
        lewesi_replay_accept(&session->replay, in->counter);
    return error;
}

static enum lewes_error receive(struct lewes_session *session, uint8_t *bytes, size_t len,
                                struct lewesi_incoming *in)
{
    struct lewesi_packet packet;
    uint32_t index;
    bool ours;
    enum lewes_error error;

    if (lewesi_session_half_open(session) && len > LEWES_HANDSHAKE_PACKET_MAX)
        return LEWES_ERROR_LENGTH; /* P2 */
    error = lewesi_packet_peek(bytes, len, &index, &in->counter);
    if (error != LEWES_OK)
        return error;
    ours = index == session->index;
    if (!ours && !(session->state == LEWES_AWAIT_ACK && index == 0))
        return LEWES_ERROR_INDEX;
    if (expects_encrypted(session->state)) {
        error = open_outer(session, bytes, len, in);
        if (error != LEWES_OK)
            return error;
    }
    error = lewesi_packet_parse(&packet, bytes, len);
    if (!ours && (error != LEWES_OK || packet.type != LEWESI_BUSY))
        return LEWES_ERROR_INDEX; /* P17: Busy alone may come without our index */
    if (error != LEWES_OK)
        return error;
    if (expects_encrypted(session->state) && !in->admissible && packet.type != LEWESI_ACK)
        return LEWES_ERROR_REPLAY;
    in->type = packet.type;
    in->body = bytes + LEWESI_BODY_OFFSET;
    in->len = packet.body.len;
    return dispatch(session, in);
}

enum lewes_error lewesi_session_receive(struct lewes_session *session, uint8_t *packet, size_t len,
                                        struct lewesi_incoming *in)
{
    bool half_open;
    enum lewes_error error;

    *in->event = (struct lewes_event){.kind = LEWES_EVENT_NONE};
    if (session->state == LEWES_CLOSED)
        return LEWES_ERROR_CLOSED;
    half_open = lewesi_session_half_open(session);
    if (in->datagram && (half_open || !session->datagrams || !session->offset_known))
        return LEWES_ERROR_NOT_READY;
    error = receive(session, packet, len, in);
    if (half_open && lewes_error_class(error) == LEWES_CLASS_PACKET &&
        ++session->drops == LEWESI_DROPS_MAX) {
        error = LEWES_ERROR_GIVE_UP; /* P52 */
    }
    if (lewes_error_class(error) == LEWES_CLASS_SESSION)
        lewesi_session_enter(session, LEWES_CLOSED);
    return error;
}

enum lewes_error lewes_session_read(struct lewes_session *session, uint8_t *packet, size_t len,
                                    lewes_time now, struct lewes_event *event)
{
    return lewesi_session_receive(session, packet, len,
                                  &(struct lewesi_incoming){.now = now, .event = event});
}

enum lewes_error lewes_session_read_datagram(struct lewes_session *session, uint8_t *packet,
                                             size_t len, lewes_time now, struct lewes_event *event)
{
    return lewesi_session_receive(
        session, packet, len,
        &(struct lewesi_incoming){.datagram = true, .now = now, .event = event});
}

/* ---- send ---- */

enum lewes_error lewes_session_write(struct lewes_session *session, uint8_t *out, size_t cap,
                                     size_t *len, lewes_time now)
{
    struct lewesi_outgoing outgoing = {.bytes = out, .cap = cap};
    enum lewes_error error;

    (void)now;
    *len = 0;
    if (session->due_count > 0) {
        error = lewesi_builders[session->due[0]](session, &outgoing);
        if (error == LEWES_OK)
            lewesi_due_done(session);
    } else if (session->payload_waits) {
        error = lewesi_build_payload(session, &outgoing);
    } else {
        return LEWES_OK;
    }
    if (error == LEWES_OK)
        *len = outgoing.len;
    else
        lewesi_wipe(out, outgoing.reserved); /* half-made: its nonces will be used again */
    return error;
}

enum lewes_error lewes_session_send(struct lewes_session *session, const uint8_t *payload,
                                    size_t len, lewes_time now)
{
    (void)now;
    if (session->state == LEWES_CLOSED)
        return LEWES_ERROR_CLOSED;
    if (session->state == LEWES_READ_ONLY)
        return LEWES_ERROR_READ_ONLY; /* P70 */
    if (session->state < LEWES_TRANSPORT && session->state != LEWES_AWAIT_ESTABLISHED)
        return LEWES_ERROR_NOT_READY;
    if (len > LEWES_PAYLOAD_MAX)
        return LEWES_ERROR_TOO_LONG;
    if (session->payload_waits)
        return LEWES_ERROR_NOT_READY;
    /* What is due before it uses one counter each. */
    if (session->counter_end - session->counter <= session->due_count)
        return LEWES_ERROR_EXHAUSTED;
    session->payload = payload;
    session->payload_len = len;
    session->payload_waits = true;
    return LEWES_OK;
}

/* ---- time and end ---- */

lewes_time lewes_session_deadline(const struct lewes_session *session)
{
    return session->deadline;
}

enum lewes_error lewes_session_expire(struct lewes_session *session, lewes_time now)
{
    if (session->deadline == LEWES_NEVER || now < session->deadline)
        return LEWES_OK;
    if (session->state == LEWES_REKEY_SENT || session->state == LEWES_REKEY_ANSWERED) {
        lewesi_rekey_fail(session);
        return LEWES_OK;
    }
    lewesi_session_enter(session, LEWES_CLOSED);
    return LEWES_ERROR_TIMEOUT;
}

void lewes_session_close(struct lewes_session *session, lewes_time now)
{
    (void)now;
    lewesi_session_enter(session, LEWES_CLOSED);
}

void lewes_session_free(struct lewes_session *session)
{
    struct lewes_env env;

    if (session == NULL)
        return;
    env = session->env;
    lewesi_handshake_free(session);
    lewesi_rekey_forget(session);
    lewesi_release(&env, session, sizeof *session);
}

/* ---- what a caller may ask ---- */

enum lewes_state lewes_session_state(const struct lewes_session *session)
{
    return session->state;
}

uint32_t lewes_session_receiver_index(const struct lewes_session *session)
{
    return session->index;
}

const struct lewes_ed25519_public *lewes_session_peer(const struct lewes_session *session)
{
    return &session->peer;
}

enum lewes_kem lewes_session_kem(const struct lewes_session *session)
{
    return session->kem;
}

bool lewes_session_digest_pinned(const struct lewes_session *session)
{
    return session->digest_pinned;
}

unsigned lewes_session_kkt_status(const struct lewes_session *session)
{
    return session->kkt_status;
}

enum lewes_error lewes_session_kem_key(const struct lewes_session *session,
                                       struct lewes_kem_public *key)
{
    const struct lewesi_handshake *const handshake = session->handshake;

    if (session->role != LEWES_INITIATOR || session->state != LEWES_AWAIT_ESTABLISHED ||
        handshake == NULL)
        return LEWES_ERROR_NOT_READY;
    *key = (struct lewes_kem_public){.kem = session->kem, .len = handshake->kem->public_len};
    memcpy(key->bytes, handshake->kem_public, key->len);
    return LEWES_OK;
}
