/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/kemfile.h"

#include <string.h>

#include "description/base64.h"

#define WHAT "two lines: \"mlkem768 \" and \"xwing \", each with a seed in base64"
#define LINES 2
#define TEXT_MAX 256 /* the file has 150 bytes */

/* One line for each key, in this order. */
static const struct line {
    enum lewes_kem kem;
    const char *head;
    size_t seed_len;
} lines[LINES] = {
    {LEWES_KEM_MLKEM768, "mlkem768 ", 64},
    {LEWES_KEM_XWING, "xwing ", 32},
};

static struct lewes_kem_seed *seed_of(struct kemfile_seeds *seeds, enum lewes_kem kem)
{
    return kem == LEWES_KEM_XWING ? &seeds->xwing : &seeds->mlkem768;
}

/* Reads one line at `*at`, and goes behind it; the newline of the last may be missing. */
static bool read_line(const struct line *line, const char **at, const char *end, uint8_t *seed)
{
    const size_t head = strlen(line->head), text = DESCRIPTION_BASE64_LEN(line->seed_len);
    const size_t left = (size_t)(end - *at);
    size_t len;

    if (left < head + text || memcmp(*at, line->head, head) != 0 ||
        !description_base64_decode(seed, line->seed_len, &len, *at + head, text) ||
        len != line->seed_len)
        return false;
    *at += head + text;
    if (*at == end)
        return true;
    return *(*at)++ == '\n';
}

static bool read_lines(const char *text, size_t len, struct kemfile_seeds *seeds)
{
    const char *at = text;

    for (size_t i = 0; i < LINES; i++)
        if (!read_line(&lines[i], &at, text + len, seed_of(seeds, lines[i].kem)->bytes))
            return false;
    return at == text + len;
}

static enum keyfile_result load(const char *path, struct kemfile_seeds *seeds,
                                struct keyfile_error *error)
{
    char text[TEXT_MAX];
    size_t len;
    enum keyfile_result result = keyfile_read(path, WHAT, text, sizeof text, &len, error);

    memset(seeds, 0, sizeof *seeds);
    if (result == KEYFILE_OK && !read_lines(text, len, seeds)) {
        result = keyfile_fail(error,
                              "%s: not a file of KEM keys: expected are " WHAT
                              "; restore it from a backup, for new keys break what clients know",
                              path);
        lewes_wipe(seeds, sizeof *seeds);
    }
    lewes_wipe(text, sizeof text);
    return result;
}

static enum keyfile_result create(const char *path, const struct kemfile_seeds *seeds,
                                  struct keyfile_error *error)
{
    char text[TEXT_MAX];
    size_t len = 0;

    for (size_t i = 0; i < LINES; i++) {
        const struct lewes_kem_seed *seed =
            lines[i].kem == LEWES_KEM_XWING ? &seeds->xwing : &seeds->mlkem768;

        memcpy(text + len, lines[i].head, strlen(lines[i].head));
        len += strlen(lines[i].head);
        description_base64_encode(text + len, seed->bytes, lines[i].seed_len);
        len += DESCRIPTION_BASE64_LEN(lines[i].seed_len);
        text[len++] = '\n';
    }
    enum keyfile_result result = keyfile_write(path, text, len, error);
    lewes_wipe(text, sizeof text);
    return result;
}

static enum keyfile_result load_or_make(const char *path, const struct lewes_env *env,
                                        struct kemfile_seeds *seeds, struct keyfile_error *error)
{
    enum keyfile_result result = load(path, seeds, error);

    if (result != KEYFILE_ABSENT)
        return result;
    for (size_t i = 0; i < LINES; i++)
        if (lewes_kem_generate(seed_of(seeds, lines[i].kem), lines[i].kem, env) != LEWES_OK)
            return keyfile_fail(error, "%s: the system gave no randomness for new keys", path);
    result = create(path, seeds, error);
    if (result == KEYFILE_EXISTS) /* somebody was faster: theirs count */
        return load(path, seeds, error) == KEYFILE_OK ? KEYFILE_OK : KEYFILE_FAILED;
    return result == KEYFILE_OK ? KEYFILE_ABSENT : result; /* it was: now it is made */
}

enum keyfile_result kemfile_seeds(const char *path, const struct lewes_env *env,
                                  struct kemfile_seeds *seeds, bool *made,
                                  struct keyfile_error *error)
{
    enum keyfile_result result = load_or_make(path, env, seeds, error);

    if (made != NULL)
        *made = result == KEYFILE_ABSENT;
    if (result == KEYFILE_ABSENT)
        return KEYFILE_OK;
    if (result != KEYFILE_OK)
        lewes_wipe(seeds, sizeof *seeds);
    return result;
}
