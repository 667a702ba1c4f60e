/* SPDX-License-Identifier: Apache-2.0 */
#include "client/suites.h"

#include <string.h>

#include "client/kem_cache.h"

#define OFFSET_MIN 10                          /* seconds, registration.md 7.2 */
#define OFFSET_MAX (50LL * 365 * 24 * 60 * 60) /* more is nonsense */

static void add(struct hop_suites *suites, enum lewes_kem kem)
{
    suites->list[suites->count++].kem = kem;
}

/* A suite that the description names, with its digest, and its key if the cache has it. */
static bool add_described(struct hop_suites *suites, const struct lewes_description *description,
                          enum lewes_kem kem, const char *cache)
{
    size_t i = suites->count;
    struct lewes_kem_digest *digest = &suites->digests[i];
    const uint8_t *bytes = lewes_description_digest(description, kem, KEM_CACHE_HASH);
    if (!bytes)
        return false;
    add(suites, kem);
    *digest = (struct lewes_kem_digest){.kem = kem, .hash = KEM_CACHE_HASH};
    memcpy(digest->bytes, bytes, sizeof digest->bytes);
    suites->list[i].digest = digest;
    if (kem != LEWES_KEM_X25519 && cache && kem_cache_get(cache, digest, &suites->keys[i]))
        suites->list[i].key = &suites->keys[i];
    return true;
}

static enum suites_status
choose_one(struct hop_suites *suites, const struct lewes_register_options *options,
           const struct lewes_description *description, enum lewes_kem kem)
{
    if (options->require_pq && !lewes_kem_is_post_quantum(kem))
        return SUITES_NO_PQ;
    if (description)
        return add_described(suites, description, kem, options->cache) ? SUITES_OK
                                                                       : SUITES_NOT_OFFERED;
    if (kem != LEWES_KEM_X25519)
        return SUITES_NOT_OFFERED; /* without a digest, whose key it is cannot be told (P25.8) */
    add(suites, kem);
    return SUITES_OK;
}

static enum suites_status choose_best(struct hop_suites *suites,
                                      const struct lewes_register_options *options,
                                      const struct lewes_description *description)
{
    static const enum lewes_kem by_strength[] = {LEWES_KEM_XWING, LEWES_KEM_MLKEM768,
                                                 LEWES_KEM_X25519};
    for (size_t i = 0; description && i < LEWES_KEM_SUITES; i++)
        if (!options->require_pq || lewes_kem_is_post_quantum(by_strength[i]))
            add_described(suites, description, by_strength[i], options->cache);
    if (suites->count > 0)
        return SUITES_OK;
    if (options->require_pq)
        return SUITES_NO_PQ;
    add(suites, LEWES_KEM_X25519);
    return SUITES_OK;
}

enum suites_status suites_choose(struct hop_suites *suites,
                                 const struct lewes_register_options *options,
                                 const struct lewes_hop_options *hop, uint64_t unix_seconds)
{
    const struct lewes_description *description = hop->description;
    memset(suites, 0, sizeof *suites);
    if (description && description->expires <= unix_seconds)
        return SUITES_EXPIRED;
    switch (options->kem) {
    case LEWES_CHOOSE_X25519:
        return choose_one(suites, options, description, LEWES_KEM_X25519);
    case LEWES_CHOOSE_MLKEM768:
        return choose_one(suites, options, description, LEWES_KEM_MLKEM768);
    case LEWES_CHOOSE_XWING:
        return choose_one(suites, options, description, LEWES_KEM_XWING);
    case LEWES_CHOOSE_AUTO:
        break;
    }
    return choose_best(suites, options, description);
}

int64_t suites_clock_offset(const struct lewes_hop_options *hop, uint64_t unix_seconds)
{
    if (!hop->description)
        return 0;
    int64_t offset = (int64_t)(hop->description->time - unix_seconds);
    bool behind = offset > OFFSET_MIN && offset <= OFFSET_MAX;
    bool ahead = hop->description_is_new && offset < -OFFSET_MIN && offset >= -OFFSET_MAX;
    return behind || ahead ? offset : 0;
}
