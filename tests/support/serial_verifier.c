/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/serial_verifier.h"

#include <string.h>

#define WAITING_MAX 8

/* A verifier is a constant without a place for a pointer. */
static struct verifier_check *waiting[WAITING_MAX];
static size_t count;
static bool holds;

static void verify(const struct verifier *self, struct verifier_check *check)
{
    (void)self;
    if (holds && count < WAITING_MAX) {
        waiting[count++] = check;
        return;
    }
    check->verdict.valid = true;
    check->done(check);
}

const struct verifier serial_verifier = {
    .name = "serial", .look_up = verifier_look_up, .verify = verify, .record = verifier_record};

void serial_verifier_hold(bool hold)
{
    holds = hold;
}

size_t serial_verifier_waiting(void)
{
    return count;
}

void serial_verifier_decide(bool valid)
{
    struct verifier_check *check = waiting[0];
    memmove(waiting, waiting + 1, --count * sizeof waiting[0]);
    check->verdict = (struct verifier_verdict){valid, LEWES_REFUSAL_PROOF};
    check->done(check);
}
