/* SPDX-License-Identifier: Apache-2.0 */
/* The deterministic twin of lewes_session_new(), for recorded transcripts; never exported. */
#ifndef LEWESI_SESSION_SESSION_DERAND_H
#define LEWESI_SESSION_SESSION_DERAND_H

#include "lib/session/session_internal.h"

/* As lewes_session_new(), but nothing is drawn: `params` has it all. */
LEWES_MUST_USE enum lewes_error
lewesi_session_new_derand(struct lewes_session **session, const struct lewes_env *env,
                          const struct lewes_session_config *config,
                          const struct lewesi_session_params *params, lewes_time now);

/* The profile "original counters": columns "original" of protocol.md 6. */
void lewesi_original_counters(struct lewesi_session_params *params, enum lewes_role role);

#endif
