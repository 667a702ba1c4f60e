/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/nested_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rig_exit nested_target(const struct rig *exit)
{
    return (struct rig_exit){
        .identity = *lewes_identity_public(exit->identity),
        .at = {{4, {127, 0, 0, 1}}, exit->port},
    };
}

static lewes_time now_of(const struct nested *nested)
{
    return uv_now(&nested->outer->rig->loop);
}

void nested_open(struct nested *nested, struct client *outer, struct rig *exit, bool early)
{
    static uint64_t number; /* a second session draws other bytes: salts must not come twice */
    struct lewes_ed25519_seed seed = {{'n'}};

    memset(nested, 0, sizeof *nested);
    nested->outer = outer;
    nested->exit = exit;
    nested->target = nested_target(exit);
    test_env_init(&nested->env, ++number);
    assert_int_equal(lewes_identity_new(&nested->identity, &nested->env.env, &seed), LEWES_OK);
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = nested->identity,
        .unix_ms = atomic_load(&exit->unix_ms),
        .handshake_ms = 60000,
        .peer = lewes_identity_public(exit->identity),
        .early = early,
    };
    assert_int_equal(lewes_session_new(&nested->session, &nested->env.env, &config, now_of(nested)),
                     LEWES_OK);
}

void nested_close(struct nested *nested)
{
    lewes_session_free(nested->session);
    lewes_identity_free(nested->identity);
    test_env_assert_clean(&nested->env);
}

/* Everything that is due leaves in one flight. */
static void flush(struct nested *nested)
{
    static uint8_t packet[LEWES_PACKET_MAX];
    size_t len;
    for (;;) {
        assert_int_equal(
            lewes_session_write(nested->session, packet, sizeof packet, &len, now_of(nested)),
            LEWES_OK);
        if (len == 0)
            return;
        client_send_forward(nested->outer, &nested->target, packet, len);
        nested->outstanding++;
    }
}

static enum lewes_event_kind read_one(struct nested *nested)
{
    struct lewes_event event;
    struct client *outer = nested->outer;

    assert_true(nested->outstanding > 0);
    assert_true(client_receive_payload(outer));
    nested->outstanding--;
    assert_int_equal(lewes_session_read(nested->session, outer->payload, outer->payload_len,
                                        now_of(nested), &event),
                     LEWES_OK);
    if (event.kind == LEWES_EVENT_PAYLOAD) {
        memcpy(nested->payload, event.payload, event.len);
        nested->payload_len = event.len;
    }
    return event.kind;
}

/* Sends all, then reads all answers: one trip. */
static enum lewes_event_kind trip(struct nested *nested)
{
    enum lewes_event_kind last = LEWES_EVENT_NONE;
    flush(nested);
    nested->trips++;
    while (nested->outstanding > 0)
        last = read_one(nested);
    return last;
}

void nested_handshake(struct nested *nested)
{
    while (trip(nested) != LEWES_EVENT_ESTABLISHED)
        assert_true(nested->trips < 10);
}

struct lewes_answer nested_register(struct nested *nested, const struct lewes_request *request)
{
    uint8_t bytes[LEWES_REQUEST_MAX];
    struct lewes_answer answer;
    size_t len;

    assert_int_equal(lewes_request_encode(request, bytes, sizeof bytes, &len), LEWES_OK);
    assert_int_equal(lewes_session_send(nested->session, bytes, len, now_of(nested)), LEWES_OK);
    assert_int_equal(trip(nested), LEWES_EVENT_PAYLOAD);
    assert_int_equal(lewes_answer_decode(&answer, nested->payload, nested->payload_len, NULL),
                     LEWES_OK);
    return answer;
}
