/* SPDX-License-Identifier: Apache-2.0 */
/* Handshake and registration of one hop, whichever way its packets take (registration.md 7, 8). */
#include <string.h>

#include "client/kem_cache.h"
#include "client/run.h"

void hop_drop_session(struct hop *hop)
{
    lewes_session_free(hop->session);
    hop->session = NULL;
    hop->forwarding.abandoned = hop->forwarding.count;
}

/* ---- handshake ---- */

static enum lewes_error begin_session(struct run *run, struct hop *hop)
{
    const struct lewes_suite *best = hop->suites.list;
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = hop->identity,
        .peer = &hop->options->gateway,
        .unix_ms = run_unix_ms(run),
        .handshake_ms = setting_ms(run->options->handshake_ms, 15000),
        .suites = hop->suites.list,
        .suite_count = hop->suites.count,
        .early = !hop->stepwise,
    };
    hop_drop_session(hop);
    hop->hellos++;
    hop->replies = 0;
    hop->early = config.early;
    hop->used_key = hop->early && hop->suites.count > 0 && best->key != NULL;
    hop->result->early = hop->early;
    return lewes_session_new(&hop->session, &run->env, &config, run_now(run));
}

static struct lewes_suite *suite_of(struct hop *hop, enum lewes_kem kem)
{
    for (size_t i = 0; i < hop->suites.count; i++)
        if (hop->suites.list[i].kem == kem)
            return &hop->suites.list[i];
    return NULL;
}

/* A key that the gateway has just proved to have makes the next first flight early. */
static void remember_key(const struct run *run, struct hop *hop)
{
    struct lewes_kem_public key;
    struct lewes_suite *suite;
    if (lewes_session_kem_key(hop->session, &key) || key.kem == LEWES_KEM_X25519)
        return;
    suite = suite_of(hop, key.kem);
    if (!suite || suite->key)
        return; /* known: the session has compared it */
    struct lewes_kem_public *place = &hop->suites.keys[suite - hop->suites.list];
    *place = key;
    suite->key = place;
    if (run->options->cache)
        kem_cache_put(run->options->cache, &key);
}

static void forget_key(const struct run *run, struct hop *hop)
{
    struct lewes_suite *suite = hop->suites.list;
    if (run->options->cache && suite->digest)
        kem_cache_forget(run->options->cache, suite->digest);
    suite->key = NULL;
    hop->forgot_key = true;
}

static void note_handshake(struct hop *hop)
{
    struct lewes_hop_result *result = hop->result;
    result->handshaken = true;
    result->kem = lewes_session_kem(hop->session);
    result->pq_handshake = result->kem != LEWES_KEM_X25519;
    result->digest_pinned = lewes_session_digest_pinned(hop->session);
}

/* Until the gateway is proved: what follows may travel with Handshake3 (P76). */
static bool shake(struct run *run, struct hop *hop, enum lewes_error *error)
{
    enum lewes_state enough = run->options->stepwise ? LEWES_TRANSPORT : LEWES_AWAIT_ESTABLISHED;
    *error = LEWES_OK;
    while (lewes_session_state(hop->session) != enough) {
        struct lewes_event event;
        if (!flight_send(run, hop) || !flight_reply(run, hop, &event, error))
            return false;
        if (*error)
            return true;
        if (event.kind == LEWES_EVENT_MAY_SEND)
            remember_key(run, hop);
    }
    note_handshake(hop);
    return true;
}

/* P26: it has X25519 only, and that is allowed here. */
static bool fall_back_to_x25519(struct hop *hop)
{
    struct hop_suites *suites = &hop->suites;
    if (suites->count < 2 || suites->list[suites->count - 1].kem != LEWES_KEM_X25519)
        return false;
    suites->list[0] = suites->list[suites->count - 1];
    suites->count = 1;
    return true;
}

/* Is the handshake to be begun anew, over a new connection or stream? (P26, P79, P80) */
static bool begin_anew(struct run *run, struct hop *hop, enum lewes_error error)
{
    bool key_is_old = error == LEWES_ERROR_KKT_KEY || error == LEWES_ERROR_KKT_STATUS;
    if (hop->hellos >= HELLOS_MAX)
        return false;
    if (error == LEWES_ERROR_SUITE)
        return fall_back_to_x25519(hop);
    if (key_is_old && hop->used_key && !hop->forgot_key)
        forget_key(run, hop);
    else if (error != LEWES_ERROR_COLLISION || !hop->early)
        return false;
    hop->stepwise = true;
    return true;
}

/* P79: an early flight into a connection that ended before any reply may have met a stranger's
 * session; a hello alone cannot. */
static bool left_unanswered(struct run *run, struct hop *hop)
{
    bool way_is_there = !hop->outer || !run->path_lost;
    if (!run->path_ended || !way_is_there || !hop->early || hop->replies > 0 ||
        hop->hellos >= HELLOS_MAX)
        return false;
    hop->stepwise = true;
    return true;
}

enum way hop_handshake(struct run *run, struct hop *hop)
{
    enum lewes_error error;
    hop->doing = hop->outer ? "shaking hands with the exit" : "shaking hands with the gateway";
    do {
        error = begin_session(run, hop);
        if (!error && !shake(run, hop, &error))
            return left_unanswered(run, hop) ? WAY_ANEW : WAY_FAILED;
    } while (error == LEWES_ERROR_COLLISION && !hop->early && hop->hellos < HELLOS_MAX);
    if (!error)
        return WAY_STANDS;
    if (begin_anew(run, hop, error))
        return WAY_ANEW;
    fail_handshake(run, hop, error);
    return WAY_FAILED;
}

/* ---- registration ---- */

static struct lewes_request make_request(struct run *run, const struct hop *hop)
{
    struct lewes_request request = {
        .wg_key = hop->wg_key,
        .credential = hop->payment.credential,
        .ticket_type = hop->payment.type,
        .mode = run->options->mode,
        .client_ip = hop->outer ? hop->forwarding.address.ip : run->channel.peer.ip,
        .timestamp = run_unix_ms(run) / 1000,
    };
    if (request.mode == LEWES_MODE_MIXNET) {
        request.mixnet_identity = *lewes_identity_public(hop->identity);
        request.mixnet_x25519 = run->options->mixnet_x25519;
    }
    return request;
}

static bool send_request(struct run *run, struct hop *hop, uint8_t *plaintext)
{
    const struct lewes_request request = make_request(run, hop);
    size_t len = 0;
    enum lewes_error error = lewes_request_encode(&request, plaintext, LEWES_REQUEST_MAX, &len);
    if (!error)
        error = lewes_session_send(hop->session, plaintext, len, run_now(run));
    if (error)
        return fail_session(run, hop, error);
    hop->result->repeated = hop->payment.left;
    hop->doing = hop->outer ? "sending the request to the exit" : "sending the request";
    hop->ticket_due = true;
    bool sent = flight_send(run, hop);
    hop->ticket_due = false;
    return sent;
}

/* The Ack of the handshake may still be on its way; then exactly one answer (protocol.md P77). */
static bool await_answer(struct run *run, struct hop *hop)
{
    struct lewes_event event;
    enum lewes_error error;
    hop->doing = hop->outer ? "waiting for the exit's answer" : "waiting for the gateway's answer";
    do {
        if (!flight_reply(run, hop, &event, &error))
            return false;
        if (error)
            return fail_session(run, hop, error);
    } while (event.kind != LEWES_EVENT_PAYLOAD);
    return answer_take(run, hop, event.payload, event.len);
}

bool hop_register(struct run *run, struct hop *hop)
{
    uint8_t plaintext[LEWES_REQUEST_MAX];
    run_step(run, hop, LEWES_STEP_PAY);
    hop->doing = "paying";
    if (!payment_make(run, hop))
        return false;
    run_step(run, hop, LEWES_STEP_REGISTER);
    hop->deadline = run_deadline(run, setting_ms(run->options->registration_ms, 30000));
    bool done =
        payment_commit(run, hop) && send_request(run, hop, plaintext) && await_answer(run, hop);
    lewes_wipe(plaintext, sizeof plaintext);
    if (!done)
        return false;
    payment_accepted(run, hop);
    run_step(run, hop, LEWES_STEP_DONE);
    return true;
}
