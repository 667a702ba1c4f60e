/* SPDX-License-Identifier: Apache-2.0 */
/* Files with keys, of the client and of the gateway: read from a true file, 0600. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <lewes/client.h>

#include "client/command.h"
#include "client/identity_file.h"
#include "fuzz/fuzz.h"
#include "gateway/kemfile.h"
#include "gateway/keyfile.h"

#define PATH_CAP 64

static char directory[PATH_CAP], path[PATH_CAP + 16];
static unsigned complaints;

/* The program's own one writes to stderr. */
void complain(const char *command, const char *format, ...)
{
    (void)command;
    (void)format;
    complaints++;
}

static void set_up(void)
{
    if (path[0] != '\0')
        return;
    /* In memory: each input is written and synced. */
    snprintf(directory, sizeof directory, "%s/lewes-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    PROMISE(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/file", directory);
}

static void put(const uint8_t *data, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    PROMISE(fd >= 0);
    PROMISE(size == 0 || write(fd, data, size) == (ssize_t)size);
    PROMISE(close(fd) == 0);
}

/* A key that is read is a line of base64, and nothing else. */
static void as_key(size_t size)
{
    uint8_t secret[LEWES_KEY_LEN];
    struct keyfile_error error = {""};
    static const uint8_t zeros[LEWES_KEY_LEN];

    if (keyfile_load(path, secret, &error) == KEYFILE_OK) {
        PROMISE(size >= LEWES_BASE64_CAP - 1 && size <= LEWES_BASE64_CAP + 1);
        return;
    }
    PROMISE(error.text[0] != '\0');
    PROMISE(memcmp(secret, zeros, sizeof zeros) == 0);
}

/* A damaged file of KEM keys is refused, and no other is made in its place. */
static void as_kem_keys(void)
{
    static const struct kemfile_seeds zeros;
    struct kemfile_seeds seeds;
    struct keyfile_error error = {""};
    struct fuzz_env env;
    bool made = true;

    fuzz_env_init(&env, 1);
    const bool good = kemfile_seeds(path, &env.env, &seeds, &made, &error) == KEYFILE_OK;
    PROMISE(env.blocks == 0 && env.stream == 1);
    if (good)
        PROMISE(!made);
    else
        PROMISE(error.text[0] != '\0' && memcmp(&seeds, &zeros, sizeof seeds) == 0);
}

/* What was found once is found again; what was made stays. */
static void as_identities(void)
{
    static const struct lewes_ed25519_public gateway = {{0x22}};
    struct lewes_ed25519_seed seed, again;

    complaints = 0;
    if (identity_file_take("fuzz", path, &gateway, &seed) != 0) {
        PROMISE(complaints == 1);
        return;
    }
    PROMISE(complaints == 0);
    PROMISE(identity_file_take("fuzz", path, &gateway, &again) == 0);
    PROMISE(memcmp(&seed, &again, sizeof seed) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    put(data, size);
    as_key(size);
    as_kem_keys();
    as_identities();
    PROMISE(unlink(path) == 0);
    PROMISE(rmdir(directory) == 0);
    path[0] = '\0';
    return 0;
}
