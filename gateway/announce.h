/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway says about itself (gateway.md 13). */
#ifndef LEWES_GATEWAY_ANNOUNCE_H
#define LEWES_GATEWAY_ANNOUNCE_H

#include <lewes/keys.h>

#include "gateway/settings.h"

#define ANNOUNCE_LIFETIME 86400 /* seconds; gateway.md G13.2 */

struct announce_error {
    const char *text;
};

/*
 * Makes the self-description of a gateway with these settings.
 *
 * @param identity      answers every suite that is to be announced
 * @param unix_seconds  now
 * @param[out] error    set if the result is NULL: what is wrong, and what to do
 * @return a text for free(), or NULL
 */
char *announce_text(const struct settings *settings, const struct lewes_identity *identity,
                    uint64_t unix_seconds, struct announce_error *error);

#endif
