/* SPDX-License-Identifier: Apache-2.0 */
/* The initiator's messages (protocol.md 6, 10.3), in their order. */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/session/session_internal.h"
#include "lib/wire/hello.h"

/* ---- 1: ClientHello, and what may answer it ---- */

enum lewes_error lewesi_build_hello(struct lewes_session *session, struct lewesi_outgoing *out)
{
    const struct lewesi_session_params *const params = &session->handshake->params;
    uint8_t *const body = lewesi_outgoing_body(out, LEWESI_HELLO_LEN);
    struct lewes_hello hello = {.receiver_index = session->index,
                                .unix_seconds = lewesi_load64le(params->salt),
                                .identity = session->identity->ed25519,
                                .x25519 = session->identity->x25519};

    if (body == NULL)
        return LEWES_ERROR_SPACE;
    memcpy(hello.salt, params->salt, sizeof hello.salt);
    lewesi_hello_write(body, &hello);
    lewesi_outgoing_clear(out, &(struct lewesi_packet){.type = LEWESI_HELLO}, LEWESI_HELLO_LEN);
    return LEWES_OK;
}

enum lewes_error lewesi_on_ack(struct lewes_session *session, struct lewesi_incoming *in)
{
    (void)in;
    if (lewesi_due_has(session, LEWESI_DUE_HELLO))
        return LEWES_ERROR_STATE; /* an answer to what has not been said */
    lewesi_session_enter(session, LEWES_AWAIT_KEY);
    if (!session->handshake->early)
        lewesi_due_add(session, LEWESI_DUE_KKT_REQUEST);
    return LEWES_OK;
}

enum lewes_error lewesi_on_collision(struct lewes_session *session, struct lewesi_incoming *in)
{
    (void)in;
    if (lewesi_due_has(session, LEWESI_DUE_HELLO))
        return LEWES_ERROR_STATE;
    return LEWES_ERROR_COLLISION;
}

enum lewes_error lewesi_on_busy(struct lewes_session *session, struct lewesi_incoming *in)
{
    /* Busy may answer the connection itself (P16), so it needs no hello. */
    (void)session;
    (void)in;
    return LEWES_ERROR_BUSY;
}

/* ---- 3, 4: KKT ---- */

/* The suite that is asked for, with the hash of the digest that its key will be compared with. */
static struct lewesi_kkt_suite asked_suite(const struct lewesi_handshake *handshake)
{
    const struct lewesi_allowed *const allowed = &handshake->suites[handshake->suite];
    struct lewesi_kkt_suite suite = lewesi_kkt_suite_of(allowed->kem->id);

    if (allowed->pinned)
        suite.hash = (uint8_t)allowed->digest.hash;
    return suite;
}

enum lewes_error lewesi_build_kkt_request(struct lewes_session *session,
                                          struct lewesi_outgoing *out)
{
    const struct lewesi_handshake *const handshake = session->handshake;
    uint8_t *const body = lewesi_outgoing_body(out, LEWESI_KKT_REQUEST_LEN);
    enum lewes_error error;

    if (body == NULL)
        return LEWES_ERROR_SPACE;
    error = lewesi_kkt_request_write(body, asked_suite(handshake), handshake->params.kkt_session_id,
                                     &session->identity->ed25519_private);
    if (error != LEWES_OK)
        return error;
    lewesi_outgoing_clear(
        out, &(struct lewesi_packet){.index = session->index, .type = LEWESI_KKT_REQUEST},
        LEWESI_KKT_REQUEST_LEN);
    return LEWES_OK;
}

/* The gateway refused: the next suite, or the end (P23, protocol.md 10.3). */
static enum lewes_error on_status(struct lewes_session *session, uint8_t status)
{
    struct lewesi_handshake *const handshake = session->handshake;

    session->kkt_status = status;
    /* A Handshake1 that is on its way is one that it cannot read: it will leave (P80). */
    if (status != LEWESI_KKT_STATUS_SUITE || handshake->key_known ||
        handshake->suite + 1 == handshake->suite_count)
        return LEWES_ERROR_KKT_STATUS;
    handshake->kem = handshake->suites[++handshake->suite].kem;
    session->kem = handshake->kem->id;
    lewesi_due_add(session, LEWESI_DUE_KKT_REQUEST);
    return LEWES_OK;
}

static enum lewes_error on_key(struct lewes_session *session, struct lewesi_kem_public key)
{
    struct lewesi_handshake *const handshake = session->handshake;

    if (handshake->key_known &&
        !lewesi_equal(handshake->kem_public, key.bytes, key.kem->public_len))
        return LEWES_ERROR_KKT_KEY; /* P80: the one that was used is no longer its */
    session->digest_pinned = handshake->suites[handshake->suite].pinned;
    lewesi_session_enter(session, LEWES_AWAIT_HANDSHAKE2);
    if (handshake->key_known)
        return LEWES_OK;
    memcpy(handshake->kem_public, key.bytes, key.kem->public_len);
    lewesi_due_add(session, LEWESI_DUE_HANDSHAKE1);
    return LEWES_OK;
}

enum lewes_error lewesi_on_kkt_response(struct lewes_session *session, struct lewesi_incoming *in)
{
    const struct lewesi_handshake *const handshake = session->handshake;
    const struct lewesi_allowed *const allowed = &handshake->suites[handshake->suite];
    const struct lewesi_kkt_expected expected = {
        .suite = asked_suite(handshake),
        .session_id = handshake->params.kkt_session_id,
        .gateway = &session->peer,
        .gateway_x25519 = &handshake->peer_x25519,
        .digest = allowed->pinned ? &allowed->digest : NULL,
    };
    struct lewesi_kem_public key;
    uint8_t status;
    enum lewes_error error;

    if (lewesi_due_has(session, LEWESI_DUE_KKT_REQUEST))
        return LEWES_ERROR_STATE;
    error =
        lewesi_kkt_response_read(&expected, (struct lewesi_span){in->body, in->len}, &key, &status);
    if (error == LEWES_ERROR_KKT_STATUS)
        return on_status(session, status);
    return error == LEWES_OK ? on_key(session, key) : error;
}

/* ---- 5: Handshake1 ---- */

/* What Handshake1 leaves behind when it has been made. */
struct derived {
    struct lewesi_psq_keys psq;
    struct lewesi_noise noise;
    struct lewesi_outer_key outer_key;
};

static enum lewes_error write_psq(const struct lewes_session *session, struct lewesi_psq_keys *keys,
                                  struct lewesi_writer *w)
{
    const struct lewesi_handshake *const handshake = session->handshake;
    const struct lewesi_psq_initiation initiation = {
        .gateway_key = {handshake->kem, handshake->kem_public},
        .randomness = handshake->params.kem_random,
        .receiver_index = session->index,
        .time = handshake->params.psq_time,
        .client_private = &session->identity->ed25519_private,
        .client = &session->identity->ed25519,
    };

    lewesi_write_u16le(w, (uint16_t)lewesi_psq_message_len(handshake->kem));
    return lewesi_psq_initiate(w, keys, &initiation);
}

static enum lewes_error write_handshake1(const struct lewes_session *session,
                                         struct derived *derived, struct lewesi_writer *w)
{
    const struct lewesi_handshake *const handshake = session->handshake;
    uint8_t ecdh[32], psk[32];
    enum lewes_error error = write_psq(session, &derived->psq, w);

    if (error != LEWES_OK)
        goto out;
    error = lewesi_x25519(ecdh, &session->identity->x25519_private, &handshake->peer_x25519);
    if (error != LEWES_OK)
        goto out;
    lewesi_psk_derive(psk, derived->outer_key.bytes,
                      &(struct lewesi_psk_input){
                          .ecdh = ecdh,
                          .psk_registration = derived->psq.psk_registration,
                          .salt = handshake->params.salt,
                      });
    derived->noise = handshake->noise;
    lewesi_noise_set_psk(&derived->noise, psk);
    error = lewesi_noise_write(&derived->noise, &handshake->params.noise_ephemeral,
                               (struct lewesi_span){NULL, 0}, w);
out:
    lewesi_wipe(ecdh, sizeof ecdh);
    lewesi_wipe(psk, sizeof psk);
    /* Every key in it was checked when it came: the back end is at fault. */
    return error == LEWES_OK ? LEWES_OK : LEWES_ERROR_CRYPTO;
}

enum lewes_error lewesi_build_handshake1(struct lewes_session *session, struct lewesi_outgoing *out)
{
    struct lewesi_handshake *const handshake = session->handshake;
    const size_t body_len =
        LEWESI_PSQ_PREFIX_LEN + lewesi_psq_message_len(handshake->kem) + LEWESI_NOISE_E_LEN;
    uint8_t *const body = lewesi_outgoing_body(out, body_len);
    struct derived derived = {0};
    struct lewesi_writer w;
    enum lewes_error error;

    if (body == NULL)
        return LEWES_ERROR_SPACE;
    lewesi_writer_init(&w, body, body_len);
    error = write_handshake1(session, &derived, &w);
    if (error != LEWES_OK)
        goto out;
    lewesi_outgoing_clear(out,
                          &(struct lewesi_packet){.index = session->index,
                                                  .counter = LEWESI_HANDSHAKE1_COUNTER,
                                                  .type = LEWESI_HANDSHAKE},
                          body_len);
    handshake->psq = derived.psq;
    handshake->noise = derived.noise;
    session->outer_key = derived.outer_key;
    session->keyed = true;
out:
    lewesi_wipe(&derived, sizeof derived);
    return error;
}

/* ---- 6, 7: Handshake2, Handshake3 ---- */

/* The packet has passed the outer layer, so whatever is wrong with it was done by the peer. */
static enum lewes_error blame_peer(enum lewes_error error)
{
    return error == LEWES_OK || error == LEWES_ERROR_CRYPTO ? error : LEWES_ERROR_PEER;
}

enum lewes_error lewesi_on_handshake2(struct lewes_session *session, struct lewesi_incoming *in)
{
    struct lewesi_handshake *const handshake = session->handshake;
    const size_t answer_len = lewesi_load16le(in->body);
    const uint8_t *const answer = in->body + LEWESI_PSQ_PREFIX_LEN;
    size_t payload_len = 0;
    enum lewes_error error;

    if (in->len != LEWESI_PSQ_PREFIX_LEN + answer_len + LEWESI_NOISE_E_LEN)
        return LEWES_ERROR_PEER; /* P40; the bounds of answer_len are psq's */
    error = lewesi_psq_answer_check((struct lewesi_span){answer, answer_len}, &handshake->psq);
    if (error != LEWES_OK)
        return blame_peer(error);
    error = lewesi_noise_read(&handshake->noise,
                              (struct lewesi_span){answer + answer_len, LEWESI_NOISE_E_LEN}, NULL,
                              &payload_len);
    if (error != LEWES_OK)
        return blame_peer(error);
    lewesi_session_enter(session, LEWES_AWAIT_ESTABLISHED);
    lewesi_due_add(session, LEWESI_DUE_HANDSHAKE3);
    in->event->kind = LEWES_EVENT_MAY_SEND;
    return LEWES_OK;
}

enum lewes_error lewesi_build_handshake3(struct lewes_session *session, struct lewesi_outgoing *out)
{
    uint8_t *const body = lewesi_outgoing_body(out, LEWESI_NOISE_SE_LEN);
    struct lewesi_noise noise = session->handshake->noise;
    struct lewesi_cipher send, receive;
    struct lewesi_writer w;
    enum lewes_error error = LEWES_ERROR_SPACE;

    if (body == NULL)
        goto out;
    lewesi_writer_init(&w, body, LEWESI_NOISE_SE_LEN);
    error = lewesi_noise_write(&noise, NULL, (struct lewesi_span){NULL, 0}, &w);
    if (error == LEWES_OK)
        error = lewesi_noise_split(&noise, &send, &receive);
    if (error != LEWES_OK) {
        error = LEWES_ERROR_CRYPTO;
        goto out;
    }
    error = lewesi_outgoing_seal(session, out, LEWESI_HANDSHAKE, LEWESI_NOISE_SE_LEN);
    if (error != LEWES_OK)
        goto out;
    session->send = send;
    session->receive = receive;
    lewesi_handshake_end(session); /* P43 */
out:
    lewesi_wipe(&noise, sizeof noise);
    lewesi_wipe(&send, sizeof send);
    lewesi_wipe(&receive, sizeof receive);
    return error;
}

/* ---- 8: the encrypted Ack ---- */

enum lewes_error lewesi_on_sealed_ack(struct lewes_session *session, struct lewesi_incoming *in)
{
    if (lewesi_due_has(session, LEWESI_DUE_HANDSHAKE3))
        return LEWES_ERROR_STATE;
    lewesi_datagrams_begin(session, in->counter);
    lewesi_session_enter(session, LEWES_TRANSPORT);
    in->event->kind = LEWES_EVENT_ESTABLISHED;
    return LEWES_OK;
}
