/* SPDX-License-Identifier: Apache-2.0 */
/* Subsessions: the ordinary course and its refusals (protocol.md 12, P67 to P72). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair_suites.h"
#include "tests/support/rekey.h"

#define INITIATOR_BASE (UINT64_C(1) << 62)
#define RESPONDER_BASE (UINT64_C(1) << 63)

static struct rekey rekey;

static void both_ends_get_a_new_session(bool by_client)
{
    rekey_open(&rekey, by_client);
    pair_exchange(&rekey.pair, rekey.begins, rekey.answers, 9); /* nonces are not at 0 */
    rekey_advance(&rekey, 3);
    assert_int_not_equal(rekey.begins_next->index, rekey.begins->index);
    assert_int_not_equal(rekey.begins_next->index, 0);
    assert_int_equal(rekey.begins_next->index, rekey.answers_next->index);
    assert_int_equal(lewes_session_state(rekey.begins_next), LEWES_TRANSPORT);
    assert_int_equal(lewes_session_state(rekey.answers_next), LEWES_TRANSPORT);
    assert_memory_equal(lewes_session_peer(rekey.begins_next)->bytes,
                        lewes_session_peer(rekey.begins)->bytes, 32);
    assert_true(lewes_session_deadline(rekey.begins_next) == LEWES_NEVER);
    assert_true(rekey.begins_next->counter == INITIATOR_BASE);
    assert_true(rekey.answers_next->counter - RESPONDER_BASE < UINT64_C(1) << 61);
    assert_memory_not_equal(rekey.begins_next->outer_key.bytes, rekey.begins->outer_key.bytes, 32);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

static void a_client_replaces_its_session(void **state)
{
    (void)state;
    both_ends_get_a_new_session(true);
}

static void a_gateway_replaces_its_session(void **state)
{
    (void)state;
    both_ends_get_a_new_session(false);
}

/* What a caller may ask about the handshake is answered by the new session as by the old one. */
static void a_new_session_remembers_the_handshake(void **state)
{
    (void)state;
    pair_init(&rekey.pair, 1);
    pair_accept(&rekey.pair, LEWES_KEM_XWING, LEWES_HASH_BLAKE3, false); /* not served */
    pair_serve(&rekey.pair, LEWES_KEM_MLKEM768);
    pair_accept(&rekey.pair, LEWES_KEM_MLKEM768, LEWES_HASH_BLAKE3, false);
    rekey.pair.subsessions = true;
    pair_start(&rekey.pair);
    pair_advance(&rekey.pair, 2);
    for (unsigned i = 0; i < 2; i++) { /* the request and its status frame */
        struct lewes_session *const ends[] = {rekey.pair.initiator, rekey.pair.responder};

        assert_int_equal(rekey_pass(&rekey, ends[i], ends[1 - i]), LEWES_OK);
    }
    pair_advance(&rekey.pair, PAIR_MESSAGES);
    rekey.begins = rekey.pair.initiator;
    rekey.answers = rekey.pair.responder;
    rekey.begins_next = rekey.answers_next = NULL;
    rekey_advance(&rekey, 3);
    assert_int_equal(lewes_session_kem(rekey.begins_next), LEWES_KEM_MLKEM768);
    assert_int_equal(lewes_session_kem(rekey.answers_next), LEWES_KEM_MLKEM768);
    assert_true(lewes_session_digest_pinned(rekey.begins_next));
    assert_int_equal(lewes_session_kkt_status(rekey.begins_next), 4);
    rekey_end(&rekey);
}

/* P64: the last one too. */
static void a_new_session_may_send_2_to_the_60_packets(void **state)
{
    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 3);
    rekey.begins_next->counter = INITIATOR_BASE + (UINT64_C(1) << 60) - 1;
    pair_exchange(&rekey.pair, rekey.begins_next, rekey.answers_next, 1);
    assert_int_equal(lewes_session_send(rekey.begins_next, NULL, 0, rekey.pair.now),
                     LEWES_ERROR_EXHAUSTED);
    rekey_end(&rekey);
}

static void sizes_on_the_wire_are_those_of_the_specification(void **state)
{
    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 1);
    assert_int_equal(rekey.packet.len, 85);
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
    assert_int_equal(rekey.packet.len, 85);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    assert_int_equal(rekey.packet.len, 41);
    pair_assert_silent(&rekey.pair, rekey.begins);
    pair_assert_silent(&rekey.pair, rekey.answers);
    rekey_end(&rekey);
}

static void data_flows_while_a_subsession_is_made(void **state)
{
    (void)state;
    for (unsigned messages = 0; messages < 3; messages++) {
        rekey_open(&rekey, true);
        rekey_advance(&rekey, messages);
        if (messages == 0) { /* KK1 is due, and goes first */
            assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
            assert_int_equal(lewes_session_state(rekey.answers), LEWES_REKEY_ANSWERED);
            assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
            assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
        } else if (messages == 1) {
            pair_exchange(&rekey.pair, rekey.begins, rekey.answers, 50);
            assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
            assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
        } else { /* who has answered may still be sending */
            pair_exchange(&rekey.pair, rekey.answers, rekey.begins, 50);
            assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
        }
        rekey_assert_successor_works(&rekey);
        rekey_end(&rekey);
    }
}

/* ---- the parent afterwards, P70 ---- */

static void a_parent_receives_for_60_seconds_and_sends_nothing(void **state)
{
    static struct pair_packet late;
    static const uint8_t text[3] = {1, 2, 3};

    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 2);
    assert_int_equal(lewes_session_send(rekey.answers, text, sizeof text, rekey.pair.now),
                     LEWES_OK);
    pair_write(&rekey.pair, rekey.answers, &late);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    assert_int_equal(lewes_session_state(rekey.begins), LEWES_READ_ONLY);
    assert_int_equal(lewes_session_state(rekey.answers), LEWES_READ_ONLY);
    assert_int_equal(lewes_session_send(rekey.begins, text, 3, 0), LEWES_ERROR_READ_ONLY);
    assert_int_equal(lewes_session_send(rekey.answers, text, 3, 0), LEWES_ERROR_READ_ONLY);
    assert_int_equal(lewes_session_rekey(rekey.begins, 0), LEWES_ERROR_NOT_READY);
    assert_int_equal(rekey_read(&rekey, rekey.begins, &late), LEWES_OK);
    assert_int_equal(rekey.event.kind, LEWES_EVENT_PAYLOAD);
    assert_memory_equal(rekey.event.payload, text, sizeof text);
    assert_true(lewes_session_deadline(rekey.begins) == rekey.pair.now + 60000);
    assert_int_equal(lewes_session_expire(rekey.begins, rekey.pair.now + 59999), LEWES_OK);
    assert_int_equal(lewes_session_expire(rekey.begins, rekey.pair.now + 60000),
                     LEWES_ERROR_TIMEOUT);
    assert_int_equal(lewes_session_state(rekey.begins), LEWES_CLOSED);
    assert_int_equal(lewes_session_expire(rekey.answers, rekey.pair.now + 60000),
                     LEWES_ERROR_TIMEOUT);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

static void a_payload_that_waits_when_the_subsession_comes_is_dropped(void **state)
{
    static const uint8_t text[3] = {1, 2, 3};

    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 1);
    assert_int_equal(lewes_session_send(rekey.begins, text, sizeof text, 0), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
    assert_int_equal(lewes_session_send(rekey.answers, text, sizeof text, 0), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    assert_int_equal(rekey.packet.len, 41); /* Ready */
    pair_assert_silent(&rekey.pair, rekey.begins);
    pair_assert_silent(&rekey.pair, rekey.answers);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

/* ---- who may not, P71 and P72 ---- */

static void without_the_option_nothing_begins_and_nothing_is_answered(void **state)
{
    (void)state;
    for (unsigned asks = 0; asks < 2; asks++) {
        pair_init(&rekey.pair, 1);
        rekey_start(&rekey, asks == 0);
        assert_int_equal(lewes_session_rekey(rekey.begins, 0), LEWES_ERROR_NOT_READY);
        rekey.begins->subsessions = true; /* as if it had been on */
        assert_int_equal(lewes_session_rekey(rekey.begins, rekey.pair.now), LEWES_OK);
        assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_ERROR_STATE);
        assert_int_equal(lewes_session_state(rekey.answers), LEWES_TRANSPORT);
        pair_assert_silent(&rekey.pair, rekey.answers);
        rekey_assert_parent_works(&rekey);
        rekey_end(&rekey);
    }
}

static void a_rekey_needs_an_established_session(void **state)
{
    (void)state;
    for (unsigned messages = 1; messages < PAIR_MESSAGES; messages++) {
        pair_init(&rekey.pair, 1);
        rekey.pair.subsessions = true;
        pair_start(&rekey.pair);
        pair_advance(&rekey.pair, messages);
        assert_int_equal(lewes_session_rekey(rekey.pair.initiator, 0), LEWES_ERROR_NOT_READY);
        if (messages < 7)
            assert_int_equal(lewes_session_rekey(rekey.pair.responder, 0), LEWES_ERROR_NOT_READY);
        pair_end(&rekey.pair);
    }
    rekey_open(&rekey, true);
    lewes_session_close(rekey.begins, 0);
    assert_int_equal(lewes_session_rekey(rekey.begins, 0), LEWES_ERROR_CLOSED);
    rekey_end(&rekey);
}

/* Makes the KK1 that `from` would send if it might. */
static void force_kk1(struct lewes_session *from, const uint8_t psk_registration[32],
                      struct pair_packet *out)
{
    from->subsessions = true;
    from->rekey_begun = false;
    memcpy(from->psk_registration, psk_registration, 32);
    assert_int_equal(lewes_session_rekey(from, rekey.pair.now), LEWES_OK);
    pair_write(&rekey.pair, from, out);
}

static void a_subsession_has_no_subsession(void **state)
{
    static struct pair_packet packet;
    uint8_t psk_registration[32];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct lewes_session *asks, *asked;

        rekey_open(&rekey, i < 2);
        memcpy(psk_registration, rekey.begins->psk_registration, 32);
        rekey_advance(&rekey, 3);
        asks = i % 2 == 0 ? rekey.begins_next : rekey.answers_next;
        asked = i % 2 == 0 ? rekey.answers_next : rekey.begins_next;
        assert_int_equal(lewes_session_rekey(asks, 0), LEWES_ERROR_NOT_READY);
        force_kk1(asks, psk_registration, &packet);
        assert_int_equal(rekey_read(&rekey, asked, &packet), LEWES_ERROR_STATE);
        assert_int_equal(lewes_session_state(asked), LEWES_TRANSPORT);
        pair_assert_silent(&rekey.pair, asked);
        rekey_end(&rekey);
    }
}

/* ---- time, 10.5 ---- */

/* After `messages` nothing more comes for 10 s. */
static void expire_after(unsigned messages, bool by_client)
{
    struct lewes_session *waits;
    lewes_time deadline;

    rekey_open(&rekey, by_client);
    rekey_advance(&rekey, messages);
    waits = messages == 1 ? rekey.answers : rekey.begins;
    deadline = lewes_session_deadline(waits);
    assert_true(deadline == rekey.pair.now + 10000);
    assert_int_equal(lewes_session_expire(waits, deadline - 1), LEWES_OK);
    assert_int_not_equal(lewes_session_state(waits), LEWES_TRANSPORT);
    assert_int_equal(lewes_session_expire(waits, deadline), LEWES_OK);
    assert_int_equal(lewes_session_state(waits), LEWES_TRANSPORT);
    assert_true(lewes_session_deadline(waits) == LEWES_NEVER);
    assert_null(waits->rekey);
    assert_int_equal(lewes_session_rekey(waits, deadline), LEWES_ERROR_NOT_READY);
    rekey.pair.now = deadline;
    if (messages == 1)
        assert_int_equal(lewes_session_expire(rekey.begins, deadline), LEWES_OK);
    pair_assert_silent(&rekey.pair, waits); /* also what was due */
    rekey_assert_parent_works(&rekey);
    rekey_end(&rekey);
}

static void a_subsession_that_takes_10_seconds_is_given_up_for_good(void **state)
{
    (void)state;
    for (unsigned messages = 0; messages < 2; messages++) {
        expire_after(messages, true);
        expire_after(messages, false);
    }
}

static void after_an_expired_attempt_neither_end_answers(void **state)
{
    static struct pair_packet late;
    uint8_t psk_registration[32];

    (void)state;
    rekey_open(&rekey, true);
    memcpy(psk_registration, rekey.begins->psk_registration, 32);
    rekey_advance(&rekey, 1);
    pair_write(&rekey.pair, rekey.answers, &late);
    rekey.pair.now += 10000;
    assert_int_equal(lewes_session_expire(rekey.begins, rekey.pair.now), LEWES_OK);
    assert_int_equal(lewes_session_expire(rekey.answers, rekey.pair.now), LEWES_OK);
    assert_int_equal(rekey_read(&rekey, rekey.begins, &late), LEWES_ERROR_STATE);
    for (unsigned i = 0; i < 2; i++) {
        struct lewes_session *const asks = i == 0 ? rekey.begins : rekey.answers;
        struct lewes_session *const asked = i == 0 ? rekey.answers : rekey.begins;

        force_kk1(asks, psk_registration, &late);
        assert_int_equal(rekey_read(&rekey, asked, &late), LEWES_ERROR_STATE);
        assert_int_equal(lewes_session_expire(asks, rekey.pair.now + 10000), LEWES_OK);
    }
    rekey_assert_parent_works(&rekey);
    rekey_end(&rekey);
}

/* ---- indices, P68 ---- */

struct indices {
    unsigned refuse; /* so many, then take */
    unsigned asked;
    uint32_t last;
};

static bool take(void *user, uint32_t index)
{
    struct indices *const indices = user;

    indices->last = index;
    return ++indices->asked > indices->refuse;
}

static void open_with(struct indices *indices, bool at_the_answering_end)
{
    pair_init(&rekey.pair, 1);
    rekey.pair.subsessions = true;
    rekey.pair.take_user = indices;
    if (at_the_answering_end)
        rekey.pair.take_responder = take;
    else
        rekey.pair.take_initiator = take;
    rekey_start(&rekey, true);
}

static void an_index_in_use_is_drawn_again(void **state)
{
    struct indices indices = {.refuse = 3};

    (void)state;
    open_with(&indices, false);
    rekey_advance(&rekey, 3);
    assert_int_equal(indices.asked, 4);
    assert_int_equal(rekey.begins_next->index, indices.last);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

static void without_a_free_index_the_parent_stays(void **state)
{
    struct indices indices = {.refuse = UINT32_MAX};

    (void)state;
    open_with(&indices, false);
    rekey_advance(&rekey, 1);
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_ERROR_RANDOM);
    assert_int_equal(indices.asked, 16);
    assert_int_equal(lewes_session_state(rekey.begins), LEWES_REKEY_SENT);
    assert_null(rekey.begins_next);
    pair_assert_silent(&rekey.pair, rekey.begins);
    rekey_assert_parent_works(&rekey);
    rekey_end(&rekey);
}

static void an_index_that_the_other_end_uses_fails_the_subsession(void **state)
{
    struct indices indices = {.refuse = 1};

    (void)state;
    open_with(&indices, true);
    rekey_advance(&rekey, 3);
    assert_int_equal(rekey.event.kind, LEWES_EVENT_NONE);
    assert_null(rekey.answers_next);
    assert_int_equal(indices.asked, 1);
    assert_int_equal(indices.last, rekey.begins_next->index);
    assert_int_equal(lewes_session_state(rekey.answers), LEWES_TRANSPORT);
    pair_assert_silent(&rekey.pair, rekey.answers);
    pair_exchange(&rekey.pair, rekey.answers, rekey.begins, 40); /* read-only there */
    assert_int_equal(lewes_session_rekey(rekey.answers, 0), LEWES_ERROR_NOT_READY);
    rekey_end(&rekey);
}

/* Seals a Ready of this index as the next packet of who begins. */
static void make_ready(uint32_t index, struct pair_packet *out)
{
    const size_t len = lewesi_ready_write(out->bytes + LEWESI_BODY_OFFSET, index);

    pair_make_sealed(out,
                     &(struct lewesi_packet){.index = rekey.begins->index,
                                             .counter = rekey.begins->counter++,
                                             .type = LEWESI_SUBSESSION_READY},
                     len, &rekey.begins->outer_key);
}

static void ready_with_0_or_the_parents_index_fails_the_subsession(void **state)
{
    static struct pair_packet packet;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct indices indices = {0};

        open_with(&indices, true);
        rekey_advance(&rekey, 2);
        make_ready(i == 0 ? 0 : rekey.begins->index, &packet);
        assert_int_equal(rekey_read(&rekey, rekey.answers, &packet), LEWES_OK);
        assert_int_equal(rekey.event.kind, LEWES_EVENT_NONE);
        assert_int_equal(indices.asked, 0);
        assert_int_equal(lewes_session_state(rekey.answers), LEWES_TRANSPORT);
        pair_exchange(&rekey.pair, rekey.answers, rekey.begins, 40);
        rekey_end(&rekey);
    }
}

static void a_second_ready_is_refused(void **state)
{
    static struct pair_packet packet;

    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 3);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &rekey.packet), LEWES_ERROR_REPLAY);
    make_ready(77, &packet);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &packet), LEWES_ERROR_STATE);
    assert_int_equal(lewes_session_state(rekey.answers), LEWES_READ_ONLY);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_replaces_its_session),
        cmocka_unit_test(a_gateway_replaces_its_session),
        cmocka_unit_test(a_new_session_remembers_the_handshake),
        cmocka_unit_test(a_new_session_may_send_2_to_the_60_packets),
        cmocka_unit_test(sizes_on_the_wire_are_those_of_the_specification),
        cmocka_unit_test(data_flows_while_a_subsession_is_made),
        cmocka_unit_test(a_parent_receives_for_60_seconds_and_sends_nothing),
        cmocka_unit_test(a_payload_that_waits_when_the_subsession_comes_is_dropped),
        cmocka_unit_test(without_the_option_nothing_begins_and_nothing_is_answered),
        cmocka_unit_test(a_rekey_needs_an_established_session),
        cmocka_unit_test(a_subsession_has_no_subsession),
        cmocka_unit_test(a_subsession_that_takes_10_seconds_is_given_up_for_good),
        cmocka_unit_test(after_an_expired_attempt_neither_end_answers),
        cmocka_unit_test(an_index_in_use_is_drawn_again),
        cmocka_unit_test(without_a_free_index_the_parent_stays),
        cmocka_unit_test(an_index_that_the_other_end_uses_fails_the_subsession),
        cmocka_unit_test(ready_with_0_or_the_parents_index_fails_the_subsession),
        cmocka_unit_test(a_second_ready_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
