/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/epochs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lewes/mint.h>

#include "host/io.h"
#include "host/words.h"

#define WORD_CAP (2 * LEWES_MINT_KEY_MAX + 1)

struct epochs {
    struct lewes_env env;
    unsigned holders;
    size_t count;
    struct epoch list[EPOCHS_MAX];
};

/* Where the reader is. */
struct lines {
    const char *name, *at, *end;
    unsigned number;
    struct epochs_error *error;
};

__attribute__((format(printf, 2, 3))) static bool complain(const struct lines *lines,
                                                           const char *format, ...)
{
    va_list arguments;
    int len =
        snprintf(lines->error->text, EPOCHS_ERROR_TEXT, "%s:%u: ", lines->name, lines->number);
    if (len < 0 || len >= EPOCHS_ERROR_TEXT)
        len = 0;
    va_start(arguments, format);
    vsnprintf(lines->error->text + len, EPOCHS_ERROR_TEXT - (size_t)len, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- words ---- */

/* The next word of the line, or "" at its end. A word that is too long is cut: it fits nowhere. */
static void next_word(struct lines *lines, const char *line_end, char word[WORD_CAP])
{
    size_t len = 0;
    while (lines->at < line_end && (*lines->at == ' ' || *lines->at == '\t' || *lines->at == '\r'))
        lines->at++;
    while (lines->at < line_end && !strchr(" \t\r", *lines->at) && len < WORD_CAP - 1)
        word[len++] = *lines->at++;
    word[len] = '\0';
}

/* ---- lines ---- */

static bool read_key(struct lines *lines, const struct epochs *epochs,
                     const struct lewes_ecash *ecash, const char *word, struct epoch *epoch)
{
    uint8_t bytes[LEWES_MINT_KEY_MAX];
    const ssize_t len = hex_read(bytes, sizeof bytes, word);
    if (len < 0)
        return complain(lines, "the verification key is not hexadecimal, or too long");
    switch ((int)lewes_ecash_key_new(&epoch->key, &epochs->env, ecash, bytes, (size_t)len)) {
    case LEWES_OK:
        return true;
    case LEWES_ERROR_MEMORY:
        return complain(lines, "no memory");
    default:
        return complain(lines, "this is not a verification key: copy the line again from "
                               "'lewes-mint epoch add'");
    }
}

/* [from DATE] [to DATE] */
static bool read_range(struct lines *lines, const char *end, struct epoch *epoch)
{
    char word[WORD_CAP], date[WORD_CAP];
    epoch->from = 0;
    epoch->to = UINT32_MAX;
    for (next_word(lines, end, word); word[0]; next_word(lines, end, word)) {
        const bool from = strcmp(word, "from") == 0;
        next_word(lines, end, date);
        if (!from && strcmp(word, "to") != 0)
            return complain(lines, "'from' or 'to' is expected, not '%.20s'", word);
        if (!date_read(from ? &epoch->from : &epoch->to, date))
            return complain(lines, "'%s' takes a date as 2026-12-31, not '%.20s'", word, date);
    }
    return epoch->from <= epoch->to || complain(lines, "the epoch ends before it begins");
}

static bool read_line(struct lines *lines, const char *end, struct epochs *epochs,
                      const struct lewes_ecash *ecash)
{
    char word[WORD_CAP];
    struct epoch epoch = {0};
    next_word(lines, end, word);
    if (!word[0])
        return true;
    if (strcmp(word, "epoch") != 0)
        return complain(lines, "a line begins with 'epoch', not with '%.20s'", word);
    next_word(lines, end, word);
    if (!number_read(&epoch.number, word, INT64_MAX))
        return complain(lines, "'epoch' takes a number, not '%.20s'", word);
    if (epochs_find(epochs, epoch.number) != NULL)
        return complain(lines, "epoch %" PRIu64 " stands there twice", epoch.number);
    if (epochs->count == EPOCHS_MAX)
        return complain(lines, "more than %d epochs: remove those that are over", EPOCHS_MAX);
    next_word(lines, end, word);
    if (strcmp(word, "vk") != 0)
        return complain(lines, "'vk' is expected, not '%.20s'", word);
    next_word(lines, end, word);
    if (!read_key(lines, epochs, ecash, word, &epoch))
        return false;
    if (!read_range(lines, end, &epoch)) {
        lewes_ecash_key_free(epoch.key);
        return false;
    }
    epochs->list[epochs->count++] = epoch;
    return true;
}

static bool read_lines(struct lines *lines, struct epochs *epochs, const struct lewes_ecash *ecash)
{
    while (lines->at < lines->end) {
        const char *const newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
        const char *const line_end = newline != NULL ? newline : lines->end;
        const char *const comment = memchr(lines->at, '#', (size_t)(line_end - lines->at));
        lines->number++;
        if (memchr(lines->at, '\0', (size_t)(line_end - lines->at)) != NULL)
            return complain(lines, "this is not text");
        if (!read_line(lines, comment != NULL ? comment : line_end, epochs, ecash))
            return false;
        lines->at = newline != NULL ? newline + 1 : lines->end;
    }
    return epochs->count > 0 || complain(lines, "there is no epoch in this file");
}

/* ---- sets ---- */

int epochs_read(struct epochs **epochs, const struct lewes_env *env,
                const struct lewes_ecash *ecash, const struct epochs_text *text,
                struct epochs_error *error)
{
    struct lines lines = {
        .name = text->name, .at = text->text, .end = text->text + text->len, .error = error};
    struct epochs *const made = env->allocate(env->user, sizeof *made);
    if (made == NULL) {
        snprintf(error->text, sizeof error->text, "%s: no memory", text->name);
        return -1;
    }
    memset(made, 0, sizeof *made);
    made->env = *env;
    made->holders = 1;
    if (!read_lines(&lines, made, ecash)) {
        epochs_drop(made);
        return -1;
    }
    *epochs = made;
    return 0;
}

static ssize_t read_file(const char *path, char *text, size_t cap)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const ssize_t len = io_read_all(fd, text, cap);
    const int failure = errno;
    close(fd);
    errno = failure;
    return len;
}

int epochs_load(struct epochs **epochs, const struct lewes_env *env,
                const struct lewes_ecash *ecash, const char *path, struct epochs_error *error)
{
    char *const text = malloc(EPOCHS_FILE_MAX);
    int status = -1;
    const ssize_t len = text == NULL ? -1 : read_file(path, text, EPOCHS_FILE_MAX);
    if (len < 0)
        snprintf(error->text, sizeof error->text, "%s: %s", path, strerror(errno));
    else
        status =
            epochs_read(epochs, env, ecash, &(struct epochs_text){path, text, (size_t)len}, error);
    free(text);
    return status;
}

struct epochs *epochs_hold(struct epochs *epochs)
{
    epochs->holders++;
    return epochs;
}

void epochs_drop(struct epochs *epochs)
{
    if (epochs == NULL || --epochs->holders > 0)
        return;
    for (size_t i = 0; i < epochs->count; i++)
        lewes_ecash_key_free(epochs->list[i].key);
    const struct lewes_env env = epochs->env;
    lewes_wipe(epochs, sizeof *epochs);
    env.release(env.user, epochs, sizeof *epochs);
}

size_t epochs_count(const struct epochs *epochs)
{
    return epochs->count;
}

const struct epoch *epochs_find(const struct epochs *epochs, uint64_t number)
{
    for (size_t i = 0; i < epochs->count; i++)
        if (epochs->list[i].number == number)
            return &epochs->list[i];
    return NULL;
}
