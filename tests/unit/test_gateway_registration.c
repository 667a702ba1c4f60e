/* SPDX-License-Identifier: Apache-2.0 */
/* A client registers: what it is told, what is on disk, what is in the device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_client.h"

#define DAY 86400

static struct rig rig;
static struct client client;

static int up(void **state)
{
    (void)state;
    rig_up(&rig);
    return 0;
}

static int down(void **state)
{
    (void)state;
    rig_down(&rig);
    return 0;
}

static void a_registration_leaves_lease_peer_and_answer_that_agree(void **state)
{
    struct client_ticket ticket;
    struct lease lease;
    struct wg_peer peer;
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_answer answer = client_register(&client, &request);

    assert_dvpn(&answer, 500000000);
    assert_memory_equal(&answer.as.dvpn.gateway_key, &rig.wg_key, sizeof rig.wg_key);
    assert_int_equal(answer.as.dvpn.endpoint.port, 51822);
    assert_int_equal(answer.as.dvpn.endpoint.ip.family, 4);
    assert_memory_equal(answer.as.dvpn.endpoint.ip.bytes, "\x7f\0\0\x01", 4);

    assert_true(rig_peer(&rig, &request.wg_key, &peer));
    assert_memory_equal(peer.ipv4, answer.as.dvpn.ipv4, 4);
    assert_memory_equal(peer.ipv6, answer.as.dvpn.ipv6, 16);
    assert_int_equal(peer.keepalive, 25);

    assert_int_equal(rig_lease(&rig, &request.wg_key, &lease), STORE_OK);
    assert_int_equal(lease.state, LEASE_ACTIVE);
    assert_int_equal(lease.balance, 500000000);
    const int64_t now = (int64_t)(RIG_UNIX_MS / 1000);
    assert_int_equal(lease.expires, now / DAY * DAY + 6 * DAY);
    assert_int_equal(lease.created, now);
    assert_int_equal(lease.identity_count, 1);
    assert_memory_equal(&lease.identities[0], lewes_identity_public(client.identity), 32);
    assert_int_equal(lease.answer_len, client.payload_len);
    assert_memory_equal(lease.answer, client.payload, client.payload_len);

    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.leased_pairs, 1);
    assert_int_equal(counts.sessions, 1);
    assert_int_equal(counts.half_open, 0);
    assert_int_equal(counts.results[REGISTRAR_NEW], 1);
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).sessions, 0);
    assert_int_equal(rig_count(&rig).ends[END_CLOSED], 1);
}

static void every_size_of_piece_leads_to_the_same_end(void **state)
{
    struct client_ticket ticket;
    (void)state;
    for (size_t split = 1; split <= 7; split++) {
        client_open(&client, &rig, (uint8_t)split);
        client.split = split;
        client_handshake(&client);
        client_ticket(&ticket, &rig, (uint8_t)split);
        struct lewes_request request = client_request(&rig, (uint8_t)split, &ticket);
        struct lewes_answer answer = client_register(&client, &request);
        assert_dvpn(&answer, 500000000);
        client_close(&client);
    }
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_NEW], 7);
}

/* What a client that says everything at once, and cuts it at `at`, sends. */
static void register_cut_at(size_t at, uint8_t who)
{
    struct client_ticket ticket;
    uint8_t frame[CLIENT_FRAME_CAP];

    client_open(&client, &rig, who);
    client_make_hello(&client);
    lewes_frame_prefix(frame, client.packet_len);
    memcpy(frame + 4, client.packet, client.packet_len);
    size_t cut = at % (4 + client.packet_len);
    client_send(&client, frame, cut);
    rig_settle(&rig);
    client_send(&client, frame + cut, 4 + client.packet_len - cut);
    enum lewes_event_kind kind = LEWES_EVENT_NONE;
    while (kind != LEWES_EVENT_ESTABLISHED) {
        assert_true(client_read(&client, &kind));
        if (kind != LEWES_EVENT_ESTABLISHED)
            client_write(&client);
    }
    client_ticket(&ticket, &rig, who);
    struct lewes_request request = client_request(&rig, who, &ticket);
    struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, 500000000);
    client_close(&client);
}

static void a_hello_cut_at_any_byte_is_a_hello(void **state)
{
    (void)state;
    for (size_t at = 0; at < 140; at++)
        register_cut_at(at, (uint8_t)(at + 1));
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_NEW], 140);
}

static void a_request_may_follow_an_answer_on_the_same_connection(void **state)
{
    struct client_ticket ticket;
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    for (uint8_t who = 1; who <= 5; who++) {
        struct lewes_request request = client_request(&rig, who, &ticket);
        struct lewes_answer answer = client_register(&client, &request);
        assert_dvpn(&answer, 500000000);
    }
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_peers(&rig), 5);
}

static void requests_sent_at_once_are_answered_in_order(void **state)
{
    struct client_ticket ticket;
    struct lewes_answer answers[4];
    (void)state;
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    for (uint8_t who = 1; who <= 4; who++) {
        struct lewes_request request = client_request(&rig, who, &ticket);
        client_send_request(&client, &request);
    }
    for (uint8_t who = 1; who <= 4; who++) {
        struct wg_peer peer;
        const struct lewes_wg_public key = client_wg_key(who);
        assert_true(client_answer(&client, &answers[who - 1]));
        assert_dvpn(&answers[who - 1], 500000000);
        assert_true(rig_peer(&rig, &key, &peer));
        assert_memory_equal(peer.ipv4, answers[who - 1].as.dvpn.ipv4, 4);
    }
    client_close(&client);
}

static void a_thousand_registrations_leave_leases_and_nothing_else(void **state)
{
    struct client_ticket ticket;
    struct shared_env_counts before = {0, 0, 0};
    size_t descriptors = 0;
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        if (i == 500) {
            rig_wait_quiet(&rig);
            before = shared_env_count(&rig.env);
            descriptors = rig_descriptors();
        }
        client_open(&client, &rig, 1);
        client_handshake(&client);
        client_ticket(&ticket, &rig, 1);
        struct lewes_request request = client_request(&rig, 1, &ticket);
        struct lewes_wg_private key;
        memset(&key, 1, sizeof key);
        memcpy(key.bytes + 2, &i, sizeof i);
        lewes_wg_public(&request.wg_key, &key);
        struct lewes_answer answer = client_register(&client, &request);
        assert_dvpn(&answer, 500000000);
        client_close(&client);
    }
    rig_wait_quiet(&rig);
    struct shared_env_counts after = shared_env_count(&rig.env);
    /* Salts are remembered: their table doubles. */
    assert_int_equal(after.blocks, before.blocks);
    assert_int_equal(rig_descriptors(), descriptors);
    assert_int_equal(rig_peers(&rig), 1000);
    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.leased_pairs, 1000);
    assert_int_equal(counts.sessions + counts.half_open, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_registration_leaves_lease_peer_and_answer_that_agree, up,
                                        down),
        cmocka_unit_test_setup_teardown(every_size_of_piece_leads_to_the_same_end, up, down),
        cmocka_unit_test_setup_teardown(a_hello_cut_at_any_byte_is_a_hello, up, down),
        cmocka_unit_test_setup_teardown(a_request_may_follow_an_answer_on_the_same_connection, up,
                                        down),
        cmocka_unit_test_setup_teardown(requests_sent_at_once_are_answered_in_order, up, down),
        cmocka_unit_test_setup_teardown(a_thousand_registrations_leave_leases_and_nothing_else, up,
                                        down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
