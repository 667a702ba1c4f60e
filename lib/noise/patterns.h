/* SPDX-License-Identifier: Apache-2.0 */
/* What a handshake pattern is to the interpreter. Adding one is adding a table. */
#ifndef LEWESI_NOISE_PATTERNS_H
#define LEWESI_NOISE_PATTERNS_H

#include <stdbool.h>
#include <stdint.h>

#define LEWESI_NOISE_NAME_CAP 48
#define LEWESI_NOISE_MESSAGES 3
#define LEWESI_NOISE_TOKENS 6 /* of one message, with the end */

enum lewesi_noise_token {
    LEWESI_TOKEN_END = 0,
    LEWESI_TOKEN_E,
    LEWESI_TOKEN_S,
    LEWESI_TOKEN_EE,
    LEWESI_TOKEN_ES,
    LEWESI_TOKEN_SE,
    LEWESI_TOKEN_SS,
    LEWESI_TOKEN_PSK
};

struct lewesi_noise_pattern {
    char name[LEWESI_NOISE_NAME_CAP]; /* an array: a pointer would need a relocation */
    bool psk;                         /* some message has a psk token */
    bool pre_initiator;               /* -> s before the first message */
    bool pre_responder;               /* <- s before the first message */
    uint8_t messages;
    uint8_t tokens[LEWESI_NOISE_MESSAGES][LEWESI_NOISE_TOKENS]; /* enum lewesi_noise_token */
};

#endif
