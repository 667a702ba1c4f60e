/* SPDX-License-Identifier: Apache-2.0 */
/* What spender and verifier hash for the challenge of a payment (ecash.md E18). Both put the
 * commitments K to TT between begin and end. */
#ifndef LEWESI_ECASH_TRANSCRIPT_H
#define LEWESI_ECASH_TRANSCRIPT_H

#include "lib/ecash/key.h"
#include "lib/ecash/payment.h"

#define LEWESI_INSTANCE_LEN (3 * 97 + 4 * 49 + 4) /* ecash.md E18, inst */
#define LEWESI_TRANSCRIPT_MAX                                                                      \
    (LEWESI_G1_LEN + LEWESI_G2_LEN + LEWESI_GAMMAS * LEWESI_G1_LEN + LEWESI_KEY_LEN_MAX +          \
     LEWESI_INSTANCE_LEN + 3 * LEWESI_G2_LEN + 5 * LEWESI_G1_LEN + LEWES_PAY_INFO_LEN + 8)

struct lewesi_transcript {
    struct lewesi_writer w;
    uint8_t bytes[LEWESI_TRANSCRIPT_MAX];
};

/* Generators, key, instance; `view` needs its points alone. */
void lewesi_transcript_begin(struct lewesi_transcript *transcript,
                             const struct lewes_ecash_key *key,
                             const struct lewesi_payment_view *view);
void lewesi_transcript_g1(struct lewesi_transcript *transcript, const blst_p1 *point);
void lewesi_transcript_g2(struct lewesi_transcript *transcript, const blst_p2 *point);
void lewesi_transcript_end(struct lewesi_transcript *transcript,
                           const uint8_t pay_info[LEWES_PAY_INFO_LEN], lewesi_scalar *challenge);

/* R of E17 */
void lewesi_pay_info_hash(lewesi_scalar *hash, const uint8_t pay_info[LEWES_PAY_INFO_LEN]);

#endif
