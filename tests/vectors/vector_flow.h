/* SPDX-License-Identifier: Apache-2.0 */
/* What travels in a vector: flights of packets between the ends of a session, all of them written
 * down, over a wire of their own or inside the packets of another session. */
#ifndef TESTS_VECTORS_VECTOR_FLOW_H
#define TESTS_VECTORS_VECTOR_FLOW_H

#include "tests/vectors/vector_session.h"

#define VECTOR_PAYLOAD_MAX 4096
#define VECTOR_PAYLOADS 4 /* in one flight */

struct vector_payload {
    size_t len;
    uint8_t bytes[VECTOR_PAYLOAD_MAX];
};

struct vector_payloads {
    size_t count;
    struct vector_payload at[VECTOR_PAYLOADS];
};

/* What the gateway of a session says to a payload. */
typedef void vector_answer(void *user, const uint8_t *payload, size_t len,
                           struct vector_payload *answer);

struct vector_gateway {
    vector_answer *answer;
    void *user;
};

/* A wire, and the array that gets its frames. */
struct vector_wire {
    json_t *frames;
    const char *link, *there, *back; /* names of the link and of both directions */
};

/* Appends one frame. */
void vector_wire_add(const struct vector_wire *wire, bool there, const uint8_t *packet, size_t len);

/* One flight: what the initiator has due and then `requests`; then all replies, whose payloads are
 * added to `answers`. */
void vector_exchange(struct vector_session *session, const struct vector_wire *wire,
                     const struct vector_gateway *gateway, const struct vector_payloads *requests,
                     struct vector_payloads *answers);

/* Flights until the initiator may send (early), or until it knows that the responder is
 * established. */
void vector_shake_hands(struct vector_session *session, const struct vector_wire *wire);

/* KK1, KK2 and Ready; then the subsession has taken over at both ends. */
void vector_rekey(struct vector_session *session, const struct vector_wire *wire);

/* ---- a session inside another one ---- */

/* The exit's end of the entry's forwarding: a vector_answer; `user` is this. */
struct vector_exit {
    struct vector_session *session;
    const struct vector_wire *wire;
    struct vector_gateway gateway; /* the exit's */
    const char *address;           /* it must be named so */
};
vector_answer vector_forward;

/* The same as vector_exchange, in forwards through `entry`. */
void vector_exchange_inside(struct vector_session *entry, const struct vector_wire *wire,
                            struct vector_exit *leave, const struct vector_payloads *requests,
                            struct vector_payloads *answers);

#endif
