/* SPDX-License-Identifier: Apache-2.0 */
/* What is due, and packets on their way out: room in the caller's buffer, counters, seal. */
#include <string.h>

#include "lib/session/session_internal.h"

void lewesi_due_add(struct lewes_session *session, enum lewesi_due due)
{
    session->due[session->due_count++] = (uint8_t)due;
}

bool lewesi_due_has(const struct lewes_session *session, enum lewesi_due due)
{
    for (unsigned i = 0; i < session->due_count; i++)
        if (session->due[i] == (uint8_t)due)
            return true;
    return false;
}

void lewesi_due_done(struct lewes_session *session)
{
    session->due_count--;
    memmove(session->due, session->due + 1, session->due_count);
}

void lewesi_due_remove(struct lewes_session *session, enum lewesi_due due)
{
    uint8_t left = 0;

    for (unsigned i = 0; i < session->due_count; i++)
        if (session->due[i] != (uint8_t)due)
            session->due[left++] = session->due[i];
    session->due_count = left;
}

uint8_t *lewesi_outgoing_body(struct lewesi_outgoing *out, size_t body_len)
{
    if (out->cap < body_len + LEWESI_PACKET_FRAME)
        return NULL;
    out->reserved = body_len + LEWESI_PACKET_FRAME;
    return out->bytes + LEWESI_BODY_OFFSET;
}

void lewesi_outgoing_clear(struct lewesi_outgoing *out, const struct lewesi_packet *header,
                           size_t body_len)
{
    lewesi_packet_write(out->bytes, header->index, header->counter, header->type, body_len);
    out->len = body_len + LEWESI_PACKET_FRAME;
}

enum lewes_error lewesi_outgoing_seal_at(struct lewes_session *session, struct lewesi_outgoing *out,
                                         const struct lewesi_packet *header, size_t body_len)
{
    enum lewes_error error = lewesi_packet_seal(out->bytes, body_len, header, &session->outer_key);

    if (error == LEWES_OK)
        out->len = body_len + LEWESI_PACKET_FRAME;
    return error;
}

enum lewes_error lewesi_outgoing_seal(struct lewes_session *session, struct lewesi_outgoing *out,
                                      enum lewesi_type type, size_t body_len)
{
    const struct lewesi_packet header = {
        .index = session->index, .counter = session->counter, .type = type};
    enum lewes_error error;

    if (session->counter == session->counter_end)
        return LEWES_ERROR_EXHAUSTED;
    error = lewesi_outgoing_seal_at(session, out, &header, body_len);
    if (error == LEWES_OK)
        session->counter++;
    return error;
}
