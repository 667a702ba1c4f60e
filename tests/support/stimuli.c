/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/stimuli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STATUS_LEN (LEWESI_PACKET_FRAME + LEWESI_KKT_STATUS_LEN)
#define BANDWIDTH 500000000

struct rig stimuli_rig;
struct client stimuli_client;
static struct client bystander;

static struct rig *const rig = &stimuli_rig;
static struct client *const client = &stimuli_client;

int stimuli_up(void **state)
{
    (void)state;
    rig_up(rig);
    client_open(&bystander, rig, 2);
    client_handshake(&bystander);
    return 0;
}

/* The same number is the same client with the same ticket. */
static void register_as(struct client *who, uint8_t number)
{
    struct client_ticket ticket;
    client_ticket(&ticket, rig, number);
    const struct lewes_request request = client_request(rig, number, &ticket);
    const struct lewes_answer answer = client_register(who, &request);
    assert_dvpn(&answer, BANDWIDTH);
}

int stimuli_down(void **state)
{
    (void)state;
    register_as(&bystander, 2);
    client_close(&bystander);
    rig_down(rig);
    return 0;
}

uint32_t stimuli_bystander_index(void)
{
    return lewes_session_receiver_index(bystander.session);
}

/* ---- what the client sends ---- */

static struct lewesi_packet header_of(unsigned type, uint64_t counter)
{
    struct lewesi_packet header = {.index = lewes_session_receiver_index(client->session),
                                   .counter = counter};
    _Static_assert(sizeof header.type == sizeof type, "types that are none have to fit");
    memcpy(&header.type, &type, sizeof type);
    return header;
}

void stimuli_send_clear(unsigned type, const uint8_t *body, size_t len, uint64_t counter)
{
    static uint8_t packet[LEWES_PACKET_MAX];
    const struct lewesi_packet header = header_of(type, counter);
    if (len > 0)
        memcpy(packet + LEWESI_BODY_OFFSET, body, len);
    lewesi_packet_write(packet, header.index, header.counter, header.type, len);
    client_send_packet(client, packet, len + LEWESI_PACKET_FRAME);
}

void stimuli_send_sealed(unsigned type, const uint8_t *body, size_t len)
{
    static uint8_t packet[LEWES_PACKET_MAX];
    const struct lewesi_packet header = header_of(type, client->session->counter++);
    if (len > 0)
        memcpy(packet + LEWESI_BODY_OFFSET, body, len);
    assert_int_equal(lewesi_packet_seal(packet, len, &header, &client->session->outer_key),
                     LEWES_OK);
    client_send_packet(client, packet, len + LEWESI_PACKET_FRAME);
}

size_t stimuli_take(uint8_t *out, size_t cap)
{
    size_t len;
    assert_int_equal(lewes_session_write(client->session, out, cap, &len, uv_now(&rig->loop)),
                     LEWES_OK);
    assert_true(len > 0);
    return len;
}

/* ---- what it sees ---- */

/* The handshake from wherever it is: what the session has due leaves, and the answers come. */
static void finish_handshake(void)
{
    enum lewes_event_kind kind;
    while (lewes_session_state(client->session) != LEWES_TRANSPORT) {
        if (client->session->due_count > 0)
            client_write(client);
        assert_true(client_read(client, &kind));
    }
}

static void see_collision(void)
{
    const uint32_t proposed = lewesi_load32le(client->packet + LEWESI_BODY_OFFSET);
    client_expect_clear(client, LEWESI_COLLISION, proposed);
    client_handshake(client);
}

static void see_status(void)
{
    const uint8_t *const body = client->packet + LEWESI_BODY_OFFSET;
    assert_true(client_receive(client));
    assert_int_equal(client->packet_len, STATUS_LEN);
    assert_int_equal(lewesi_load32le(client->packet + 16), LEWESI_KKT_RESPONSE);
    assert_int_equal(body[0], 0x11);
    assert_int_equal(body[1], 0x81);
    const size_t signed_len = LEWESI_KKT_STATUS_LEN - LEWESI_SIGNATURE_LEN;
    assert_true(lewesi_ed25519_verify(&rig->identity->ed25519, body + signed_len,
                                      (struct lewesi_span){body, signed_len}));
    finish_handshake();
}

/* For this reason and no other. */
static void see_end(enum end wanted, const struct gateway_counts *before)
{
    client_expect_gone(client);
    rig_wait_open(rig, 1);
    const struct gateway_counts after = rig_count(rig);
    for (unsigned end = 0; end < ENDS; end++)
        if (after.ends[end] != before->ends[end] + (end == wanted))
            fail_msg("%s: %llu more than before", end_name((enum end)end),
                     (unsigned long long)(after.ends[end] - before->ends[end]));
}

static void try_one(const struct stimulus *row)
{
    struct gateway_counts before;

    print_message("    %s\n", row->what);
    client_open(client, rig, 1);
    client->subsessions = true;
    if (row->messages > 0)
        client_advance(client, row->messages);
    before = rig_count(rig);
    row->say(row->detail);
    switch (row->sees) {
    case CLOSED:
        see_end(row->end, &before);
        break;
    case COLLISION:
        see_collision();
        break;
    case STATUS_4:
        see_status();
        break;
    case GOES_ON:
        finish_handshake();
        break;
    }
    if (row->sees != CLOSED)
        register_as(client, 1);
    client_close(client);
    rig_wait_open(rig, 1);
    assert_int_equal(rig_count(rig).half_open, 0);
    assert_int_equal(rig_count(rig).sessions, 1); /* the bystander's */
}

void stimuli_try(const struct stimulus *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        try_one(&rows[i]);
}
