/* SPDX-License-Identifier: Apache-2.0 */
/* One registration under way: what the files registrar*.c share. */
#ifndef LEWES_GATEWAY_REGISTRATION_H
#define LEWES_GATEWAY_REGISTRATION_H

#include "gateway/registrar.h"

/* gateway.md G6.1. */
enum registration_step {
    STEP_DECODE,
    STEP_MODE,
    STEP_TIME,
    STEP_KEYS,
    STEP_LOCK,
    STEP_LOOK_UP,
    STEP_DECIDE,
    STEP_RATE,
    STEP_RESERVE,
    STEP_VERIFY,
    STEP_COMMIT,
    STEP_INSTALL,
    STEP_ACTIVATE,
    STEP_ANSWER,
    STEPS
};

enum step_result {
    STEP_DONE,  /* on to the next */
    STEP_WAITS, /* registration_resume() will be called */
    STEP_OVER   /* the registration has ended and is gone */
};

struct registration {
    struct registrar *registrar;
    struct registration *next, **link; /* all of the registrar */
    struct registrar_request from;     /* `bytes` is ours, `answered` NULL: nobody waits */
    lewes_time begun;
    enum registration_step step;
    bool cancelled; /* over for whoever asked; ends when the job or check under way comes back */
    bool in_verify; /* the verifier has not returned yet */

    struct keylock lock;
    struct worker_job job;
    struct verifier_check check;
    struct verifier_claim claim;
    struct lewes_request request;

    enum store_result stored;  /* by the store's thread */
    enum wg_status installed;  /* by the device's thread */
    enum policy_ticket ticket; /* by the store's thread */
    bool has_lease;
    bool conflicted;    /* the commit met its serial once */
    struct lease lease; /* in mixnet mode the account */
    enum policy_action action;
    unsigned plan;
    bool verifying; /* counted in the queue */
    uint32_t pair;  /* reserved, or POOL_NONE */
    struct store_ticket spent;
    bool has_spent;
    struct wg_peer peer;

    size_t len;
    uint8_t bytes[LEWES_REQUEST_MAX];
    size_t answer_len;
    uint8_t answer[LEASE_ANSWER_MAX];
};

struct registrar {
    struct registrar_parts parts;
    struct keylocks *locks;
    struct registration *list;
    size_t running;
    size_t verifying;
    uint64_t counts[REGISTRAR_RESULTS];
    uint64_t double_spends;
    void (*empty)(void *user);
    void *user;
};

/* ---- registrar.c ---- */

/* Goes on after a wait. */
void registration_resume(struct registration *r);
enum step_result registration_refuse(struct registration *r, enum lewes_refusal refusal);
/* Hands over r->answer. */
enum step_result registration_succeed(struct registration *r);

/* ---- registrar_steps.c ---- */

extern enum step_result (*const registration_steps[STEPS])(struct registration *r);

/* ---- registrar_jobs.c: steps that wait for a thread ---- */

enum step_result registration_look_up(struct registration *r);
enum step_result registration_commit(struct registration *r);
enum step_result registration_install(struct registration *r);
enum step_result registration_activate(struct registration *r);

/* ---- registrar_answer.c ---- */

/* Writes the present state of r->lease to r->answer; false: it has no encoding. */
bool registration_present(struct registration *r);
/* Writes the answer to an identical request: as before, or with today's balance. */
bool registration_again(struct registration *r);
bool registration_refusal(struct registration *r, enum lewes_refusal refusal);
/* gateway.md G6.10 */
struct lewes_endpoint registration_endpoint(const struct settings *settings,
                                            const struct lewes_ip *local);

#endif
