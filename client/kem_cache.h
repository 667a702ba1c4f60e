/* SPDX-License-Identifier: Apache-2.0 */
/* KEM keys of gateways by their digests, so that the next first flight may be early. */
#ifndef LEWES_CLIENT_KEM_CACHE_H
#define LEWES_CLIENT_KEM_CACHE_H

#include <lewes/client.h>

bool kem_cache_get(const char *dir, const struct lewes_kem_digest *digest,
                   struct lewes_kem_public *key);
/* As well as it goes. */
void kem_cache_put(const char *dir, const struct lewes_kem_public *key);
void kem_cache_forget(const char *dir, const struct lewes_kem_digest *digest);

#endif
