/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/scripted_gateway.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct service {
    struct scripted_gateway *gateway;
    int fd;
    struct lewes_session *session;
    uint8_t in[LEWES_PACKET_MAX];
    uint8_t out[LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX];
};

static void require(bool truth)
{
    if (!truth)
        abort();
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool receive(struct service *s, uint8_t *out, size_t len)
{
    return recv(s->fd, out, len, MSG_WAITALL) == (ssize_t)len;
}

static bool read_frame(struct service *s, size_t *len)
{
    uint8_t prefix[LEWES_FRAME_PREFIX_LEN];
    return receive(s, prefix, sizeof prefix) &&
           lewes_frame_length(prefix, LEWES_PACKET_MAX, len) == LEWES_OK && receive(s, s->in, *len);
}

/* Sends s->out, in which a packet stands behind the room for its prefix. */
static void send_frame(struct service *s, size_t len)
{
    lewes_frame_prefix(s->out, len);
    if (send(s->fd, s->out, LEWES_FRAME_PREFIX_LEN + len, MSG_NOSIGNAL) > 0)
        s->gateway->answered++;
}

static void make_session(struct service *s, const struct lewes_hello *hello)
{
    struct lewes_env env;
    const struct lewes_session_config config = {
        .role = LEWES_RESPONDER,
        .identity = s->gateway->keys,
        .unix_ms = clock_ms(CLOCK_REALTIME),
        .hello = hello,
    };
    lewes_env_system(&env);
    require(lewes_session_new(&s->session, &env, &config, clock_ms(CLOCK_MONOTONIC)) == LEWES_OK);
}

/* Returns the length of the answer in s->out, 0 if the session is to speak, or -1 to close. */
static long take_hello(struct service *s, size_t len)
{
    struct lewes_hello hello;
    struct script *script = &s->gateway->script;
    uint8_t *out = s->out + LEWES_FRAME_PREFIX_LEN;
    if (lewes_hello_check(&hello, s->in, len, clock_ms(CLOCK_REALTIME) / 1000, 30))
        return -1;
    if (script->collisions > 0) {
        script->collisions--;
        lewes_hello_answer(out, LEWES_ANSWER_COLLISION, hello.receiver_index);
        return LEWES_PACKET_MIN;
    }
    if (script->busy) {
        lewes_hello_answer(out, LEWES_ANSWER_BUSY, hello.receiver_index);
        return LEWES_PACKET_MIN;
    }
    make_session(s, &hello);
    return 0;
}

static bool take_packet(struct service *s, size_t len)
{
    struct scripted_gateway *gateway = s->gateway;
    struct lewes_event event;
    if (lewes_session_read(s->session, s->in, len, clock_ms(CLOCK_MONOTONIC), &event))
        return false;
    if (event.kind != LEWES_EVENT_PAYLOAD)
        return true;
    gateway->has_request =
        lewes_request_decode(&gateway->request, event.payload, event.len, NULL) == LEWES_OK;
    gateway->request.credential.payment = NULL;
    return lewes_session_send(s->session, gateway->script.answer, gateway->script.answer_len,
                              clock_ms(CLOCK_MONOTONIC)) == LEWES_OK;
}

/* What is sent for one packet; false ends the connection. */
static bool answer_packet(struct service *s, size_t len)
{
    size_t size = 0;
    if (!s->session) {
        long hello = take_hello(s, len);
        if (hello < 0)
            return false;
        if (hello > 0) {
            send_frame(s, (size_t)hello);
            return true;
        }
    } else if (!take_packet(s, len)) {
        return false;
    }
    require(lewes_session_write(s->session, s->out + LEWES_FRAME_PREFIX_LEN, LEWES_PACKET_MAX,
                                &size, clock_ms(CLOCK_MONOTONIC)) == LEWES_OK);
    if (size > 0)
        send_frame(s, size);
    return true;
}

/* True if the script goes on as usual. */
static bool misbehave(struct service *s)
{
    const struct script *script = &s->gateway->script;
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (script->bad_length) {
        send(s->fd, "\xff\xff\xff\xff", 4, MSG_NOSIGNAL);
        return false;
    }
    if (script->end == SCRIPT_SERVE || s->gateway->answered < script->frames)
        return true;
    switch (script->end) {
    case SCRIPT_RESET:
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        break;
    case SCRIPT_STALL:
        while (recv(s->fd, s->in, sizeof s->in, 0) > 0)
            ;
        break;
    case SCRIPT_NOISE:
        memset(s->out + LEWES_FRAME_PREFIX_LEN, 0xa5, 100);
        send_frame(s, 100);
        break;
    case SCRIPT_SERVE:
    case SCRIPT_CLOSE:
        break;
    }
    return false;
}

static void serve_connection(struct scripted_gateway *gateway, int fd)
{
    struct service *s = calloc(1, sizeof *s);
    size_t len = 0;
    require(s != NULL);
    s->gateway = gateway;
    s->fd = fd;
    gateway->answered = 0;
    while (read_frame(s, &len) && misbehave(s) && answer_packet(s, len))
        ;
    close(s->fd);
    lewes_session_free(s->session);
    free(s);
}

/* One connection after the other, until the listener is shut. */
static void *serve(void *argument)
{
    struct scripted_gateway *gateway = argument;
    int fd;
    while ((fd = accept(gateway->listener, NULL, NULL)) >= 0) {
        gateway->connections++;
        serve_connection(gateway, fd);
    }
    return NULL;
}

void scripted_gateway_start(struct scripted_gateway *gateway, const struct script *script)
{
    struct lewes_env env;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const struct lewes_ed25519_seed seed = {{0x22}};
    memset(gateway, 0, sizeof *gateway);
    gateway->script = *script;
    lewes_env_system(&env);
    require(lewes_identity_new(&gateway->keys, &env, &seed) == LEWES_OK);
    gateway->identity = *lewes_identity_public(gateway->keys);
    gateway->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(gateway->listener >= 0 &&
            bind(gateway->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
            listen(gateway->listener, 8) == 0 &&
            getsockname(gateway->listener, (struct sockaddr *)&address, &size) == 0);
    gateway->port = ntohs(address.sin_port);
    require(pthread_create(&gateway->thread, NULL, serve, gateway) == 0);
}

void scripted_gateway_stop(struct scripted_gateway *gateway)
{
    shutdown(gateway->listener, SHUT_RDWR); /* wakes the accept */
    pthread_join(gateway->thread, NULL);
    close(gateway->listener);
    lewes_identity_free(gateway->keys);
}
