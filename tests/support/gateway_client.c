/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/gateway_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/bytes.h"

/* The client's own memory and randomness, so that the gateway's can be watched apart. */

static void *allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void release(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static int draw(void *user, uint8_t *out, size_t len)
{
    static uint64_t state = 1;
    (void)user;
    for (size_t i = 0; i < len; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(state >> 56);
    }
    return 0;
}

static const struct lewes_env client_env = {
    .allocate = allocate, .release = release, .random = draw};

/* ---- the socket ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct client *client = poll->data;
    (void)events;
    ssize_t n = recv(client->fd, client->in + client->in_len, sizeof client->in - client->in_len,
                     MSG_DONTWAIT);
    if (n > 0)
        client->in_len += (size_t)n;
    else if (n == 0)
        client->eof = true;
    else if (errno != EAGAIN || status < 0)
        client->reset = true;
    if (client->eof || client->reset)
        uv_poll_stop(poll);
}

static struct lewes_identity *identity_of(uint8_t who)
{
    struct lewes_identity *identity = NULL;
    struct lewes_ed25519_seed seed;
    memset(seed.bytes, who, sizeof seed.bytes);
    seed.bytes[0] = 'c';
    assert_int_equal(lewes_identity_new(&identity, &client_env, &seed), LEWES_OK);
    return identity;
}

int client_dial(const struct rig *rig, uint32_t address, uint16_t port)
{
    const int yes = 1;
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        fail_msg("no socket");
    if (rig->client_buffer > 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rig->client_buffer, sizeof rig->client_buffer);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
        fail_msg("no connection");
    return fd;
}

void client_open(struct client *client, struct rig *rig, uint8_t who)
{
    memset(client, 0, sizeof *client);
    client->rig = rig;
    client->identity = identity_of(who);
    client->fd = client_dial(rig, INADDR_LOOPBACK, rig->port);
    assert_int_equal(uv_poll_init(&rig->loop, &client->poll, client->fd), 0);
    client->poll.data = client;
    client_listen(client);
}

void client_listen(struct client *client)
{
    assert_int_equal(uv_poll_start(&client->poll, UV_READABLE, on_poll), 0);
}

void client_narrow(struct client *client)
{
    const int least = 1;
    struct sockaddr_in mine, peer;
    socklen_t len = sizeof mine;
    assert_int_equal(getsockname(client->fd, (struct sockaddr *)&mine, &len), 0);
    for (int fd = 0; fd < 256; fd++) {
        len = sizeof peer;
        memset(&peer, 0, sizeof peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sin_family == AF_INET &&
            peer.sin_port == mine.sin_port) {
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
            return;
        }
    }
    fail_msg("the gateway has no socket for this client");
}

static void handle_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    client->rig = NULL;
}

void client_vanish(struct client *client)
{
    struct rig *rig = client->rig;
    if (client->fd < 0)
        return;
    uv_close((uv_handle_t *)&client->poll, handle_closed);
    close(client->fd);
    client->fd = -1;
    while (client->rig != NULL)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    client->rig = rig;
}

void client_close(struct client *client)
{
    client_vanish(client);
    lewes_session_free(client->session);
    lewes_session_free(client->parent);
    lewes_identity_free(client->identity);
    client->session = NULL;
    client->parent = NULL;
    client->identity = NULL;
}

void client_send(struct client *client, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        size_t piece = client->split > 0 && client->split < len ? client->split : len;
        ssize_t n = send(client->fd, at, piece, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            return; /* the gateway has closed: what follows will tell */
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
        if (client->split > 0 || n < 0)
            uv_run(&client->rig->loop, UV_RUN_NOWAIT);
    }
}

void client_send_packet(struct client *client, const uint8_t *packet, size_t len)
{
    uint8_t frame[CLIENT_FRAME_CAP];
    lewes_frame_prefix(frame, len);
    memcpy(frame + LEWES_FRAME_PREFIX_LEN, packet, len);
    client_send(client, frame, LEWES_FRAME_PREFIX_LEN + len);
}

static bool has_frame(void *user)
{
    const struct client *client = user;
    size_t len;
    if (client->eof || client->reset)
        return true;
    return client->in_len >= LEWES_FRAME_PREFIX_LEN &&
           lewes_frame_length(client->in, LEWES_PACKET_MAX, &len) == LEWES_OK &&
           client->in_len >= LEWES_FRAME_PREFIX_LEN + len;
}

bool client_receive(struct client *client)
{
    rig_wait(client->rig, has_frame, client);
    assert_true(client->tolerant || !client->reset);
    if (client->in_len == 0)
        return false;
    size_t len;
    assert_int_equal(lewes_frame_length(client->in, LEWES_PACKET_MAX, &len), LEWES_OK);
    size_t frame = LEWES_FRAME_PREFIX_LEN + len;
    assert_true(client->in_len >= frame);
    memcpy(client->packet, client->in + LEWES_FRAME_PREFIX_LEN, len);
    client->packet_len = len;
    memmove(client->in, client->in + frame, client->in_len - frame);
    client->in_len -= frame;
    return true;
}

static bool is_over(void *user)
{
    const struct client *client = user;
    return client->eof || client->reset;
}

void client_expect_gone(struct client *client)
{
    rig_wait(client->rig, is_over, client);
    assert_int_equal(client->in_len, 0);
}

void client_expect_end(struct client *client)
{
    client_expect_gone(client);
    assert_false(client->reset);
}

void client_expect_clear(struct client *client, uint32_t type, uint32_t index)
{
    static const uint8_t zeros[16];
    assert_true(client_receive(client));
    assert_int_equal(client->packet_len, 36);
    assert_int_equal(lewesi_load32le(client->packet), index);
    assert_memory_equal(client->packet + 4, zeros, 8);
    assert_int_equal(lewesi_load32le(client->packet + 12), 1);
    assert_int_equal(lewesi_load32le(client->packet + 16), type);
    assert_memory_equal(client->packet + 20, zeros, 16);
}

/* ---- the session ---- */

static lewes_time now_of(const struct client *client)
{
    return uv_now(&client->rig->loop);
}

void client_make_hello(struct client *client)
{
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = client->identity,
        .unix_ms = atomic_load(&client->rig->unix_ms),
        .handshake_ms = 60000,
        .peer = lewes_identity_public(client->rig->identity),
        .suites = client->suites,
        .suite_count = client->suite_count,
        .subsessions = client->subsessions,
        .datagrams = client->datagrams,
    };
    lewes_session_free(client->session);
    client->session = NULL;
    assert_int_equal(lewes_session_new(&client->session, &client_env, &config, now_of(client)),
                     LEWES_OK);
    assert_int_equal(lewes_session_write(client->session, client->packet, sizeof client->packet,
                                         &client->packet_len, now_of(client)),
                     LEWES_OK);
    assert_int_equal(client->packet_len, LEWES_HELLO_PACKET_LEN);
}

void client_write(struct client *client)
{
    uint8_t packet[LEWES_PACKET_MAX];
    size_t len;
    assert_int_equal(
        lewes_session_write(client->session, packet, sizeof packet, &len, now_of(client)),
        LEWES_OK);
    assert_true(len > 0);
    client_send_packet(client, packet, len);
}

bool client_read(struct client *client, enum lewes_event_kind *kind)
{
    struct lewes_event event;
    if (!client_receive(client))
        return false;
    assert_int_equal(lewes_session_read(client->session, client->packet, client->packet_len,
                                        now_of(client), &event),
                     LEWES_OK);
    *kind = event.kind;
    if (event.kind == LEWES_EVENT_PAYLOAD) {
        memcpy(client->payload, event.payload, event.len);
        client->payload_len = event.len;
    }
    return true;
}

bool client_try_handshake(struct client *client)
{
    enum lewes_event_kind kind = LEWES_EVENT_NONE;
    client_make_hello(client);
    client_send_packet(client, client->packet, client->packet_len);
    while (kind != LEWES_EVENT_ESTABLISHED) {
        if (!client_read(client, &kind))
            return false;
        if (kind != LEWES_EVENT_ESTABLISHED)
            client_write(client);
    }
    return true;
}

void client_handshake(struct client *client)
{
    assert_true(client_try_handshake(client));
}

void client_rekey(struct client *client)
{
    struct lewes_event event;

    assert_null(client->parent);
    assert_int_equal(lewes_session_rekey(client->session, now_of(client)), LEWES_OK);
    client_write(client);
    assert_true(client_receive(client));
    assert_int_equal(lewes_session_read(client->session, client->packet, client->packet_len,
                                        now_of(client), &event),
                     LEWES_OK);
    assert_int_equal(event.kind, LEWES_EVENT_SUBSESSION);
    client_write(client); /* Ready */
    client->parent = client->session;
    client->session = event.subsession;
}

void client_advance(struct client *client, unsigned messages)
{
    enum lewes_event_kind kind;
    client_make_hello(client);
    client_send_packet(client, client->packet, client->packet_len);
    for (unsigned done = 1; done < messages; done++)
        if (done % 2 == 1)
            assert_true(client_read(client, &kind));
        else
            client_write(client);
}

void client_send_payload(struct client *client, const uint8_t *payload, size_t len)
{
    assert_int_equal(lewes_session_send(client->session, payload, len, now_of(client)), LEWES_OK);
    client_write(client);
}

bool client_receive_payload(struct client *client)
{
    enum lewes_event_kind kind;
    if (!client_read(client, &kind))
        return false;
    assert_int_equal(kind, LEWES_EVENT_PAYLOAD);
    return true;
}

/* ---- registrations ---- */

struct lewes_wg_public client_wg_key(uint8_t who)
{
    struct lewes_wg_private private_key;
    struct lewes_wg_public key;
    memset(private_key.bytes, who, sizeof private_key.bytes);
    private_key.bytes[1] = 'w';
    lewes_wg_public(&key, &private_key);
    return key;
}

void client_ticket(struct client_ticket *ticket, struct rig *rig, uint8_t number)
{
    struct lewes_pay_info info = {
        .unix_seconds = (int64_t)(atomic_load(&rig->unix_ms) / 1000),
        .gateway = *lewes_identity_public(rig->identity),
    };
    memset(info.random, number, sizeof info.random);
    lewes_payment_mock(ticket->payment, LEWES_TICKET_WG_ENTRY);
    lewes_pay_info_encode(ticket->pay_info, &info);
}

struct lewes_request client_request(struct rig *rig, uint8_t wg_who,
                                    const struct client_ticket *ticket)
{
    uint64_t seconds = atomic_load(&rig->unix_ms) / 1000;
    struct lewes_request request = {
        .wg_key = client_wg_key(wg_who),
        .credential = {.payment = ticket->payment,
                       .payment_len = sizeof ticket->payment,
                       .spend_date = lewes_date_of(seconds),
                       .epoch = 1},
        .ticket_type = LEWES_TICKET_WG_ENTRY,
        .mode = LEWES_MODE_DVPN,
        .client_ip = {4, {192, 0, 2, 1}},
        .timestamp = seconds,
    };
    memcpy(request.credential.pay_info, ticket->pay_info, sizeof ticket->pay_info);
    return request;
}

void client_send_request(struct client *client, const struct lewes_request *request)
{
    uint8_t bytes[LEWES_REQUEST_MAX];
    size_t len;
    assert_int_equal(lewes_request_encode(request, bytes, sizeof bytes, &len), LEWES_OK);
    client_send_payload(client, bytes, len);
}

bool client_answer(struct client *client, struct lewes_answer *answer)
{
    if (!client_receive_payload(client))
        return false;
    assert_int_equal(lewes_answer_decode(answer, client->payload, client->payload_len, NULL),
                     LEWES_OK);
    return true;
}

struct lewes_answer client_register(struct client *client, const struct lewes_request *request)
{
    struct lewes_answer answer;
    client_send_request(client, request);
    assert_true(client_answer(client, &answer));
    return answer;
}

void assert_refused(const struct lewes_answer *answer, enum lewes_refusal refusal)
{
    const char *text = lewes_refusal_text(refusal);
    assert_int_equal(answer->kind, LEWES_ANSWER_REFUSED);
    assert_int_equal(answer->as.refused.len, strlen(text));
    assert_memory_equal(answer->as.refused.text, text, answer->as.refused.len);
}

void assert_dvpn(const struct lewes_answer *answer, int64_t bandwidth)
{
    if (answer->kind == LEWES_ANSWER_REFUSED)
        fail_msg("refused: %.*s", (int)answer->as.refused.len, answer->as.refused.text);
    assert_int_equal(answer->kind, LEWES_ANSWER_DVPN);
    assert_int_equal(answer->bandwidth, bandwidth);
}
