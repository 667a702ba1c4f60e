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

enum lewes_error lewesi_on_data(struct lewes_session *session, struct lewesi_incoming *in)
{
    enum lewes_error error;

    if (session->receive.nonce == UINT64_MAX) { /* ends a receiver, protocol.md 10.1 */
        lewesi_session_enter(session, LEWES_CLOSED);
        return LEWES_ERROR_EXHAUSTED;
    }
    error = lewesi_cipher_open(&session->receive, in->body, in->len);
    if (error == LEWES_ERROR_NOISE && ++session->noise_failures == LEWESI_NOISE_FAILURES_MAX)
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
