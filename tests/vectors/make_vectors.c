/* SPDX-License-Identifier: Apache-2.0 */
/* Prints vectors/generation1.json: sessions of every kind between two ends of this implementation,
 * with all secrets and all frames. tests/vectors/check_vectors.py checks it without the library. */
#include <stdio.h>
#include <string.h>

#include <lewes/registration.h>
#include <lewes/ticket.h>

#include "tests/vectors/vector_flow.h"

#define EXIT_ADDRESS "192.0.2.7:41264"

enum kind { DVPN, MIXNET, REFUSED };

/* A transcript; `leave` only if it has two hops. */
struct scenario {
    const char *name, *description;
    enum kind kind;
    struct vector_plan entry, leave;
};

#define ENTRY .label = "client-gateway", .client_seed = 0x11, .gateway_seed = 0x22
#define LEAVE .label = "client-exit", .client_seed = 0x44, .gateway_seed = 0x33

static const struct scenario scenarios[] = {
    {"x25519-stepwise", "one hop, suite X25519, one message at a time", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_X25519}},
    {"x25519-early", "one hop, suite X25519, two flights", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_X25519, .early = true}},
    {"mlkem768-stepwise", "one hop, suite ML-KEM-768, one message at a time", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_MLKEM768, .hash = LEWES_HASH_SHA3_256}},
    {"mlkem768-early", "one hop, suite ML-KEM-768 with a known key, two flights", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_MLKEM768, .hash = LEWES_HASH_SHAKE128, .early = true}},
    {"xwing-stepwise", "one hop, suite X-Wing, one message at a time", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_XWING}},
    {"xwing-early", "one hop, suite X-Wing with a known key, two flights", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_XWING, .hash = LEWES_HASH_SHAKE256, .early = true}},
    {"suite-refused", "X-Wing and ML-KEM-768 are asked for and not served; then X25519", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_X25519, .refused = {LEWES_KEM_XWING, LEWES_KEM_MLKEM768},
               .refused_count = 2}},
    {"registration-refused", "the ticket was spent before", REFUSED,
     .entry = {ENTRY, .kem = LEWES_KEM_X25519}},
    {"mixnet", "a registration in mixnet mode", MIXNET, .entry = {ENTRY, .kem = LEWES_KEM_X25519}},
    {"subsession", "the client begins a subsession, and registers on it", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_X25519, .rekey = VECTOR_REKEY_BY_CLIENT}},
    {"subsession-by-gateway", "the gateway begins a subsession, the client registers on it", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_X25519, .rekey = VECTOR_REKEY_BY_GATEWAY}},
    {"two-hops-stepwise", "the exit's session inside the entry's, one message at a time", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_X25519}, .leave = {LEAVE, .kem = LEWES_KEM_MLKEM768}},
    {"two-hops-early", "the exit's session inside the entry's, in four round trips", DVPN,
     .entry = {ENTRY, .kem = LEWES_KEM_XWING, .early = true},
     .leave = {LEAVE, .kem = LEWES_KEM_MLKEM768, .early = true}},
};

/* ---- registrations ---- */

/* One party to a registration: the client's request and the gateway's answer. */
struct registrar {
    const struct vector_session *session;
    enum kind kind;
    enum lewes_ticket_type ticket;
    json_t *list; /* registrations[] */
    const char *at;
};

static void make_request(const struct registrar *registrar, struct vector_payload *out)
{
    const struct vector_session *const session = registrar->session;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_pay_info info = {.unix_seconds = (int64_t)VECTOR_CLOCK,
                                  .gateway = session->gateway->ed25519};
    struct lewes_wg_private wg_key;
    struct lewes_request request = {
        .credential = {.payment = payment,
                       .payment_len = sizeof payment,
                       .spend_date = lewes_date_of(VECTOR_CLOCK),
                       .epoch = 1},
        .ticket_type = registrar->ticket,
        .client_ip = {4, {192, 0, 2, 1}},
        .timestamp = VECTOR_CLOCK,
    };

    lewes_payment_mock(payment, registrar->ticket);
    vector_secret(info.random, sizeof info.random, session, "pay_info");
    lewes_pay_info_encode(request.credential.pay_info, &info);
    vector_secret(wg_key.bytes, sizeof wg_key.bytes, session, "wg_key");
    lewes_wg_public(&request.wg_key, &wg_key);
    if (registrar->kind == MIXNET) {
        request.mode = LEWES_MODE_MIXNET;
        request.mixnet_identity = session->client->ed25519;
        request.mixnet_x25519 = session->client->x25519;
    }
    require(lewes_request_encode(&request, out->bytes, sizeof out->bytes, &out->len) == LEWES_OK,
            "the request cannot be encoded");
}

static struct lewes_answer answer_of(const struct registrar *registrar)
{
    const char *const text = lewes_refusal_text(LEWES_REFUSAL_SPENT);
    struct lewes_wg_private wg_key;
    struct lewes_answer answer = {
        .as.dvpn = {.endpoint = {{4, {198, 51, 100, 7}}, 51822},
                    .ipv4 = {10, 1, 0, 2},
                    .ipv6 = {0xfc, 0x01, [15] = 2}},
        .bandwidth = 500000000,
    };

    if (registrar->kind == REFUSED)
        return (struct lewes_answer){.kind = LEWES_ANSWER_REFUSED,
                                     .as.refused = {text, strlen(text)}};
    if (registrar->kind == MIXNET)
        return (struct lewes_answer){.kind = LEWES_ANSWER_MIXNET,
                                     .as.mixnet = {registrar->session->gateway->ed25519,
                                                   registrar->session->gateway->x25519},
                                     .bandwidth = 200000000};
    vector_secret(wg_key.bytes, sizeof wg_key.bytes, registrar->session, "gateway_wg_key");
    lewes_wg_public(&answer.as.dvpn.gateway_key, &wg_key);
    return answer;
}

/* A vector_answer: reads the request, answers it, and writes both down. */
static void answer_request(void *user, const uint8_t *payload, size_t len,
                           struct vector_payload *out)
{
    struct registrar *const registrar = user;
    const struct lewes_answer answer = answer_of(registrar);
    json_t *const entry = json_object();
    struct lewes_request request;

    require(lewes_payload_kind(payload, len) == LEWES_PAYLOAD_REGISTRATION &&
                lewes_request_decode(&request, payload, len, NULL) == LEWES_OK,
            "this is no registration");
    require(lewes_answer_encode(&answer, out->bytes, sizeof out->bytes, &out->len) == LEWES_OK,
            "the answer cannot be encoded");
    json_object_set_new(entry, "at", json_string(registrar->at));
    set_hex(entry, "request", payload, len);
    set_hex(entry, "response", out->bytes, out->len);
    json_array_append_new(registrar->list, entry);
}

/* ---- transcripts ---- */

struct transcript {
    const struct scenario *scenario;
    json_t *frames, *registrations, *sessions;
    struct vector_session entry, leave;
};

static struct registrar registrar_of(struct transcript *transcript, bool at_exit)
{
    const bool two = transcript->scenario->leave.label != NULL;

    return (struct registrar){
        .session = at_exit ? &transcript->leave : &transcript->entry,
        .kind = transcript->scenario->kind,
        .ticket = transcript->scenario->kind == MIXNET ? LEWES_TICKET_MIXNET_ENTRY
                  : two && at_exit                     ? LEWES_TICKET_WG_EXIT
                                                       : LEWES_TICKET_WG_ENTRY,
        .list = transcript->registrations,
        .at = at_exit ? "exit" : "gateway",
    };
}

static void register_at_exit(struct transcript *transcript, const struct vector_wire *wire)
{
    static struct vector_payloads requests, answers;
    const struct vector_wire behind = {transcript->frames, "gateway-exit", "G->E", "E->G"};
    struct registrar registrar = registrar_of(transcript, true);
    struct vector_exit leave = {
        .session = &transcript->leave,
        .wire = &behind,
        .gateway = {answer_request, &registrar},
        .address = EXIT_ADDRESS,
    };
    const struct vector_plan *const plan = &transcript->scenario->leave;

    vector_session_start(&transcript->leave, transcript->scenario->name, plan);
    while (plan->early ? !transcript->leave.may_send : !transcript->leave.established)
        vector_exchange_inside(&transcript->entry, wire, &leave, NULL, NULL);
    requests.count = 1;
    answers.count = 0;
    make_request(&registrar, &requests.at[0]);
    vector_exchange_inside(&transcript->entry, wire, &leave, &requests, &answers);
    require(answers.count == 1, "the exit did not answer");
}

static void register_at_entry(struct transcript *transcript, const struct vector_wire *wire)
{
    static struct vector_payloads requests, answers;
    struct registrar registrar = registrar_of(transcript, false);
    const struct vector_gateway gateway = {answer_request, &registrar};

    requests.count = 1;
    answers.count = 0;
    make_request(&registrar, &requests.at[0]);
    vector_exchange(&transcript->entry, wire, &gateway, &requests, &answers);
    require(answers.count == 1, "the gateway did not answer");
}

static void run_session(struct transcript *transcript)
{
    const struct scenario *const scenario = transcript->scenario;
    const struct vector_wire wire = {transcript->frames, "client-gateway", "C->G", "G->C"};
    const bool two = scenario->leave.label != NULL;
    const bool rekeys = scenario->entry.rekey != VECTOR_NO_REKEY;

    vector_session_start(&transcript->entry, scenario->name, &scenario->entry);
    vector_shake_hands(&transcript->entry, &wire);
    if (rekeys) {
        json_t *const list = vector_session_list(&transcript->entry);
        vector_rekey(&transcript->entry, &wire);
        vector_rekey_list(&transcript->entry, list);
        json_array_append_new(transcript->sessions, list);
    }
    if (two)
        register_at_exit(transcript, &wire);
    register_at_entry(transcript, &wire);
    if (!rekeys)
        json_array_append_new(transcript->sessions, vector_session_list(&transcript->entry));
    if (two)
        json_array_append_new(transcript->sessions, vector_session_list(&transcript->leave));
    vector_session_end(&transcript->entry);
    if (two)
        vector_session_end(&transcript->leave);
}

static json_t *run_scenario(const struct scenario *scenario)
{
    static struct transcript transcript;
    json_t *const out = json_object();
    json_t *const clock = json_object();

    transcript = (struct transcript){.scenario = scenario,
                                     .frames = json_array(),
                                     .registrations = json_array(),
                                     .sessions = json_array()};
    run_session(&transcript);
    json_object_set_new(clock, "unix_seconds", json_integer((json_int_t)VECTOR_CLOCK));
    json_object_set_new(out, "name", json_string(scenario->name));
    json_object_set_new(out, "description", json_string(scenario->description));
    json_object_set_new(out, "flights", json_string(scenario->entry.early ? "early" : "stepwise"));
    json_object_set_new(out, "clock", clock);
    if (scenario->leave.label != NULL)
        json_object_set_new(out, "exit_address", json_string(EXIT_ADDRESS));
    json_object_set_new(out, "sessions", transcript.sessions);
    json_object_set_new(out, "registrations", transcript.registrations);
    json_object_set_new(out, "wire", transcript.frames);
    return out;
}

int main(void)
{
    json_t *const root = json_object();
    json_t *const transcripts = json_array();

    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        json_array_append_new(transcripts, run_scenario(&scenarios[i]));
    json_object_set_new(root, "format", json_string("lewes-generation1/1"));
    json_object_set_new(root, "licence", json_string("Apache-2.0"));
    json_object_set_new(root, "about",
                        json_string("Sessions of the Lewes Protocol, generation 1, between two "
                                    "ends of liblewes: see README.md"));
    json_object_set_new(root, "transcripts", transcripts);
    require(json_dumpf(root, stdout, JSON_INDENT(1)) == 0 && putchar('\n') == '\n',
            "it cannot be written");
    json_decref(root);
    return 0;
}
