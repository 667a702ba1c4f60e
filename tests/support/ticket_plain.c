/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ticket_plain.h"

#include <string.h>

#include "lib/ecash/generators.h"
#include "lib/ecash/payment.h"

#define ELEMENTS 4

struct plain {
    const struct lewesi_payment_view *view;
    blst_p1 gamma[4], delta;
    blst_p2 alpha, beta[ELEMENTS];
    blst_p2 kappa, kappa_e, kappa_k;
    blst_p1 point[LEWESI_PAYMENT_ITEMS];        /* of G1 */
    lewesi_scalar number[LEWESI_PAYMENT_ITEMS]; /* responses and challenge */
    lewesi_scalar pay_info;
};

static void hash_text(blst_p1 *point, const char *text)
{
    lewesi_hash_to_g1(point, (struct lewesi_span){(const uint8_t *)text, strlen(text)});
}

static bool read_g2(blst_p2 *point, const uint8_t *bytes)
{
    blst_p2_affine affine;
    if (!lewesi_g2_decode(&affine, bytes))
        return false;
    blst_p2_from_affine(point, &affine);
    return true;
}

static bool read_g1(blst_p1 *point, const uint8_t *bytes)
{
    blst_p1_affine affine;
    if (!lewesi_g1_decode(&affine, bytes))
        return false;
    blst_p1_from_affine(point, &affine);
    return true;
}

static void read_key(struct plain *p, const uint8_t *key)
{
    const uint64_t n = key[96];
    (void)read_g2(&p->alpha, key);
    for (size_t i = 0; i < ELEMENTS; i++)
        (void)read_g2(&p->beta[i], key + 104 + n * 48 + i * 96);
}

static bool decode(struct plain *p)
{
    for (unsigned i = 0; i < LEWESI_PAYMENT_ITEMS; i++) {
        const uint8_t *const bytes = p->view->item[i];
        bool good = true;
        if (bytes == NULL)
            continue;
        if (i == LEWESI_ITEM_KAPPA)
            good = read_g2(&p->kappa, bytes);
        else if (i == LEWESI_ITEM_KAPPA_E)
            good = read_g2(&p->kappa_e, bytes);
        else if (i == LEWESI_ITEM_KAPPA_K)
            good = read_g2(&p->kappa_k, bytes);
        else if (lewesi_payment_forms[i].kind == LEWESI_G1)
            good = read_g1(&p->point[i], bytes);
        else if (lewesi_payment_forms[i].kind == LEWESI_SCALAR)
            good = lewesi_scalar_decode(&p->number[i], bytes);
        if (!good)
            return false;
    }
    return true;
}

static bool degenerate(const struct plain *p)
{
    static const uint8_t points[] = {
        LEWESI_ITEM_WALLET_H, LEWESI_ITEM_WALLET_S, LEWESI_ITEM_DATE_H, LEWESI_ITEM_DATE_S,
        LEWESI_ITEM_INDEX_H,  LEWESI_ITEM_INDEX_S,  LEWESI_ITEM_SERIAL};
    for (size_t i = 0; i < sizeof points; i++)
        if (blst_p1_is_inf(&p->point[points[i]]))
            return true;
    return lewesi_scalar_is_zero(&p->number[LEWESI_ITEM_CHALLENGE]);
}

/* c*kappa + (1-c)*alpha + r*g2 */
static void start_kappa(const struct plain *p, blst_p2 *sum, const blst_p2 *kappa,
                        enum lewesi_payment_item r)
{
    lewesi_scalar rest;
    lewesi_scalar_of(&rest, 1);
    blst_fr_sub(&rest, &rest, &p->number[LEWESI_ITEM_CHALLENGE]);
    lewesi_g2_mul(sum, kappa, &p->number[LEWESI_ITEM_CHALLENGE]);
    lewesi_g2_mul_add(sum, &p->alpha, &rest);
    lewesi_g2_mul_add(sum, blst_p2_generator(), &p->number[r]);
}

static void compute(const struct plain *p, struct plain_points *out)
{
    const lewesi_scalar *const n = p->number, *const c = &n[LEWESI_ITEM_CHALLENGE];
    const blst_p1 *const g1 = blst_p1_generator();
    lewesi_scalar exponent;
    blst_p1 base;

    start_kappa(p, &out->k, &p->kappa, LEWESI_ITEM_R);
    lewesi_g2_mul_add(&out->k, &p->beta[0], &n[LEWESI_ITEM_SK]);
    lewesi_g2_mul_add(&out->k, &p->beta[1], &n[LEWESI_ITEM_V]);
    lewesi_g2_mul_add(&out->k, &p->beta[2], &n[LEWESI_ITEM_X]);
    start_kappa(p, &out->ke, &p->kappa_e, LEWESI_ITEM_RE);
    lewesi_g2_mul_add(&out->ke, &p->beta[0], &n[LEWESI_ITEM_X]);
    out->bound = p->view->bound;
    if (out->bound) {
        start_kappa(p, &out->kk, &p->kappa_k, LEWESI_ITEM_RK);
        lewesi_g2_mul_add(&out->kk, &p->beta[0], &n[LEWESI_ITEM_L]);
    }
    lewesi_g1_mul(&out->cc, &p->point[LEWESI_ITEM_C], c);
    lewesi_g1_mul_add(&out->cc, g1, &n[LEWESI_ITEM_OC]);
    lewesi_g1_mul_add(&out->cc, &p->gamma[1], &n[LEWESI_ITEM_V]);
    lewesi_g1_mul(&out->aa, &p->point[LEWESI_ITEM_A], c);
    lewesi_g1_mul_add(&out->aa, g1, &n[LEWESI_ITEM_OA]);
    lewesi_g1_mul_add(&out->aa, &p->gamma[1], &n[LEWESI_ITEM_L]);
    lewesi_g1_mul(&out->ss, &p->point[LEWESI_ITEM_SERIAL], c);
    lewesi_g1_mul_add(&out->ss, &p->delta, &n[LEWESI_ITEM_MU]);
    blst_p1_add_or_double(&base, &p->point[LEWESI_ITEM_A], &p->point[LEWESI_ITEM_C]);
    blst_p1_add_or_double(&base, &base, &p->gamma[1]);
    lewesi_g1_mul(&out->g, &base, &n[LEWESI_ITEM_MU]);
    lewesi_g1_mul_add(&out->g, g1, &n[LEWESI_ITEM_OMU]);
    lewesi_g1_mul_add(&out->g, &p->gamma[1], c);
    lewesi_scalar_mul_add(&exponent, &n[LEWESI_ITEM_SK], &p->pay_info, &n[LEWESI_ITEM_MU]);
    lewesi_g1_mul(&out->tt, &p->point[LEWESI_ITEM_TAG], c);
    lewesi_g1_mul_add(&out->tt, g1, &exponent);
}

static void put_g1(struct lewesi_writer *w, const blst_p1 *point)
{
    lewesi_g1_encode(lewesi_write_space(w, LEWESI_G1_LEN), point);
}

static void put_g2(struct lewesi_writer *w, const blst_p2 *point)
{
    lewesi_g2_encode(lewesi_write_space(w, LEWESI_G2_LEN), point);
}

static void put_listed_g1(struct lewesi_writer *w, const blst_p1 *point)
{
    lewesi_write_u8(w, 1);
    lewesi_write_u8(w, LEWESI_G1_LEN);
    put_g1(w, point);
}

static bool proved(const struct plain *p, const uint8_t *key, size_t key_len,
                   const uint8_t *pay_info, struct plain_points *points)
{
    uint8_t given[LEWESI_SCALAR_LEN], computed[LEWESI_SCALAR_LEN];
    lewesi_scalar challenge;
    struct lewesi_writer w;

    lewesi_writer_init(&w, points->transcript, sizeof points->transcript);
    put_g1(&w, blst_p1_generator());
    put_g2(&w, blst_p2_generator());
    for (size_t i = 0; i < 4; i++)
        put_g1(&w, &p->gamma[i]);
    lewesi_write_copy(&w, key, key_len);
    lewesi_write_u8(&w, LEWESI_G2_LEN);
    put_g2(&w, &p->kappa);
    lewesi_write_u8(&w, LEWESI_G1_LEN);
    put_g1(&w, &p->point[LEWESI_ITEM_C]);
    put_listed_g1(&w, &p->point[LEWESI_ITEM_A]);
    put_listed_g1(&w, &p->point[LEWESI_ITEM_SERIAL]);
    put_listed_g1(&w, &p->point[LEWESI_ITEM_TAG]);
    lewesi_write_u8(&w, 1);
    lewesi_write_u8(&w, LEWESI_G2_LEN);
    put_g2(&w, &p->kappa_k);
    lewesi_write_u8(&w, LEWESI_G2_LEN);
    put_g2(&w, &p->kappa_e);
    put_g2(&w, &points->k);
    put_g2(&w, &points->ke);
    put_g1(&w, &points->cc);
    put_g1(&w, &points->aa);
    put_g1(&w, &points->ss);
    if (points->bound)
        put_g2(&w, &points->kk);
    put_g1(&w, &points->g);
    put_g1(&w, &points->tt);
    lewesi_write_copy(&w, pay_info, LEWES_PAY_INFO_LEN);
    lewesi_write_u64le(&w, 1);
    points->transcript_len = w.at;
    lewesi_hash_to_challenge(&challenge, (struct lewesi_span){points->transcript, w.at});
    lewesi_scalar_encode(given, &p->number[LEWESI_ITEM_CHALLENGE]);
    lewesi_scalar_encode(computed, &challenge);
    return memcmp(given, computed, sizeof given) == 0;
}

/* e(h, q) = e(s, g2) */
static bool holds(const struct plain *p, enum lewesi_payment_item h, const blst_p2 *q)
{
    blst_p1_affine affine_h, affine_s;
    blst_p2_affine affine_q;

    blst_p1_to_affine(&affine_h, &p->point[h]);
    blst_p1_to_affine(&affine_s, &p->point[h + 1]);
    blst_p2_to_affine(&affine_q, q);
    return lewesi_pairings_equal(&affine_h, &affine_q, &affine_s, blst_p2_affine_generator());
}

static enum lewes_error check_signatures(const struct plain *p, uint32_t day,
                                         blst_p2 q[PLAIN_EQUATIONS])
{
    lewesi_scalar number;
    blst_p2 sum;

    q[0] = p->kappa;
    lewesi_scalar_of(&number, p->view->item[LEWESI_ITEM_TYPE][0]);
    lewesi_g2_mul_add(&q[0], &p->beta[3], &number);
    if (!holds(p, LEWESI_ITEM_WALLET_H, &q[0]))
        return LEWES_ERROR_TICKET_WALLET;
    q[1] = p->kappa_e;
    lewesi_scalar_of(&number, day);
    lewesi_g2_mul_add(&q[1], &p->beta[1], &number);
    (void)lewesi_scalar_decode(&number, lewesi_exp_type);
    lewesi_g2_mul_add(&q[1], &p->beta[2], &number);
    if (!holds(p, LEWESI_ITEM_DATE_H, &q[1]))
        return LEWES_ERROR_TICKET_DATE;
    q[2] = p->kappa_k;
    blst_p2_add_or_double(&sum, &p->beta[1], &p->beta[2]);
    (void)lewesi_scalar_decode(&number, lewesi_idx_type);
    lewesi_g2_mul_add(&q[2], &sum, &number);
    return holds(p, LEWESI_ITEM_INDEX_H, &q[2]) ? LEWES_OK : LEWES_ERROR_TICKET_INDEX;
}

enum lewes_error plain_verify(const uint8_t *key, size_t key_len,
                              const struct lewes_ticket_claim *claim, struct plain_points *points)
{
    static const char *const gammas[] = {"gamma1", "gamma2", "gamma3", "gamma4"};
    uint8_t message[LEWES_PAY_INFO_LEN + 8] = {0};
    struct lewesi_payment_view view;
    struct plain plain = {.view = &view};
    enum lewes_error error =
        lewesi_payment_view(&view, (struct lewesi_span){claim->payment, claim->len});

    if (error != LEWES_OK)
        return error;
    if (view.len != claim->len)
        return LEWES_ERROR_TICKET_FORM;
    if (claim->require_bound && !view.bound)
        return LEWES_ERROR_TICKET_UNBOUND;
    if (!decode(&plain))
        return LEWES_ERROR_TICKET_FORM;
    if (degenerate(&plain))
        return LEWES_ERROR_TICKET_POINT;
    for (size_t i = 0; i < 4; i++)
        hash_text(&plain.gamma[i], gammas[i]);
    hash_text(&plain.delta, "delta");
    read_key(&plain, key);
    memcpy(message, claim->pay_info, LEWES_PAY_INFO_LEN);
    lewesi_hash_to_scalar(&plain.pay_info, (struct lewesi_span){message, sizeof message});
    compute(&plain, points);
    if (!proved(&plain, key, key_len, claim->pay_info, points))
        return LEWES_ERROR_TICKET_PROOF;
    return check_signatures(&plain, claim->day, points->q);
}
