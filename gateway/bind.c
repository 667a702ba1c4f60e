/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/source.h"
#include "lib/base/secret.h"

const char *bind_text(char out[BIND_TEXT], const struct lewes_endpoint *at)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    (void)inet_ntop(at->ip.family == 4 ? AF_INET : AF_INET6, at->ip.bytes, ip, sizeof ip);
    (void)snprintf(out, BIND_TEXT, at->ip.family == 4 ? "%s:%u" : "[%s]:%u", ip,
                   (unsigned)at->port);
    return out;
}

bool bind_is_any(const struct lewes_endpoint *at)
{
    return lewesi_is_zero(at->ip.bytes, sizeof at->ip.bytes);
}

static int make(int type, const struct lewes_endpoint *at, bool only6)
{
    const int yes = 1;
    const int only = only6;
    struct sockaddr_storage address;
    socklen_t len = source_sockaddr(&address, at);
    int fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* For datagrams it would let two programs share a port. */
    if ((type != SOCK_STREAM || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0) &&
        (at->ip.family == 4 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0) &&
        bind(fd, (struct sockaddr *)&address, len) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void find_port(int fd, struct lewes_endpoint *at)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        at->port = source_port((struct sockaddr *)&address);
}

int bind_at(int type, struct lewes_endpoint *at, bool only6, struct log *log)
{
    int fd = make(type, at, only6);
    if (fd < 0 && at->ip.family == 6 && bind_is_any(at) &&
        (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        at->ip.family = 4;
        log_detail(log, SETTINGS_LOG_WARNING, LOG_LISTEN,
                   "this host has no IPv6: listening on 0.0.0.0 instead of [::]");
        fd = make(type, at, false);
    }
    if (fd >= 0)
        find_port(fd, at);
    return fd;
}

void bind_advice(char *out, size_t cap, int error, const char *key)
{
    switch (error) {
    case EADDRINUSE:
        (void)snprintf(out, cap, "another program listens there; stop it or change %s", key);
        break;
    case EACCES:
        (void)snprintf(out, cap, "ports below 1024 need privileges; change %s", key);
        break;
    case EADDRNOTAVAIL:
        (void)snprintf(out, cap, "this host does not have that address; correct %s", key);
        break;
    default:
        (void)snprintf(out, cap, "correct %s", key);
    }
}
