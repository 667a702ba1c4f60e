/* SPDX-License-Identifier: Apache-2.0 */
/* The user's side of a withdrawal: request and finish (ecash.md E13, E15). */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/ecash/wallet.h"
#include "lib/ecash/withdrawal.h"

static enum lewes_error draw_scalars(struct lewesi_withdrawal_scalars *scalars,
                                     const struct lewes_env *env)
{
    lewesi_scalar *const all[] = {&scalars->o, &scalars->o0, &scalars->o1, &scalars->sk,
                                  &scalars->v};
    enum lewes_error error = LEWES_OK;

    for (size_t i = 0; i < sizeof all / sizeof all[0] && error == LEWES_OK; i++)
        error = lewesi_scalar_draw(all[i], env);
    return error;
}

/* w - c * secret, for each */
static void respond(struct lewesi_withdrawal_scalars *random, const lewesi_scalar *challenge,
                    const struct lewesi_withdrawal_scalars *secret)
{
    lewesi_scalar minus;

    blst_fr_cneg(&minus, challenge, true);
    lewesi_scalar_mul_add(&random->o, &random->o, &minus, &secret->o);
    lewesi_scalar_mul_add(&random->o0, &random->o0, &minus, &secret->o0);
    lewesi_scalar_mul_add(&random->o1, &random->o1, &minus, &secret->o1);
    lewesi_scalar_mul_add(&random->sk, &random->sk, &minus, &secret->sk);
    lewesi_scalar_mul_add(&random->v, &random->v, &minus, &secret->v);
}

static void write_point(struct lewesi_writer *w, const blst_p1 *point)
{
    lewesi_write_u8(w, LEWESI_G1_LEN);
    lewesi_g1_encode(lewesi_write_space(w, LEWESI_G1_LEN), point);
}

static void write_scalar(struct lewesi_writer *w, const lewesi_scalar *scalar)
{
    lewesi_write_u8(w, LEWESI_SCALAR_LEN);
    lewesi_scalar_encode(lewesi_write_space(w, LEWESI_SCALAR_LEN), scalar);
}

static void
write_request(uint8_t out[LEWES_WITHDRAWAL_LEN], const struct lewesi_withdrawal_public *public_part,
              const lewesi_scalar *challenge, const struct lewesi_withdrawal_scalars *responses)
{
    struct lewesi_writer w;

    lewesi_writer_init(&w, out, LEWES_WITHDRAWAL_LEN);
    write_point(&w, &public_part->h);
    write_point(&w, &public_part->com);
    lewesi_write_u8(&w, 2);
    write_point(&w, &public_part->com0);
    write_point(&w, &public_part->com1);
    write_scalar(&w, challenge);
    write_scalar(&w, &responses->o);
    lewesi_write_u8(&w, 2);
    write_scalar(&w, &responses->o0);
    write_scalar(&w, &responses->o1);
    lewesi_write_u8(&w, 2);
    write_scalar(&w, &responses->sk);
    write_scalar(&w, &responses->v);
}

/* The public part and its proof; `random` becomes the responses. */
static enum lewes_error
prove(uint8_t out[LEWES_WITHDRAWAL_LEN], struct lewesi_withdrawal_public *public_part,
      const struct lewes_ecash *ecash, const struct lewes_book_terms *terms,
      const struct lewesi_withdrawal_scalars *secret, struct lewesi_withdrawal_scalars *random)
{
    struct lewesi_withdrawal_commitments commitments;
    lewesi_scalar challenge;
    enum lewes_error error;

    /* com does not depend on h, and h depends on com. */
    lewesi_withdrawal_commit(&commitments, ecash, blst_p1_generator(), secret);
    public_part->com = commitments.p;
    error = lewesi_withdrawal_base(&public_part->h, ecash, &public_part->com, terms);
    if (error != LEWES_OK)
        return error;
    lewesi_withdrawal_commit(&commitments, ecash, &public_part->h, secret);
    public_part->com0 = commitments.p0;
    public_part->com1 = commitments.p1;
    public_part->user = commitments.u;
    lewesi_withdrawal_commit(&commitments, ecash, &public_part->h, random);
    lewesi_withdrawal_challenge(&challenge, ecash, public_part, &commitments);
    respond(random, &challenge, secret);
    write_request(out, public_part, &challenge, random);
    return LEWES_OK;
}

enum lewes_error
lewes_withdrawal_request(uint8_t request[LEWES_WITHDRAWAL_LEN], struct lewes_withdrawal *withdrawal,
                         const struct lewes_ecash *ecash, const struct lewes_user_secret *user,
                         const struct lewes_book_terms *terms, const struct lewes_env *env)
{
    struct lewesi_withdrawal_scalars secret, random;
    struct lewesi_withdrawal_public public_part;
    enum lewes_error error = draw_scalars(&secret, env);

    memset(withdrawal, 0, sizeof *withdrawal);
    memset(request, 0, LEWES_WITHDRAWAL_LEN);
    if (error == LEWES_OK)
        error = draw_scalars(&random, env);
    if (error != LEWES_OK)
        goto out;
    if (!lewesi_scalar_decode(&secret.sk, user->bytes) || lewesi_scalar_is_zero(&secret.sk)) {
        error = LEWES_ERROR_KEY;
        goto out;
    }
    error = prove(request, &public_part, ecash, terms, &secret, &random);
    if (error != LEWES_OK)
        goto out;
    withdrawal->user = *user;
    withdrawal->terms = *terms;
    lewesi_g1_encode(withdrawal->h, &public_part.h);
    lewesi_scalar_encode(withdrawal->v, &secret.v);
    lewesi_scalar_encode(withdrawal->o0, &secret.o0);
    lewesi_scalar_encode(withdrawal->o1, &secret.o1);
out:
    lewesi_wipe(&secret, sizeof secret);
    lewesi_wipe(&random, sizeof random);
    return error;
}

/* ---- finish ---- */

/* s = c' - o0*B0 - o1*B1 */
static bool unblind(uint8_t s[LEWESI_G1_LEN], const struct lewes_ecash_key *key,
                    const struct lewes_withdrawal *withdrawal, const uint8_t *blinded)
{
    lewesi_scalar o0, o1;
    blst_p1_affine affine;
    blst_p1 sum;
    const bool good = lewesi_scalar_decode(&o0, withdrawal->o0) &&
                      lewesi_scalar_decode(&o1, withdrawal->o1) &&
                      lewesi_g1_decode(&affine, blinded);

    if (good) {
        blst_fr_cneg(&o0, &o0, true);
        blst_fr_cneg(&o1, &o1, true);
        blst_p1_from_affine(&sum, &affine);
        lewesi_g1_mul_add(&sum, &key->beta_g1[0], &o0);
        lewesi_g1_mul_add(&sum, &key->beta_g1[1], &o1);
        lewesi_g1_encode(s, &sum);
    }
    lewesi_wipe(&o0, sizeof o0);
    lewesi_wipe(&o1, sizeof o1);
    return good;
}

enum lewes_error lewes_withdrawal_finish(struct lewes_wallet *wallet,
                                         const struct lewes_ecash_key *key,
                                         const struct lewes_withdrawal *withdrawal,
                                         const uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    memset(wallet, 0, sizeof *wallet);
    wallet->user = withdrawal->user;
    wallet->terms = withdrawal->terms;
    memcpy(wallet->v, withdrawal->v, sizeof wallet->v);
    memcpy(wallet->signature, blind, LEWESI_G1_LEN);
    if (memcmp(blind, withdrawal->h, LEWESI_G1_LEN) == 0 &&
        unblind(wallet->signature + LEWESI_G1_LEN, key, withdrawal, blind + LEWESI_G1_LEN) &&
        lewesi_wallet_is_signed(key, wallet))
        return LEWES_OK;
    lewesi_wipe(wallet, sizeof *wallet);
    return LEWES_ERROR_AUTH;
}
