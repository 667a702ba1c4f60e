/* SPDX-License-Identifier: Apache-2.0 */
/* The store when it fails, and under the worker: all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <uv.h>

#include "gateway/store_internal.h"
#include "tests/support/store_file.h"

static struct store_file file;

/* Fails the n-th step, counted from 1, and counts them all. */
struct fault {
    unsigned steps;
    unsigned fails;
    int code;
    bool rolls_back; /* as SQLite does by itself after some errors */
};

static struct fault fault;

static int ask(void *user, enum store_point point)
{
    struct store *store = user;
    (void)point;
    if (++fault.steps != fault.fails)
        return 0;
    if (fault.rolls_back)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return fault.code;
}

static void arm(unsigned fails, int code, bool rolls_back)
{
    fault = (struct fault){.fails = fails, .code = code, .rolls_back = rolls_back};
    store_set_fault(file.store, ask, file.store);
}

static bool has_lease(uint8_t number)
{
    struct lease lease, found;
    store_file_lease(&lease, number);
    enum store_result result = store_find_lease(file.store, &lease.wg_key, &found);
    assert_true(result == STORE_OK || result == STORE_NOT_FOUND);
    return result == STORE_OK;
}

static bool has_ticket(uint8_t number)
{
    struct store_ticket ticket, found;
    store_file_ticket(&ticket, number);
    enum store_result result = store_find_ticket(file.store, ticket.serial, &found);
    assert_true(result == STORE_OK || result == STORE_NOT_FOUND);
    return result == STORE_OK;
}

/* Adds `number` with one step after the other failing, until it works. */
static void fail_each_step(uint8_t number, int code, bool rolls_back)
{
    enum store_result result = STORE_UNAVAILABLE;
    unsigned n;
    for (n = 1; n < 20; n++) {
        arm(n, code, rolls_back && n > 1);
        result = store_file_add(&file, number);
        store_set_fault(file.store, NULL, NULL);
        if (result == STORE_OK)
            break;
        assert_int_equal(result, STORE_UNAVAILABLE);
        assert_true(strlen(store_message(file.store)) > 0);
        assert_false(has_lease(number));
        assert_false(has_ticket(number));
    }
    assert_int_equal(n, 5); /* after begin, ticket, lease and commit */
    assert_true(has_lease(number));
    assert_true(has_ticket(number));
}

static void each_step_of_a_registration_may_fail_and_leaves_nothing(void **state)
{
    static const int codes[] = {SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_BUSY, SQLITE_NOMEM};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        fail_each_step((uint8_t)(1 + 2 * i), codes[i], false);
        fail_each_step((uint8_t)(2 + 2 * i), codes[i], true);
    }
}

static void a_failed_read_is_not_an_absent_row(void **state)
{
    struct lease lease, found;
    struct store_ticket ticket, spent;
    struct store_counts counts;
    (void)state;
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    store_file_lease(&lease, 1);
    store_file_ticket(&ticket, 1);
    arm(1, SQLITE_IOERR_READ, false);
    assert_int_equal(store_find_lease(file.store, &lease.wg_key, &found), STORE_UNAVAILABLE);
    arm(1, SQLITE_IOERR_READ, false);
    assert_int_equal(store_find_ticket(file.store, ticket.serial, &spent), STORE_UNAVAILABLE);
    arm(1, SQLITE_IOERR_READ, false);
    assert_int_equal(store_count(file.store, &counts), STORE_UNAVAILABLE);
    arm(2, SQLITE_IOERR_READ, false);
    assert_int_equal(store_count(file.store, &counts), STORE_UNAVAILABLE);
}

static void a_full_disk_refuses_and_works_again_when_there_is_room(void **state)
{
    sqlite3 *db = file.store->db;
    uint8_t number = 1;
    (void)state;
    /* SQLite's own limit on the file gives its own SQLITE_FULL. */
    sqlite3_exec(db, "PRAGMA max_page_count = 14", NULL, NULL, NULL);
    while (number < 100 && store_file_add(&file, number) == STORE_OK)
        number++;
    assert_in_range(number, 2, 99);
    assert_false(has_lease(number));
    assert_false(has_ticket(number));
    assert_true(has_lease((uint8_t)(number - 1)));
    sqlite3_exec(db, "PRAGMA max_page_count = 10000", NULL, NULL, NULL);
    assert_int_equal(store_file_add(&file, number), STORE_OK);
}

/* ---- under the worker ---- */

struct job {
    struct worker_job job;
    uint8_t number;
    bool undo;      /* the job says so */
    bool stop;      /* the loop, when it is done */
    uv_sem_t *gate; /* waited for first */
    enum store_result result;
    bool lost, done;
};

static uv_loop_t loop;

static bool run(struct worker_job *worker_job)
{
    struct job *job = (struct job *)worker_job;
    if (job->gate)
        uv_sem_wait(job->gate);
    else
        job->result = store_file_add(&file, job->number);
    return job->result == STORE_OK && !job->undo;
}

static void done(struct worker_job *worker_job)
{
    struct job *job = (struct job *)worker_job;
    job->lost = worker_job->lost;
    job->done = true;
    if (job->stop)
        uv_stop(&loop);
}

/* Runs jobs 1 to `count` as one batch: job 0 holds the thread in a batch of its own meanwhile. */
static void run_batch(struct job *jobs, uint8_t count, void (*before)(void))
{
    struct worker_hooks hooks = store_hooks(file.store);
    struct job holder = {.job = {.run = run, .done = done}, .stop = true};
    uv_sem_t gate;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_sem_init(&gate, 0), 0);
    struct worker *worker = worker_start(&loop, &hooks, 100);
    assert_non_null(worker);
    holder.gate = &gate;
    assert_true(worker_submit(worker, &holder.job));
    uv_sem_post(&gate);
    uv_run(&loop, UV_RUN_DEFAULT); /* the store is at rest now */
    if (before)
        before();
    struct worker_job *all[100];
    for (uint8_t i = 0; i < count; i++) {
        jobs[i].job.run = run;
        jobs[i].job.done = done;
        all[i] = &jobs[i].job;
    }
    /* The first waits inside its batch with the others queued behind it. */
    holder.stop = false;
    assert_true(worker_submit(worker, &holder.job));
    for (uint8_t i = 0; i < count; i++)
        assert_true(worker_submit(worker, all[i]));
    uv_sem_post(&gate);
    worker_stop(worker);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    uv_sem_destroy(&gate);
    store_set_fault(file.store, NULL, NULL);
    for (uint8_t i = 0; i < count; i++)
        assert_true(jobs[i].done);
}

static void jobs_of_a_batch_are_written_each_for_itself(void **state)
{
    struct job jobs[] = {{.number = 1}, {.number = 2, .undo = true}, {.number = 1}, {.number = 3}};
    (void)state;
    run_batch(jobs, 4, NULL);
    for (int i = 0; i < 4; i++)
        assert_false(jobs[i].lost);
    assert_int_equal(jobs[0].result, STORE_OK);
    assert_int_equal(jobs[2].result, STORE_SERIAL_CONFLICT); /* sees what the first wrote */
    store_file_reopen(&file);
    assert_true(has_lease(1) && has_ticket(1));
    assert_false(has_lease(2) || has_ticket(2));
    assert_true(has_lease(3) && has_ticket(3));
}

/* Every job finds itself lost, or has its row on disk after a restart; none is in between. */
static void assert_honest(const struct job *jobs, uint8_t count, unsigned *lost)
{
    store_file_reopen(&file);
    for (uint8_t i = 0; i < count; i++) {
        bool promised = !jobs[i].lost && jobs[i].result == STORE_OK;
        assert_int_equal(has_lease(jobs[i].number), promised);
        assert_int_equal(has_ticket(jobs[i].number), promised);
        *lost += !promised;
    }
}

static unsigned failing_step;
static bool failing_rolls_back;

static void arm_step(void)
{
    arm(failing_step, SQLITE_IOERR_WRITE, failing_rolls_back);
}

static void a_job_that_was_told_yes_is_on_disk_whatever_fails(void **state)
{
    unsigned with_loss = 0;
    (void)state;
    for (int rolls_back = 0; rolls_back < 2; rolls_back++) {
        for (failing_step = 1; failing_step < 40; failing_step++) {
            struct job jobs[] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}};
            unsigned lost = 0;
            failing_rolls_back = rolls_back;
            run_batch(jobs, 4, arm_step);
            assert_honest(jobs, 4, &lost);
            with_loss += lost > 0;
            store_file_execute(&file, "DELETE FROM lease; DELETE FROM spent_ticket");
            if (fault.steps < failing_step)
                break;
        }
        assert_true(failing_step < 40);
    }
    assert_true(with_loss > 20);
}

static void a_batch_that_sqlite_gave_up_takes_nothing_more(void **state)
{
    struct worker_hooks hooks = store_hooks(file.store);
    (void)state;
    assert_true(hooks.batch_begin(hooks.user));
    assert_true(hooks.job_begin(hooks.user));
    assert_int_equal(store_file_add(&file, 1), STORE_OK);
    assert_true(hooks.job_end(hooks.user, true));
    assert_true(hooks.job_begin(hooks.user));
    arm(2, SQLITE_FULL, true);
    assert_int_equal(store_file_add(&file, 2), STORE_UNAVAILABLE);
    assert_false(hooks.job_end(hooks.user, false));
    assert_false(hooks.job_begin(hooks.user));
    assert_int_equal(store_file_add(&file, 3),
                     STORE_UNAVAILABLE); /* would be written outside of the batch */
    assert_false(hooks.batch_end(hooks.user));
    assert_false(has_lease(1) || has_lease(2) || has_lease(3));
    assert_true(hooks.batch_begin(hooks.user)); /* the next batch is well */
    assert_int_equal(store_file_add(&file, 3), STORE_OK);
    assert_true(hooks.batch_end(hooks.user));
    assert_true(has_lease(3));
}

#define TEST(name) STORE_FILE_TEST(name, &file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_step_of_a_registration_may_fail_and_leaves_nothing),
        TEST(a_failed_read_is_not_an_absent_row),
        TEST(a_full_disk_refuses_and_works_again_when_there_is_room),
        TEST(jobs_of_a_batch_are_written_each_for_itself),
        TEST(a_job_that_was_told_yes_is_on_disk_whatever_fails),
        TEST(a_batch_that_sqlite_gave_up_takes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
