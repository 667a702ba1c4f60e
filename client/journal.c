/* SPDX-License-Identifier: Apache-2.0 */
#include "client/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/journal_form.h"
#include "client/journal_prune.h"
#include "host/state_files.h"

#define NAME_CAP (2 * LEWES_BASE58_CAP + sizeof ".lock") /* a dash instead of one NUL */

struct journal {
    struct lewes_env env;
    int dir, lock;
    struct journal_key key;
    struct journal_entry entry;
    char name[NAME_CAP];
};

static void name_entry(struct journal *journal)
{
    char gateway[LEWES_BASE58_CAP], key[LEWES_BASE58_CAP];
    lewes_base58_encode(gateway, journal->key.gateway.bytes);
    lewes_base58_encode(key, journal->key.key);
    snprintf(journal->name, sizeof journal->name, "%s-%s", gateway, key);
}

static int take_lock(struct journal *journal)
{
    char name[NAME_CAP];
    snprintf(name, sizeof name, "%.*s.lock", (int)(sizeof name - sizeof ".lock"), journal->name);
    journal->lock = journal_lock(journal->dir, name);
    return journal->lock < 0 ? -1 : 0;
}

/* Kept for whoever wants to know what became of a ticket. */
static int set_aside(const struct journal *journal)
{
    char bad[NAME_CAP];
    snprintf(bad, sizeof bad, "%.*s.bad", (int)(sizeof bad - sizeof ".lock"), journal->name);
    if (renameat(journal->dir, journal->name, journal->dir, bad) || fsync(journal->dir))
        return -1;
    errno = EBADMSG;
    return -1;
}

static int read_entry(struct journal *journal)
{
    uint8_t bytes[JOURNAL_FORM_CAP];
    enum journal_form_status status = JOURNAL_FORM_DAMAGED;
    ssize_t len = state_file_read(journal->dir, journal->name, bytes, sizeof bytes);
    if (len < 0 && errno != EFBIG)
        return errno == ENOENT ? 0 : -1;
    if (len >= 0)
        status = journal_form_read(&journal->entry, &journal->key, bytes, (size_t)len);
    lewes_wipe(bytes, sizeof bytes);
    switch (status) {
    case JOURNAL_FORM_OK:
        return 0;
    case JOURNAL_FORM_LATER:
        errno = ENOTSUP;
        return -1;
    case JOURNAL_FORM_DAMAGED:
        break;
    }
    return set_aside(journal);
}

int journal_open(struct journal **journal, const char *dir,
                 const struct lewes_ed25519_public *gateway, const uint8_t wg_or_identity[32],
                 const struct lewes_env *env)
{
    struct journal *made = env->allocate(env->user, sizeof *made);
    if (!made) {
        errno = ENOMEM;
        return -1;
    }
    memset(made, 0, sizeof *made);
    made->env = *env;
    made->lock = -1;
    made->key.gateway = *gateway;
    memcpy(made->key.key, wg_or_identity, LEWES_KEY_LEN);
    name_entry(made);
    made->dir = state_dir_open(dir);
    if (made->dir >= 0 && take_lock(made) == 0 && read_entry(made) == 0) {
        journal_prune(made->dir);
        *journal = made;
        return 0;
    }
    int error = errno;
    journal_close(made);
    errno = error;
    return -1;
}

const struct journal_entry *journal_entry(const struct journal *journal)
{
    return &journal->entry;
}

int journal_put(struct journal *journal, const struct journal_entry *entry)
{
    uint8_t bytes[JOURNAL_FORM_CAP];
    size_t len = journal_form_write(bytes, &journal->key, entry);
    int failed = -1;
    if (len == 0)
        errno = EINVAL;
    else
        failed = state_file_replace(journal->dir, journal->name, bytes, len);
    int error = errno;
    lewes_wipe(bytes, sizeof bytes);
    if (!failed) {
        memmove(&journal->entry, entry, sizeof *entry);
        journal->entry.credential.payment = journal->entry.payment;
    }
    errno = error;
    return failed;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    struct lewes_env env = journal->env;
    if (journal->lock >= 0)
        close(journal->lock);
    if (journal->dir >= 0)
        close(journal->dir);
    lewes_wipe(journal, sizeof *journal);
    env.release(env.user, journal, sizeof *journal);
}
