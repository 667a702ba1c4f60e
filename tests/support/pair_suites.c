/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pair_suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct pair_kind pair_kinds[PAIR_KINDS] = {
    {LEWES_KEM_X25519, false}, {LEWES_KEM_MLKEM768, false}, {LEWES_KEM_XWING, false},
    {LEWES_KEM_X25519, true},  {LEWES_KEM_MLKEM768, true},  {LEWES_KEM_XWING, true},
};

void pair_serve(struct pair *pair, enum lewes_kem kem)
{
    struct lewes_kem_seed seed;

    memset(seed.bytes, 0x60 + (int)kem, sizeof seed.bytes);
    assert_int_equal(lewes_identity_add_kem(pair->gateway, kem, &seed), LEWES_OK);
}

void pair_accept(struct pair *pair, enum lewes_kem kem, enum lewes_hash hash, bool key_known)
{
    const size_t i = pair->suite_count++;
    struct lewes_kem_public *const key = &pair->keys[i];

    assert_true(i < LEWES_KEM_SUITES);
    pair->digests[i] = (struct lewes_kem_digest){.kem = kem, .hash = hash, .bytes = {0xd1}};
    if (lewes_identity_kem(pair->gateway, kem, key) == LEWES_OK)
        assert_int_equal(lewes_kem_digest(&pair->digests[i], key, hash), LEWES_OK);
    else
        assert_false(key_known);
    pair->suites[i] = (struct lewes_suite){
        .kem = kem, .digest = &pair->digests[i], .key = key_known ? key : NULL};
}

void pair_init_kind(struct pair *pair, const struct pair_kind *kind)
{
    pair_init(pair, 1);
    if (kind->kem != LEWES_KEM_X25519)
        pair_serve(pair, kind->kem);
    pair_accept(pair, kind->kem, LEWES_HASH_BLAKE3, kind->early);
    pair->early = kind->early;
}

void pair_open_kind(struct pair *pair, const struct pair_kind *kind, unsigned messages)
{
    pair_init_kind(pair, kind);
    pair_start(pair);
    pair_advance(pair, messages);
}
