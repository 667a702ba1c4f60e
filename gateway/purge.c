/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/purge.h"

#include <stddef.h>

#include "gateway/fixed.h"
#include "lib/base/env.h"

struct purge {
    struct purge_parts parts;
    uv_timer_t timer;
    struct worker_job job;
    enum store_result stored;
    size_t count;
    uint64_t sum; /* of this day's calls */
};

static struct purge *of_job(struct worker_job *job)
{
    return (struct purge *)(void *)((char *)job - offsetof(struct purge, job));
}

static void look(uv_timer_t *timer);

static bool look_run(struct worker_job *job)
{
    struct purge *purge = of_job(job);
    purge->stored =
        store_purge(purge->parts.store, wall_clock_seconds(&purge->parts.clock), &purge->count);
    return purge->stored == STORE_OK;
}

static void look_done(struct worker_job *job)
{
    struct purge *purge = of_job(job);
    const bool done = !job->lost && purge->stored == STORE_OK;
    const bool more = done && purge->count == STORE_PURGE_MAX;
    if (done)
        purge->sum += purge->count;
    if (!more && purge->sum > 0) {
        log_detail(purge->parts.log, SETTINGS_LOG_INFO, LOG_STORE,
                   "%llu spent tickets forgotten: their books have been over for 30 days",
                   (unsigned long long)purge->sum);
        purge->sum = 0;
    }
    uv_timer_start(&purge->timer, look, more ? 0 : PURGE_MS, 0);
}

static void look(uv_timer_t *timer)
{
    struct purge *purge = timer->data;
    purge->job = (struct worker_job){.run = look_run, .done = look_done};
    purge->stored = STORE_UNAVAILABLE;
    if (!worker_submit(purge->parts.store_worker, &purge->job))
        uv_timer_start(timer, look, PURGE_MS, 0);
}

enum lewes_error purge_new(struct purge **purge, const struct purge_parts *parts)
{
    struct purge *new = lewesi_allocate(&parts->env, sizeof *new);
    if (new == NULL)
        return LEWES_ERROR_MEMORY;
    new->parts = *parts;
    uv_timer_init(parts->loop, &new->timer);
    new->timer.data = new;
    uv_timer_start(&new->timer, look, 0, 0);
    *purge = new;
    return LEWES_OK;
}

static void timer_closed(uv_handle_t *handle)
{
    struct purge *purge = handle->data;
    struct lewes_env env = purge->parts.env;
    lewesi_release(&env, purge, sizeof *purge);
}

void purge_free(struct purge *purge)
{
    if (purge != NULL)
        uv_close((uv_handle_t *)&purge->timer, timer_closed);
}
