/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "gateway/worker.h"

#define LIMIT 1000

/* What the thread writes is read after it has handed the jobs over, so nothing here is locked but
 * `gate`, which holds the thread in a job until the test has queued the others. */
struct bench {
    uv_loop_t loop;
    struct worker *worker;
    uv_thread_t loop_thread;
    uv_sem_t gate;

    int runs, dones;
    int batches, begun, ended, batch_jobs[64];
    int kept, undone;
    int fail_batch_begin, fail_batch_end; /* this one fails, counted from 1 */
    int fail_job_begin, fail_job_end;
    int job_begins, job_ends;
};

struct job {
    struct worker_job job;
    struct bench *bench;
    int number;
    bool waits, fails, stops, resubmits;
    int ran_as, done_as; /* which, from 1 */
    bool was_lost;
};

static bool run(struct worker_job *worker_job)
{
    struct job *job = (struct job *)worker_job;
    uv_thread_t self = uv_thread_self();
    assert_false(uv_thread_equal(&self, &job->bench->loop_thread));
    if (job->waits)
        uv_sem_wait(&job->bench->gate);
    job->ran_as = ++job->bench->runs;
    return !job->fails;
}

static void done(struct worker_job *worker_job)
{
    struct job *job = (struct job *)worker_job;
    uv_thread_t self = uv_thread_self();
    assert_true(uv_thread_equal(&self, &job->bench->loop_thread));
    job->done_as = ++job->bench->dones;
    job->was_lost = worker_job->lost;
    if (job->resubmits) {
        job->resubmits = false;
        assert_true(worker_submit(job->bench->worker, worker_job));
    } else if (job->stops) {
        uv_stop(&job->bench->loop);
    }
}

static bool batch_begin(void *user)
{
    struct bench *bench = user;
    bench->batch_jobs[bench->batches++] = 0;
    bench->begun += bench->batches != bench->fail_batch_begin;
    return bench->batches != bench->fail_batch_begin;
}

static bool batch_end(void *user)
{
    struct bench *bench = user;
    bench->ended++;
    return bench->ended != bench->fail_batch_end;
}

static bool job_begin(void *user)
{
    struct bench *bench = user;
    bench->batch_jobs[bench->batches - 1]++;
    return ++bench->job_begins != bench->fail_job_begin;
}

static bool job_end(void *user, bool keep)
{
    struct bench *bench = user;
    bench->kept += keep;
    bench->undone += !keep;
    return ++bench->job_ends != bench->fail_job_end;
}

static struct bench *start(bool hooks, size_t limit)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    const struct worker_hooks all = {bench, batch_begin, batch_end, job_begin, job_end};
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    assert_int_equal(uv_sem_init(&bench->gate, 0), 0);
    bench->loop_thread = uv_thread_self();
    bench->worker = worker_start(&bench->loop, hooks ? &all : NULL, limit);
    assert_non_null(bench->worker);
    return bench;
}

static void stop(struct bench *bench)
{
    worker_stop(bench->worker);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    uv_sem_destroy(&bench->gate);
    free(bench);
}

static void prepare(struct bench *bench, struct job *jobs, int count)
{
    memset(jobs, 0, (size_t)count * sizeof *jobs);
    for (int i = 0; i < count; i++)
        jobs[i] = (struct job){.job = {.run = run, .done = done}, .bench = bench, .number = i};
}

/* Holds the thread in the first job, so that the others wait together; then lets all run. */
static void run_all(struct bench *bench, struct job *jobs, int count)
{
    jobs[0].waits = true;
    jobs[count - 1].stops = true;
    for (int i = 0; i < count; i++)
        assert_true(worker_submit(bench->worker, &jobs[i].job));
    assert_int_equal(worker_pending(bench->worker), count);
    uv_sem_post(&bench->gate);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(bench->dones, count);
    assert_int_equal(worker_pending(bench->worker), 0);
}

static void jobs_run_and_are_done_in_their_order(void **state)
{
    struct job jobs[200];
    struct bench *bench = start(false, LIMIT);
    (void)state;
    prepare(bench, jobs, 200);
    run_all(bench, jobs, 200);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(jobs[i].ran_as, i + 1);
        assert_int_equal(jobs[i].done_as, i + 1);
        assert_false(jobs[i].was_lost);
    }
    stop(bench);
}

static void what_waits_together_is_one_batch_of_at_most_64(void **state)
{
    struct job jobs[150];
    struct bench *bench = start(true, LIMIT);
    (void)state;
    prepare(bench, jobs, 150);
    run_all(bench, jobs, 150);
    assert_int_equal(bench->ended, bench->batches);
    int total = 0;
    for (int i = 0; i < bench->batches; i++) {
        assert_in_range(bench->batch_jobs[i], 1, WORKER_BATCH_MAX);
        total += bench->batch_jobs[i];
    }
    assert_int_equal(total, 150);
    /* The first batch may have caught any number of jobs before it was held; the rest is full. */
    assert_int_equal(bench->batches,
                     1 + (150 - bench->batch_jobs[0] + WORKER_BATCH_MAX - 1) / WORKER_BATCH_MAX);
    stop(bench);
}

static void a_job_that_fails_is_undone_alone(void **state)
{
    struct job jobs[3];
    struct bench *bench = start(true, LIMIT);
    (void)state;
    prepare(bench, jobs, 3);
    jobs[1].fails = true;
    run_all(bench, jobs, 3);
    assert_int_equal(bench->kept, 2);
    assert_int_equal(bench->undone, 1);
    for (int i = 0; i < 3; i++)
        assert_false(jobs[i].was_lost);
    stop(bench);
}

static void a_batch_that_does_not_begin_loses_its_jobs_unrun(void **state)
{
    struct job job;
    struct bench *bench = start(true, LIMIT);
    (void)state;
    bench->fail_batch_begin = 1;
    prepare(bench, &job, 1);
    job.stops = true;
    assert_true(worker_submit(bench->worker, &job.job));
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_true(job.was_lost);
    assert_int_equal(job.ran_as, 0);
    assert_int_equal(bench->ended, 0);
    assert_true(worker_submit(bench->worker, &job.job)); /* the next batch is well */
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_false(job.was_lost);
    assert_int_equal(job.ran_as, 1);
    stop(bench);
}

static void a_batch_that_does_not_end_loses_all_its_jobs(void **state)
{
    struct job jobs[40];
    struct bench *bench = start(true, LIMIT);
    (void)state;
    bench->fail_batch_end = 1;
    prepare(bench, jobs, 40);
    run_all(bench, jobs, 40);
    for (int i = 0; i < 40; i++)
        assert_int_equal(jobs[i].was_lost, i < bench->batch_jobs[0]);
    stop(bench);
}

static void a_job_whose_savepoint_fails_is_lost_alone(void **state)
{
    struct job jobs[4];
    struct bench *bench = start(true, LIMIT);
    (void)state;
    bench->fail_job_begin = 2; /* so job 2 has no end, and the second end is that of job 3 */
    bench->fail_job_end = 2;
    prepare(bench, jobs, 4);
    run_all(bench, jobs, 4);
    assert_false(jobs[0].was_lost);
    assert_true(jobs[1].was_lost);
    assert_int_equal(jobs[1].ran_as, 0);
    assert_true(jobs[2].was_lost);
    assert_false(jobs[3].was_lost);
    stop(bench);
}

static void no_more_jobs_than_the_limit_are_taken(void **state)
{
    struct job jobs[5];
    struct bench *bench = start(false, 4);
    (void)state;
    prepare(bench, jobs, 5);
    jobs[0].waits = true;
    jobs[3].stops = true;
    for (int i = 0; i < 4; i++)
        assert_true(worker_submit(bench->worker, &jobs[i].job));
    assert_false(worker_submit(bench->worker, &jobs[4].job));
    uv_sem_post(&bench->gate);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    jobs[4].stops = true;
    assert_true(worker_submit(bench->worker, &jobs[4].job));
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(bench->dones, 5);
    stop(bench);
}

static void a_done_may_submit_again(void **state)
{
    struct job job;
    struct bench *bench = start(false, 1);
    (void)state;
    prepare(bench, &job, 1);
    job.resubmits = job.stops = true;
    assert_true(worker_submit(bench->worker, &job.job));
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(bench->runs, 2);
    assert_int_equal(bench->dones, 2);
    stop(bench);
}

static void stopping_finishes_what_is_queued(void **state)
{
    struct job jobs[300];
    struct bench *bench = start(true, LIMIT);
    (void)state;
    prepare(bench, jobs, 300);
    for (int i = 0; i < 300; i++)
        assert_true(worker_submit(bench->worker, &jobs[i].job));
    worker_stop(bench->worker);
    assert_int_equal(bench->runs, 300);
    assert_int_equal(bench->dones, 300);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    uv_sem_destroy(&bench->gate);
    free(bench);
}

static void stopping_without_a_worker_or_a_job_is_fine(void **state)
{
    (void)state;
    worker_stop(NULL);
    stop(start(true, LIMIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_and_are_done_in_their_order),
        cmocka_unit_test(what_waits_together_is_one_batch_of_at_most_64),
        cmocka_unit_test(a_job_that_fails_is_undone_alone),
        cmocka_unit_test(a_batch_that_does_not_begin_loses_its_jobs_unrun),
        cmocka_unit_test(a_batch_that_does_not_end_loses_all_its_jobs),
        cmocka_unit_test(a_job_whose_savepoint_fails_is_lost_alone),
        cmocka_unit_test(no_more_jobs_than_the_limit_are_taken),
        cmocka_unit_test(a_done_may_submit_again),
        cmocka_unit_test(stopping_finishes_what_is_queued),
        cmocka_unit_test(stopping_without_a_worker_or_a_job_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
