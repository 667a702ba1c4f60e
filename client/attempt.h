/* SPDX-License-Identifier: Apache-2.0 */
/* One run of lewes_register(). Functions that return bool fill in the result before `false`. */
#ifndef LEWES_CLIENT_ATTEMPT_H
#define LEWES_CLIENT_ATTEMPT_H

#include <lewes/client.h>

#include "client/channel.h"

struct attempt {
    const struct lewes_register_options *options;
    struct lewes_register_result *result;
    struct lewes_env env;
    struct lewes_identity *identity;
    struct lewes_session *session;
    struct channel channel;
    lewes_time start, step_start;
    bool paid;            /* what is written from now on carries the ticket */
    bool request_started; /* a byte of it may have left: "maybe spent" begins (R15) */
    uint64_t coin;
    struct lewes_request request;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    uint8_t buffer[LEWES_FRAME_PREFIX_LEN + LEWES_PACKET_MAX];
};

/* Notes the time of the step before and tells the caller. */
void attempt_begin(struct attempt *attempt, enum lewes_register_step step);

/* Sets class, error and text; returns false. */
__attribute__((format(printf, 3, 4))) bool
attempt_fail(struct attempt *attempt, enum lewes_error error, const char *format, ...);

/* Decodes and checks the answer (registration.md 9, 10), and fills in the result. */
bool attempt_take_answer(struct attempt *attempt, const uint8_t *bytes, size_t len);

#endif
