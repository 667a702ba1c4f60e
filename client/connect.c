/* SPDX-License-Identifier: Apache-2.0 */
/* Connects to several addresses, each with a head start over the next (as RFC 8305 does). */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/resolve.h"
#include "client/socket.h"
#include "client/system.h"

#define MAX_ADDRESSES 8   /* tried in one call */
#define HEAD_START_MS 250 /* registration.md 7, step 4 */

struct race {
    struct channel *channel;
    const struct addrinfo *candidates[MAX_ADDRESSES];
    size_t count, next;
    int fds[MAX_ADDRESSES]; /* -1 = not started or lost */
};

/* IPv6 first, otherwise in the system's order. */
static void choose_candidates(struct race *race, const struct addrinfo *addresses)
{
    for (int pass = 0; pass < 2; pass++)
        for (const struct addrinfo *a = addresses; a; a = a->ai_next)
            if ((a->ai_family == AF_INET6) == (pass == 0) && race->count < MAX_ADDRESSES)
                race->candidates[race->count++] = a;
    for (size_t i = 0; i < MAX_ADDRESSES; i++)
        race->fds[i] = -1;
}

static int start_connecting(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(fd, address->ai_addr, address->ai_addrlen) && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

/* Starts candidates until one is under way; remembers why others failed. */
static void start_next(struct race *race)
{
    while (race->next < race->count) {
        size_t i = race->next++;
        int fd = start_connecting(race->candidates[i]);
        if (fd >= 0) {
            race->fds[i] = fd;
            return;
        }
        race->channel->os_error = -fd;
    }
}

/* Returns the index of the winner, or -1; a candidate that failed lets the next one start. */
static int collect(struct race *race, const struct pollfd *fds)
{
    for (size_t i = 0; i < race->count; i++) {
        int error = 0;
        socklen_t size = sizeof error;
        if (race->fds[i] < 0 || !fds[i].revents)
            continue;
        getsockopt(race->fds[i], SOL_SOCKET, SO_ERROR, &error, &size);
        if (!error)
            return (int)i;
        race->channel->os_error = error;
        close(race->fds[i]);
        race->fds[i] = -1;
        start_next(race);
    }
    return -1;
}

static size_t running(const struct race *race)
{
    size_t n = 0;
    for (size_t i = 0; i < race->count; i++)
        n += race->fds[i] >= 0;
    return n;
}

/* Waits until a candidate has an event, is due to start, or time is up. */
static enum channel_status wait_for_race(struct race *race, struct pollfd fds[MAX_ADDRESSES + 1],
                                         lewes_time deadline)
{
    int cancel_fd = race->channel->cancel_fd;
    lewes_time now = system_now();
    lewes_time wake = race->next < race->count ? now + HEAD_START_MS : deadline;
    if (now >= deadline)
        return CHANNEL_TIMEOUT;
    if (wake > deadline)
        wake = deadline;
    for (size_t i = 0; i < race->count; i++)
        fds[i] = (struct pollfd){.fd = race->fds[i], .events = POLLOUT};
    fds[race->count] = (struct pollfd){.fd = cancel_fd > 0 ? cancel_fd : -1, .events = POLLIN};
    int n = poll(fds, race->count + 1, (int)(wake - now));
    if (n > 0 && fds[race->count].revents)
        return CHANNEL_CANCELLED;
    if (n == 0)
        start_next(race);
    if (n <= 0) /* the poll has not filled in what collect() reads */
        for (size_t i = 0; i < race->count; i++)
            fds[i].revents = 0;
    return CHANNEL_OK;
}

static void take_peer(struct channel *channel, const struct sockaddr *address)
{
    struct lewes_endpoint *peer = &channel->peer;
    *peer = (struct lewes_endpoint){0};
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        peer->ip.family = 4;
        memcpy(peer->ip.bytes, &v4->sin_addr, 4);
        peer->port = ntohs(v4->sin_port);
        return;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    peer->port = ntohs(v6->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) { /* a mapped address means IPv4 (R19) */
        peer->ip.family = 4;
        memcpy(peer->ip.bytes, v6->sin6_addr.s6_addr + 12, 4);
    } else {
        peer->ip.family = 6;
        memcpy(peer->ip.bytes, &v6->sin6_addr, 16);
    }
}

static enum channel_status run_race(struct race *race, lewes_time deadline)
{
    struct channel *channel = race->channel;
    enum channel_status status = CHANNEL_OK;
    int winner = -1;
    start_next(race);
    while (status == CHANNEL_OK && winner < 0) {
        struct pollfd fds[MAX_ADDRESSES + 1];
        if (running(race) == 0) {
            status = CHANNEL_FAILED;
            break;
        }
        status = wait_for_race(race, fds, deadline);
        if (status == CHANNEL_OK)
            winner = collect(race, fds);
    }
    for (size_t i = 0; i < race->count; i++)
        if (race->fds[i] >= 0 && (int)i != winner)
            close(race->fds[i]);
    if (winner >= 0) {
        channel->fd = race->fds[winner];
        take_peer(channel, race->candidates[winner]->ai_addr);
        socket_acknowledge_at_once(channel->fd);
    }
    return status;
}

enum channel_status socket_connect(void *user, struct channel *channel, const char *host,
                                   uint16_t port, lewes_time deadline)
{
    (void)user;
    struct race race = {.channel = channel};
    struct addrinfo *addresses = NULL;
    enum channel_status status = resolve(channel, host, port, deadline, &addresses);
    if (status != CHANNEL_OK)
        return status;
    choose_candidates(&race, addresses);
    status = run_race(&race, deadline);
    freeaddrinfo(addresses);
    return status;
}
