/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/noise/patterns.h"

#include "lib/noise/noise.h"

/*
 * protocol.md 9.1
 *
 *   <- s
 *   ...
 *   -> e, es
 *   <- e, ee
 *   -> s, se, psk
 */
const struct lewesi_noise_pattern lewesi_noise_xkpsk3 = {
    .name = "Noise_XKpsk3_25519_ChaChaPoly_SHA256",
    .psk = true,
    .pre_responder = true,
    .messages = 3,
    .tokens =
        {
            {LEWESI_TOKEN_E, LEWESI_TOKEN_ES},
            {LEWESI_TOKEN_E, LEWESI_TOKEN_EE},
            {LEWESI_TOKEN_S, LEWESI_TOKEN_SE, LEWESI_TOKEN_PSK},
        },
};

/*
 * protocol.md 12
 *
 *   -> s
 *   <- s
 *   ...
 *   -> psk, e, es, ss
 *   <- e, ee, se
 */
const struct lewesi_noise_pattern lewesi_noise_kkpsk0 = {
    .name = "Noise_KKpsk0_25519_ChaChaPoly_SHA256",
    .psk = true,
    .pre_initiator = true,
    .pre_responder = true,
    .messages = 2,
    .tokens =
        {
            {LEWESI_TOKEN_PSK, LEWESI_TOKEN_E, LEWESI_TOKEN_ES, LEWESI_TOKEN_SS},
            {LEWESI_TOKEN_E, LEWESI_TOKEN_EE, LEWESI_TOKEN_SE},
        },
};
