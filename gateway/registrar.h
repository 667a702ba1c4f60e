/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registrations: from the decoded request to the stored lease, the installed peer and the answer,
 * in the order of gateway.md G6.1. Everything runs on the loop; the store and the device have a
 * thread each.
 */
#ifndef LEWES_GATEWAY_REGISTRAR_H
#define LEWES_GATEWAY_REGISTRAR_H

#include "gateway/keylocks.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/mixnet.h"
#include "gateway/pool.h"
#include "gateway/repair.h"
#include "gateway/tunnel.h"
#include "gateway/verifier.h"
#include "gateway/wall_clock.h"

/* What a registrar works with; all of it is borrowed. */
struct registrar_parts {
    struct lewes_env env;
    uv_loop_t *loop;
    const struct settings *settings;
    struct wall_clock clock;
    struct log *log; /* may be NULL */
    struct store *store;
    struct worker *store_worker;
    struct tunnel *tunnel;
    struct worker *device_worker;
    struct repair *repair;
    struct pool *pool;
    struct limits *limits;
    const struct verifier *verifier;
    struct mixnet *mixnet;
    struct lewes_wg_public wg_key; /* the gateway's own */
    struct lewes_ed25519_public identity;
    struct lewes_x25519_public sphinx_key;
};

enum registrar_result {
    REGISTRAR_NEW,
    REGISTRAR_REPEAT,
    REGISTRAR_UNCHANGED,
    REGISTRAR_TOPUP,
    REGISTRAR_JOINED,
    REGISTRAR_REFUSED,
    REGISTRAR_ABANDONED, /* nobody waits for the answer any more */
    REGISTRAR_RESULTS
};

struct registrar_outcome {
    enum registrar_result result;
    enum lewes_refusal refusal; /* if refused */
    bool verification_failed;   /* refused because the ticket is no good */
    const uint8_t *answer;      /* valid during the call */
    size_t len;
};

/* One request and who asks. */
struct registrar_request {
    const uint8_t *bytes; /* the plaintext, copied */
    size_t len;
    struct lewes_ed25519_public identity; /* of the session */
    struct lewes_ip local;                /* the connection's address at our end */
    uint32_t slot;                        /* of limits.h, while the connection is there */
    uint64_t connection;                  /* its number, for the log */
    /* Called at most once, perhaps before registrar_begin returns; then the registration is over.
     */
    void (*answered)(void *owner, const struct registrar_outcome *outcome);
    void *owner;
};

struct registrar;
struct registration;

/* Errors: LEWES_ERROR_MEMORY, LEWES_ERROR_RANDOM. */
LEWES_MUST_USE enum lewes_error registrar_new(struct registrar **registrar,
                                              const struct registrar_parts *parts);

/* Only when registrar_running() is 0. */
void registrar_free(struct registrar *registrar);

/* Begins one; NULL if it is over already: `answered` was called. */
struct registration *registrar_begin(struct registrar *registrar,
                                     const struct registrar_request *request);

/* Whoever asked is gone: `answered` will not be called. Before the commit the registration ends and
 * leaves no trace; after it, it goes on (G6.5). */
void registrar_abandon(struct registration *registration);

/* The same, but `answered` is called first with a refusal. False, and nothing happens, after the
 * commit has begun. */
bool registrar_refuse(struct registration *registration, enum lewes_refusal refusal);

size_t registrar_running(const struct registrar *registrar);
uint64_t registrar_count(const struct registrar *registrar, enum registrar_result result);

/* Coins of which two valid payments are kept since the start. */
uint64_t registrar_double_spends(const struct registrar *registrar);

/* `empty` is called each time that registrar_running() falls to 0. */
void registrar_when_empty(struct registrar *registrar, void (*empty)(void *user), void *user);

#endif
