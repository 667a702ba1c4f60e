/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/deadlines.h"

void deadlines_init(struct deadlines *deadlines)
{
    for (int i = 0; i < DEADLINES; i++)
        deadlines->at[i] = LEWES_NEVER;
}

void deadlines_set(struct deadlines *deadlines, enum deadline which, lewes_time at)
{
    deadlines->at[which] = at;
}

void deadlines_clear(struct deadlines *deadlines, enum deadline which)
{
    deadlines->at[which] = LEWES_NEVER;
}

static int earliest(const struct deadlines *deadlines)
{
    int best = 0;
    for (int i = 1; i < DEADLINES; i++)
        if (deadlines->at[i] < deadlines->at[best])
            best = i;
    return best;
}

lewes_time deadlines_next(const struct deadlines *deadlines)
{
    return deadlines->at[earliest(deadlines)];
}

bool deadlines_due(const struct deadlines *deadlines, lewes_time now, enum deadline *which)
{
    int best = earliest(deadlines);
    if (deadlines->at[best] == LEWES_NEVER || deadlines->at[best] > now)
        return false;
    *which = (enum deadline)best;
    return true;
}
