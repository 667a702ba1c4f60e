/* SPDX-License-Identifier: Apache-2.0 */
/* Construction: what is drawn (protocol.md P22), and what is made of it. */
#include <string.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "lib/session/session_internal.h"

#define INITIATOR_HANDSHAKE_MS 15000 /* protocol.md 1 */
#define RESPONDER_HANDSHAKE_MS 30000 /* gateway.md G2.9 */
#define SALT_TIME_LEN 8              /* protocol.md 4.2 */
#define INDEX_DRAWS_MAX 16           /* a source that gives 0 so often is broken */

/* ---- draws ---- */

enum lewes_error lewesi_draw_index(const struct lewes_env *env, uint32_t *index)
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < INDEX_DRAWS_MAX; i++) {
        enum lewes_error error = lewesi_random(env, bytes, sizeof bytes);
        if (error != LEWES_OK)
            return error;
        *index = lewesi_load32le(bytes);
        if (*index != 0) /* P12 */
            return LEWES_OK;
    }
    return LEWES_ERROR_RANDOM;
}

enum lewes_error lewesi_draw_counter(const struct lewes_env *env, enum lewes_role role,
                                     uint64_t *counter)
{
    uint8_t bytes[8];
    enum lewes_error error;

    if (role == LEWES_INITIATOR) {
        *counter = LEWESI_INITIATOR_BASE;
        return LEWES_OK;
    }
    error = lewesi_random(env, bytes, sizeof bytes);
    if (error == LEWES_OK) {
        *counter =
            LEWESI_RESPONDER_BASE + (lewesi_load64le(bytes) >> (64 - LEWESI_RESPONDER_RANDOM_BITS));
    }
    return error;
}

static enum lewes_error draw_initiator(const struct lewes_env *env, uint64_t unix_ms,
                                       struct lewesi_session_params *params)
{
    const uint64_t seconds = unix_ms / 1000;
    enum lewes_error error = lewesi_draw_index(env, &params->receiver_index);

    if (error != LEWES_OK)
        return error;
    lewesi_store64le(params->salt, seconds);
    error = lewesi_random(env, params->salt + SALT_TIME_LEN, sizeof params->salt - SALT_TIME_LEN);
    if (error != LEWES_OK)
        return error;
    error = lewesi_random(env, params->kkt_session_id, sizeof params->kkt_session_id);
    if (error != LEWES_OK)
        return error;
    error = lewesi_random(env, params->kem_random, sizeof params->kem_random);
    if (error != LEWES_OK)
        return error;
    params->psq_time.seconds =
        seconds > LEWESI_PSQ_BACKDATING ? seconds - LEWESI_PSQ_BACKDATING : 0; /* P36 */
    return LEWES_OK;
}

/* ---- suites ---- */

struct suite_list {
    const struct lewes_suite *at;
    size_t count;
};

static struct suite_list suites_of(const struct lewes_session_config *config)
{
    static const struct lewes_suite x25519_alone = {.kem = LEWES_KEM_X25519}; /* P23 */

    if (config->suite_count == 0)
        return (struct suite_list){&x25519_alone, 1};
    return (struct suite_list){config->suites, config->suite_count};
}

static bool is_good_suite(const struct lewes_suite *suite)
{
    const struct lewesi_kem *const kem = lewesi_kem_find(suite->kem);
    const struct lewes_kem_digest *const digest = suite->digest;
    const struct lewes_kem_public *const key = suite->key;

    if (kem == NULL || (digest == NULL && suite->kem != LEWES_KEM_X25519)) /* P25, step 8 */
        return false;
    if (digest != NULL && (digest->kem != suite->kem || (unsigned)digest->hash >= LEWES_HASHES))
        return false;
    return key == NULL || (key->kem == suite->kem && key->len == kem->public_len &&
                           kem->check_public(key->bytes) == LEWES_OK);
}

static enum lewes_error check_suites(struct suite_list suites)
{
    if (suites.at == NULL || suites.count > LEWES_KEM_SUITES)
        return LEWES_ERROR_ARGUMENT;
    for (size_t i = 0; i < suites.count; i++) {
        if (!is_good_suite(&suites.at[i]))
            return LEWES_ERROR_ARGUMENT;
        for (size_t j = 0; j < i; j++)
            if (suites.at[j].kem == suites.at[i].kem)
                return LEWES_ERROR_ARGUMENT;
    }
    return LEWES_OK;
}

static size_t longest_public(struct suite_list suites)
{
    size_t len = 0;

    for (size_t i = 0; i < suites.count; i++) {
        const size_t public_len = lewesi_kem_find(suites.at[i].kem)->public_len;
        if (public_len > len)
            len = public_len;
    }
    return len;
}

static void take_suites(struct lewesi_handshake *handshake, struct suite_list suites)
{
    for (size_t i = 0; i < suites.count; i++) {
        struct lewesi_allowed *const allowed = &handshake->suites[i];

        allowed->kem = lewesi_kem_find(suites.at[i].kem);
        allowed->pinned = suites.at[i].digest != NULL;
        if (allowed->pinned)
            allowed->digest = *suites.at[i].digest;
    }
    handshake->suite_count = (uint8_t)suites.count;
    handshake->kem = handshake->suites[0].kem;
}

/* The key of the first suite if nobody has to be asked for it, else NULL (P75). */
static const uint8_t *known_key(const struct lewesi_handshake *handshake,
                                const struct lewes_suite *first)
{
    if (first->kem == LEWES_KEM_X25519)
        return lewesi_kem_public_of_x25519(&handshake->peer_x25519).bytes;
    return first->key == NULL ? NULL : first->key->bytes;
}

/* ---- construction ---- */

static enum lewes_error check_config(const struct lewes_session_config *config)
{
    const struct lewes_ed25519_public *peer = NULL;

    if (config->role == LEWES_INITIATOR) {
        peer = config->peer;
    } else if (config->role == LEWES_RESPONDER && config->hello != NULL &&
               config->hello->receiver_index != 0) {
        peer = &config->hello->identity;
    }
    if (config->identity == NULL || peer == NULL)
        return LEWES_ERROR_ARGUMENT;
    if (memcmp(peer->bytes, config->identity->ed25519.bytes, sizeof peer->bytes) == 0)
        return LEWES_ERROR_IDENTITY; /* P69 */
    return config->role == LEWES_INITIATOR ? check_suites(suites_of(config)) : LEWES_OK;
}

void lewesi_handshake_free(struct lewes_session *session)
{
    if (session->handshake == NULL)
        return;
    lewesi_release(&session->env, session->handshake, session->handshake->size);
    session->handshake = NULL;
}

/* What an initiator has to say before it hears anything. */
static void open_flight(struct lewes_session *session, const struct lewes_session_config *config)
{
    struct lewesi_handshake *const handshake = session->handshake;
    const uint8_t *const key = known_key(handshake, suites_of(config).at);

    lewesi_due_add(session, LEWESI_DUE_HELLO);
    handshake->early = config->early;
    if (!handshake->early)
        return;
    lewesi_due_add(session, LEWESI_DUE_KKT_REQUEST);
    handshake->key_known = key != NULL;
    if (!handshake->key_known)
        return;
    memcpy(handshake->kem_public, key, handshake->kem->public_len);
    lewesi_due_add(session, LEWESI_DUE_HANDSHAKE1);
}

static enum lewes_error start_initiator(struct lewes_session *session,
                                        const struct lewes_session_config *config)
{
    struct lewesi_handshake *const handshake = session->handshake;
    enum lewes_error error =
        lewesi_x25519_public_from_ed25519(&handshake->peer_x25519, config->peer);

    if (error != LEWES_OK)
        return error;
    if (handshake->params.receiver_index == 0)
        return LEWES_ERROR_ARGUMENT;
    session->peer = *config->peer;
    session->index = handshake->params.receiver_index;
    take_suites(handshake, suites_of(config));
    session->kem = handshake->kem->id;
    lewesi_noise_start(&handshake->noise, &(struct lewesi_noise_setup){
                                              .pattern = &lewesi_noise_xkpsk3,
                                              .initiator = true,
                                              .s_private = &config->identity->x25519_private,
                                              .s = &config->identity->x25519,
                                              .rs = &handshake->peer_x25519,
                                          });
    lewesi_session_enter(session, LEWES_AWAIT_ACK);
    open_flight(session, config);
    return LEWES_OK;
}

static void start_responder(struct lewes_session *session,
                            const struct lewes_session_config *config, lewes_time now)
{
    struct lewesi_handshake *const handshake = session->handshake;
    const struct lewes_hello *const hello = config->hello;

    session->peer = hello->identity;
    session->index = hello->receiver_index;
    memcpy(handshake->params.salt, hello->salt, sizeof handshake->params.salt);
    handshake->peer_x25519 = hello->x25519;
    handshake->start = now;
    handshake->unix_ms = config->unix_ms;
    handshake->kem = lewesi_kem_find(LEWES_KEM_X25519); /* until the request names one */
    session->kem = LEWES_KEM_X25519;
    handshake->clock_tolerance =
        config->clock_tolerance > 0 ? config->clock_tolerance : LEWES_CLOCK_TOLERANCE;
    lewesi_noise_start(&handshake->noise, &(struct lewesi_noise_setup){
                                              .pattern = &lewesi_noise_xkpsk3,
                                              .initiator = false,
                                              .s_private = &config->identity->x25519_private,
                                              .s = &config->identity->x25519,
                                          });
    lewesi_noise_expect_static(&handshake->noise, &hello->x25519);
    lewesi_session_enter(session, LEWES_AWAIT_REQUEST);
    lewesi_due_add(session, LEWESI_DUE_ACK);
}

static lewes_time handshake_deadline(const struct lewes_session_config *config, lewes_time now)
{
    uint64_t ms = config->handshake_ms;

    if (ms == 0)
        ms = config->role == LEWES_INITIATOR ? INITIATOR_HANDSHAKE_MS : RESPONDER_HANDSHAKE_MS;
    return now < LEWES_NEVER - ms ? now + ms : LEWES_NEVER;
}

enum lewes_error lewesi_session_make(struct lewes_session **session, const struct lewes_env *env,
                                     const struct lewes_session_config *config,
                                     const struct lewesi_session_params *params, lewes_time now)
{
    size_t size = sizeof(struct lewesi_handshake);
    struct lewes_session *made = NULL;
    enum lewes_error error = check_config(config);

    if (error != LEWES_OK)
        return error;
    made = lewesi_allocate(env, sizeof *made);
    if (made == NULL)
        return LEWES_ERROR_MEMORY;
    made->env = *env;
    made->identity = config->identity;
    made->role = config->role;
    made->deadline = handshake_deadline(config, now);
    made->counter_first = params->first_counter;
    made->counter = params->first_counter;
    made->counter_end = params->first_counter + LEWESI_PACKETS_MAX;
    made->original_counters = params->original_counters;
    made->subsessions = config->subsessions;
    made->take_index = config->take_index;
    made->take_index_user = config->take_index_user;
    made->datagrams = config->datagrams;

    if (config->role == LEWES_INITIATOR)
        size += longest_public(suites_of(config));
    made->handshake = lewesi_allocate(env, size);
    if (made->handshake == NULL) {
        error = LEWES_ERROR_MEMORY;
        goto out;
    }
    made->handshake->size = size;
    made->handshake->params = *params;
    if (config->role == LEWES_INITIATOR)
        error = start_initiator(made, config);
    else
        start_responder(made, config, now);
out:
    if (error == LEWES_OK)
        *session = made;
    else
        lewes_session_free(made);
    return error;
}

enum lewes_error lewes_session_new(struct lewes_session **session, const struct lewes_env *env,
                                   const struct lewes_session_config *config, lewes_time now)
{
    struct lewesi_session_params params = {0};
    enum lewes_error error = check_config(config);

    if (error != LEWES_OK)
        goto out;
    if (config->role == LEWES_INITIATOR)
        error = draw_initiator(env, config->unix_ms, &params);
    if (error != LEWES_OK)
        goto out;
    error = lewesi_draw_counter(env, config->role, &params.first_counter);
    if (error != LEWES_OK)
        goto out;
    error = lewesi_random(env, params.noise_ephemeral.bytes, sizeof params.noise_ephemeral.bytes);
    if (error != LEWES_OK)
        goto out;
    error = lewesi_session_make(session, env, config, &params, now);
out:
    lewesi_wipe(&params, sizeof params);
    return error;
}
