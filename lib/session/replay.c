/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/session/replay.h"

#include <string.h>

static uint64_t mask_of(uint64_t counter)
{
    return UINT64_C(1) << (counter % 64);
}

static uint64_t *word_of(struct lewesi_replay *replay, uint64_t counter)
{
    return &replay->bits[counter % LEWESI_REPLAY_WINDOW / 64];
}

bool lewesi_replay_admissible(const struct lewesi_replay *replay, uint64_t counter)
{
    /* `next` could not follow it: the one counter that might be accepted for ever */
    if (counter == UINT64_MAX)
        return false;
    if (counter >= replay->next)
        return true;
    if (replay->next - counter > LEWESI_REPLAY_WINDOW)
        return false;
    return (replay->bits[counter % LEWESI_REPLAY_WINDOW / 64] & mask_of(counter)) == 0;
}

void lewesi_replay_accept(struct lewesi_replay *replay, uint64_t counter)
{
    if (counter >= replay->next) {
        if (counter - replay->next >= LEWESI_REPLAY_WINDOW)
            memset(replay->bits, 0, sizeof replay->bits);
        else
            for (uint64_t due = replay->next; due < counter; due++)
                *word_of(replay, due) &= ~mask_of(due);
        replay->next = counter + 1;
    }
    *word_of(replay, counter) |= mask_of(counter);
}
