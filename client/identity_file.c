/* SPDX-License-Identifier: Apache-2.0 */
#include "client/identity_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/secret_file.h"

#define FILE_CAP 65536 /* some 700 gateways */

enum found { FOUND, NOT_FOUND, MALFORMED };

/* Looks for the line of `gateway`; every line is checked. */
static enum found find(const char *text, const struct lewes_ed25519_public *gateway,
                       struct lewes_ed25519_seed *seed)
{
    enum found found = NOT_FOUND;
    while (*text) {
        struct lewes_ed25519_public key;
        struct lewes_ed25519_seed value;
        const char *end = strchr(text, '\n');
        const char *blank = end ? memchr(text, ' ', (size_t)(end - text)) : NULL;
        if (!blank || lewes_base58_decode(key.bytes, text, (size_t)(blank - text)) ||
            lewes_base64_decode(value.bytes, blank + 1, (size_t)(end - blank - 1)))
            return MALFORMED;
        if (memcmp(&key, gateway, sizeof key) == 0) {
            *seed = value;
            found = FOUND;
        }
        lewes_wipe(&value, sizeof value);
        text = end + 1;
    }
    return found;
}

static int append(const char *command, const char *path, char *text,
                  const struct lewes_ed25519_public *gateway, struct lewes_ed25519_seed *seed)
{
    struct lewes_env env;
    char key[LEWES_BASE58_CAP], value[LEWES_BASE64_CAP];
    size_t len = strlen(text);
    lewes_env_system(&env);
    if (lewes_ed25519_generate(seed, &env)) {
        complain(command, "the system gave no randomness");
        return -1;
    }
    lewes_base58_encode(key, gateway->bytes);
    lewes_base64_encode(value, seed->bytes);
    int n = snprintf(text + len, FILE_CAP - len, "%s %s\n", key, value);
    lewes_wipe(value, sizeof value);
    if (n < 0 || (size_t)n >= FILE_CAP - len) {
        complain(command, "%s is full; remove lines of gateways that you no longer use", path);
        return -1;
    }
    if (secret_file_write(path, text, len + (size_t)n) == 0)
        return 0;
    complain(command, "%s: %s; the identity could not be kept", path, strerror(errno));
    return -1;
}

/* Takes the line of `gateway` out of a text that find() has accepted. */
static void remove_line(char *text, const struct lewes_ed25519_public *gateway)
{
    char name[LEWES_BASE58_CAP];
    lewes_base58_encode(name, gateway->bytes);
    size_t len = strlen(name);
    while (*text) {
        char *next = strchr(text, '\n') + 1;
        if (strncmp(text, name, len) == 0 && text[len] == ' ')
            memmove(text, next, strlen(next) + 1);
        else
            text = next;
    }
}

static int take(const char *command, const char *path, bool renew,
                const struct lewes_ed25519_public *gateway, struct lewes_ed25519_seed *seed)
{
    char text[FILE_CAP];
    bool exposed;
    int result = -1;
    ssize_t len = secret_file_read(path, text, sizeof text, &exposed);
    if (len < 0 && errno != ENOENT) {
        complain(command,
                 exposed ? "%s: others can read this file; run 'chmod 600' on it"
                         : "%s cannot be read",
                 path);
        goto out;
    }
    if (len < 0)
        text[0] = '\0';
    switch (find(text, gateway, seed)) {
    case FOUND:
        result = 0;
        if (!renew)
            break;
        remove_line(text, gateway);
        result = append(command, path, text, gateway, seed);
        break;
    case NOT_FOUND:
        result = append(command, path, text, gateway, seed);
        break;
    case MALFORMED:
        complain(command, "%s: not a list of identities; move it away and register again", path);
        break;
    }
out:
    lewes_wipe(text, sizeof text);
    return result;
}

int identity_file_take(const char *command, const char *path,
                       const struct lewes_ed25519_public *gateway, struct lewes_ed25519_seed *seed)
{
    return take(command, path, false, gateway, seed);
}

int identity_file_renew(const char *command, const char *path,
                        const struct lewes_ed25519_public *gateway, struct lewes_ed25519_seed *seed)
{
    return take(command, path, true, gateway, seed);
}
