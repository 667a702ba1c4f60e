/* SPDX-License-Identifier: Apache-2.0 */
/* What a gateway says about itself: verified as it came, then read (gateway.md G13.1, G13.2). */
#include <lewes/description.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "description/base64.h"
#include "description/names.h"
#include "host/environment.h"
#include "host/words.h"

#define INNER_MAX (LEWES_DESCRIPTION_MAX / 4 * 3)
#define PORT_MAX 65535

/* ---- values ---- */

static bool read_number(const json_t *object, const char *name, json_int_t least, json_int_t most,
                        json_int_t *value)
{
    const json_t *const member = json_object_get(object, name);

    *value = json_integer_value(member);
    return json_is_integer(member) && *value >= least && *value <= most;
}

static bool read_time(const json_t *object, const char *name, uint64_t *time)
{
    json_int_t value;

    if (!read_number(object, name, 0, INT64_MAX, &value))
        return false;
    *time = (uint64_t)value;
    return true;
}

static bool read_port(const json_t *object, const char *name, uint16_t *port)
{
    json_int_t value;

    if (!read_number(object, name, 1, PORT_MAX, &value))
        return false;
    *port = (uint16_t)value;
    return true;
}

static bool read_bool(const json_t *object, const char *name, bool *value)
{
    const json_t *const member = json_object_get(object, name);

    *value = json_is_true(member);
    return json_is_boolean(member);
}

/* A short text for people, without control characters: it ends up on terminals. */
static bool read_text(const json_t *object, const char *name, char out[LEWES_SOFTWARE_CAP])
{
    const json_t *const member = json_object_get(object, name);
    const size_t len = json_string_length(member);

    if (!json_is_string(member) || len >= LEWES_SOFTWARE_CAP)
        return false;
    memcpy(out, json_string_value(member), len + 1);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
            return false;
    return true;
}

static bool read_identity(const json_t *object, struct lewes_ed25519_public *identity)
{
    const json_t *const member = json_object_get(object, "identity");

    return json_is_string(member) && lewes_base58_decode(identity->bytes, json_string_value(member),
                                                         json_string_length(member)) == LEWES_OK;
}

/* A list of words; the known ones become bits, others are of a later version. */
static bool read_set(const json_t *object, const char *name, const char *const *names, size_t count,
                     unsigned *set)
{
    const json_t *const list = json_object_get(object, name);
    const json_t *word;
    size_t i;

    *set = 0;
    json_array_foreach(list, i, word)
    {
        if (!json_is_string(word))
            return false;
        for (size_t j = 0; j < count; j++)
            if (strcmp(json_string_value(word), names[j]) == 0)
                *set |= 1u << j;
    }
    return json_is_array(list);
}

/* A list of numbers that has to hold `wanted`. */
static bool read_numbers(const json_t *object, const char *name, json_int_t wanted)
{
    const json_t *const list = json_object_get(object, name);
    const json_t *number;
    bool found = false;
    size_t i;

    json_array_foreach(list, i, number)
    {
        if (!json_is_integer(number))
            return false;
        found = found || json_integer_value(number) == wanted;
    }
    return found;
}

/* ---- suites ---- */

static bool read_digest(const json_t *digests, const char *name, uint8_t out[LEWES_KEM_DIGEST_LEN])
{
    const json_t *const member = json_object_get(digests, name);

    return json_is_string(member) &&
           json_string_length(member) == (size_t)2 * LEWES_KEM_DIGEST_LEN &&
           hex_read(out, LEWES_KEM_DIGEST_LEN, json_string_value(member)) == LEWES_KEM_DIGEST_LEN;
}

/* The suite of this name and generation, or false: it is of a later version. */
static bool find_kem(const char *name, json_int_t generation, enum lewes_kem *kem)
{
    if (generation != DESCRIPTION_GENERATION)
        return false;
    for (size_t i = 0; i < LEWES_KEM_SUITES; i++) {
        if (strcmp(lewes_kem_name(description_kems[i]), name) == 0) {
            *kem = description_kems[i];
            return true;
        }
    }
    return false;
}

static const struct lewes_description_suite *find_suite(const struct lewes_description *description,
                                                        enum lewes_kem kem)
{
    for (size_t i = 0; i < description->suite_count; i++)
        if (description->suites[i].kem == kem)
            return &description->suites[i];
    return NULL;
}

static bool read_suite(const json_t *object, struct lewes_description *description)
{
    const json_t *const name = json_object_get(object, "kem");
    const json_t *const digests = json_object_get(object, "digests");
    struct lewes_description_suite *suite;
    json_int_t generation;
    enum lewes_kem kem;

    if (!read_number(object, "generation", 0, INT64_MAX, &generation) || !json_is_string(name) ||
        !json_is_object(digests))
        return false;
    if (!find_kem(json_string_value(name), generation, &kem))
        return true;
    if (find_suite(description, kem) != NULL)
        return false;
    suite = &description->suites[description->suite_count++];
    suite->kem = kem;
    for (size_t i = 0; i < LEWES_HASHES; i++)
        if (!read_digest(digests, description_hashes[i], suite->digests[i]))
            return false;
    return true;
}

static bool read_suites(const json_t *root, struct lewes_description *description)
{
    const json_t *const list = json_object_get(root, "suites");
    const json_t *suite;
    size_t i;

    json_array_foreach(list, i, suite)
    {
        if (!read_suite(suite, description))
            return false;
    }
    return json_is_array(list);
}

/* ---- texts ---- */

static enum lewes_description_status load(json_t **root, const char *text, size_t len)
{
    json_error_t error = {.line = 0}; /* not always set */

    *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (*root != NULL)
        return LEWES_DESCRIPTION_OK;
    /* jansson has a word for every fault of a text, and seldom one for its own. */
    return json_error_code(&error) == json_error_unknown ||
                   json_error_code(&error) == json_error_out_of_memory
               ? LEWES_DESCRIPTION_MEMORY
               : LEWES_DESCRIPTION_MALFORMED;
}

static bool read_data_port(const json_t *root, uint16_t *port)
{
    *port = 0;
    return json_is_null(json_object_get(root, "data_port")) || read_port(root, "data_port", port);
}

static bool read_software(const json_t *root, struct lewes_description *description)
{
    const json_t *const software = json_object_get(root, "software");

    return read_text(software, "name", description->software_name) &&
           read_text(software, "version", description->software_version);
}

static bool read_members(const json_t *root, struct lewes_description *description)
{
    json_int_t format;

    return read_number(root, "format", DESCRIPTION_FORMAT, DESCRIPTION_FORMAT, &format) &&
           read_identity(root, &description->identity) &&
           read_time(root, "time", &description->time) &&
           read_time(root, "expires", &description->expires) &&
           description->time <= description->expires &&
           read_bool(root, "enabled", &description->enabled) &&
           read_port(root, "control_port", &description->control_port) &&
           read_data_port(root, &description->data_port) &&
           read_set(root, "modes", description_modes, DESCRIPTION_MODES, &description->modes) &&
           read_set(root, "ticket_types", ticket_type_names, TICKET_TYPES,
                    &description->ticket_types) &&
           read_numbers(root, "generations", DESCRIPTION_GENERATION) &&
           read_numbers(root, "protocol_versions", DESCRIPTION_PROTOCOL_VERSION) &&
           read_suites(root, description) && read_software(root, description);
}

static enum lewes_description_status read_inner(struct lewes_description *description,
                                                const uint8_t *text, size_t len,
                                                const struct lewes_ed25519_public *gateway)
{
    struct lewes_description found;
    json_t *root;
    enum lewes_description_status status = load(&root, (const char *)text, len);

    if (status != LEWES_DESCRIPTION_OK)
        return status;
    memset(&found, 0, sizeof found);
    if (!read_members(root, &found))
        status = LEWES_DESCRIPTION_MALFORMED;
    else if (memcmp(&found.identity, gateway, sizeof found.identity) != 0)
        status = LEWES_DESCRIPTION_IDENTITY;
    else
        *description = found;
    json_decref(root);
    return status;
}

/* ---- signature ---- */

static bool decode(const json_t *root, const char *name, uint8_t *out, size_t cap, size_t *len)
{
    const json_t *const member = json_object_get(root, name);

    return json_is_string(member) &&
           description_base64_decode(out, cap, len, json_string_value(member),
                                     json_string_length(member));
}

static enum lewes_description_status verify(const uint8_t signature[LEWES_SIGNATURE_LEN],
                                            const struct lewes_ed25519_public *gateway,
                                            const uint8_t *text, size_t len)
{
    struct lewes_env env;
    enum lewes_error error;

    host_environment(&env);
    error = lewes_description_verify(signature, gateway, text, len, &env);
    if (error == LEWES_ERROR_MEMORY)
        return LEWES_DESCRIPTION_MEMORY;
    return error == LEWES_OK ? LEWES_DESCRIPTION_OK : LEWES_DESCRIPTION_SIGNATURE;
}

/* `inner` has room for INNER_MAX bytes. */
static enum lewes_description_status read_outer(struct lewes_description *description,
                                                const json_t *root, uint8_t *inner,
                                                const struct lewes_ed25519_public *gateway)
{
    uint8_t signature[LEWES_SIGNATURE_LEN];
    struct lewes_ed25519_public claimed;
    enum lewes_description_status status;
    size_t inner_len, signature_len;

    if (!read_identity(root, &claimed) || !decode(root, "signed", inner, INNER_MAX, &inner_len) ||
        !decode(root, "signed_signature", signature, sizeof signature, &signature_len) ||
        signature_len != sizeof signature)
        return LEWES_DESCRIPTION_MALFORMED;
    if (memcmp(&claimed, gateway, sizeof claimed) != 0)
        return LEWES_DESCRIPTION_IDENTITY; /* which says more than "not signed by" */
    status = verify(signature, gateway, inner, inner_len);
    return status == LEWES_DESCRIPTION_OK ? read_inner(description, inner, inner_len, gateway)
                                          : status;
}

enum lewes_description_status lewes_description_read(struct lewes_description *description,
                                                     const char *text, size_t len,
                                                     const struct lewes_ed25519_public *gateway)
{
    enum lewes_description_status status;
    json_t *root = NULL;
    uint8_t *inner;

    if (len > LEWES_DESCRIPTION_MAX)
        return LEWES_DESCRIPTION_MALFORMED;
    status = load(&root, text, len);
    if (status != LEWES_DESCRIPTION_OK)
        return status;
    inner = malloc(INNER_MAX);
    status =
        inner == NULL ? LEWES_DESCRIPTION_MEMORY : read_outer(description, root, inner, gateway);
    free(inner);
    json_decref(root);
    return status;
}

const uint8_t *lewes_description_digest(const struct lewes_description *description,
                                        enum lewes_kem kem, enum lewes_hash hash)
{
    const struct lewes_description_suite *const suite = find_suite(description, kem);

    return suite == NULL || (unsigned)hash >= LEWES_HASHES ? NULL : suite->digests[hash];
}
