/* SPDX-License-Identifier: Apache-2.0 */
/* A client of a gateway_rig, on the same loop: an initiator's session over a socket that the test
 * also reaches by hand. */
#ifndef TESTS_SUPPORT_GATEWAY_CLIENT_H
#define TESTS_SUPPORT_GATEWAY_CLIENT_H

#include <lewes/ticket.h>

#include "tests/support/gateway_rig.h"

#define CLIENT_FRAME_CAP (LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX)

struct client_ticket {
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    uint8_t pay_info[LEWES_PAY_INFO_LEN];
};

struct client {
    struct rig *rig;
    uv_poll_t poll;
    int fd; /* -1: closed */
    bool eof, reset;
    bool tolerant; /* a reset is the end of the stream: the gateway may fail anywhere */
    struct lewes_identity *identity;
    struct lewes_session *session;
    bool subsessions, datagrams;      /* of sessions that are made from now on */
    const struct lewes_suite *suites; /* likewise; none = X25519 */
    size_t suite_count;
    struct lewes_session *parent; /* what a subsession has replaced */
    size_t split;                 /* bytes sent at a time; 0 = all */

    uint8_t in[CLIENT_FRAME_CAP];
    size_t in_len;
    uint8_t packet[LEWES_PACKET_MAX]; /* the last one that came */
    size_t packet_len;
    uint8_t payload[LEWES_PACKET_MAX]; /* the last one that came */
    size_t payload_len;
};

/* A socket that is connected to port `port` of a loopback address, in host order. */
int client_dial(const struct rig *rig, uint32_t address, uint16_t port);

/* Connects; `who` makes the identity: the same number, the same client. */
void client_open(struct client *client, struct rig *rig, uint8_t who);
/* Makes the gateway's side of the connection hold as few unread bytes as the system allows; set
 * rig.client_buffer before client_open for the other side. */
void client_narrow(struct client *client);
/* Takes what comes; client_open does, and uv_poll_stop(&client->poll) makes an end of it. */
void client_listen(struct client *client);
/* Closes the socket, if it is not closed yet, and frees everything. */
void client_close(struct client *client);
/* Closes the socket only: the client vanishes. */
void client_vanish(struct client *client);

void client_send(struct client *client, const void *bytes, size_t len);
/* Sends one packet with its prefix. */
void client_send_packet(struct client *client, const uint8_t *packet, size_t len);

/* Waits for a packet, false: for the end of the stream instead. A reset fails the test. */
bool client_receive(struct client *client);
/* Waits for the end of the stream; fails if anything comes before, or a reset. */
void client_expect_end(struct client *client);
/* The same, but a reset will do: there were bytes that the gateway never read. */
void client_expect_gone(struct client *client);
/* Waits for a clear packet of 36 bytes of this type and index. */
void client_expect_clear(struct client *client, uint32_t type, uint32_t index);

/* Makes a session and writes its hello to client->packet, without sending it. */
void client_make_hello(struct client *client);
/* Sends what the session has due. */
void client_write(struct client *client);
/* Reads a packet into the session; false if the gateway closed instead. */
bool client_read(struct client *client, enum lewes_event_kind *event);
/* The whole handshake; false if the gateway closed in between. */
bool client_try_handshake(struct client *client);
void client_handshake(struct client *client);
/* Replaces the session by a subsession, which the gateway must accept. */
void client_rekey(struct client *client);
/* The first `messages` of protocol.md 6, both directions counted, from the hello on. */
void client_advance(struct client *client, unsigned messages);

void client_send_payload(struct client *client, const uint8_t *payload, size_t len);
/* Waits for a payload; false if the gateway closed instead. */
bool client_receive_payload(struct client *client);

/* ---- registrations ---- */

struct lewes_wg_public client_wg_key(uint8_t who);
/* A mock ticket for the rig's gateway; the same number, the same ticket. */
void client_ticket(struct client_ticket *ticket, struct rig *rig, uint8_t number);
/* A good request; its payment points into `ticket`. */
struct lewes_request client_request(struct rig *rig, uint8_t wg_who,
                                    const struct client_ticket *ticket);
void client_send_request(struct client *client, const struct lewes_request *request);
/* Waits for the answer and decodes it; its text points into client->payload. False if the gateway
 * closed instead. */
bool client_answer(struct client *client, struct lewes_answer *answer);
/* Both; the gateway must not close. */
struct lewes_answer client_register(struct client *client, const struct lewes_request *request);

void assert_refused(const struct lewes_answer *answer, enum lewes_refusal refusal);
void assert_dvpn(const struct lewes_answer *answer, int64_t bandwidth);

#endif
