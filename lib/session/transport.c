/* SPDX-License-Identifier: Apache-2.0 */
/* Application data (protocol.md 11.1). Nothing here allocates. */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/session/session_internal.h"

enum lewes_error lewesi_build_payload(struct lewes_session *session, struct lewesi_outgoing *out)
{
    const size_t body_len = session->payload_len + LEWESI_NOISE_TAG_LEN;
    uint8_t *const body = lewesi_outgoing_body(out, body_len);
    struct lewesi_cipher cipher = session->send;
    enum lewes_error error;

    if (body == NULL) {
        error = LEWES_ERROR_SPACE;
        goto out;
    }
    if (session->payload_len > 0)
        memcpy(body, session->payload, session->payload_len);
    error = lewesi_cipher_seal(&cipher, body, session->payload_len);
    if (error != LEWES_OK)
        goto out;
    error = lewesi_outgoing_seal(session, out, LEWESI_DATA, body_len);
    if (error != LEWES_OK)
        goto out;
    /* Only now: the peer counts messages that arrive (P60), and a failed one never left. */
    session->send.nonce = cipher.nonce;
    session->payload_waits = false;
    session->payload = NULL;
    session->payload_len = 0;
out:
    lewesi_wipe(&cipher, sizeof cipher);
    return error;
}

static uint64_t offset_at(const struct lewes_session *session, uint64_t counter)
{
    uint64_t offset = session->offset;

    for (unsigned i = 0; i < session->skips; i++)
        offset += session->skipped[i] < counter;
    return offset;
}

/* Data messages carry their nonce in their counter (P63), or have it from their order (P60). */
static enum lewes_error open_data(struct lewes_session *session, const struct lewesi_incoming *in)
{
    const uint64_t in_order = session->receive.nonce;
    const uint64_t offset = offset_at(session, in->counter);
    enum lewes_error error;

    if (session->datagrams && session->offset_known) {
        if (in->counter < offset)
            return LEWES_ERROR_NOISE;
        session->receive.nonce = in->counter - offset;
    }
    error = lewesi_cipher_open(&session->receive, in->body, in->len);
    if (error != LEWES_OK) {
        session->receive.nonce = in_order;
    } else if (session->datagrams && !session->offset_known) {
        session->offset = in->counter - in_order;
        session->offset_known = true;
    }
    return error;
}

enum lewes_error lewesi_on_data(struct lewes_session *session, struct lewesi_incoming *in)
{
    enum lewes_error error;

    if (session->receive.nonce == UINT64_MAX) { /* ends a receiver, protocol.md 10.1 */
        lewesi_session_enter(session, LEWES_CLOSED);
        return LEWES_ERROR_EXHAUSTED;
    }
    error = open_data(session, in);
    /* A datagram may fail for having been overtaken: it changes nothing (P63). */
    if (error == LEWES_ERROR_NOISE && !in->datagram &&
        ++session->noise_failures == LEWESI_NOISE_FAILURES_MAX)
        return LEWES_ERROR_GIVE_UP;
    if (error != LEWES_OK)
        return error;
    session->noise_failures = 0;
    *in->event = (struct lewes_event){
        .kind = LEWES_EVENT_PAYLOAD, .payload = in->body, .len = in->len - LEWESI_NOISE_TAG_LEN};
    return LEWES_OK;
}

enum lewes_error lewesi_on_ignored(struct lewes_session *session, struct lewesi_incoming *in)
{
    (void)session;
    (void)in;
    return LEWES_OK;
}

/* ---- nonces of datagrams, P63 ---- */

void lewesi_datagrams_begin(struct lewes_session *session, uint64_t counter)
{
    if (counter == 0) /* an original's Ack: its counter says nothing about what follows (P65) */
        session->datagrams = false;
    if (!session->datagrams)
        return;
    session->offset = counter + 1;
    session->offset_known = true;
}

void lewesi_datagrams_skip(struct lewes_session *session, uint64_t counter)
{
    if (!session->offset_known)
        return;
    if (session->skips == LEWESI_SKIPS_MAX) { /* no honest peer; who comes after it still fits */
        session->offset++;
        session->skips--;
        memmove(session->skipped, session->skipped + 1, session->skips * sizeof *session->skipped);
    }
    session->skipped[session->skips++] = counter;
}
