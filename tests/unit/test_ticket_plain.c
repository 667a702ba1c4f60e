/* SPDX-License-Identifier: Apache-2.0 */
/* The fast verifier and a plain one agree on everything that was recorded, and the plain one
 * computes what the original computed on the way (ecash.md TE2, TE3). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"
#include "tests/support/ticket_plain.h"
#include "tests/support/tickets.h"

#define WHOLE_TRANSCRIPTS 7 /* of the recorded ones */

static struct tickets tickets;

static int load(void **state)
{
    (void)state;
    tickets_load(&tickets);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    tickets_unload(&tickets);
    return 0;
}

static enum lewes_error verify_plainly(const json_t *recorded,
                                       const struct tickets_payment *payment,
                                       struct plain_points *points)
{
    uint8_t key[LEWES_MINT_KEY_MAX];
    unsigned set;
    const json_t *const authorities = tickets_set(&tickets, recorded, &set);
    const size_t len = vectors_hex(vectors_member(authorities, "aggregated_verification_key"),
                                   "bytes", key, sizeof key);

    return plain_verify(key, len, &payment->claim, points);
}

static void both_verifiers_agree(void **state)
{
    static const char *const arrays[] = {"tickets", "negative", "edge"};
    static struct tickets_payment payment;
    unsigned compared = 0;

    (void)state;
    for (size_t a = 0; a < 3; a++) {
        const json_t *recorded;
        size_t i;

        json_array_foreach(vectors_member(tickets.root, arrays[a]), i, recorded)
        {
            struct plain_points points;
            struct lewes_ticket ticket;

            tickets_payment(&tickets, recorded, &payment);
            for (int strict = 0; strict < 2; strict++) {
                payment.claim.require_bound = strict;
                assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket),
                                 verify_plainly(recorded, &payment, &points));
                compared++;
            }
        }
    }
    assert_int_equal(compared, 280);
}

static void same_g1(const json_t *text, const blst_p1 *point)
{
    uint8_t wanted[LEWESI_G1_LEN], got[LEWESI_G1_LEN];

    vector_hex(json_string_value(text), wanted, sizeof wanted);
    lewesi_g1_encode(got, point);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static void same_g2(const json_t *text, const blst_p2 *point)
{
    uint8_t wanted[LEWESI_G2_LEN], got[LEWESI_G2_LEN];

    vector_hex(json_string_value(text), wanted, sizeof wanted);
    lewesi_g2_encode(got, point);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static const json_t *first(const json_t *object, const char *key)
{
    return json_array_get(vectors_member(object, key), 0);
}

static void the_points_on_the_way_are_the_originals(void **state)
{
    static struct tickets_payment payment;
    const json_t *recorded;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "tickets"), i, recorded)
    {
        const json_t *const wanted = vectors_member(recorded, "recomputed");
        struct plain_points got;

        tickets_payment(&tickets, recorded, &payment);
        assert_int_equal(verify_plainly(recorded, &payment, &got), LEWES_OK);
        same_g2(vectors_member(wanted, "K"), &got.k);
        same_g2(vectors_member(wanted, "Ke"), &got.ke);
        same_g1(vectors_member(wanted, "C"), &got.cc);
        same_g1(first(wanted, "A"), &got.aa);
        same_g1(first(wanted, "S"), &got.ss);
        same_g1(first(wanted, "G"), &got.g);
        same_g1(first(wanted, "T"), &got.tt);
        assert_int_equal(got.bound, json_array_size(vectors_member(wanted, "Kk")) == 1);
        if (got.bound)
            same_g2(first(wanted, "Kk"), &got.kk);
    }
}

static void what_is_hashed_is_what_the_original_hashes(void **state)
{
    static struct tickets_payment payment;
    static struct plain_points got;
    static uint8_t whole[PLAIN_TRANSCRIPT_CAP];
    const json_t *recorded;
    size_t i;
    unsigned compared = 0;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "tickets"), i, recorded)
    {
        const json_t *const wanted = vectors_member(recorded, "recomputed");
        uint8_t digest[32], wanted_digest[32];

        tickets_payment(&tickets, recorded, &payment);
        assert_int_equal(verify_plainly(recorded, &payment, &got), LEWES_OK);
        assert_int_equal(got.transcript_len,
                         json_integer_value(vectors_member(wanted, "transcript_len")));
        lewesi_sha256(digest, (struct lewesi_span){got.transcript, got.transcript_len},
                      (struct lewesi_span){0});
        vectors_exact(wanted, "sha256", wanted_digest, sizeof wanted_digest);
        assert_memory_equal(digest, wanted_digest, sizeof digest);
        if (json_object_get(wanted, "transcript") == NULL) /* too long to be kept for all */
            continue;
        assert_int_equal(vectors_hex(wanted, "transcript", whole, sizeof whole),
                         got.transcript_len);
        assert_memory_equal(got.transcript, whole, got.transcript_len);
        compared++;
    }
    assert_int_equal(compared, WHOLE_TRANSCRIPTS);
}

static void the_pairings_have_the_originals_points(void **state)
{
    static const char *const names[PLAIN_EQUATIONS] = {"wallet", "expiration", "coin0"};
    static const size_t signatures[PLAIN_EQUATIONS] = {195, 293, 490}; /* ecash.md 5 */
    static struct tickets_payment payment;
    static struct plain_points got;
    const json_t *recorded;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "tickets"), i, recorded)
    {
        tickets_payment(&tickets, recorded, &payment);
        assert_int_equal(verify_plainly(recorded, &payment, &got), LEWES_OK);
        const json_t *const checks = vectors_member(recorded, "pairing_checks");
        assert_int_equal(json_array_size(checks), PLAIN_EQUATIONS);
        for (size_t j = 0; j < PLAIN_EQUATIONS; j++) {
            const json_t *const equation = json_array_get(checks, j);
            uint8_t point[LEWESI_G1_LEN];

            assert_string_equal(vectors_text(equation, "name"), names[j]);
            vectors_exact(equation, "P1", point, sizeof point);
            assert_memory_equal(payment.payment + signatures[j], point, sizeof point);
            vectors_exact(equation, "P2", point, sizeof point);
            assert_memory_equal(payment.payment + signatures[j] + 49, point, sizeof point);
            same_g2(vectors_member(equation, "Q1"), &got.q[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_verifiers_agree),
        cmocka_unit_test(the_points_on_the_way_are_the_originals),
        cmocka_unit_test(what_is_hashed_is_what_the_original_hashes),
        cmocka_unit_test(the_pairings_have_the_originals_points),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
