/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/vectors/vector_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/psq_model.h"

#define SECRET_CONTEXT "lewes vectors, generation 1" /* of BLAKE3 derive_key */
#define RANDOM_BITS_SHIFT 3                          /* 64 bits to 61, protocol.md P64 */

void give_up(const char *what)
{
    fprintf(stderr, "make_vectors: %s\n", what);
    exit(1);
}

/* ---- secrets ---- */

void vector_secret(uint8_t *out, size_t len, const struct vector_session *session, const char *name)
{
    for (unsigned part = 0; len > 0; part++) {
        const size_t taken = len < 32 ? len : 32;
        uint8_t block[32];
        char text[160];
        const int text_len = snprintf(text, sizeof text, "%s/%s/%s/%u", session->transcript,
                                      session->plan->label, name, part);

        require(text_len > 0 && (size_t)text_len < sizeof text, "a name is too long");
        lewesi_blake3_derive(block, SECRET_CONTEXT,
                             (struct lewesi_span){(const uint8_t *)text, (size_t)text_len});
        memcpy(out, block, taken);
        out += taken;
        len -= taken;
    }
}

static uint64_t draw_responder_counter(const struct vector_session *session, const char *name)
{
    uint8_t bytes[8];

    vector_secret(bytes, sizeof bytes, session, name);
    return LEWESI_RESPONDER_BASE + (lewesi_load64le(bytes) >> RANDOM_BITS_SHIFT);
}

static void draw_params(struct vector_session *session)
{
    struct lewesi_session_params *const i = &session->initiator_params;
    struct lewesi_session_params *const r = &session->responder_params;
    uint8_t bytes[4];

    vector_secret(bytes, sizeof bytes, session, "receiver_index");
    i->receiver_index = lewesi_load32le(bytes);
    vector_secret(i->salt, sizeof i->salt, session, "salt");
    lewesi_store64le(i->salt, VECTOR_CLOCK);
    vector_secret(i->kkt_session_id, sizeof i->kkt_session_id, session, "kkt_session_id");
    vector_secret(i->kem_random, sizeof i->kem_random, session, "kem_randomness");
    vector_secret(i->noise_ephemeral.bytes, 32, session, "client/noise_ephemeral");
    i->psq_time.seconds = VECTOR_CLOCK - LEWESI_PSQ_BACKDATING;
    i->first_counter = LEWESI_INITIATOR_BASE;

    vector_secret(r->noise_ephemeral.bytes, 32, session, "gateway/noise_ephemeral");
    r->first_counter = draw_responder_counter(session, "r");
}

/* ---- both ends ---- */

static struct lewes_identity *identity_of(struct vector_session *session, uint8_t byte)
{
    struct lewes_ed25519_seed seed;
    struct lewes_identity *identity;

    memset(seed.bytes, byte, sizeof seed.bytes);
    require(lewes_identity_new(&identity, &session->env.env, &seed) == LEWES_OK, "no identity");
    return identity;
}

static void serve_kem(struct vector_session *session)
{
    const enum lewes_kem kem = session->plan->kem;

    if (kem != LEWES_KEM_X25519) {
        const size_t len = kem == LEWES_KEM_MLKEM768 ? 64 : 32;
        vector_secret(session->kem_seed.bytes, len, session, "kem_private");
        require(lewes_identity_add_kem(session->gateway, kem, &session->kem_seed) == LEWES_OK,
                "the KEM key cannot be added");
    }
    require(lewes_identity_kem(session->gateway, kem, &session->kem_public) == LEWES_OK,
            "there is no KEM key");
}

/* What the initiator accepts: the refused suites first. */
static size_t list_suites(const struct vector_session *session,
                          struct lewes_suite suites[LEWES_KEM_SUITES],
                          struct lewes_kem_digest digests[LEWES_KEM_SUITES])
{
    const struct vector_plan *const plan = session->plan;
    size_t count = 0;

    for (; count < plan->refused_count; count++) {
        digests[count] = (struct lewes_kem_digest){plan->refused[count], plan->hash, {0}};
        suites[count] = (struct lewes_suite){plan->refused[count], &digests[count], NULL};
    }
    require(lewes_kem_digest(&digests[count], &session->kem_public, plan->hash) == LEWES_OK,
            "no digest");
    suites[count] =
        (struct lewes_suite){plan->kem, &digests[count], plan->early ? &session->kem_public : NULL};
    return count + 1;
}

void vector_session_start(struct vector_session *session, const char *transcript,
                          const struct vector_plan *plan)
{
    struct lewes_suite suites[LEWES_KEM_SUITES];
    struct lewes_kem_digest digests[LEWES_KEM_SUITES];
    struct lewes_session_config config = {.role = LEWES_INITIATOR,
                                          .unix_ms = VECTOR_CLOCK * 1000,
                                          .suites = suites,
                                          .early = plan->early,
                                          .subsessions = plan->rekey != VECTOR_NO_REKEY};

    *session = (struct vector_session){.plan = plan, .transcript = transcript};
    test_env_init(&session->env, 0);
    session->env.fail_draw = 1; /* everything is given */
    session->client = identity_of(session, plan->client_seed);
    session->gateway = identity_of(session, plan->gateway_seed);
    serve_kem(session);
    draw_params(session);
    config.identity = session->client;
    config.peer = lewes_identity_public(session->gateway);
    config.suite_count = list_suites(session, suites, digests);
    require(lewesi_session_new_derand(&session->initiator, &session->env.env, &config,
                                      &session->initiator_params, 0) == LEWES_OK,
            "no initiator");
}

void vector_session_answer(struct vector_session *session, const uint8_t *hello, size_t len)
{
    struct lewes_hello checked;
    const struct lewes_session_config config = {.role = LEWES_RESPONDER,
                                                .identity = session->gateway,
                                                .unix_ms = VECTOR_CLOCK * 1000,
                                                .hello = &checked,
                                                .subsessions =
                                                    session->plan->rekey != VECTOR_NO_REKEY};

    require(lewes_hello_check(&checked, hello, len, VECTOR_CLOCK, LEWES_CLOCK_TOLERANCE) ==
                LEWES_OK,
            "the hello is refused");
    require(lewesi_session_new_derand(&session->responder, &session->env.env, &config,
                                      &session->responder_params, 0) == LEWES_OK,
            "no responder");
}

void vector_session_end(struct vector_session *session)
{
    lewes_session_free(session->initiator);
    lewes_session_free(session->responder);
    lewes_session_free(session->parents[0]);
    lewes_session_free(session->parents[1]);
    lewes_identity_free(session->client);
    lewes_identity_free(session->gateway);
    require(session->env.live_blocks == 0, "memory is left over");
}

/* ---- the list ---- */

json_t *hex_text(const uint8_t *bytes, size_t len)
{
    static char text[2 * (LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX) + 1];

    require(2 * len < sizeof text, "too many bytes");
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    text[2 * len] = 0;
    return json_string(text);
}

void set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t len)
{
    require(json_object_set_new(object, key, hex_text(bytes, len)) == 0, "no memory");
}

static void set_number(json_t *object, const char *key, uint64_t value)
{
    char text[24]; /* as text: some readers of JSON have only 53 bits */

    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    json_object_set_new(object, key, json_string(text));
}

static const char *kem_name(enum lewes_kem kem)
{
    if (kem == LEWES_KEM_X25519)
        return "X25519";
    return kem == LEWES_KEM_MLKEM768 ? "MlKem768" : "XWing";
}

static json_t *list_end(const struct lewes_identity *identity, uint8_t seed_byte,
                        const struct lewesi_session_params *params)
{
    json_t *const end = json_object();
    uint8_t seed[32];

    memset(seed, seed_byte, sizeof seed);
    set_hex(end, "ed25519_seed", seed, sizeof seed);
    set_hex(end, "ed25519_public", identity->ed25519.bytes, 32);
    set_hex(end, "x25519_private", identity->x25519_private.bytes, 32);
    set_hex(end, "x25519_public", identity->x25519.bytes, 32);
    set_hex(end, "noise_ephemeral_private", params->noise_ephemeral.bytes, 32);
    return end;
}

static void list_kem(const struct vector_session *session, json_t *client, json_t *gateway)
{
    const struct lewesi_kem *const kem = lewesi_kem_find(session->plan->kem);
    const uint8_t *private_key = session->kem_seed.bytes;

    if (kem->id == LEWES_KEM_X25519)
        private_key = session->gateway->x25519_private.bytes;
    set_hex(client, "kem_randomness", session->initiator_params.kem_random, kem->random_len);
    json_object_set_new(gateway, "kem", json_string(kem_name(kem->id)));
    set_hex(gateway, "kem_private", private_key, kem->id == LEWES_KEM_MLKEM768 ? 64 : 32);
    set_hex(gateway, "kem_public", session->kem_public.bytes, session->kem_public.len);
}

/* The key schedule once more, by the code that tests lib/psq; returns the PSK. */
static void list_psq(const struct vector_session *session, json_t *list, uint8_t psk[32])
{
    const struct lewesi_kem *const kem = lewesi_kem_find(session->plan->kem);
    const struct lewesi_kem_public key = {kem, session->kem_public.bytes};
    uint8_t ciphertext[LEWESI_KEM_PREFIX_MAX + LEWESI_KEM_CIPHERTEXT_MAX], secret[33], ecdh[32];
    struct lewesi_outer_key outer;
    struct psq_schedule schedule;

    memcpy(ciphertext, kem->ciphertext_prefix, kem->prefix_len);
    secret[0] = kem->tag;
    require(kem->encapsulate(ciphertext + kem->prefix_len, secret + 1, key.bytes,
                             session->initiator_params.kem_random) == LEWES_OK &&
                lewesi_x25519(ecdh, &session->client->x25519_private, &session->gateway->x25519) ==
                    LEWES_OK,
            "a key exchange fails");
    psq_schedule_derive(&schedule, key, ciphertext, secret, 32,
                        session->initiator_params.receiver_index);
    lewesi_psk_derive(psk, outer.bytes,
                      &(struct lewesi_psk_input){ecdh, schedule.psk_registration,
                                                 session->initiator_params.salt});
    require(memcmp(outer.bytes, session->initiator->outer_key.bytes, 32) == 0 &&
                memcmp(outer.bytes, session->responder->outer_key.bytes, 32) == 0,
            "the sessions have another outer key");
    set_hex(list, "static_ecdh", ecdh, 32);
    set_hex(list, "psq_kem_shared_secret_tagged", secret, sizeof secret);
    set_hex(list, "psq_k0", schedule.k0, 32);
    set_hex(list, "psq_component_K", schedule.k, 32);
    set_hex(list, "psq_registration_psk", schedule.psk_registration, 32);
    set_hex(list, "final_psk", psk, 32);
    set_hex(list, "outer_key", outer.bytes, 32);
}

static json_t *list_noise_state(const struct lewesi_noise *noise)
{
    json_t *const state = json_object();

    set_hex(state, "h", noise->h, 32);
    set_hex(state, "ck", noise->ck, 32);
    return state;
}

/* A Noise handshake once more: a session forgets it. */
struct noise_run {
    const struct lewesi_noise_pattern *pattern;
    const struct lewes_identity *ends[2]; /* who begins, who answers */
    const struct lewes_x25519_private *ephemerals[2];
    const uint8_t *psk;
    bool both_known; /* each knows the other's static key */
    unsigned messages;
    const char *names[3]; /* of the states after each message */
};

static void start_noise(const struct noise_run *run, struct lewesi_noise noise[2])
{
    for (unsigned i = 0; i < 2; i++) {
        const bool knows = i == 0 || run->both_known;

        lewesi_noise_start(&noise[i], &(struct lewesi_noise_setup){
                                          .pattern = run->pattern,
                                          .initiator = i == 0,
                                          .s_private = &run->ends[i]->x25519_private,
                                          .s = &run->ends[i]->x25519,
                                          .rs = knows ? &run->ends[1 - i]->x25519 : NULL,
                                      });
        lewesi_noise_set_psk(&noise[i], run->psk);
    }
}

/* `sender` is a session of the one who begins, with the transport keys. */
static void list_noise(const struct noise_run *run, json_t *list,
                       const struct lewes_session *sender)
{
    struct lewesi_noise noise[2];
    struct lewesi_cipher send, receive;

    start_noise(run, noise);
    for (unsigned message = 0; message < run->messages; message++) {
        uint8_t bytes[128];
        struct lewesi_writer w;
        const unsigned from = message % 2;

        lewesi_writer_init(&w, bytes, sizeof bytes);
        require(lewesi_noise_write(&noise[from], run->ephemerals[from],
                                   (struct lewesi_span){NULL, 0}, &w) == LEWES_OK &&
                    lewesi_noise_read(&noise[1 - from], (struct lewesi_span){bytes, w.at}, NULL,
                                      NULL) == LEWES_OK,
                "Noise fails");
        json_object_set_new(list, run->names[message], list_noise_state(&noise[from]));
    }
    require(lewesi_noise_split(&noise[0], &send, &receive) == LEWES_OK &&
                memcmp(send.key, sender->send.key, 32) == 0 &&
                memcmp(receive.key, sender->receive.key, 32) == 0,
            "the session has other transport keys");
    json_t *const final = json_object_get(list, "noise_final");
    set_hex(final, "k_initiator_to_responder", send.key, 32);
    set_hex(final, "k_responder_to_initiator", receive.key, 32);
}

static void list_handshake_noise(const struct vector_session *session, json_t *list,
                                 const uint8_t psk[32])
{
    const struct noise_run run = {
        .pattern = &lewesi_noise_xkpsk3,
        .ends = {session->client, session->gateway},
        .ephemerals = {&session->initiator_params.noise_ephemeral,
                       &session->responder_params.noise_ephemeral},
        .psk = psk,
        .messages = 3,
        .names = {"noise_after_msg1", "noise_after_msg2", "noise_final"},
    };

    list_noise(&run, list, session->initiator);
}

static void list_first_counters(json_t *list, uint64_t client, uint64_t gateway)
{
    json_t *const counters = json_object();

    set_number(counters, "client", client);
    set_number(counters, "gateway", gateway);
    json_object_set_new(list, "first_counters", counters);
}

static void list_counters(const struct vector_session *session, json_t *list)
{
    json_t *const time = json_object();

    list_first_counters(list, session->initiator_params.first_counter,
                        session->responder_params.first_counter);
    json_object_set_new(time, "seconds",
                        json_integer((json_int_t)session->initiator_params.psq_time.seconds));
    json_object_set_new(time, "milliseconds", json_integer(0));
    json_object_set_new(list, "psq_time", time);
}

json_t *vector_session_list(const struct vector_session *session)
{
    static const char *const hashes[] = {"Blake3", "SHAKE256", "SHAKE128", "SHA256"};
    const struct vector_plan *const plan = session->plan;
    const struct lewesi_session_params *const params = &session->initiator_params;
    json_t *const list = json_object();
    json_t *const client = list_end(session->client, plan->client_seed, params);
    json_t *const gateway =
        list_end(session->gateway, plan->gateway_seed, &session->responder_params);
    json_t *const refused = json_array();
    uint8_t psk[32];

    json_object_set_new(list, "label", json_string(plan->label));
    json_object_set_new(list, "receiver_index", json_integer(params->receiver_index));
    set_hex(list, "salt", params->salt, sizeof params->salt);
    set_hex(list, "kkt_session_id", params->kkt_session_id, sizeof params->kkt_session_id);
    json_object_set_new(list, "kkt_hash", json_string(hashes[plan->hash]));
    for (size_t i = 0; i < plan->refused_count; i++)
        json_array_append_new(refused, json_string(kem_name(plan->refused[i])));
    json_object_set_new(list, "refused_kems", refused);
    list_counters(session, list);
    list_kem(session, client, gateway);
    json_object_set_new(list, "client", client);
    json_object_set_new(list, "gateway", gateway);
    list_psq(session, list, psk);
    list_handshake_noise(session, list, psk);
    return list;
}

/* ---- subsessions ---- */

void vector_rekey_draw(struct vector_session *session)
{
    struct lewesi_rekey_params *const begins = &session->rekey_params[0];
    struct lewesi_rekey_params *const answers = &session->rekey_params[1];
    uint8_t bytes[4];

    vector_secret(begins->ephemeral.bytes, 32, session, "subsession/initiator_ephemeral");
    vector_secret(answers->ephemeral.bytes, 32, session, "subsession/responder_ephemeral");
    vector_secret(bytes, sizeof bytes, session, "subsession/receiver_index");
    begins->index = lewesi_load32le(bytes);
    begins->first_counter = LEWESI_INITIATOR_BASE;
    answers->first_counter = draw_responder_counter(session, "subsession/r");
}

/* protocol.md 12, from the PSK of the registration in `list`. */
static void list_rekey_psk(const json_t *list, json_t *part, uint8_t psk[32])
{
    const char *const text = json_string_value(json_object_get(list, "psq_registration_psk"));
    uint8_t material[40] = {0}, outer[32];

    for (size_t i = 0; i < 32; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], 0};
        material[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    lewesi_blake3_derive(psk, "lp-subsession-psk-v1",
                         (struct lewesi_span){material, sizeof material});
    lewesi_blake3_derive(outer, "lp-outer-aead", (struct lewesi_span){psk, 32});
    set_hex(part, "psk", psk, 32);
    set_hex(part, "outer_key", outer, sizeof outer);
}

void vector_rekey_list(const struct vector_session *session, json_t *list)
{
    const bool by_client = session->plan->rekey == VECTOR_REKEY_BY_CLIENT;
    const unsigned client = by_client ? 0 : 1; /* its place in rekey_params */
    const struct lewesi_rekey_params *const params = session->rekey_params;
    json_t *const part = json_object();
    uint8_t psk[32];
    const struct noise_run run = {
        .pattern = &lewesi_noise_kkpsk0,
        .ends = {by_client ? session->client : session->gateway,
                 by_client ? session->gateway : session->client},
        .ephemerals = {&params[0].ephemeral, &params[1].ephemeral},
        .psk = psk,
        .both_known = true,
        .messages = 2,
        .names = {"noise_after_msg1", "noise_final"},
    };

    json_object_set_new(part, "initiator", json_string(by_client ? "client" : "gateway"));
    json_object_set_new(part, "subsession_index", json_integer(0));
    json_object_set_new(part, "new_receiver_index", json_integer(params[0].index));
    list_first_counters(part, params[client].first_counter, params[1 - client].first_counter);
    set_hex(part, "client_noise_ephemeral_private", params[client].ephemeral.bytes, 32);
    set_hex(part, "gateway_noise_ephemeral_private", params[1 - client].ephemeral.bytes, 32);
    list_rekey_psk(list, part, psk);
    list_noise(&run, part, by_client ? session->initiator : session->responder);
    json_object_set_new(list, "subsession", part);
}
