/* SPDX-License-Identifier: Apache-2.0 */
/* What the packets of a connection mean (protocol.md 4.3, gateway.md G3.5). */
#include "gateway/connection.h"
#include "gateway/fixed.h"
#include "gateway/forward.h"

struct stream_bounds conversation_bounds(const struct connection *c)
{
    if (c->session == NULL) /* protocol.md P2, P15 */
        return (struct stream_bounds){LEWES_HELLO_PACKET_LEN, LEWES_HELLO_PACKET_LEN};
    if (c->half_open)
        return (struct stream_bounds){LEWES_PACKET_MIN, LEWES_HANDSHAKE_PACKET_MAX};
    return (struct stream_bounds){LEWES_PACKET_MIN, LEWES_PACKET_MAX};
}

static lewes_time now_of(const struct connection *c)
{
    return uv_now(c->service->loop);
}

/* Writes what the session has due, `cap` bytes at most, and the answer if it has one. */
static void write_up_to(struct connection *c, size_t cap)
{
    size_t len;
    enum lewes_error error =
        lewes_session_write(c->session, stream_packet(&c->stream), cap, &len, now_of(c));
    if (error != LEWES_OK)
        connection_end(c, END_IO);
    else if (c->last)
        connection_answer_last(c, len, c->last_end);
    else if (len == 0)
        connection_go_on(c);
    else
        connection_answer(c, len);
}

static void write_due(struct connection *c)
{
    write_up_to(c, LEWES_HANDSHAKE_PACKET_MAX);
}

/* ---- hello ---- */

static const struct {
    enum hello_result result;
    const char *name;
} hello_names[HELLO_RESULTS] = {
    {HELLO_ACCEPTED, "accepted"},   {HELLO_COLLISION, "collision"},
    {HELLO_TIME, "time"},           {HELLO_KEY, "key"},
    {HELLO_REPLAYED, "replayed"},   {HELLO_BUSY, "busy"},
    {HELLO_MALFORMED, "malformed"}, {HELLO_FAILED, "failed"},
};

static void count_hello(struct connection *c, uint32_t index, enum hello_result result)
{
    const struct log_fields fields = {.connection = c->number,
                                      .source = &c->ip,
                                      .index = index,
                                      .result = hello_names[result].name};
    c->service->hellos[result]++;
    log_write(c->service->log, SETTINGS_LOG_DEBUG, LOG_HELLO, &fields);
}

static enum hello_result hello_result_of(enum lewes_error error)
{
    if (error == LEWES_ERROR_CLOCK)
        return HELLO_TIME;
    return error == LEWES_ERROR_KEY ? HELLO_KEY : HELLO_MALFORMED;
}

static void hello_busy(struct connection *c, uint32_t index, enum busy reason)
{
    count_hello(c, index, HELLO_BUSY);
    service_count_busy(c->service, &c->ip, reason);
    lewes_hello_answer(stream_packet(&c->stream), LEWES_ANSWER_BUSY, index);
    connection_answer_last(c, LEWES_PACKET_MIN, END_BUSY);
}

static void hello_collision(struct connection *c, uint32_t index)
{
    count_hello(c, index, HELLO_COLLISION);
    lewes_hello_answer(stream_packet(&c->stream), LEWES_ANSWER_COLLISION, index);
    if (c->hellos >= c->service->settings->limits.hellos_per_connection)
        connection_answer_last(c, LEWES_PACKET_MIN, END_REFUSED);
    else
        connection_answer(c, LEWES_PACKET_MIN);
}

/* Counts the session in all its tables, in one step; answers and returns false if it may not be. */
static bool enter(struct connection *c, uint32_t index)
{
    struct service *service = c->service;

    if (service->draining) {
        hello_busy(c, index, BUSY_DRAIN);
        return false;
    }
    if (!limits_half_open(service->limits, c->slot)) {
        hello_busy(c, index, BUSY_HALF_OPEN);
        return false;
    }
    enum sessions_verdict verdict = sessions_insert(service->sessions, index);
    if (verdict == SESSIONS_FULL && datagrams_make_room(service->datagrams))
        verdict = sessions_insert(service->sessions, index);
    switch (verdict) {
    case SESSIONS_OK:
        c->half_open = true;
        c->index = index;
        return true;
    case SESSIONS_CROWDED:
        limits_half_open_end(service->limits, c->slot);
        hello_busy(c, index, BUSY_HALF_OPEN);
        break;
    case SESSIONS_FULL:
        limits_half_open_end(service->limits, c->slot);
        hello_busy(c, index, BUSY_SESSIONS);
        break;
    case SESSIONS_TAKEN:
        limits_half_open_end(service->limits, c->slot);
        hello_collision(c, index);
        break;
    }
    return false;
}

static enum lewes_error make_session(struct connection *c, const struct lewes_hello *hello)
{
    struct service *service = c->service;
    lewes_time now = now_of(c);
    lewes_time until = c->deadlines.at[DEADLINE_HANDSHAKE];
    const struct lewes_session_config config = {
        .role = LEWES_RESPONDER,
        .identity = service->identity,
        .unix_ms = wall_clock_ms(&service->clock),
        .handshake_ms = until > now ? until - now : 1,
        .clock_tolerance = (uint32_t)(service->settings->gateway.timestamp_tolerance / 1000),
        .hello = hello,
        .subsessions = true,
        .take_index = conversation_take_index,
        .take_index_user = service->sessions,
        .datagrams = service->datagrams != NULL,
    };
    enum lewes_error error = lewes_session_new(&c->session, &service->env, &config, now);
    return error == LEWES_OK ? salts_add(service->salts, hello->salt, now) : error;
}

/* protocol.md 4.3; its steps 1 to 4 are lewes_hello_check(). */
static void take_hello(struct connection *c)
{
    struct service *service = c->service;
    struct lewes_hello hello;
    uint64_t seconds = wall_clock_ms(&service->clock) / 1000;
    uint32_t tolerance = (uint32_t)(service->settings->gateway.timestamp_tolerance / 1000);

    c->hellos++;
    enum lewes_error error =
        lewes_hello_check(&hello, stream_packet(&c->stream), c->stream.len, seconds, tolerance);
    if (error != LEWES_OK) {
        count_hello(c, 0, hello_result_of(error));
        connection_end(c, end_of_error(error));
        return;
    }
    if (salts_seen(service->salts, hello.salt, now_of(c))) {
        count_hello(c, hello.receiver_index, HELLO_REPLAYED);
        connection_end(c, END_REPLAY);
        return;
    }
    if (!enter(c, hello.receiver_index))
        return;
    error = make_session(c, &hello);
    count_hello(c, hello.receiver_index, error == LEWES_OK ? HELLO_ACCEPTED : HELLO_FAILED);
    if (error != LEWES_OK)
        connection_end(c, end_of_error(error));
    else
        write_due(c);
}

/* ---- handshake ---- */

static void established(struct connection *c)
{
    struct service *service = c->service;
    const struct log_fields fields = {
        .connection = c->number,
        .source = &c->ip,
        .index = c->index,
        .kem = lewes_kem_name(lewes_session_kem(c->session)),
        .identity = lewes_session_peer(c->session)->bytes,
        .has_ms = true,
        .ms = now_of(c) - c->begun,
    };
    limits_half_open_end(service->limits, c->slot);
    c->half_open = false;
    sessions_establish(service->sessions, c->index);
    service->handshakes++;
    log_write(service->log, SETTINGS_LOG_INFO, LOG_HANDSHAKE, &fields);
}

/* ---- payloads ---- */

static void send_payload(struct connection *c, const uint8_t *payload, size_t len)
{
    size_t cap = len + (LEWES_PACKET_MAX - LEWES_PAYLOAD_MAX);
    if (lewes_session_send(c->session, payload, len, now_of(c)) != LEWES_OK ||
        !stream_room(&c->stream, cap))
        connection_end(c, END_IO);
    else
        write_up_to(c, cap);
}

static void end_after_answer(struct connection *c, enum end end)
{
    c->last = true;
    c->last_end = end;
}

/* Which refusals are the last word (gateway.md G3.5). */
static void judge(struct connection *c, const struct registrar_outcome *outcome)
{
    if (outcome->verification_failed)
        c->failed_verifications++;
    if (outcome->result != REGISTRAR_REFUSED)
        return;
    if (outcome->refusal == LEWES_REFUSAL_MALFORMED ||
        c->failed_verifications >= VERIFY_FAILURES_MAX)
        end_after_answer(c, END_REFUSED);
    else if (outcome->refusal == LEWES_REFUSAL_SHUTDOWN)
        end_after_answer(c, END_SHUTDOWN);
}

static void registration_answered(void *owner, const struct registrar_outcome *outcome)
{
    struct connection *c = owner;

    c->registration = NULL;
    deadlines_clear(&c->deadlines, DEADLINE_REGISTRATION);
    if (outcome->answer == NULL) {
        connection_end(c, END_IO);
        return;
    }
    if (outcome->result != REGISTRAR_REFUSED)
        conversation_registered(c);
    judge(c, outcome);
    if (c->service->draining)
        end_after_answer(c, END_SHUTDOWN);
    send_payload(c, outcome->answer, outcome->len);
}

static void take_registration(struct connection *c, const struct lewes_event *event)
{
    const struct registrar_request request = {
        .bytes = event->payload,
        .len = event->len,
        .identity = *lewes_session_peer(c->session),
        .local = c->local.ip,
        .slot = c->slot,
        .connection = c->number,
        .answered = registration_answered,
        .owner = c,
    };
    struct registration *registration = registrar_begin(c->service->registrar, &request);
    if (registration != NULL) {
        c->registration = registration;
        c->phase = CONNECTION_WORKS;
    }
}

/* ---- forwards ---- */

static void count_forward(struct connection *c, enum forward_notice notice)
{
    const struct log_fields fields = {
        .connection = c->number,
        .index = c->index,
        .hop = "exit",
        .result = forward_notice_name(notice),
        .identity = c->forward.target.bytes,
        .has_ms = true,
        .ms = now_of(c) - c->forward_begun,
    };
    c->service->forwarded[notice]++;
    log_write(c->service->log, notice == FORWARD_DONE ? SETTINGS_LOG_DEBUG : SETTINGS_LOG_INFO,
              LOG_FORWARD, &fields);
}

static void forward_answered(void *owner, const struct forward_outcome *outcome)
{
    struct connection *c = owner;
    uint8_t notice[LEWES_PACKET_MIN];

    count_forward(c, outcome->notice);
    if (outcome->notice == FORWARD_DONE) {
        send_payload(c, outcome->answer, outcome->len);
        return;
    }
    forward_notice_write(notice, &c->forward, outcome->notice);
    send_payload(c, notice, sizeof notice);
}

static void take_forward(struct connection *c, const struct lewes_event *event)
{
    struct service *service = c->service;
    const struct forward_rules rules = {.settings = service->settings,
                                        .directory = service->directory,
                                        .own = lewes_identity_public(service->identity),
                                        .local = &c->local};
    const struct forward_order order = {
        .forward = &c->forward, .answered = forward_answered, .owner = c};
    struct forward_outcome outcome = {.notice = FORWARD_DONE};

    if (lewes_forward_decode(&c->forward, event->payload, event->len, NULL) != LEWES_OK) {
        connection_end(c, END_PARSE);
        return;
    }
    c->forward_begun = now_of(c);
    outcome.notice = forward_judge(&rules, &c->forward);
    if (outcome.notice == FORWARD_DONE)
        outcome.notice = forward_stream_exchange(&c->exit, service->forwards, &order);
    if (outcome.notice == FORWARD_DONE)
        c->phase = CONNECTION_WORKS;
    else
        forward_answered(c, &outcome);
}

static void take_payload(struct connection *c, const struct lewes_event *event)
{
    if (lewes_payload_kind(event->payload, event->len) == LEWES_PAYLOAD_REGISTRATION)
        take_registration(c, event);
    else
        take_forward(c, event);
}

void conversation_packet(struct connection *c)
{
    struct lewes_event event;

    if (c->session == NULL) {
        take_hello(c);
        return;
    }
    enum lewes_error error = lewes_session_read(
        conversation_addressed(c), stream_packet(&c->stream), c->stream.len, now_of(c), &event);
    if (error != LEWES_OK) {
        connection_end(c, end_of_error(error));
        return;
    }
    if (event.kind == LEWES_EVENT_PAYLOAD) {
        take_payload(c, &event);
        return;
    }
    if (event.kind == LEWES_EVENT_ESTABLISHED)
        established(c);
    if (event.kind == LEWES_EVENT_SUBSESSION)
        conversation_adopt(c, event.subsession);
    write_due(c);
}
