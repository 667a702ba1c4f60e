/* SPDX-License-Identifier: Apache-2.0 */
/* Which address of an answer is believed: none (registration.md R19; 13 test 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "client/run.h"
#include "tests/support/virtual_net.h"

struct run_of {
    struct vnet net;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_register_result result;
};

static enum lewes_register_class register_with(struct run_of *r, const struct lewes_ip *answered)
{
    memset(r, 0, sizeof *r);
    vnet_init(&r->net);
    vnet_options(&r->net, &r->options, &r->exit);
    r->net.entry.answer.as.dvpn.endpoint.ip = *answered;
    r->net.exit.answer.as.dvpn.endpoint.ip = *answered;
    r->net.exit.answer.as.dvpn.endpoint.port = 51999;
    return run_register(&r->options, &r->result, &r->net.world);
}

static void assert_endpoints(const struct run_of *r)
{
    const struct lewes_endpoint entry = {{4, {192, 0, 2, 1}}, 51822},
                                exit = {{4, {198, 51, 100, 7}}, 51999};
    assert_memory_equal(&r->result.entry.tunnel.endpoint.ip, &entry.ip, sizeof entry.ip);
    assert_memory_equal(&r->result.exit.tunnel.endpoint.ip, &exit.ip, sizeof exit.ip);
    assert_int_equal(r->result.entry.tunnel.endpoint.port, entry.port);
    assert_int_equal(r->result.exit.tunnel.endpoint.port, exit.port);
}

static void the_address_is_the_one_that_was_reached_whatever_is_answered(void **state)
{
    static const struct {
        struct lewes_ip ip;
        bool noted_entry, noted_exit; /* as another than the one that was reached */
    } cases[] = {
        {{4, {0}}, false, false},
        {{6, {0}}, false, false},
        {{4, {203, 0, 113, 9}}, true, true},
        {{4, {192, 0, 2, 1}}, false, true},
        {{6, {[10] = 0xff, 0xff, 192, 0, 2, 1}}, false, true}, /* it means IPv4 */
        {{6, {[10] = 0xff, 0xff, 198, 51, 100, 7}}, true, false},
        {{6, {0x20, 0x01, 0x0d, 0xb8, [15] = 9}}, true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run_of r;
        assert_int_equal(register_with(&r, &cases[i].ip), LEWES_REGISTER_OK);
        assert_endpoints(&r);
        assert_int_equal(strstr(r.result.text, "the entry named") != NULL, cases[i].noted_entry);
        assert_int_equal(strstr(r.result.text, "the exit named") != NULL, cases[i].noted_exit);
        vnet_free(&r.net);
    }
}

/* The encoder refuses it, so it is made by hand: the port's three bytes become one. */
static void port_0_is_maybe_spent(void **state)
{
    struct run_of r = {0};
    static const uint8_t good[] = {0x00, 0x00, 0x00, 0x00, 0x00, 0xfb, 0xca, 0x6e};
    uint8_t bytes[LEWES_ANSWER_MAX];
    struct lewes_answer answer;
    size_t len = 0;
    (void)state;
    vnet_init(&r.net);
    assert_int_equal(lewes_answer_encode(&r.net.entry.answer, bytes, sizeof bytes, &len), LEWES_OK);
    uint8_t *endpoint = memmem(bytes, len, good, sizeof good);
    assert_non_null(endpoint);
    memmove(endpoint + 6, endpoint + 8, len - (size_t)(endpoint + 8 - bytes));
    endpoint[5] = 0;
    len -= 2;
    assert_int_not_equal(lewes_answer_decode(&answer, bytes, len, NULL), LEWES_OK);
    vnet_options(&r.net, &r.options, NULL);
    r.options.tries = 1;
    r.net.entry.raw_answer = bytes;
    r.net.entry.raw_answer_len = len;
    assert_int_equal(run_register(&r.options, &r.result, &r.net.world), LEWES_REGISTER_MAYBE_SPENT);
    vnet_free(&r.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_is_the_one_that_was_reached_whatever_is_answered),
        cmocka_unit_test(port_0_is_maybe_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
