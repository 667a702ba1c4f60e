/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/log_line.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/bytes.h"

#define KEY_SHOWN 8 /* characters of a public key; gateway.md G16.2 */
#define WORD_MAX 48 /* longest of our own constant texts */

struct line {
    struct lewesi_writer w;
    const struct log_style *style;
    bool first;
};

static void put(struct line *line, const char *text)
{
    lewesi_write_copy(&line->w, (const uint8_t *)text, strlen(text));
}

static void put_escaped(struct line *line, unsigned char c)
{
    char text[8];
    if (c == '"' || c == '\\')
        snprintf(text, sizeof text, "\\%c", c);
    else if (c < 0x20 || c > 0x7e)
        snprintf(text, sizeof text, line->style->json ? "\\u%04x" : "\\x%02x", c);
    else
        snprintf(text, sizeof text, "%c", c);
    put(line, text);
}

static void put_quoted(struct line *line, const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    put(line, "\"");
    for (size_t i = 0; i < len; i++)
        put_escaped(line, (unsigned char)text[i]);
    put(line, "\"");
}

static void name(struct line *line, const char *key)
{
    if (!line->style->json) {
        put(line, " ");
        put(line, key);
        put(line, "=");
        return;
    }
    put(line, line->first ? "{" : ",");
    line->first = false;
    put_quoted(line, key, WORD_MAX);
    put(line, ":");
}

static void number(struct line *line, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    name(line, key);
    put(line, text);
}

/* A text that needs no quotes to be read back as one word. */
static bool plain(const char *text)
{
    size_t len = strnlen(text, WORD_MAX + 1);
    if (len == 0 || len > WORD_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("\"\\=", text[i]))
            return false;
    return true;
}

static void word(struct line *line, const char *key, const char *value)
{
    if (!value)
        return;
    name(line, key);
    if (!line->style->json && plain(value))
        put(line, value);
    else
        put_quoted(line, value, WORD_MAX);
}

static void source(struct line *line, const struct lewes_ip *ip)
{
    char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4];
    struct lewes_ip shown;
    const char *suffix = "";
    if (!ip || line->style->addresses == SETTINGS_LOG_NONE)
        return;
    shown = *ip;
    if (line->style->addresses == SETTINGS_LOG_SHORT) {
        size_t kept = ip->family == 4 ? 3 : 6;
        memset(shown.bytes + kept, 0, sizeof shown.bytes - kept);
        suffix = ip->family == 4 ? "/24" : "/48";
    }
    if (!inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, shown.bytes, address, sizeof address))
        return;
    snprintf(text, sizeof text, "%s%s", address, suffix);
    word(line, "source", text);
}

static void keys(struct line *line, const struct log_fields *fields)
{
    char text[LEWES_BASE58_CAP > LEWES_BASE64_CAP ? LEWES_BASE58_CAP : LEWES_BASE64_CAP];
    if (fields->identity) {
        lewes_base58_encode(text, fields->identity);
        text[KEY_SHOWN] = '\0';
        word(line, "identity", text);
    }
    if (fields->wg_key) {
        lewes_base64_encode(text, fields->wg_key->bytes);
        text[KEY_SHOWN] = '\0';
        word(line, "wg_key", text);
    }
}

static void stamp(char out[32], uint64_t unix_ms)
{
    struct tm tm;
    time_t seconds = (time_t)(unix_ms / 1000);
    if (!gmtime_r(&seconds, &tm) || strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        snprintf(out, 32, "?");
    size_t len = strlen(out);
    snprintf(out + len, 32 - len, ".%03uZ", (unsigned)(unix_ms % 1000));
}

static const char *level_name(enum settings_log_level level)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    return names[level];
}

static void start(struct line *line, const struct log_head *head)
{
    char time[32];
    stamp(time, head->unix_ms);
    if (line->style->json) {
        word(line, "time", time);
        word(line, "level", level_name(head->level));
        word(line, "event", head->event);
        return;
    }
    put(line, time);
    put(line, " ");
    put(line, level_name(head->level));
    put(line, " ");
    put(line, head->event);
}

static void body(struct line *line, const struct log_fields *fields)
{
    if (fields->connection)
        number(line, "connection", fields->connection);
    source(line, fields->source);
    if (fields->index)
        number(line, "index", fields->index);
    word(line, "hop", fields->hop);
    word(line, "mode", fields->mode);
    word(line, "result", fields->result);
    word(line, "reason", fields->reason);
    word(line, "kem", fields->kem);
    keys(line, fields);
    if (fields->has_ms)
        number(line, "ms", fields->ms);
    if (fields->detail) {
        name(line, "detail");
        put_quoted(line, fields->detail, LOG_DETAIL);
    }
}

size_t log_line_format(char out[LOG_LINE_MAX], const struct log_style *style,
                       const struct log_head *head, const struct log_fields *fields)
{
    struct line line = {.style = style, .first = true};
    lewesi_writer_init(&line.w, (uint8_t *)out, LOG_LINE_MAX);
    start(&line, head);
    body(&line, fields);
    if (head->dropped)
        number(&line, "dropped", head->dropped);
    put(&line, style->json ? "}\n" : "\n");
    return line.w.at;
}
