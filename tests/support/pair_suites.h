/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs whose gateway serves more than X25519, and whose client accepts it. */
#ifndef TESTS_SUPPORT_PAIR_SUITES_H
#define TESTS_SUPPORT_PAIR_SUITES_H

#include "tests/support/pair.h"

#define PAIR_KINDS 6

/* Between pair_init and pair_start: a key pair for a suite other than X25519. */
void pair_serve(struct pair *pair, enum lewes_kem kem);
/* Between pair_init and pair_start: the next best suite, with a digest of the gateway's key (a
 * made-up one if it has no key), and the key itself if it is known. */
void pair_accept(struct pair *pair, enum lewes_kem kem, enum lewes_hash hash, bool key_known);

/* Every way of shaking hands. */
struct pair_kind {
    enum lewes_kem kem;
    bool early; /* with a known key */
};
extern const struct pair_kind pair_kinds[PAIR_KINDS];

/* pair_init, and what `kind` needs. */
void pair_init_kind(struct pair *pair, const struct pair_kind *kind);
/* The same, pair_start and pair_advance. */
void pair_open_kind(struct pair *pair, const struct pair_kind *kind, unsigned messages);

#endif
