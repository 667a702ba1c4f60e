/* SPDX-License-Identifier: Apache-2.0 */
/* Two gateways in one process: a client registers at the exit through the entry, then at the entry
 * (registration.md 8, gateway.md T5.6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/nested_client.h"

#define ONE INT64_C(500000000)

static struct rig entry, exit_rig;
static struct client client, other;
static struct nested nested;

static int up(void **state)
{
    (void)state;
    rig_init_as(&exit_rig, 0x45);
    rig_start(&exit_rig);
    rig_init(&entry);
    const struct rig_exit target = nested_target(&exit_rig);
    rig_directory(&entry, &target.identity, &target.at);
    entry.beside = &exit_rig;
    exit_rig.beside = &entry;
    rig_start(&entry);
    return 0;
}

static int down(void **state)
{
    (void)state;
    rig_down(&entry);
    exit_rig.beside = NULL;
    rig_down(&exit_rig);
    return 0;
}

static void register_at_both(bool early, size_t split)
{
    struct client_ticket tickets[2];

    client_open(&client, &entry, 1);
    client.split = split;
    client_handshake(&client);
    nested_open(&nested, &client, &exit_rig, early);
    nested_handshake(&nested);
    client_ticket(&tickets[0], &exit_rig, 1);
    struct lewes_request request = client_request(&exit_rig, 1, &tickets[0]);
    struct lewes_answer answer = nested_register(&nested, &request);
    assert_dvpn(&answer, ONE);
    assert_memory_equal(&answer.as.dvpn.gateway_key, &exit_rig.wg_key, sizeof exit_rig.wg_key);
    nested_close(&nested);

    client_ticket(&tickets[1], &entry, 2);
    request = client_request(&entry, 2, &tickets[1]);
    answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
    assert_memory_equal(&answer.as.dvpn.gateway_key, &entry.wg_key, sizeof entry.wg_key);
    client_close(&client);
    rig_wait_quiet(&entry);
    rig_wait_quiet(&exit_rig);
    assert_int_equal(rig_count(&entry).forward_streams, 0);
    assert_int_equal(rig_count(&exit_rig).sessions + rig_count(&exit_rig).half_open, 0);
}

static void a_client_has_a_lease_at_each_gateway_and_one_stream_was_used(void **state)
{
    (void)state;
    register_at_both(false, 0);
    assert_int_equal(rig_peers(&entry), 1);
    assert_int_equal(rig_peers(&exit_rig), 1);
    assert_int_equal(rig_count(&exit_rig).accepted, 1);
    assert_int_equal(rig_count(&exit_rig).ends[END_CLOSED], 1);
    assert_int_equal(rig_count(&entry).results[REGISTRAR_NEW], 1);
    assert_int_equal(rig_count(&exit_rig).results[REGISTRAR_NEW], 1);
    assert_int_equal(rig_count(&entry).forwarded[FORWARD_DONE], nested.trips);
}

/* protocol.md P82: what may be said at once is said at once, and needs fewer trips. */
static void early_flights_are_exchanged_packet_by_packet(void **state)
{
    (void)state;
    register_at_both(false, 0);
    unsigned patient = nested.trips;
    register_at_both(true, 0);
    assert_int_equal(nested.trips, 3);
    assert_true(patient > 3);
    assert_int_equal(rig_count(&entry).forwarded[FORWARD_DONE], 2 * patient);
}

/* T3.1 */
static void every_size_of_piece_leads_to_the_same_end(void **state)
{
    (void)state;
    for (size_t split = 1; split <= 7; split++)
        register_at_both(split % 2 == 0, split);
    assert_int_equal(rig_count(&exit_rig).results[REGISTRAR_NEW], 1);
    assert_int_equal(rig_count(&exit_rig).results[REGISTRAR_REPEAT], 6);
}

static void an_exit_that_refuses_costs_the_entry_nothing(void **state)
{
    struct client_ticket ticket;
    (void)state;
    client_open(&client, &entry, 1);
    client_handshake(&client);
    nested_open(&nested, &client, &exit_rig, true);
    nested_handshake(&nested);
    client_ticket(&ticket, &exit_rig, 1);
    struct lewes_request request = client_request(&exit_rig, 1, &ticket);
    request.timestamp += 31;
    struct lewes_answer answer = nested_register(&nested, &request);
    assert_refused(&answer, LEWES_REFUSAL_TIMESTAMP);
    nested_close(&nested);
    client_ticket(&ticket, &entry, 2);
    request = client_request(&entry, 2, &ticket);
    answer = client_register(&client, &request);
    assert_dvpn(&answer, ONE);
    client_close(&client);
}

/* An inner session that failed is begun anew on the same outer one (R13, G5.6). */
static void an_exit_that_restarts_loses_the_inner_session_only(void **state)
{
    struct client_ticket ticket;
    (void)state;
    client_open(&client, &entry, 1);
    client_handshake(&client);
    nested_open(&nested, &client, &exit_rig, false);
    nested_handshake(&nested);
    exit_rig.settings.listen.control.at[0].port = exit_rig.port;
    rig_stop(&exit_rig);
    rig_start(&exit_rig);
    client_ticket(&ticket, &exit_rig, 1);
    const struct lewes_request request = client_request(&exit_rig, 1, &ticket);

    uint8_t bytes[LEWES_REQUEST_MAX];
    uint8_t packet[LEWES_PACKET_MAX];
    size_t len;
    assert_int_equal(lewes_request_encode(&request, bytes, sizeof bytes, &len), LEWES_OK);
    assert_int_equal(lewes_session_send(nested.session, bytes, len, 0), LEWES_OK);
    uint32_t index = lewes_session_receiver_index(nested.session);
    assert_int_equal(lewes_session_write(nested.session, packet, sizeof packet, &len, 0), LEWES_OK);
    client_send_forward(&client, &nested.target, packet, len);
    client_expect_notice(&client, FORWARD_EXIT_CLOSED, index);
    nested_close(&nested);

    nested_open(&nested, &client, &exit_rig, true);
    nested_handshake(&nested);
    const struct lewes_answer answer = nested_register(&nested, &request);
    assert_dvpn(&answer, ONE);
    nested_close(&nested);
    client_close(&client);
}

static void two_clients_have_a_stream_each(void **state)
{
    static struct nested second;
    (void)state;
    client_open(&client, &entry, 1);
    client_handshake(&client);
    client_open(&other, &entry, 2);
    client_handshake(&other);
    nested_open(&nested, &client, &exit_rig, true);
    nested_open(&second, &other, &exit_rig, true);
    nested_handshake(&nested);
    assert_int_equal(rig_count(&entry).forward_streams, 1);
    nested_handshake(&second);
    assert_int_equal(rig_count(&entry).forward_streams, 2);
    assert_int_equal(rig_count(&exit_rig).sessions, 2);
    nested_close(&nested);
    nested_close(&second);
    client_close(&client);
    client_close(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_has_a_lease_at_each_gateway_and_one_stream_was_used),
        TEST(early_flights_are_exchanged_packet_by_packet),
        TEST(every_size_of_piece_leads_to_the_same_end),
        TEST(an_exit_that_refuses_costs_the_entry_nothing),
        TEST(an_exit_that_restarts_loses_the_inner_session_only),
        TEST(two_clients_have_a_stream_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
