/* SPDX-License-Identifier: Apache-2.0 */
/* A session that replaces its parent without a new handshake (protocol.md 12, 10.4). */
#include <string.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/session/session_internal.h"

#define REKEY_MS 10000     /* protocol.md 10.5 */
#define READ_ONLY_MS 60000 /* protocol.md P70 */
#define ATTEMPT 0          /* `index` of the one attempt that may complete, protocol.md 12 */
#define INDEX_TRIES_MAX 16 /* the caller has hardly so many sessions that this does not do */

/* ---- keys ---- */

static void derive_psk(uint8_t psk[32], struct lewesi_outer_key *outer_key,
                       const uint8_t psk_registration[32])
{
    uint8_t material[40];

    memcpy(material, psk_registration, 32);
    lewesi_store64le(material + 32, ATTEMPT);
    lewesi_blake3_derive(psk, "lp-subsession-psk-v1",
                         (struct lewesi_span){material, sizeof material});
    lewesi_blake3_derive(outer_key->bytes, "lp-outer-aead", (struct lewesi_span){psk, 32});
    lewesi_wipe(material, sizeof material);
}

static enum lewes_error start_noise(const struct lewes_session *session, struct lewesi_rekey *rekey)
{
    struct lewes_x25519_public peer;
    uint8_t psk[32];
    enum lewes_error error = lewesi_x25519_public_from_ed25519(&peer, &session->peer);

    if (error != LEWES_OK)
        return error;
    lewesi_noise_start(&rekey->noise, &(struct lewesi_noise_setup){
                                          .pattern = &lewesi_noise_kkpsk0,
                                          .initiator = rekey->successor->role == LEWES_INITIATOR,
                                          .s_private = &session->identity->x25519_private,
                                          .s = &session->identity->x25519,
                                          .rs = &peer,
                                      });
    derive_psk(psk, &rekey->successor->outer_key, session->psk_registration);
    lewesi_noise_set_psk(&rekey->noise, psk);
    lewesi_wipe(psk, sizeof psk);
    return LEWES_OK;
}

static void end_noise(struct lewesi_noise *noise)
{
    lewesi_wipe(noise, sizeof *noise); /* P43 */
}

/* ---- beginning and end ---- */

void lewesi_handshake_end(struct lewes_session *session)
{
    if (session->subsessions)
        memcpy(session->psk_registration, session->handshake->psq.psk_registration,
               sizeof session->psk_registration);
    lewesi_handshake_free(session);
}

static void release(const struct lewes_env *env, struct lewesi_rekey *rekey)
{
    if (rekey == NULL)
        return;
    lewesi_release(env, rekey->successor, sizeof *rekey->successor);
    lewesi_release(env, rekey, sizeof *rekey);
}

/* What was under way; it may be begun by the peer yet. */
static void drop(struct lewes_session *session)
{
    release(&session->env, session->rekey);
    session->rekey = NULL;
    lewesi_due_remove(session, LEWESI_DUE_KK1);
    lewesi_due_remove(session, LEWESI_DUE_KK2);
    lewesi_due_remove(session, LEWESI_DUE_ABORT);
}

/* The ends might disagree about its use, and a second use would repeat keys (P67, P71). */
static void forget_psk(struct lewes_session *session)
{
    session->subsessions = false;
    lewesi_wipe(session->psk_registration, sizeof session->psk_registration);
}

void lewesi_rekey_forget(struct lewes_session *session)
{
    drop(session);
    forget_psk(session);
}

void lewesi_rekey_fail(struct lewes_session *session)
{
    lewesi_rekey_forget(session);
    lewesi_session_enter(session, LEWES_TRANSPORT);
}

static void enter_for(struct lewes_session *session, enum lewes_state state, lewes_time now,
                      uint64_t ms)
{
    lewesi_session_enter(session, state);
    session->deadline = now < LEWES_NEVER - ms ? now + ms : LEWES_NEVER;
}

static enum lewes_error draw(const struct lewes_env *env, enum lewes_role role,
                             struct lewesi_rekey_params *params)
{
    enum lewes_error error =
        lewesi_random(env, params->ephemeral.bytes, sizeof params->ephemeral.bytes);

    if (error != LEWES_OK)
        return error;
    if (role == LEWES_INITIATOR) {
        error = lewesi_draw_index(env, &params->index);
        if (error != LEWES_OK)
            return error;
    }
    return lewesi_draw_counter(env, role, &params->first_counter);
}

static struct lewes_session *make_successor(const struct lewes_session *session,
                                            enum lewes_role role, uint64_t first_counter)
{
    struct lewes_session *const made = lewesi_allocate(&session->env, sizeof *made);

    if (made == NULL)
        return NULL;
    made->env = session->env;
    made->identity = session->identity;
    made->peer = session->peer;
    made->role = role;
    made->kem = session->kem;
    made->kkt_status = session->kkt_status;
    made->digest_pinned = session->digest_pinned;
    made->counter_first = first_counter;
    made->counter = first_counter;
    made->counter_end = first_counter + LEWESI_PACKETS_MAX;
    made->original_counters = session->original_counters;
    made->datagrams = session->datagrams;
    /* An initiator begins at a known counter, a responder does not. */
    made->offset_known = made->datagrams && role == LEWES_RESPONDER;
    made->offset = LEWESI_INITIATOR_BASE;
    return made;
}

/* All memory that the subsession will need, and its Noise object before the first message. */
static enum lewes_error prepare(struct lewesi_rekey **prepared, const struct lewes_session *session,
                                enum lewes_role role, const struct lewesi_rekey_params *params)
{
    struct lewesi_rekey *const rekey = lewesi_allocate(&session->env, sizeof *rekey);
    enum lewes_error error = LEWES_ERROR_MEMORY;

    if (rekey == NULL)
        return LEWES_ERROR_MEMORY;
    rekey->index = params->index;
    rekey->successor = make_successor(session, role, params->first_counter);
    if (rekey->successor != NULL)
        error = start_noise(session, rekey);
    if (error == LEWES_OK)
        *prepared = rekey;
    else
        release(&session->env, rekey);
    return error;
}

static enum lewes_error write_message(struct lewesi_rekey *rekey,
                                      const struct lewes_x25519_private *ephemeral)
{
    struct lewesi_writer w;
    enum lewes_error error;

    lewesi_writer_init(&w, rekey->message, sizeof rekey->message);
    lewesi_write_u8(&w, LEWESI_KK_NOISE_LEN);
    error = lewesi_noise_write(&rekey->noise, ephemeral, (struct lewesi_span){NULL, 0}, &w);
    /* Every key in it was checked when it came: the back end is at fault. */
    return error == LEWES_OK ? LEWES_OK : LEWES_ERROR_CRYPTO;
}

/* ---- promotion ---- */

static bool is_free(const struct lewes_session *session, uint32_t index)
{
    return index != 0 && index != session->index &&
           (session->take_index == NULL || session->take_index(session->take_index_user, index));
}

static enum lewes_error take_index(const struct lewes_session *session, uint32_t *index)
{
    for (unsigned i = 0; i < INDEX_TRIES_MAX; i++) {
        enum lewes_error error = LEWES_OK;

        if (is_free(session, *index))
            return LEWES_OK;
        error = lewesi_draw_index(&session->env, index);
        if (error != LEWES_OK)
            return error;
    }
    return LEWES_ERROR_RANDOM;
}

/* `index` has been taken; nothing can fail any more. */
static void promote(struct lewes_session *session, uint32_t index, struct lewesi_incoming *in)
{
    struct lewes_session *const successor = session->rekey->successor;

    successor->index = index;
    successor->keyed = true;
    lewesi_session_enter(successor, LEWES_TRANSPORT);
    in->event->kind = LEWES_EVENT_SUBSESSION;
    in->event->subsession = successor;
    session->rekey->successor = NULL;
    lewesi_rekey_forget(session);
    session->successor = index;
    session->payload_waits = false;
    session->payload = NULL;
    session->payload_len = 0;
    lewesi_wipe(&session->send, sizeof session->send); /* P70 */
    enter_for(session, LEWES_READ_ONLY, in->now, READ_ONLY_MS);
}

/* ---- 1: KK1 ---- */

enum lewes_error lewesi_rekey_begin(struct lewes_session *session,
                                    const struct lewesi_rekey_params *given, lewes_time now)
{
    struct lewesi_rekey_params params = {0};
    struct lewesi_rekey *rekey = NULL;
    enum lewes_error error = LEWES_OK;

    if (session->state == LEWES_CLOSED)
        return LEWES_ERROR_CLOSED;
    if (session->state != LEWES_TRANSPORT || !session->subsessions || session->rekey_begun)
        return LEWES_ERROR_NOT_READY;
    if (given != NULL)
        params = *given;
    else
        error = draw(&session->env, LEWES_INITIATOR, &params);
    if (error == LEWES_OK)
        error = prepare(&rekey, session, LEWES_INITIATOR, &params);
    if (error == LEWES_OK)
        error = write_message(rekey, &params.ephemeral);
    if (error != LEWES_OK) {
        release(&session->env, rekey);
        goto out;
    }
    session->rekey = rekey;
    session->rekey_begun = true;
    lewesi_due_add(session, LEWESI_DUE_KK1);
    enter_for(session, LEWES_REKEY_SENT, now, REKEY_MS);
out:
    lewesi_wipe(&params, sizeof params);
    return error;
}

enum lewes_error lewes_session_rekey(struct lewes_session *session, lewes_time now)
{
    return lewesi_rekey_begin(session, NULL, now);
}

enum lewes_error lewesi_build_kk(struct lewes_session *session, struct lewesi_outgoing *out)
{
    const enum lewesi_type type =
        session->due[0] == LEWESI_DUE_KK1 ? LEWESI_SUBSESSION_KK1 : LEWESI_SUBSESSION_KK2;
    uint8_t *const body = lewesi_outgoing_body(out, LEWESI_KK_LEN);

    if (body == NULL)
        return LEWES_ERROR_SPACE;
    memcpy(body, session->rekey->message, LEWESI_KK_LEN);
    return lewesi_outgoing_seal(session, out, type, LEWESI_KK_LEN);
}

/* ---- 1, 2: KK1, KK2 ---- */

/* Of two that began at once, the one with the smaller key answers (10.4). */
static enum lewes_error outranked(const struct lewes_session *session, bool *we_win)
{
    struct lewes_x25519_public peer;
    enum lewes_error error = lewesi_x25519_public_from_ed25519(&peer, &session->peer);

    *we_win = memcmp(session->identity->x25519.bytes, peer.bytes, sizeof peer.bytes) >= 0;
    return error;
}

/* Reads KK1 and makes KK2 of it; the new keys are the successor's. */
static enum lewes_error answer(struct lewesi_rekey **answered, const struct lewes_session *session,
                               const struct lewesi_incoming *in)
{
    const struct lewesi_span message1 = lewesi_kk_read((struct lewesi_span){in->body, in->len});
    struct lewesi_rekey_params params = {0};
    struct lewesi_rekey *rekey = NULL;
    enum lewes_error error = LEWES_OK;

    if (in->rekey != NULL)
        params = *in->rekey;
    else
        error = draw(&session->env, LEWES_RESPONDER, &params);
    if (error == LEWES_OK)
        error = prepare(&rekey, session, LEWES_RESPONDER, &params);
    if (error == LEWES_OK)
        error = lewesi_noise_read(&rekey->noise, message1, NULL, NULL);
    if (error == LEWES_OK)
        error = write_message(rekey, &params.ephemeral);
    if (error == LEWES_OK) {
        error =
            lewesi_noise_split(&rekey->noise, &rekey->successor->send, &rekey->successor->receive);
    }
    if (error != LEWES_OK) {
        release(&session->env, rekey);
        goto out;
    }
    end_noise(&rekey->noise);
    *answered = rekey;
out:
    lewesi_wipe(&params, sizeof params);
    return error;
}

enum lewes_error lewesi_on_kk1(struct lewes_session *session, struct lewesi_incoming *in)
{
    struct lewesi_rekey *rekey = NULL;
    bool we_win = false;
    enum lewes_error error = LEWES_OK;

    if (!session->subsessions)
        return LEWES_ERROR_STATE; /* P67, P71, P72 */
    if (session->state == LEWES_REKEY_SENT)
        error = outranked(session, &we_win);
    if (we_win && error == LEWES_OK) {
        if (!lewesi_due_has(session, LEWESI_DUE_ABORT))
            lewesi_due_add(session, LEWESI_DUE_ABORT);
        return LEWES_OK;
    }
    if (error == LEWES_OK)
        error = answer(&rekey, session, in);
    if (error != LEWES_OK)
        return error;
    lewesi_rekey_forget(session);
    session->rekey = rekey;
    lewesi_due_add(session, LEWESI_DUE_KK2);
    enter_for(session, LEWES_REKEY_ANSWERED, in->now, REKEY_MS);
    return LEWES_OK;
}

enum lewes_error lewesi_build_abort(struct lewes_session *session, struct lewesi_outgoing *out)
{
    if (lewesi_outgoing_body(out, 0) == NULL)
        return LEWES_ERROR_SPACE;
    return lewesi_outgoing_seal(session, out, LEWESI_SUBSESSION_ABORT, 0);
}

/* We began as well, and the peer has the greater key: its KK1 is still to be answered. */
enum lewes_error lewesi_on_abort(struct lewes_session *session, struct lewesi_incoming *in)
{
    (void)in;
    drop(session);
    lewesi_session_enter(session, LEWES_TRANSPORT);
    return LEWES_OK;
}

/* ---- 2, 3: KK2, Ready ---- */

enum lewes_error lewesi_on_kk2(struct lewes_session *session, struct lewesi_incoming *in)
{
    const struct lewesi_span message2 = lewesi_kk_read((struct lewesi_span){in->body, in->len});
    struct lewesi_rekey *const rekey = session->rekey;
    struct lewesi_noise noise = rekey->noise;
    struct lewesi_cipher send, receive;
    uint32_t index = rekey->index;
    enum lewes_error error = LEWES_ERROR_STATE;

    if (lewesi_due_has(session, LEWESI_DUE_KK1))
        goto out;
    error = lewesi_noise_read(&noise, message2, NULL, NULL);
    if (error == LEWES_OK)
        error = lewesi_noise_split(&noise, &send, &receive);
    if (error == LEWES_OK)
        error = take_index(session, &index);
    if (error != LEWES_OK)
        goto out;
    rekey->successor->send = send;
    rekey->successor->receive = receive;
    promote(session, index, in);
    lewesi_due_add(session, LEWESI_DUE_READY);
out:
    end_noise(&noise);
    lewesi_wipe(&send, sizeof send);
    lewesi_wipe(&receive, sizeof receive);
    return error;
}

enum lewes_error lewesi_build_ready(struct lewes_session *session, struct lewesi_outgoing *out)
{
    uint8_t ready[LEWESI_READY_MAX];
    const size_t len = lewesi_ready_write(ready, session->successor);
    uint8_t *const body = lewesi_outgoing_body(out, len);

    if (body == NULL)
        return LEWES_ERROR_SPACE;
    memcpy(body, ready, len);
    return lewesi_outgoing_seal(session, out, LEWESI_SUBSESSION_READY, len);
}

enum lewes_error lewesi_on_ready(struct lewes_session *session, struct lewesi_incoming *in)
{
    uint32_t index = 0;

    if (lewesi_due_has(session, LEWESI_DUE_KK2))
        return LEWES_ERROR_STATE;
    if (!lewesi_ready_read(&index, (struct lewesi_span){in->body, in->len}))
        return LEWES_ERROR_FORMAT;
    if (is_free(session, index))
        promote(session, index, in);
    else
        lewesi_rekey_fail(session); /* P68: the peer learns it from our silence */
    return LEWES_OK;
}
