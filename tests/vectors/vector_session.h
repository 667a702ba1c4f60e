/* SPDX-License-Identifier: Apache-2.0 */
/* One session of a vector: both ends, made from secrets that follow from its name, and the list of
 * those secrets and of all that follows from them. Failures end the program. */
#ifndef TESTS_VECTORS_VECTOR_SESSION_H
#define TESTS_VECTORS_VECTOR_SESSION_H

#include <jansson.h>
#include <lewes/session.h>

#include "lib/session/session_derand.h"
#include "tests/support/env.h"

#define VECTOR_CLOCK UINT64_C(1768392000) /* seconds; 2026-01-14 12:00:00 UTC */
#define VECTOR_REFUSED_MAX 2

/* Who begins a subsession after the handshake. */
enum vector_rekey { VECTOR_NO_REKEY, VECTOR_REKEY_BY_CLIENT, VECTOR_REKEY_BY_GATEWAY };

/* What is wanted. */
struct vector_plan {
    const char *label;
    uint8_t client_seed, gateway_seed;          /* 32 times this byte */
    enum lewes_kem kem;                         /* of the handshake */
    enum lewes_hash hash;                       /* of the digest that is asked for */
    enum lewes_kem refused[VECTOR_REFUSED_MAX]; /* asked for before, not served */
    size_t refused_count;
    bool early;
    enum vector_rekey rekey;
};

struct vector_session {
    const struct vector_plan *plan;
    const char *transcript;
    struct test_env env;
    struct lewes_identity *client, *gateway;
    struct lewes_kem_seed kem_seed;
    struct lewes_kem_public kem_public;
    struct lewesi_session_params initiator_params, responder_params;
    /* The responder: after the hello. A subsession takes their places. */
    struct lewes_session *initiator, *responder;
    bool may_send, established; /* the initiator was told so */
    struct lewes_session *parents[2];
    struct lewesi_rekey_params rekey_params[2]; /* of the one who begins, of the other */
};

_Noreturn void give_up(const char *what);

/* Ends the program unless `good`. */
static inline void require(bool good, const char *what)
{
    if (!good)
        give_up(what);
}

/* Fills `out` with the secret `name`: nothing up anybody's sleeve (vectors/README.md). */
void vector_secret(uint8_t *out, size_t len, const struct vector_session *session,
                   const char *name);

json_t *hex_text(const uint8_t *bytes, size_t len);
void set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t len);

/* Makes both identities, all secrets, and the initiator. */
void vector_session_start(struct vector_session *session, const char *transcript,
                          const struct vector_plan *plan);
/* Makes the responder. */
void vector_session_answer(struct vector_session *session, const uint8_t *hello, size_t len);
/* The entry of `sessions[]`; after the handshake, whose keys are compared with it, and before a
 * subsession. */
json_t *vector_session_list(const struct vector_session *session);
/* Draws what a subsession needs. */
void vector_rekey_draw(struct vector_session *session);
/* The subsession's part of the entry `list`, when it has taken over. */
void vector_rekey_list(const struct vector_session *session, json_t *list);
void vector_session_end(struct vector_session *session);

#endif
