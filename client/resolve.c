/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's resolver blocks without a limit, so names are looked up in a thread that may be left
 * behind: whoever of the two is last frees the lookup.
 */
#include "client/resolve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/socket.h"

struct lookup {
    atomic_int owners;
    int done_fd;
    atomic_int code; /* of getaddrinfo; whoever reads it sees the addresses, too */
    struct addrinfo *addresses;
    char port[6];
    char host[];
};

static void lookup_drop(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->owners, 1) > 1)
        return;
    if (lookup->addresses)
        freeaddrinfo(lookup->addresses);
    close(lookup->done_fd);
    free(lookup);
}

static int look_up(struct lookup *lookup, int flags)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = flags | AI_NUMERICSERV,
    };
    return getaddrinfo(lookup->host, lookup->port, &hints, &lookup->addresses);
}

static void *lookup_thread(void *argument)
{
    struct lookup *lookup = argument;
    atomic_store(&lookup->code, look_up(lookup, AI_ADDRCONFIG));
    /* An eventfd takes a first addition of 1 at any time. */
    (void)!write(lookup->done_fd, &(uint64_t){1}, sizeof(uint64_t));
    lookup_drop(lookup);
    return NULL;
}

static struct lookup *lookup_new(const char *host, uint16_t port)
{
    size_t size = strlen(host) + 1;
    struct lookup *lookup = calloc(1, sizeof *lookup + size);
    if (!lookup)
        return NULL;
    lookup->done_fd = eventfd(0, EFD_CLOEXEC);
    if (lookup->done_fd < 0) {
        free(lookup);
        return NULL;
    }
    atomic_init(&lookup->owners, 1);
    atomic_init(&lookup->code, 0);
    snprintf(lookup->port, sizeof lookup->port, "%u", (unsigned)port);
    memcpy(lookup->host, host, size);
    return lookup;
}

static enum channel_status wait_for_thread(struct channel *channel, struct lookup *lookup,
                                           lewes_time deadline)
{
    pthread_t thread;
    atomic_fetch_add(&lookup->owners, 1);
    int error = pthread_create(&thread, NULL, lookup_thread, lookup);
    if (error) {
        atomic_fetch_sub(&lookup->owners, 1); /* the caller still has its share */
        channel->os_error = error;
        return CHANNEL_FAILED;
    }
    pthread_detach(thread);
    return socket_wait(channel, lookup->done_fd, POLLIN, deadline);
}

enum channel_status resolve(struct channel *channel, const char *host, uint16_t port,
                            lewes_time deadline, struct addrinfo **addresses)
{
    enum channel_status status = CHANNEL_OK;
    struct lookup *lookup = lookup_new(host, port);
    if (!lookup) {
        channel->os_error = ENOMEM;
        return CHANNEL_FAILED;
    }
    int code = look_up(lookup, AI_NUMERICHOST); /* an address needs no thread */
    if (code == EAI_NONAME) {
        status = wait_for_thread(channel, lookup, deadline);
        code = atomic_load(&lookup->code);
    }
    if (status == CHANNEL_OK && code) {
        channel->os_error = code;
        status = CHANNEL_NO_NAME;
    }
    if (status == CHANNEL_OK) {
        *addresses = lookup->addresses;
        lookup->addresses = NULL;
    }
    lookup_drop(lookup);
    return status;
}
