/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that runs as a process of its own (wireguard-go), through its socket (gateway.md G9.4).
 * One connection is kept. When it breaks, the device has most likely been started again and knows
 * nothing: the caller hears WG_LOST, and the next call connects anew.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/secret.h"
#include "wireguard/uapi.h"

#define SET_MS 2000     /* gateway.md G9.4 */
#define DUMP_MS 5000    /* gateway.md G9.4 */
#define BATCH_MAX 32    /* gateway.md G9.4 */
#define BACKOFF_MS 50   /* first wait between attempts to connect, doubling */
#define BACKOFF_MAX 800 /* below the second that the caller waits, gateway.md G9.7 */
#define BUFFER_LEN 65536

#define REQUEST_LEN (UAPI_FRAME_TEXT + BATCH_MAX * UAPI_PEER_TEXT)

struct wg_device {
    struct sockaddr_un address;
    struct lewes_wg_private private_key;
    struct lewes_wg_public own;
    uint16_t listen_port;
    int fd; /* -1: not connected */
    uint64_t backoff;
    uint64_t next_attempt; /* no connect before this time */
    struct uapi_parser parser;
    uint8_t request[REQUEST_LEN];
    char buffer[BUFFER_LEN];
};

/* What is done with the answer of one request. */
struct answer {
    uint64_t timeout; /* ms for request and answer together */
    void (*each)(void *user, const struct wg_peer *peer);
    void *user;
};

static const struct answer of_set = {SET_MS, NULL, NULL};

static uint64_t now_ms(void)
{
    struct timespec ts = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- one request on the connection ---- */

static void disconnect(struct wg_device *device)
{
    if (device->fd >= 0)
        close(device->fd);
    device->fd = -1;
}

static bool wait_for(int fd, short events, uint64_t deadline)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    for (;;) {
        uint64_t now = now_ms();
        if (now >= deadline)
            return false;
        int n = poll(&poll_fd, 1, (int)(deadline - now));
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

static bool again(ssize_t n)
{
    return n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
}

static bool send_all(const struct wg_device *device, const uint8_t *bytes, size_t len,
                     uint64_t deadline)
{
    while (len > 0) {
        if (!wait_for(device->fd, POLLOUT, deadline))
            return false;
        ssize_t n = send(device->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (again(n))
            continue;
        if (n < 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool receive_answer(struct wg_device *device, uint64_t deadline)
{
    enum uapi_progress progress = UAPI_MORE;
    while (progress == UAPI_MORE) {
        if (!wait_for(device->fd, POLLIN, deadline))
            return false;
        ssize_t n = recv(device->fd, device->buffer, sizeof device->buffer, MSG_DONTWAIT);
        if (again(n))
            continue;
        if (n <= 0)
            return false;
        progress = uapi_parse(&device->parser, device->buffer, (size_t)n);
        lewesi_wipe(device->buffer, (size_t)n);
    }
    return progress == UAPI_DONE;
}

/* Sends the request in `w` and reads its answer; wipes both. */
static enum wg_status exchange(struct wg_device *device, const struct lewesi_writer *w,
                               const struct answer *answer)
{
    uint64_t deadline = now_ms() + answer->timeout;
    uapi_parser_init(&device->parser, answer->each, answer->user);
    bool done = !w->failed && send_all(device, w->data, w->at, deadline) &&
                receive_answer(device, deadline);
    bool refused = device->parser.error != 0;
    lewesi_wipe(w->data, w->at);
    uapi_parser_wipe(&device->parser);
    if (!done) {
        /* An answer that comes later would be taken for that of the next request. */
        disconnect(device);
        return WG_LOST;
    }
    return refused ? WG_REFUSED : WG_OK;
}

/* ---- the connection ---- */

static void start_request(struct wg_device *device, struct lewesi_writer *w)
{
    lewesi_writer_init(w, device->request, sizeof device->request);
}

static bool dial(struct wg_device *device)
{
    uint64_t now = now_ms();
    if (now < device->next_attempt)
        return false;
    device->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (device->fd >= 0 &&
        connect(device->fd, (const struct sockaddr *)&device->address, sizeof device->address)) {
        disconnect(device);
    }
    if (device->fd >= 0) {
        device->backoff = BACKOFF_MS;
        return true;
    }
    device->next_attempt = now + device->backoff;
    device->backoff = device->backoff < BACKOFF_MAX ? 2 * device->backoff : BACKOFF_MAX;
    return false;
}

/* A new connection may lead to a new process, so it hears key and port first. */
static enum wg_status ready(struct wg_device *device)
{
    struct lewesi_writer w;
    if (device->fd >= 0)
        return WG_OK;
    if (!dial(device))
        return WG_LOST;
    start_request(device, &w);
    uapi_write_set(&w);
    uapi_write_device(&w, &device->private_key, device->listen_port);
    uapi_write_end(&w);
    enum wg_status status = exchange(device, &w, &of_set);
    if (status != WG_OK)
        disconnect(device);
    return status;
}

/* A device that refuses key or port is of no use, but no peer is to blame. */
static enum wg_status reached(struct wg_device *device)
{
    return ready(device) == WG_OK ? WG_OK : WG_LOST;
}

/* ---- the interface of device.h ---- */

static void userspace_close(struct wg_device *device)
{
    if (!device)
        return;
    disconnect(device);
    lewesi_wipe(device, sizeof *device);
    free(device);
}

static enum wg_status userspace_open(struct wg_device **out, const struct wg_settings *settings)
{
    size_t len = strlen(settings->uapi_socket);
    struct wg_device *device = calloc(1, sizeof *device);
    if (!device)
        return WG_MEMORY;
    device->fd = -1;
    device->backoff = BACKOFF_MS;
    device->private_key = settings->private_key;
    device->listen_port = settings->listen_port;
    lewes_wg_public(&device->own, &device->private_key);
    device->address.sun_family = AF_UNIX;
    enum wg_status status = WG_LOST;
    if (len < sizeof device->address.sun_path) {
        memcpy(device->address.sun_path, settings->uapi_socket, len);
        status = ready(device);
    }
    if (status != WG_OK) {
        userspace_close(device);
        return status;
    }
    *out = device;
    return WG_OK;
}

/* The device takes a zero key as a peer and ignores its own without an error: neither is sent. */
static bool sendable(const struct wg_device *device, const struct wg_peer *peer)
{
    return lewes_wg_check(&peer->key) == LEWES_OK &&
           memcmp(&peer->key, &device->own, sizeof device->own) != 0;
}

static enum wg_status set_peers(struct wg_device *device, const struct wg_peer *peers, size_t count)
{
    struct lewesi_writer w;
    start_request(device, &w);
    uapi_write_set(&w);
    for (size_t i = 0; i < count; i++)
        uapi_write_peer(&w, &peers[i]);
    uapi_write_end(&w);
    return exchange(device, &w, &of_set);
}

static enum wg_status remove_peer(struct wg_device *device, const struct lewes_wg_public *key)
{
    struct lewesi_writer w;
    start_request(device, &w);
    uapi_write_set(&w);
    uapi_write_remove(&w, key);
    uapi_write_end(&w);
    return exchange(device, &w, &of_set);
}

static enum wg_status add_singly(struct wg_device *device, const struct wg_peer *peers,
                                 size_t count)
{
    enum wg_status result = WG_OK;
    for (size_t i = 0; i < count; i++) {
        enum wg_status status = set_peers(device, &peers[i], 1);
        if (status == WG_REFUSED && remove_peer(device, &peers[i].key) == WG_LOST)
            status = WG_LOST;
        if (status == WG_LOST)
            return WG_LOST;
        if (status == WG_REFUSED)
            result = WG_REFUSED;
    }
    return result;
}

/* A set is not atomic: after a refusal some of its peers are there, one perhaps by half. */
static enum wg_status add_batch(struct wg_device *device, const struct wg_peer *peers, size_t count)
{
    enum wg_status status = set_peers(device, peers, count);
    if (status != WG_REFUSED)
        return status;
    for (size_t i = 0; i < count; i++)
        if (remove_peer(device, &peers[i].key) == WG_LOST)
            return WG_LOST;
    return count == 1 ? WG_REFUSED : add_singly(device, peers, count);
}

static enum wg_status userspace_add(struct wg_device *device, const struct wg_peer *peers,
                                    size_t count)
{
    struct wg_peer batch[BATCH_MAX];
    enum wg_status result = reached(device);
    size_t filled = 0;
    if (result != WG_OK)
        return result;
    for (size_t i = 0; i < count; i++) {
        if (sendable(device, &peers[i]))
            batch[filled++] = peers[i];
        else
            result = WG_REFUSED;
        if (filled == 0 || (filled < BATCH_MAX && i + 1 < count))
            continue;
        enum wg_status status = add_batch(device, batch, filled);
        if (status == WG_LOST)
            return status;
        if (status == WG_REFUSED)
            result = status;
        filled = 0;
    }
    return result;
}

static enum wg_status userspace_remove(struct wg_device *device, const struct lewes_wg_public *key)
{
    enum wg_status status = reached(device);
    return status == WG_OK ? remove_peer(device, key) : status;
}

static enum wg_status userspace_dump(struct wg_device *device,
                                     void (*each)(void *user, const struct wg_peer *peer),
                                     void *user)
{
    const struct answer answer = {DUMP_MS, each, user};
    struct lewesi_writer w;
    enum wg_status status = reached(device);
    if (status != WG_OK)
        return status;
    start_request(device, &w);
    uapi_write_get(&w);
    return exchange(device, &w, &answer);
}

const struct wg_backend wg_userspace = {
    .name = "userspace",
    .open = userspace_open,
    .add = userspace_add,
    .remove = userspace_remove,
    .dump = userspace_dump,
    .close = userspace_close,
};
