/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/log_line.h"
#include "host/io.h"

static const char *const event_names[LOG_EVENT_COUNT] = {
#define LOG_EVENT(identifier, name) [LOG_##identifier] = (name),
#include "gateway/log_events.h"
#undef LOG_EVENT
};

/* When the last lines of an event were written: the oldest of LOG_PER_SECOND decides. */
struct limit {
    lewes_time written[LOG_PER_SECOND];
    size_t oldest;
    bool full;
    uint64_t dropped;
};

struct log {
    pthread_mutex_t mutex;
    struct log_environment environment;
    int level;
    struct log_style style;
    struct limit limits[LOG_EVENT_COUNT];
};

static void write_stderr(void *user, const char *line, size_t len)
{
    (void)user;
    (void)io_write(STDERR_FILENO, line, len); /* else there is nobody left to tell */
}

static uint64_t milliseconds(clockid_t id)
{
    struct timespec ts = {0, 0};
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void read_clocks(void *user, struct log_clock *clock)
{
    (void)user;
    clock->now = milliseconds(CLOCK_MONOTONIC);
    clock->unix_ms = milliseconds(CLOCK_REALTIME);
}

struct log *log_new(int level, int format, int addresses, const struct log_environment *environment)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    if (pthread_mutex_init(&log->mutex, NULL)) {
        free(log);
        return NULL;
    }
    if (environment)
        log->environment = *environment;
    if (!log->environment.write)
        log->environment.write = write_stderr;
    if (!log->environment.clock)
        log->environment.clock = read_clocks;
    log_set(log, level, format, addresses);
    return log;
}

void log_set(struct log *log, int level, int format, int addresses)
{
    pthread_mutex_lock(&log->mutex);
    log->level = level;
    log->style.json = format == SETTINGS_LOG_JSON;
    log->style.addresses = addresses;
    pthread_mutex_unlock(&log->mutex);
}

/* Whether one more line of an event may be written at `now`; counts it either way. */
static bool allowed(struct limit *limit, lewes_time now)
{
    lewes_time oldest = limit->written[limit->oldest];
    if (limit->full && now - oldest < 1000 && now >= oldest) {
        limit->dropped++;
        return false;
    }
    limit->written[limit->oldest++] = now;
    if (limit->oldest == LOG_PER_SECOND) {
        limit->oldest = 0;
        limit->full = true;
    }
    return true;
}

static void emit(struct log *log, const struct log_head *head, const struct log_fields *fields)
{
    char line[LOG_LINE_MAX];
    size_t len = log_line_format(line, &log->style, head, fields);
    log->environment.write(log->environment.user, line, len);
}

void log_write(struct log *log, enum settings_log_level level, enum log_event event,
               const struct log_fields *fields)
{
    static const struct log_fields none;
    struct log_clock clock;
    if (!log)
        return;
    pthread_mutex_lock(&log->mutex);
    if ((int)level < log->level)
        goto out;
    log->environment.clock(log->environment.user, &clock);
    if (!allowed(&log->limits[event], clock.now))
        goto out;
    struct log_head head = {clock.unix_ms, level, event_names[event], log->limits[event].dropped};
    log->limits[event].dropped = 0;
    emit(log, &head, fields ? fields : &none);
out:
    pthread_mutex_unlock(&log->mutex);
}

void log_detail(struct log *log, enum settings_log_level level, enum log_event event,
                const char *format, ...)
{
    char detail[LOG_DETAIL + 1];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    struct log_fields fields = {.detail = n < 0 ? format : detail};
    log_write(log, level, event, &fields);
}

void log_free(struct log *log)
{
    static const struct log_fields none;
    struct log_clock clock;
    if (!log)
        return;
    log->environment.clock(log->environment.user, &clock);
    for (int event = 0; event < LOG_EVENT_COUNT; event++) {
        struct log_head head = {clock.unix_ms, SETTINGS_LOG_WARNING, event_names[event],
                                log->limits[event].dropped};
        if (head.dropped)
            emit(log, &head, &none);
    }
    pthread_mutex_destroy(&log->mutex);
    free(log);
}
