/* SPDX-License-Identifier: Apache-2.0 */
/* The deterministic twins of what draws, for recorded transcripts; never exported. */
#ifndef LEWESI_SESSION_SESSION_DERAND_H
#define LEWESI_SESSION_SESSION_DERAND_H

#include "lib/session/session_internal.h"

/* As lewes_session_new(), but nothing is drawn: `params` has it all. */
LEWES_MUST_USE enum lewes_error
lewesi_session_new_derand(struct lewes_session **session, const struct lewes_env *env,
                          const struct lewes_session_config *config,
                          const struct lewesi_session_params *params, lewes_time now);

/* As lewes_session_rekey(). */
LEWES_MUST_USE enum lewes_error
lewesi_session_rekey_derand(struct lewes_session *session, const struct lewesi_rekey_params *params,
                            lewes_time now);

/* As lewes_session_read() at the time 0; `params` answer a KK1. */
LEWES_MUST_USE enum lewes_error
lewesi_session_read_derand(struct lewes_session *session, const struct lewesi_rekey_params *params,
                           uint8_t *packet, size_t len, struct lewes_event *event);

/* The profile "original counters": columns "original" of protocol.md 6. */
void lewesi_original_counters(struct lewesi_session_params *params, enum lewes_role role);

#endif
