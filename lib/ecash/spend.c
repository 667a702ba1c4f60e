/* SPDX-License-Identifier: Apache-2.0 */
/* A payment from a book (ecash.md E17), in constant time. */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/ecash/authority.h"
#include "lib/ecash/transcript.h"

/* A number for each response of a payment, by enum lewesi_payment_item from R to X: the witnesses,
 * or the random numbers that hide them. */
#define FIRST LEWESI_ITEM_R
#define NUMBERS (LEWESI_PAYMENT_ITEMS - FIRST)
#define AT(item) ((item) - FIRST)

struct spender {
    lewesi_scalar witness[NUMBERS], random[NUMBERS];
    lewesi_scalar pay_info_hash;
    blst_p1 base; /* A + C + gamma1 */
};

/* ---- laying out ---- */

/* Where the elements go; lists and lengths are written at once. */
static void lay_out(uint8_t *payment, size_t *len, bool unbound, uint8_t *item[])
{
    struct lewesi_writer w;

    lewesi_writer_init(&w, payment, LEWES_PAYMENT_BOUND_LEN);
    for (unsigned i = 0; i < LEWESI_PAYMENT_ITEMS; i++) {
        const struct lewesi_payment_form form = lewesi_payment_forms[i];
        const size_t size = lewesi_payment_item_len((enum lewesi_payment_kind)form.kind);
        const bool absent = unbound && i == LEWESI_ITEM_RK;

        if (form.count > 0)
            lewesi_write_u8(&w, absent ? 0 : form.count);
        item[i] = NULL;
        if (absent)
            continue;
        if (size > 1)
            lewesi_write_u8(&w, (uint8_t)size);
        item[i] = lewesi_write_space(&w, size);
    }
    *len = w.at;
}

/* ---- witnesses ---- */

static bool read_secrets(struct spender *s, const struct lewes_spending *spending)
{
    lewesi_scalar_of(&s->witness[AT(LEWESI_ITEM_L)], spending->coin);
    lewesi_scalar_of(&s->witness[AT(LEWESI_ITEM_X)], spending->wallet->terms.expiration);
    return lewesi_scalar_decode(&s->witness[AT(LEWESI_ITEM_SK)], spending->wallet->user.bytes) &&
           lewesi_scalar_decode(&s->witness[AT(LEWESI_ITEM_V)], spending->wallet->v);
}

static enum lewes_error draw(struct spender *s, const struct lewes_env *env)
{
    static const uint8_t blindings[] = {AT(LEWESI_ITEM_R), AT(LEWESI_ITEM_RE), AT(LEWESI_ITEM_RK),
                                        AT(LEWESI_ITEM_OA), AT(LEWESI_ITEM_OC)};
    enum lewes_error error = LEWES_OK;

    for (size_t i = 0; i < sizeof blindings && error == LEWES_OK; i++)
        error = lewesi_scalar_draw(&s->witness[blindings[i]], env);
    for (size_t i = 0; i < NUMBERS && error == LEWES_OK; i++)
        error = lewesi_scalar_draw(&s->random[i], env);
    return error;
}

/* mu = 1 / (v + l + 1), omu = -(oa + oc) * mu */
static void derive(struct spender *s)
{
    lewesi_scalar sum, one, *const mu = &s->witness[AT(LEWESI_ITEM_MU)];

    lewesi_scalar_of(&one, 1);
    blst_fr_add(&sum, &s->witness[AT(LEWESI_ITEM_V)], &s->witness[AT(LEWESI_ITEM_L)]);
    blst_fr_add(&sum, &sum, &one);
    blst_fr_inverse(mu, &sum);
    blst_fr_add(&sum, &s->witness[AT(LEWESI_ITEM_OA)], &s->witness[AT(LEWESI_ITEM_OC)]);
    blst_fr_mul(&sum, &sum, mu);
    blst_fr_cneg(&s->witness[AT(LEWESI_ITEM_OMU)], &sum, true);
    lewesi_wipe(&sum, sizeof sum);
}

/* ---- points ---- */

/* (b*h, b*s + a*b*h) for the blinding a of the item and a fresh b */
static enum lewes_error randomise(uint8_t *h_out, uint8_t *s_out, const uint8_t *signature,
                                  const lewesi_scalar *a, const struct lewes_env *env)
{
    blst_p1_affine affine_h, affine_s;
    blst_p1 h, s;
    lewesi_scalar b;
    enum lewes_error error;

    if (!lewesi_g1_decode(&affine_h, signature) ||
        !lewesi_g1_decode(&affine_s, signature + LEWESI_G1_LEN) ||
        blst_p1_affine_is_inf(&affine_h) || blst_p1_affine_is_inf(&affine_s))
        return LEWES_ERROR_KEY;
    error = lewesi_scalar_draw(&b, env);
    if (error != LEWES_OK)
        return error;
    blst_p1_from_affine(&h, &affine_h);
    blst_p1_from_affine(&s, &affine_s);
    lewesi_g1_mul(&h, &h, &b);
    lewesi_g1_mul(&s, &s, &b);
    lewesi_g1_mul_add(&s, &h, a);
    lewesi_g1_encode(h_out, &h);
    lewesi_g1_encode(s_out, &s);
    lewesi_wipe(&b, sizeof b);
    return LEWES_OK;
}

/* alpha + n[blinding]*g2 + n[items[i]]*beta_i: a kappa, or the commitment that proves it */
static void sum_kappa(blst_p2 *sum, const struct lewes_ecash_key *key, const lewesi_scalar n[],
                      const uint8_t items[], size_t count)
{
    *sum = key->alpha;
    lewesi_g2_mul_add(sum, blst_p2_generator(), &n[items[0]]);
    for (size_t i = 1; i < count; i++)
        lewesi_g2_mul_add(sum, &key->beta_g2[i - 1], &n[items[i]]);
}

static const uint8_t kappa_items[] = {AT(LEWESI_ITEM_R), AT(LEWESI_ITEM_SK), AT(LEWESI_ITEM_V),
                                      AT(LEWESI_ITEM_X)};
static const uint8_t kappa_e_items[] = {AT(LEWESI_ITEM_RE), AT(LEWESI_ITEM_X)};
static const uint8_t kappa_k_items[] = {AT(LEWESI_ITEM_RK), AT(LEWESI_ITEM_L)};

static void make_kappas(blst_p2 sums[3], const struct lewes_ecash_key *key, const lewesi_scalar n[])
{
    sum_kappa(&sums[0], key, n, kappa_items, sizeof kappa_items);
    sum_kappa(&sums[1], key, n, kappa_e_items, sizeof kappa_e_items);
    sum_kappa(&sums[2], key, n, kappa_k_items, sizeof kappa_k_items);
}

/* n[a]*g1 + n[b]*gamma1 */
static void commit(blst_p1 *sum, const struct lewes_ecash *ecash, const lewesi_scalar n[],
                   unsigned a, unsigned b)
{
    lewesi_g1_mul(sum, blst_p1_generator(), &n[a]);
    lewesi_g1_mul_add(sum, &ecash->gamma[1], &n[b]);
}

/* (sk + R*mu)*g1 */
static void make_tag(blst_p1 *tag, const struct spender *s, const lewesi_scalar n[])
{
    lewesi_scalar exponent;

    lewesi_scalar_mul_add(&exponent, &n[AT(LEWESI_ITEM_SK)], &s->pay_info_hash,
                          &n[AT(LEWESI_ITEM_MU)]);
    lewesi_g1_mul(tag, blst_p1_generator(), &exponent);
    lewesi_wipe(&exponent, sizeof exponent);
}

static void write_points(struct spender *s, const struct lewes_ecash_key *key, uint8_t *item[])
{
    const struct lewes_ecash *const ecash = key->ecash;
    blst_p2 kappas[3];
    blst_p1 a, c, point;

    make_kappas(kappas, key, s->witness);
    lewesi_g2_encode(item[LEWESI_ITEM_KAPPA], &kappas[0]);
    lewesi_g2_encode(item[LEWESI_ITEM_KAPPA_E], &kappas[1]);
    lewesi_g2_encode(item[LEWESI_ITEM_KAPPA_K], &kappas[2]);
    commit(&c, ecash, s->witness, AT(LEWESI_ITEM_OC), AT(LEWESI_ITEM_V));
    commit(&a, ecash, s->witness, AT(LEWESI_ITEM_OA), AT(LEWESI_ITEM_L));
    lewesi_g1_encode(item[LEWESI_ITEM_C], &c);
    lewesi_g1_encode(item[LEWESI_ITEM_A], &a);
    blst_p1_add_or_double(&s->base, &a, &c);
    blst_p1_add_or_double(&s->base, &s->base, &ecash->gamma[1]);
    lewesi_g1_mul(&point, &ecash->delta, &s->witness[AT(LEWESI_ITEM_MU)]);
    lewesi_g1_encode(item[LEWESI_ITEM_SERIAL], &point);
    make_tag(&point, s, s->witness);
    lewesi_g1_encode(item[LEWESI_ITEM_TAG], &point);
}

/* ---- proof ---- */

/* What the random numbers commit to, in the order of the hash. */
static void write_commitments(struct lewesi_transcript *t, const struct spender *s,
                              const struct lewes_ecash_key *key, bool unbound)
{
    const lewesi_scalar *const n = s->random;
    blst_p2 kappas[3];
    blst_p1 point;

    make_kappas(kappas, key, n);
    lewesi_transcript_g2(t, &kappas[0]);
    lewesi_transcript_g2(t, &kappas[1]);
    commit(&point, key->ecash, n, AT(LEWESI_ITEM_OC), AT(LEWESI_ITEM_V));
    lewesi_transcript_g1(t, &point);
    commit(&point, key->ecash, n, AT(LEWESI_ITEM_OA), AT(LEWESI_ITEM_L));
    lewesi_transcript_g1(t, &point);
    lewesi_g1_mul(&point, &key->ecash->delta, &n[AT(LEWESI_ITEM_MU)]);
    lewesi_transcript_g1(t, &point);
    if (!unbound)
        lewesi_transcript_g2(t, &kappas[2]);
    lewesi_g1_mul(&point, &s->base, &n[AT(LEWESI_ITEM_MU)]);
    lewesi_g1_mul_add(&point, blst_p1_generator(), &n[AT(LEWESI_ITEM_OMU)]);
    lewesi_transcript_g1(t, &point);
    make_tag(&point, s, n);
    lewesi_transcript_g1(t, &point);
}

/* random - challenge * witness, for each */
static void write_responses(struct spender *s, const lewesi_scalar *challenge, uint8_t *item[])
{
    lewesi_scalar minus;

    blst_fr_cneg(&minus, challenge, true);
    lewesi_scalar_encode(item[LEWESI_ITEM_CHALLENGE], challenge);
    for (unsigned i = 0; i < NUMBERS; i++) {
        if (item[FIRST + i] == NULL)
            continue;
        lewesi_scalar_mul_add(&s->random[i], &s->random[i], &minus, &s->witness[i]);
        lewesi_scalar_encode(item[FIRST + i], &s->random[i]);
    }
}

static void prove(struct spender *s, const struct lewes_ecash_key *key,
                  const struct lewes_spending *spending, uint8_t *item[])
{
    struct lewesi_payment_view view;
    struct lewesi_transcript transcript;
    lewesi_scalar challenge;

    for (unsigned i = 0; i < LEWESI_PAYMENT_ITEMS; i++)
        view.item[i] = item[i];
    lewesi_transcript_begin(&transcript, key, &view);
    write_commitments(&transcript, s, key, spending->unbound);
    lewesi_transcript_end(&transcript, spending->pay_info, &challenge);
    write_responses(s, &challenge, item);
}

/* ---- the whole ---- */

static bool is_possible(const struct lewes_spending *spending)
{
    const uint32_t last = spending->wallet->terms.expiration;
    const uint32_t life = (LEWES_BOOK_DAYS - 1) * LEWES_DAY;

    return spending->coin < LEWES_BOOK_TICKETS && spending->day % LEWES_DAY == 0 &&
           spending->day <= last && last - spending->day <= life &&
           (unsigned)spending->wallet->terms.type <= LEWES_TICKET_WG_EXIT;
}

static enum lewes_error sign_points(const struct spender *s, const struct lewes_spending *spending,
                                    uint8_t *item[], const struct lewes_env *env)
{
    enum lewes_error error =
        randomise(item[LEWESI_ITEM_WALLET_H], item[LEWESI_ITEM_WALLET_S],
                  spending->wallet->signature, &s->witness[AT(LEWESI_ITEM_R)], env);

    if (error == LEWES_OK) {
        error = randomise(item[LEWESI_ITEM_DATE_H], item[LEWESI_ITEM_DATE_S],
                          spending->date_signature, &s->witness[AT(LEWESI_ITEM_RE)], env);
    }
    if (error == LEWES_OK) {
        error = randomise(item[LEWESI_ITEM_INDEX_H], item[LEWESI_ITEM_INDEX_S],
                          spending->index_signature, &s->witness[AT(LEWESI_ITEM_RK)], env);
    }
    return error;
}

enum lewes_error lewes_ticket_spend(uint8_t payment[LEWES_PAYMENT_BOUND_LEN], size_t *len,
                                    const struct lewes_ecash_key *key,
                                    const struct lewes_spending *spending,
                                    const struct lewes_env *env)
{
    uint8_t *item[LEWESI_PAYMENT_ITEMS];
    struct spender spender = {0};
    enum lewes_error error = LEWES_ERROR_ARGUMENT;

    lay_out(payment, len, spending->unbound, item);
    if (!is_possible(spending))
        goto out;
    error = LEWES_ERROR_KEY;
    if (!read_secrets(&spender, spending))
        goto out;
    error = draw(&spender, env);
    if (error == LEWES_OK)
        error = sign_points(&spender, spending, item, env);
    if (error != LEWES_OK)
        goto out;
    derive(&spender);
    lewesi_pay_info_hash(&spender.pay_info_hash, spending->pay_info);
    *item[LEWESI_ITEM_VALUE] = 1;
    *item[LEWESI_ITEM_TYPE] = (uint8_t)spending->wallet->terms.type;
    write_points(&spender, key, item);
    prove(&spender, key, spending, item);
out:
    lewesi_wipe(&spender, sizeof spender);
    if (error != LEWES_OK) {
        lewesi_wipe(payment, LEWES_PAYMENT_BOUND_LEN);
        *len = 0;
    }
    return error;
}
