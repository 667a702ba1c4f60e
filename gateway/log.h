/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way of the gateway to its log (gateway.md 16): lines of text or JSON on stderr, fields of
 * a fixed set, nothing secret, nothing a peer wrote unescaped, and of one event at most 10 lines a
 * second. Any thread may write.
 */
#ifndef LEWES_GATEWAY_LOG_H
#define LEWES_GATEWAY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lewes/registration.h>

#include "gateway/settings.h"

#define LOG_PER_SECOND 10 /* lines of one event; gateway.md G16.3 */
#define LOG_DETAIL 256    /* longest detail, in bytes before escaping; more is cut */

enum log_event {
#define LOG_EVENT(identifier, name) LOG_##identifier,
#include "gateway/log_events.h"
#undef LOG_EVENT
    LOG_EVENT_COUNT
};

/* A member left zero is not written. */
struct log_fields {
    uint64_t connection;           /* number of the connection, from 1 */
    const struct lewes_ip *source; /* shortened as the settings say */
    uint32_t index;                /* receiver index */
    const char *hop;               /* constant text of ours, as the next four */
    const char *mode;
    const char *result;
    const char *reason;
    const char *kem;
    const uint8_t *identity;              /* 32 public bytes: 8 characters of base58 are shown */
    const struct lewes_wg_public *wg_key; /* 8 characters of base64 are shown */
    bool has_ms;
    uint64_t ms;        /* duration, if has_ms */
    const char *detail; /* free text, escaped: may come from a peer or the system */
};

struct log_clock {
    lewes_time now;   /* monotonic: for the limit */
    uint64_t unix_ms; /* for the stamp */
};

/* What a log needs of its surroundings; NULL members mean stderr and the system's clocks. */
struct log_environment {
    void *user;
    void (*write)(void *user, const char *line, size_t len); /* one whole line with its newline */
    void (*clock)(void *user, struct log_clock *clock);
};

struct log;

/*
 * Makes a log. `environment` may be NULL.
 *
 * @return NULL without memory
 */
struct log *log_new(int level, int format, int addresses,
                    const struct log_environment *environment);

/* Writes how many lines were left out since the last ones, then frees; NULL is fine. */
void log_free(struct log *log);

/* Changes level (enum settings_log_level), format and addresses, from now on. */
void log_set(struct log *log, int level, int format, int addresses);

/* Writes one line; `fields` may be NULL. Does nothing if `log` is NULL. */
void log_write(struct log *log, enum settings_log_level level, enum log_event event,
               const struct log_fields *fields);

/* The same with nothing but a formatted detail. */
void log_detail(struct log *log, enum settings_log_level level, enum log_event event,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
