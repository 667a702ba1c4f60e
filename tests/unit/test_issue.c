/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, public signatures and withdrawals against what the original recorded (ecash.md 2 to 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/ecash/curve.h"
#include "tests/support/tickets.h"

#define SECRET_INFO_LEN 248 /* of request_info_secret: h, openings, v … with their length bytes */

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

static const json_t *find_signer(const json_t *set, json_int_t number)
{
    const json_t *authority;
    size_t i;

    json_array_foreach(
        vectors_member(set, "authorities"), i,
        authority) if (json_integer_value(vectors_member(authority, "signer_index")) ==
                       number) return authority;
    fail_msg("there is no such signer");
    return NULL;
}

static void read_secret(const json_t *authority, struct lewes_mint_secret *secret)
{
    uint8_t bytes[LEWES_MINT_SECRET_MAX], again[LEWES_MINT_SECRET_MAX];
    const size_t len = vectors_hex(authority, "secret_key_bytes", bytes, sizeof bytes);

    assert_int_equal(lewes_mint_secret_read(secret, bytes, len), LEWES_OK);
    assert_int_equal(lewes_mint_secret_write(again, secret), len);
    assert_memory_equal(again, bytes, len);
}

static void read_claim(const json_t *object, struct lewes_withdrawal_claim *claim)
{
    vectors_exact(object, "user_pk", claim->user, sizeof claim->user);
    claim->terms.type =
        (enum lewes_ticket_type)json_integer_value(vectors_member(object, "t_type"));
    claim->terms.expiration = (uint32_t)json_integer_value(vectors_member(object, "expiration"));
}

/* ---- keys ---- */

static void a_secret_key_makes_its_verification_key(void **state)
{
    const json_t *set, *authority;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "authority_sets"), i, set)
    {
        json_array_foreach(vectors_member(set, "authorities"), j, authority)
        {
            struct lewes_mint_secret secret;
            uint8_t wanted[LEWES_MINT_KEY_MAX], got[LEWES_MINT_KEY_MAX];
            const size_t len =
                vectors_hex(authority, "verification_key_bytes", wanted, sizeof wanted);

            read_secret(authority, &secret);
            assert_int_equal(lewes_mint_key_write(got, &secret), len);
            assert_memory_equal(got, wanted, len);
        }
    }
}

static void a_damaged_secret_key_is_refused(void **state)
{
    struct lewes_mint_secret secret;
    uint8_t bytes[LEWES_MINT_SECRET_MAX + 1] = {0}, order[32];
    size_t len;

    (void)state;
    assert_int_equal(lewes_mint_generate(&secret, 4, &tickets.env.env), LEWES_OK);
    len = lewes_mint_secret_write(bytes, &secret);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(lewes_mint_secret_read(&secret, bytes, cut), LEWES_ERROR_KEY);
    assert_int_equal(lewes_mint_secret_read(&secret, bytes, len + 1), LEWES_ERROR_KEY);
    assert_int_equal(secret.elements, 0);
    memset(order, 0xff, sizeof order); /* above r */
    memcpy(bytes + 40, order, sizeof order);
    assert_int_equal(lewes_mint_secret_read(&secret, bytes, len), LEWES_ERROR_KEY);
    memset(bytes + 40, 0, 32); /* y0 = 0 */
    assert_int_equal(lewes_mint_secret_read(&secret, bytes, len), LEWES_ERROR_KEY);
}

static void a_key_has_4_to_8_elements(void **state)
{
    struct lewes_mint_secret secret;
    struct lewes_ecash_key *key;
    uint8_t bytes[LEWES_MINT_KEY_MAX];

    (void)state;
    for (unsigned n = 0; n < 12; n++) {
        const bool good = n >= LEWES_MINT_ELEMENTS_MIN && n <= LEWES_MINT_ELEMENTS_MAX;
        assert_int_equal(lewes_mint_generate(&secret, n, &tickets.env.env),
                         good ? LEWES_OK : LEWES_ERROR_ARGUMENT);
        if (!good)
            continue;
        const size_t len = lewes_mint_key_write(bytes, &secret);
        assert_int_equal(len, 104 + 144 * n);
        assert_int_equal(lewes_ecash_key_new(&key, &tickets.env.env, tickets.ecash, bytes, len),
                         LEWES_OK);
        lewes_ecash_key_free(key);
    }
}

/* Makes it twice what it was: a good point, and another one. */
static void double_point(uint8_t bytes[48])
{
    blst_p1_affine affine;
    blst_p1 point;

    assert_true(lewesi_g1_decode(&affine, bytes));
    blst_p1_from_affine(&point, &affine);
    blst_p1_double(&point, &point);
    lewesi_g1_encode(bytes, &point);
}

/* ---- public signatures ---- */

static void check_signature(const uint8_t signature[LEWES_TICKET_SIGNATURE_LEN],
                            const json_t *recorded)
{
    uint8_t wanted[LEWES_TICKET_SIGNATURE_LEN];

    vectors_exact(recorded, "h", wanted, 48);
    vectors_exact(recorded, "s", wanted + 48, 48);
    assert_memory_equal(signature, wanted, sizeof wanted);
}

static void the_signatures_of_dates_and_coins_come_out(void **state)
{
    static uint8_t dates[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN],
        coins[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN];
    const json_t *const set = json_array_get(vectors_member(tickets.root, "authority_sets"), 1);
    uint8_t key[LEWES_MINT_KEY_MAX];
    struct lewes_mint_secret secret;
    const json_t *recorded;
    size_t i, j;

    (void)state;
    read_secret(find_signer(set, 1), &secret);
    json_array_foreach(vectors_member(set, "expiration_signatures"), i, recorded)
    {
        const uint32_t expiration =
            (uint32_t)json_integer_value(vectors_member(recorded, "expiration"));
        const json_t *const list = vectors_member(recorded, "signatures"), *signature;

        assert_int_equal(lewes_mint_sign_dates(dates, &secret, expiration), LEWES_OK);
        json_array_foreach(list, j, signature) check_signature(dates[j], signature);
        assert_int_equal(lewes_dates_check(tickets.keys[1], expiration, dates[0]), LEWES_OK);
        assert_int_equal(lewes_dates_check(tickets.keys[0], expiration, dates[0]),
                         LEWES_ERROR_AUTH);
        assert_int_equal(lewes_dates_check(tickets.keys[1], expiration + LEWES_DAY, dates[0]),
                         LEWES_ERROR_AUTH);
        double_point(dates[6]); /* still a signature, but on a point that could mark a user (E12) */
        double_point(dates[6] + 48);
        assert_int_equal(lewes_dates_check(tickets.keys[1], expiration, dates[0]),
                         LEWES_ERROR_AUTH);
    }
    const size_t len =
        vectors_hex(vectors_member(set, "aggregated_verification_key"), "bytes", key, sizeof key);
    assert_int_equal(lewes_mint_sign_coins(coins, &secret, key, len), LEWES_OK);
    json_array_foreach(vectors_member(set, "coin_index_signatures"), i, recorded)
        check_signature(coins[i], recorded);
    assert_int_equal(lewes_coins_check(tickets.keys[1], coins[0]), LEWES_OK);
    coins[49][95] ^= 1;
    assert_int_equal(lewes_coins_check(tickets.keys[1], coins[0]), LEWES_ERROR_AUTH);
}

/* ---- withdrawal ---- */

static void the_blind_signatures_come_out(void **state)
{
    const json_t *book, *issued;
    size_t i, j;
    unsigned set;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "issuance"), i, book)
    {
        const json_t *const authorities = tickets_set(&tickets, book, &set);
        struct lewes_withdrawal_claim claim;
        uint8_t request[LEWES_WITHDRAWAL_LEN];

        vectors_exact(book, "withdrawal_request", request, sizeof request);
        read_claim(book, &claim);
        json_array_foreach(vectors_member(book, "issued_by"), j, issued)
        {
            const json_int_t number = json_integer_value(vectors_member(issued, "signer"));
            struct lewes_mint_secret secret;
            uint8_t blind[LEWES_TICKET_SIGNATURE_LEN], wanted[LEWES_TICKET_SIGNATURE_LEN];

            read_secret(find_signer(authorities, number), &secret);
            assert_int_equal(lewes_withdrawal_issue(blind, tickets.ecash, &secret, request,
                                                    sizeof request, &claim),
                             LEWES_OK);
            vectors_exact(issued, "blinded_signature", wanted, sizeof wanted);
            assert_memory_equal(blind, wanted, sizeof wanted);
        }
    }
}

/* What the user of a recorded book kept (its field request_info_layout). */
static void read_withdrawal(const json_t *book, struct lewes_withdrawal *withdrawal)
{
    uint8_t info[SECRET_INFO_LEN];
    struct lewes_withdrawal_claim claim;

    read_claim(book, &claim);
    withdrawal->terms = claim.terms;
    vectors_exact(book, "user_sk", withdrawal->user.bytes, sizeof withdrawal->user.bytes);
    vectors_exact(book, "v", withdrawal->v, sizeof withdrawal->v);
    vectors_exact(book, "request_info_secret", info, sizeof info);
    memcpy(withdrawal->h, info + 1, 48);
    memcpy(withdrawal->o0, info + 49 + 33 + 1 + 1, 32);
    memcpy(withdrawal->o1, info + 49 + 33 + 1 + 33 + 1, 32);
}

static void a_blind_signature_opens_to_the_recorded_wallet(void **state)
{
    const json_t *book, *issued;
    size_t i, j;
    unsigned set;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "issuance"), i, book)
    {
        const json_t *const authorities = tickets_set(&tickets, book, &set);
        struct lewes_withdrawal withdrawal;

        read_withdrawal(book, &withdrawal);
        json_array_foreach(vectors_member(book, "issued_by"), j, issued)
        {
            const json_t *const signer =
                find_signer(authorities, json_integer_value(vectors_member(issued, "signer")));
            struct lewes_ecash_key *key;
            struct lewes_wallet wallet;
            uint8_t bytes[LEWES_MINT_KEY_MAX], blind[LEWES_TICKET_SIGNATURE_LEN], partial[200];
            const size_t len = vectors_hex(signer, "verification_key_bytes", bytes, sizeof bytes);

            assert_int_equal(lewes_ecash_key_new(&key, &tickets.env.env, tickets.ecash, bytes, len),
                             LEWES_OK);
            vectors_exact(issued, "blinded_signature", blind, sizeof blind);
            vectors_exact(issued, "partial_wallet_200", partial, sizeof partial);
            assert_int_equal(lewes_withdrawal_finish(&wallet, key, &withdrawal, blind), LEWES_OK);
            assert_memory_equal(wallet.signature, partial, sizeof wallet.signature);
            assert_memory_equal(wallet.v, partial + 96, sizeof wallet.v);
            double_point(blind + 48); /* c' of something else */
            assert_int_equal(lewes_withdrawal_finish(&wallet, key, &withdrawal, blind),
                             LEWES_ERROR_AUTH);
            blind[95] ^= 1;
            assert_int_equal(lewes_withdrawal_finish(&wallet, key, &withdrawal, blind),
                             LEWES_ERROR_AUTH);
            lewes_ecash_key_free(key);
        }
    }
}

static void the_issuer_refuses_what_the_original_refuses(void **state)
{
    const json_t *book, *check;
    struct lewes_mint_secret secret;
    size_t i, j;
    unsigned checks = 0;

    (void)state;
    assert_int_equal(lewes_mint_generate(&secret, 5, &tickets.env.env), LEWES_OK);
    json_array_foreach(vectors_member(tickets.root, "issuance"), i, book)
    {
        json_array_foreach(vectors_member(book, "issuer_checks"), j, check)
        {
            struct lewes_withdrawal_claim claim;
            uint8_t request[2 * LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN] = {0},
                                                       zero[LEWES_TICKET_SIGNATURE_LEN] = {0};
            const size_t len = vectors_hex(check, "request", request, sizeof request);
            const bool good = vectors_text_is(check, "ref_A_1_21_0", "ok");

            read_claim(check, &claim);
            const enum lewes_error error =
                lewes_withdrawal_issue(blind, tickets.ecash, &secret, request, len, &claim);
            assert_int_equal(error == LEWES_OK, good);
            if (!good)
                assert_memory_equal(blind, zero, sizeof blind);
            checks++;
        }
    }
    assert_int_equal(checks, 80);
}

static void a_spoiled_request_is_refused(void **state)
{
    const json_t *const book = json_array_get(vectors_member(tickets.root, "issuance"), 0);
    struct lewes_withdrawal_claim claim;
    struct lewes_mint_secret secret;
    uint8_t request[LEWES_WITHDRAWAL_LEN + 1] = {0}, blind[LEWES_TICKET_SIGNATURE_LEN];

    (void)state;
    assert_int_equal(lewes_mint_generate(&secret, 5, &tickets.env.env), LEWES_OK);
    vectors_exact(book, "withdrawal_request", request, LEWES_WITHDRAWAL_LEN);
    read_claim(book, &claim);
    for (size_t i = 0; i < LEWES_WITHDRAWAL_LEN; i++) {
        request[i] ^= (uint8_t)(1 << i % 8);
        assert_int_not_equal(lewes_withdrawal_issue(blind, tickets.ecash, &secret, request,
                                                    LEWES_WITHDRAWAL_LEN, &claim),
                             LEWES_OK);
        request[i] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t len = 0; len <= sizeof request; len++)
        if (len != LEWES_WITHDRAWAL_LEN)
            assert_int_equal(
                lewes_withdrawal_issue(blind, tickets.ecash, &secret, request, len, &claim),
                LEWES_ERROR_FORMAT);
    memset(claim.user, 0, sizeof claim.user);
    claim.user[0] = 0xc0; /* infinity */
    assert_int_equal(lewes_withdrawal_issue(blind, tickets.ecash, &secret, request,
                                            LEWES_WITHDRAWAL_LEN, &claim),
                     LEWES_ERROR_KEY);
}

static void a_user_has_the_recorded_public_key(void **state)
{
    const json_t *book;
    size_t i;

    (void)state;
    json_array_foreach(vectors_member(tickets.root, "issuance"), i, book)
    {
        struct lewes_user_secret secret;
        uint8_t wanted[LEWES_USER_KEY_LEN], got[LEWES_USER_KEY_LEN];

        vectors_exact(book, "user_sk", secret.bytes, sizeof secret.bytes);
        vectors_exact(book, "user_pk", wanted, sizeof wanted);
        assert_int_equal(lewes_user_public(got, &secret), LEWES_OK);
        assert_memory_equal(got, wanted, sizeof wanted);
        memset(secret.bytes, 0, sizeof secret.bytes);
        assert_int_equal(lewes_user_public(got, &secret), LEWES_ERROR_KEY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_key_makes_its_verification_key),
        cmocka_unit_test(a_damaged_secret_key_is_refused),
        cmocka_unit_test(a_key_has_4_to_8_elements),
        cmocka_unit_test(the_signatures_of_dates_and_coins_come_out),
        cmocka_unit_test(the_blind_signatures_come_out),
        cmocka_unit_test(a_blind_signature_opens_to_the_recorded_wallet),
        cmocka_unit_test(the_issuer_refuses_what_the_original_refuses),
        cmocka_unit_test(a_spoiled_request_is_refused),
        cmocka_unit_test(a_user_has_the_recorded_public_key),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
