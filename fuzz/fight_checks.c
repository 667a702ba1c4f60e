/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz/fight.h"

/* ---- images ---- */

void image_take(struct image *image, const struct lewes_session *session)
{
    memset(image, 0, sizeof *image);
    memcpy(&image->session, session, sizeof *session);
    image->session.drops = 0;
    image->session.noise_failures = 0;
    memset(&image->session.replay, 0, sizeof image->session.replay);
    /* Which counters carry no data is known as soon as their outer tag is right (P63). */
    image->session.offset = 0;
    image->session.skips = 0;
    memset(image->session.skipped, 0, sizeof image->session.skipped);
    if (session->handshake != NULL) {
        image->handshake_len = session->handshake->size;
        PROMISE(image->handshake_len <= sizeof image->handshake);
        memcpy(image->handshake, session->handshake, image->handshake_len);
    }
    if (session->rekey != NULL) {
        image->rekey_len = sizeof image->rekey;
        memcpy(image->rekey, session->rekey, sizeof *session->rekey);
        memcpy(image->rekey + sizeof *session->rekey, session->rekey->successor,
               sizeof *session->rekey->successor);
    }
}

bool image_same(const struct image *image, const struct lewes_session *session)
{
    static struct image now;

    image_take(&now, session);
    /* Bytes, on purpose: padding and all. */
    for (size_t i = 0; i < sizeof now; i++) {
        if (((const uint8_t *)&now)[i] == ((const uint8_t *)image)[i])
            continue;
        fprintf(stderr, "state %d: byte %zu of the image was changed\n", image->session.state, i);
        return false;
    }
    return true;
}

/* ---- nonces ---- */

static void check_range(const struct lewes_session *writer, uint64_t counter)
{
    if (writer->counter_first < LEWESI_RESPONDER_BASE)
        PROMISE(counter >= LEWESI_INITIATOR_BASE &&
                counter < LEWESI_INITIATOR_BASE + LEWESI_PACKETS_MAX);
    else
        PROMISE(counter >= LEWESI_RESPONDER_BASE &&
                counter < LEWESI_RESPONDER_BASE + (UINT64_C(1) << LEWESI_RESPONDER_RANDOM_BITS) +
                              LEWESI_PACKETS_MAX);
}

void check_nonce(struct fight *f, const struct lewes_session *writer, const struct record *packet)
{
    const struct ledger_line line = {writer->outer_key, lewesi_load64le(packet->bytes + 4)};

    if (line.counter < LEWESI_INITIATOR_BASE)
        return; /* clear */
    check_range(writer, line.counter);
    for (unsigned i = 0; i < f->written; i++)
        PROMISE(f->ledger[i].counter != line.counter ||
                memcmp(&f->ledger[i].key, &line.key, sizeof line.key) != 0);
    PROMISE(f->written < FIGHT_LEDGER);
    f->ledger[f->written++] = line;
}

/* ---- steps ---- */

static bool may_follow(enum lewes_state from, enum lewes_state to)
{
    if (from == to || to == LEWES_CLOSED)
        return true;
    switch (from) {
    case LEWES_AWAIT_ACK:
    case LEWES_AWAIT_KEY:
    case LEWES_AWAIT_HANDSHAKE2:
    case LEWES_AWAIT_REQUEST:
    case LEWES_AWAIT_HANDSHAKE1:
        return (int)to == (int)from + 1;
    case LEWES_AWAIT_ESTABLISHED:
    case LEWES_AWAIT_HANDSHAKE3:
        return to == LEWES_TRANSPORT;
    case LEWES_TRANSPORT:
        return to == LEWES_REKEY_ANSWERED;
    case LEWES_REKEY_SENT:
        return to == LEWES_REKEY_ANSWERED || to == LEWES_READ_ONLY || to == LEWES_TRANSPORT;
    case LEWES_REKEY_ANSWERED:
        return to == LEWES_READ_ONLY || to == LEWES_TRANSPORT;
    case LEWES_READ_ONLY:
    case LEWES_CLOSED:
        break;
    }
    return false;
}

/* The one message that each step of the tables lets follow; -1: none. */
static int reply_to(const struct image *before, enum lewes_state now)
{
    switch (before->session.state) {
    case LEWES_AWAIT_ACK:
        return LEWESI_DUE_KKT_REQUEST;
    case LEWES_AWAIT_KEY:
        return now == LEWES_AWAIT_KEY ? LEWESI_DUE_KKT_REQUEST : LEWESI_DUE_HANDSHAKE1;
    case LEWES_AWAIT_HANDSHAKE2:
        return LEWESI_DUE_HANDSHAKE3;
    case LEWES_AWAIT_REQUEST:
        return LEWESI_DUE_KKT_RESPONSE;
    case LEWES_AWAIT_HANDSHAKE1:
        return LEWESI_DUE_HANDSHAKE2;
    case LEWES_AWAIT_HANDSHAKE3:
        return LEWESI_DUE_SEALED_ACK;
    case LEWES_TRANSPORT:
        return LEWESI_DUE_KK2;
    case LEWES_REKEY_SENT:
        if (now == LEWES_READ_ONLY)
            return LEWESI_DUE_READY;
        return now == LEWES_REKEY_ANSWERED ? LEWESI_DUE_KK2 : LEWESI_DUE_ABORT;
    case LEWES_AWAIT_ESTABLISHED:
    case LEWES_REKEY_ANSWERED:
    case LEWES_READ_ONLY:
    case LEWES_CLOSED:
        break;
    }
    return -1;
}

static unsigned count(const struct lewes_session *session, unsigned kind)
{
    unsigned found = 0;

    for (unsigned i = 0; i < session->due_count; i++)
        found += session->due[i] == kind;
    return found;
}

static void check_replies(const struct image *before, const struct lewes_session *after)
{
    const int allowed = reply_to(before, after->state);

    PROMISE(after->due_count <= LEWESI_DUE_MAX);
    for (unsigned kind = 0; kind < LEWESI_DUE_KINDS; kind++)
        PROMISE(count(after, kind) <=
                count(&before->session, kind) + ((int)kind == allowed ? 1u : 0u));
}

void check_step(const struct image *before, const struct lewes_session *after,
                enum lewes_error error, const struct record *packet)
{
    const enum lewes_error_class class = lewes_error_class(error);

    PROMISE(may_follow(before->session.state, after->state));
    PROMISE(class != LEWES_CLASS_TICKET);
    if (before->session.state == LEWES_CLOSED)
        PROMISE(error == LEWES_ERROR_CLOSED);
    if (class == LEWES_CLASS_PACKET || class == LEWES_CLASS_CALLER ||
        class == LEWES_CLASS_MACHINE) {
        const bool same = image_same(before, after);
        if (!same)
            fprintf(stderr, "error %d\n", error);
        PROMISE(same);
    }
    if (class == LEWES_CLASS_SESSION || after->state == LEWES_CLOSED)
        PROMISE(after->state == LEWES_CLOSED && !after->keyed && after->due_count == 0 &&
                after->handshake == NULL && after->rekey == NULL && !after->payload_waits);
    if (error == LEWES_OK)
        PROMISE(after->state != LEWES_CLOSED && packet->len >= LEWES_PACKET_MIN);
    check_replies(before, after);
}

void check_event(const struct lewes_event *event, enum lewes_error error,
                 const struct record *packet)
{
    if (error != LEWES_OK)
        PROMISE(event->kind == LEWES_EVENT_NONE);
    if (event->kind == LEWES_EVENT_PAYLOAD)
        PROMISE(event->payload >= packet->bytes &&
                event->payload + event->len <= packet->bytes + packet->len);
}
