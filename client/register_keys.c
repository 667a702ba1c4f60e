/* SPDX-License-Identifier: Apache-2.0 */
#include "client/register_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/identity_file.h"
#include "client/secret_file.h"

#define NAME "register"

/* Returns NULL after a complaint. */
static char *path_beside(const char *file, const char *end)
{
    size_t size = strlen(file) + strlen(end) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s", file, end);
    else
        complain(NAME, "out of memory");
    return path;
}

/* ---- key files ---- */

static int read_key(const char *path, struct lewes_wg_private *key)
{
    char text[128];
    bool exposed;
    ssize_t len = secret_file_read(path, text, sizeof text, &exposed);
    if (len < 0 && exposed) {
        complain(NAME, "%s: others can read this key; run 'chmod 600 %s'", path, path);
    } else if (len < 0 && errno == ENOENT) {
        complain(NAME, "%s does not exist; make it: umask 077; lewes genkey > %s", path, path);
    } else if (len < 0) {
        complain(NAME, "%s: %s", path, strerror(errno));
    } else {
        while (len > 0 && strchr("\r\n ", text[len - 1]))
            len--;
        if (lewes_base64_decode(key->bytes, text, (size_t)len) == LEWES_OK) {
            lewes_wipe(text, sizeof text);
            return 0;
        }
        complain(NAME, "%s: not a private key (44 characters of base64)", path);
    }
    lewes_wipe(text, sizeof text);
    return -1;
}

static int write_key(const char *path, const struct lewes_wg_private *key)
{
    char text[LEWES_BASE64_CAP + 1];
    lewes_base64_encode(text, key->bytes);
    size_t len = strlen(text);
    text[len++] = '\n';
    int failed = secret_file_write(path, text, len);
    lewes_wipe(text, sizeof text);
    if (failed)
        complain(NAME, "%s: %s; the new key could not be kept", path, strerror(errno));
    return failed;
}

static int make_key(struct lewes_wg_private *key)
{
    struct lewes_env env;
    lewes_env_system(&env);
    if (lewes_wg_generate(key, &env) == LEWES_OK)
        return 0;
    complain(NAME, "the system gave no randomness");
    return -1;
}

/* The key of a run that did not come to its end, or a new one: then `*fresh`. */
static int resume_or_make(const char *out, struct lewes_wg_private *key, bool *fresh)
{
    char *path = path_beside(out, ".key");
    int failed = -1;
    if (!path)
        return -1;
    *fresh = access(path, F_OK) != 0 && errno == ENOENT;
    if (!*fresh) {
        failed = read_key(path, key);
        if (!failed)
            complain(NAME, "an earlier run did not come to its end; going on with %s", path);
    } else if (make_key(key) == 0) {
        failed = write_key(path, key);
    }
    free(path);
    return failed;
}

/* ---- identities ---- */

/* The identity lives beside the key, or the profile that holds the key: FILE.lewes. A key that goes
 * to standard output has no place, and so its identity has none. */
static int take_identity(const char *file, const struct lewes_ed25519_public *gateway, bool fresh,
                         struct lewes_ed25519_seed *seed)
{
    struct lewes_env env;
    if (!file) {
        lewes_env_system(&env);
        if (lewes_ed25519_generate(seed, &env) == LEWES_OK)
            return 0;
        complain(NAME, "the system gave no randomness");
        return -1;
    }
    char *path = path_beside(file, ".lewes");
    if (!path)
        return -1;
    int failed = fresh ? identity_file_renew(NAME, path, gateway, seed)
                       : identity_file_take(NAME, path, gateway, seed);
    free(path);
    return failed;
}

/* ---- what a run needs ---- */

int register_keys_take(const struct register_arguments *arguments, enum lewes_hop hop,
                       struct lewes_hop_options *options, bool *fresh)
{
    const struct hop_arguments *given = &arguments->hops[hop];
    int failed;
    *fresh = false;
    if (given->wg_key)
        failed = read_key(given->wg_key, &options->wg_key);
    else if (given->out)
        failed = resume_or_make(given->out, &options->wg_key, fresh);
    else
        failed = make_key(&options->wg_key);
    return failed ? -1
                  : take_identity(given->wg_key ? given->wg_key : given->out, &given->gateway,
                                  *fresh, &options->identity);
}

int register_keys_take_mixnet(const struct register_arguments *arguments,
                              struct lewes_register_options *options)
{
    struct lewes_wg_private key; /* of the same kind */
    struct lewes_wg_public public_key;
    if (read_key(arguments->mixnet_key, &key))
        return -1;
    lewes_wg_public(&public_key, &key);
    lewes_wipe(&key, sizeof key);
    memcpy(options->mixnet_x25519.bytes, public_key.bytes, LEWES_KEY_LEN);
    return take_identity(arguments->mixnet_key, &arguments->hops[LEWES_HOP_ENTRY].gateway, false,
                         &options->entry.identity);
}

void register_keys_drop(const struct register_arguments *arguments, enum lewes_hop hop)
{
    const struct hop_arguments *given = &arguments->hops[hop];
    char *path = given->out && !given->wg_key ? path_beside(given->out, ".key") : NULL;
    if (path && unlink(path) && errno != ENOENT)
        complain(NAME, "%s: %s; remove it, or the next run takes this key again", path,
                 strerror(errno));
    free(path);
}

bool register_keys_last(const struct register_arguments *arguments, enum lewes_hop hop)
{
    const struct hop_arguments *given = &arguments->hops[hop];
    return given->wg_key || given->out || arguments->mixnet_key;
}
