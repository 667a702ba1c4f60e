/* SPDX-License-Identifier: Apache-2.0 */
#include "description/write.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "description/base64.h"
#include "description/names.h"
#include "host/words.h"

#define HEX_CAP (2 * LEWES_KEM_DIGEST_LEN + 1)

void description_of_identity(struct lewes_description *description,
                             const struct lewes_identity *identity)
{
    struct lewes_kem_public key;
    struct lewes_kem_digest digest;

    memset(description, 0, sizeof *description);
    description->identity = *lewes_identity_public(identity);
    for (size_t i = 0; i < LEWES_KEM_SUITES; i++) {
        struct lewes_description_suite *const suite =
            &description->suites[description->suite_count];

        if (lewes_identity_kem(identity, description_kems[i], &key) != LEWES_OK)
            continue;
        suite->kem = key.kem;
        for (unsigned hash = 0; hash < LEWES_HASHES; hash++)
            if (lewes_kem_digest(&digest, &key, (enum lewes_hash)hash) == LEWES_OK)
                memcpy(suite->digests[hash], digest.bytes, sizeof digest.bytes);
        description->suite_count++;
    }
}

/* Adds `value` to `object`, taking it over; a missing value stays missed. */
static bool put(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

/* ---- the inner text ---- */

/* The names of the bits of `set`; NULL without memory. */
static json_t *names_of(unsigned set, const char *const *names, size_t count)
{
    json_t *const list = json_array();

    for (size_t i = 0; i < count; i++) {
        if ((set >> i & 1) != 0 && json_array_append_new(list, json_string(names[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *digests_of(const struct lewes_description_suite *suite)
{
    json_t *const digests = json_object();
    char hex[HEX_CAP];

    for (size_t i = 0; i < LEWES_HASHES; i++) {
        hex_write(hex, suite->digests[i], LEWES_KEM_DIGEST_LEN);
        if (!put(digests, description_hashes[i], json_string(hex))) {
            json_decref(digests);
            return NULL;
        }
    }
    return digests;
}

static json_t *suite_of(const struct lewes_description_suite *suite)
{
    return json_pack("{s:i, s:s, s:o}", "generation", DESCRIPTION_GENERATION, "kem",
                     lewes_kem_name(suite->kem), "digests", digests_of(suite));
}

static json_t *suites_of(const struct lewes_description *description)
{
    json_t *const suites = json_array();

    for (size_t i = 0; i < description->suite_count; i++) {
        if (json_array_append_new(suites, suite_of(&description->suites[i])) != 0) {
            json_decref(suites);
            return NULL;
        }
    }
    return suites;
}

static json_t *port(uint16_t number)
{
    return number == 0 ? json_null() : json_integer(number);
}

/* The text that is signed, for free(); NULL without memory. */
static char *inner_text(const struct lewes_description *description)
{
    json_t *const root = json_object();
    char identity[LEWES_BASE58_CAP];
    char *text = NULL;

    lewes_base58_encode(identity, description->identity.bytes);
    if (put(root, "format", json_integer(DESCRIPTION_FORMAT)) &&
        put(root, "identity", json_string(identity)) &&
        put(root, "time", json_integer((json_int_t)description->time)) &&
        put(root, "expires", json_integer((json_int_t)description->expires)) &&
        put(root, "enabled", json_boolean(description->enabled)) &&
        put(root, "control_port", json_integer(description->control_port)) &&
        put(root, "data_port", port(description->data_port)) &&
        put(root, "modes", names_of(description->modes, description_modes, DESCRIPTION_MODES)) &&
        put(root, "ticket_types",
            names_of(description->ticket_types, ticket_type_names, TICKET_TYPES)) &&
        put(root, "generations", json_pack("[i]", DESCRIPTION_GENERATION)) &&
        put(root, "protocol_versions", json_pack("[i]", DESCRIPTION_PROTOCOL_VERSION)) &&
        put(root, "suites", suites_of(description)) &&
        put(root, "software",
            json_pack("{s:s, s:s}", "name", description->software_name, "version",
                      description->software_version)))
        text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* ---- the outer text ---- */

/* Base64 for free(), or NULL. */
static char *base64_of(const void *bytes, size_t len)
{
    char *const text = malloc(DESCRIPTION_BASE64_LEN(len) + 1);

    if (text != NULL)
        description_base64_encode(text, bytes, len);
    return text;
}

static char *outer_text(const struct lewes_description *description, const char *inner,
                        const uint8_t signature[LEWES_SIGNATURE_LEN])
{
    char *const signed_text = base64_of(inner, strlen(inner));
    char *const signature_text = base64_of(signature, LEWES_SIGNATURE_LEN);
    json_t *const root = json_object();
    char identity[LEWES_BASE58_CAP];
    char *text = NULL;

    lewes_base58_encode(identity, description->identity.bytes);
    if (signed_text != NULL && signature_text != NULL &&
        put(root, "enabled", json_boolean(description->enabled)) &&
        put(root, "control_port", json_integer(description->control_port)) &&
        put(root, "data_port", json_integer(description->data_port)) &&
        put(root, "signed", json_string(signed_text)) &&
        put(root, "signed_signature", json_string(signature_text)) &&
        put(root, "identity", json_string(identity)))
        text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    free(signature_text);
    free(signed_text);
    return text;
}

static bool same_suites(const struct lewes_description *a, const struct lewes_description *b)
{
    if (a->suite_count != b->suite_count)
        return false;
    for (size_t i = 0; i < a->suite_count; i++)
        if (a->suites[i].kem != b->suites[i].kem ||
            memcmp(a->suites[i].digests, b->suites[i].digests, sizeof a->suites[i].digests) != 0)
            return false;
    return true;
}

static bool same(const struct lewes_description *a, const struct lewes_description *b)
{
    return a->time == b->time && a->expires == b->expires && a->enabled == b->enabled &&
           a->control_port == b->control_port && a->data_port == b->data_port &&
           a->modes == b->modes && a->ticket_types == b->ticket_types && same_suites(a, b) &&
           strcmp(a->software_name, b->software_name) == 0 &&
           strcmp(a->software_version, b->software_version) == 0;
}

/* jansson's buffers lose what they have no memory for, and say nothing. */
static bool says(const char *text, const struct lewes_description *description)
{
    struct lewes_description found;

    return lewes_description_read(&found, text, strlen(text), &description->identity) ==
               LEWES_DESCRIPTION_OK &&
           same(&found, description);
}

char *description_write(const struct lewes_description *description,
                        const struct lewes_identity *identity, size_t *len)
{
    uint8_t signature[LEWES_SIGNATURE_LEN];
    char *const inner = inner_text(description);
    char *text = NULL;

    if (inner != NULL && lewes_description_sign(signature, identity, (const uint8_t *)inner,
                                                strlen(inner)) == LEWES_OK)
        text = outer_text(description, inner, signature);
    free(inner);
    if (text != NULL && !says(text, description)) {
        free(text);
        text = NULL;
    }
    if (text != NULL)
        *len = strlen(text);
    return text;
}
