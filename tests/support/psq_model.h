/* SPDX-License-Identifier: Apache-2.0 */
/* PSQ messages made by hand from protocol.md 8, by code that shares nothing with lib/psq, with one
 * fault or more in them. */
#ifndef TESTS_SUPPORT_PSQ_MODEL_H
#define TESTS_SUPPORT_PSQ_MODEL_H

#include <stdbool.h>

#include "lib/psq/psq.h"
#include "tests/support/kem_vectors.h"

#define PSQ_MODEL_CAP 2048
#define PSQ_MODEL_NOW UINT64_C(1768384900) /* seconds; the clock of the recorded exchanges */

/* The key schedule of protocol.md 8.2. */
struct psq_schedule {
    uint8_t k0[32], confirmation[32], mac[32], k[32], ki[44], kr[44], psk_registration[32];
};

/* `secret` is the serialised one, tag and 32 bytes, of which the first `key_len` are used: 32, or
 * 33 for the mistake that P34 warns of. */
void psq_schedule_derive(struct psq_schedule *out, struct lewesi_kem_public public_key,
                         const uint8_t *ciphertext, const uint8_t secret[33], size_t key_len,
                         uint32_t receiver_index);

/* One exchange between the parties of the recordings. */
struct psq_model {
    struct kem_parties parties;
    struct kem_pair pair;
    uint32_t receiver_index;
    uint64_t seconds;
    uint32_t milliseconds;
    size_t plaintext_len; /* 124 if it is right: cut, or zeros behind it */
    /* Faults, by the step of P37 that has to find them. */
    bool wrong_form;              /* 1 */
    uint8_t prefix_flips[3];      /* 1: of tag and length in front of the ciphertext, which mac and
                                     signature cover as they are */
    bool zero_secret;             /* 2: the X25519 ciphertext is zero */
    bool wrong_mac;               /* 2: under a good signature and a good tag */
    bool wrong_tag;               /* 3 */
    bool wrong_credential;        /* 4: another identity, which signs well */
    bool wrong_signature;         /* 5 */
    struct psq_schedule schedule; /* of the last message */
    uint8_t message[PSQ_MODEL_CAP]; /* the last one */
    size_t len;
};

/* No faults; the time is PSQ_MODEL_NOW. */
void psq_model_init(struct psq_model *model, const struct lewesi_kem *kem);

/* Makes the registration message. */
void psq_model_write(struct psq_model *model);

/* What the gateway of the model knows at PSQ_MODEL_NOW, with a tolerance of 30 s. */
struct lewesi_psq_acceptance psq_model_acceptance(const struct psq_model *model);

/* Accepts a copy of exactly `len` bytes of the message. That it is not changed and that an error
 * leaves zeroed keys is asserted; keys that come out are compared with the schedule. */
enum lewes_error psq_model_accept_as(const struct psq_model *model, size_t len,
                                     const struct lewesi_psq_acceptance *in);
enum lewes_error psq_model_accept(const struct psq_model *model);

#endif
