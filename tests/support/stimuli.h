/* SPDX-License-Identifier: Apache-2.0 */
/* What a gateway does with what it should not get, as its peer sees it (protocol.md 15). Each
 * stimulus comes on a connection of its own, while another client holds a session. */
#ifndef TESTS_SUPPORT_STIMULI_H
#define TESTS_SUPPORT_STIMULI_H

#include "lib/session/session_internal.h"
#include "tests/support/gateway_client.h"

/* What the peer sees next. All but CLOSED are followed by the rest of a handshake and by a
 * registration on the same connection, which have to succeed. */
enum sees {
    CLOSED, /* the end of the stream, and not one byte before it */
    COLLISION,
    STATUS_4, /* a signed frame: this suite is not served */
    GOES_ON   /* what a good message would bring, or nothing where nothing is due */
};

struct stimulus {
    const char *what;
    unsigned messages;            /* of a handshake, and good, before it: protocol.md 6 */
    void (*say)(unsigned detail); /* through stimuli_client */
    unsigned detail;
    enum sees sees;
    enum end end; /* CLOSED: the reason that the gateway counts */
};

#define ESTABLISHED 8 /* messages */

extern struct rig stimuli_rig;
extern struct client stimuli_client;
/* Of the session that must not suffer. */
uint32_t stimuli_bystander_index(void);

/* cmocka fixtures: a gateway, and the client that holds a session meanwhile. The one that ends it
 * lets that client register. */
int stimuli_up(void **state);
int stimuli_down(void **state);

void stimuli_try(const struct stimulus *rows, size_t count);
#define STIMULI_TRY(rows) stimuli_try((rows), sizeof(rows) / sizeof *(rows))

/* A packet of the client's session: in clear with this counter, or under its outer key with the
 * next one. */
void stimuli_send_clear(unsigned type, const uint8_t *body, size_t len, uint64_t counter);
void stimuli_send_sealed(unsigned type, const uint8_t *body, size_t len);
/* What the session has due, without sending it; returns the length. */
size_t stimuli_take(uint8_t *out, size_t cap);

#endif
