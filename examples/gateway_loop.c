/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway for learning: one thread, poll(2), many clients. It takes every registration and gives
 * all of them the same tunnel, which does not exist (doc/embedding.md, step 3).
 *
 *     gateway_loop PORT        PORT 0 takes any free one
 *
 * Its first line on stdout is "listening ADDRESS PORT IDENTITY DIGEST", where DIGEST announces its
 * X-Wing key: X25519 is always served, other suites need a key pair. It runs until it is killed.
 *
 * What a real gateway does besides is the program lewesd: limits by source, payments, addresses,
 * a WireGuard device, a database.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <lewes/lewes.h>

#define CLIENTS_MAX 64
#define SALTS_MAX 4096   /* as many hellos as can come in twice the clock tolerance */
#define IDLE_MS 120000   /* of an established session */
#define FIRST_BYTE 10000 /* milliseconds for a ClientHello */

/* ---- the environment, and both clocks ---- */

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
    (void)user;
    return getrandom(out, len, 0) == (ssize_t)len ? 0 : -1;
}

static const struct lewes_env env = {NULL, allocate, release, draw};

static lewes_time now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (lewes_time)t.tv_sec * 1000 + (lewes_time)t.tv_nsec / 1000000;
}

/* ---- what there is of each client ---- */

struct client {
    int fd; /* -1: this place is free */
    struct lewes_session *session;
    lewes_time deadline; /* ours; the session has its own */
    size_t in_len;       /* bytes of the frame that is coming in */
    uint8_t in[LEWES_FRAME_PREFIX_LEN + LEWES_HANDSHAKE_PACKET_MAX];
    size_t out_len, out_sent; /* the one frame that is going out */
    uint8_t out[LEWES_FRAME_PREFIX_LEN + LEWES_HANDSHAKE_PACKET_MAX];
    uint8_t answer[LEWES_ANSWER_MAX]; /* borrowed by the session until it is written */
};

static struct client clients[CLIENTS_MAX];
static struct lewes_identity *identity; /* shared by all sessions, read-only */

/* Salts of accepted hellos: one that comes again is a recording (protocol.md P13, step 5). */
static struct {
    lewes_time until;
    uint8_t salt[LEWES_SALT_LEN];
} salts[SALTS_MAX];
static unsigned next_salt;

static bool remember_salt(const uint8_t salt[LEWES_SALT_LEN], lewes_time now)
{
    for (unsigned i = 0; i < SALTS_MAX; i++)
        if (salts[i].until > now && memcmp(salts[i].salt, salt, LEWES_SALT_LEN) == 0)
            return false;
    memcpy(salts[next_salt].salt, salt, LEWES_SALT_LEN);
    salts[next_salt].until = now + 2000 * LEWES_CLOCK_TOLERANCE + 1000;
    next_salt = (next_salt + 1) % SALTS_MAX;
    return true;
}

static bool is_index_free(uint32_t index)
{
    if (index == 0)
        return false;
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (clients[i].session != NULL && lewes_session_receiver_index(clients[i].session) == index)
            return false;
    return true;
}

static void drop(struct client *c, const char *why)
{
    fprintf(stderr, "client %d: %s\n", c->fd, why);
    close(c->fd);
    lewes_session_free(c->session);
    *c = (struct client){.fd = -1};
}

/* ---- a packet has come ---- */

static enum lewes_error on_hello(struct client *c, const uint8_t *packet, size_t len,
                                 lewes_time now)
{
    struct lewes_hello hello;
    const enum lewes_error error =
        lewes_hello_check(&hello, packet, len, (uint64_t)time(NULL), LEWES_CLOCK_TOLERANCE);

    if (error != LEWES_OK)
        return error;
    if (!remember_salt(hello.salt, now))
        return LEWES_ERROR_REPLAY;
    if (!is_index_free(hello.receiver_index)) { /* the client may try another on this connection */
        lewes_hello_answer(c->out + LEWES_FRAME_PREFIX_LEN, LEWES_ANSWER_COLLISION,
                           hello.receiver_index);
        lewes_frame_prefix(c->out, LEWES_PACKET_MIN);
        c->out_len = LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MIN;
        return LEWES_OK;
    }
    return lewes_session_new(&c->session, &env,
                             &(struct lewes_session_config){
                                 .role = LEWES_RESPONDER,
                                 .identity = identity,
                                 .unix_ms = (uint64_t)time(NULL) * 1000,
                                 .hello = &hello,
                             },
                             now);
}

/* Decides what to answer. Here is where a real gateway checks the payment. */
static void decide(struct lewes_answer *answer, const struct lewes_request *request)
{
    if (request->mode != LEWES_MODE_DVPN) {
        const char *const text = lewes_refusal_text(LEWES_REFUSAL_MODE);
        *answer =
            (struct lewes_answer){.kind = LEWES_ANSWER_REFUSED, .as.refused = {text, strlen(text)}};
        return;
    }
    *answer = (struct lewes_answer){
        .kind = LEWES_ANSWER_DVPN,
        .as.dvpn = {.endpoint = {{4, {127, 0, 0, 1}}, 51822},
                    .ipv4 = {10, 1, 0, 42},
                    .ipv6 = {0xfc, 0x01, [15] = 0x2a}},
        .bandwidth = 500000000,
    };
    memset(answer->as.dvpn.gateway_key.bytes, 1, LEWES_KEY_LEN);
}

static enum lewes_error on_payload(struct client *c, const struct lewes_event *event,
                                   lewes_time now)
{
    struct lewes_request request;
    struct lewes_answer answer;
    size_t len;
    enum lewes_error error;

    if (lewes_payload_kind(event->payload, event->len) != LEWES_PAYLOAD_REGISTRATION)
        return LEWES_ERROR_FORMAT; /* a forward; this gateway has nowhere to send it */
    error = lewes_request_decode(&request, event->payload, event->len, NULL);
    if (error != LEWES_OK)
        return error;
    decide(&answer, &request);
    error = lewes_answer_encode(&answer, c->answer, sizeof c->answer, &len);
    if (error != LEWES_OK)
        return error;
    return lewes_session_send(c->session, c->answer, len, now);
}

static enum lewes_error on_packet(struct client *c, uint8_t *packet, size_t len, lewes_time now)
{
    struct lewes_event event;
    enum lewes_error error;

    if (c->session == NULL)
        return on_hello(c, packet, len, now);
    error = lewes_session_read(c->session, packet, len, now, &event);
    if (error != LEWES_OK)
        return error;
    if (lewes_session_state(c->session) == LEWES_TRANSPORT)
        c->deadline = now + IDLE_MS;
    return event.kind == LEWES_EVENT_PAYLOAD ? on_payload(c, &event, now) : LEWES_OK;
}

/* ---- bytes ---- */

/* How many bytes the frame that is coming in has, as far as is known; 0 is a frame that may not
 * be. The first packet of a connection is a ClientHello (P2). */
static size_t frame_len(const struct client *c)
{
    const size_t cap =
        c->session == NULL ? LEWES_HELLO_PACKET_LEN : sizeof c->in - LEWES_FRAME_PREFIX_LEN;
    size_t len;

    if (c->in_len < LEWES_FRAME_PREFIX_LEN)
        return LEWES_FRAME_PREFIX_LEN;
    if (lewes_frame_length(c->in, cap, &len) != LEWES_OK)
        return 0;
    return LEWES_FRAME_PREFIX_LEN + len;
}

/* Reads exactly one frame and no byte more: what comes early stays in the socket (P78). */
static void on_readable(struct client *c, lewes_time now)
{
    const size_t wanted = frame_len(c);
    const ssize_t received = recv(c->fd, c->in + c->in_len, wanted - c->in_len, 0);
    enum lewes_error error;

    if (received < 0 && errno == EAGAIN)
        return;
    if (received <= 0) {
        drop(c, "gone");
        return;
    }
    c->in_len += (size_t)received;
    if (frame_len(c) == 0) {
        drop(c, "a length that no packet has");
        return;
    }
    if (c->in_len < frame_len(c))
        return;
    error = on_packet(c, c->in + LEWES_FRAME_PREFIX_LEN, c->in_len - LEWES_FRAME_PREFIX_LEN, now);
    c->in_len = 0;
    if (error != LEWES_OK)
        drop(c, lewes_strerror(error)); /* the client learns nothing but the end (P83) */
}

/* Makes the next frame if none is going out. Returns whether there is one. */
static bool has_output(struct client *c, lewes_time now)
{
    size_t len = 0;

    if (c->out_sent < c->out_len)
        return true;
    c->out_sent = c->out_len = 0;
    if (c->session == NULL ||
        lewes_session_write(c->session, c->out + LEWES_FRAME_PREFIX_LEN,
                            sizeof c->out - LEWES_FRAME_PREFIX_LEN, &len, now) != LEWES_OK ||
        len == 0)
        return false;
    lewes_frame_prefix(c->out, len);
    c->out_len = LEWES_FRAME_PREFIX_LEN + len;
    return true;
}

static void on_writable(struct client *c)
{
    const ssize_t sent = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent, MSG_NOSIGNAL);

    if (sent > 0)
        c->out_sent += (size_t)sent;
    else if (sent == 0 || errno != EAGAIN)
        drop(c, "cannot be written to");
}

/* ---- the loop ---- */

static void on_connection(int listener, lewes_time now)
{
    const int on = 1;
    const int fd = accept(listener, NULL, NULL);

    if (fd < 0)
        return;
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        if (clients[i].fd >= 0)
            continue;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
            break;
        clients[i] = (struct client){.fd = fd, .deadline = now + FIRST_BYTE};
        return;
    }
    close(fd); /* a gateway that can afford it says Busy */
}

/* Ends what has waited too long, and returns how many milliseconds poll may sleep. */
static int expire(lewes_time now)
{
    lewes_time next = now + 60000;

    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        struct client *const c = &clients[i];
        if (c->fd < 0)
            continue;
        if (c->session != NULL && lewes_session_expire(c->session, now) != LEWES_OK) {
            drop(c, "too slow");
            continue;
        }
        const bool half_open =
            c->session != NULL && lewes_session_deadline(c->session) != LEWES_NEVER;
        const lewes_time deadline = half_open ? lewes_session_deadline(c->session) : c->deadline;
        if (!half_open && deadline <= now) {
            drop(c, "silent for too long");
            continue;
        }
        if (deadline < next)
            next = deadline;
    }
    return (int)(next - now) + 1;
}

static void turn(int listener)
{
    struct pollfd fds[1 + CLIENTS_MAX] = {{.fd = listener, .events = POLLIN}};
    lewes_time now = now_ms();
    const int patience = expire(now);

    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        /* One answer at a time: nothing is read before it is written (gateway.md G3.2). */
        fds[1 + i].fd = clients[i].fd;
        if (clients[i].fd >= 0)
            fds[1 + i].events = has_output(&clients[i], now) ? POLLOUT : POLLIN;
    }
    if (poll(fds, 1 + CLIENTS_MAX, patience) < 0)
        return;
    now = now_ms();
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        if (fds[1 + i].revents == 0 || fds[1 + i].fd < 0)
            continue;
        if (fds[1 + i].events & POLLOUT)
            on_writable(&clients[i]);
        else
            on_readable(&clients[i], now);
    }
    if (fds[0].revents != 0)
        on_connection(listener, now);
}

/* Decimal, 0 to 65 535; -1 if it is not. */
static long parse_port(const char *text)
{
    char *end;
    const long port = strtol(text, &end, 10);

    return end != text && *end == 0 && port >= 0 && port <= UINT16_MAX ? port : -1;
}

static int listen_on(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t len = sizeof at;
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, CLIENTS_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return -1;
    *port = ntohs(at.sin_port);
    return fd;
}

/* The identity, with a key pair for the suite X-Wing. A real gateway has both seeds in files. */
static enum lewes_error make_identity(struct lewes_kem_digest *digest)
{
    struct lewes_ed25519_seed seed;
    struct lewes_kem_seed kem_seed;
    struct lewes_kem_public key;
    enum lewes_error error = lewes_ed25519_generate(&seed, &env);

    if (error == LEWES_OK)
        error = lewes_identity_new(&identity, &env, &seed);
    lewes_wipe(&seed, sizeof seed);
    if (error == LEWES_OK)
        error = lewes_kem_generate(&kem_seed, LEWES_KEM_XWING, &env);
    if (error == LEWES_OK)
        error = lewes_identity_add_kem(identity, LEWES_KEM_XWING, &kem_seed);
    lewes_wipe(&kem_seed, sizeof kem_seed);
    if (error == LEWES_OK)
        error = lewes_identity_kem(identity, LEWES_KEM_XWING, &key);
    return error == LEWES_OK ? lewes_kem_digest(digest, &key, LEWES_HASH_BLAKE3) : error;
}

int main(int argc, char **argv)
{
    const long wanted = argc == 2 ? parse_port(argv[1]) : -1;
    uint16_t port = (uint16_t)wanted;
    char text[LEWES_BASE58_CAP];
    struct lewes_kem_digest digest;
    int listener;

    if (wanted < 0) {
        fprintf(stderr, "usage: gateway_loop PORT\n");
        return 1;
    }
    listener = listen_on(&port);
    if (listener < 0) {
        perror("listen");
        return 1;
    }
    if (make_identity(&digest) != LEWES_OK)
        return 1;
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        clients[i].fd = -1;
    lewes_base58_encode(text, lewes_identity_public(identity)->bytes);
    printf("listening 127.0.0.1 %u %s ", port, text);
    for (unsigned i = 0; i < sizeof digest.bytes; i++)
        printf("%02x", digest.bytes[i]);
    printf("\n");
    fflush(stdout);
    for (;;)
        turn(listener);
}
