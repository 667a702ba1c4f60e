/* SPDX-License-Identifier: Apache-2.0 */
/* Subsessions: both ends at once, and packets that are lost, spoiled, late or repeated
 * (protocol.md 10.4, P67, P69). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rekey.h"

/* Of these two identities the gateway has the greater key: it wins. */
static struct rekey rekey;
static struct lewes_session *client, *gateway;
static struct pair_packet client_kk1, gateway_kk1;

static void both_begin(void)
{
    rekey_open(&rekey, false);
    gateway = rekey.begins;
    client = rekey.answers;
    assert_true(memcmp(client->identity->x25519.bytes, gateway->identity->x25519.bytes, 32) < 0);
    assert_int_equal(lewes_session_rekey(client, rekey.pair.now), LEWES_OK);
    assert_int_equal(lewes_session_rekey(gateway, rekey.pair.now), LEWES_OK);
}

static void both_write(void)
{
    both_begin();
    pair_write(&rekey.pair, client, &client_kk1);
    pair_write(&rekey.pair, gateway, &gateway_kk1);
}

/* KK2 and Ready, and nothing else. */
static void assert_the_gateways_is_made(void)
{
    assert_int_equal(lewes_session_state(client), LEWES_REKEY_ANSWERED);
    assert_int_equal(lewes_session_state(gateway), LEWES_REKEY_SENT);
    assert_int_equal(rekey_pass(&rekey, client, gateway), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK);
    pair_assert_silent(&rekey.pair, client);
    pair_assert_silent(&rekey.pair, gateway);
    assert_int_equal(rekey.begins_next->role, LEWES_INITIATOR);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

/* ---- both at once ---- */

static void of_two_that_begin_at_once_the_greater_key_wins(void **state)
{
    static struct pair_packet abort;

    (void)state;
    both_write();
    assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
    pair_write(&rekey.pair, gateway, &abort);
    assert_int_equal(abort.len, 36);
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_int_equal(rekey_read(&rekey, client, &abort), LEWES_OK); /* stale */
    assert_the_gateways_is_made();
}

static void the_loser_may_hear_first(void **state)
{
    (void)state;
    both_write();
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK); /* Abort */
    assert_int_equal(rekey.packet.len, 36);
    assert_the_gateways_is_made();
}

static void a_lost_abort_is_not_missed(void **state)
{
    static struct pair_packet abort;

    (void)state;
    both_write();
    assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
    pair_write(&rekey.pair, gateway, &abort);
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_the_gateways_is_made();
}

static void the_losers_lost_kk1_is_not_missed(void **state)
{
    (void)state;
    both_write();
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_the_gateways_is_made();
}

static void an_abort_may_overtake_the_winners_kk1(void **state)
{
    (void)state;
    both_write();
    assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK); /* Abort */
    assert_int_equal(lewes_session_state(client), LEWES_TRANSPORT);
    assert_null(client->rekey);
    assert_int_equal(lewes_session_rekey(client, 0), LEWES_ERROR_NOT_READY);
    pair_assert_silent(&rekey.pair, client);
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_the_gateways_is_made();
}

static void an_aborted_end_goes_on_if_the_winners_kk1_never_comes(void **state)
{
    (void)state;
    both_write();
    assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK);
    rekey.pair.now += 10000;
    assert_int_equal(lewes_session_expire(gateway, rekey.pair.now), LEWES_OK);
    rekey_assert_parent_works(&rekey);
    rekey_end(&rekey);
}

static void a_loser_that_has_written_nothing_only_answers(void **state)
{
    (void)state;
    both_begin();
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK);
    assert_the_gateways_is_made(); /* the next that the client writes is KK2 */
}

static void a_winner_that_has_written_nothing_says_kk1_first(void **state)
{
    (void)state;
    both_begin();
    pair_write(&rekey.pair, client, &client_kk1);
    assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK);
    assert_int_equal(rekey.packet.len, 85);
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK);
    assert_int_equal(rekey.packet.len, 36);
    assert_the_gateways_is_made();
}

static void an_abort_that_waits_is_dropped_when_kk2_comes_first(void **state)
{
    (void)state;
    both_write();
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
    assert_the_gateways_is_made(); /* the next that the gateway writes is Ready */
}

/* ---- packets made by hand ---- */

/* The packet again, as `from` would write it next, with one bit of its Noise message flipped. */
static void reseal(struct pair_packet *packet, struct lewes_session *from, bool spoil)
{
    struct lewesi_packet header;
    const size_t body_len = packet->len - LEWESI_PACKET_FRAME;

    assert_int_equal(lewesi_packet_open(packet->bytes, packet->len, &from->outer_key), LEWES_OK);
    assert_int_equal(lewesi_packet_parse(&header, packet->bytes, packet->len), LEWES_OK);
    header.counter = from->counter++;
    if (spoil)
        packet->bytes[LEWESI_BODY_OFFSET + 1 + 40] ^= 1;
    pair_make_sealed(packet, &header, body_len, &from->outer_key);
}

static void many_kk1_have_one_abort_as_answer(void **state)
{
    (void)state;
    both_write();
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(rekey_read(&rekey, gateway, &client_kk1), LEWES_OK);
        reseal(&client_kk1, client, false);
    }
    assert_int_equal(rekey_pass(&rekey, gateway, client), LEWES_OK);
    pair_assert_silent(&rekey.pair, gateway);
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_the_gateways_is_made();
}

static void a_loser_keeps_its_own_if_the_winners_kk1_is_bad(void **state)
{
    static struct pair_packet bad;

    (void)state;
    both_write();
    bad = gateway_kk1;
    reseal(&bad, gateway, true);
    assert_int_equal(rekey_read(&rekey, client, &bad), LEWES_ERROR_NOISE);
    assert_int_equal(lewes_session_state(client), LEWES_REKEY_SENT);
    assert_non_null(client->rekey);
    pair_assert_silent(&rekey.pair, client);
    assert_int_equal(rekey_read(&rekey, client, &gateway_kk1), LEWES_OK);
    assert_the_gateways_is_made();
}

/* ---- P67 ---- */

static void a_bad_kk1_is_dropped_and_a_good_one_answered(void **state)
{
    static struct pair_packet bad, good;
    static struct pair_image image;

    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 0);
    pair_write(&rekey.pair, rekey.begins, &good);
    bad = good;
    reseal(&bad, rekey.begins, true);
    pair_image_take(&image, rekey.answers);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &bad), LEWES_ERROR_NOISE);
    assert_true(pair_image_same(&image, rekey.answers));
    assert_int_equal(rekey_read(&rekey, rekey.answers, &bad), LEWES_ERROR_REPLAY);
    pair_assert_silent(&rekey.pair, rekey.answers);
    pair_exchange(&rekey.pair, rekey.begins, rekey.answers, 30);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &good), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

static void a_bad_kk2_is_dropped_and_a_good_one_taken(void **state)
{
    static struct pair_packet bad, good;
    static struct pair_image image;

    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 1);
    pair_write(&rekey.pair, rekey.answers, &good);
    bad = good;
    reseal(&bad, rekey.answers, true);
    pair_image_take(&image, rekey.begins);
    assert_int_equal(rekey_read(&rekey, rekey.begins, &bad), LEWES_ERROR_NOISE);
    assert_true(pair_image_same(&image, rekey.begins));
    assert_int_equal(rekey_read(&rekey, rekey.begins, &bad), LEWES_ERROR_REPLAY);
    assert_int_equal(rekey_read(&rekey, rekey.begins, &good), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

static void another_psk_does_not_fit(void **state)
{
    (void)state;
    rekey_open(&rekey, true);
    rekey.begins->psk_registration[31] ^= 1;
    assert_int_equal(lewes_session_rekey(rekey.begins, rekey.pair.now), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_ERROR_NOISE);
    assert_int_equal(lewes_session_state(rekey.answers), LEWES_TRANSPORT);
    rekey_assert_parent_works(&rekey);
    rekey_end(&rekey);
}

static void every_repeated_packet_is_a_replay(void **state)
{
    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 1);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &rekey.packet), LEWES_ERROR_REPLAY);
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
    assert_int_equal(rekey_read(&rekey, rekey.begins, &rekey.packet), LEWES_ERROR_REPLAY);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &rekey.packet), LEWES_ERROR_REPLAY);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

/* The next packet of `from`, with a body that is made by hand. */
static void make(struct pair_packet *out, struct lewes_session *from, enum lewesi_type type,
                 const uint8_t *body, size_t len)
{
    memcpy(out->bytes + LEWESI_BODY_OFFSET, body, len);
    pair_make_sealed(
        out,
        &(struct lewesi_packet){.index = from->index, .counter = from->counter++, .type = type},
        len, &from->outer_key);
}

static void an_answer_to_what_has_not_been_written_is_refused(void **state)
{
    static const uint8_t kk2[LEWESI_KK_LEN] = {LEWESI_KK_NOISE_LEN}, ready[] = {7};
    static struct pair_packet packet;

    (void)state;
    rekey_open(&rekey, true);
    rekey_advance(&rekey, 0);
    make(&packet, rekey.answers, LEWESI_SUBSESSION_KK2, kk2, sizeof kk2);
    assert_int_equal(rekey_read(&rekey, rekey.begins, &packet), LEWES_ERROR_STATE);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    make(&packet, rekey.begins, LEWESI_SUBSESSION_READY, ready, sizeof ready);
    assert_int_equal(rekey_read(&rekey, rekey.answers, &packet), LEWES_ERROR_STATE);
    assert_int_equal(rekey_pass(&rekey, rekey.answers, rekey.begins), LEWES_OK);
    assert_int_equal(rekey_pass(&rekey, rekey.begins, rekey.answers), LEWES_OK);
    rekey_assert_successor_works(&rekey);
    rekey_end(&rekey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_that_begin_at_once_the_greater_key_wins),
        cmocka_unit_test(the_loser_may_hear_first),
        cmocka_unit_test(a_lost_abort_is_not_missed),
        cmocka_unit_test(the_losers_lost_kk1_is_not_missed),
        cmocka_unit_test(an_abort_may_overtake_the_winners_kk1),
        cmocka_unit_test(an_aborted_end_goes_on_if_the_winners_kk1_never_comes),
        cmocka_unit_test(a_loser_that_has_written_nothing_only_answers),
        cmocka_unit_test(a_winner_that_has_written_nothing_says_kk1_first),
        cmocka_unit_test(an_abort_that_waits_is_dropped_when_kk2_comes_first),
        cmocka_unit_test(many_kk1_have_one_abort_as_answer),
        cmocka_unit_test(a_loser_keeps_its_own_if_the_winners_kk1_is_bad),
        cmocka_unit_test(a_bad_kk1_is_dropped_and_a_good_one_answered),
        cmocka_unit_test(a_bad_kk2_is_dropped_and_a_good_one_taken),
        cmocka_unit_test(another_psk_does_not_fit),
        cmocka_unit_test(every_repeated_packet_is_a_replay),
        cmocka_unit_test(an_answer_to_what_has_not_been_written_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
