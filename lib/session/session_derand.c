/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/session/session_derand.h"

enum lewes_error
lewesi_session_new_derand(struct lewes_session **session, const struct lewes_env *env,
                          const struct lewes_session_config *config,
                          const struct lewesi_session_params *params, lewes_time now)
{
    return lewesi_session_make(session, env, config, params, now);
}

enum lewes_error lewesi_session_rekey_derand(struct lewes_session *session,
                                             const struct lewesi_rekey_params *params,
                                             lewes_time now)
{
    return lewesi_rekey_begin(session, params, now);
}

enum lewes_error lewesi_session_read_derand(struct lewes_session *session,
                                            const struct lewesi_rekey_params *params,
                                            uint8_t *packet, size_t len, struct lewes_event *event)
{
    return lewesi_session_receive(session, packet, len,
                                  &(struct lewesi_incoming){.event = event, .rekey = params});
}

void lewesi_original_counters(struct lewesi_session_params *params, enum lewes_role role)
{
    params->first_counter = role == LEWES_INITIATOR ? 2 : 1;
    params->original_counters = true;
}
