/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts and people are told of a registration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "client/report.h"
#include "tests/support/captured_stream.h"

struct told {
    struct register_arguments arguments;
    struct lewes_register_result result;
};

static struct lewes_tunnel make_tunnel(uint8_t number)
{
    struct lewes_tunnel tunnel = {
        .endpoint = {.ip = {.family = 4, .bytes = {192, 0, 2, number}}, .port = 51820},
        .ipv4 = {10, 1, 0, number},
        .ipv6 = {0xfc, 0x01, [15] = number},
    };
    memset(&tunnel.gateway_key, number, sizeof tunnel.gateway_key);
    return tunnel;
}

static struct lewes_hop_result make_hop(uint8_t number)
{
    struct lewes_hop_result hop = {
        .registered = true,
        .bandwidth = 500000000 + number,
        .unix_time = 1768384800u + number,
        .kem = LEWES_KEM_XWING,
        .handshaken = true,
        .pq_handshake = true,
        .digest_pinned = true,
        .early = true,
        .round_trips = number,
        .ms = {1, 2, 3, 4},
    };
    memset(hop.serial, number, sizeof hop.serial);
    return hop;
}

static struct told make_told(bool two_hops)
{
    struct told told = {
        .arguments = {.two_hops = two_hops, .json = true},
        .result = {.outcome = LEWES_REGISTER_OK, .step = LEWES_STEP_DONE, .attempts = 1},
    };
    memset(&told.arguments.hops[0].gateway, 1, LEWES_KEY_LEN);
    told.arguments.hops[0].given = true;
    told.arguments.hops[0].out = "outer.conf";
    told.result.hops[0] = make_hop(2);
    told.result.entry.tunnel = make_tunnel(2);
    strcpy(told.result.text, "registered");
    if (!two_hops)
        return told;
    memset(&told.arguments.hops[1].gateway, 3, LEWES_KEY_LEN);
    told.arguments.hops[1].given = true;
    told.arguments.hops[1].out = "inner.conf";
    told.result.hops[1] = make_hop(3);
    told.result.exit.tunnel = make_tunnel(3);
    return told;
}

static json_t *report(const struct told *told, const char *fault)
{
    struct captured_stream captured;
    captured_stream_begin(&captured, &stdout);
    int failed = report_json(&told->arguments, &told->result, fault);
    char *text = captured_stream_end(&captured);
    assert_int_equal(failed, 0);
    size_t len = strlen(text);
    assert_true(len > 0 && text[len - 1] == '\n' && strchr(text, '\n') == text + len - 1);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    free(text);
    return root;
}

static char *say(const struct told *told)
{
    struct captured_stream captured;
    captured_stream_begin(&captured, &stderr);
    report_text(&told->arguments, &told->result);
    return captured_stream_end(&captured);
}

static void assert_text(const json_t *object, const char *name, const char *expected)
{
    const json_t *value = json_object_get(object, name);
    assert_non_null(value);
    if (expected)
        assert_string_equal(json_string_value(value), expected);
    else
        assert_true(json_is_null(value));
}

static void assert_number(const json_t *object, const char *name, json_int_t expected)
{
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    assert_int_equal(json_integer_value(value), expected);
}

static void assert_truth(const json_t *object, const char *name, bool expected)
{
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_boolean(value));
    assert_int_equal(json_is_true(value), expected);
}

/* The fields of a hop whose number is 2 or 3. */
static void assert_hop(const json_t *object, int number, const char *profile)
{
    char text[64];
    assert_text(object, "profile", profile);
    snprintf(text, sizeof text, "192.0.2.%d:51820", number);
    assert_text(object, "endpoint", text);
    snprintf(text, sizeof text, "10.1.0.%d", number);
    assert_text(object, "ipv4", text);
    snprintf(text, sizeof text, "fc01::%d", number);
    assert_text(object, "ipv6", text);
    assert_number(object, "bandwidth", 500000000 + number);
    assert_number(object, "time", 1768384800 + number);
    assert_number(object, "round_trips", number);
    assert_text(object, "kem", "xwing");
    assert_truth(object, "pq_handshake", true);
    assert_truth(object, "key_pinned", true);
    assert_truth(object, "pq_tunnel", false);
    assert_truth(object, "known", false);
    assert_truth(object, "repeated", false);
    assert_truth(object, "early", true);
    assert_number(json_object_get(object, "milliseconds"), "register", 4);
    assert_int_equal(json_object_size(json_object_get(object, "milliseconds")), LEWES_STEP_DONE);
    const char *serial = json_string_value(json_object_get(object, "serial"));
    assert_int_equal(strlen(serial), (size_t)2 * LEWES_SERIAL_LEN);
    assert_int_equal(serial[0], '0');
    assert_int_equal(serial[1], '0' + number);
}

static void one_hop_is_one_flat_object(void **state)
{
    const struct told told = make_told(false);
    (void)state;
    json_t *root = report(&told, NULL);
    assert_truth(root, "success", true);
    assert_text(root, "hop", "entry");
    assert_text(root, "step", "done");
    assert_text(root, "class", NULL);
    assert_text(root, "coin", NULL);
    assert_text(root, "error", NULL);
    assert_text(root, "local_error", NULL);
    assert_truth(root, "fell_back", false);
    assert_number(root, "attempts", 1);
    assert_text(root, "gateway", "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"); /* 32 ones */
    assert_hop(root, 2, "outer.conf");
    assert_null(json_object_get(root, "exit"));
    json_decref(root);
}

static void two_hops_are_two_objects_in_one(void **state)
{
    const struct told told = make_told(true);
    (void)state;
    json_t *root = report(&told, NULL);
    assert_truth(root, "success", true);
    assert_hop(json_object_get(root, "entry"), 2, "outer.conf");
    assert_hop(json_object_get(root, "exit"), 3, "inner.conf");
    assert_null(json_object_get(root, "endpoint")); /* R14: of which hop? */
    assert_null(json_object_get(root, "gateway"));
    json_decref(root);
}

static void a_failure_has_its_class_and_no_tunnel(void **state)
{
    static const struct {
        enum lewes_register_class outcome;
        const char *name, *coin;
    } rows[] = {
        {LEWES_REGISTER_BEFORE_SPEND, "before spend", NULL},
        {LEWES_REGISTER_MAYBE_SPENT, "maybe spent", NULL},
        {LEWES_REGISTER_REJECTED, "rejected", "credited"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct told told = make_told(false);
        told.result.outcome = rows[i].outcome;
        told.result.coin = LEWES_COIN_CREDITED;
        told.result.step = LEWES_STEP_REGISTER;
        told.result.hops[0].registered = false;
        told.result.hops[0].handshaken = false;
        strcpy(told.result.text, "it \"failed\"");
        json_t *root = report(&told, NULL);
        assert_truth(root, "success", false);
        assert_text(root, "class", rows[i].name);
        assert_text(root, "coin", rows[i].coin);
        assert_text(root, "step", "register");
        assert_text(root, "error", "it \"failed\"");
        assert_text(root, "profile", NULL);
        assert_text(root, "kem", NULL);
        assert_null(json_object_get(root, "endpoint"));
        json_decref(root);
    }
}

static void the_hop_that_failed_is_named_and_the_other_told(void **state)
{
    struct told told = make_told(true);
    (void)state;
    told.result.outcome = LEWES_REGISTER_REJECTED;
    told.result.hop = LEWES_HOP_ENTRY;
    told.result.hops[LEWES_HOP_ENTRY].registered = false;
    json_t *root = report(&told, NULL);
    assert_truth(root, "success", false);
    assert_text(root, "hop", "entry");
    assert_null(json_object_get(json_object_get(root, "entry"), "endpoint"));
    assert_text(json_object_get(root, "exit"), "endpoint", "192.0.2.3:51820");
    assert_text(json_object_get(root, "exit"), "profile", NULL);
    json_decref(root);
}

static void a_local_fault_after_success_leaves_no_profile(void **state)
{
    const struct told told = make_told(false);
    (void)state;
    json_t *root = report(&told, "No space left on device");
    assert_truth(root, "success", true);
    assert_text(root, "local_error", "No space left on device");
    assert_text(root, "profile", NULL);
    json_decref(root);
}

static void mixnet_mode_has_two_keys_and_no_tunnel(void **state)
{
    struct told told = make_told(false);
    (void)state;
    told.arguments.mode = LEWES_MODE_MIXNET;
    told.arguments.hops[0].out = NULL;
    memset(&told.result.mixnet.gateway_identity, 1, LEWES_KEY_LEN);
    json_t *root = report(&told, NULL);
    assert_text(root, "mixnet_identity", "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi");
    assert_text(root, "sphinx_key", "11111111111111111111111111111111");
    assert_null(json_object_get(root, "endpoint"));
    assert_number(root, "bandwidth", 500000002);
    json_decref(root);
}

static void assert_said(const struct told *told, const char *const *words, size_t count)
{
    char *text = say(told);
    for (size_t i = 0; i < count; i++)
        if (!strstr(text, words[i]))
            fail_msg("'%s' is not in: %s", words[i], text);
    free(text);
}

#define SAID(told, ...)                                                                            \
    assert_said(told, (const char *const[]){__VA_ARGS__},                                          \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void people_are_told_what_they_have(void **state)
{
    struct told told = make_told(false);
    (void)state;
    SAID(&told, "tunnel     10.1.0.2 and fc01::2, gateway at 192.0.2.2:51820", "500000002 bytes",
         "xwing, post-quantum, key pinned, 2 round trips", "wg-quick up outer.conf",
         "without --dns");
    told.result.hops[0].known = true;
    told.result.hops[0].handshaken = false;
    SAID(&told, "2026-01-14 10:00 UTC; nothing was sent", "--top-up");
    told.result.clock_offset = -90;
    SAID(&told, "90 seconds ahead of");
    told.result.clock_offset = 90;
    SAID(&told, "90 seconds behind");
    strcpy(told.result.text, "registered; something else");
    SAID(&told, "note       something else");
}

static void people_are_told_which_hop_is_which(void **state)
{
    const struct told told = make_told(true);
    (void)state;
    SAID(&told, "entry tunnel     10.1.0.2", "exit tunnel      10.1.0.3",
         "bring it up: wg-quick up outer.conf", "then: wg-quick up inner.conf");
}

static void people_are_told_what_failed(void **state)
{
    struct told told = make_told(false);
    (void)state;
    told.result.outcome = LEWES_REGISTER_REJECTED;
    strcpy(told.result.text, "the gateway refused: no");
    SAID(&told, "lewes register: the gateway refused: no");
    told.arguments.fallback = "other";
    SAID(&told, "the gateway refused: no", "no fallback, or it failed");
    told.result.fell_back = true;
    SAID(&told, "the fallback worked");
}

static char *say_step(bool two_hops)
{
    struct register_arguments arguments = {.two_hops = two_hops};
    struct captured_stream captured;
    captured_stream_begin(&captured, &stderr);
    report_step(&arguments, LEWES_HOP_EXIT, LEWES_STEP_HANDSHAKE, 12);
    return captured_stream_end(&captured);
}

static void steps_name_their_hop_if_there_are_two(void **state)
{
    (void)state;
    char *text = say_step(true);
    assert_string_equal(text, "    12 ms  exit: shaking hands\n");
    free(text);
    text = say_step(false);
    assert_string_equal(text, "    12 ms  shaking hands\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_hop_is_one_flat_object),
        cmocka_unit_test(two_hops_are_two_objects_in_one),
        cmocka_unit_test(a_failure_has_its_class_and_no_tunnel),
        cmocka_unit_test(the_hop_that_failed_is_named_and_the_other_told),
        cmocka_unit_test(a_local_fault_after_success_leaves_no_profile),
        cmocka_unit_test(mixnet_mode_has_two_keys_and_no_tunnel),
        cmocka_unit_test(people_are_told_what_they_have),
        cmocka_unit_test(people_are_told_which_hop_is_which),
        cmocka_unit_test(people_are_told_what_failed),
        cmocka_unit_test(steps_name_their_hop_if_there_are_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
