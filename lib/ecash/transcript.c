/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ecash/transcript.h"

#include <string.h>

#define INDEX_LEN 8 /* of the coin in the payment: u64 LE, always 0 */

static void write_item(struct lewesi_writer *w, const struct lewesi_payment_view *view,
                       enum lewesi_payment_item item)
{
    const size_t len =
        lewesi_payment_item_len((enum lewesi_payment_kind)lewesi_payment_forms[item].kind);

    /* Compressed points have one encoding each: what was read is what would be written. */
    lewesi_write_u8(w, (uint8_t)len);
    lewesi_write_copy(w, view->item[item], len);
}

static void write_instance(struct lewesi_writer *w, const struct lewesi_payment_view *view)
{
    static const uint8_t lists[] = {LEWESI_ITEM_A, LEWESI_ITEM_SERIAL, LEWESI_ITEM_TAG,
                                    LEWESI_ITEM_KAPPA_K};

    write_item(w, view, LEWESI_ITEM_KAPPA);
    write_item(w, view, LEWESI_ITEM_C);
    for (size_t i = 0; i < sizeof lists; i++) {
        lewesi_write_u8(w, 1);
        write_item(w, view, (enum lewesi_payment_item)lists[i]);
    }
    write_item(w, view, LEWESI_ITEM_KAPPA_E);
}

void lewesi_transcript_begin(struct lewesi_transcript *transcript,
                             const struct lewes_ecash_key *key,
                             const struct lewesi_payment_view *view)
{
    struct lewesi_writer *const w = &transcript->w;

    lewesi_writer_init(w, transcript->bytes, sizeof transcript->bytes);
    lewesi_transcript_g1(transcript, blst_p1_generator());
    lewesi_transcript_g2(transcript, blst_p2_generator());
    lewesi_write_copy(w, key->ecash->gamma_bytes[0], sizeof key->ecash->gamma_bytes);
    lewesi_write_copy(w, key->bytes, key->len);
    write_instance(w, view);
}

void lewesi_transcript_g1(struct lewesi_transcript *transcript, const blst_p1 *point)
{
    lewesi_g1_encode(lewesi_write_space(&transcript->w, LEWESI_G1_LEN), point);
}

void lewesi_transcript_g2(struct lewesi_transcript *transcript, const blst_p2 *point)
{
    lewesi_g2_encode(lewesi_write_space(&transcript->w, LEWESI_G2_LEN), point);
}

void lewesi_transcript_end(struct lewesi_transcript *transcript,
                           const uint8_t pay_info[LEWES_PAY_INFO_LEN], lewesi_scalar *challenge)
{
    lewesi_write_copy(&transcript->w, pay_info, LEWES_PAY_INFO_LEN);
    lewesi_write_u64le(&transcript->w, 1); /* the value */
    lewesi_hash_to_challenge(challenge, (struct lewesi_span){transcript->bytes, transcript->w.at});
}

void lewesi_pay_info_hash(lewesi_scalar *hash, const uint8_t pay_info[LEWES_PAY_INFO_LEN])
{
    uint8_t message[LEWES_PAY_INFO_LEN + INDEX_LEN] = {0};

    memcpy(message, pay_info, LEWES_PAY_INFO_LEN);
    lewesi_hash_to_scalar(hash, (struct lewesi_span){message, sizeof message});
}
