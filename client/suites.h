/* SPDX-License-Identifier: Apache-2.0 */
/* Which KEM suites a hop may use, best first. */
#ifndef LEWES_CLIENT_SUITES_H
#define LEWES_CLIENT_SUITES_H

#include <lewes/client.h>

struct hop_suites {
    struct lewes_suite list[LEWES_KEM_SUITES]; /* points into this structure */
    size_t count;
    struct lewes_kem_digest digests[LEWES_KEM_SUITES];
    struct lewes_kem_public keys[LEWES_KEM_SUITES];
};

enum suites_status {
    SUITES_OK,
    SUITES_NOT_OFFERED, /* the chosen suite is not in the description */
    SUITES_NO_PQ,       /* post-quantum is required, and none is known */
    SUITES_EXPIRED      /* the description is too old */
};

enum suites_status suites_choose(struct hop_suites *suites,
                                 const struct lewes_register_options *options,
                                 const struct lewes_hop_options *hop, uint64_t unix_seconds);

#endif
