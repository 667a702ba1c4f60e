/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway_rig with a data port, a client of it, and the socket of the program behind it. */
#ifndef TESTS_SUPPORT_DATA_PORT_H
#define TESTS_SUPPORT_DATA_PORT_H

#include "tests/support/gateway_client.h"

struct data_port {
    struct rig rig;
    struct client client;
    int sink; /* the operator's program */
    int out;  /* where the client's datagrams leave */
};

struct datagram {
    size_t len;
    uint8_t bytes[8192];
};

/* rig_init, with the port on and a raw sink; one of the two sinks must follow, before the start. */
void data_port_init(struct data_port *port);
void data_port_unix_sink(struct data_port *port);
void data_port_udp_sink(struct data_port *port);
/* Starts the gateway, and client 1 with its handshake. */
void data_port_start(struct data_port *port);
void data_port_dial(struct data_port *port);
void data_port_connect(struct data_port *port, uint8_t who);
void data_port_down(struct data_port *port);

int data_port_socket(int family);

/* A registration with ticket and key of this number, which must be accepted. */
void data_port_register(struct data_port *port, uint8_t number);

/* Makes the session's next packet. */
void data_port_seal(struct data_port *port, const void *payload, size_t len, struct datagram *out);
void data_port_seal_number(struct data_port *port, uint32_t number, struct datagram *out);
/* Sends it, and waits until the gateway has counted it as this. */
void data_port_send(struct data_port *port, const struct datagram *datagram,
                    enum datagram_result result);

/* What the sink has received. */
void data_port_assert_got(struct data_port *port, const void *payload, size_t len);
void data_port_assert_got_number(struct data_port *port, uint32_t number);
void data_port_assert_nothing(struct data_port *port);

#endif
