/* SPDX-License-Identifier: Apache-2.0 */
/* Data that may be lost, reordered and repeated (protocol.md P4, P63). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rekey.h"

#define MESSAGES 4000
#define DATAGRAM_MAX 4096 /* protocol.md 1 */

static struct rekey rekey;
static struct lewes_session *sender, *receiver;

struct datagram {
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

static void open_pair(void)
{
    pair_init(&rekey.pair, 5);
    rekey.pair.subsessions = true;
    rekey.pair.datagrams = true;
    rekey_start(&rekey, true);
    sender = rekey.pair.initiator;
    receiver = rekey.pair.responder;
}

/* Its number is its payload. */
static void write_numbered(struct lewes_session *from, uint32_t number, struct datagram *out)
{
    uint8_t payload[4];

    lewesi_store32le(payload, number);
    assert_int_equal(lewes_session_send(from, payload, sizeof payload, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(from, out->bytes, sizeof out->bytes, &out->len, 0),
                     LEWES_OK);
}

static enum lewes_error read_as(struct lewes_session *to, const struct datagram *datagram,
                                bool is_datagram, struct lewes_event *event)
{
    static struct datagram copy; /* the event points into it */

    copy = *datagram;
    return is_datagram ? lewes_session_read_datagram(to, copy.bytes, copy.len, 0, event)
                       : lewes_session_read(to, copy.bytes, copy.len, 0, event);
}

static void assert_number(const struct lewes_event *event, uint32_t number)
{
    assert_int_equal(event->kind, LEWES_EVENT_PAYLOAD);
    assert_int_equal(event->len, 4);
    assert_int_equal(lewesi_load32le(event->payload), number);
}

static void assert_arrives(struct lewes_session *to, const struct datagram *datagram,
                           bool is_datagram, uint32_t number)
{
    struct lewes_event event;

    assert_int_equal(read_as(to, datagram, is_datagram, &event), LEWES_OK);
    assert_number(&event, number);
}

static uint32_t draw(uint32_t below)
{
    const struct lewes_env env = watched_env(&rekey.pair.sessions);
    uint32_t random;

    assert_int_equal(env.random(env.user, (uint8_t *)&random, sizeof random), 0);
    return random % below;
}

/* ---- the way ---- */

static void what_arrives_is_delivered_whatever_was_lost(void **state)
{
    unsigned delivered = 0;

    (void)state;
    open_pair();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        struct datagram datagram;

        write_numbered(sender, i, &datagram);
        if (draw(10) == 0)
            continue;
        assert_arrives(receiver, &datagram, true, i);
        delivered++;
    }
    assert_in_range(delivered, MESSAGES * 8 / 10, MESSAGES - 1);
    rekey_end(&rekey);
}

static void the_longest_datagram_fits_one_cap_and_no_byte_more(void **state)
{
    static uint8_t payload[LEWES_DATAGRAM_PAYLOAD_MAX + 1];
    struct datagram datagram;
    struct lewes_event event;

    (void)state;
    open_pair();
    assert_int_equal(lewes_session_send(sender, payload, sizeof payload, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(sender, datagram.bytes, DATAGRAM_MAX, &datagram.len, 0),
                     LEWES_ERROR_SPACE);
    rekey_end(&rekey);

    open_pair();
    assert_int_equal(lewes_session_send(sender, payload, sizeof payload - 1, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(sender, datagram.bytes, DATAGRAM_MAX, &datagram.len, 0),
                     LEWES_OK);
    assert_int_equal(datagram.len, DATAGRAM_MAX);
    assert_int_equal(read_as(receiver, &datagram, true, &event), LEWES_OK);
    assert_int_equal(event.len, LEWES_DATAGRAM_PAYLOAD_MAX);
    rekey_end(&rekey);
}

static void any_order_within_the_window_is_survived(void **state)
{
    static struct datagram window[1024];

    (void)state;
    open_pair();
    for (unsigned round = 0; round < 3; round++) {
        uint32_t order[1024];

        for (uint32_t i = 0; i < 1024; i++) {
            write_numbered(sender, i, &window[i]);
            order[i] = i;
        }
        for (uint32_t i = 1023; i > 0; i--) {
            const uint32_t j = draw(i + 1), swapped = order[i];

            order[i] = order[j];
            order[j] = swapped;
        }
        for (uint32_t i = 0; i < 1024; i++)
            assert_arrives(receiver, &window[order[i]], true, order[i]);
    }
    rekey_end(&rekey);
}

static void a_datagram_behind_the_window_is_a_replay(void **state)
{
    struct datagram old, datagram;
    struct lewes_event event;

    (void)state;
    open_pair();
    write_numbered(sender, 0, &old);
    for (uint32_t i = 1; i <= 1024; i++)
        write_numbered(sender, i, &datagram);
    assert_arrives(receiver, &datagram, true, 1024);
    assert_int_equal(read_as(receiver, &old, true, &event), LEWES_ERROR_REPLAY);
    rekey_end(&rekey);
}

static void a_duplicate_is_delivered_once(void **state)
{
    (void)state;
    open_pair();
    for (uint32_t i = 0; i < 200; i++) {
        struct datagram datagram;
        struct lewes_event event;

        write_numbered(sender, i, &datagram);
        assert_arrives(receiver, &datagram, i % 2 == 0, i);
        assert_int_equal(read_as(receiver, &datagram, true, &event), LEWES_ERROR_REPLAY);
        assert_int_equal(read_as(receiver, &datagram, false, &event), LEWES_ERROR_REPLAY);
        assert_int_equal(event.kind, LEWES_EVENT_NONE);
    }
    rekey_end(&rekey);
}

/* 10 % of the datagrams are lost, the others are up to 8 behind what comes over the stream. */
static void a_stream_and_datagrams_may_be_mixed(void **state)
{
    static struct datagram late[8];
    uint32_t numbers[8];
    unsigned waiting = 0;

    (void)state;
    open_pair();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        struct datagram datagram;

        write_numbered(sender, i, &datagram);
        if (draw(2) == 0) {
            assert_arrives(receiver, &datagram, false, i);
        } else if (draw(10) > 0) {
            late[waiting] = datagram;
            numbers[waiting++] = i;
        }
        while (waiting == 8 || (waiting > 0 && draw(4) == 0)) {
            const unsigned which = draw(waiting);

            assert_arrives(receiver, &late[which], true, numbers[which]);
            late[which] = late[--waiting];
            numbers[which] = numbers[waiting];
        }
        if (i % 7 == 0)
            pair_exchange(&rekey.pair, receiver, sender, 10);
    }
    rekey_end(&rekey);
}

/* ---- what is refused ---- */

static void a_forged_datagram_changes_nothing(void **state)
{
    static struct pair_image image;
    struct datagram good, forged;
    struct lewes_event event;

    (void)state;
    open_pair();
    write_numbered(sender, 1, &good);
    pair_image_take(&image, receiver);
    for (size_t at = 0; at < good.len; at++) {
        forged = good;
        forged.bytes[at] ^= 0x10;
        assert_int_equal(read_as(receiver, &forged, true, &event),
                         at < 4 ? LEWES_ERROR_INDEX : LEWES_ERROR_AUTH);
        assert_int_equal(event.kind, LEWES_EVENT_NONE);
    }
    for (size_t len = 0; len < good.len; len++) {
        forged = good;
        forged.len = len;
        assert_int_equal(read_as(receiver, &forged, true, &event),
                         len < LEWES_PACKET_MIN ? LEWES_ERROR_LENGTH : LEWES_ERROR_AUTH);
    }
    assert_true(pair_image_same(&image, receiver));
    assert_memory_equal(&image.session.replay, &receiver->replay, sizeof receiver->replay);
    assert_arrives(receiver, &good, true, 1);
    rekey_end(&rekey);
}

/* A packet of the sender, its counter and all, with a body of zeros. */
static void seal_zeros(struct datagram *out, uint64_t counter, enum lewesi_type type,
                       size_t body_len)
{
    memset(out->bytes, 0, sizeof out->bytes);
    assert_int_equal(
        lewesi_packet_seal(
            out->bytes, body_len,
            &(struct lewesi_packet){.index = sender->index, .counter = counter, .type = type},
            &sender->outer_key),
        LEWES_OK);
    out->len = body_len + LEWESI_PACKET_FRAME;
}

static void a_bad_inner_layer_changes_nothing_but_its_counter(void **state)
{
    static struct pair_image image;
    struct datagram bad;
    struct lewes_event event;

    (void)state;
    open_pair();
    pair_image_take(&image, receiver);
    for (unsigned i = 0; i < 100; i++) { /* more than P53 lets a stream have */
        seal_zeros(&bad, sender->counter++, LEWESI_DATA, 20);
        sender->send.nonce++;
        assert_int_equal(read_as(receiver, &bad, true, &event), LEWES_ERROR_NOISE);
        assert_int_equal(read_as(receiver, &bad, true, &event), LEWES_ERROR_REPLAY);
        assert_int_equal(receiver->noise_failures, 0);
    }
    assert_true(pair_image_same(&image, receiver));
    pair_exchange(&rekey.pair, sender, receiver, 30);
    rekey_end(&rekey);
}

static void a_counter_from_before_the_first_data_is_refused(void **state)
{
    struct datagram bad;
    struct lewes_event event;

    (void)state;
    open_pair();
    seal_zeros(&bad, sender->counter_first - 1, LEWESI_DATA, 20);
    assert_int_equal(read_as(receiver, &bad, true, &event), LEWES_ERROR_NOISE);
    pair_exchange(&rekey.pair, sender, receiver, 30);
    rekey_end(&rekey);
}

static void nothing_but_data_is_a_datagram(void **state)
{
    static const struct {
        enum lewesi_type type;
        size_t len;
    } others[] = {{LEWESI_BUSY, 0},
                  {LEWESI_HANDSHAKE, 64},
                  {LEWESI_HELLO, 100},
                  {LEWESI_KKT_REQUEST, 87},
                  {LEWESI_COLLISION, 0},
                  {LEWESI_ACK, 0},
                  {LEWESI_SUBSESSION_READY, 1},
                  {LEWESI_SUBSESSION_ABORT, 0}};
    struct datagram packet;
    struct lewes_event event;

    (void)state;
    open_pair();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        seal_zeros(&packet, receiver->replay.next + 10, others[i].type, others[i].len);
        assert_int_equal(read_as(receiver, &packet, true, &event), LEWES_ERROR_STATE);
        assert_int_equal(lewes_session_state(receiver), LEWES_TRANSPORT);
    }
    assert_int_equal(lewes_session_rekey(sender, 0), LEWES_OK);
    assert_int_equal(lewes_session_write(sender, packet.bytes, sizeof packet.bytes, &packet.len, 0),
                     LEWES_OK);
    assert_int_equal(read_as(receiver, &packet, true, &event), LEWES_ERROR_STATE);
    assert_int_equal(lewes_session_state(receiver), LEWES_TRANSPORT);
    pair_assert_silent(&rekey.pair, receiver);
    rekey_end(&rekey);
}

static void a_stream_still_gives_up_after_sixteen_failures(void **state)
{
    struct datagram bad;
    struct lewes_event event;

    (void)state;
    open_pair();
    for (unsigned i = 1; i <= 16; i++) {
        seal_zeros(&bad, sender->counter++, LEWESI_DATA, 20);
        assert_int_equal(read_as(receiver, &bad, false, &event),
                         i < 16 ? LEWES_ERROR_NOISE : LEWES_ERROR_GIVE_UP);
    }
    seal_zeros(&bad, 1, LEWESI_DATA, 20);
    assert_int_equal(read_as(receiver, &bad, true, &event), LEWES_ERROR_CLOSED);
    rekey_end(&rekey);
}

static void a_session_takes_datagrams_when_it_is_ready_and_may(void **state)
{
    struct datagram datagram = {.len = 52};
    struct lewes_event event;

    (void)state;
    for (unsigned messages = 2; messages < PAIR_MESSAGES; messages++) {
        pair_init(&rekey.pair, 5);
        rekey.pair.datagrams = true;
        pair_start(&rekey.pair);
        pair_advance(&rekey.pair, messages);
        assert_int_equal(read_as(rekey.pair.initiator, &datagram, true, &event),
                         LEWES_ERROR_NOT_READY);
        if (messages < 7)
            assert_int_equal(read_as(rekey.pair.responder, &datagram, true, &event),
                             LEWES_ERROR_NOT_READY);
        assert_int_equal(rekey.pair.initiator->drops, 0);
        pair_end(&rekey.pair);
    }
    pair_init(&rekey.pair, 5); /* option off */
    rekey_start(&rekey, true);
    write_numbered(rekey.begins, 1, &datagram);
    assert_int_equal(read_as(rekey.answers, &datagram, true, &event), LEWES_ERROR_NOT_READY);
    assert_arrives(rekey.answers, &datagram, false, 1);
    rekey_end(&rekey);
}

/* ---- peers that count as the original does ---- */

static void an_original_client_is_understood(void **state)
{
    struct datagram datagram;

    (void)state;
    pair_init(&rekey.pair, 5);
    rekey.pair.datagrams = true;
    rekey.pair.original_client = true;
    rekey_start(&rekey, true);
    for (uint32_t i = 0; i < 10; i++) {
        write_numbered(rekey.begins, i, &datagram);
        assert_arrives(rekey.answers, &datagram, i % 2 == 0, i);
        pair_exchange(&rekey.pair, rekey.answers, rekey.begins, 20);
    }
    rekey_end(&rekey);
}

/* The literal 0 of its Ack says nothing about what follows. */
static void with_an_original_gateway_the_stream_works_and_datagrams_are_off(void **state)
{
    struct datagram datagram;
    struct lewes_event event;

    (void)state;
    pair_init(&rekey.pair, 5);
    rekey.pair.datagrams = true;
    rekey.pair.original_gateway = true;
    rekey_start(&rekey, true);
    pair_exchange(&rekey.pair, rekey.answers, rekey.begins, 20);
    write_numbered(rekey.answers, 1, &datagram);
    assert_int_equal(read_as(rekey.begins, &datagram, true, &event), LEWES_ERROR_NOT_READY);
    assert_arrives(rekey.begins, &datagram, false, 1);
    rekey_end(&rekey);
}

/* ---- beside a rekey ---- */

static void a_subsession_packet_shifts_what_follows_it(void **state)
{
    struct datagram before, between, after;

    (void)state;
    open_pair();
    write_numbered(sender, 0, &before);
    rekey_advance(&rekey, 1);
    write_numbered(sender, 1, &between);
    assert_int_equal(rekey_pass(&rekey, receiver, sender), LEWES_OK);
    assert_arrives(receiver, &between, true, 1);
    assert_arrives(receiver, &before, true, 0); /* sent before KK1, read after it */
    assert_int_equal(rekey_pass(&rekey, sender, receiver), LEWES_OK);
    write_numbered(rekey.begins_next, 2, &after);
    assert_arrives(rekey.answers_next, &after, true, 2);
    rekey_end(&rekey);
}

static void a_datagram_that_overtakes_a_subsession_packet_is_lost_alone(void **state)
{
    struct datagram overtaking, after;
    struct lewes_event event;

    (void)state;
    open_pair();
    assert_int_equal(lewes_session_rekey(sender, 0), LEWES_OK);
    pair_write(&rekey.pair, sender, &rekey.packet);
    write_numbered(sender, 0, &overtaking);
    write_numbered(sender, 1, &after);
    assert_int_equal(read_as(receiver, &overtaking, true, &event), LEWES_ERROR_NOISE);
    assert_int_equal(rekey_read(&rekey, receiver, &rekey.packet), LEWES_OK);
    assert_arrives(receiver, &after, true, 1);
    rekey_end(&rekey);
}

/* As many as no honest peer sends: what comes after them still fits. */
static void any_number_of_other_packets_is_counted(void **state)
{
    struct datagram packet, before[8];
    struct lewes_event event;

    (void)state;
    open_pair();
    for (uint32_t i = 0; i < 8; i++) {
        write_numbered(sender, i, &before[i]);
        seal_zeros(&packet, sender->counter++, LEWESI_SUBSESSION_ABORT, 0);
        assert_int_equal(read_as(receiver, &packet, false, &event), LEWES_OK);
        write_numbered(sender, 100 + i, &packet);
        assert_arrives(receiver, &packet, i % 2 == 0, 100 + i);
    }
    for (uint32_t i = 6; i < 8; i++)
        assert_arrives(receiver, &before[i], true, i);
    rekey_end(&rekey);
}

/* The end that answered counts from a random base: its first message over the stream tells it. */
static void a_new_session_learns_the_other_base_from_the_stream(void **state)
{
    struct datagram first, second, third;
    struct lewes_event event;

    (void)state;
    open_pair();
    rekey_advance(&rekey, 3);
    write_numbered(rekey.answers_next, 0, &first);
    write_numbered(rekey.answers_next, 1, &second);
    write_numbered(rekey.answers_next, 2, &third);
    assert_int_equal(read_as(rekey.begins_next, &third, true, &event), LEWES_ERROR_NOT_READY);
    assert_arrives(rekey.begins_next, &first, false, 0);
    assert_arrives(rekey.begins_next, &third, true, 2);
    assert_arrives(rekey.begins_next, &second, true, 1);
    write_numbered(rekey.begins_next, 7, &first);
    write_numbered(rekey.begins_next, 8, &second);
    assert_arrives(rekey.answers_next, &second, true, 8); /* from the first on */
    assert_arrives(rekey.answers_next, &first, true, 7);
    rekey_end(&rekey);
}

static void a_read_only_parent_takes_datagrams(void **state)
{
    struct datagram early, late;

    (void)state;
    open_pair();
    write_numbered(sender, 4, &early);
    rekey_advance(&rekey, 1);
    write_numbered(sender, 5, &late);
    assert_int_equal(rekey_pass(&rekey, receiver, sender), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, sender, receiver), LEWES_OK);
    assert_int_equal(lewes_session_state(receiver), LEWES_READ_ONLY);
    assert_arrives(receiver, &late, true, 5);
    assert_arrives(receiver, &early, true, 4);
    rekey_end(&rekey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_arrives_is_delivered_whatever_was_lost),
        cmocka_unit_test(the_longest_datagram_fits_one_cap_and_no_byte_more),
        cmocka_unit_test(any_order_within_the_window_is_survived),
        cmocka_unit_test(a_datagram_behind_the_window_is_a_replay),
        cmocka_unit_test(a_duplicate_is_delivered_once),
        cmocka_unit_test(a_stream_and_datagrams_may_be_mixed),
        cmocka_unit_test(a_forged_datagram_changes_nothing),
        cmocka_unit_test(a_bad_inner_layer_changes_nothing_but_its_counter),
        cmocka_unit_test(a_counter_from_before_the_first_data_is_refused),
        cmocka_unit_test(nothing_but_data_is_a_datagram),
        cmocka_unit_test(a_stream_still_gives_up_after_sixteen_failures),
        cmocka_unit_test(a_session_takes_datagrams_when_it_is_ready_and_may),
        cmocka_unit_test(an_original_client_is_understood),
        cmocka_unit_test(with_an_original_gateway_the_stream_works_and_datagrams_are_off),
        cmocka_unit_test(a_subsession_packet_shifts_what_follows_it),
        cmocka_unit_test(a_datagram_that_overtakes_a_subsession_packet_is_lost_alone),
        cmocka_unit_test(any_number_of_other_packets_is_counted),
        cmocka_unit_test(a_new_session_learns_the_other_base_from_the_stream),
        cmocka_unit_test(a_read_only_parent_takes_datagrams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
