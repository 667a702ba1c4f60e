/* SPDX-License-Identifier: Apache-2.0 */
/* What a gateway's self-description means for a handshake: the suites, best first, and the time
 * (protocol.md 7, registration.md 7.2). */
#ifndef LEWES_CLIENT_SUITES_H
#define LEWES_CLIENT_SUITES_H

#include <lewes/client.h>

/* Not to be copied: `list` points into it. */
struct hop_suites {
    struct lewes_suite list[LEWES_KEM_SUITES];
    size_t count;
    struct lewes_kem_digest digests[LEWES_KEM_SUITES];
    struct lewes_kem_public keys[LEWES_KEM_SUITES]; /* from the cache */
};

enum suites_status {
    SUITES_OK,
    SUITES_NOT_OFFERED, /* the chosen suite is not in the description, or there is none */
    SUITES_NO_PQ,       /* post-quantum is required, and nothing post-quantum is known */
    SUITES_EXPIRED      /* the description is too old to pin keys with */
};

/* Empty unless OK. `auto` takes X-Wing before ML-KEM-768 before X25519, of those that the
 * description names; without one X25519, which every gateway has. */
enum suites_status suites_choose(struct hop_suites *suites,
                                 const struct lewes_register_options *options,
                                 const struct lewes_hop_options *hop, uint64_t unix_seconds);

/* Seconds to add to this machine's clock, 0 if it seems right. A description that was signed in
 * the future shows that the clock is behind; that it is ahead can be seen only if the caller says
 * that the description was made just now. */
int64_t suites_clock_offset(const struct lewes_hop_options *hop, uint64_t unix_seconds);

#endif
