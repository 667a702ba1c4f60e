/* SPDX-License-Identifier: Apache-2.0 */
/* Subsessions over the connection that made them (gateway.md G4.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "lib/session/session_internal.h"
#include "tests/support/gateway_client.h"

static struct rig rig;
static struct client client;

static int up(void **state)
{
    (void)state;
    rig_up(&rig);
    client_open(&client, &rig, 1);
    client.subsessions = true;
    client_handshake(&client);
    return 0;
}

static int down(void **state)
{
    (void)state;
    client_close(&client);
    rig_down(&rig);
    return 0;
}

static void register_with(uint8_t number)
{
    struct client_ticket ticket;
    client_ticket(&ticket, &rig, number);
    const struct lewes_request request = client_request(&rig, number, &ticket);
    const struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, 500000000);
}

/* ---- T4.7 ---- */

static void a_subsession_carries_data_on_its_index(void **state)
{
    const uint32_t before = lewes_session_receiver_index(client.session);
    (void)state;
    register_with(1);
    client_rekey(&client);
    assert_int_not_equal(lewes_session_receiver_index(client.session), before);
    register_with(2);
    register_with(3);
    assert_int_equal(lewesi_load32le(client.packet), lewes_session_receiver_index(client.session));
    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.subsessions, 1);
    assert_int_equal(counts.sessions, 2); /* the old one may still be read */
    assert_int_equal(counts.results[REGISTRAR_NEW], 3);
    assert_true(rig_logged(&rig, "result=subsession"));
    client_vanish(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(rig_count(&rig).sessions, 0);
}

static void a_subsession_may_come_before_any_registration(void **state)
{
    (void)state;
    client_rekey(&client);
    register_with(1);
}

static void a_second_subsession_is_not_to_be_had(void **state)
{
    (void)state;
    client_rekey(&client);
    register_with(1);
    assert_int_equal(lewes_session_rekey(client.session, 0), LEWES_ERROR_NOT_READY);
}

static void a_third_index_ends_the_connection(void **state)
{
    uint8_t packet[52] = {0};
    (void)state;
    client_rekey(&client);
    register_with(1);
    lewesi_store32le(packet, lewes_session_receiver_index(client.session) + 1);
    client_send_packet(&client, packet, sizeof packet);
    client_expect_end(&client);
    rig_wait_end(&rig, END_INDEX, 1);
}

static void nothing_but_data_is_taken_on_the_old_index(void **state)
{
    uint8_t packet[85] = {0};
    (void)state;
    client_rekey(&client);
    register_with(1);
    lewesi_store32le(packet, lewes_session_receiver_index(client.parent));
    packet[11] = 0x60; /* a counter that it has not seen */
    client_send_packet(&client, packet, sizeof packet);
    client_expect_end(&client);
    rig_wait_end(&rig, END_AUTH, 1);
    assert_int_equal(rig_count(&rig).sessions, 0);
}

/* ---- indices ---- */

/* A registration that was sealed before Ready, and is sent after it. */
struct held_back {
    uint8_t packet[LEWES_PACKET_MAX];
    size_t len;
};

static void seal_registration(struct held_back *out)
{
    static uint8_t text[LEWES_REQUEST_MAX];
    struct client_ticket ticket;
    size_t len;

    client_ticket(&ticket, &rig, 1);
    const struct lewes_request request = client_request(&rig, 1, &ticket);
    assert_int_equal(lewes_request_encode(&request, text, sizeof text, &len), LEWES_OK);
    assert_int_equal(lewes_session_send(client.session, text, len, 0), LEWES_OK);
    assert_int_equal(
        lewes_session_write(client.session, out->packet, sizeof out->packet, &out->len, 0),
        LEWES_OK);
}

/* Begins a subsession whose Ready names `index`. */
static void rekey_to(uint32_t index, struct held_back *held_back)
{
    struct lewes_event event;

    assert_int_equal(lewes_session_rekey(client.session, 0), LEWES_OK);
    client_write(&client);
    assert_true(client_receive(&client));
    seal_registration(held_back);
    assert_int_equal(
        lewes_session_read(client.session, client.packet, client.packet_len, 0, &event), LEWES_OK);
    assert_int_equal(event.kind, LEWES_EVENT_SUBSESSION);
    client.session->successor = index;
    client_write(&client);
    client.parent = event.subsession; /* to be freed */
}

static void assert_parent_answers(const struct held_back *held_back)
{
    struct lewes_answer answer;

    client_send_packet(&client, held_back->packet, held_back->len);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, 500000000);
    assert_int_equal(rig_count(&rig).subsessions, 0);
}

static void an_index_in_use_fails_the_subsession_alone(void **state)
{
    static struct held_back held_back;
    struct client neighbour;
    (void)state;
    client_open(&neighbour, &rig, 2);
    client_handshake(&neighbour);
    rekey_to(lewes_session_receiver_index(neighbour.session), &held_back);
    assert_parent_answers(&held_back);
    assert_int_equal(rig_count(&rig).sessions, 2);
    client_close(&neighbour);
}

static void an_index_of_0_or_its_own_fails_the_subsession_alone(void **state)
{
    static struct held_back held_back;
    (void)state;
    rekey_to(0, &held_back);
    assert_parent_answers(&held_back);
    client_close(&client);
    client_open(&client, &rig, 1);
    client.subsessions = true;
    client_handshake(&client);
    rekey_to(lewes_session_receiver_index(client.session), &held_back);
    assert_parent_answers(&held_back);
    assert_int_equal(rig_count(&rig).sessions, 1);
}

/* A request that was on its way when Ready came is answered on the new index. */
static void a_late_request_is_answered_on_the_new_index(void **state)
{
    static struct held_back held_back;
    struct lewes_event event;
    struct lewes_answer answer;
    (void)state;
    assert_int_equal(lewes_session_rekey(client.session, 0), LEWES_OK);
    client_write(&client);
    assert_true(client_receive(&client));
    seal_registration(&held_back);
    assert_int_equal(
        lewes_session_read(client.session, client.packet, client.packet_len, 0, &event), LEWES_OK);
    client_write(&client);
    client.parent = client.session;
    client.session = event.subsession;
    client_send_packet(&client, held_back.packet, held_back.len);
    assert_true(client_answer(&client, &answer));
    assert_dvpn(&answer, 500000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_subsession_carries_data_on_its_index),
        TEST(a_subsession_may_come_before_any_registration),
        TEST(a_second_subsession_is_not_to_be_had),
        TEST(a_third_index_ends_the_connection),
        TEST(nothing_but_data_is_taken_on_the_old_index),
        TEST(an_index_in_use_fails_the_subsession_alone),
        TEST(an_index_of_0_or_its_own_fails_the_subsession_alone),
        TEST(a_late_request_is_answered_on_the_new_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
