/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that wait for the store's or the device's thread. */
#include <string.h>

#include "gateway/registration.h"

static struct registration *of_job(struct worker_job *job)
{
    return (struct registration *)(void *)((char *)job - offsetof(struct registration, job));
}

static enum step_result submit(struct registration *r, struct worker *worker,
                               bool (*on_thread)(struct worker_job *job),
                               void (*done)(struct worker_job *job))
{
    r->job = (struct worker_job){.run = on_thread, .done = done};
    r->stored = STORE_UNAVAILABLE;
    r->installed = WG_LOST;
    return worker_submit(worker, &r->job) ? STEP_WAITS : STEP_OVER;
}

static void store_trouble(const struct registration *r, const char *what)
{
    const struct log_fields fields = {
        .connection = r->from.connection, .wg_key = &r->request.wg_key, .result = what};
    log_write(r->registrar->parts.log, SETTINGS_LOG_ERROR, LOG_STORE, &fields);
}

/* ---- (6): what is known of the key and of the ticket ---- */

static enum store_result find_account(struct registration *r)
{
    struct store *store = r->registrar->parts.store;
    struct mixnet_client client;
    if (r->request.mode == LEWES_MODE_DVPN)
        return store_find_lease(store, &r->request.wg_key, &r->lease);
    enum store_result result = store_find_client(store, &r->from.identity, &client);
    if (result == STORE_OK)
        r->lease = client.account;
    return result;
}

static bool look_up_run(struct worker_job *job)
{
    struct registration *r = of_job(job);
    const struct registrar_parts *parts = &r->registrar->parts;

    r->stored = find_account(r);
    r->has_lease = r->stored == STORE_OK;
    if (r->stored == STORE_OK || r->stored == STORE_NOT_FOUND)
        r->stored = parts->verifier->look_up(parts->verifier, parts->store, &r->claim,
                                             r->has_lease ? &r->lease : NULL, &r->ticket);
    return r->stored == STORE_OK;
}

static void look_up_done(struct worker_job *job)
{
    struct registration *r = of_job(job);
    if (!r->cancelled && (job->lost || r->stored != STORE_OK)) {
        store_trouble(r, "a look-up failed");
        (void)registration_refuse(r, LEWES_REFUSAL_STORE);
    } else {
        registration_resume(r);
    }
}

enum step_result registration_look_up(struct registration *r)
{
    enum step_result result =
        submit(r, r->registrar->parts.store_worker, look_up_run, look_up_done);
    return result == STEP_WAITS ? result : registration_refuse(r, LEWES_REFUSAL_STORE);
}

/* ---- (10): T1 ---- */

static void add_credit(struct registration *r)
{
    const struct registrar_parts *parts = &r->registrar->parts;
    uint64_t amount = parts->settings->registration.amounts[r->request.ticket_type];

    lease_credit(&r->lease, amount, parts->settings->metering.credit_days, r->claim.unix_seconds);
    lease_remember(&r->lease, &r->from.identity);
    memcpy(r->lease.last_digest, r->claim.digest, sizeof r->lease.last_digest);
    r->has_spent = parts->verifier->record(parts->verifier, &r->claim, &r->spent);
    memcpy(r->spent.owner, r->claim.owner, sizeof r->spent.owner);
    r->spent.mode = r->request.mode;
    r->spent.amount = amount;
    r->spent.spent_at = r->claim.unix_seconds;
}

/* The lease as it will be; false: its answer has no encoding. */
static bool draw_up(struct registration *r)
{
    if (!r->has_lease) {
        memset(&r->lease, 0, sizeof r->lease);
        r->lease.wg_key = r->request.wg_key;
        r->lease.pair = LEASE_NO_PAIR;
        r->lease.created = r->claim.unix_seconds;
    }
    if (r->pair != POOL_NONE)
        r->lease.pair = r->pair;
    if (r->plan & POLICY_PLAN_INSTALL)
        r->lease.state = LEASE_PENDING;
    r->has_spent = false;
    if (r->plan & POLICY_PLAN_VERIFY)
        add_credit(r);
    if (!registration_present(r))
        return false;
    memcpy(r->lease.answer, r->answer, r->answer_len);
    r->lease.answer_len = r->answer_len;
    r->lease.answered_at = r->claim.unix_seconds;
    return true;
}

static struct mixnet_client mixnet_client_of(const struct registration *r)
{
    return (struct mixnet_client){
        .identity = r->from.identity, .x25519 = r->request.mixnet_x25519, .account = r->lease};
}

static bool commit_run(struct worker_job *job)
{
    struct registration *r = of_job(job);
    struct store *store = r->registrar->parts.store;
    const struct store_ticket *spent = r->has_spent ? &r->spent : NULL;
    if (r->request.mode == LEWES_MODE_DVPN) {
        r->stored = store_register(store, spent, &r->lease);
    } else {
        const struct mixnet_client client = mixnet_client_of(r);
        r->stored = store_register_client(store, spent, &client);
    }
    return r->stored == STORE_OK;
}

/* gateway.md G12.3 */
static void tell_hook(const struct registration *r)
{
    const struct mixnet_client client = mixnet_client_of(r);
    if (r->request.mode == LEWES_MODE_MIXNET)
        mixnet_tell(r->registrar->parts.mixnet, r->action == POLICY_NEW ? MIXNET_NEW : MIXNET_TOPUP,
                    &client);
}

static void committed(struct registration *r)
{
    if (r->pair != POOL_NONE)
        (void)pool_commit(r->registrar->parts.pool, r->pair);
    r->pair = POOL_NONE;
    tell_hook(r);
    registration_resume(r);
}

/* Somebody spent the ticket in between: look again, once (gateway.md G6.4). */
static void look_again(struct registration *r)
{
    if (r->pair != POOL_NONE)
        (void)pool_cancel(r->registrar->parts.pool, r->pair);
    r->pair = POOL_NONE;
    r->conflicted = true;
    if (r->from.answered == NULL) {
        (void)registration_refuse(r, LEWES_REFUSAL_SPENT);
        return;
    }
    r->step = STEP_LOCK;
    registration_resume(r);
}

static void commit_done(struct worker_job *job)
{
    struct registration *r = of_job(job);
    if (job->lost)
        r->stored = STORE_UNAVAILABLE;
    if (r->stored == STORE_OK) {
        committed(r);
        return;
    }
    if (r->stored == STORE_SERIAL_CONFLICT && !r->conflicted) {
        look_again(r);
        return;
    }
    if (r->stored == STORE_PAIR_CONFLICT && r->pair != POOL_NONE) {
        /* A row that could not be read at start has it: it is not ours to lease. */
        (void)pool_commit(r->registrar->parts.pool, r->pair);
        r->pair = POOL_NONE;
    }
    store_trouble(r, "a registration was not stored");
    (void)registration_refuse(r, LEWES_REFUSAL_STORE);
}

/* ---- instead: evidence (G6.2) ---- */

static bool testify_run(struct worker_job *job)
{
    struct registration *r = of_job(job);
    r->stored = store_add_evidence(r->registrar->parts.store, &r->spent);
    return r->stored == STORE_OK;
}

static void testify_done(struct worker_job *job)
{
    struct registration *r = of_job(job);
    if (job->lost || r->stored != STORE_OK)
        store_trouble(r, "a double spend was not stored");
    else
        r->registrar->double_spends++;
    (void)registration_refuse(r, LEWES_REFUSAL_SPENT);
}

static enum step_result testify(struct registration *r)
{
    const struct registrar_parts *parts = &r->registrar->parts;
    enum step_result result = STEP_OVER;
    if (parts->verifier->record(parts->verifier, &r->claim, &r->spent)) {
        r->spent.spent_at = r->claim.unix_seconds;
        result = submit(r, parts->store_worker, testify_run, testify_done);
    }
    return result == STEP_WAITS ? result : registration_refuse(r, LEWES_REFUSAL_SPENT);
}

enum step_result registration_commit(struct registration *r)
{
    if (!(r->plan & POLICY_PLAN_COMMIT))
        return STEP_DONE;
    if (r->action == POLICY_TWICE)
        return testify(r);
    if (!draw_up(r))
        return registration_refuse(r, LEWES_REFUSAL_STORE);
    enum step_result result = submit(r, r->registrar->parts.store_worker, commit_run, commit_done);
    return result == STEP_WAITS ? result : registration_refuse(r, LEWES_REFUSAL_STORE);
}

/* ---- (11): the peer ---- */

static bool install_run(struct worker_job *job)
{
    struct registration *r = of_job(job);
    r->installed = tunnel_add(r->registrar->parts.tunnel, &r->peer, 1);
    return true;
}

static void install_done(struct worker_job *job)
{
    struct registration *r = of_job(job);
    if (job->lost || r->installed != WG_OK) {
        repair_failed(r->registrar->parts.repair, r->installed);
        (void)registration_refuse(r, LEWES_REFUSAL_DEVICE);
    } else {
        registration_resume(r);
    }
}

enum step_result registration_install(struct registration *r)
{
    const struct registrar_parts *parts = &r->registrar->parts;
    if (!(r->plan & POLICY_PLAN_INSTALL))
        return STEP_DONE;
    r->peer = survey_peer(&r->lease, parts->pool, parts->settings);
    enum step_result result = submit(r, parts->device_worker, install_run, install_done);
    if (result == STEP_WAITS)
        return result;
    repair_failed(parts->repair, WG_MEMORY);
    return registration_refuse(r, LEWES_REFUSAL_DEVICE);
}

/* ---- (12): T2; if it fails, the next start or repair does it ---- */

static bool activate_run(struct worker_job *job)
{
    struct registration *r = of_job(job);
    r->stored = store_activate(r->registrar->parts.store, &r->request.wg_key);
    return r->stored == STORE_OK;
}

static void activate_done(struct worker_job *job)
{
    struct registration *r = of_job(job);
    if (job->lost || (r->stored != STORE_OK && r->stored != STORE_NOT_FOUND))
        store_trouble(r, "a lease stays pending though its peer is there");
    registration_resume(r);
}

enum step_result registration_activate(struct registration *r)
{
    if (!(r->plan & POLICY_PLAN_INSTALL))
        return STEP_DONE;
    enum step_result result =
        submit(r, r->registrar->parts.store_worker, activate_run, activate_done);
    return result == STEP_WAITS ? result : STEP_DONE;
}
