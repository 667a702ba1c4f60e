/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/minted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void minted_open(struct minted *minted, const struct lewes_env *env)
{
    minted->env = env;
    assert_int_equal(lewes_ecash_new(&minted->ecash, env), LEWES_OK);
    assert_int_equal(lewes_mint_generate(&minted->secret, LEWES_MINT_ELEMENTS, env), LEWES_OK);
    minted->len = lewes_mint_key_write(minted->bytes, &minted->secret);
    assert_int_equal(
        lewes_ecash_key_new(&minted->key, env, minted->ecash, minted->bytes, minted->len),
        LEWES_OK);
}

void minted_close(struct minted *minted)
{
    lewes_ecash_key_free(minted->key);
    lewes_ecash_free(minted->ecash);
}

void minted_book(const struct minted *minted, enum lewes_ticket_type type, uint32_t expiration,
                 struct lewes_book *book)
{
    struct lewes_withdrawal_claim claim = {.terms = {type, expiration}};
    struct lewes_user_secret user;
    struct lewes_withdrawal withdrawal;
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];

    assert_int_equal(lewes_user_generate(&user, minted->env), LEWES_OK);
    assert_int_equal(lewes_user_public(claim.user, &user), LEWES_OK);
    assert_int_equal(lewes_withdrawal_request(request, &withdrawal, minted->ecash, &user,
                                              &claim.terms, minted->env),
                     LEWES_OK);
    assert_int_equal(lewes_withdrawal_issue(blind, minted->ecash, &minted->secret, request,
                                            sizeof request, &claim),
                     LEWES_OK);
    memset(book, 0, sizeof *book);
    assert_int_equal(lewes_withdrawal_finish(&book->wallet, minted->key, &withdrawal, blind),
                     LEWES_OK);
    book->epoch = 1;
    book->key_len = minted->len;
    memcpy(book->key, minted->bytes, minted->len);
    assert_int_equal(lewes_mint_sign_dates(book->dates, &minted->secret, expiration), LEWES_OK);
    assert_int_equal(
        lewes_mint_sign_coins(book->coins, &minted->secret, minted->bytes, minted->len), LEWES_OK);
}
