/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/worker.h"

#include <stdlib.h>

struct queue {
    struct worker_job *first;
    struct worker_job *last;
};

struct worker {
    uv_async_t async; /* its data is the worker */
    uv_thread_t thread;
    struct worker_hooks hooks;
    size_t limit;
    size_t pending; /* the loop's */

    uv_mutex_t mutex; /* of all below */
    uv_cond_t wake;
    struct queue waiting;
    struct queue finished;
    bool stopping;
};

static void push(struct queue *queue, struct worker_job *job)
{
    job->next = NULL;
    if (queue->last)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
}

static struct worker_job *pop(struct queue *queue)
{
    struct worker_job *job = queue->first;
    if (!job)
        return NULL;
    queue->first = job->next;
    if (!queue->first)
        queue->last = NULL;
    return job;
}

static void append(struct queue *queue, struct queue *tail)
{
    if (!tail->first)
        return;
    if (queue->last)
        queue->last->next = tail->first;
    else
        queue->first = tail->first;
    queue->last = tail->last;
}

/* ---- on the thread ---- */

/* Waits for jobs. False when there are none and none will come. */
static bool next_batch(struct worker *worker, struct queue *batch)
{
    *batch = (struct queue){NULL, NULL};
    uv_mutex_lock(&worker->mutex);
    while (!worker->waiting.first && !worker->stopping)
        uv_cond_wait(&worker->wake, &worker->mutex);
    for (int i = 0; i < WORKER_BATCH_MAX && worker->waiting.first; i++)
        push(batch, pop(&worker->waiting));
    uv_mutex_unlock(&worker->mutex);
    return batch->first != NULL;
}

static bool run_job(const struct worker_hooks *hooks, struct worker_job *job)
{
    if (hooks->job_begin && !hooks->job_begin(hooks->user))
        return false;
    bool keep = job->run(job);
    return !hooks->job_end || hooks->job_end(hooks->user, keep);
}

static void run_batch(const struct worker_hooks *hooks, const struct queue *batch)
{
    bool begun = !hooks->batch_begin || hooks->batch_begin(hooks->user);
    for (struct worker_job *job = batch->first; job; job = job->next)
        job->lost = !begun || !run_job(hooks, job);
    if (!begun || !hooks->batch_end || hooks->batch_end(hooks->user))
        return;
    for (struct worker_job *job = batch->first; job; job = job->next)
        job->lost = true;
}

static void thread_main(void *argument)
{
    struct worker *worker = argument;
    struct queue batch;
    while (next_batch(worker, &batch)) {
        run_batch(&worker->hooks, &batch);
        uv_mutex_lock(&worker->mutex);
        append(&worker->finished, &batch);
        uv_mutex_unlock(&worker->mutex);
        uv_async_send(&worker->async);
    }
}

/* ---- on the loop ---- */

static void deliver(struct worker *worker)
{
    uv_mutex_lock(&worker->mutex);
    struct queue finished = worker->finished;
    worker->finished = (struct queue){NULL, NULL};
    uv_mutex_unlock(&worker->mutex);
    struct worker_job *job;
    while ((job = pop(&finished))) {
        worker->pending--;
        job->done(job);
    }
}

static void on_async(uv_async_t *async)
{
    deliver(async->data);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static bool start_parts(struct worker *worker)
{
    if (uv_mutex_init(&worker->mutex))
        return false;
    if (uv_cond_init(&worker->wake))
        goto no_cond;
    if (uv_thread_create(&worker->thread, thread_main, worker))
        goto no_thread;
    return true;
no_thread:
    uv_cond_destroy(&worker->wake);
no_cond:
    uv_mutex_destroy(&worker->mutex);
    return false;
}

struct worker *worker_start(uv_loop_t *loop, const struct worker_hooks *hooks, size_t limit)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    if (hooks)
        worker->hooks = *hooks;
    worker->limit = limit;
    if (uv_async_init(loop, &worker->async, on_async)) {
        free(worker);
        return NULL;
    }
    worker->async.data = worker;
    if (!start_parts(worker)) {
        uv_close((uv_handle_t *)&worker->async, on_closed);
        return NULL;
    }
    return worker;
}

bool worker_submit(struct worker *worker, struct worker_job *job)
{
    if (worker->pending >= worker->limit)
        return false;
    uv_mutex_lock(&worker->mutex);
    bool taken = !worker->stopping;
    if (taken) {
        job->lost = false;
        push(&worker->waiting, job);
    }
    uv_mutex_unlock(&worker->mutex);
    if (taken)
        uv_cond_signal(&worker->wake); /* not before: it would wake to a locked mutex */
    worker->pending += taken;
    return taken;
}

size_t worker_pending(const struct worker *worker)
{
    return worker->pending;
}

void worker_stop(struct worker *worker)
{
    if (!worker)
        return;
    uv_mutex_lock(&worker->mutex);
    worker->stopping = true;
    uv_cond_signal(&worker->wake);
    uv_mutex_unlock(&worker->mutex);
    uv_thread_join(&worker->thread);
    deliver(worker);
    uv_cond_destroy(&worker->wake);
    uv_mutex_destroy(&worker->mutex);
    uv_close((uv_handle_t *)&worker->async, on_closed);
}
