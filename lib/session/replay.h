/* SPDX-License-Identifier: Apache-2.0 */
/* The replay window (protocol.md 11.2). */
#ifndef LEWESI_SESSION_REPLAY_H
#define LEWESI_SESSION_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define LEWESI_REPLAY_WINDOW 1024 /* counters; protocol.md 1 */

struct lewesi_replay {
    uint64_t next;
    uint64_t bits[LEWESI_REPLAY_WINDOW / 64];
};

bool lewesi_replay_admissible(const struct lewesi_replay *replay, uint64_t counter);

/* Only after lewesi_replay_admissible() and a good tag. */
void lewesi_replay_accept(struct lewesi_replay *replay, uint64_t counter);

#endif
