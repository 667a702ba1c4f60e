/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KEM keys of gateways, so that the next first flight may be an early one (protocol.md 14). A cache
 * and nothing else: it may be deleted at any time, and what is damaged is removed. 256 keys at
 * most, those that were not used for the longest time go first.
 */
#ifndef LEWES_CLIENT_KEM_CACHE_H
#define LEWES_CLIENT_KEM_CACHE_H

#include <lewes/client.h>

/* Keys are filed by their digest under this hash. */
#define KEM_CACHE_HASH LEWES_HASH_BLAKE3

/* Finds the key of a digest, which it is sure to have; other hashes are never found. False: it is
 * not there, and `key` is untouched. */
bool kem_cache_get(const char *dir, const struct lewes_kem_digest *digest,
                   struct lewes_kem_public *key);

/* As well as it goes. */
void kem_cache_put(const char *dir, const struct lewes_kem_public *key);
void kem_cache_forget(const char *dir, const struct lewes_kem_digest *digest);

#endif
