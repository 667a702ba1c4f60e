/* SPDX-License-Identifier: Apache-2.0 */
/* lewes_register() against a gateway that answers, refuses, and misbehaves at every step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/env.h"
#include "tests/support/scripted_gateway.h"

#define HANDSHAKE_ANSWERS 4 /* Ack, KKTResponse, Handshake2, Ack */

struct run {
    struct scripted_gateway gateway;
    struct lewes_register_options options;
    struct lewes_register_result result;
    uint8_t answer[LEWES_ANSWER_MAX];
};

static size_t encode(uint8_t *out, const struct lewes_answer *answer)
{
    size_t len = 0;
    assert_int_equal(lewes_answer_encode(answer, out, LEWES_ANSWER_MAX, &len), LEWES_OK);
    return len;
}

static struct lewes_answer good_answer(void)
{
    struct lewes_answer answer = {
        .kind = LEWES_ANSWER_DVPN,
        .as.dvpn = {.endpoint = {.ip = {.family = 4, .bytes = {203, 0, 113, 9}}, .port = 51999},
                    .ipv4 = {10, 1, 0, 42},
                    .ipv6 = {0xfc, 0x01, [15] = 0x2a}},
        .bandwidth = 500000000,
    };
    struct lewes_wg_private key = {{7}};
    lewes_wg_public(&answer.as.dvpn.gateway_key, &key);
    return answer;
}

static enum lewes_register_class run(struct run *r, const struct script *script)
{
    scripted_gateway_start(&r->gateway, script);
    r->options.entry.gateway = r->gateway.identity;
    r->options.entry.host = "127.0.0.1";
    r->options.entry.port = r->gateway.port;
    r->options.entry.identity.bytes[0] = 0x11;
    r->options.entry.wg_key.bytes[0] = 0x33;
    r->options.tickets = lewes_ticket_source_mock();
    r->options.tries = 1;
    enum lewes_register_class outcome = lewes_register(&r->options, &r->result);
    scripted_gateway_stop(&r->gateway);
    assert_int_equal(outcome, r->result.outcome);
    assert_true(strlen(r->result.text) > 0);
    return outcome;
}

static enum lewes_register_class run_answer(struct run *r, const struct lewes_answer *answer)
{
    const struct script script = {.answer = r->answer, .answer_len = encode(r->answer, answer)};
    return run(r, &script);
}

static void the_answer_becomes_a_tunnel(void **state)
{
    struct run r = {0};
    struct lewes_answer answer = good_answer();
    (void)state;
    assert_int_equal(run_answer(&r, &answer), LEWES_REGISTER_OK);
    assert_int_equal(r.result.step, LEWES_STEP_DONE);
    assert_memory_equal(&r.result.entry.tunnel.gateway_key, &answer.as.dvpn.gateway_key,
                        LEWES_KEY_LEN);
    assert_memory_equal(r.result.entry.tunnel.ipv4, answer.as.dvpn.ipv4, 4);
    assert_memory_equal(r.result.entry.tunnel.ipv6, answer.as.dvpn.ipv6, 16);
    assert_int_equal(r.result.hops[0].bandwidth, 500000000);
    assert_int_equal(r.result.hops[0].kem, LEWES_KEM_X25519);
    assert_false(r.result.hops[0].pq_handshake || r.result.hops[0].pq_tunnel);
}

static void the_endpoint_is_the_address_reached_and_the_port_answered(void **state)
{
    struct run r = {0};
    struct lewes_answer answer = good_answer();
    (void)state;
    assert_int_equal(run_answer(&r, &answer), LEWES_REGISTER_OK);
    assert_int_equal(r.result.entry.tunnel.endpoint.ip.family, 4);
    assert_memory_equal(r.result.entry.tunnel.endpoint.ip.bytes, ((uint8_t[]){127, 0, 0, 1}), 4);
    assert_int_equal(r.result.entry.tunnel.endpoint.port, 51999);
}

static void the_request_carries_our_key_and_names_the_gateway(void **state)
{
    struct run r = {0};
    struct lewes_answer answer = good_answer();
    struct lewes_wg_public key;
    struct lewes_pay_info info;
    (void)state;
    assert_int_equal(run_answer(&r, &answer), LEWES_REGISTER_OK);
    assert_true(r.gateway.has_request);
    const struct lewes_request *request = &r.gateway.request;
    lewes_wg_public(&key, &r.options.entry.wg_key);
    lewes_pay_info_decode(&info, request->credential.pay_info);
    assert_memory_equal(&request->wg_key, &key, sizeof key);
    assert_memory_equal(&info.gateway, &r.gateway.identity, sizeof info.gateway);
    assert_int_equal(request->mode, LEWES_MODE_DVPN);
    assert_int_equal(request->ticket_type, LEWES_TICKET_WG_ENTRY);
    assert_int_equal(info.unix_seconds, (int64_t)request->timestamp);
    assert_memory_equal(request->client_ip.bytes, ((uint8_t[]){127, 0, 0, 1}), 4);
}

static void a_refusal_tells_what_became_of_the_ticket(void **state)
{
    static const struct {
        enum lewes_refusal refusal;
        enum lewes_coin coin;
    } cases[] = {
        {LEWES_REFUSAL_BUSY, LEWES_COIN_NOT_TAKEN},
        {LEWES_REFUSAL_DEVICE, LEWES_COIN_CREDITED},
        {LEWES_REFUSAL_SPENT, LEWES_COIN_LOST},
        {LEWES_REFUSAL_ALREADY_REGISTERED, LEWES_COIN_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run r = {0};
        const char *text = lewes_refusal_text(cases[i].refusal);
        const struct lewes_answer answer = {
            .kind = LEWES_ANSWER_REFUSED,
            .as.refused = {.text = text, .len = strlen(text)},
        };
        assert_int_equal(run_answer(&r, &answer), LEWES_REGISTER_REJECTED);
        assert_int_equal(r.result.refusal, cases[i].refusal);
        assert_int_equal(r.result.coin, cases[i].coin);
        assert_non_null(strstr(r.result.text, text));
    }
}

static void control_characters_of_a_refusal_do_not_reach_the_terminal(void **state)
{
    struct run r = {0};
    const char *text = "no\x1b[31m\r\nmore\x7f";
    const struct lewes_answer answer = {
        .kind = LEWES_ANSWER_REFUSED,
        .as.refused = {.text = text, .len = strlen(text)},
    };
    (void)state;
    assert_int_equal(run_answer(&r, &answer), LEWES_REGISTER_REJECTED);
    assert_non_null(strstr(r.result.text, "no?[31m??more?"));
}

/* With early flights the request leaves with the third of our handshake messages. */
static void assert_ends(enum script_end end, int frames, bool stepwise)
{
    struct lewes_answer answer = good_answer();
    struct run r = {.options = {.handshake_ms = 200, .registration_ms = 200, .stepwise = stepwise}};
    const struct script script = {
        .end = end, .frames = frames, .answer = r.answer, .answer_len = encode(r.answer, &answer)};
    enum lewes_register_class outcome = run(&r, &script);
    bool paid = frames >= HANDSHAKE_ANSWERS - !stepwise;
    assert_int_equal(outcome, paid ? LEWES_REGISTER_MAYBE_SPENT : LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.step, paid ? LEWES_STEP_REGISTER : LEWES_STEP_HANDSHAKE);
    if (end == SCRIPT_STALL)
        assert_int_equal(r.result.error, LEWES_ERROR_TIMEOUT);
}

static void an_end_at_any_step_has_the_class_of_its_moment(void **state)
{
    static const enum script_end ends[] = {SCRIPT_CLOSE, SCRIPT_RESET, SCRIPT_STALL, SCRIPT_NOISE};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (int frames = 0; frames <= HANDSHAKE_ANSWERS; frames++) {
            assert_ends(ends[i], frames, false);
            assert_ends(ends[i], frames, true);
        }
}

static void a_collision_is_survived_on_the_same_connection(void **state)
{
    struct lewes_answer answer = good_answer();
    (void)state;
    for (int collisions = 1; collisions <= 4; collisions++) {
        struct run r = {0};
        const struct script script = {
            .collisions = collisions, .answer = r.answer, .answer_len = encode(r.answer, &answer)};
        enum lewes_register_class outcome = run(&r, &script);
        if (collisions < 4) {
            assert_int_equal(outcome, LEWES_REGISTER_OK);
            continue;
        }
        assert_int_equal(outcome, LEWES_REGISTER_BEFORE_SPEND); /* four hellos at most */
        assert_int_equal(r.result.error, LEWES_ERROR_COLLISION);
    }
}

static void a_busy_gateway_costs_nothing(void **state)
{
    struct run r = {0};
    const struct script script = {.busy = true};
    (void)state;
    assert_int_equal(run(&r, &script), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.error, LEWES_ERROR_BUSY);
}

static void a_stranger_that_speaks_something_else_costs_nothing(void **state)
{
    struct run r = {0};
    const struct script script = {.bad_length = true};
    (void)state;
    assert_int_equal(run(&r, &script), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.error, LEWES_ERROR_LENGTH);
}

static void an_answer_that_no_tunnel_can_have_is_refused_as_maybe_spent(void **state)
{
    struct lewes_answer bad[12];
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        bad[i] = good_answer();
    memset(bad[n++].as.dvpn.ipv4, 0, 4);
    memcpy(bad[n++].as.dvpn.ipv4, (uint8_t[]){127, 0, 0, 9}, 4);
    memcpy(bad[n++].as.dvpn.ipv4, (uint8_t[]){224, 0, 0, 1}, 4);
    memcpy(bad[n++].as.dvpn.ipv4, (uint8_t[]){239, 255, 255, 255}, 4);
    memset(bad[n++].as.dvpn.ipv4, 255, 4);
    memset(bad[n++].as.dvpn.ipv6, 0, 16);
    memcpy(bad[n++].as.dvpn.ipv6, (uint8_t[16]){[15] = 1}, 16);
    memcpy(bad[n++].as.dvpn.ipv6, (uint8_t[16]){0xff, 2}, 16);
    memcpy(bad[n++].as.dvpn.ipv6, (uint8_t[16]){[10] = 255, 255, 10, 1, 0, 2}, 16);
    memset(&bad[n++].as.dvpn.gateway_key, 0, LEWES_KEY_LEN);
    lewes_wg_public(&bad[n++].as.dvpn.gateway_key, &(struct lewes_wg_private){{0x33}});
    bad[n++].kind = LEWES_ANSWER_MIXNET;
    assert_int_equal(n, sizeof bad / sizeof bad[0]);
    for (size_t i = 0; i < n; i++) {
        struct run r = {0};
        assert_int_equal(run_answer(&r, &bad[i]), LEWES_REGISTER_MAYBE_SPENT);
        assert_int_equal(r.result.step, LEWES_STEP_REGISTER);
    }
}

static void every_cut_of_an_answer_is_maybe_spent(void **state)
{
    struct lewes_answer answer = good_answer();
    uint8_t bytes[LEWES_ANSWER_MAX];
    size_t len = encode(bytes, &answer);
    (void)state;
    for (size_t cut = 0; cut < len; cut += 7) {
        struct run r = {0};
        const struct script script = {.answer = bytes, .answer_len = cut};
        assert_int_equal(run(&r, &script), LEWES_REGISTER_MAYBE_SPENT);
    }
}

static int no_ticket(void *user, uint64_t coin, const struct lewes_ticket_order *order,
                     uint8_t *payment, struct lewes_credential *credential)
{
    (void)user, (void)coin, (void)order, (void)payment, (void)credential;
    return -1;
}

static void without_a_ticket_nothing_is_spent(void **state)
{
    struct run r = {0};
    const struct script script = {0};
    (void)state;
    scripted_gateway_start(&r.gateway, &script);
    r.options = (struct lewes_register_options){.entry = {.gateway = r.gateway.identity,
                                                          .host = "127.0.0.1",
                                                          .port = r.gateway.port,
                                                          .wg_key = {{1}}},
                                                .tickets = lewes_ticket_source_mock()};
    r.options.tickets.pay = no_ticket;
    assert_int_equal(lewes_register(&r.options, &r.result), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.step, LEWES_STEP_PAY);
    scripted_gateway_stop(&r.gateway);
    assert_false(r.gateway.has_request);
}

static void settings_that_cannot_be_right_fail_before_any_connection(void **state)
{
    const struct lewes_register_options good = {
        .entry = {.host = "127.0.0.1", .gateway = {{0xd0}}, .wg_key = {{1}}},
        .tickets = lewes_ticket_source_mock()};
    struct lewes_register_result result;
    (void)state;
    struct lewes_register_options bad[] = {good, good, good, good};
    bad[0].entry.host = NULL;
    bad[1].tickets.pay = NULL;
    bad[2].connect_ms = 300001;
    memset(&bad[3].entry.gateway, 0xff, sizeof bad[3].entry.gateway);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(lewes_register(&bad[i], &result), LEWES_REGISTER_BEFORE_SPEND);
        assert_true(result.error == LEWES_ERROR_ARGUMENT || result.error == LEWES_ERROR_KEY);
        assert_int_equal(result.step, LEWES_STEP_CONNECT);
    }
}

static void a_name_without_an_address_and_a_closed_port_say_so(void **state)
{
    struct run r = {0};
    (void)state;
    scripted_gateway_start(&r.gateway, &(struct script){0});
    r.options = (struct lewes_register_options){
        .entry = {.gateway = r.gateway.identity, .host = "127.0.0.1", .port = 1, .wg_key = {{1}}},
        .tickets = lewes_ticket_source_mock()};
    assert_int_equal(lewes_register(&r.options, &r.result), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_not_equal(r.result.os_error, 0);
    r.options.entry.host = "no such host";
    assert_int_equal(lewes_register(&r.options, &r.result), LEWES_REGISTER_BEFORE_SPEND);
    assert_non_null(strstr(r.result.text, "no such host"));
    scripted_gateway_stop(&r.gateway);
}

static void cancelling_ends_the_wait_with_the_class_of_its_moment(void **state)
{
    struct lewes_answer answer = good_answer();
    int pipe_fds[2];
    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(write(pipe_fds[1], "", 1), 1);
    struct run r = {.options = {.cancel_fd = pipe_fds[0]}};
    assert_int_equal(run_answer(&r, &answer), LEWES_REGISTER_BEFORE_SPEND);
    assert_non_null(strstr(r.result.text, "cancelled"));
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void every_failed_allocation_and_draw_is_a_clean_error(void **state)
{
    struct lewes_answer answer = good_answer();
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        enum lewes_register_class outcome = LEWES_REGISTER_BEFORE_SPEND;
        for (unsigned n = 1; outcome != LEWES_REGISTER_OK; n++) {
            struct test_env test;
            test_env_init(&test, n);
            *(kind ? &test.fail_draw : &test.fail_allocation) = n;
            struct run r = {.options = {.env = &test.env}};
            outcome = run_answer(&r, &answer);
            test_env_assert_clean(&test);
            assert_true(n < 100);
            if (outcome != LEWES_REGISTER_OK) {
                assert_int_equal(outcome, LEWES_REGISTER_BEFORE_SPEND);
                assert_int_equal(r.result.error, kind ? LEWES_ERROR_RANDOM : LEWES_ERROR_MEMORY);
            }
        }
    }
}

static void steps_are_told_in_order(void *user, enum lewes_hop hop, enum lewes_register_step step,
                                    uint64_t elapsed_ms)
{
    enum lewes_register_step *next = user;
    (void)elapsed_ms;
    assert_int_equal(hop, LEWES_HOP_ENTRY);
    assert_int_equal(step, *next);
    *next = step + 1;
}

static void progress_is_told_step_by_step(void **state)
{
    struct lewes_answer answer = good_answer();
    enum lewes_register_step next = LEWES_STEP_CONNECT;
    struct run r = {.options = {.progress = steps_are_told_in_order, .progress_user = &next}};
    (void)state;
    assert_int_equal(run_answer(&r, &answer), LEWES_REGISTER_OK);
    assert_int_equal(next, LEWES_STEP_DONE + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_becomes_a_tunnel),
        cmocka_unit_test(the_endpoint_is_the_address_reached_and_the_port_answered),
        cmocka_unit_test(the_request_carries_our_key_and_names_the_gateway),
        cmocka_unit_test(a_refusal_tells_what_became_of_the_ticket),
        cmocka_unit_test(control_characters_of_a_refusal_do_not_reach_the_terminal),
        cmocka_unit_test(an_end_at_any_step_has_the_class_of_its_moment),
        cmocka_unit_test(a_collision_is_survived_on_the_same_connection),
        cmocka_unit_test(a_busy_gateway_costs_nothing),
        cmocka_unit_test(a_stranger_that_speaks_something_else_costs_nothing),
        cmocka_unit_test(an_answer_that_no_tunnel_can_have_is_refused_as_maybe_spent),
        cmocka_unit_test(every_cut_of_an_answer_is_maybe_spent),
        cmocka_unit_test(without_a_ticket_nothing_is_spent),
        cmocka_unit_test(settings_that_cannot_be_right_fail_before_any_connection),
        cmocka_unit_test(a_name_without_an_address_and_a_closed_port_say_so),
        cmocka_unit_test(cancelling_ends_the_wait_with_the_class_of_its_moment),
        cmocka_unit_test(every_failed_allocation_and_draw_is_a_clean_error),
        cmocka_unit_test(progress_is_told_step_by_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
