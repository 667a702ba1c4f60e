/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exit that does what a test tells it, on the loop of a gateway_rig: a socket that takes
 * connections and packets and answers by hand; and the directory that names it.
 */
#ifndef TESTS_SUPPORT_RIG_EXIT_H
#define TESTS_SUPPORT_RIG_EXIT_H

#include "tests/support/gateway_client.h"

#define RIG_EXIT_FILLERS 4

struct rig_exit {
    struct rig *rig;
    struct lewes_ed25519_public identity;
    struct lewes_endpoint at;
    int listener;
    int fd;                        /* the last connection that came, -1: none or closed */
    unsigned accepted;             /* connections so far */
    bool ended;                    /* the gateway has closed the last connection */
    int fillers[RIG_EXIT_FILLERS]; /* connections that fill the backlog; -1: none */
    uint8_t in[CLIENT_FRAME_CAP];
    size_t in_len;
    uint8_t packet[LEWES_PACKET_MAX]; /* the last one that came */
    size_t packet_len;
};

/* Listens on 127.0.0.1; `who` makes the identity. */
void rig_exit_open(struct rig_exit *exit, struct rig *rig, uint8_t who);
void rig_exit_close(struct rig_exit *exit);

/* Writes a directory of `count` exits and makes it the rig's; between rig_init and rig_start. */
void rig_exit_directory(struct rig *rig, const struct rig_exit *exits, size_t count);
/* The same for one node, whatever it is. */
void rig_directory(struct rig *rig, const struct lewes_ed25519_public *identity,
                   const struct lewes_endpoint *at);

/* From now on connections stay without any reply of the system's. */
void rig_exit_fill(struct rig_exit *exit);
/* Connections that come from now on hold as few unread bytes as the system allows. */
void rig_exit_narrow(struct rig_exit *exit);

/* Takes what has come to its sockets, without waiting. */
void rig_exit_look(struct rig_exit *exit);

/* Waits for a packet. */
void rig_exit_receive(struct rig_exit *exit);
/* Waits until the gateway has closed the connection. */
void rig_exit_expect_end(struct rig_exit *exit);
/* Reads until the gateway has closed the connection; returns how many bytes came. */
size_t rig_exit_drain(struct rig_exit *exit);
/* Runs the loop until `accepted` connections have come. */
void rig_exit_wait_accepted(struct rig_exit *exit, unsigned accepted);

/* Asserts that no connection has come, nor waits in the backlog. */
void rig_exit_expect_nobody(const struct rig_exit *exit);

void rig_exit_send(struct rig_exit *exit, const void *bytes, size_t len);
/* Sends one packet with its prefix. */
void rig_exit_answer(struct rig_exit *exit, const uint8_t *packet, size_t len);
/* Closes the connection, with a reset or without. */
void rig_exit_hang_up(struct rig_exit *exit, bool reset);

/* A client asks for a packet to be forwarded to the exit. */
void client_send_forward(struct client *client, const struct rig_exit *exit, const uint8_t *packet,
                         size_t len);
/* Waits for the notice `notice` about a packet whose first four bytes are `index`. */
void client_expect_notice(struct client *client, enum forward_notice notice, uint32_t index);
/* Waits for the answer to a forward and compares it. */
void client_expect_forwarded(struct client *client, const uint8_t *packet, size_t len);

#endif
