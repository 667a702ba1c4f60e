/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again, and how soon (registration.md R16 to R18). */
#include <stdio.h>
#include <string.h>

#include "client/run.h"

#define TRIES_BEFORE 4            /* registration.md R16 */
#define TRIES_AFTER 5             /* registration.md R17 */
#define DOUBT_MS (10 * 60 * 1000) /* registration.md R17 */
#define FRESH_SECONDS 25          /* registration.md R18 */
#define DELAY_MS 100              /* registration.md R16 */
#define DELAY_DOUBLINGS 4         /* registration.md R16 */

static uint64_t delay_of(const struct run *run, unsigned failures)
{
    uint64_t delay = (uint64_t)DELAY_MS
                     << (failures < DELAY_DOUBLINGS ? failures : DELAY_DOUBLINGS);
    uint8_t random = 0;
    if (run->remedy == REMEDY_LATER)
        delay *= 2;
    if (run->env.random(run->env.user, &random, sizeof random))
        random = 0; /* punctual is better than never */
    return delay + delay * random / (4 * 255);
}

/* What was refused is sent again while the gateway may take it for a new payment. */
static bool refused_is_fresh(const struct run *run, uint64_t delay)
{
    int64_t then = (int64_t)((run_unix_ms(run) + delay) / 1000);
    for (size_t i = 0; i < LEWES_HOPS; i++) {
        const struct payment *payment = &run->hops[i].payment;
        if (payment->refused && then - payment->made_at > FRESH_SECONDS)
            return false;
    }
    return true;
}

static bool tries_left(struct retry *retry, const struct run *run, uint64_t delay)
{
    const struct lewes_register_result *result = run->result;
    unsigned given = run->options->tries;
    if (result->outcome == LEWES_REGISTER_BEFORE_SPEND)
        return ++retry->before < (given ? given : TRIES_BEFORE);
    if (retry->after == 0)
        retry->doubt_since = run_now(run);
    if (++retry->after >= (given ? given : TRIES_AFTER))
        return false;
    if (result->outcome == LEWES_REGISTER_REJECTED && result->coin == LEWES_COIN_NOT_TAKEN)
        return refused_is_fresh(run, delay);
    return run_now(run) + delay - retry->doubt_since <= DOUBT_MS;
}

bool retry_wait(struct retry *retry, struct run *run)
{
    if (run->remedy == REMEDY_NONE || run->cancelled)
        return false;
    uint64_t delay = delay_of(run, ++retry->failures);
    lewes_time until = run_now(run) + delay;
    if (!tries_left(retry, run, delay) || until >= run->limit)
        return false;
    enum channel_status status = channel_pause(&run->channel, until);
    if (status == CHANNEL_TIMEOUT)
        return true;
    run->cancelled = status == CHANNEL_CANCELLED;
    return false;
}
