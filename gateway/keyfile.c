/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/io.h"

#define TEXT_LEN (LEWES_BASE64_CAP - 1)
#define FILE_LEN (TEXT_LEN + 1) /* and the newline */

enum keyfile_result keyfile_fail(struct keyfile_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return KEYFILE_FAILED;
}

static enum keyfile_result check_file(int fd, const char *path, const char *what,
                                      struct keyfile_error *error)
{
    struct stat st;
    if (fstat(fd, &st))
        return keyfile_fail(error, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return keyfile_fail(error, "%s: not a regular file; a key file is %s", path, what);
    if (st.st_mode & 077)
        return keyfile_fail(
            error,
            "%s: others may read or write this key (mode %03o); run 'chmod 600 %s', and "
            "make a new key if somebody may have read it",
            path, (unsigned)(st.st_mode & 0777), path);
    return KEYFILE_OK;
}

enum keyfile_result keyfile_read(const char *path, const char *what, char *text, size_t cap,
                                 size_t *len, struct keyfile_error *error)
{
    *len = 0;
    /* Without O_NONBLOCK a fifo of this name would stop the start for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        keyfile_fail(error, "%s: there is no such key file", path);
        return KEYFILE_ABSENT;
    }
    if (fd < 0)
        return keyfile_fail(error, "%s: cannot be read: %s", path, strerror(errno));
    enum keyfile_result result = check_file(fd, path, what, error);
    ssize_t got = result == KEYFILE_OK ? io_read(fd, text, cap) : 0;
    if (got < 0)
        result = keyfile_fail(error, "%s: %s", path, strerror(errno));
    else
        *len = (size_t)got;
    close(fd);
    return result;
}

enum keyfile_result keyfile_load(const char *path, uint8_t secret[LEWES_KEY_LEN],
                                 struct keyfile_error *error)
{
    char text[FILE_LEN + 1]; /* one more, to see that there is no more */
    size_t len;
    memset(secret, 0, LEWES_KEY_LEN);
    enum keyfile_result result =
        keyfile_read(path, "one line of base64", text, sizeof text, &len, error);
    if (result != KEYFILE_OK)
        goto out;
    if (len == FILE_LEN && text[TEXT_LEN] == '\n')
        len--;
    if (lewes_base64_decode(secret, text, len))
        result = keyfile_fail(
            error,
            "%s: not a key: one line with 32 bytes in base64 is expected, as 'wg genkey' "
            "and 'lewes genkey' write",
            path);
out:
    lewes_wipe(text, sizeof text);
    return result;
}

enum keyfile_result keyfile_write(const char *path, const char *text, size_t len,
                                  struct keyfile_error *error)
{
    char temporary[PATH_MAX];
    enum keyfile_result result = KEYFILE_OK;
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return keyfile_fail(error, "the path of a key file is too long");
    int fd = mkostemp(temporary, O_CLOEXEC); /* O_EXCL and 0600 */
    if (fd < 0)
        return keyfile_fail(
            error,
            "%s: a new key cannot be kept there: %s; make the directory, or give lewesd's "
            "user the right to write to it",
            path, strerror(errno));
    bool written = io_write(fd, text, len) == 0 && fsync(fd) == 0;
    int cause = errno;
    close(fd);
    /* A link, not a rename: it never takes the place of a key that is there. */
    if (written && link(temporary, path)) {
        cause = errno;
        written = false;
    }
    unlink(temporary);
    if (!written && cause == EEXIST) {
        keyfile_fail(error, "%s: exists already", path);
        return KEYFILE_EXISTS;
    }
    if (!written)
        return keyfile_fail(error, "%s: a new key cannot be written: %s", path, strerror(cause));
    if (io_sync_directory(path))
        result = keyfile_fail(error, "%s: written, but its directory cannot be synced: %s", path,
                              strerror(errno));
    return result;
}

enum keyfile_result keyfile_create(const char *path, const uint8_t secret[LEWES_KEY_LEN],
                                   struct keyfile_error *error)
{
    char text[LEWES_BASE64_CAP];
    lewes_base64_encode(text, secret);
    text[TEXT_LEN] = '\n';
    enum keyfile_result result = keyfile_write(path, text, FILE_LEN, error);
    lewes_wipe(text, sizeof text);
    return result;
}

/* Draws a secret. */
typedef enum lewes_error draw_function(uint8_t secret[LEWES_KEY_LEN], const struct lewes_env *env);

static enum lewes_error draw_seed(uint8_t secret[LEWES_KEY_LEN], const struct lewes_env *env)
{
    struct lewes_ed25519_seed seed;
    enum lewes_error error = lewes_ed25519_generate(&seed, env);
    memcpy(secret, seed.bytes, LEWES_KEY_LEN);
    lewes_wipe(&seed, sizeof seed);
    return error;
}

static enum lewes_error draw_wg(uint8_t secret[LEWES_KEY_LEN], const struct lewes_env *env)
{
    struct lewes_wg_private key;
    enum lewes_error error = lewes_wg_generate(&key, env);
    memcpy(secret, key.bytes, LEWES_KEY_LEN);
    lewes_wipe(&key, sizeof key);
    return error;
}

static enum keyfile_result load_or_make(const char *path, const struct lewes_env *env,
                                        draw_function *draw, uint8_t secret[LEWES_KEY_LEN],
                                        struct keyfile_error *error)
{
    enum keyfile_result result = keyfile_load(path, secret, error);
    if (result != KEYFILE_ABSENT)
        return result;
    if (draw(secret, env))
        return keyfile_fail(error, "%s: the system gave no randomness for a new key", path);
    result = keyfile_create(path, secret, error);
    if (result == KEYFILE_EXISTS) /* somebody was faster: theirs counts */
        return keyfile_load(path, secret, error) == KEYFILE_OK ? KEYFILE_OK : KEYFILE_FAILED;
    if (result == KEYFILE_OK)
        return KEYFILE_ABSENT; /* it was: now it is made */
    lewes_wipe(secret, LEWES_KEY_LEN);
    return result;
}

static enum keyfile_result report(enum keyfile_result result, bool *made)
{
    if (made)
        *made = result == KEYFILE_ABSENT;
    return result == KEYFILE_ABSENT ? KEYFILE_OK : result;
}

enum keyfile_result keyfile_identity(const char *path, const struct lewes_env *env,
                                     struct lewes_ed25519_seed *seed, bool *made,
                                     struct keyfile_error *error)
{
    return report(load_or_make(path, env, draw_seed, seed->bytes, error), made);
}

enum keyfile_result keyfile_wireguard(const char *path, const struct lewes_env *env,
                                      struct lewes_wg_private *key, bool *made,
                                      struct keyfile_error *error)
{
    return report(load_or_make(path, env, draw_wg, key->bytes, error), made);
}
