/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight threads verify at once with the same generators and keys: recorded tickets and forgeries,
 * and one payment with each of its bits changed. tests/race/run watches it with the thread
 * sanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tickets.h"

#define THREADS 8

static struct tickets tickets;

/* A thread asserts nothing: the main thread looks at what it has counted. */
struct thread {
    pthread_t thread;
    unsigned number;
    size_t checked, wrong;
};

static int load(void **state)
{
    (void)state;
    tickets_load(&tickets);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    tickets_unload(&tickets);
    return 0;
}

/* Returns how many checks all made together; none of them may be wrong. */
static size_t run_all(void *(*run)(void *thread))
{
    static struct thread threads[THREADS];
    size_t checked = 0;
    memset(threads, 0, sizeof threads);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i].number = i;
        assert_int_equal(pthread_create(&threads[i].thread, NULL, run, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(threads[i].wrong, 0);
        checked += threads[i].checked;
    }
    return checked;
}

/* ---- recorded verdicts ---- */

#define RECORDED (19 + 119)

static struct {
    struct tickets_payment payment;
    enum lewes_error wanted;
} recorded[RECORDED];

static size_t read_recorded(const char *array, size_t at)
{
    const json_t *one;
    size_t i;
    json_array_foreach(vectors_member(tickets.root, array), i, one)
    {
        assert_in_range(at, 0, RECORDED - 1);
        tickets_payment(&tickets, one, &recorded[at].payment);
        recorded[at++].wanted =
            tickets_verdict(vectors_text(vectors_member(one, "expected"), "compat"));
    }
    return at;
}

static void *verify_recorded(void *user)
{
    struct thread *thread = user;
    for (size_t i = 0; i < RECORDED; i++) {
        /* Each begins elsewhere, so that they do different things at a time. */
        const size_t at = (i + thread->number * (RECORDED / THREADS)) % RECORDED;
        const struct tickets_payment *payment = &recorded[at].payment;
        struct lewes_ticket ticket;
        thread->wrong +=
            lewes_ticket_verify(payment->key, &payment->claim, &ticket) != recorded[at].wanted;
        thread->checked++;
    }
    return NULL;
}

static void eight_threads_share_the_keys(void **state)
{
    (void)state;
    assert_int_equal(read_recorded("negative", read_recorded("tickets", 0)), RECORDED);
    assert_int_equal(run_all(verify_recorded), THREADS * RECORDED);
}

/* ---- every bit ---- */

static struct tickets_payment good;

static void *flip_bits(void *user)
{
    struct thread *thread = user;
    uint8_t spoiled[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_ticket_claim claim = good.claim;
    claim.payment = spoiled;
    memcpy(spoiled, good.payment, sizeof spoiled);
    for (size_t at = thread->number; at < sizeof spoiled; at += THREADS) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct lewes_ticket ticket;
            spoiled[at] ^= (uint8_t)(1U << bit);
            thread->wrong += lewes_error_class(lewes_ticket_verify(good.key, &claim, &ticket)) !=
                             LEWES_CLASS_TICKET;
            thread->checked++;
            spoiled[at] ^= (uint8_t)(1U << bit);
        }
    }
    return NULL;
}

static void every_flipped_bit_of_a_payment_is_refused(void **state)
{
    struct lewes_ticket ticket;
    (void)state;
    tickets_good(&tickets, &good);
    assert_int_equal(good.claim.len, LEWES_PAYMENT_BOUND_LEN);
    assert_int_equal(lewes_ticket_verify(good.key, &good.claim, &ticket), LEWES_OK);
    assert_int_equal(run_all(flip_bits), 8 * LEWES_PAYMENT_BOUND_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_threads_share_the_keys),
        cmocka_unit_test(every_flipped_bit_of_a_payment_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
