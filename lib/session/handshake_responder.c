/* SPDX-License-Identifier: Apache-2.0 */
/* The responder's messages (protocol.md 6, 10.2), in their order. */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/session/session_internal.h"

/* ---- 2: Ack ---- */

enum lewes_error lewesi_build_ack(struct lewes_session *session, struct lewesi_outgoing *out)
{
    if (lewesi_outgoing_body(out, 0) == NULL)
        return LEWES_ERROR_SPACE;
    lewesi_outgoing_clear(out, &(struct lewesi_packet){.index = session->index, .type = LEWESI_ACK},
                          0);
    return LEWES_OK;
}

/* ---- 3, 4: KKT ---- */

/* The key that answers `request`; its kem is NULL if the suite is not served (P27, step 4). */
static struct lewesi_kem_public served_key(const struct lewes_session *session,
                                           const struct lewesi_kkt_request *request)
{
    if (!request->served_form)
        return (struct lewesi_kem_public){NULL, NULL};
    return lewesi_identity_kem_public(session->identity, request->suite.kem);
}

enum lewes_error lewesi_on_kkt_request(struct lewes_session *session, struct lewesi_incoming *in)
{
    struct lewesi_handshake *const handshake = session->handshake;
    struct lewesi_kkt_request request;
    struct lewesi_kem_public key;
    enum lewes_error error =
        lewesi_kkt_request_read(&request, (struct lewesi_span){in->body, in->len}, &session->peer);

    if (error != LEWES_OK)
        return error;
    key = served_key(session, &request);
    if (key.kem == NULL && handshake->requests_read == LEWESI_STATUS_FRAMES_MAX)
        return LEWES_ERROR_GIVE_UP; /* P33 */
    handshake->requests[handshake->requests_read++] = request;
    lewesi_due_add(session, LEWESI_DUE_KKT_RESPONSE);
    if (key.kem == NULL)
        return LEWES_OK;
    handshake->kem = key.kem;
    session->kem = key.kem->id;
    lewesi_session_enter(session, LEWES_AWAIT_HANDSHAKE1);
    return LEWES_OK;
}

enum lewes_error lewesi_build_kkt_response(struct lewes_session *session,
                                           struct lewesi_outgoing *out)
{
    struct lewesi_handshake *const handshake = session->handshake;
    const struct lewesi_kkt_request *const request =
        &handshake->requests[handshake->requests_answered];
    const struct lewesi_kem_public key = served_key(session, request);
    const size_t body_len =
        key.kem == NULL ? LEWESI_KKT_STATUS_LEN : lewesi_kkt_response_len(key.kem);
    uint8_t *const body = lewesi_outgoing_body(out, body_len);
    struct lewesi_writer w;
    enum lewes_error error;

    if (body == NULL)
        return LEWES_ERROR_SPACE;
    lewesi_writer_init(&w, body, body_len);
    error = lewesi_kkt_response_write(&w, request, key, &session->identity->ed25519_private);
    if (error != LEWES_OK)
        return error;
    lewesi_outgoing_clear(
        out, &(struct lewesi_packet){.index = session->index, .type = LEWESI_KKT_RESPONSE},
        body_len);
    handshake->requests_answered++;
    return LEWES_OK;
}

/* ---- 5: Handshake1 ---- */

/* What Handshake1 leads to; committed when all of it has succeeded (P41). */
struct accepted {
    struct lewesi_psq_keys psq;
    struct lewesi_noise noise;
    struct lewesi_outer_key outer_key;
};

static uint64_t unix_ms(const struct lewesi_handshake *handshake, lewes_time now)
{
    return handshake->unix_ms + (now > handshake->start ? now - handshake->start : 0);
}

static enum lewes_error accept_psq(const struct lewes_session *session, lewes_time now,
                                   struct lewesi_span message, struct lewesi_psq_keys *keys)
{
    const struct lewesi_handshake *const handshake = session->handshake;
    const unsigned kem = handshake->kem->id;

    return lewesi_psq_accept(
        keys, message,
        &(struct lewesi_psq_acceptance){
            .gateway_public = lewesi_identity_kem_public(session->identity, kem),
            .gateway_private = lewesi_identity_kem_private(session->identity, kem),
            .receiver_index = session->index,
            .client = &session->peer,
            .unix_ms = unix_ms(handshake, now),
            .clock_tolerance = handshake->clock_tolerance,
        });
}

static enum lewes_error derive(const struct lewes_session *session, struct accepted *accepted)
{
    const struct lewesi_handshake *const handshake = session->handshake;
    uint8_t ecdh[32], psk[32];
    enum lewes_error error =
        lewesi_x25519(ecdh, &session->identity->x25519_private, &handshake->peer_x25519);

    if (error != LEWES_OK) {
        error = LEWES_ERROR_PSQ;
        goto out;
    }
    lewesi_psk_derive(psk, accepted->outer_key.bytes,
                      &(struct lewesi_psk_input){
                          .ecdh = ecdh,
                          .psk_registration = accepted->psq.psk_registration,
                          .salt = handshake->params.salt,
                      });
    accepted->noise = handshake->noise;
    lewesi_noise_set_psk(&accepted->noise, psk);
out:
    lewesi_wipe(ecdh, sizeof ecdh);
    lewesi_wipe(psk, sizeof psk);
    return error;
}

enum lewes_error lewesi_on_handshake1(struct lewes_session *session, struct lewesi_incoming *in)
{
    struct lewesi_handshake *const handshake = session->handshake;
    const size_t psq_len = lewesi_psq_message_len(handshake->kem);
    const struct lewesi_span psq = {in->body + LEWESI_PSQ_PREFIX_LEN, psq_len};
    const struct lewesi_span message1 = {psq.data + psq_len, LEWESI_NOISE_E_LEN};
    struct accepted accepted = {0};
    size_t payload_len = 0;
    enum lewes_error error;

    if (in->len != LEWESI_PSQ_PREFIX_LEN + psq_len + LEWESI_NOISE_E_LEN)
        return LEWES_ERROR_LENGTH; /* P40 */
    if (lewesi_load16le(in->body) != psq_len)
        return LEWES_ERROR_PSQ; /* P37, step 1 */
    error = accept_psq(session, in->now, psq, &accepted.psq);
    if (error != LEWES_OK)
        goto out;
    error = derive(session, &accepted);
    if (error != LEWES_OK)
        goto out;
    error = lewesi_noise_read(&accepted.noise, message1, NULL, &payload_len);
    if (error != LEWES_OK)
        goto out;
    handshake->psq = accepted.psq;
    handshake->noise = accepted.noise;
    session->outer_key = accepted.outer_key;
    session->keyed = true;
    lewesi_session_enter(session, LEWES_AWAIT_HANDSHAKE3);
    lewesi_due_add(session, LEWESI_DUE_HANDSHAKE2);
out:
    lewesi_wipe(&accepted, sizeof accepted);
    return error;
}

/* ---- 6: Handshake2 ---- */

enum lewes_error lewesi_build_handshake2(struct lewes_session *session, struct lewesi_outgoing *out)
{
    struct lewesi_handshake *const handshake = session->handshake;
    const size_t body_len = LEWESI_PSQ_PREFIX_LEN + LEWESI_PSQ_ANSWER_LEN + LEWESI_NOISE_E_LEN;
    uint8_t *const body = lewesi_outgoing_body(out, body_len);
    struct lewesi_noise noise = handshake->noise;
    struct lewesi_writer w;
    enum lewes_error error = LEWES_ERROR_SPACE;

    if (body == NULL)
        goto out;
    lewesi_writer_init(&w, body, body_len);
    lewesi_write_u16le(&w, LEWESI_PSQ_ANSWER_LEN);
    error = lewesi_psq_answer(lewesi_write_space(&w, LEWESI_PSQ_ANSWER_LEN), &handshake->psq);
    if (error == LEWES_OK) {
        error = lewesi_noise_write(&noise, &handshake->params.noise_ephemeral,
                                   (struct lewesi_span){NULL, 0}, &w);
    }
    if (error != LEWES_OK) {
        error = LEWES_ERROR_CRYPTO;
        goto out;
    }
    error = lewesi_outgoing_seal(session, out, LEWESI_HANDSHAKE, body_len);
    if (error == LEWES_OK)
        handshake->noise = noise;
out:
    lewesi_wipe(&noise, sizeof noise);
    return error;
}

/* ---- 7, 8: Handshake3, the encrypted Ack ---- */

enum lewes_error lewesi_on_handshake3(struct lewes_session *session, struct lewesi_incoming *in)
{
    struct lewesi_noise noise = session->handshake->noise;
    struct lewesi_cipher send, receive;
    size_t payload_len = 0;
    enum lewes_error error = LEWES_ERROR_STATE;

    if (lewesi_due_has(session, LEWESI_DUE_HANDSHAKE2))
        goto out;
    /* Noise refuses any other length, for the payload must be empty (P40). */
    error = lewesi_noise_read(&noise, (struct lewesi_span){in->body, in->len}, NULL, &payload_len);
    if (error == LEWES_OK)
        error = lewesi_noise_split(&noise, &send, &receive);
    if (error == LEWES_ERROR_NOISE)
        error = LEWES_ERROR_PEER;
    if (error != LEWES_OK)
        goto out;
    session->send = send;
    session->receive = receive;
    lewesi_handshake_end(session); /* P43 */
    lewesi_datagrams_begin(session, in->counter);
    lewesi_session_enter(session, LEWES_TRANSPORT);
    lewesi_due_add(session, LEWESI_DUE_SEALED_ACK);
    in->event->kind = LEWES_EVENT_ESTABLISHED;
out:
    lewesi_wipe(&noise, sizeof noise);
    lewesi_wipe(&send, sizeof send);
    lewesi_wipe(&receive, sizeof receive);
    return error;
}

enum lewes_error lewesi_build_sealed_ack(struct lewes_session *session, struct lewesi_outgoing *out)
{
    if (lewesi_outgoing_body(out, 0) == NULL)
        return LEWES_ERROR_SPACE;
    if (session->original_counters) {
        return lewesi_outgoing_seal_at(
            session, out, &(struct lewesi_packet){.index = session->index, .type = LEWESI_ACK}, 0);
    }
    return lewesi_outgoing_seal(session, out, LEWESI_ACK, 0);
}
