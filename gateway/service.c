/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/service.h"

#include <unistd.h>

#include "gateway/connection.h"

static const char *const busy_names[BUSIES] = {
    [BUSY_CONNECTIONS] = "connections", [BUSY_SOURCE] = "source",     [BUSY_RATE] = "rate",
    [BUSY_HALF_OPEN] = "half_open",     [BUSY_SESSIONS] = "sessions", [BUSY_DRAIN] = "drain",
};

void service_count_busy(struct service *service, const struct lewes_ip *ip, enum busy reason)
{
    const struct log_fields fields = {.source = ip, .reason = busy_names[reason]};
    service->busies[reason]++;
    log_write(service->log, SETTINGS_LOG_INFO, LOG_BUSY, &fields);
}

void service_busy(struct service *service, int fd, const struct lewes_ip *ip, enum busy reason)
{
    service_count_busy(service, ip, reason);
    farewell_busy(service->farewells, fd, 0);
}

void service_accept(struct service *service, int fd, const struct sockaddr *address)
{
    struct connection_from from = {.fd = fd};

    if (!source_ip(&from.ip, address)) {
        close(fd);
        return;
    }
    if (service->draining) {
        service_busy(service, fd, &from.ip, BUSY_DRAIN);
        return;
    }
    struct source source = source_of(&from.ip);
    source.peer = service->directory != NULL && directory_holds_ip(service->directory, &from.ip);
    switch (limits_open(service->limits, &source, uv_now(service->loop), &from.slot)) {
    case LIMITS_RATE:
        service_busy(service, fd, &from.ip, BUSY_RATE);
        return;
    case LIMITS_SOURCE:
        service_busy(service, fd, &from.ip, BUSY_SOURCE);
        return;
    case LIMITS_GLOBAL:
        service_busy(service, fd, &from.ip, BUSY_CONNECTIONS);
        return;
    case LIMITS_OK:
        break;
    }
    if (!connection_begin(service, &from)) {
        limits_close(service->limits, from.slot);
        close(fd);
    }
}

void service_drain(struct service *service)
{
    service->draining = true;
    struct connection *next;
    for (struct connection *c = service->connections; c != NULL; c = next) {
        next = connection_next(c);
        connection_drain(c);
    }
}

void service_stop(struct service *service)
{
    service->draining = true;
    service->stopping = true;
    struct connection *next;
    for (struct connection *c = service->connections; c != NULL; c = next) {
        next = connection_next(c);
        connection_stop(c);
    }
}
