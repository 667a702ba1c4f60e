/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever strangers send, and wherever clients vanish, nothing stays and others are served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "tests/support/gateway_client.h"

#define ROUNDS 400
#define CROWD 200

static struct rig rig;
static struct client client;
static uint64_t seed;
static struct shared_env_counts before;

static int up(void **state)
{
    (void)state;
    rig_up(&rig);
    seed = 1;
    before = shared_env_count(&rig.env);
    return 0;
}

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((seed >> 33) % below);
}

static void register_well(uint8_t who)
{
    struct client_ticket ticket;
    client_open(&client, &rig, who);
    client_handshake(&client);
    client_ticket(&ticket, &rig, who);
    struct lewes_request request = client_request(&rig, who, &ticket);
    struct lewes_answer answer = client_register(&client, &request);
    assert_dvpn(&answer, 500000000);
    client_close(&client);
}

/* Nothing is left, and the next client is served. */
static int down(void **state)
{
    (void)state;
    rig_wait_quiet(&rig);
    assert_int_equal(shared_env_count(&rig.env).blocks, before.blocks);
    assert_int_equal(rig_count(&rig).half_open + rig_count(&rig).sessions, 0);
    register_well(250);
    rig_down(&rig);
    return 0;
}

static void strangers_send_noise(void **state)
{
    static uint8_t noise[9000];
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t len = draw(sizeof noise);
        for (size_t i = 0; i < len; i++)
            noise[i] = (uint8_t)draw(256);
        if (draw(2) == 0)
            lewesi_store32be(noise, LEWES_HELLO_PACKET_LEN);
        client_open(&client, &rig, 1);
        client_send(&client, noise, len);
        if (draw(2) == 0)
            rig_settle(&rig);
        client_close(&client);
    }
}

/* One packet of the conversation is damaged, cut, or lengthened. */
static void damage(uint8_t *packet, size_t *len)
{
    switch (draw(3)) {
    case 0:
        packet[draw((uint32_t)*len)] ^= (uint8_t)(1 + draw(255));
        break;
    case 1:
        *len = LEWES_PACKET_MIN + draw((uint32_t)(*len - LEWES_PACKET_MIN + 1));
        break;
    default:
        packet[(*len)++] = (uint8_t)draw(256);
        break;
    }
}

static void converse_badly(unsigned bad)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX + 1];
    size_t len;
    enum lewes_event_kind kind;

    client_open(&client, &rig, 1);
    client.tolerant = true;
    client_make_hello(&client);
    len = client.packet_len;
    memcpy(packet, client.packet, len);
    for (unsigned number = 0; number < 4; number++) {
        if (number > 0)
            assert_int_equal(lewes_session_write(client.session, packet, sizeof packet, &len, 0),
                             LEWES_OK);
        if (number == bad)
            damage(packet, &len);
        client_send_packet(&client, packet, len);
        if (number == bad) {
            (void)client_receive(&client); /* an end, or a Collision with an index of noise */
            break;
        }
        assert_true(client_read(&client, &kind));
    }
    client_close(&client);
}

static void clients_say_one_thing_wrong(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++)
        converse_badly(round % 4);
}

static void reset(struct client *who)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(who->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    client_close(who);
}

static void clients_vanish_after_each_message(void **state)
{
    struct client_ticket ticket;
    (void)state;
    for (unsigned messages = 1; messages <= 9; messages++) {
        for (int by_reset = 0; by_reset < 2; by_reset++) {
            client_open(&client, &rig, 1);
            client_advance(&client, messages < 8 ? messages : 8);
            if (messages == 9) {
                client_ticket(&ticket, &rig, 1);
                struct lewes_request request = client_request(&rig, 1, &ticket);
                client_send_request(&client, &request);
            }
            if (by_reset)
                reset(&client);
            else
                client_close(&client);
        }
    }
}

static void clients_vanish_in_the_middle_of_a_message(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 140; cut++) {
        uint8_t frame[4 + LEWES_HELLO_PACKET_LEN];
        client_open(&client, &rig, 1);
        client_make_hello(&client);
        lewes_frame_prefix(frame, client.packet_len);
        memcpy(frame + 4, client.packet, client.packet_len);
        client_send(&client, frame, cut);
        if (cut % 2 == 0)
            rig_settle(&rig);
        client_close(&client);
    }
    rig_wait_end(&rig, END_CLOSED, 139);
}

static void a_crowd_of_silent_ones_keeps_nobody_out(void **state)
{
    static struct client crowd[CROWD];
    (void)state;
    for (int i = 0; i < CROWD; i++)
        client_open(&crowd[i], &rig, 1);
    rig_wait_open(&rig, CROWD);
    register_well(7);
    for (int i = 0; i < CROWD; i++)
        client_close(&crowd[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(strangers_send_noise),
        TEST(clients_say_one_thing_wrong),
        TEST(clients_vanish_after_each_message),
        TEST(clients_vanish_in_the_middle_of_a_message),
        TEST(a_crowd_of_silent_ones_keeps_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
