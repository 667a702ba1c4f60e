/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/mint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/environment.h"
#include "host/state_files.h"
#include "lib/base/secret.h"
#include "mint/arguments.h"

void mint_path(char out[MINT_PATH_CAP], const char *directory, const char *name)
{
    const int len =
        snprintf(out, MINT_PATH_CAP, "%s/%s", directory != NULL ? directory : MINT_DIRECTORY, name);
    if (len < 0 || len >= MINT_PATH_CAP)
        out[0] = '\0'; /* cannot be opened */
}

static int read_secret(struct mint *mint)
{
    uint8_t bytes[LEWES_MINT_SECRET_MAX];
    const ssize_t len = state_file_read(mint->dir, MINT_SECRET, bytes, sizeof bytes);
    int code = EXIT_LOCAL;
    if (len < 0 && errno == EPERM)
        complain("%s/%s: others may read or write this secret; if nobody has, 'chmod 600' it, else "
                 "make a new key",
                 mint->path, MINT_SECRET);
    else if (len < 0 && errno == ENOENT)
        complain("%s: there is no key here yet; 'lewes-mint keygen' makes one", mint->path);
    else if (len < 0)
        complain("%s/%s: %s", mint->path, MINT_SECRET, strerror(errno));
    else if (lewes_mint_secret_read(&mint->secret, bytes, (size_t)len))
        complain("%s/%s: this is not the secret key of a mint; restore it from the backup",
                 mint->path, MINT_SECRET);
    else
        code = EXIT_DONE;
    lewes_wipe(bytes, sizeof bytes);
    return code;
}

int mint_open_secret(struct mint *mint, const char *directory)
{
    memset(mint, 0, sizeof *mint);
    mint->dir = -1;
    host_environment(&mint->env);
    mint->path = directory != NULL ? directory : MINT_DIRECTORY;
    /* Only keygen makes directories. */
    if (access(mint->path, F_OK) == 0)
        mint->dir = state_dir_open(mint->path);
    if (mint->dir < 0) {
        complain(errno == EPERM ? "%s: others may write to this directory%s" : "%s: %s", mint->path,
                 errno == EPERM ? "" : strerror(errno));
        return EXIT_LOCAL;
    }
    const int code = read_secret(mint);
    if (code != EXIT_DONE) {
        mint_close(mint);
        return code;
    }
    mint->key_len = lewes_mint_key_write(mint->key_bytes, &mint->secret);
    if (lewes_ecash_new(&mint->ecash, &mint->env)) {
        mint_close(mint);
        complain("no memory");
        return EXIT_LOCAL;
    }
    return EXIT_DONE;
}

static int read_epochs(struct mint *mint)
{
    char path[MINT_PATH_CAP];
    mint_path(path, mint->path, MINT_EPOCHS);
    if (access(path, F_OK)) {
        complain("%s: no epoch is in force; 'lewes-mint epoch add 1' begins the first", mint->path);
        return EXIT_LOCAL;
    }
    mint->epochs = malloc(sizeof *mint->epochs);
    if (mint->epochs == NULL || key_file_load(mint->epochs, path))
        return EXIT_LOCAL;
    mint->epoch = *key_file_last(mint->epochs);
    if (mint->epoch.len != mint->key_len ||
        memcmp(mint->epoch.bytes, mint->key_bytes, mint->key_len) != 0) {
        complain("%s: the last epoch has another key; 'lewes-mint epoch add' puts the new one into "
                 "force",
                 mint->path);
        return EXIT_LOCAL;
    }
    if (lewes_ecash_key_new(&mint->key, &mint->env, mint->ecash, mint->key_bytes, mint->key_len)) {
        complain("%s: the key cannot be used", path);
        return EXIT_LOCAL;
    }
    return EXIT_DONE;
}

int mint_open_epoch(struct mint *mint, const char *directory)
{
    int code = mint_open_secret(mint, directory);
    if (code != EXIT_DONE)
        return code;
    code = read_epochs(mint);
    if (code != EXIT_DONE)
        mint_close(mint);
    return code;
}

void mint_close(struct mint *mint)
{
    lewes_ecash_key_free(mint->key);
    lewes_ecash_free(mint->ecash);
    free(mint->epochs);
    if (mint->dir >= 0)
        close(mint->dir);
    lewes_wipe(mint, sizeof *mint);
    mint->dir = -1;
}
