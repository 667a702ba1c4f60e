/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/virtual_net.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/channel.h"

#define ENTRY_ADDRESS {192, 0, 2, 1}
#define EXIT_ADDRESS {198, 51, 100, 7}

/* ---- a gateway and one of its connections ---- */

static void end_peer(struct vnet_peer *peer)
{
    lewes_session_free(peer->session);
    peer->session = NULL;
    peer->ended = true;
}

static void begin_peer(struct vnet_peer *peer, struct vnet_gateway *gateway)
{
    lewes_session_free(peer->session);
    *peer = (struct vnet_peer){.gateway = gateway};
    gateway->connections++;
}

/* Returns the length of the packet in `out`, or 0 if the session is to speak or the peer ended. */
static size_t take_hello(struct vnet *net, struct vnet_peer *peer, uint8_t *packet, size_t len,
                         uint8_t *out)
{
    struct vnet_gateway *gateway = peer->gateway;
    struct lewes_hello hello;
    struct lewes_env env;
    uint64_t unix_ms = VNET_UNIX_MS + net->now;
    if (lewes_hello_check(&hello, packet, len, unix_ms / 1000, LEWES_CLOCK_TOLERANCE)) {
        end_peer(peer);
        return 0;
    }
    gateway->hellos++;
    if (gateway->busy > 0) {
        gateway->busy--;
        lewes_hello_answer(out, LEWES_ANSWER_BUSY, hello.receiver_index);
        peer->ended = true;
        return LEWES_PACKET_MIN;
    }
    if (gateway->collisions > 0) {
        gateway->collisions--;
        lewes_hello_answer(out, LEWES_ANSWER_COLLISION, hello.receiver_index);
        return LEWES_PACKET_MIN;
    }
    lewes_env_system(&env);
    const struct lewes_session_config config = {
        .role = LEWES_RESPONDER, .identity = gateway->keys, .unix_ms = unix_ms, .hello = &hello};
    assert_int_equal(lewes_session_new(&peer->session, &env, &config, net->now), LEWES_OK);
    return 0;
}

/* Writes the plaintext of the answer; 0: none. */
static size_t register_key(struct vnet *net, struct vnet_peer *peer, const uint8_t *plaintext,
                           size_t len, uint8_t *out)
{
    struct vnet_gateway *gateway = peer->gateway;
    struct lewes_answer refusal = {.kind = LEWES_ANSWER_REFUSED};
    const struct lewes_answer *answer = &gateway->answer;
    unsigned plan = gateway->plan[gateway->requests];
    uint8_t *container = gateway->containers[gateway->requests++];
    size_t answer_len = 0;
    assert_true(gateway->requests < VNET_LOG);
    if (lewes_request_decode(&gateway->last, plaintext, len, NULL) != LEWES_OK)
        fail_msg("a registration that cannot be decoded");
    const struct lewes_credential *credential = &gateway->last.credential;
    memcpy(container, credential->payment, credential->payment_len);
    memcpy(container + LEWES_PAYMENT_BOUND_LEN, credential->pay_info, LEWES_PAY_INFO_LEN);
    gateway->last.credential.payment = NULL;
    net->tickets[net->ticket_count].flight = net->flight_at;
    net->tickets[net->ticket_count].sent = net->last_frame;
    net->tickets[net->ticket_count++].received = net->received_at_frame;
    switch (plan) {
    case VNET_VANISH:
        end_peer(peer);
        return 0;
    case VNET_SILENCE:
        peer->silent = true;
        return 0;
    case VNET_NONSENSE:
        memset(out, 0x5a, 40);
        return 40;
    case VNET_ACCEPT:
        break;
    default:
        refusal.as.refused.text = lewes_refusal_text((enum lewes_refusal)(plan - VNET_REFUSE));
        refusal.as.refused.len = strlen(refusal.as.refused.text);
        answer = &refusal;
    }
    if (answer == &gateway->answer && gateway->raw_answer) {
        memcpy(out, gateway->raw_answer, gateway->raw_answer_len);
        return gateway->raw_answer_len;
    }
    assert_int_equal(lewes_answer_encode(answer, out, LEWES_ANSWER_MAX, &answer_len), LEWES_OK);
    return answer_len;
}

/* One packet in, at most one out. */
struct exchange {
    uint8_t *packet;
    size_t len;
    uint8_t *out;
    size_t written;
    struct lewes_event event;
};

/* False: what is written, perhaps nothing, is all that comes of the packet. */
static bool begin_exchange(struct vnet *net, struct vnet_peer *peer, struct exchange *x)
{
    if (peer->gateway->ends > 0) {
        peer->gateway->ends--;
        end_peer(peer);
    }
    if (peer->ended || peer->silent)
        return false;
    if (!peer->session) {
        x->written = take_hello(net, peer, x->packet, x->len, x->out);
        return x->written == 0 && !peer->ended;
    }
    if (lewes_session_read(peer->session, x->packet, x->len, net->now, &x->event) == LEWES_OK)
        return true;
    end_peer(peer);
    return false;
}

/* With a plaintext of some length as answer to a payload. */
static size_t end_exchange(struct vnet *net, struct vnet_peer *peer, struct exchange *x,
                           const uint8_t *plaintext, size_t len)
{
    if (len > 0)
        assert_int_equal(lewes_session_send(peer->session, plaintext, len, net->now), LEWES_OK);
    assert_int_equal(lewes_session_write(peer->session, x->out, VNET_BUFFER, &x->written, net->now),
                     LEWES_OK);
    return x->written;
}

static size_t take_at_exit(struct vnet *net, uint8_t *packet, size_t len, uint8_t *out)
{
    struct exchange x = {.packet = packet, .len = len, .out = out};
    uint8_t plaintext[LEWES_ANSWER_MAX];
    size_t plaintext_len = 0;
    if (!begin_exchange(net, &net->stream, &x))
        return x.written;
    if (x.event.kind == LEWES_EVENT_PAYLOAD) {
        plaintext_len = register_key(net, &net->stream, x.event.payload, x.event.len, plaintext);
        if (plaintext_len == 0)
            return 0;
    }
    return end_exchange(net, &net->stream, &x, plaintext, plaintext_len);
}

/* ---- the entry forwards ---- */

static size_t write_notice(struct vnet *net, const struct lewes_forward *forward, unsigned reason,
                           uint8_t *out)
{
    if (net->closes) {
        net->connection.ended = true;
        return 0;
    }
    memset(out, 0, LEWES_PACKET_MIN);
    memcpy(out, forward->packet, 4);
    out[4] = (uint8_t)reason;
    out[12] = 1;
    return LEWES_PACKET_MIN;
}

static size_t take_forward(struct vnet *net, const uint8_t *plaintext, size_t len, uint8_t *out)
{
    struct lewes_forward forward;
    uint8_t packet[LEWES_FORWARD_INNER_MAX];
    assert_int_equal(lewes_forward_decode(&forward, plaintext, len, NULL), LEWES_OK);
    assert_memory_equal(&forward.target, &net->exit.identity, sizeof forward.target);
    assert_int_equal(forward.address.ip.family, 4);
    if (!net->exit_at_entry)
        assert_memory_equal(forward.address.ip.bytes, ((uint8_t[])EXIT_ADDRESS), 4);
    assert_int_equal(forward.address.port, net->exit.port);
    assert_true(net->forwards < VNET_LOG);
    unsigned reason = net->notice[net->forwards++];
    if (reason) {
        end_peer(&net->stream);
        return write_notice(net, &forward, reason, out);
    }
    if (!net->stream.gateway || net->stream.ended)
        begin_peer(&net->stream, &net->exit);
    memcpy(packet, forward.packet, forward.packet_len);
    size_t answer = take_at_exit(net, packet, forward.packet_len, out);
    if (answer == 0 && net->stream.silent) /* an entry gives up as soon as the client does */
        return 0;
    return answer ? answer : write_notice(net, &forward, 5, out);
}

static size_t take_at_entry(struct vnet *net, uint8_t *packet, size_t len, uint8_t *out)
{
    struct exchange x = {.packet = packet, .len = len, .out = out};
    uint8_t plaintext[VNET_BUFFER];
    size_t plaintext_len = 0;
    if (!begin_exchange(net, &net->connection, &x))
        return x.written;
    const struct lewes_event *event = &x.event;
    if (event->kind == LEWES_EVENT_PAYLOAD) {
        bool forward = lewes_payload_kind(event->payload, event->len) == LEWES_PAYLOAD_FORWARD;
        plaintext_len =
            forward ? take_forward(net, event->payload, event->len, plaintext)
                    : register_key(net, &net->connection, event->payload, event->len, plaintext);
        if (plaintext_len == 0)
            return 0;
    }
    return end_exchange(net, &net->connection, &x, plaintext, plaintext_len);
}

/* ---- the client's connection ---- */

static void put_frame(struct vnet *net, const uint8_t *packet, size_t len)
{
    assert_true(net->to_client_len + LEWES_FRAME_PREFIX_LEN + len <= sizeof net->to_client);
    lewes_frame_prefix(net->to_client + net->to_client_len, len);
    memcpy(net->to_client + net->to_client_len + LEWES_FRAME_PREFIX_LEN, packet, len);
    net->to_client_len += LEWES_FRAME_PREFIX_LEN + len;
}

static void answer_frame(struct vnet *net, uint8_t *packet, size_t len)
{
    uint8_t out[VNET_BUFFER];
    unsigned forwards = net->forwards;
    size_t answer = take_at_entry(net, packet, len, out);
    if (answer && net->late && net->forwards == net->late && forwards != net->forwards) {
        memcpy(net->held, out, answer);
        net->held_len = answer;
        return;
    }
    if (answer && net->held_len) {
        put_frame(net, net->held, net->held_len);
        net->held_len = 0;
    }
    if (answer)
        put_frame(net, out, answer);
}

/* Takes every whole frame that has come. */
static void serve(struct vnet *net)
{
    size_t len = 0, done = 0;
    while (!net->connection.ended && net->to_entry_len - done >= LEWES_FRAME_PREFIX_LEN) {
        uint8_t *frame = net->to_entry + done;
        if (lewes_frame_length(frame, VNET_BUFFER - LEWES_FRAME_PREFIX_LEN, &len)) {
            end_peer(&net->connection);
            break;
        }
        if (net->to_entry_len - done < LEWES_FRAME_PREFIX_LEN + len)
            break;
        net->last_frame = net->sent - (net->to_entry_len - done);
        answer_frame(net, frame + LEWES_FRAME_PREFIX_LEN, len);
        done += LEWES_FRAME_PREFIX_LEN + len;
    }
    net->to_entry_len -= done;
    memmove(net->to_entry, net->to_entry + done, net->to_entry_len);
}

/* ---- the world ---- */

static lewes_time vnet_now(void *user)
{
    return ((struct vnet *)user)->now;
}

static uint64_t vnet_unix_ms(void *user)
{
    return VNET_UNIX_MS + ((struct vnet *)user)->now;
}

static enum channel_status vnet_wait(void *user, struct channel *channel, short events,
                                     lewes_time deadline);

static enum channel_status vnet_connect(void *user, struct channel *channel, const char *host,
                                        uint16_t port, lewes_time deadline)
{
    struct vnet *net = user;
    net->sent = net->received = net->received_at_frame = 0;
    enum channel_status status = vnet_wait(user, channel, POLLOUT, deadline);
    net->connects++;
    assert_string_equal(host, net->entry.host); /* and never the exit (registration.md 8) */
    assert_int_equal(port, net->entry.port);
    assert_int_equal(channel->fd, -1);
    if (status != CHANNEL_OK)
        return status;
    if (net->unreachable > 0) {
        net->unreachable--;
        channel->os_error = ECONNREFUSED;
        return CHANNEL_FAILED;
    }
    channel->fd = 1000 + (int)net->connects;
    channel->peer = (struct lewes_endpoint){.ip = {4, ENTRY_ADDRESS}, .port = port};
    net->to_entry_len = net->to_client_len = net->to_client_read = net->held_len = 0;
    begin_peer(&net->connection, &net->entry);
    end_peer(&net->stream);
    return CHANNEL_OK;
}

static bool outbound_fault(const struct vnet *net)
{
    return net->fault && !net->fault_inbound && net->sent >= net->fault_at;
}

static bool inbound_fault(const struct vnet *net)
{
    return net->fault && net->fault_inbound && net->received >= net->fault_at;
}

static ssize_t vnet_send(void *user, int fd, const uint8_t *data, size_t len)
{
    struct vnet *net = user;
    size_t part = len;
    assert_int_equal(fd, 1000 + (int)net->connects);
    if (outbound_fault(net) && net->fault != VNET_GARBAGE) {
        errno = net->fault == VNET_RESET ? ECONNRESET : EPIPE;
        return -1;
    }
    if (net->connection.ended) { /* its reset has come back by the next write */
        errno = EPIPE;
        return -1;
    }
    if (net->fault && !net->fault_inbound && net->sent < net->fault_at &&
        net->fault_at - net->sent < len)
        part = net->fault_at - net->sent;
    assert_true(net->to_entry_len + part <= sizeof net->to_entry);
    memcpy(net->to_entry + net->to_entry_len, data, part);
    if (outbound_fault(net) && net->sent == net->fault_at)
        net->to_entry[net->to_entry_len] ^= 0xff;
    net->flight_at = net->sent;
    net->to_entry_len += part;
    net->sent += part;
    if (net->sent > net->sent_most)
        net->sent_most = net->sent;
    net->received_at_frame = net->received;
    serve(net);
    return (ssize_t)part;
}

/* Bytes that the client may take now. */
static size_t readable(const struct vnet *net)
{
    size_t n = net->to_client_len - net->to_client_read;
    bool cut = net->fault && net->fault_inbound && net->fault != VNET_GARBAGE;
    if (cut && n > net->fault_at - net->received)
        n = net->fault_at - net->received;
    return n;
}

static ssize_t vnet_receive(void *user, int fd, uint8_t *out, size_t cap)
{
    struct vnet *net = user;
    size_t n = readable(net);
    assert_int_equal(fd, 1000 + (int)net->connects);
    if (n == 0 && inbound_fault(net) && net->fault == VNET_RESET) {
        errno = ECONNRESET;
        return -1;
    }
    if (n == 0)
        return 0;
    if (n > cap)
        n = cap;
    if (net->split && n > net->split)
        n = net->split;
    memcpy(out, net->to_client + net->to_client_read, n);
    if (net->fault == VNET_GARBAGE && net->fault_inbound && net->fault_at >= net->received &&
        net->fault_at - net->received < n)
        out[net->fault_at - net->received] ^= 0xff;
    net->to_client_read += n;
    net->received += n;
    return (ssize_t)n;
}

static bool is_ready(const struct vnet *net, short events, bool connected)
{
    bool stalled = net->fault == VNET_STALL && (inbound_fault(net) || outbound_fault(net));
    if (events == 0)
        return false;
    if (events & POLLOUT)
        return !(net->fault == VNET_STALL && outbound_fault(net) && connected);
    if (readable(net) > 0)
        return true;
    if (stalled)
        return false;
    return inbound_fault(net) ? net->fault != VNET_GARBAGE : net->connection.ended;
}

static enum channel_status vnet_wait(void *user, struct channel *channel, short events,
                                     lewes_time deadline)
{
    struct vnet *net = user;
    net->waits++;
    if (events & POLLOUT)
        net->waits_for_room++;
    if (net->waits == net->kill_at)
        _exit(0);
    if (net->waits == net->cancel_at)
        return CHANNEL_CANCELLED;
    if (is_ready(net, events, channel->fd >= 0))
        return CHANNEL_OK;
    assert_true(deadline != LEWES_NEVER); /* it would hang */
    if (events == 0) {
        assert_true(net->pauses < VNET_LOG);
        net->pause_ms[net->pauses++] = deadline - net->now;
    }
    if (deadline > net->now)
        net->now = deadline;
    return CHANNEL_TIMEOUT;
}

static void vnet_close(void *user, int fd)
{
    struct vnet *net = user;
    assert_int_equal(fd, 1000 + (int)net->connects);
    end_peer(&net->connection);
    end_peer(&net->stream);
}

/* ---- set-up ---- */

static void make_gateway(struct vnet_gateway *gateway, uint8_t who, const char *host)
{
    const struct lewes_ed25519_seed seed = {{who}};
    const struct lewes_wg_private key = {{8, who}};
    struct lewes_env env;
    lewes_env_system(&env);
    gateway->host = host;
    gateway->port = LEWES_CONTROL_PORT;
    assert_int_equal(lewes_identity_new(&gateway->keys, &env, &seed), LEWES_OK);
    gateway->identity = *lewes_identity_public(gateway->keys);
    gateway->answer = (struct lewes_answer){
        .kind = LEWES_ANSWER_DVPN,
        .as.dvpn = {.endpoint = {.ip = {.family = 4}, .port = 51822},
                    .ipv4 = {10, who, 0, 42},
                    .ipv6 = {0xfc, who, [15] = 0x2a}},
        .bandwidth = 500000000,
    };
    lewes_wg_public(&gateway->answer.as.dvpn.gateway_key, &key);
}

void vnet_init(struct vnet *net)
{
    memset(net, 0, sizeof *net);
    net->now = 1000;
    net->world = (struct world){
        .user = net,
        .now = vnet_now,
        .unix_ms = vnet_unix_ms,
        .connect = vnet_connect,
        .send = vnet_send,
        .receive = vnet_receive,
        .wait = vnet_wait,
        .close = vnet_close,
    };
    make_gateway(&net->entry, 0x21, "entry.example");
    make_gateway(&net->exit, 0x22, "198.51.100.7");
}

void vnet_free(struct vnet *net)
{
    end_peer(&net->connection);
    end_peer(&net->stream);
    lewes_identity_free(net->entry.keys);
    lewes_identity_free(net->exit.keys);
}

void vnet_orphan(struct vnet *net)
{
    net->connection.session = net->stream.session = NULL;
    net->kill_at = 0;
}

static void forget(struct vnet_gateway *gateway)
{
    gateway->connections = gateway->hellos = gateway->requests = 0;
}

void vnet_reset(struct vnet *net)
{
    end_peer(&net->connection);
    end_peer(&net->stream);
    forget(&net->entry);
    forget(&net->exit);
    net->connects = net->waits = net->waits_for_room = net->forwards = net->pauses = 0;
    net->ticket_count = 0;
    net->sent_most = 0;
}

void vnet_options(struct vnet *net, struct lewes_register_options *options,
                  struct lewes_hop_options *exit)
{
    *options = (struct lewes_register_options){
        .entry = {.gateway = net->entry.identity,
                  .host = net->entry.host,
                  .identity = {{0x11}},
                  .wg_key = {{0x33}}},
        .exit = exit,
        .tickets = lewes_ticket_source_mock(),
    };
    if (exit)
        *exit = (struct lewes_hop_options){.gateway = net->exit.identity,
                                           .host = net->exit.host,
                                           .identity = {{0x12}},
                                           .wg_key = {{0x40}}};
}
