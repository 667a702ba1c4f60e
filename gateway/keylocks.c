/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keylocks.h"

#include <string.h>

#include "gateway/fixed.h"
#include "lib/base/bytes.h"
#include "lib/base/env.h"

#define CHAINS_LOG2 10

struct keylocks {
    struct lewes_env env;
    uint64_t seed; /* odd */
    struct keylock *chains[1 << CHAINS_LOG2];
};

enum lewes_error keylocks_new(struct keylocks **locks, const struct lewes_env *env)
{
    struct keylocks *new = lewesi_allocate(env, sizeof *new);
    if (new == NULL)
        return LEWES_ERROR_MEMORY;
    new->env = *env;
    enum lewes_error error = lewesi_random(env, (uint8_t *)&new->seed, sizeof new->seed);
    if (error != LEWES_OK) {
        keylocks_free(new);
        return error;
    }
    new->seed |= 1;
    *locks = new;
    return LEWES_OK;
}

void keylocks_free(struct keylocks *locks)
{
    if (locks == NULL)
        return;
    struct lewes_env env = locks->env;
    lewesi_release(&env, locks, sizeof *locks);
}

static struct keylock **chain_of(struct keylocks *locks, const struct lewes_wg_public *key)
{
    return &locks->chains[(lewesi_load64le(key->bytes) * locks->seed) >> (64 - CHAINS_LOG2)];
}

/* The link to the holder of `key`; it points to NULL if nobody holds it. */
static struct keylock **find(struct keylocks *locks, const struct lewes_wg_public *key)
{
    struct keylock **link = chain_of(locks, key);
    while (*link != NULL && memcmp(&(*link)->key, key, sizeof *key) != 0)
        link = &(*link)->next;
    return link;
}

enum keylock_verdict keylocks_take(struct keylocks *locks, struct keylock *lock,
                                   const struct lewes_wg_public *key)
{
    struct keylock **link = find(locks, key);
    unsigned waiting = 0;

    lock->key = *key;
    lock->next = NULL;
    lock->waiter = NULL;
    if (*link == NULL) {
        *link = lock;
        lock->state = KEYLOCK_HELD;
        return KEYLOCK_GRANTED;
    }
    struct keylock *last = *link;
    for (; last->waiter != NULL; last = last->waiter)
        waiting++;
    if (waiting >= KEY_WAITERS_MAX)
        return KEYLOCK_REFUSED;
    last->waiter = lock;
    lock->state = KEYLOCK_WAITS;
    return KEYLOCK_QUEUED;
}

static void leave_line(struct keylock *holder, const struct keylock *lock)
{
    struct keylock *before = holder;
    while (before != NULL && before->waiter != lock)
        before = before->waiter;
    if (before != NULL)
        before->waiter = lock->waiter;
}

void keylocks_release(struct keylocks *locks, struct keylock *lock)
{
    if (lock->state == KEYLOCK_NONE)
        return;
    struct keylock **link = find(locks, &lock->key);
    if (lock->state == KEYLOCK_WAITS) {
        leave_line(*link, lock);
        lock->state = KEYLOCK_NONE;
        return;
    }
    struct keylock *heir = lock->waiter;
    lock->state = KEYLOCK_NONE;
    if (heir == NULL) {
        *link = lock->next;
        return;
    }
    heir->next = lock->next;
    heir->state = KEYLOCK_HELD;
    *link = heir;
    heir->granted(heir);
}
