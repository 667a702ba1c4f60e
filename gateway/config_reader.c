/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config_reader.h"

#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct config_span trim(struct config_span span)
{
    while (span.len > 0 && blank(span.text[0])) {
        span.text++;
        span.len--;
    }
    while (span.len > 0 && blank(span.text[span.len - 1]))
        span.len--;
    return span;
}

/* Names of sections and keys: lower case, digits, underscore. */
static bool is_name(struct config_span span)
{
    for (size_t i = 0; i < span.len; i++) {
        char c = span.text[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return span.len > 0;
}

static bool has_control(struct config_span span)
{
    for (size_t i = 0; i < span.len; i++)
        if (((unsigned char)span.text[i] < 0x20 && span.text[i] != '\t') || span.text[i] == 0x7f)
            return true;
    return false;
}

static struct config_span without_comment(struct config_span span)
{
    for (size_t i = 0; i < span.len; i++)
        if (span.text[i] == '#' && (i == 0 || blank(span.text[i - 1])))
            span.len = i;
    return trim(span);
}

bool config_reader_can_say(struct config_span value)
{
    return without_comment(value).len == value.len && !has_control(value);
}

static struct config_span next_line(struct config_reader *reader)
{
    struct config_span line = {reader->text + reader->at, reader->len - reader->at};
    const char *end = memchr(line.text, '\n', line.len);
    if (end)
        line.len = (size_t)(end - line.text);
    reader->at += line.len + (end != NULL);
    reader->line++;
    if (end && line.len > 0 && line.text[line.len - 1] == '\r')
        line.len--;
    return line;
}

static enum config_read bad(struct config_reader *reader, const char *why)
{
    reader->why = why;
    reader->at = reader->len;
    return CONFIG_READ_BAD;
}

static bool section(struct config_reader *reader, struct config_span line)
{
    if (line.len < 2 || line.text[line.len - 1] != ']')
        return false;
    struct config_span name = trim((struct config_span){line.text + 1, line.len - 2});
    reader->section = name;
    return is_name(name);
}

void config_reader_init(struct config_reader *reader, const char *text, size_t len)
{
    memset(reader, 0, sizeof *reader);
    reader->text = len ? text : "";
    reader->len = len;
    reader->section.text = reader->text;
}

enum config_read config_reader_next(struct config_reader *reader, struct config_span *key,
                                    struct config_span *value)
{
    while (reader->at < reader->len) {
        struct config_span line = next_line(reader);
        if (has_control(line))
            return bad(reader, "a control character");
        line = without_comment(line);
        if (line.len == 0)
            continue;
        if (line.text[0] == '[') {
            if (!section(reader, line))
                return bad(reader, "not a section: [name] is expected");
            continue;
        }
        const char *equals = memchr(line.text, '=', line.len);
        if (!equals)
            return bad(reader, "neither [section] nor key = value");
        size_t at = (size_t)(equals - line.text);
        *key = trim((struct config_span){line.text, at});
        *value = without_comment((struct config_span){equals + 1, line.len - at - 1});
        if (!is_name(*key))
            return bad(reader, "not a key: lower case letters, digits and _ are expected");
        if (reader->section.len == 0)
            return bad(reader, "a key before the first [section]");
        return CONFIG_READ_ITEM;
    }
    return CONFIG_READ_END;
}
