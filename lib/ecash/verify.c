/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a payment is valid (ecash.md 6, steps 7 to 11). Public data only: nothing here takes
 * constant time (E21). */
#include <string.h>

#include "lib/crypto/crypto.h"
#include "lib/ecash/transcript.h"

#define WEIGHT_LEN 16 /* ecash.md E22 */
#define EQUATIONS 3   /* ecash.md E19 */

struct equation { /* e(h, q) = e(s, g2) */
    blst_p1_affine h, s;
    blst_p2_affine q;
};

/* A payment whose points and scalars have been decoded. */
struct opened {
    blst_p2_affine kappa, kappa_e, kappa_k;
    blst_p1_affine serial, tag, a, c;
    struct equation equations[EQUATIONS];
    lewesi_scalar challenge, r, re, rk, l, oa, oc, mu, omu, sk, v, x;
    lewesi_scalar pay_info_hash; /* R of E17 */
};

/* ---- step 8 ---- */

static const struct {
    uint8_t item;
    uint16_t offset; /* in struct opened */
} places[] = {
    {LEWESI_ITEM_KAPPA, offsetof(struct opened, kappa)},
    {LEWESI_ITEM_KAPPA_E, offsetof(struct opened, kappa_e)},
    {LEWESI_ITEM_WALLET_H, offsetof(struct opened, equations[0].h)},
    {LEWESI_ITEM_WALLET_S, offsetof(struct opened, equations[0].s)},
    {LEWESI_ITEM_DATE_H, offsetof(struct opened, equations[1].h)},
    {LEWESI_ITEM_DATE_S, offsetof(struct opened, equations[1].s)},
    {LEWESI_ITEM_KAPPA_K, offsetof(struct opened, kappa_k)},
    {LEWESI_ITEM_INDEX_H, offsetof(struct opened, equations[2].h)},
    {LEWESI_ITEM_INDEX_S, offsetof(struct opened, equations[2].s)},
    {LEWESI_ITEM_SERIAL, offsetof(struct opened, serial)},
    {LEWESI_ITEM_TAG, offsetof(struct opened, tag)},
    {LEWESI_ITEM_A, offsetof(struct opened, a)},
    {LEWESI_ITEM_C, offsetof(struct opened, c)},
    {LEWESI_ITEM_CHALLENGE, offsetof(struct opened, challenge)},
    {LEWESI_ITEM_R, offsetof(struct opened, r)},
    {LEWESI_ITEM_RE, offsetof(struct opened, re)},
    {LEWESI_ITEM_RK, offsetof(struct opened, rk)},
    {LEWESI_ITEM_L, offsetof(struct opened, l)},
    {LEWESI_ITEM_OA, offsetof(struct opened, oa)},
    {LEWESI_ITEM_OC, offsetof(struct opened, oc)},
    {LEWESI_ITEM_MU, offsetof(struct opened, mu)},
    {LEWESI_ITEM_OMU, offsetof(struct opened, omu)},
    {LEWESI_ITEM_SK, offsetof(struct opened, sk)},
    {LEWESI_ITEM_V, offsetof(struct opened, v)},
    {LEWESI_ITEM_X, offsetof(struct opened, x)},
};

static bool decode_item(const uint8_t *bytes, enum lewesi_payment_kind kind, void *place)
{
    switch (kind) {
    case LEWESI_G1:
        return lewesi_g1_decode(place, bytes);
    case LEWESI_G2:
        return lewesi_g2_decode(place, bytes);
    case LEWESI_SCALAR:
        return lewesi_scalar_decode(place, bytes);
    case LEWESI_VALUE:
    case LEWESI_TYPE:
        break;
    }
    return false;
}

static bool open_payment(struct opened *opened, const struct lewesi_payment_view *view)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const uint8_t item = places[i].item;
        const enum lewesi_payment_kind kind =
            (enum lewesi_payment_kind)lewesi_payment_forms[item].kind;
        void *const place = (uint8_t *)opened + places[i].offset;

        if (view->item[item] != NULL && !decode_item(view->item[item], kind, place))
            return false;
    }
    return true;
}

/* ---- step 9 ---- */

static bool has_infinity(const struct opened *opened)
{
    bool found =
        blst_p1_affine_is_inf(&opened->serial) || lewesi_scalar_is_zero(&opened->challenge);

    for (size_t i = 0; i < EQUATIONS; i++) {
        found = found || blst_p1_affine_is_inf(&opened->equations[i].h) ||
                blst_p1_affine_is_inf(&opened->equations[i].s);
    }
    return found;
}

/* ---- step 10 ---- */

/* out += scalar * point */
static void add_g1(blst_p1 *out, const blst_p1_affine *point, const lewesi_scalar *scalar)
{
    blst_p1 projective;

    blst_p1_from_affine(&projective, point);
    lewesi_g1_mul_add(out, &projective, scalar);
}

static void add_g2(blst_p2 *out, const blst_p2_affine *point, const lewesi_scalar *scalar)
{
    blst_p2 projective;

    blst_p2_from_affine(&projective, point);
    lewesi_g2_mul_add(out, &projective, scalar);
}

/* c * kappa + (1 - c) * alpha + the responses times g2, beta0, beta1, beta2, as many as given. */
static void write_kappa(struct lewesi_transcript *t, const struct lewes_ecash_key *key,
                        const struct opened *opened, const blst_p2_affine *kappa,
                        const lewesi_scalar *const responses[], size_t count)
{
    lewesi_scalar scalars[LEWESI_G2_TABLES];
    blst_p2 sum;

    lewesi_scalar_of(&scalars[LEWESI_TABLE_ALPHA], 1);
    blst_fr_sub(&scalars[LEWESI_TABLE_ALPHA], &scalars[LEWESI_TABLE_ALPHA], &opened->challenge);
    for (size_t i = 0; i < count; i++)
        scalars[LEWESI_TABLE_G2 + i] = *responses[i];
    lewesi_g2_sum(&sum, key->table, scalars, 1 + count);
    add_g2(&sum, kappa, &opened->challenge);
    lewesi_transcript_g2(t, &sum);
}

/* challenge * point + o * g1 + n * gamma1 */
static void write_commitment(struct lewesi_transcript *t, const struct lewes_ecash *ecash,
                             const struct opened *opened, const blst_p1_affine *point,
                             const lewesi_scalar *o, const lewesi_scalar *n)
{
    const lewesi_scalar scalars[] = {*o, *n}; /* g1, gamma1 */
    blst_p1 sum;

    lewesi_g1_sum(&sum, ecash->table, scalars, 2);
    add_g1(&sum, point, &opened->challenge);
    lewesi_transcript_g1(t, &sum);
}

static void write_serial(struct lewesi_transcript *t, const struct lewes_ecash *ecash,
                         const struct opened *opened)
{
    blst_p1 sum;

    lewesi_g1_sum(&sum, ecash->table + LEWESI_TABLE_DELTA, &opened->mu, 1);
    add_g1(&sum, &opened->serial, &opened->challenge);
    lewesi_transcript_g1(t, &sum);
}

/* mu * (A + C + gamma1) + omu * g1 + challenge * gamma1 */
static void write_inverse(struct lewesi_transcript *t, const struct lewes_ecash *ecash,
                          const struct opened *opened)
{
    const lewesi_scalar scalars[] = {opened->omu, opened->challenge}; /* g1, gamma1 */
    blst_p1 base = ecash->gamma[1], sum;

    blst_p1_add_or_double_affine(&base, &base, &opened->a);
    blst_p1_add_or_double_affine(&base, &base, &opened->c);
    lewesi_g1_sum(&sum, ecash->table, scalars, 2);
    lewesi_g1_mul_add(&sum, &base, &opened->mu);
    lewesi_transcript_g1(t, &sum);
}

/* challenge * T + (sk + R * mu) * g1 */
static void write_tag(struct lewesi_transcript *t, const struct lewes_ecash *ecash,
                      const struct opened *opened)
{
    lewesi_scalar scalar;
    blst_p1 sum;

    lewesi_scalar_mul_add(&scalar, &opened->sk, &opened->pay_info_hash, &opened->mu);
    lewesi_g1_sum(&sum, ecash->table, &scalar, 1);
    add_g1(&sum, &opened->tag, &opened->challenge);
    lewesi_transcript_g1(t, &sum);
}

/* The commitments of E18 in the order of the hash. */
static void write_commitments(struct lewesi_transcript *t, const struct lewes_ecash_key *key,
                              const struct opened *o, bool bound)
{
    write_kappa(t, key, o, &o->kappa, (const lewesi_scalar *[]){&o->r, &o->sk, &o->v, &o->x}, 4);
    write_kappa(t, key, o, &o->kappa_e, (const lewesi_scalar *[]){&o->re, &o->x}, 2);
    write_commitment(t, key->ecash, o, &o->c, &o->oc, &o->v);
    write_commitment(t, key->ecash, o, &o->a, &o->oa, &o->l);
    write_serial(t, key->ecash, o);
    if (bound)
        write_kappa(t, key, o, &o->kappa_k, (const lewesi_scalar *[]){&o->rk, &o->l}, 2);
    write_inverse(t, key->ecash, o);
    write_tag(t, key->ecash, o);
}

static bool is_proved(const struct lewes_ecash_key *key, const struct lewes_ticket_claim *claim,
                      const struct lewesi_payment_view *view, const struct opened *opened)
{
    uint8_t given[LEWESI_SCALAR_LEN], computed[LEWESI_SCALAR_LEN];
    struct lewesi_transcript transcript;
    lewesi_scalar challenge;

    lewesi_transcript_begin(&transcript, key, view);
    write_commitments(&transcript, key, opened, view->bound);
    lewesi_transcript_end(&transcript, claim->pay_info, &challenge);
    lewesi_scalar_encode(given, &opened->challenge);
    lewesi_scalar_encode(computed, &challenge);
    return memcmp(given, computed, sizeof given) == 0;
}

/* ---- step 11 ---- */

static enum lewes_error equation_error(size_t i)
{
    static const enum lewes_error errors[EQUATIONS] = {
        LEWES_ERROR_TICKET_WALLET, LEWES_ERROR_TICKET_DATE, LEWES_ERROR_TICKET_INDEX};

    return errors[i];
}

/* The points Q of E19; an error if one is infinity, which the product could not digest. */
static enum lewes_error make_equations(const struct lewes_ecash_key *key, uint32_t day,
                                       enum lewes_ticket_type type, struct opened *opened)
{
    blst_p2 q[EQUATIONS];
    lewesi_scalar number;

    lewesi_scalar_of(&number, (uint64_t)type);
    lewesi_g2_mul(&q[0], &key->beta_g2[3], &number);
    blst_p2_add_or_double_affine(&q[0], &q[0], &opened->kappa);
    lewesi_scalar_of(&number, day);
    lewesi_g2_mul(&q[1], &key->beta_g2[1], &number);
    blst_p2_add_or_double(&q[1], &q[1], &key->expiration);
    blst_p2_add_or_double_affine(&q[1], &q[1], &opened->kappa_e);
    q[2] = key->index;
    blst_p2_add_or_double_affine(&q[2], &q[2], &opened->kappa_k);
    for (size_t i = 0; i < EQUATIONS; i++) {
        if (blst_p2_is_inf(&q[i]))
            return equation_error(i);
        blst_p2_to_affine(&opened->equations[i].q, &q[i]);
    }
    return LEWES_OK;
}

/* E22: weights that nobody can foresee before all points are fixed. */
static void make_weights(uint8_t weights[EQUATIONS][WEIGHT_LEN], const struct lewes_ecash_key *key,
                         const struct lewes_ticket_claim *claim)
{
    static const char label[] = "lewes-ecash-weights";
    uint8_t material[sizeof label - 1 + 32 + 1],
        context[LEWES_PAYMENT_BOUND_LEN + LEWES_PAY_INFO_LEN + sizeof claim->day], hash[32];
    struct lewesi_writer w;

    lewesi_writer_init(&w, context, sizeof context);
    lewesi_write_copy(&w, claim->payment, claim->len);
    lewesi_write_copy(&w, claim->pay_info, LEWES_PAY_INFO_LEN);
    lewesi_write_u32le(&w, claim->day);
    memcpy(material, label, sizeof label - 1);
    lewesi_sha256(material + sizeof label - 1, (struct lewesi_span){context, w.at},
                  (struct lewesi_span){key->bytes, key->len});
    for (uint8_t i = 0; i < EQUATIONS; i++) {
        material[sizeof material - 1] = i;
        lewesi_sha256(hash, (struct lewesi_span){material, sizeof material},
                      (struct lewesi_span){NULL, 0});
        memcpy(weights[i], hash, WEIGHT_LEN);
        weights[i][0] |= 1;
    }
}

/* All equations as one product: e(sum of z*h with its q) * e(-sum of z*s, g2) = 1. */
static bool product_holds(const struct equation equations[EQUATIONS],
                          uint8_t weights[EQUATIONS][WEIGHT_LEN])
{
    blst_p1_affine p[EQUATIONS + 1];
    const blst_p1_affine *ps[EQUATIONS + 1];
    const blst_p2_affine *qs[EQUATIONS + 1];
    blst_p1 point, sum = {0};
    blst_fp12 product;

    for (size_t i = 0; i < EQUATIONS; i++) {
        blst_p1_from_affine(&point, &equations[i].h);
        blst_p1_mult(&point, &point, weights[i], WEIGHT_LEN * 8);
        blst_p1_to_affine(&p[i], &point);
        blst_p1_from_affine(&point, &equations[i].s);
        blst_p1_mult(&point, &point, weights[i], WEIGHT_LEN * 8);
        blst_p1_add_or_double(&sum, &sum, &point);
        qs[i] = &equations[i].q;
        ps[i] = &p[i];
    }
    blst_p1_cneg(&sum, true);
    blst_p1_to_affine(&p[EQUATIONS], &sum);
    ps[EQUATIONS] = &p[EQUATIONS];
    qs[EQUATIONS] = blst_p2_affine_generator();
    blst_miller_loop_n(&product, qs, ps, EQUATIONS + 1);
    blst_final_exp(&product, &product);
    return blst_fp12_is_one(&product);
}

static enum lewes_error check_signatures(const struct lewes_ecash_key *key,
                                         const struct lewes_ticket_claim *claim,
                                         const struct opened *opened)
{
    uint8_t weights[EQUATIONS][WEIGHT_LEN];

    make_weights(weights, key, claim);
    if (product_holds(opened->equations, weights))
        return LEWES_OK;
    for (size_t i = 0; i < EQUATIONS; i++) {
        const struct equation *const equation = &opened->equations[i];
        if (!lewesi_pairings_equal(&equation->h, &equation->q, &equation->s,
                                   blst_p2_affine_generator()))
            return equation_error(i);
    }
    return LEWES_ERROR_CRYPTO; /* three that hold make a product that holds */
}

/* ---- the whole ---- */

static enum lewes_error check_opened(const struct lewes_ecash_key *key,
                                     const struct lewes_ticket_claim *claim,
                                     const struct lewesi_payment_view *view, struct opened *opened)
{
    const enum lewes_ticket_type type = (enum lewes_ticket_type)view->item[LEWESI_ITEM_TYPE][0];
    enum lewes_error error;

    if (has_infinity(opened))
        return LEWES_ERROR_TICKET_POINT;
    if (!is_proved(key, claim, view, opened))
        return LEWES_ERROR_TICKET_PROOF;
    error = make_equations(key, claim->day, type, opened);
    return error == LEWES_OK ? check_signatures(key, claim, opened) : error;
}

enum lewes_error lewes_ticket_verify(const struct lewes_ecash_key *key,
                                     const struct lewes_ticket_claim *claim,
                                     struct lewes_ticket *ticket)
{
    struct lewesi_payment_view view;
    struct opened opened;
    enum lewes_error error =
        lewesi_payment_view(&view, (struct lewesi_span){claim->payment, claim->len});

    if (error != LEWES_OK)
        return error;
    if (view.len != claim->len)
        return LEWES_ERROR_TICKET_FORM;
    if (claim->require_bound && !view.bound)
        return LEWES_ERROR_TICKET_UNBOUND;
    if (!open_payment(&opened, &view))
        return LEWES_ERROR_TICKET_FORM;
    lewesi_pay_info_hash(&opened.pay_info_hash, claim->pay_info);
    error = check_opened(key, claim, &view, &opened);
    if (error != LEWES_OK)
        return error;
    memcpy(ticket->serial, view.item[LEWESI_ITEM_SERIAL], sizeof ticket->serial);
    memcpy(ticket->tag, view.item[LEWESI_ITEM_TAG], sizeof ticket->tag);
    lewesi_scalar_encode(ticket->pay_info_hash, &opened.pay_info_hash);
    ticket->type = (enum lewes_ticket_type)view.item[LEWESI_ITEM_TYPE][0];
    ticket->bound = view.bound;
    return LEWES_OK;
}
