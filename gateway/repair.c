/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/repair.h"

#include "gateway/fixed.h"
#include "lib/base/env.h"

struct repair {
    struct repair_parts parts;
    uv_timer_t timer;
    struct worker_job job;
    struct survey survey;
    enum store_result stored;
    enum wg_status device;
    bool scheduled; /* the timer runs */
    bool running;   /* a job is under way */
    bool lost;
    bool reopen; /* `lost` when the job was submitted, for its thread */
    bool again;  /* something failed while one was running */
    bool stopping;
    uint64_t delay;
    uint64_t successes;
    void (*stopped)(void *user);
    void *user;
};

enum lewes_error repair_new(struct repair **repair, const struct repair_parts *parts)
{
    struct repair *new = lewesi_allocate(&parts->env, sizeof *new);
    if (new == NULL)
        return LEWES_ERROR_MEMORY;
    new->parts = *parts;
    new->delay = REPAIR_FIRST_MS;
    uv_timer_init(parts->loop, &new->timer);
    new->timer.data = new;
    *repair = new;
    return LEWES_OK;
}

static void timer_closed(uv_handle_t *handle)
{
    struct repair *repair = handle->data;
    struct lewes_env env = repair->parts.env;
    lewesi_release(&env, repair, sizeof *repair);
}

void repair_free(struct repair *repair)
{
    if (repair != NULL)
        uv_close((uv_handle_t *)&repair->timer, timer_closed);
}

bool repair_device_lost(const struct repair *repair)
{
    return repair->lost;
}

uint64_t repair_count(const struct repair *repair)
{
    return repair->successes;
}

static void begin(uv_timer_t *timer);

static void schedule(struct repair *repair)
{
    if (repair->stopping || repair->scheduled || repair->running)
        return;
    repair->scheduled = true;
    uint64_t delay = repair->lost ? REPAIR_FIRST_MS : repair->delay;
    uv_timer_start(&repair->timer, begin, delay, 0);
}

static void finish(struct repair *repair, bool success)
{
    const struct survey *survey = &repair->survey;
    bool whole = success && survey->refused == 0;

    if (success) {
        log_detail(repair->parts.log, SETTINGS_LOG_WARNING, LOG_REPAIR,
                   "%llu peers added, %llu replaced, %llu refused by the device",
                   (unsigned long long)(survey->added - survey->refused),
                   (unsigned long long)survey->replaced, (unsigned long long)survey->refused);
        repair->lost = false;
    }
    survey_end(&repair->survey);
    repair->running = false;
    repair->successes += whole;
    if (whole)
        repair->delay = REPAIR_FIRST_MS;
    else
        repair->delay = repair->delay * 2 > REPAIR_LAST_MS ? REPAIR_LAST_MS : repair->delay * 2;
    if (!whole || repair->again)
        schedule(repair);
    repair->again = false;
    if (repair->stopping && repair->stopped != NULL)
        repair->stopped(repair->user);
}

static void submit(struct repair *repair, struct worker *worker,
                   bool (*run)(struct worker_job *job), void (*done)(struct worker_job *job))
{
    repair->job = (struct worker_job){.run = run, .done = done};
    repair->stored = STORE_UNAVAILABLE;
    repair->device = WG_LOST;
    if (!worker_submit(worker, &repair->job))
        finish(repair, false);
}

static struct repair *of_job(struct worker_job *job)
{
    return (struct repair *)(void *)((char *)job - offsetof(struct repair, job));
}

static bool settle_run(struct worker_job *job)
{
    struct repair *repair = of_job(job);
    repair->stored = survey_settle(&repair->survey, repair->parts.store);
    return repair->stored == STORE_OK;
}

static void settle_done(struct worker_job *job)
{
    struct repair *repair = of_job(job);
    finish(repair, !job->lost && repair->stored == STORE_OK);
}

static bool device_run(struct worker_job *job)
{
    struct repair *repair = of_job(job);
    repair->device = repair->reopen ? tunnel_reopen(repair->parts.tunnel) : WG_OK;
    if (repair->device == WG_OK)
        repair->device = survey_device(&repair->survey, repair->parts.tunnel);
    return true;
}

static void device_done(struct worker_job *job)
{
    struct repair *repair = of_job(job);
    if (repair->device == WG_LOST)
        repair->lost = true;
    if (repair->device == WG_OK)
        submit(repair, repair->parts.store_worker, settle_run, settle_done);
    else
        finish(repair, false);
}

static void begin_device(struct repair *repair)
{
    repair->reopen = repair->lost;
    submit(repair, repair->parts.device_worker, device_run, device_done);
}

static bool leases_run(struct worker_job *job)
{
    struct repair *repair = of_job(job);
    repair->stored = survey_leases(&repair->survey, repair->parts.store);
    return repair->stored == STORE_OK;
}

static void leases_done(struct worker_job *job)
{
    struct repair *repair = of_job(job);
    if (job->lost || repair->stored != STORE_OK)
        finish(repair, false);
    else
        begin_device(repair);
}

static void begin(uv_timer_t *timer)
{
    struct repair *repair = timer->data;
    const struct repair_parts *parts = &repair->parts;

    repair->scheduled = false;
    repair->running = true;
    repair->survey = (struct survey){.env = parts->env,
                                     .settings = parts->settings,
                                     .pool = parts->pool,
                                     .unix_seconds = wall_clock_seconds(&parts->clock)};
    submit(repair, parts->store_worker, leases_run, leases_done);
}

void repair_failed(struct repair *repair, enum wg_status status)
{
    if (status == WG_LOST && !repair->lost) {
        repair->lost = true;
        log_detail(repair->parts.log, SETTINGS_LOG_ERROR, LOG_DEVICE,
                   "the WireGuard interface does not answer: new registrations are refused until "
                   "it is back; it is tried again every second");
    }
    if (repair->running)
        repair->again = true;
    schedule(repair);
}

void repair_stop(struct repair *repair, void (*stopped)(void *user), void *user)
{
    repair->stopping = true;
    repair->stopped = stopped;
    repair->user = user;
    uv_timer_stop(&repair->timer);
    repair->scheduled = false;
    if (!repair->running)
        stopped(user);
}
