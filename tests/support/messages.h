/* SPDX-License-Identifier: Apache-2.0 */
/* The registration messages of registration.md 3 to 6, as structures and as published bytes. */
#ifndef TESTS_SUPPORT_MESSAGES_H
#define TESTS_SUPPORT_MESSAGES_H

#include <lewes/registration.h>

struct message {
    uint8_t bytes[LEWES_ANSWER_MAX + 64];
    size_t len;
};

/* The published bytes under `name` of tests/vectors/registration/examples.json. */
void message_load(struct message *message, const char *name);

/* Cuts `len` bytes at `at` out and puts others there. */
void message_replace(struct message *message, size_t at, size_t len, const void *with,
                     size_t with_len);

/* Example 1 of registration.md; its payment stands in `payment`, as in the published bytes. */
void message_request(struct lewes_request *request, uint8_t payment[LEWES_PAYMENT_BOUND_LEN]);

/* Example 5: a tunnel. */
void message_tunnel(struct lewes_answer *answer);

#endif
