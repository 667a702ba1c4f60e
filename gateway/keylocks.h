/* SPDX-License-Identifier: Apache-2.0 */
/* One registration at a time for each WireGuard key; the others wait in line (gateway.md G6.1). */
#ifndef LEWES_GATEWAY_KEYLOCKS_H
#define LEWES_GATEWAY_KEYLOCKS_H

#include <lewes/keys.h>

/* A place in line: a member of the caller's structure, zero when not in use. */
struct keylock {
    struct lewes_wg_public key;
    void (*granted)(struct keylock *lock); /* called when a wait is over, from within a release */
    struct keylock *next;                  /* of the same chain: another key's holder */
    struct keylock *waiter;                /* who comes after, for the same key */
    enum { KEYLOCK_NONE, KEYLOCK_WAITS, KEYLOCK_HELD } state;
};

enum keylock_verdict {
    KEYLOCK_GRANTED,
    KEYLOCK_QUEUED, /* `granted` will be called */
    KEYLOCK_REFUSED /* too many wait */
};

struct keylocks;

/* Errors: LEWES_ERROR_MEMORY, LEWES_ERROR_RANDOM. */
LEWES_MUST_USE enum lewes_error keylocks_new(struct keylocks **locks, const struct lewes_env *env);
void keylocks_free(struct keylocks *locks);

/* `lock->granted` must be set; the lock must stay where it is until it is released. */
enum keylock_verdict keylocks_take(struct keylocks *locks, struct keylock *lock,
                                   const struct lewes_wg_public *key);

/* Gives up a lock or a place in line; a lock in state NONE is ignored. */
void keylocks_release(struct keylocks *locks, struct keylock *lock);

#endif
