/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that registers with a gateway over one blocking socket, with liblewes alone
 * (doc/embedding.md, step 2).
 *
 *     register_blocking ADDRESS PORT GATEWAY [DIGEST]
 *
 * GATEWAY is the gateway's identity in base58. With DIGEST, the BLAKE3 digest of its X-Wing key in
 * hexadecimal, the handshake is post-quantum, and nothing else is accepted. The payment is a mock
 * that only gateways for tests take. Exit code: 0 registered, 1 failed before anything was paid, 2
 * failed afterwards, 3 refused.
 *
 * Applications call lewes_register() of liblewes-client instead: it also stores, retries, and
 * cancels. This program shows what is beneath it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <lewes/lewes.h>

#define FRAME_MAX (LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX)
#define PATIENCE_SECONDS 15 /* of each wait for the gateway */

/* ---- the environment ---- */

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

/* ---- a connection: the socket, the session, and one frame at a time ---- */

struct connection {
    int fd;
    struct lewes_session *session;
    uint8_t *frame; /* FRAME_MAX bytes */
};

/* Decimal, 0 to 65 535; -1 if it is not. */
static long parse_port(const char *text)
{
    char *end;
    const long port = strtol(text, &end, 10);

    return end != text && *end == 0 && port >= 0 && port <= UINT16_MAX ? port : -1;
}

static int connect_to(const char *address, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    const long number = parse_port(port);
    const int on = 1;
    int fd;

    if (number <= 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    to.sin_port = htons((uint16_t)number);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int send_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        bytes += sent;
        len -= (size_t)sent;
    }
    return 0;
}

static int receive_all(int fd, uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t received = recv(fd, bytes, len, 0);
        if (received <= 0)
            return -1;
        bytes += received;
        len -= (size_t)received;
    }
    return 0;
}

/* Sends every packet that is due, each behind its length in one write (protocol.md P1). */
static int flush(struct connection *c)
{
    size_t len;

    for (;;) {
        const enum lewes_error error = lewes_session_write(
            c->session, c->frame + LEWES_FRAME_PREFIX_LEN, LEWES_PACKET_MAX, &len, now_ms());
        if (error != LEWES_OK) {
            fprintf(stderr, "cannot write: %s\n", lewes_strerror(error));
            return -1;
        }
        if (len == 0)
            return 0;
        lewes_frame_prefix(c->frame, len);
        if (send_all(c->fd, c->frame, LEWES_FRAME_PREFIX_LEN + len) != 0) {
            perror("send");
            return -1;
        }
    }
}

/* Waits for one packet and gives it to the session. Over TCP every bad packet ends the connection:
 * the stream cannot be trusted any more. */
static int receive(struct connection *c, struct lewes_event *event)
{
    const int half_open = lewes_session_state(c->session) < LEWES_TRANSPORT;
    enum lewes_error error;
    size_t len;

    if (receive_all(c->fd, c->frame, LEWES_FRAME_PREFIX_LEN) != 0)
        goto gone;
    error = lewes_frame_length(c->frame, half_open ? LEWES_HANDSHAKE_PACKET_MAX : LEWES_PACKET_MAX,
                               &len);
    if (error == LEWES_OK) {
        if (receive_all(c->fd, c->frame, len) != 0)
            goto gone;
        error = lewes_session_read(c->session, c->frame, len, now_ms(), event);
    }
    if (error == LEWES_OK)
        return 0;
    fprintf(stderr, "cannot read: %s\n", lewes_strerror(error));
    return -1;
gone:
    fprintf(stderr, "the gateway closed the connection, or fell silent\n");
    return -1;
}

/* ---- the handshake ---- */

/* Early flights: all that can be said leaves at once, with X25519 everything up to Handshake1. The
 * event "may send" says that the gateway has proved itself: nobody else will read what is sent from
 * now on. */
static int shake_hands(struct connection *c)
{
    struct lewes_event event = {LEWES_EVENT_NONE, NULL, 0, NULL};

    while (event.kind != LEWES_EVENT_MAY_SEND)
        if (flush(c) != 0 || receive(c, &event) != 0)
            return -1;
    return 0;
}

/* ---- the registration ---- */

/* A payment for this gateway, and the keys of the tunnel to be. */
static int make_request(uint8_t *out, size_t cap, size_t *len,
                        const struct lewes_ed25519_public *gateway,
                        const struct lewes_wg_private *wg_key)
{
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    const uint64_t unix_seconds = (uint64_t)time(NULL);
    struct lewes_pay_info info = {.unix_seconds = (int64_t)unix_seconds, .gateway = *gateway};
    struct lewes_request request = {
        .credential = {.payment = payment,
                       .payment_len = sizeof payment,
                       .spend_date = lewes_date_of(unix_seconds),
                       .epoch = 1},
        .ticket_type = LEWES_TICKET_WG_ENTRY,
        .mode = LEWES_MODE_DVPN,
        .client_ip = {.family = 4, .bytes = {127, 0, 0, 1}}, /* the gateway's; nobody reads it */
        .timestamp = unix_seconds,
    };

    lewes_payment_mock(payment, LEWES_TICKET_WG_ENTRY);
    if (draw(NULL, info.random, sizeof info.random) != 0)
        return -1;
    lewes_pay_info_encode(request.credential.pay_info, &info);
    lewes_wg_public(&request.wg_key, wg_key);
    return lewes_request_encode(&request, out, cap, len) == LEWES_OK ? 0 : -1;
}

static int print_answer(const struct lewes_event *event, const struct lewes_wg_private *wg_key)
{
    struct lewes_answer answer;
    const enum lewes_error error = lewes_answer_decode(&answer, event->payload, event->len, NULL);

    if (error != LEWES_OK || answer.kind == LEWES_ANSWER_MIXNET) {
        fprintf(stderr, "no answer to what was asked: %s\n", lewes_strerror(error));
        return 2;
    }
    if (answer.kind == LEWES_ANSWER_REFUSED) {
        /* A text of the peer's: a program that shows it replaces control characters first. */
        const enum lewes_refusal refusal =
            lewes_refusal_find(answer.as.refused.text, answer.as.refused.len);
        fprintf(stderr, "refused: %s\n", lewes_refusal_text(refusal));
        return 3;
    }
    if (lewes_wg_check(&answer.as.dvpn.gateway_key) != LEWES_OK) /* registration.md R20 */
        return 2;

    const struct lewes_dvpn_answer *const dvpn = &answer.as.dvpn;
    char key[LEWES_BASE64_CAP], own[LEWES_BASE64_CAP], ipv6[INET6_ADDRSTRLEN];
    struct lewes_wg_public own_key;
    lewes_wg_public(&own_key, wg_key);
    lewes_base64_encode(own, own_key.bytes);
    lewes_base64_encode(key, dvpn->gateway_key.bytes);
    inet_ntop(AF_INET6, dvpn->ipv6, ipv6, sizeof ipv6);
    printf("own key %s\ngateway key %s port %u\naddresses %u.%u.%u.%u %s\nbytes %lld\n", own, key,
           dvpn->endpoint.port, dvpn->ipv4[0], dvpn->ipv4[1], dvpn->ipv4[2], dvpn->ipv4[3], ipv6,
           (long long)answer.bandwidth);
    return 0;
}

/* From the first byte of the request on, the ticket may be spent whatever happens (R15). */
static int ask(struct connection *c, const struct lewes_ed25519_public *gateway)
{
    uint8_t request[LEWES_REQUEST_MAX];
    struct lewes_event event = {LEWES_EVENT_NONE, NULL, 0, NULL};
    struct lewes_wg_private wg_key;
    size_t len;
    int status = 1;

    if (lewes_wg_generate(&wg_key, &env) != LEWES_OK ||
        make_request(request, sizeof request, &len, gateway, &wg_key) != 0 ||
        lewes_session_send(c->session, request, len, now_ms()) != LEWES_OK)
        goto out;
    status = 2;
    if (flush(c) != 0) /* `request` was only borrowed; from here on it is not needed */
        goto out;
    while (event.kind != LEWES_EVENT_PAYLOAD)
        if (receive(c, &event) != 0)
            goto out;
    status = print_answer(&event, &wg_key);
out:
    lewes_wipe(&wg_key, sizeof wg_key);
    return status;
}

/* Everything that is drawn is drawn here; a real client keeps its seed (registration.md 7). */
static enum lewes_error begin(struct connection *c, struct lewes_identity **identity,
                              const struct lewes_ed25519_public *gateway,
                              const struct lewes_kem_digest *digest)
{
    /* Best first. Who has the whole key of an earlier session gives it as well, and Handshake1
     * leaves in the first flight; without it the first flight ends with the key request. */
    const struct lewes_suite suite = {.kem = LEWES_KEM_XWING, .digest = digest};
    struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .unix_ms = (uint64_t)time(NULL) * 1000,
        .peer = gateway,
        .suites = &suite,
        .suite_count = digest != NULL ? 1 : 0, /* none: X25519 alone */
        .early = true,
    };
    struct lewes_ed25519_seed seed;
    enum lewes_error error = lewes_ed25519_generate(&seed, &env);

    if (error == LEWES_OK)
        error = lewes_identity_new(identity, &env, &seed);
    lewes_wipe(&seed, sizeof seed);
    config.identity = *identity;
    return error == LEWES_OK ? lewes_session_new(&c->session, &env, &config, now_ms()) : error;
}

static int parse_digest(struct lewes_kem_digest *digest, const char *hex)
{
    *digest = (struct lewes_kem_digest){.kem = LEWES_KEM_XWING, .hash = LEWES_HASH_BLAKE3};
    if (strlen(hex) != 2 * sizeof digest->bytes)
        return -1;
    for (size_t i = 0; i < sizeof digest->bytes; i++) {
        const char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        char *end;

        digest->bytes[i] = (uint8_t)strtoul(digits, &end, 16);
        if (end != digits + 2)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t frame[FRAME_MAX];
    struct connection c = {.fd = -1, .frame = frame};
    struct lewes_ed25519_public gateway;
    struct lewes_kem_digest digest;
    struct lewes_identity *identity = NULL;
    enum lewes_error error;
    int status = 1;

    if (argc < 4 || argc > 5 ||
        lewes_base58_decode(gateway.bytes, argv[3], strlen(argv[3])) != LEWES_OK ||
        (argc == 5 && parse_digest(&digest, argv[4]) != 0)) {
        fprintf(stderr, "usage: register_blocking ADDRESS PORT GATEWAY [DIGEST]\n");
        return 1;
    }
    error = begin(&c, &identity, &gateway, argc == 5 ? &digest : NULL);
    if (error != LEWES_OK) {
        fprintf(stderr, "cannot begin: %s\n", lewes_strerror(error));
        goto out;
    }
    c.fd = connect_to(argv[1], argv[2]);
    if (c.fd < 0) {
        perror("connect");
        goto out;
    }
    if (shake_hands(&c) == 0) {
        printf("suite %s\n", lewes_kem_name(lewes_session_kem(c.session)));
        status = ask(&c, &gateway);
    }
out:
    if (c.fd >= 0)
        close(c.fd);
    lewes_session_free(c.session);
    lewes_identity_free(identity);
    return status;
}
