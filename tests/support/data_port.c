/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/data_port.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/bytes.h"

int data_port_socket(int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        abort();
    return fd;
}

void data_port_unix_sink(struct data_port *port)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/sink", port->rig.directory);
    (void)snprintf(port->rig.settings.data.sink, sizeof port->rig.settings.data.sink, "unix:%s",
                   at.sun_path);
    port->sink = data_port_socket(AF_UNIX);
    assert_int_equal(bind(port->sink, (struct sockaddr *)&at, sizeof at), 0);
}

void data_port_udp_sink(struct data_port *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    port->sink = data_port_socket(AF_INET);
    assert_int_equal(bind(port->sink, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(port->sink, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(port->rig.settings.data.sink, sizeof port->rig.settings.data.sink,
                   "udp:127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
}

void data_port_dial(struct data_port *port)
{
    const struct lewes_endpoint at = datagrams_address(gateway_datagrams(port->rig.gateway));
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(at.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    port->out = data_port_socket(AF_INET);
    assert_int_equal(connect(port->out, (const struct sockaddr *)&to, sizeof to), 0);
}

void data_port_connect(struct data_port *port, uint8_t who)
{
    client_open(&port->client, &port->rig, who);
    port->client.subsessions = true;
    client_handshake(&port->client);
}

void data_port_register(struct data_port *port, uint8_t number)
{
    struct client_ticket ticket;

    client_ticket(&ticket, &port->rig, number);
    const struct lewes_request request = client_request(&port->rig, number, &ticket);
    const struct lewes_answer answer = client_register(&port->client, &request);
    assert_dvpn(&answer, 500000000);
}

void data_port_seal(struct data_port *port, const void *payload, size_t len, struct datagram *out)
{
    assert_int_equal(lewes_session_send(port->client.session, payload, len, 0), LEWES_OK);
    assert_int_equal(
        lewes_session_write(port->client.session, out->bytes, sizeof out->bytes, &out->len, 0),
        LEWES_OK);
}

void data_port_seal_number(struct data_port *port, uint32_t number, struct datagram *out)
{
    uint8_t payload[4];

    lewesi_store32be(payload, number);
    data_port_seal(port, payload, sizeof payload, out);
}

struct awaited {
    struct data_port *port;
    enum datagram_result result;
    uint64_t times;
};

static bool is_counted(void *user)
{
    const struct awaited *awaited = user;
    return rig_count(&awaited->port->rig).datagrams[awaited->result] >= awaited->times;
}

void data_port_send(struct data_port *port, const struct datagram *datagram,
                    enum datagram_result result)
{
    struct awaited awaited = {
        .port = port, .result = result, .times = rig_count(&port->rig).datagrams[result] + 1};

    assert_int_equal(send(port->out, datagram->bytes, datagram->len, 0), datagram->len);
    rig_wait(&port->rig, is_counted, &awaited);
    assert_int_equal(rig_count(&port->rig).datagrams[result], awaited.times);
}

void data_port_assert_got(struct data_port *port, const void *payload, size_t len)
{
    static uint8_t got[8192];

    assert_int_equal(recv(port->sink, got, sizeof got, MSG_DONTWAIT), len);
    assert_memory_equal(got, payload, len);
}

void data_port_assert_got_number(struct data_port *port, uint32_t number)
{
    uint8_t payload[4];

    lewesi_store32be(payload, number);
    data_port_assert_got(port, payload, sizeof payload);
}

void data_port_assert_nothing(struct data_port *port)
{
    uint8_t byte;
    assert_int_equal(recv(port->sink, &byte, 1, MSG_DONTWAIT), -1);
}

void data_port_init(struct data_port *port)
{
    rig_init(&port->rig);
    port->rig.settings.data.enabled = true;
    port->rig.settings.data.sink_format = SETTINGS_SINK_RAW;
}

void data_port_start(struct data_port *port)
{
    rig_start(&port->rig);
    data_port_dial(port);
    data_port_connect(port, 1);
}

void data_port_down(struct data_port *port)
{
    client_close(&port->client);
    close(port->out);
    close(port->sink);
    rig_down(&port->rig);
}
