/* SPDX-License-Identifier: Apache-2.0 */
/* The registration of one hop, step by step (registration.md 7). */
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/attempt.h"
#include "client/system.h"

#define MAX_HELLOS 4       /* protocol.md P17 */
#define TIMEOUT_MAX 300000 /* ms; registration.md 7 */

void attempt_begin(struct attempt *attempt, enum lewes_register_step step)
{
    const struct lewes_register_options *options = attempt->options;
    lewes_time now = system_now();
    struct lewes_register_result *result = attempt->result;
    if (result->step < step)
        result->hops[LEWES_HOP_ENTRY].ms[result->step] += now - attempt->step_start;
    attempt->step_start = now;
    result->step = step;
    if (options->progress)
        options->progress(options->progress_user, LEWES_HOP_ENTRY, step, now - attempt->start);
}

bool attempt_fail(struct attempt *attempt, enum lewes_error error, const char *format, ...)
{
    struct lewes_register_result *result = attempt->result;
    va_list arguments;
    result->outcome =
        attempt->request_started ? LEWES_REGISTER_MAYBE_SPENT : LEWES_REGISTER_BEFORE_SPEND;
    result->error = error;
    va_start(arguments, format);
    vsnprintf(result->text, sizeof result->text, format, arguments);
    va_end(arguments);
    return false;
}

static const char *consequence(const struct attempt *attempt)
{
    return attempt->request_started
               ? "the ticket was sent and may be spent: register again with the same WireGuard key"
               : "no ticket was spent: check address and network, and try again";
}

static bool fail_channel(struct attempt *attempt, enum channel_status status, const char *doing)
{
    int os_error = attempt->channel.os_error;
    const char *after = consequence(attempt);
    switch (status) {
    case CHANNEL_TIMEOUT:
        return attempt_fail(attempt, LEWES_ERROR_TIMEOUT, "%s took too long; %s", doing, after);
    case CHANNEL_CANCELLED:
        return attempt_fail(attempt, LEWES_OK, "cancelled while %s; %s", doing,
                            attempt->request_started ? after : "no ticket was spent");
    case CHANNEL_END:
        return attempt_fail(attempt, LEWES_OK,
                            "the gateway closed the connection while %s; %s. "
                            "It gives no reasons: check the gateway's identity and this "
                            "machine's clock",
                            doing, after);
    case CHANNEL_FRAME:
        return attempt_fail(attempt, LEWES_ERROR_LENGTH,
                            "what answers there does not speak this protocol (%s); %s", doing,
                            after);
    case CHANNEL_NO_NAME:
        return attempt_fail(attempt, LEWES_OK, "%s: %s; %s", attempt->options->entry.host,
                            gai_strerror(os_error), after);
    case CHANNEL_OK:
    case CHANNEL_FAILED:
        break;
    }
    attempt->result->os_error = os_error;
    return attempt_fail(attempt, LEWES_OK, "%s: %s; %s", doing, strerror(os_error), after);
}

static bool check_options(struct attempt *attempt)
{
    const struct lewes_register_options *options = attempt->options;
    struct lewes_wg_public wg;
    if (!options->entry.host || !options->entry.host[0] || !options->tickets.pay)
        return attempt_fail(attempt, LEWES_ERROR_ARGUMENT, "no host or no ticket source was given");
    if (options->connect_ms > TIMEOUT_MAX || options->handshake_ms > TIMEOUT_MAX ||
        options->registration_ms > TIMEOUT_MAX)
        return attempt_fail(attempt, LEWES_ERROR_ARGUMENT, "a time limit is above 300 seconds");
    if (lewes_ed25519_check(&options->entry.gateway))
        return attempt_fail(attempt, LEWES_ERROR_KEY,
                            "the gateway's identity is not a valid Ed25519 key; "
                            "copy it again from the gateway's operator");
    lewes_wg_public(&wg, &options->entry.wg_key);
    if (lewes_wg_check(&wg))
        return attempt_fail(attempt, LEWES_ERROR_KEY,
                            "the WireGuard key is not usable; "
                            "make a new one");
    return true;
}

static bool connect_gateway(struct attempt *attempt)
{
    const struct lewes_register_options *options = attempt->options;
    uint16_t port = options->entry.port ? options->entry.port : LEWES_CONTROL_PORT;
    uint32_t limit = options->connect_ms ? options->connect_ms : 10000; /* protocol.md 1 */
    attempt_begin(attempt, LEWES_STEP_CONNECT);
    enum channel_status status =
        channel_connect(&attempt->channel, options->entry.host, port, system_now() + limit);
    return status == CHANNEL_OK || fail_channel(attempt, status, "connecting to the gateway");
}

/* Writes every packet that is due, each with its prefix in one write (protocol.md P1). */
static bool write_due(struct attempt *attempt, lewes_time deadline, const char *doing)
{
    for (;;) {
        size_t len = 0;
        uint8_t *packet = attempt->buffer + LEWES_FRAME_PREFIX_LEN;
        enum lewes_error error =
            lewes_session_write(attempt->session, packet, LEWES_PACKET_MAX, &len, system_now());
        bool *started = attempt->paid ? &attempt->request_started : &(bool){false};
        if (error)
            return attempt_fail(attempt, error, "%s: %s; %s", doing, lewes_strerror(error),
                                consequence(attempt));
        if (len == 0)
            return true;
        lewes_frame_prefix(attempt->buffer, len);
        enum channel_status status = channel_write(&attempt->channel, attempt->buffer,
                                                   LEWES_FRAME_PREFIX_LEN + len, deadline, started);
        if (status != CHANNEL_OK)
            return fail_channel(attempt, status, doing);
    }
}

/* Reads one packet into the session; `*error` is the session's word on it. */
static bool read_one(struct attempt *attempt, lewes_time deadline, const char *doing,
                     struct lewes_event *event, enum lewes_error *error)
{
    size_t len = 0;
    size_t cap =
        attempt->paid ? LEWES_ANSWER_MAX + LEWES_PACKET_OVERHEAD : LEWES_HANDSHAKE_PACKET_MAX;
    enum channel_status status =
        channel_read(&attempt->channel, attempt->buffer, cap, &len, deadline);
    if (status != CHANNEL_OK)
        return fail_channel(attempt, status, doing);
    *error = lewes_session_read(attempt->session, attempt->buffer, len, system_now(), event);
    return true;
}

static bool fail_handshake(struct attempt *attempt, enum lewes_error error)
{
    switch ((int)error) {
    case LEWES_ERROR_BUSY:
        return attempt_fail(attempt, error,
                            "the gateway is busy; no ticket was spent. Try again in a minute");
    case LEWES_ERROR_COLLISION:
        return attempt_fail(attempt, error,
                            "the gateway refused %d connection numbers in a row; "
                            "no ticket was spent. Try again",
                            MAX_HELLOS);
    case LEWES_ERROR_KKT:
    case LEWES_ERROR_KKT_KEY:
    case LEWES_ERROR_IDENTITY:
        return attempt_fail(attempt, error,
                            "this is not the gateway with the given identity (%s); "
                            "no ticket was spent. Check identity and address",
                            lewes_strerror(error));
    default:
        return attempt_fail(attempt, error, "the handshake failed: %s; no ticket was spent",
                            lewes_strerror(error));
    }
}

static bool run_handshake(struct attempt *attempt, lewes_time deadline, enum lewes_error *error)
{
    const char *doing = "shaking hands with the gateway";
    *error = LEWES_OK;
    while (!*error && lewes_session_state(attempt->session) != LEWES_TRANSPORT) {
        struct lewes_event event;
        if (!write_due(attempt, deadline, doing) ||
            !read_one(attempt, deadline, doing, &event, error))
            return false;
    }
    return true;
}

static enum lewes_error new_session(struct attempt *attempt, uint32_t limit)
{
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = attempt->identity,
        .peer = &attempt->options->entry.gateway,
        .unix_ms = system_unix_ms(),
        .handshake_ms = limit,
    };
    lewes_session_free(attempt->session);
    attempt->session = NULL;
    return lewes_session_new(&attempt->session, &attempt->env, &config, system_now());
}

/* A collision costs a new session on the same connection, at most MAX_HELLOS in all. */
static bool handshake(struct attempt *attempt)
{
    uint32_t limit = attempt->options->handshake_ms ? attempt->options->handshake_ms : 15000;
    lewes_time deadline = system_now() + limit;
    enum lewes_error error = LEWES_ERROR_COLLISION;
    attempt_begin(attempt, LEWES_STEP_HANDSHAKE);
    for (int hello = 0; hello < MAX_HELLOS && error == LEWES_ERROR_COLLISION; hello++) {
        error = new_session(attempt, limit);
        if (error)
            break;
        if (!run_handshake(attempt, deadline, &error))
            return false;
    }
    return !error || fail_handshake(attempt, error);
}

/* The payment is made after the handshake, so that it is fresh and nobody else has seen it. */
static bool pay(struct attempt *attempt)
{
    const struct lewes_register_options *options = attempt->options;
    struct lewes_ticket_order order = {
        .type = LEWES_TICKET_WG_ENTRY,
        .pay_info = {.unix_seconds = (int64_t)(system_unix_ms() / 1000),
                     .gateway = options->entry.gateway},
    };
    struct lewes_credential *credential = &attempt->request.credential;
    attempt_begin(attempt, LEWES_STEP_PAY);
    if (attempt->env.random(attempt->env.user, order.pay_info.random, sizeof order.pay_info.random))
        return attempt_fail(attempt, LEWES_ERROR_RANDOM,
                            "the system gave no randomness; no ticket was spent");
    credential->payment = attempt->payment;
    credential->payment_len = LEWES_PAYMENT_BOUND_LEN;
    if (options->tickets.pay(options->tickets.user, attempt->coin, &order, attempt->payment,
                             credential))
        return attempt_fail(attempt, LEWES_OK,
                            "there is no ticket to pay with; get one and register again");
    attempt->request.ticket_type = order.type;
    attempt->request.mode = LEWES_MODE_DVPN;
    attempt->request.client_ip = attempt->channel.peer.ip;
    attempt->request.timestamp = system_unix_ms() / 1000;
    lewes_wg_public(&attempt->request.wg_key, &options->entry.wg_key);
    return true;
}

static bool send_request(struct attempt *attempt, lewes_time deadline)
{
    uint8_t request[LEWES_REQUEST_MAX];
    size_t len = 0;
    enum lewes_error error = lewes_request_encode(&attempt->request, request, sizeof request, &len);
    if (!error)
        error = lewes_session_send(attempt->session, request, len, system_now());
    if (error)
        return attempt_fail(attempt, error, "the request cannot be sent: %s; no ticket was spent",
                            lewes_strerror(error));
    attempt->paid = true;
    bool sent = write_due(attempt, deadline, "sending the request");
    lewes_wipe(request, sizeof request);
    return sent;
}

static bool register_key(struct attempt *attempt)
{
    uint32_t limit = attempt->options->registration_ms ? attempt->options->registration_ms : 30000;
    lewes_time deadline = system_now() + limit;
    struct lewes_event event = {0};
    enum lewes_error error = LEWES_OK;
    attempt_begin(attempt, LEWES_STEP_REGISTER);
    if (!send_request(attempt, deadline) ||
        !read_one(attempt, deadline, "waiting for the gateway's answer", &event, &error))
        return false;
    if (error || event.kind != LEWES_EVENT_PAYLOAD)
        return attempt_fail(attempt, error ? error : LEWES_ERROR_STATE,
                            "the gateway's answer is not authentic; %s", consequence(attempt));
    return attempt_take_answer(attempt, event.payload, event.len);
}

static void attempt_close(struct attempt *attempt)
{
    struct lewes_env env = attempt->env;
    channel_close(&attempt->channel);
    lewes_session_free(attempt->session);
    lewes_identity_free(attempt->identity);
    lewes_wipe(attempt, sizeof *attempt);
    env.release(env.user, attempt, sizeof *attempt);
}

static enum lewes_error attempt_open(struct attempt **attempt,
                                     const struct lewes_register_options *options,
                                     struct lewes_register_result *result)
{
    struct lewes_env env;
    if (options->env)
        env = *options->env;
    else
        lewes_env_system(&env);
    struct attempt *a = env.allocate(env.user, sizeof *a);
    if (!a)
        return LEWES_ERROR_MEMORY;
    memset(a, 0, sizeof *a);
    a->options = options;
    a->result = result;
    a->env = env;
    a->start = a->step_start = system_now();
    a->channel = (struct channel){.fd = -1, .cancel_fd = options->cancel_fd};
    enum lewes_error error = lewes_identity_new(&a->identity, &a->env, &options->entry.identity);
    if (error)
        attempt_close(a);
    else
        *attempt = a;
    return error;
}

enum lewes_register_class lewes_register(const struct lewes_register_options *options,
                                         struct lewes_register_result *result)
{
    struct attempt *attempt = NULL;
    *result = (struct lewes_register_result){.coin = LEWES_COIN_UNKNOWN};
    enum lewes_error error = attempt_open(&attempt, options, result);
    if (error) {
        result->outcome = LEWES_REGISTER_BEFORE_SPEND;
        result->error = error;
        snprintf(result->text, sizeof result->text, "%s; no ticket was spent",
                 lewes_strerror(error));
        return result->outcome;
    }
    if (check_options(attempt) && connect_gateway(attempt) && handshake(attempt) && pay(attempt) &&
        register_key(attempt))
        attempt_begin(attempt, LEWES_STEP_DONE);
    attempt_close(attempt);
    return result->outcome;
}
