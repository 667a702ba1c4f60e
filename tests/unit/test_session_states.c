/* SPDX-License-Identifier: Apache-2.0 */
/* Every message in every state of both roles, against protocol.md 10.2 and 10.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool early; /* the kind of flights that is tested */

/* ---- the situations ---- */

static const struct situation {
    enum lewes_role role;
    enum lewes_state state;
    unsigned messages; /* delivered until then */
    bool encrypted;    /* the peer encrypts now (P11) */
} situations[] = {
    {LEWES_INITIATOR, LEWES_AWAIT_ACK, 1, false},
    {LEWES_INITIATOR, LEWES_AWAIT_KEY, 3, false},
    {LEWES_INITIATOR, LEWES_AWAIT_HANDSHAKE2, 5, true},
    {LEWES_INITIATOR, LEWES_AWAIT_ESTABLISHED, 7, true},
    {LEWES_INITIATOR, LEWES_TRANSPORT, 8, true},
    {LEWES_RESPONDER, LEWES_AWAIT_REQUEST, 2, false},
    {LEWES_RESPONDER, LEWES_AWAIT_HANDSHAKE1, 4, false},
    {LEWES_RESPONDER, LEWES_AWAIT_HANDSHAKE3, 6, true},
    {LEWES_RESPONDER, LEWES_TRANSPORT, 8, true},
};

static struct lewes_session *session_of(const struct pair *pair, const struct situation *at)
{
    return at->role == LEWES_INITIATOR ? pair->initiator : pair->responder;
}

static void open_at(struct pair *pair, const struct situation *at)
{
    pair_open_flights(pair, early, at->messages);
    assert_int_equal(lewes_session_state(session_of(pair, at)), at->state);
}

/* ---- every type ---- */

/* A body of a size that the type may have, full of nonsense where it has content. */
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

/* A packet of this type as the peer would send it now: encrypted if it encrypts. */
static void make(struct pair_packet *out, const struct lewes_session *session, bool encrypted,
                 uint32_t type)
{
    const struct lewesi_packet header = {.index = session->index,
                                         .counter = session->replay.next + 10,
                                         .type = (enum lewesi_type)type};
    const size_t len = nonsense(out->bytes + LEWESI_BODY_OFFSET, type);

    if (encrypted)
        pair_make_sealed(out, &header, len, &session->outer_key);
    else
        pair_make_clear(out, &header, len);
}

/* What the tables say to nonsense of each type. What is not here is STATE, or TYPE. */
static const struct answer {
    enum lewes_role role;
    enum lewes_state state;
    enum lewesi_type type;
    enum lewes_error error;
    enum lewes_state next;
} answers[] = {
    {LEWES_INITIATOR, LEWES_AWAIT_ACK, LEWESI_ACK, LEWES_OK, LEWES_AWAIT_KEY},
    {LEWES_INITIATOR, LEWES_AWAIT_ACK, LEWESI_COLLISION, LEWES_ERROR_COLLISION, LEWES_CLOSED},
    {LEWES_INITIATOR, LEWES_AWAIT_ACK, LEWESI_BUSY, LEWES_ERROR_BUSY, LEWES_CLOSED},
    {LEWES_INITIATOR, LEWES_AWAIT_KEY, LEWESI_KKT_RESPONSE, LEWES_ERROR_KKT, LEWES_AWAIT_KEY},
    {LEWES_INITIATOR, LEWES_AWAIT_HANDSHAKE2, LEWESI_HANDSHAKE, LEWES_ERROR_PEER, LEWES_CLOSED},
    {LEWES_INITIATOR, LEWES_AWAIT_ESTABLISHED, LEWESI_ACK, LEWES_OK, LEWES_TRANSPORT},
    {LEWES_INITIATOR, LEWES_TRANSPORT, LEWESI_DATA, LEWES_ERROR_NOISE, LEWES_TRANSPORT},
    {LEWES_INITIATOR, LEWES_TRANSPORT, LEWESI_SUBSESSION_ABORT, LEWES_OK, LEWES_TRANSPORT},
    {LEWES_RESPONDER, LEWES_AWAIT_REQUEST, LEWESI_KKT_REQUEST, LEWES_ERROR_KKT,
     LEWES_AWAIT_REQUEST},
    {LEWES_RESPONDER, LEWES_AWAIT_HANDSHAKE1, LEWESI_HANDSHAKE, LEWES_ERROR_LENGTH,
     LEWES_AWAIT_HANDSHAKE1},
    {LEWES_RESPONDER, LEWES_AWAIT_HANDSHAKE3, LEWESI_HANDSHAKE, LEWES_ERROR_PEER, LEWES_CLOSED},
    {LEWES_RESPONDER, LEWES_TRANSPORT, LEWESI_DATA, LEWES_ERROR_NOISE, LEWES_TRANSPORT},
    {LEWES_RESPONDER, LEWES_TRANSPORT, LEWESI_SUBSESSION_ABORT, LEWES_OK, LEWES_TRANSPORT},
};

static struct answer answer_to(const struct situation *at, uint32_t type)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        if (answers[i].role == at->role && answers[i].state == at->state &&
            (uint32_t)answers[i].type == type) {
            return answers[i];
        }
    }
    return (struct answer){.error = type == 6 || type >= 14 ? LEWES_ERROR_TYPE : LEWES_ERROR_STATE,
                           .next = at->state};
}

/* Only the initiator answers a nonsense that it takes: after Ack comes its KKTRequest, unless that
 * has left early. */
static void assert_replies(struct pair *pair, struct lewes_session *session,
                           const struct answer *expected)
{
    static struct pair_packet reply;

    if (expected->error == LEWES_OK && expected->next == LEWES_AWAIT_KEY && !early) {
        pair_write(pair, session, &reply);
        assert_int_equal(reply.len, 123);
    }
    pair_assert_silent(pair, session);
}

static void try_type(const struct situation *at, uint32_t type)
{
    const struct answer expected = answer_to(at, type);
    static struct pair_packet packet;
    static struct pair_image image;
    struct lewes_session *session;
    struct lewes_event event;
    struct pair pair;

    open_at(&pair, at);
    session = session_of(&pair, at);
    make(&packet, session, at->encrypted, type);
    pair_image_take(&image, session);
    assert_int_equal(pair_read(&pair, session, &packet, &event), expected.error);
    assert_int_equal(lewes_session_state(session), expected.next);
    if (expected.error != LEWES_OK)
        assert_int_equal(event.kind, LEWES_EVENT_NONE);
    if (lewes_error_class(expected.error) == LEWES_CLASS_PACKET)
        assert_true(pair_image_same(&image, session));
    assert_replies(&pair, session, &expected);
    if (lewes_error_class(expected.error) == LEWES_CLASS_PACKET) {
        pair_advance(&pair, PAIR_MESSAGES); /* nothing was spoiled */
        pair_exchange(&pair, pair.initiator, pair.responder, 20);
    }
    pair_end(&pair);
}

static void every_type_in_every_state_is_answered_as_the_tables_say(void **state)
{
    static const uint32_t more[] = {255, 256, 0x01000001, UINT32_MAX};

    early = pair_is_early(state);
    for (size_t i = 0; i < COUNT(situations); i++) {
        for (uint32_t type = 0; type < 16; type++)
            try_type(&situations[i], type);
        for (size_t j = 0; j < COUNT(more); j++)
            try_type(&situations[i], more[j]);
    }
}

/* ---- the wrong mode, P11 ---- */

static void a_clear_packet_is_refused_where_an_encrypted_one_is_due(void **state)
{
    early = pair_is_early(state);
    for (size_t i = 0; i < COUNT(situations); i++) {
        for (uint32_t type = 0; type < 14 && situations[i].encrypted; type++) {
            static struct pair_packet packet;
            struct lewes_session *session;
            struct lewes_event event;
            struct pair pair;

            open_at(&pair, &situations[i]);
            session = session_of(&pair, &situations[i]);
            make(&packet, session, false, type);
            assert_int_equal(pair_read(&pair, session, &packet, &event), LEWES_ERROR_AUTH);
            assert_int_equal(lewes_session_state(session), situations[i].state);
            pair_advance(&pair, PAIR_MESSAGES);
            pair_end(&pair);
        }
    }
}

static void an_encrypted_packet_is_refused_where_a_clear_one_is_due(void **state)
{
    static const struct lewesi_outer_key key = {{1, 2, 3}};

    early = pair_is_early(state);
    for (size_t i = 0; i < COUNT(situations); i++) {
        for (uint32_t type = 0; type < 14 && !situations[i].encrypted; type++) {
            static struct pair_packet packet;
            struct lewes_session *session;
            struct lewes_event event;
            struct pair pair;

            open_at(&pair, &situations[i]);
            session = session_of(&pair, &situations[i]);
            pair_make_sealed(&packet,
                             &(struct lewesi_packet){.index = session->index,
                                                     .counter = 1,
                                                     .type = (enum lewesi_type)type},
                             nonsense(packet.bytes + LEWESI_BODY_OFFSET, type), &key);
            assert_int_equal(pair_read(&pair, session, &packet, &event), LEWES_ERROR_TYPE);
            assert_int_equal(lewes_session_state(session), situations[i].state);
            pair_advance(&pair, PAIR_MESSAGES);
            pair_end(&pair);
        }
    }
}

static void what_the_peer_encrypts_is_refused_in_clear(void **state)
{
    static const unsigned encrypted[] = {6, 7, 8}; /* messages of protocol.md 6 */

    early = pair_is_early(state);
    for (size_t i = 0; i < COUNT(encrypted); i++) {
        static struct pair_packet good, clear;
        struct lewes_session *reader;
        struct lewes_event event;
        struct pair pair;

        pair_open_flights(&pair, early, encrypted[i] - 1);
        reader = pair_reader(&pair);
        pair_write(&pair, pair_writer(&pair), &good);
        memcpy(clear.bytes, good.bytes, good.len);
        clear.len = good.len;
        assert_int_equal(lewesi_packet_open(clear.bytes, clear.len, &reader->outer_key), LEWES_OK);
        memset(clear.bytes + clear.len - LEWESI_TRAILER_LEN, 0, LEWESI_TRAILER_LEN);
        assert_int_equal(pair_read(&pair, reader, &clear, &event), LEWES_ERROR_AUTH);
        assert_int_equal(pair_deliver(&pair, &good, &event), LEWES_OK);
        pair_end(&pair);
    }
}

/* ---- the first reply, P17 ---- */

static enum lewes_error expected_first_reply(uint32_t type, uint32_t index, uint32_t ours)
{
    const struct situation at = {.role = LEWES_INITIATOR, .state = LEWES_AWAIT_ACK};

    if (index == ours)
        return answer_to(&at, type).error;
    return type == LEWESI_BUSY && index == 0 ? LEWES_ERROR_BUSY : LEWES_ERROR_INDEX;
}

static void only_ack_collision_and_busy_are_first_replies(void **state)
{
    early = pair_is_early(state);
    for (uint32_t type = 0; type < 16; type++) {
        for (unsigned other = 0; other < 3; other++) {
            static struct pair_packet packet;
            enum lewes_error expected;
            struct lewes_event event;
            uint32_t ours;
            struct pair pair;

            pair_open_flights(&pair, early, 1);
            ours = pair.initiator->index;
            make(&packet, pair.initiator, false, type);
            lewesi_store32le(packet.bytes, other == 0 ? ours : other == 1 ? 0 : ours + 1);
            expected = expected_first_reply(type, lewesi_load32le(packet.bytes), ours);
            assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), expected);
            assert_int_equal(event.kind, LEWES_EVENT_NONE);
            pair_end(&pair);
        }
    }
}

static void a_first_reply_with_a_body_is_refused(void **state)
{
    static const uint32_t types[] = {LEWESI_ACK, LEWESI_COLLISION, LEWESI_BUSY};

    early = pair_is_early(state);
    for (size_t i = 0; i < COUNT(types); i++) {
        static struct pair_packet packet;
        struct lewes_event event;
        struct pair pair;

        pair_open_flights(&pair, early, 1);
        make(&packet, pair.initiator, false, types[i]);
        packet.len++;
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_LENGTH);
        packet.len -= 2;
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_LENGTH);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_end(&pair);
    }
}

static void a_packet_of_another_session_is_refused_in_every_state(void **state)
{
    early = pair_is_early(state);
    for (size_t i = 0; i < COUNT(situations); i++) {
        for (unsigned bit = 0; bit < 32; bit++) {
            static struct pair_packet packet;
            struct lewes_session *session;
            struct lewes_event event;
            struct pair pair;

            open_at(&pair, &situations[i]);
            session = session_of(&pair, &situations[i]);
            make(&packet, session, false, LEWESI_ACK);
            lewesi_store32le(packet.bytes, session->index ^ UINT32_C(1) << bit);
            assert_int_equal(pair_read(&pair, session, &packet, &event), LEWES_ERROR_INDEX);
            pair_advance(&pair, PAIR_MESSAGES);
            pair_end(&pair);
        }
    }
}

static void busy_without_index_is_refused_after_the_first_reply(void **state)
{
    early = pair_is_early(state);
    for (size_t i = 0; i < COUNT(situations); i++) {
        static struct pair_packet packet;
        struct lewes_event event;
        struct pair pair;

        if (situations[i].state == LEWES_AWAIT_ACK)
            continue;
        open_at(&pair, &situations[i]);
        make(&packet, session_of(&pair, &situations[i]), false, LEWESI_BUSY);
        lewesi_store32le(packet.bytes, 0);
        assert_int_equal(pair_read(&pair, session_of(&pair, &situations[i]), &packet, &event),
                         LEWES_ERROR_INDEX);
        pair_end(&pair);
    }
}

/* ---- answers to what has not been said ---- */

static void an_initiator_takes_no_answer_before_it_has_asked(void **state)
{
    static const struct {
        unsigned messages;
        enum lewesi_type type;
        enum lewes_error error;
    } unasked[] = {
        {0, LEWESI_ACK, LEWES_ERROR_STATE},          {0, LEWESI_COLLISION, LEWES_ERROR_STATE},
        {2, LEWESI_KKT_RESPONSE, LEWES_ERROR_STATE}, {4, LEWESI_HANDSHAKE, LEWES_ERROR_AUTH},
        {6, LEWESI_ACK, LEWES_ERROR_STATE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(unasked); i++) {
        static struct pair_packet packet;
        struct lewes_event event;
        struct pair pair;

        pair_open(&pair, unasked[i].messages);
        make(&packet, pair.initiator, unasked[i].messages == 6, unasked[i].type);
        assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), unasked[i].error);
        pair_advance(&pair, PAIR_MESSAGES);
        pair_end(&pair);
    }
}

static void an_answer_that_comes_too_early_uses_up_no_counter(void **state)
{
    static struct pair_packet packet;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 6);
    pair_make_sealed(&packet,
                     &(struct lewesi_packet){.index = pair.initiator->index,
                                             .counter = pair.responder->counter,
                                             .type = LEWESI_ACK},
                     0, &pair.initiator->outer_key);
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_STATE);
    pair_advance(&pair, PAIR_MESSAGES); /* the true Ack has the same counter */
    pair_end(&pair);
}

/* AwaitHandshake2 with Handshake1 still to be written: the session has no key yet. */
static void nobody_knows_the_key_before_handshake1_is_written(void **state)
{
    static const struct lewesi_outer_key zeros = {{0}};
    static struct pair_packet packet;
    struct lewes_event event;
    struct pair pair;

    (void)state;
    pair_open(&pair, 4);
    pair_make_sealed(&packet,
                     &(struct lewesi_packet){
                         .index = pair.initiator->index, .counter = 5, .type = LEWESI_HANDSHAKE},
                     nonsense(packet.bytes + LEWESI_BODY_OFFSET, LEWESI_HANDSHAKE), &zeros);
    assert_int_equal(pair_read(&pair, pair.initiator, &packet, &event), LEWES_ERROR_AUTH);
    pair_advance(&pair, PAIR_MESSAGES);
    pair_end(&pair);
}

static void a_responder_takes_no_handshake3_before_it_has_written_handshake2(void **state)
{
    static struct pair_packet packet;
    struct lewes_event event;
    struct pair pair;

    early = pair_is_early(state);
    pair_open_flights(&pair, early, 5);
    make(&packet, pair.responder, true, LEWESI_HANDSHAKE);
    assert_int_equal(pair_read(&pair, pair.responder, &packet, &event), LEWES_ERROR_STATE);
    pair_advance(&pair, PAIR_MESSAGES);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST_BOTH_FLIGHTS(every_type_in_every_state_is_answered_as_the_tables_say),
        PAIR_TEST_BOTH_FLIGHTS(a_clear_packet_is_refused_where_an_encrypted_one_is_due),
        PAIR_TEST_BOTH_FLIGHTS(an_encrypted_packet_is_refused_where_a_clear_one_is_due),
        PAIR_TEST_BOTH_FLIGHTS(what_the_peer_encrypts_is_refused_in_clear),
        PAIR_TEST_BOTH_FLIGHTS(only_ack_collision_and_busy_are_first_replies),
        PAIR_TEST_BOTH_FLIGHTS(a_first_reply_with_a_body_is_refused),
        PAIR_TEST_BOTH_FLIGHTS(a_packet_of_another_session_is_refused_in_every_state),
        PAIR_TEST_BOTH_FLIGHTS(busy_without_index_is_refused_after_the_first_reply),
        PAIR_TEST_BOTH_FLIGHTS(an_answer_that_comes_too_early_uses_up_no_counter),
        cmocka_unit_test(nobody_knows_the_key_before_handshake1_is_written),
        cmocka_unit_test(an_initiator_takes_no_answer_before_it_has_asked),
        PAIR_TEST_BOTH_FLIGHTS(a_responder_takes_no_handshake3_before_it_has_written_handshake2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
