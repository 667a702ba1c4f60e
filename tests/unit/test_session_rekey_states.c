/* SPDX-License-Identifier: Apache-2.0 */
/* Every message and every input in the states of a rekey, both roles, against protocol.md 10.4 and
 * 10.5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rekey.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct rekey rekey;

/* ---- the situations ---- */

static const enum lewes_state states[] = {LEWES_TRANSPORT, LEWES_REKEY_SENT, LEWES_REKEY_ANSWERED,
                                          LEWES_READ_ONLY};

/* Opens a pair and brings the end with this role into the state, with nothing to write. */
static struct lewes_session *open_at(enum lewes_role role, enum lewes_state state)
{
    const bool begins = state == LEWES_REKEY_SENT || state == LEWES_READ_ONLY;
    struct lewes_session *session;

    rekey_open(&rekey, (role == LEWES_INITIATOR) == begins);
    session = begins ? rekey.begins : rekey.answers;
    if (state == LEWES_READ_ONLY) {
        rekey_advance(&rekey, 3);
    } else if (state != LEWES_TRANSPORT) {
        rekey_advance(&rekey, 1);
        pair_write(&rekey.pair, rekey.answers, &rekey.packet); /* KK2, not delivered */
    }
    assert_int_equal(session->role, role);
    assert_int_equal(lewes_session_state(session), state);
    pair_assert_silent(&rekey.pair, session);
    return session;
}

/* ---- every type ---- */

static size_t nonsense(uint8_t *body, uint32_t type)
{
    static const struct {
        uint32_t type;
        size_t len;
        uint8_t first;
    } bodies[] = {
        {LEWESI_HANDSHAKE, 64, 0x77},      {LEWESI_DATA, 40, 0x77},
        {LEWESI_HELLO, 100, 0x77},         {LEWESI_KKT_REQUEST, 87, 0x77},
        {LEWESI_KKT_RESPONSE, 119, 0x77},  {LEWESI_SUBSESSION_KK1, 49, 0x30},
        {LEWESI_SUBSESSION_KK2, 49, 0x30}, {LEWESI_SUBSESSION_READY, 1, 0x05},
    };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        if (bodies[i].type == type) {
            memset(body, 0x77, bodies[i].len);
            body[0] = bodies[i].first;
            return bodies[i].len;
        }
    }
    return 0;
}

/* What the tables say to nonsense of each type; what is not here is STATE, or TYPE. The initiator
 * has the smaller key, so its KK1 gives way. */
static const struct answer {
    enum lewes_role role;
    enum lewes_state state;
    enum lewesi_type type;
    enum lewes_error error;
    enum lewes_state next;
    size_t reply; /* bytes of a packet that is due then */
} answers[] = {
#define BOTH(state, type, error, next)                                                             \
    {LEWES_INITIATOR, state, type, error, next, 0}, {LEWES_RESPONDER, state, type, error, next, 0}
    BOTH(LEWES_TRANSPORT, LEWESI_DATA, LEWES_ERROR_NOISE, LEWES_TRANSPORT),
    BOTH(LEWES_TRANSPORT, LEWESI_SUBSESSION_KK1, LEWES_ERROR_NOISE, LEWES_TRANSPORT),
    BOTH(LEWES_TRANSPORT, LEWESI_SUBSESSION_ABORT, LEWES_OK, LEWES_TRANSPORT),
    BOTH(LEWES_REKEY_SENT, LEWESI_DATA, LEWES_ERROR_NOISE, LEWES_REKEY_SENT),
    BOTH(LEWES_REKEY_SENT, LEWESI_SUBSESSION_KK2, LEWES_ERROR_NOISE, LEWES_REKEY_SENT),
    BOTH(LEWES_REKEY_SENT, LEWESI_SUBSESSION_ABORT, LEWES_OK, LEWES_TRANSPORT),
    {LEWES_INITIATOR, LEWES_REKEY_SENT, LEWESI_SUBSESSION_KK1, LEWES_ERROR_NOISE, LEWES_REKEY_SENT,
     0},
    {LEWES_RESPONDER, LEWES_REKEY_SENT, LEWESI_SUBSESSION_KK1, LEWES_OK, LEWES_REKEY_SENT, 36},
    BOTH(LEWES_REKEY_ANSWERED, LEWESI_DATA, LEWES_ERROR_NOISE, LEWES_REKEY_ANSWERED),
    BOTH(LEWES_REKEY_ANSWERED, LEWESI_SUBSESSION_READY, LEWES_OK, LEWES_READ_ONLY),
    BOTH(LEWES_REKEY_ANSWERED, LEWESI_SUBSESSION_ABORT, LEWES_OK, LEWES_REKEY_ANSWERED),
    BOTH(LEWES_READ_ONLY, LEWESI_DATA, LEWES_ERROR_NOISE, LEWES_READ_ONLY),
#undef BOTH
};

static struct answer answer_to(enum lewes_role role, enum lewes_state state, uint32_t type)
{
    for (size_t i = 0; i < COUNT(answers); i++)
        if (answers[i].role == role && answers[i].state == state &&
            (uint32_t)answers[i].type == type)
            return answers[i];
    return (struct answer){.error = type == 6 || type >= 14 ? LEWES_ERROR_TYPE : LEWES_ERROR_STATE,
                           .next = state};
}

static struct lewes_session *peer_of(const struct lewes_session *session)
{
    return session == rekey.begins ? rekey.answers : rekey.begins;
}

static void try_type(enum lewes_role role, enum lewes_state state, uint32_t type)
{
    const struct answer expected = answer_to(role, state, type);
    struct lewes_session *const session = open_at(role, state);
    struct lewes_session *const peer = peer_of(session);
    static struct pair_packet sent, reply;
    static struct pair_image image;

    pair_make_sealed(&sent,
                     &(struct lewesi_packet){.index = session->index,
                                             .counter = peer->counter++,
                                             .type = (enum lewesi_type)type},
                     nonsense(sent.bytes + LEWESI_BODY_OFFSET, type), &session->outer_key);
    pair_image_take(&image, session);
    assert_int_equal(rekey_read(&rekey, session, &sent), expected.error);
    assert_int_equal(lewes_session_state(session), expected.next);
    assert_int_equal(rekey.event.kind, state != LEWES_READ_ONLY && expected.next == LEWES_READ_ONLY
                                           ? LEWES_EVENT_SUBSESSION
                                           : LEWES_EVENT_NONE);
    if (expected.error != LEWES_OK) {
        assert_int_equal(lewes_error_class(expected.error), LEWES_CLASS_PACKET);
        assert_true(pair_image_same(&image, session));
    }
    if (expected.reply > 0) {
        pair_write(&rekey.pair, session, &reply);
        assert_int_equal(reply.len, expected.reply);
    }
    pair_assert_silent(&rekey.pair, session);
    /* Its counter is used up in any case. */
    assert_int_equal(rekey_read(&rekey, session, &sent), LEWES_ERROR_REPLAY);
    rekey_end(&rekey);
}

static void every_type_in_every_state_is_answered_as_the_tables_say(void **state)
{
    static const uint32_t more[] = {255, 256, 0x01000001, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(states); i++) {
        for (enum lewes_role role = LEWES_INITIATOR; role <= LEWES_RESPONDER; role++) {
            for (uint32_t type = 0; type < 16; type++)
                try_type(role, states[i], type);
            for (size_t j = 0; j < COUNT(more); j++)
                try_type(role, states[i], more[j]);
        }
    }
}

static void data_flows_in_every_state_but_the_last(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(states) - 1; i++) {
        for (enum lewes_role role = LEWES_INITIATOR; role <= LEWES_RESPONDER; role++) {
            struct lewes_session *const session = open_at(role, states[i]);
            struct lewes_session *const peer = peer_of(session);

            pair_exchange(&rekey.pair, peer, session, 77);
            pair_exchange(&rekey.pair, session, peer, 77);
            assert_int_equal(lewes_session_state(session), states[i]);
            rekey_end(&rekey);
        }
    }
}

/* ---- the wrong mode, P11 ---- */

static void a_clear_packet_is_refused_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(states); i++) {
        for (uint32_t type = 0; type < 14; type++) {
            static struct pair_packet packet;
            struct lewes_session *const session = open_at(LEWES_RESPONDER, states[i]);

            pair_make_clear(&packet,
                            &(struct lewesi_packet){.index = session->index,
                                                    .counter = peer_of(session)->counter,
                                                    .type = (enum lewesi_type)type},
                            nonsense(packet.bytes + LEWESI_BODY_OFFSET, type));
            assert_int_equal(rekey_read(&rekey, session, &packet), LEWES_ERROR_AUTH);
            assert_int_equal(lewes_session_state(session), states[i]);
            rekey_end(&rekey);
        }
    }
}

/* ---- every input ---- */

static void every_input_in_every_state_does_what_the_table_says(void **state)
{
    static const struct {
        enum lewes_error send, rekey;
    } expected[] = {
        {LEWES_OK, LEWES_OK},
        {LEWES_OK, LEWES_ERROR_NOT_READY},
        {LEWES_OK, LEWES_ERROR_NOT_READY},
        {LEWES_ERROR_READ_ONLY, LEWES_ERROR_NOT_READY},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(states); i++) {
        for (enum lewes_role role = LEWES_INITIATOR; role <= LEWES_RESPONDER; role++) {
            struct lewes_session *session = open_at(role, states[i]);

            assert_int_equal(lewes_session_send(session, NULL, 0, 0), expected[i].send);
            rekey_end(&rekey);
            session = open_at(role, states[i]);
            assert_int_equal(lewes_session_rekey(session, 0), expected[i].rekey);
            rekey_end(&rekey);
            session = open_at(role, states[i]);
            assert_int_equal(lewes_session_expire(session, 0), LEWES_OK);
            assert_int_equal(lewes_session_state(session), states[i]);
            lewes_session_close(session, 0);
            assert_int_equal(lewes_session_state(session), LEWES_CLOSED);
            assert_int_equal(lewes_session_send(session, NULL, 0, 0), LEWES_ERROR_CLOSED);
            assert_int_equal(lewes_session_rekey(session, 0), LEWES_ERROR_CLOSED);
            assert_true(lewes_session_deadline(session) == LEWES_NEVER);
            pair_assert_silent(&rekey.pair, session);
            rekey_end(&rekey);
        }
    }
}

/* ---- P53 ---- */

static void sixteen_bad_noise_parts_end_the_session_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(states); i++) {
        struct lewes_session *const session = open_at(LEWES_RESPONDER, states[i]);
        static struct pair_packet packet;

        for (unsigned n = 1; n <= 16; n++) {
            pair_make_sealed(&packet,
                             &(struct lewesi_packet){.index = session->index,
                                                     .counter = peer_of(session)->counter++,
                                                     .type = LEWESI_DATA},
                             nonsense(packet.bytes + LEWESI_BODY_OFFSET, LEWESI_DATA),
                             &session->outer_key);
            assert_int_equal(rekey_read(&rekey, session, &packet),
                             n < 16 ? LEWES_ERROR_NOISE : LEWES_ERROR_GIVE_UP);
        }
        assert_int_equal(lewes_session_state(session), LEWES_CLOSED);
        assert_null(session->rekey);
        rekey_end(&rekey);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_in_every_state_is_answered_as_the_tables_say),
        cmocka_unit_test(data_flows_in_every_state_but_the_last),
        cmocka_unit_test(a_clear_packet_is_refused_in_every_state),
        cmocka_unit_test(every_input_in_every_state_does_what_the_table_says),
        cmocka_unit_test(sixteen_bad_noise_parts_end_the_session_in_every_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
