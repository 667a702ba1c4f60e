/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/session/session_derand.h"

enum lewes_error
lewesi_session_new_derand(struct lewes_session **session, const struct lewes_env *env,
                          const struct lewes_session_config *config,
                          const struct lewesi_session_params *params, lewes_time now)
{
    return lewesi_session_make(session, env, config, params, now);
}

void lewesi_original_counters(struct lewesi_session_params *params, enum lewes_role role)
{
    params->first_counter = role == LEWES_INITIATOR ? 2 : 1;
    params->original_counters = true;
}
