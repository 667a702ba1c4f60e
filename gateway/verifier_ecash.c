/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/verifier_ecash.h"

#include <string.h>

#include <lewes/mint.h>

#include "lib/base/env.h"

struct verifier_ecash {
    struct verifier verifier; /* first: the functions get this as themselves */
    struct lewes_env env;
    uv_loop_t *loop;
    const struct settings *settings;
    struct lewes_ed25519_public gateway;
    struct epochs *epochs;
    struct verifier_ecash_counts counts;
};

/* A check on its way through a thread. */
struct task {
    uv_work_t work;
    struct verifier_ecash *ecash;
    struct verifier_check *check;
    struct epochs *epochs; /* held */
    const struct lewes_ecash_key *key;
    struct lewes_ticket_claim claim; /* points into the request, which stays */
    struct lewes_ticket ticket;
    enum lewes_error error;
};

/* The functions change counts and epochs, which are the loop's alone. */
static struct verifier_ecash *of_verifier(const struct verifier *self)
{
    union {
        const struct verifier *given;
        struct verifier_ecash *ecash;
    } as = {.given = self};
    return as.ecash;
}

/* ---- ecash.md 6, steps 1 to 5 and 7 ---- */

static enum lewes_refusal refusal_of(enum lewes_error error)
{
    switch ((int)error) {
    case LEWES_ERROR_TICKET_VALUE:
        return LEWES_REFUSAL_MULTIPLE;
    case LEWES_ERROR_TICKET_TYPE:
        return LEWES_REFUSAL_TICKET_TYPE;
    default:
        return LEWES_REFUSAL_PROOF;
    }
}

/* G6.8 */
static bool fits(const struct lewes_request *request, enum lewes_ticket_type type)
{
    const bool mixnet = type == LEWES_TICKET_MIXNET_ENTRY || type == LEWES_TICKET_MIXNET_EXIT;
    return type == request->ticket_type && mixnet == (request->mode == LEWES_MODE_MIXNET);
}

static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static bool same_date(struct lewes_date a, struct lewes_date b)
{
    return a.year == b.year && a.day == b.day;
}

/* Today, or within the tolerance of midnight the neighbouring day. */
static bool find_day(const struct verifier_claim *claim, int64_t tolerance, uint32_t *day)
{
    const int64_t moments[] = {claim->unix_seconds, claim->unix_seconds - tolerance,
                               claim->unix_seconds + tolerance};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        if (moments[i] < 0 || moments[i] > UINT32_MAX ||
            !same_date(lewes_date_of((uint64_t)moments[i]), claim->request->credential.spend_date))
            continue;
        *day = (uint32_t)(moments[i] / LEWES_DAY * LEWES_DAY);
        return true;
    }
    return false;
}

/* Everything that can be told without a point; false with the reason. */
static bool look_at(const struct verifier_ecash *ecash, const struct verifier_claim *claim,
                    struct task *task, enum lewes_refusal *refusal)
{
    const struct lewes_credential *credential = &claim->request->credential;
    const int64_t tolerance = (int64_t)(ecash->settings->gateway.timestamp_tolerance / 1000);
    struct lewes_payment_view view;
    struct lewes_pay_info info;
    const enum lewes_error error =
        lewes_payment_peek(&view, credential->payment, credential->payment_len);

    lewes_pay_info_decode(&info, credential->pay_info);
    *refusal = refusal_of(error);
    if (error != LEWES_OK)
        return false;
    *refusal = LEWES_REFUSAL_TICKET_TYPE;
    if (!fits(claim->request, view.type))
        return false;
    *refusal = LEWES_REFUSAL_PAYEE;
    if (memcmp(&info.gateway, &ecash->gateway, sizeof info.gateway) != 0)
        return false;
    *refusal = LEWES_REFUSAL_STALE;
    if (distance(info.unix_seconds, claim->unix_seconds) > (uint64_t)tolerance)
        return false;
    *refusal = LEWES_REFUSAL_SPEND_DATE;
    if (!find_day(claim, tolerance, &task->claim.day))
        return false;
    const struct epoch *const epoch = epochs_find(ecash->epochs, credential->epoch);
    *refusal = LEWES_REFUSAL_EPOCH;
    if (epoch == NULL || task->claim.day < epoch->from || task->claim.day > epoch->to)
        return false;
    task->key = epoch->key;
    task->claim.payment = credential->payment;
    task->claim.len = credential->payment_len;
    task->claim.pay_info = credential->pay_info;
    task->claim.require_bound = ecash->settings->registration.unbound == SETTINGS_UNBOUND_REFUSE;
    return true;
}

/* ---- the rest, on a thread ---- */

static void run(uv_work_t *work)
{
    struct task *const task = work->data;
    task->error = lewes_ticket_verify(task->key, &task->claim, &task->ticket);
}

static void conclude(struct verifier_ecash *ecash, struct verifier_check *check, bool valid,
                     enum lewes_refusal refusal)
{
    check->verdict = (struct verifier_verdict){valid, refusal};
    if (valid)
        ecash->counts.valid++;
    else
        ecash->counts.refused++;
    check->done(check);
}

static void after(uv_work_t *work, int status)
{
    struct task *const task = work->data;
    struct verifier_ecash *const ecash = task->ecash;
    struct verifier_check *const check = task->check;
    const bool valid = status == 0 && task->error == LEWES_OK;
    const enum lewes_refusal refusal = status == 0 ? refusal_of(task->error) : LEWES_REFUSAL_BUSY;

    if (valid && task->ticket.bound)
        ecash->counts.bound++;
    else if (valid)
        ecash->counts.unbound++;
    ecash->counts.running--;
    epochs_drop(task->epochs);
    lewesi_release(&ecash->env, task, sizeof *task);
    check->task = NULL;
    check->verdict = (struct verifier_verdict){valid, refusal};
    if (status == UV_ECANCELED)
        check->done(check); /* not counted: it says nothing about the ticket */
    else
        conclude(ecash, check, valid, refusal);
}

static void verify(const struct verifier *self, struct verifier_check *check)
{
    struct verifier_ecash *const ecash = of_verifier(self);
    struct task prepared = {.ecash = ecash, .check = check};
    enum lewes_refusal refusal;

    if (!look_at(ecash, check->claim, &prepared, &refusal)) {
        conclude(ecash, check, false, refusal);
        return;
    }
    struct task *const task = lewesi_allocate(&ecash->env, sizeof *task);
    if (task == NULL) {
        conclude(ecash, check, false, LEWES_REFUSAL_BUSY);
        return;
    }
    *task = prepared;
    task->epochs = epochs_hold(ecash->epochs);
    task->work.data = task;
    check->task = task;
    ecash->counts.running++;
    if (uv_queue_work(ecash->loop, &task->work, run, after) != 0)
        after(&task->work, UV_EINVAL);
}

/* What a thread has begun goes on: its `after` comes in any case. */
static void cancel(const struct verifier *self, struct verifier_check *check)
{
    struct task *const task = check->task;
    (void)self;
    if (task != NULL)
        (void)uv_cancel((uv_req_t *)&task->work);
}

/* ---- beginning and end ---- */

enum lewes_error verifier_ecash_new(struct verifier_ecash **made,
                                    const struct verifier_ecash_parts *parts)
{
    const struct lewes_env *const env = parts->env;
    struct verifier_ecash *const ecash = lewesi_allocate(env, sizeof *ecash);

    if (ecash == NULL)
        return LEWES_ERROR_MEMORY;
    *ecash = (struct verifier_ecash){
        .verifier = {.name = "ecash",
                     .look_up = verifier_look_up,
                     .verify = verify,
                     .cancel = cancel,
                     .record = verifier_record},
        .env = *env,
        .loop = parts->loop,
        .settings = parts->settings,
        .gateway = parts->gateway,
        .epochs = parts->epochs,
    };
    *made = ecash;
    return LEWES_OK;
}

void verifier_ecash_free(struct verifier_ecash *ecash)
{
    if (ecash == NULL)
        return;
    epochs_drop(ecash->epochs);
    const struct lewes_env env = ecash->env;
    lewesi_release(&env, ecash, sizeof *ecash);
}

const struct verifier *verifier_ecash_of(const struct verifier_ecash *ecash)
{
    return &ecash->verifier;
}

void verifier_ecash_renew(struct verifier_ecash *ecash, struct epochs *epochs)
{
    epochs_drop(ecash->epochs);
    ecash->epochs = epochs;
}

void verifier_ecash_count(const struct verifier_ecash *ecash, struct verifier_ecash_counts *counts)
{
    *counts = ecash->counts;
}
