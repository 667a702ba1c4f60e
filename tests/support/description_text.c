/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/description_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "description/base64.h"
#include "tests/support/env.h"

#define IDENTITIES 4

static struct test_env envs[IDENTITIES]; /* outlive the identities */
static size_t env_count;

struct lewes_identity *description_identity(uint8_t fill)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
    struct lewes_identity *identity = NULL;
    struct lewes_ed25519_seed seed;
    struct lewes_kem_seed kem_seed;

    assert_true(env_count < IDENTITIES);
    struct test_env *const test = &envs[env_count++];
    test_env_init(test, 1);
    memset(seed.bytes, fill, sizeof seed.bytes);
    memset(kem_seed.bytes, fill + 1, sizeof kem_seed.bytes);
    assert_int_equal(lewes_identity_new(&identity, &test->env, &seed), LEWES_OK);
    for (size_t i = 0; i < sizeof kems / sizeof kems[0]; i++)
        assert_int_equal(lewes_identity_add_kem(identity, kems[i], &kem_seed), LEWES_OK);
    return identity;
}

static json_t *hex_of(const uint8_t *bytes, size_t len)
{
    char text[2 * LEWES_KEM_DIGEST_LEN + 1];

    assert_true(len <= LEWES_KEM_DIGEST_LEN);
    for (size_t i = 0; i < len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_string(text);
}

static json_t *digest_of(const struct lewes_kem_public *key, enum lewes_hash hash)
{
    struct lewes_kem_digest digest;

    assert_int_equal(lewes_kem_digest(&digest, key, hash), LEWES_OK);
    return hex_of(digest.bytes, sizeof digest.bytes);
}

static json_t *suite_of(const struct lewes_identity *identity, enum lewes_kem kem, const char *name)
{
    struct lewes_kem_public key;

    assert_int_equal(lewes_identity_kem(identity, kem, &key), LEWES_OK);
    return json_pack("{s:i, s:s, s:{s:o, s:o, s:o, s:o}}", "generation", 1, "kem", name, "digests",
                     "blake3", digest_of(&key, LEWES_HASH_BLAKE3), "sha3_256",
                     digest_of(&key, LEWES_HASH_SHA3_256), "shake128",
                     digest_of(&key, LEWES_HASH_SHAKE128), "shake256",
                     digest_of(&key, LEWES_HASH_SHAKE256));
}

json_t *description_inner(const struct lewes_identity *identity)
{
    char name[LEWES_BASE58_CAP];
    json_t *inner;

    lewes_base58_encode(name, lewes_identity_public(identity)->bytes);
    inner =
        json_pack("{s:i, s:s, s:I, s:I, s:b, s:i, s:n, s:[s], s:[s,s], s:[i], s:[i],"
                  " s:[o,o,o], s:{s:s, s:s}}",
                  "format", 1, "identity", name, "time", (json_int_t)1768384800, "expires",
                  (json_int_t)1768471200, "enabled", 1, "control_port", 41264, "data_port", "modes",
                  "dvpn", "ticket_types", "wg-entry", "wg-exit", "generations", 1,
                  "protocol_versions", 1, "suites", suite_of(identity, LEWES_KEM_X25519, "x25519"),
                  suite_of(identity, LEWES_KEM_MLKEM768, "mlkem768"),
                  suite_of(identity, LEWES_KEM_XWING, "xwing"), "software", "name", "lewesd",
                  "version", "9.8.7");
    assert_non_null(inner);
    return inner;
}

static json_t *base64_of(const void *bytes, size_t len)
{
    char *const text = malloc(DESCRIPTION_BASE64_LEN(len) + 1);
    json_t *string;

    assert_non_null(text);
    description_base64_encode(text, bytes, len);
    string = json_string(text);
    free(text);
    return string;
}

json_t *description_outer(const struct lewes_identity *identity, const char *inner)
{
    uint8_t signature[LEWES_SIGNATURE_LEN];
    char name[LEWES_BASE58_CAP];
    json_t *outer;

    lewes_base58_encode(name, lewes_identity_public(identity)->bytes);
    assert_int_equal(
        lewes_description_sign(signature, identity, (const uint8_t *)inner, strlen(inner)),
        LEWES_OK);
    outer = json_pack("{s:b, s:i, s:i, s:o, s:o, s:s}", "enabled", 1, "control_port", 41264,
                      "data_port", 0, "signed", base64_of(inner, strlen(inner)), "signed_signature",
                      base64_of(signature, sizeof signature), "identity", name);
    assert_non_null(outer);
    return outer;
}

enum lewes_description_status description_try_text(const char *text, size_t len,
                                                   const struct lewes_ed25519_public *gateway,
                                                   struct lewes_description *found)
{
    struct lewes_description before;
    enum lewes_description_status status;
    char *const copy = malloc(len == 0 ? 1 : len);

    assert_non_null(copy);
    memcpy(copy, text, len);
    memset(&before, 0x55, sizeof before);
    memset(found, 0x55, sizeof *found);
    status = lewes_description_read(found, copy, len, gateway);
    if (status != LEWES_DESCRIPTION_OK)
        assert_memory_equal(found, &before, sizeof before);
    free(copy);
    return status;
}

enum lewes_description_status description_try(const json_t *outer,
                                              const struct lewes_ed25519_public *gateway,
                                              struct lewes_description *found)
{
    char *const text = json_dumps(outer, JSON_COMPACT);
    enum lewes_description_status status;

    assert_non_null(text);
    status = description_try_text(text, strlen(text), gateway, found);
    free(text);
    return status;
}

enum lewes_description_status description_try_inner(const json_t *inner,
                                                    const struct lewes_identity *identity,
                                                    struct lewes_description *found)
{
    char *const text = json_dumps(inner, JSON_COMPACT);
    enum lewes_description_status status;
    json_t *outer;

    assert_non_null(text);
    outer = description_outer(identity, text);
    status = description_try(outer, lewes_identity_public(identity), found);
    json_decref(outer);
    free(text);
    return status;
}
