/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/transcript.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/session/session_derand.h"
#include "tests/support/env.h"

#define FRAMES_MAX 512
#define BODY_OFFSET (LEWES_FRAME_PREFIX_LEN + LEWESI_BODY_OFFSET)
#define TYPE_OFFSET (LEWES_FRAME_PREFIX_LEN + 16)            /* protocol.md 3.1 */
#define KKT_SESSION_ID_AT (LEWES_FRAME_PREFIX_LEN + 27)      /* protocol.md 7.2 */
#define HELLO_FRAME_LEN (LEWES_FRAME_PREFIX_LEN + 136)       /* protocol.md 4.2 */
#define KKT_REQUEST_FRAME_LEN (LEWES_FRAME_PREFIX_LEN + 123) /* protocol.md 6 */

/* ---- reading ---- */

struct frame {
    uint8_t *bytes; /* with prefix */
    size_t len;
    const char *link, *direction;
    bool claimed; /* by a session */
};

struct wire {
    size_t count;
    struct frame frames[FRAMES_MAX];
};

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly `len` bytes of lower-case hex. */
static bool unhex(uint8_t *out, size_t len, const char *hex)
{
    if (hex == NULL || strlen(hex) != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        const int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void wire_free(struct wire *wire)
{
    for (size_t i = 0; i < wire->count; i++)
        free(wire->frames[i].bytes);
}

static bool frame_read(struct frame *frame, const json_t *from)
{
    const char *hex = text_of(from, "hex");

    *frame = (struct frame){.link = text_of(from, "link"), .direction = text_of(from, "direction")};
    if (hex == NULL || frame->link == NULL || frame->direction == NULL)
        return false;
    frame->len = strlen(hex) / 2;
    if (frame->len < LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MIN ||
        frame->len > LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX) {
        return false;
    }
    frame->bytes = malloc(frame->len);
    return frame->bytes != NULL && unhex(frame->bytes, frame->len, hex);
}

static bool wire_read(struct wire *wire, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (wire->count == FRAMES_MAX || !frame_read(&wire->frames[wire->count], item))
            return false;
        wire->count++;
    }
    return wire->count > 0;
}

static uint32_t index_of(const struct frame *frame)
{
    return lewesi_load32le(frame->bytes + LEWES_FRAME_PREFIX_LEN);
}

static bool is_hello_of(const struct frame *frame, uint32_t receiver_index)
{
    return index_of(frame) == 0 && frame->len == HELLO_FRAME_LEN &&
           lewesi_load32le(frame->bytes + BODY_OFFSET) == receiver_index;
}

/* ---- one session ---- */

struct replay {
    struct test_env test;
    struct lewes_identity *client, *gateway;
    struct lewesi_session_params initiator_params, responder_params;
    uint64_t unix_ms;
    uint32_t receiver_index;
    struct lewes_session *initiator, *responder;
    bool rekeys; /* the initiator, once */
    uint32_t next_index;
    struct lewesi_rekey_params initiator_rekey, responder_rekey;
    struct lewes_session *initiator_next, *responder_next; /* the subsession's ends */
    unsigned initiator_frames, responder_frames;           /* equal ones */
    const char *initiator_fault, *responder_fault;
};

static bool identity_read(struct lewes_identity **identity, const struct lewes_env *env,
                          const json_t *end)
{
    struct lewes_ed25519_seed seed;

    return unhex(seed.bytes, sizeof seed.bytes, text_of(end, "ed25519_seed")) &&
           lewes_identity_new(identity, env, &seed) == LEWES_OK;
}

static bool rekey_read(struct replay *replay, const json_t *subsession)
{
    struct lewesi_rekey_params *const i = &replay->initiator_rekey;
    struct lewesi_rekey_params *const r = &replay->responder_rekey;

    replay->rekeys = json_is_object(subsession);
    if (!replay->rekeys)
        return true;
    replay->next_index =
        (uint32_t)json_integer_value(json_object_get(subsession, "new_receiver_index"));
    i->index = replay->next_index; /* counters from 0, like the original's */
    return replay->next_index != 0 &&
           unhex(i->ephemeral.bytes, 32, text_of(subsession, "client_noise_ephemeral_private")) &&
           unhex(r->ephemeral.bytes, 32, text_of(subsession, "gateway_noise_ephemeral_private"));
}

static bool secrets_read(struct replay *replay, const json_t *session, const json_t *clock)
{
    const json_t *const client = json_object_get(session, "client");
    const json_t *const gateway = json_object_get(session, "gateway");
    struct lewesi_session_params *const i = &replay->initiator_params;
    struct lewesi_session_params *const r = &replay->responder_params;

    i->psq_time.seconds = (uint64_t)json_integer_value(json_object_get(clock, "unix_seconds"));
    i->psq_time.milliseconds = (uint32_t)json_integer_value(json_object_get(clock, "milliseconds"));
    replay->unix_ms = i->psq_time.seconds * 1000 + i->psq_time.milliseconds;
    replay->receiver_index =
        (uint32_t)json_integer_value(json_object_get(session, "receiver_index"));
    i->receiver_index = replay->receiver_index;
    lewesi_original_counters(i, LEWES_INITIATOR);
    lewesi_original_counters(r, LEWES_RESPONDER);
    return identity_read(&replay->client, &replay->test.env, client) &&
           identity_read(&replay->gateway, &replay->test.env, gateway) &&
           unhex(i->salt, sizeof i->salt, text_of(session, "salt")) &&
           unhex(i->kem_random, 32, text_of(client, "kem_ephemeral_private")) &&
           unhex(i->noise_ephemeral.bytes, 32, text_of(client, "noise_ephemeral_private")) &&
           unhex(r->noise_ephemeral.bytes, 32, text_of(gateway, "noise_ephemeral_private")) &&
           rekey_read(replay, json_object_get(session, "subsession"));
}

/* The one input that is listed nowhere stands in the request itself. */
static void find_kkt_session_id(struct replay *replay, const struct wire *wire)
{
    for (size_t i = 0; i < wire->count; i++) {
        const struct frame *const frame = &wire->frames[i];
        if (index_of(frame) == replay->receiver_index && frame->len == KKT_REQUEST_FRAME_LEN &&
            lewesi_load32le(frame->bytes + TYPE_OFFSET) == LEWESI_KKT_REQUEST) {
            memcpy(replay->initiator_params.kkt_session_id, frame->bytes + KKT_SESSION_ID_AT,
                   LEWESI_KKT_SESSION_ID_LEN);
            return;
        }
    }
}

static const char *start_initiator(struct replay *replay)
{
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = replay->client,
        .unix_ms = replay->unix_ms,
        .peer = lewes_identity_public(replay->gateway),
        .subsessions = replay->rekeys,
    };

    return lewesi_session_new_derand(&replay->initiator, &replay->test.env, &config,
                                     &replay->initiator_params, 0) == LEWES_OK
               ? NULL
               : "the initiator cannot be made";
}

static const char *start_responder(struct replay *replay, const uint8_t *packet, size_t len)
{
    struct lewes_hello hello;
    const struct lewes_session_config config = {
        .role = LEWES_RESPONDER,
        .identity = replay->gateway,
        .unix_ms = replay->unix_ms,
        .hello = &hello,
        .subsessions = replay->rekeys,
    };
    enum lewes_error error =
        lewes_hello_check(&hello, packet, len, replay->unix_ms / 1000, LEWES_CLOCK_TOLERANCE);

    if (error == LEWES_OK) {
        error = lewesi_session_new_derand(&replay->responder, &replay->test.env, &config,
                                          &replay->responder_params, 0);
    }
    return error == LEWES_OK ? NULL : lewes_strerror(error);
}

/* The end on that side of the session that the frame belongs to. */
static struct lewes_session *end_of(const struct replay *replay, bool initiator,
                                    const struct frame *frame)
{
    if (replay->rekeys && index_of(frame) == replay->next_index)
        return initiator ? replay->initiator_next : replay->responder_next;
    return initiator ? replay->initiator : replay->responder;
}

/* What a recorded packet was for. */
struct meaning {
    uint32_t type; /* as it was opened; 0 where it was not */
    bool is_payload;
    size_t payload_len;
    uint8_t payload[LEWES_PACKET_MAX];
};

static void understand(struct replay *replay, bool from_initiator, const struct lewes_event *event,
                       struct meaning *meaning)
{
    if (event->kind == LEWES_EVENT_PAYLOAD) {
        memcpy(meaning->payload, event->payload, event->len);
        meaning->payload_len = event->len;
        meaning->is_payload = true;
    } else if (event->kind == LEWES_EVENT_SUBSESSION && from_initiator) {
        replay->responder_next = event->subsession;
    } else if (event->kind == LEWES_EVENT_SUBSESSION) {
        replay->initiator_next = event->subsession;
    }
}

/* Lets the receiver's twin open the recorded packet. */
static const char *receive(struct replay *replay, bool from_initiator, const struct frame *frame,
                           struct meaning *meaning)
{
    static uint8_t packet[LEWES_PACKET_MAX];
    const size_t len = frame->len - LEWES_FRAME_PREFIX_LEN;
    struct lewes_session *const to = end_of(replay, !from_initiator, frame);
    struct lewes_event event;
    enum lewes_error error;

    meaning->type = 0;
    meaning->is_payload = false;
    memcpy(packet, frame->bytes + LEWES_FRAME_PREFIX_LEN, len);
    if (from_initiator && to == NULL)
        return start_responder(replay, packet, len);
    if (to == NULL)
        return "it begins with an answer";
    error = lewesi_session_read_derand(to, &replay->responder_rekey, packet, len, &event);
    if (error != LEWES_OK)
        return lewes_strerror(error);
    meaning->type = lewesi_load32le(packet + TYPE_OFFSET - LEWES_FRAME_PREFIX_LEN);
    understand(replay, from_initiator, &event, meaning);
    return NULL;
}

/* Lets the sender's twin write its packet, and compares prefix and packet. */
static const char *send_and_compare(struct lewes_session *from, const struct frame *frame)
{
    static uint8_t made[LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX];
    size_t len;
    enum lewes_error error;

    if (from == NULL)
        return "it begins with an answer";
    error = lewes_session_write(from, made + LEWES_FRAME_PREFIX_LEN, LEWES_PACKET_MAX, &len, 0);
    if (error != LEWES_OK)
        return lewes_strerror(error);
    if (len == 0)
        return "nothing is due where a frame was recorded";
    lewes_frame_prefix(made, len);
    len += LEWES_FRAME_PREFIX_LEN;
    return len == frame->len && memcmp(made, frame->bytes, len) == 0 ? NULL : "other bytes";
}

static void replay_frame(struct replay *replay, bool from_initiator, const struct frame *frame)
{
    static struct meaning meaning;
    struct lewes_session *const from = end_of(replay, from_initiator, frame);
    const char **const sender_fault =
        from_initiator ? &replay->initiator_fault : &replay->responder_fault;
    const char **const receiver_fault =
        from_initiator ? &replay->responder_fault : &replay->initiator_fault;
    const char *fault = receive(replay, from_initiator, frame, &meaning);

    if (fault != NULL && *receiver_fault == NULL)
        *receiver_fault = fault;
    if (*sender_fault != NULL)
        return;
    /* A refusal shows in the bytes. */
    if (meaning.is_payload && from != NULL)
        (void)!lewes_session_send(from, meaning.payload, meaning.payload_len, 0);
    else if (meaning.type == LEWESI_SUBSESSION_KK1 && from_initiator && from != NULL)
        (void)!lewesi_session_rekey_derand(from, &replay->initiator_rekey, 0);
    *sender_fault = send_and_compare(from, frame);
    if (*sender_fault != NULL)
        return;
    if (from_initiator)
        replay->initiator_frames++;
    else
        replay->responder_frames++;
}

/* The original continues a subsession over another connection. */
static bool belongs(const struct replay *replay, const struct frame *frame, const char *link)
{
    if (replay->rekeys && index_of(frame) == replay->next_index)
        return true;
    return index_of(frame) == replay->receiver_index && strcmp(frame->link, link) == 0;
}

static void replay_frames(struct replay *replay, struct wire *wire)
{
    const struct frame *hello = NULL;

    for (size_t i = 0; i < wire->count; i++) {
        struct frame *const frame = &wire->frames[i];
        if (frame->claimed)
            continue;
        if (hello == NULL && is_hello_of(frame, replay->receiver_index))
            hello = frame;
        else if (hello == NULL || !belongs(replay, frame, hello->link))
            continue;
        frame->claimed = true;
        replay_frame(replay, strcmp(frame->direction, hello->direction) == 0, frame);
    }
    if (hello == NULL)
        replay->initiator_fault = replay->responder_fault = "no ClientHello of it was recorded";
}

static void end(struct replay *replay)
{
    lewes_session_free(replay->initiator);
    lewes_session_free(replay->responder);
    lewes_session_free(replay->initiator_next);
    lewes_session_free(replay->responder_next);
    lewes_identity_free(replay->client);
    lewes_identity_free(replay->gateway);
}

/* ---- reports ---- */

static void report_role(FILE *report, const char *name, const char *role, const char *fault,
                        unsigned frames)
{
    if (report == NULL)
        return;
    if (fault == NULL)
        fprintf(report, "ok %s %s %u frames\n", name, role, frames);
    else
        fprintf(report, "not ok %s %s: after %u equal frames: %s\n", name, role, frames, fault);
}

static void count(const char *fault, struct transcript_result *result)
{
    if (fault == NULL)
        result->equal++;
    else
        result->different++;
}

static bool is_supported(const json_t *session)
{
    const char *kem = text_of(json_object_get(session, "gateway"), "kem");

    return kem == NULL || strcmp(kem, "X25519") == 0;
}

static void replay_session(const json_t *session, const json_t *clock, struct wire *wire,
                           struct replay *replay)
{
    *replay = (struct replay){0};
    test_env_init(&replay->test, 0);
    replay->test.fail_draw = 1; /* everything is given: nothing may be drawn */
    if (!secrets_read(replay, session, clock)) {
        replay->initiator_fault = replay->responder_fault = "its secrets cannot be read";
    } else {
        find_kkt_session_id(replay, wire);
        replay->initiator_fault = start_initiator(replay);
        replay_frames(replay, wire);
    }
    end(replay);
}

static void complain(FILE *report, struct transcript_result *result, const char *name,
                     const char *text)
{
    result->different++;
    if (report != NULL)
        fprintf(report, "not ok %s: %s\n", name, text);
}

static void replay_sessions(const json_t *transcript, struct wire *wire, FILE *report,
                            struct transcript_result *result)
{
    const unsigned unsupported = result->unsupported;
    const char *transcript_name = text_of(transcript, "name");
    const json_t *session;
    size_t i;

    json_array_foreach(json_object_get(transcript, "sessions"), i, session)
    {
        const char *label = text_of(session, "label");
        struct replay replay;
        char name[160];

        snprintf(name, sizeof name, "%s %s", transcript_name, label == NULL ? "?" : label);
        if (!is_supported(session)) {
            result->unsupported++;
            if (report != NULL)
                fprintf(report, "skip %s: there are no replays of its suite\n", name);
            continue;
        }
        replay_session(session, json_object_get(transcript, "clock"), wire, &replay);
        report_role(report, name, "initiator", replay.initiator_fault, replay.initiator_frames);
        report_role(report, name, "responder", replay.responder_fault, replay.responder_frames);
        count(replay.initiator_fault, result);
        count(replay.responder_fault, result);
    }
    for (size_t f = 0; f < wire->count && unsupported == result->unsupported; f++) {
        if (!wire->frames[f].claimed) {
            complain(report, result, transcript_name, "it has frames that belong to no session");
            return;
        }
    }
}

void transcript_replay(const json_t *transcript, FILE *report, struct transcript_result *result)
{
    const char *name = text_of(transcript, "name");
    struct wire *const wire = calloc(1, sizeof *wire);

    if (wire != NULL && name != NULL && wire_read(wire, json_object_get(transcript, "wire")) &&
        json_array_size(json_object_get(transcript, "sessions")) > 0) {
        replay_sessions(transcript, wire, report, result);
    } else {
        complain(report, result, name == NULL ? "?" : name, "it cannot be read");
    }
    if (wire != NULL)
        wire_free(wire);
    free(wire);
}
