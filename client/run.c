/* SPDX-License-Identifier: Apache-2.0 */
/* A call as a whole: settings, coins, attempts, and another way if all of them fail. */
#include "client/run.h"

#include <stdio.h>
#include <string.h>

/* ---- time ---- */

lewes_time run_now(const struct run *run)
{
    return run->world->now(run->world->user);
}

uint64_t run_unix_ms(const struct run *run)
{
    return run->world->unix_ms(run->world->user) + (uint64_t)(run->clock_offset * 1000);
}

lewes_time run_deadline(const struct run *run, uint64_t ms)
{
    lewes_time deadline = run_now(run) + ms;
    return deadline < run->limit ? deadline : run->limit;
}

void run_step(struct run *run, struct hop *hop, enum lewes_register_step step)
{
    const struct lewes_register_options *options = run->options;
    lewes_time now = run_now(run);
    struct hop *before = run->current;
    if (before->step < LEWES_STEP_DONE)
        before->result->ms[before->step] += now - run->step_start;
    run->step_start = now;
    run->current = hop;
    hop->step = step;
    if (options->progress)
        options->progress(options->progress_user, hop->which, step, now - run->start);
}

struct hop *run_exit(struct run *run)
{
    struct hop *exit = &run->hops[LEWES_HOP_EXIT];
    return exit->options ? exit : NULL;
}

/* ---- begin and end ---- */

static struct run *open_run(const struct lewes_register_options *options,
                            struct lewes_register_result *result, const struct world *world)
{
    struct lewes_env env;
    if (options->env)
        env = *options->env;
    else
        lewes_env_system(&env);
    struct run *run = env.allocate(env.user, sizeof *run);
    if (!run)
        return NULL;
    memset(run, 0, sizeof *run);
    run->options = options;
    run->result = result;
    run->world = world;
    run->env = env;
    run->start = run->step_start = run_now(run);
    run->limit = LEWES_NEVER;
    channel_init(&run->channel, world, options->cancel_fd);
    struct hop *entry = &run->hops[LEWES_HOP_ENTRY], *exit = &run->hops[LEWES_HOP_EXIT];
    *entry = (struct hop){.which = LEWES_HOP_ENTRY, .options = &options->entry};
    *exit = (struct hop){.which = LEWES_HOP_EXIT, .options = options->exit, .outer = entry};
    for (size_t i = 0; i < LEWES_HOPS; i++) {
        run->hops[i].result = &result->hops[i];
        run->hops[i].stepwise = options->stepwise;
    }
    run->current = entry;
    return run;
}

static void close_run(struct run *run)
{
    struct lewes_env env = run->env;
    attempt_close(run);
    for (size_t i = 0; i < LEWES_HOPS; i++) {
        lewes_identity_free(run->hops[i].identity);
        journal_close(run->hops[i].journal);
    }
    lewes_wipe(run, sizeof *run);
    env.release(env.user, run, sizeof *run);
}

/* ---- attempts ---- */

/* Everything that can fail before a connection is made. */
static bool prepare(struct run *run)
{
    struct hop *entry = &run->hops[LEWES_HOP_ENTRY], *exit = run_exit(run);
    return settings_take(run) && payment_recall(run, entry) &&
           (!exit || payment_recall(run, exit)) && (!exit || payment_reserve(run, exit)) &&
           payment_reserve(run, entry);
}

static void succeed(struct run *run)
{
    struct lewes_register_result *result = run->result;
    char local_fault[LEWES_RESULT_TEXT_CAP];
    memcpy(local_fault, result->text, sizeof local_fault);
    result->outcome = LEWES_REGISTER_OK;
    result->step = LEWES_STEP_DONE;
    snprintf(result->text, sizeof result->text, "registered%s%.900s", local_fault[0] ? "; " : "",
             local_fault);
}

/* What an attempt that failed has left in the result. */
static void forget_failure(struct run *run)
{
    struct lewes_register_result *result = run->result;
    result->error = LEWES_OK;
    result->os_error = 0;
    result->notice = 0;
    result->text[0] = '\0';
    for (size_t i = 0; i < LEWES_HOPS; i++)
        if (!result->hops[i].registered)
            memset(result->hops[i].ms, 0, sizeof result->hops[i].ms);
}

static bool attempts(struct run *run)
{
    struct retry retry = {0};
    for (;;) {
        forget_failure(run);
        if (attempt_run(run))
            return true;
        attempt_end(run);
        if (!retry_wait(&retry, run))
            return false;
    }
}

static void finish(struct run *run)
{
    for (size_t i = 0; i < LEWES_HOPS; i++)
        if (run->hops[i].options)
            payment_finish(run, &run->hops[i]);
}

/* R18 */
static void fall_back(const struct lewes_register_options *options,
                      struct lewes_register_result *result)
{
    bool allowed =
        result->outcome == LEWES_REGISTER_BEFORE_SPEND ||
        result->outcome == LEWES_REGISTER_REJECTED ||
        (result->outcome == LEWES_REGISTER_MAYBE_SPENT && options->fallback_after_maybe_spent);
    if (options->fallback && allowed)
        result->fell_back = options->fallback(options->fallback_user, result) == 0;
}

enum lewes_register_class run_register(const struct lewes_register_options *options,
                                       struct lewes_register_result *result,
                                       const struct world *world)
{
    *result = (struct lewes_register_result){.coin = LEWES_COIN_UNKNOWN};
    struct run *run = open_run(options, result, world);
    if (!run) {
        result->outcome = LEWES_REGISTER_BEFORE_SPEND;
        result->error = LEWES_ERROR_MEMORY;
        snprintf(result->text, sizeof result->text,
                 "%s; no ticket was spent. Free some, and try "
                 "again",
                 lewes_strerror(LEWES_ERROR_MEMORY));
        fall_back(options, result);
        return result->outcome;
    }
    if (prepare(run) && attempts(run))
        succeed(run);
    finish(run);
    bool cancelled = run->cancelled;
    close_run(run);
    if (!cancelled)
        fall_back(options, result);
    return result->outcome;
}

enum lewes_register_class lewes_register(const struct lewes_register_options *options,
                                         struct lewes_register_result *result)
{
    return run_register(options, result, &world_system);
}
