/* SPDX-License-Identifier: Apache-2.0 */
#include "client/suites.h"

enum suites_status suites_choose(struct hop_suites *suites,
                                 const struct lewes_register_options *options,
                                 const struct lewes_hop_options *hop, uint64_t unix_seconds)
{
    (void)hop, (void)unix_seconds;
    if (options->require_pq)
        return SUITES_NO_PQ;
    *suites = (struct hop_suites){.list = {{.kem = LEWES_KEM_X25519}}, .count = 1};
    return SUITES_OK;
}
