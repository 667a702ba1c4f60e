/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/key_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/words.h"
#include "mint/arguments.h"

/* Reads one line, which is changed; true for an empty one. */
static bool read_line(struct key_file *keys, char *line)
{
    char *rest = NULL;
    const char *word = strtok_r(line, " \t\r", &rest);
    if (word == NULL)
        return true;
    if (keys->count == KEY_FILE_EPOCHS || strcmp(word, "epoch") != 0)
        return false;
    struct key_epoch *const epoch = &keys->epochs[keys->count];
    *epoch = (struct key_epoch){.to = UINT32_MAX};
    word = strtok_r(NULL, " \t\r", &rest);
    if (word == NULL || !number_read(&epoch->number, word, INT64_MAX) ||
        key_file_find(keys, epoch->number) != NULL)
        return false;
    word = strtok_r(NULL, " \t\r", &rest);
    const char *const hex = strtok_r(NULL, " \t\r", &rest);
    const ssize_t len = hex != NULL ? hex_read(epoch->bytes, sizeof epoch->bytes, hex) : -1;
    if (word == NULL || strcmp(word, "vk") != 0 || len <= 0)
        return false;
    epoch->len = (size_t)len;
    while ((word = strtok_r(NULL, " \t\r", &rest)) != NULL) {
        const bool from = strcmp(word, "from") == 0, to = strcmp(word, "to") == 0;
        const char *const date = strtok_r(NULL, " \t\r", &rest);
        if ((!from && !to) || date == NULL || !date_read(from ? &epoch->from : &epoch->to, date))
            return false;
    }
    keys->count++;
    return epoch->from <= epoch->to;
}

int key_file_read(struct key_file *keys, const char *text, size_t len, unsigned *line)
{
    char copy[KEY_LINE_CAP];
    keys->count = 0;
    *line = 0;
    for (const char *at = text; at < text + len;) {
        const size_t left = (size_t)(text + len - at);
        const char *const newline = memchr(at, '\n', left);
        const size_t whole = newline != NULL ? (size_t)(newline - at) : left;
        const char *const comment = memchr(at, '#', whole);
        const size_t used = comment != NULL ? (size_t)(comment - at) : whole;
        ++*line;
        if (used >= sizeof copy || memchr(at, '\0', whole) != NULL)
            return -1;
        memcpy(copy, at, used);
        copy[used] = '\0';
        if (!read_line(keys, copy))
            return -1;
        at += whole + (newline != NULL);
    }
    *line = 0;
    return keys->count > 0 ? 0 : -1;
}

int key_file_load(struct key_file *keys, const char *path)
{
    FILE *const file = fopen(path, "re");
    char *const text = malloc(KEY_FILE_MAX);
    unsigned line = 0;
    int failed = -1;
    if (file == NULL || text == NULL) {
        complain("%s: %s", path, strerror(errno));
        goto out;
    }
    const size_t len = fread(text, 1, KEY_FILE_MAX, file);
    if (ferror(file) || len == KEY_FILE_MAX)
        complain("%s: cannot be read, or is too long for a key file", path);
    else if (key_file_read(keys, text, len, &line) == 0)
        failed = 0;
    else if (line > 0)
        complain("%s:%u: not a line of 'lewes-mint epoch add'", path, line);
    else
        complain("%s: there is no epoch in this file", path);
out:
    if (file != NULL)
        fclose(file);
    free(text);
    return failed;
}

const struct key_epoch *key_file_find(const struct key_file *keys, uint64_t number)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->epochs[i].number == number)
            return &keys->epochs[i];
    return NULL;
}

const struct key_epoch *key_file_last(const struct key_file *keys)
{
    return keys->count > 0 ? &keys->epochs[keys->count - 1] : NULL;
}

size_t key_line_write(char out[KEY_LINE_CAP], const struct key_epoch *epoch)
{
    char hex[2 * LEWES_MINT_KEY_MAX + 1], date[DATE_CAP];
    hex_write(hex, epoch->bytes, epoch->len);
    int len = snprintf(out, KEY_LINE_CAP, "epoch %" PRIu64 " vk %s", epoch->number, hex);
    if (epoch->from > 0) {
        date_write(date, epoch->from);
        len += snprintf(out + len, KEY_LINE_CAP - (size_t)len, " from %s", date);
    }
    if (epoch->to < UINT32_MAX) {
        date_write(date, epoch->to);
        len += snprintf(out + len, KEY_LINE_CAP - (size_t)len, " to %s", date);
    }
    len += snprintf(out + len, KEY_LINE_CAP - (size_t)len, "\n");
    return (size_t)len;
}
