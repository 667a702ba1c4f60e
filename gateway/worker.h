/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread beside a libuv loop, for work that blocks. Jobs run in the order of submission, and
 * their `done` runs on the loop. Jobs that wait together are a batch: hooks around it make one
 * transaction of it (group commit, gateway.md G10.1).
 */
#ifndef LEWES_GATEWAY_WORKER_H
#define LEWES_GATEWAY_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define WORKER_BATCH_MAX 64 /* gateway.md G10.1 */

/*
 * A job is a member of the caller's own structure, which must stay until `done` has been called;
 * `done` is called exactly once for every job that worker_submit took.
 */
struct worker_job {
    bool (*run)(struct worker_job *job);  /* on the thread; false: undo what it did to the batch */
    void (*done)(struct worker_job *job); /* on the loop; may submit again, may free the job */
    bool lost; /* for `done`: the batch failed, nothing of what `run` did is there; or it was never
                  run */
    struct worker_job *next; /* the worker's own */
};

/* All on the thread, all may be NULL. */
struct worker_hooks {
    void *user;
    bool (*batch_begin)(void *user);        /* false: the jobs are not run, all are lost */
    bool (*batch_end)(void *user);          /* false: all jobs of the batch are lost */
    bool (*job_begin)(void *user);          /* false: the job is not run, it is lost */
    bool (*job_end)(void *user, bool keep); /* false: the job is lost */
};

struct worker;

/*
 * Starts the thread.
 *
 * @param loop   where `done` runs; its thread is the only one that may call the functions here
 * @param hooks  copied; NULL = none
 * @param limit  jobs that may wait or run at a time, their `done` not yet called
 * @return NULL without memory or thread
 */
struct worker *worker_start(uv_loop_t *loop, const struct worker_hooks *hooks, size_t limit);

/* Queues a job. False, and nothing happens, if `limit` jobs are under way or the worker stops. */
bool worker_submit(struct worker *worker, struct worker_job *job);

/* Jobs whose `done` has not been called yet. */
size_t worker_pending(const struct worker *worker);

/*
 * Finishes all queued jobs, calls their `done`, ends the thread; blocks so long. The rest of the
 * memory goes when the loop has run once more. NULL is fine. Not from within `done`.
 */
void worker_stop(struct worker *worker);

#endif
