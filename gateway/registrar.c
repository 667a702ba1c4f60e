/* SPDX-License-Identifier: Apache-2.0 */
/* Life and end of registrations; what happens in between is in registrar_steps.c. */
#include "gateway/registrar.h"

#include <string.h>

#include "gateway/registration.h"
#include "lib/base/env.h"

static const char *const result_names[REGISTRAR_RESULTS] = {
    [REGISTRAR_NEW] = "new",
    [REGISTRAR_REPEAT] = "repeat",
    [REGISTRAR_UNCHANGED] = "unchanged",
    [REGISTRAR_TOPUP] = "topup",
    [REGISTRAR_JOINED] = "joined",
    [REGISTRAR_REFUSED] = "refused",
    [REGISTRAR_ABANDONED] = "abandoned",
};

static const enum registrar_result results[] = {
    [POLICY_NEW] = REGISTRAR_NEW,
    [POLICY_REPEAT] = REGISTRAR_REPEAT,
    [POLICY_UNCHANGED] = REGISTRAR_UNCHANGED,
    [POLICY_TOPUP] = REGISTRAR_TOPUP,
    [POLICY_JOIN] = REGISTRAR_JOINED,
};

enum lewes_error registrar_new(struct registrar **registrar, const struct registrar_parts *parts)
{
    struct registrar *new = lewesi_allocate(&parts->env, sizeof *new);
    if (new == NULL)
        return LEWES_ERROR_MEMORY;
    new->parts = *parts;
    enum lewes_error error = keylocks_new(&new->locks, &parts->env);
    if (error == LEWES_OK)
        *registrar = new;
    else
        registrar_free(new);
    return error;
}

void registrar_free(struct registrar *registrar)
{
    if (registrar == NULL)
        return;
    struct lewes_env env = registrar->parts.env;
    keylocks_free(registrar->locks);
    lewesi_release(&env, registrar, sizeof *registrar);
}

size_t registrar_running(const struct registrar *registrar)
{
    return registrar->running;
}

uint64_t registrar_count(const struct registrar *registrar, enum registrar_result result)
{
    return registrar->counts[result];
}

uint64_t registrar_double_spends(const struct registrar *registrar)
{
    return registrar->double_spends;
}

void registrar_when_empty(struct registrar *registrar, void (*empty)(void *user), void *user)
{
    registrar->empty = empty;
    registrar->user = user;
}

/* ---- the end ---- */

static void write_log(const struct registration *r, const struct registrar_outcome *outcome)
{
    const struct registrar_parts *parts = &r->registrar->parts;
    const struct log_fields fields = {
        .connection = r->from.connection,
        .mode = r->step <= STEP_DECODE               ? NULL
                : r->request.mode == LEWES_MODE_DVPN ? "dvpn"
                                                     : "mixnet",
        .result = result_names[outcome->result],
        .reason =
            outcome->result == REGISTRAR_REFUSED ? lewes_refusal_text(outcome->refusal) : NULL,
        .identity = r->from.identity.bytes,
        .wg_key = r->step <= STEP_DECODE ? NULL : &r->request.wg_key,
        .has_ms = true,
        .ms = uv_now(parts->loop) - r->begun,
    };
    log_write(parts->log, SETTINGS_LOG_INFO, LOG_REGISTRATION, &fields);
}

/* Tells whoever waits, counts and logs; once for each registration (gateway.md G14.2). */
static void conclude(struct registration *r, const struct registrar_outcome *outcome)
{
    void (*answered)(void *, const struct registrar_outcome *) = r->from.answered;
    r->registrar->counts[outcome->result]++;
    write_log(r, outcome);
    r->from.answered = NULL;
    if (answered != NULL)
        answered(r->from.owner, outcome);
}

/* Gives back everything that is not committed, and the registration itself. */
static enum step_result dissolve(struct registration *r)
{
    struct registrar *registrar = r->registrar;
    if (r->pair != POOL_NONE)
        (void)pool_cancel(registrar->parts.pool, r->pair);
    if (r->verifying)
        registrar->verifying--;
    *r->link = r->next;
    if (r->next != NULL)
        r->next->link = r->link;
    keylocks_release(registrar->locks, &r->lock);
    lewesi_release(&registrar->parts.env, r, sizeof *r);
    if (--registrar->running == 0 && registrar->empty != NULL)
        registrar->empty(registrar->user);
    return STEP_OVER;
}

static void conclude_refused(struct registration *r, enum lewes_refusal refusal)
{
    struct registrar_outcome outcome = {
        .result = r->from.answered != NULL ? REGISTRAR_REFUSED : REGISTRAR_ABANDONED,
        .refusal = refusal,
        .verification_failed = r->step == STEP_VERIFY && !r->verifying && !r->check.verdict.valid,
    };
    if (registration_refusal(r, refusal)) {
        outcome.answer = r->answer;
        outcome.len = r->answer_len;
    }
    conclude(r, &outcome);
}

enum step_result registration_refuse(struct registration *r, enum lewes_refusal refusal)
{
    conclude_refused(r, refusal);
    return dissolve(r);
}

enum step_result registration_succeed(struct registration *r)
{
    struct registrar_outcome outcome = {
        .result = results[r->action], .answer = r->answer, .len = r->answer_len};
    conclude(r, &outcome);
    return dissolve(r);
}

/* Takes steps until one has to wait (STEP_WAITS) or was the last. */
static enum step_result run(struct registration *r)
{
    enum step_result result = STEP_DONE;
    while (result == STEP_DONE) {
        result = registration_steps[r->step](r);
        if (result == STEP_DONE)
            r->step++;
    }
    return result;
}

void registration_resume(struct registration *r)
{
    if (r->cancelled) {
        (void)dissolve(r);
        return;
    }
    r->step++;
    (void)run(r);
}

/* ---- cut short ---- */

/* Nothing comes back to one that stands in line for a key; a job or a check does. */
static void cancel(struct registration *r)
{
    const struct verifier *verifier = r->registrar->parts.verifier;
    if (r->lock.state == KEYLOCK_WAITS) {
        (void)dissolve(r);
        return;
    }
    r->cancelled = true;
    if (r->verifying && verifier->cancel != NULL)
        verifier->cancel(verifier, &r->check);
}

void registrar_abandon(struct registration *r)
{
    static const struct registrar_outcome abandoned = {.result = REGISTRAR_ABANDONED};
    r->from.answered = NULL;
    if (r->step >= STEP_COMMIT || r->cancelled)
        return;
    conclude(r, &abandoned);
    cancel(r);
}

bool registrar_refuse(struct registration *r, enum lewes_refusal refusal)
{
    if (r->step >= STEP_COMMIT || r->cancelled)
        return false;
    conclude_refused(r, refusal);
    cancel(r);
    return true;
}

/* ---- the beginning ---- */

static void lock_granted(struct keylock *lock)
{
    registration_resume(
        (struct registration *)(void *)((char *)lock - offsetof(struct registration, lock)));
}

static void refuse_unborn(struct registrar *registrar, const struct registrar_request *request)
{
    const char *text = lewes_refusal_text(LEWES_REFUSAL_BUSY);
    struct lewes_answer answer = {.kind = LEWES_ANSWER_REFUSED, .as.refused = {text, strlen(text)}};
    struct registrar_outcome outcome = {.result = REGISTRAR_REFUSED, .refusal = LEWES_REFUSAL_BUSY};
    uint8_t bytes[LEASE_ANSWER_MAX];

    registrar->counts[REGISTRAR_REFUSED]++;
    if (lewes_answer_encode(&answer, bytes, sizeof bytes, &outcome.len) == LEWES_OK)
        outcome.answer = bytes;
    request->answered(request->owner, &outcome);
}

struct registration *registrar_begin(struct registrar *registrar,
                                     const struct registrar_request *request)
{
    struct registration *r = lewesi_allocate(&registrar->parts.env, sizeof *r);
    if (r == NULL) {
        refuse_unborn(registrar, request);
        return NULL;
    }
    r->registrar = registrar;
    r->from = *request;
    r->begun = uv_now(registrar->parts.loop);
    r->pair = POOL_NONE;
    r->lock.granted = lock_granted;
    r->len = request->len < sizeof r->bytes ? request->len : sizeof r->bytes;
    memcpy(r->bytes, request->bytes, r->len);
    r->from.bytes = r->bytes;
    r->link = &registrar->list;
    r->next = registrar->list;
    if (r->next != NULL)
        r->next->link = &r->next;
    registrar->list = r;
    registrar->running++;
    return run(r) == STEP_WAITS ? r : NULL;
}
