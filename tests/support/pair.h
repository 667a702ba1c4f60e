/* SPDX-License-Identifier: Apache-2.0 */
/* Two peers in one process, in virtual time: an initiator and a responder that exchange the
 * messages of protocol.md 6 one at a time. Failures are failed cmocka assertions. */
#ifndef TESTS_SUPPORT_PAIR_H
#define TESTS_SUPPORT_PAIR_H

#include <lewes/session.h>

#include "lib/session/session_internal.h"
#include "tests/support/watched_env.h"

#define PAIR_MESSAGES 8 /* of a handshake: hello, Ack, KKT 2, Handshake 3, Ack */
#define PAIR_UNIX_MS UINT64_C(1768384800500)
#define PAIR_FLIGHT 3 /* hello, KKTRequest, Handshake1; protocol.md P75 */

struct pair_packet {
    size_t len;
    uint8_t bytes[LEWES_PACKET_MAX];
};

/* A packet that was written before its turn. */
struct pair_early_packet {
    size_t len;
    uint8_t bytes[LEWES_HANDSHAKE_PACKET_MAX];
};

struct pair {
    struct test_env identities; /* apart: no long-term key stands in `sessions` */
    struct watched_env sessions;
    struct lewes_identity *client, *gateway;
    struct lewes_session *initiator;
    struct lewes_session *responder; /* NULL before the hello is delivered */
    struct lewes_hello hello;        /* as the responder saw it */
    lewes_time now;
    unsigned done; /* messages that were delivered */
    /* Set between pair_init and pair_start: */
    bool original_client, original_gateway;      /* counters of the original */
    uint32_t clock_tolerance;                    /* of the responder, 0 = default */
    struct lewes_suite suites[LEWES_KEM_SUITES]; /* of the initiator */
    size_t suite_count;                          /* 0: X25519 alone */
    struct lewes_kem_digest digests[LEWES_KEM_SUITES];
    struct lewes_kem_public keys[LEWES_KEM_SUITES];
    bool early; /* messages 1, 3 and, if its key is known, 5 leave the initiator before the first
                   is delivered; after that they come in their turn, so that tests need not know
                   the difference */
    bool subsessions, datagrams; /* of both */
    lewes_take_index *take_initiator, *take_responder;
    void *take_user;
    unsigned flight_count, flight_next;
    struct pair_early_packet flight[PAIR_FLIGHT];
};

/* Makes both identities; no session yet. */
void pair_init(struct pair *pair, uint64_t seed);
/* Makes the initiator; then `done` is 0 and message 1 is due. */
void pair_start(struct pair *pair);
/* Frees everything; nothing may be left over, and all blocks must have been wiped. */
void pair_end(struct pair *pair);
/* Ends both sessions, so that pair_start() may come again. */
void pair_end_sessions(struct pair *pair);

/* Who writes message `done` + 1, and who reads it (NULL for the hello). */
struct lewes_session *pair_writer(const struct pair *pair);
struct lewes_session *pair_reader(const struct pair *pair);

/* Writes what `session` has due, or has written before its turn; there must be something. */
void pair_write(struct pair *pair, struct lewes_session *session, struct pair_packet *out);
/* What `session` has due in all its states but that one: nothing. */
void pair_assert_silent(const struct pair *pair, struct lewes_session *session);

/* Delivers message `done` + 1, and counts it if it was accepted. */
enum lewes_error pair_deliver(struct pair *pair, struct pair_packet *packet,
                              struct lewes_event *event);
/* Reads a packet of any kind; `packet` is left as it was. */
enum lewes_error pair_read(const struct pair *pair, struct lewes_session *session,
                           const struct pair_packet *packet, struct lewes_event *event);
/* Writes and delivers until `messages` have been delivered. */
void pair_advance(struct pair *pair, unsigned messages);
/* A test for each kind of flights; it asks pair_is_early(state) which one it is. */
#define PAIR_TEST_BOTH_FLIGHTS(test)                                                               \
    {#test, test, NULL, NULL, NULL},                                                               \
    {                                                                                              \
        #test "_early", test, NULL, NULL, &pair_early                                              \
    }
extern bool pair_early;
bool pair_is_early(void **state);

/* pair_init, pair_start, pair_advance. */
void pair_open(struct pair *pair, unsigned messages);
/* The same with early flights or without. */
void pair_open_flights(struct pair *pair, bool early, unsigned messages);

/* Sends `len` bytes from one to the other and compares them. */
void pair_exchange(struct pair *pair, struct lewes_session *from, struct lewes_session *to,
                   size_t len);

/* A packet made by hand: `body` is already at LEWESI_BODY_OFFSET of `out`. */
void pair_make_clear(struct pair_packet *out, const struct lewesi_packet *header, size_t body_len);
void pair_make_sealed(struct pair_packet *out, const struct lewesi_packet *header, size_t body_len,
                      const struct lewesi_outer_key *key);

/* Every byte of a session and of its handshake block. */
struct pair_image {
    struct lewes_session session;
    size_t handshake_len;
    uint8_t handshake[4096];
};
void pair_image_take(struct pair_image *image, const struct lewes_session *session);
/* Is `session` as it was, but for the counts of failures and the replay window? */
bool pair_image_same(const struct pair_image *image, const struct lewes_session *session);

#endif
