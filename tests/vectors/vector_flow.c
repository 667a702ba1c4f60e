/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/vectors/vector_flow.h"

#include <string.h>

#include <lewes/registration.h>

#define FLIGHT_PACKETS 8

struct packet {
    size_t len;
    uint8_t bytes[LEWES_HANDSHAKE_PACKET_MAX];
};

struct flight {
    size_t count;
    struct packet at[FLIGHT_PACKETS];
};

/* ---- packets ---- */

void vector_wire_add(const struct vector_wire *wire, bool there, const uint8_t *packet, size_t len)
{
    static uint8_t frame[LEWES_FRAME_PREFIX_LEN + LEWES_HANDSHAKE_PACKET_MAX];
    json_t *const entry = json_object();

    require(len <= LEWES_HANDSHAKE_PACKET_MAX, "a packet is too long");
    lewes_frame_prefix(frame, len);
    memcpy(frame + LEWES_FRAME_PREFIX_LEN, packet, len);
    json_object_set_new(entry, "link", json_string(wire->link));
    json_object_set_new(entry, "direction", json_string(there ? wire->there : wire->back));
    set_hex(entry, "hex", frame, LEWES_FRAME_PREFIX_LEN + len);
    json_array_append_new(wire->frames, entry);
}

/* Everything that `from` has due. */
static void take_due(struct lewes_session *from, struct flight *flight)
{
    for (;;) {
        struct packet *const packet = &flight->at[flight->count];

        require(flight->count < FLIGHT_PACKETS, "a flight is too long");
        require(lewes_session_write(from, packet->bytes, sizeof packet->bytes, &packet->len, 0) ==
                    LEWES_OK,
                "a packet cannot be written");
        if (packet->len == 0)
            return;
        flight->count++;
    }
}

/* A flight of the initiator's. */
static void take_flight(struct vector_session *session, const struct vector_payloads *requests,
                        struct flight *flight)
{
    flight->count = 0;
    take_due(session->initiator, flight);
    for (size_t i = 0; requests != NULL && i < requests->count; i++) {
        require(lewes_session_send(session->initiator, requests->at[i].bytes, requests->at[i].len,
                                   0) == LEWES_OK,
                "a payload is refused");
        take_due(session->initiator, flight);
    }
    require(flight->count > 0, "there is nothing to send");
}

/* The responder reads one packet; its reply is added to `replies`. */
static void deliver(struct vector_session *session, const struct vector_gateway *gateway,
                    const struct packet *packet, struct flight *replies)
{
    static struct vector_payload answer;
    struct packet copy = *packet;
    struct lewes_event event = {0};

    if (session->responder == NULL) {
        vector_session_answer(session, copy.bytes, copy.len);
    } else {
        require(lewes_session_read(session->responder, copy.bytes, copy.len, 0, &event) == LEWES_OK,
                "the responder refuses a packet");
    }
    if (event.kind == LEWES_EVENT_PAYLOAD) {
        gateway->answer(gateway->user, event.payload, event.len, &answer);
        require(lewes_session_send(session->responder, answer.bytes, answer.len, 0) == LEWES_OK,
                "an answer is refused");
    }
    take_due(session->responder, replies);
}

/* The initiator reads one reply. */
static void receive(struct vector_session *session, const uint8_t *packet, size_t len,
                    struct vector_payloads *answers)
{
    struct packet copy = {.len = len};
    struct lewes_event event;

    memcpy(copy.bytes, packet, len);
    require(lewes_session_read(session->initiator, copy.bytes, len, 0, &event) == LEWES_OK,
            "the initiator refuses a packet");
    session->may_send |= event.kind == LEWES_EVENT_MAY_SEND;
    session->established |= event.kind == LEWES_EVENT_ESTABLISHED;
    if (event.kind != LEWES_EVENT_PAYLOAD)
        return;
    require(answers != NULL && answers->count < VECTOR_PAYLOADS, "nobody expects an answer");
    struct vector_payload *const answer = &answers->at[answers->count++];
    answer->len = event.len;
    memcpy(answer->bytes, event.payload, event.len);
}

void vector_exchange(struct vector_session *session, const struct vector_wire *wire,
                     const struct vector_gateway *gateway, const struct vector_payloads *requests,
                     struct vector_payloads *answers)
{
    static struct flight flight; /* used up before anything is forwarded */
    struct flight replies = {0};

    take_flight(session, requests, &flight);
    for (size_t i = 0; i < flight.count; i++)
        vector_wire_add(wire, true, flight.at[i].bytes, flight.at[i].len);
    for (size_t i = 0; i < flight.count; i++)
        deliver(session, gateway, &flight.at[i], &replies);
    for (size_t i = 0; i < replies.count; i++) {
        vector_wire_add(wire, false, replies.at[i].bytes, replies.at[i].len);
        receive(session, replies.at[i].bytes, replies.at[i].len, answers);
    }
}

static bool is_ready(const struct vector_session *session)
{
    return session->plan->early ? session->may_send : session->established;
}

void vector_shake_hands(struct vector_session *session, const struct vector_wire *wire)
{
    while (!is_ready(session))
        vector_exchange(session, wire, NULL, NULL, NULL);
}

/* ---- subsessions ---- */

/* The only packet that `from` has due is read by `to`. Returns the new session, if this made one.
 */
static struct lewes_session *hand_over(const struct vector_wire *wire, bool there,
                                       struct lewes_session *from, struct lewes_session *to,
                                       const struct lewesi_rekey_params *params)
{
    struct flight flight = {0};
    struct lewes_event event;

    take_due(from, &flight);
    require(flight.count == 1, "not exactly one packet is due");
    vector_wire_add(wire, there, flight.at[0].bytes, flight.at[0].len);
    require(lewesi_session_read_derand(to, params, flight.at[0].bytes, flight.at[0].len, &event) ==
                LEWES_OK,
            "a subsession packet is refused");
    return event.kind == LEWES_EVENT_SUBSESSION ? event.subsession : NULL;
}

void vector_rekey(struct vector_session *session, const struct vector_wire *wire)
{
    const bool by_client = session->plan->rekey == VECTOR_REKEY_BY_CLIENT;
    struct lewes_session *const begins = by_client ? session->initiator : session->responder;
    struct lewes_session *const answers = by_client ? session->responder : session->initiator;
    struct lewes_session *first, *second;

    vector_rekey_draw(session);
    require(lewesi_session_rekey_derand(begins, &session->rekey_params[0], 0) == LEWES_OK,
            "no subsession can be begun");
    hand_over(wire, by_client, begins, answers, &session->rekey_params[1]);
    first = hand_over(wire, !by_client, answers, begins, NULL);
    second = hand_over(wire, by_client, begins, answers, NULL);
    require(first != NULL && second != NULL, "no subsession came of it");
    session->parents[0] = session->initiator;
    session->parents[1] = session->responder;
    session->initiator = by_client ? first : second;
    session->responder = by_client ? second : first;
}

/* ---- forwards ---- */

static struct lewes_endpoint endpoint_of(const char *address)
{
    /* The one that all vectors use; the text form is the codec's. */
    require(strcmp(address, "192.0.2.7:41264") == 0, "another address");
    return (struct lewes_endpoint){{4, {192, 0, 2, 7}}, LEWES_CONTROL_PORT};
}

void vector_forward(void *user, const uint8_t *payload, size_t len, struct vector_payload *answer)
{
    struct vector_exit *const leave = user;
    struct lewes_forward forward;
    struct flight replies = {0};
    struct packet packet;

    require(lewes_payload_kind(payload, len) == LEWES_PAYLOAD_FORWARD &&
                lewes_forward_decode(&forward, payload, len, NULL) == LEWES_OK,
            "this is no forward");
    packet.len = forward.packet_len;
    memcpy(packet.bytes, forward.packet, forward.packet_len);
    vector_wire_add(leave->wire, true, packet.bytes, packet.len);
    deliver(leave->session, &leave->gateway, &packet, &replies);
    require(replies.count == 1, "the exit gave not exactly one answer");
    vector_wire_add(leave->wire, false, replies.at[0].bytes, replies.at[0].len);
    answer->len = replies.at[0].len;
    memcpy(answer->bytes, replies.at[0].bytes, replies.at[0].len);
}

void vector_exchange_inside(struct vector_session *entry, const struct vector_wire *wire,
                            struct vector_exit *leave, const struct vector_payloads *requests,
                            struct vector_payloads *answers)
{
    static struct flight flight;
    static struct vector_payloads forwards, replies;
    const struct vector_gateway gateway = {vector_forward, leave};

    take_flight(leave->session, requests, &flight);
    require(flight.count <= VECTOR_PAYLOADS, "too many forwards");
    replies.count = 0;
    forwards.count = flight.count;
    for (size_t i = 0; i < flight.count; i++) {
        const struct lewes_forward forward = {
            .target = *lewes_identity_public(leave->session->gateway),
            .address = endpoint_of(leave->address),
            .packet = flight.at[i].bytes,
            .packet_len = flight.at[i].len,
        };
        require(lewes_forward_encode(&forward, forwards.at[i].bytes, VECTOR_PAYLOAD_MAX,
                                     &forwards.at[i].len) == LEWES_OK,
                "a forward cannot be encoded");
    }
    vector_exchange(entry, wire, &gateway, &forwards, &replies);
    for (size_t i = 0; i < replies.count; i++)
        receive(leave->session, replies.at[i].bytes, replies.at[i].len, answers);
}
