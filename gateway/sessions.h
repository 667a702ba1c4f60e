/* SPDX-License-Identifier: Apache-2.0 */
/* Receiver indices in use, half-open and established in one table (gateway.md 4). */
#ifndef LEWES_GATEWAY_SESSIONS_H
#define LEWES_GATEWAY_SESSIONS_H

#include <lewes/base.h>

struct sessions;

enum sessions_verdict {
    SESSIONS_OK,
    SESSIONS_TAKEN,   /* in use, or 0 */
    SESSIONS_CROWDED, /* too many half-open sessions */
    SESSIONS_FULL     /* too many sessions of both kinds */
};

struct sessions_caps {
    uint32_t sessions; /* of both kinds */
    uint32_t half_open;
};

/* Errors: LEWES_ERROR_MEMORY, LEWES_ERROR_RANDOM. */
LEWES_MUST_USE enum lewes_error sessions_new(struct sessions **sessions,
                                             const struct lewes_env *env,
                                             const struct sessions_caps *caps);
void sessions_free(struct sessions *sessions);

/* Enters a half-open session if the caps allow it and the index is free, in one step (G4.1). */
enum sessions_verdict sessions_insert(struct sessions *sessions, uint32_t index);

/* The handshake of an entered session is complete. */
void sessions_establish(struct sessions *sessions, uint32_t index);

/* Enters a session that needs no handshake, for it replaces one; half-open sessions do not count
 * (G4.1, G4.5). */
enum sessions_verdict sessions_insert_established(struct sessions *sessions, uint32_t index);

/* Ties something to an entered session, NULL to untie it. */
void sessions_set_owner(struct sessions *sessions, uint32_t index, void *owner);
/* What is tied to it; NULL: nothing, or there is no such session. */
void *sessions_owner(const struct sessions *sessions, uint32_t index);

/* The session is gone and its index free; an index that was never entered is ignored. */
void sessions_remove(struct sessions *sessions, uint32_t index);

uint32_t sessions_half_open(const struct sessions *sessions);
uint32_t sessions_established(const struct sessions *sessions);

#endif
