/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/salts.h"

#include <string.h>

#include "lib/base/env.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

#define FIRST_ENTRIES 256 /* grows by doubling, up to the cap */
#define NONE UINT32_MAX

struct digest {
    uint8_t bytes[16];
};

struct entry {
    struct digest digest;
    lewes_time until;
    uint32_t next; /* in its chain, or NONE */
};

/* A ring in the order of arrival, which is also that of expiry, and chains over it by digest. */
struct salts {
    struct lewes_env env;
    struct salts_caps caps;
    uint8_t key[32];
    struct entry *ring;
    uint32_t *chains; /* as many as the ring has entries, a power of two */
    uint32_t size;
    uint32_t first;
    uint32_t count;
};

static enum lewes_error make_table(struct salts *salts, uint32_t size)
{
    salts->ring = lewesi_allocate(&salts->env, size * sizeof *salts->ring);
    salts->chains = lewesi_allocate(&salts->env, size * sizeof *salts->chains);
    salts->size = size;
    salts->first = 0;
    salts->count = 0;
    if (salts->ring == NULL || salts->chains == NULL)
        return LEWES_ERROR_MEMORY;
    memset(salts->chains, 0xff, size * sizeof *salts->chains);
    return LEWES_OK;
}

static void drop_table(struct salts *salts)
{
    lewesi_release(&salts->env, salts->ring, salts->size * sizeof *salts->ring);
    lewesi_release(&salts->env, salts->chains, salts->size * sizeof *salts->chains);
}

enum lewes_error salts_new(struct salts **salts, const struct lewes_env *env,
                           const struct salts_caps *caps)
{
    enum lewes_error error = LEWES_ERROR_MEMORY;
    struct salts *new = lewesi_allocate(env, sizeof *new);
    if (new == NULL)
        return error;
    new->env = *env;
    new->caps = *caps;
    error = make_table(new, FIRST_ENTRIES);
    if (error != LEWES_OK)
        goto out;
    error = lewesi_random(env, new->key, sizeof new->key);
    if (error != LEWES_OK)
        goto out;
    *salts = new;
    new = NULL;
out:
    salts_free(new);
    return error;
}

void salts_free(struct salts *salts)
{
    if (salts == NULL)
        return;
    struct lewes_env env = salts->env;
    drop_table(salts);
    lewesi_release(&env, salts, sizeof *salts);
}

static struct digest digest_of(const struct salts *salts, const uint8_t salt[LEWES_SALT_LEN])
{
    uint8_t message[sizeof salts->key + LEWES_SALT_LEN];
    struct digest digest;
    memcpy(message, salts->key, sizeof salts->key);
    memcpy(message + sizeof salts->key, salt, LEWES_SALT_LEN);
    lewesi_blake3(digest.bytes, sizeof digest.bytes, (struct lewesi_span){message, sizeof message});
    return digest;
}

static uint32_t *chain_of(const struct salts *salts, const struct digest *digest)
{
    return &salts->chains[lewesi_load32le(digest->bytes) & (salts->size - 1)];
}

bool salts_seen(const struct salts *salts, const uint8_t salt[LEWES_SALT_LEN], lewes_time now)
{
    struct digest digest = digest_of(salts, salt);
    for (uint32_t at = *chain_of(salts, &digest); at != NONE; at = salts->ring[at].next) {
        const struct entry *entry = &salts->ring[at];
        if (entry->until > now && memcmp(&entry->digest, &digest, sizeof digest) == 0)
            return true;
    }
    return false;
}

static void forget_oldest(struct salts *salts)
{
    uint32_t oldest = salts->first;
    uint32_t *link = chain_of(salts, &salts->ring[oldest].digest);
    while (*link != oldest)
        link = &salts->ring[*link].next;
    *link = salts->ring[oldest].next;
    salts->first = (oldest + 1) & (salts->size - 1);
    salts->count--;
}

static void append(struct salts *salts, const struct digest *digest, lewes_time until)
{
    uint32_t at = (salts->first + salts->count) & (salts->size - 1);
    uint32_t *chain = chain_of(salts, digest);
    salts->ring[at] = (struct entry){.digest = *digest, .until = until, .next = *chain};
    *chain = at;
    salts->count++;
}

static enum lewes_error grow(struct salts *salts)
{
    struct salts old = *salts;
    enum lewes_error error = make_table(salts, old.size * 2);
    if (error != LEWES_OK) {
        drop_table(salts);
        *salts = old;
        goto out;
    }
    for (uint32_t i = 0; i < old.count; i++) {
        const struct entry *entry = &old.ring[(old.first + i) & (old.size - 1)];
        append(salts, &entry->digest, entry->until);
    }
    drop_table(&old);
out:
    lewesi_wipe(&old, sizeof old);
    return error;
}

enum lewes_error salts_add(struct salts *salts, const uint8_t salt[LEWES_SALT_LEN], lewes_time now)
{
    while (salts->count > 0 && salts->ring[salts->first].until <= now)
        forget_oldest(salts);
    if (salts->count >= salts->caps.salts)
        forget_oldest(salts);
    if (salts->count == salts->size) {
        enum lewes_error error = grow(salts);
        if (error != LEWES_OK)
            return error;
    }
    struct digest digest = digest_of(salts, salt);
    append(salts, &digest, now + salts->caps.memory_ms);
    return LEWES_OK;
}

uint32_t salts_count(const struct salts *salts)
{
    return salts->count;
}
