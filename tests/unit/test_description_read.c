/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a gateway's self-description (gateway.md 13, T13 1 and 2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/registration.h>

#include "tests/support/description_text.h"

static struct lewes_identity *identity, *other;
static const struct lewes_ed25519_public *gateway;
static struct lewes_description found;

static int make_identities(void **state)
{
    (void)state;
    identity = description_identity(0x22);
    other = description_identity(0x33);
    gateway = lewes_identity_public(identity);
    return 0;
}

static int free_identities(void **state)
{
    (void)state;
    lewes_identity_free(identity);
    lewes_identity_free(other);
    return 0;
}

static enum lewes_description_status try_inner(const json_t *inner)
{
    return description_try_inner(inner, identity, &found);
}

/* The outer text of the ordinary description, for free(). */
static char *ordinary(size_t *len)
{
    json_t *const inner = description_inner(identity);
    char *const inner_text = json_dumps(inner, JSON_COMPACT);
    json_t *const outer = description_outer(identity, inner_text);
    char *const text = json_dumps(outer, JSON_COMPACT);

    assert_non_null(text);
    *len = strlen(text);
    json_decref(outer);
    free(inner_text);
    json_decref(inner);
    return text;
}

static void everything_in_it_is_found(void **state)
{
    size_t len;
    char *const text = ordinary(&len);

    (void)state;
    assert_int_equal(description_try_text(text, len, gateway, &found), LEWES_DESCRIPTION_OK);
    assert_memory_equal(&found.identity, gateway, sizeof found.identity);
    assert_int_equal(found.time, 1768384800);
    assert_int_equal(found.expires, 1768471200);
    assert_true(found.enabled);
    assert_int_equal(found.control_port, 41264);
    assert_int_equal(found.data_port, 0);
    assert_int_equal(found.modes, 1u << LEWES_MODE_DVPN);
    assert_int_equal(found.ticket_types, 1u << LEWES_TICKET_WG_ENTRY | 1u << LEWES_TICKET_WG_EXIT);
    assert_string_equal(found.software_name, "lewesd");
    assert_string_equal(found.software_version, "9.8.7");
    free(text);
}

static void the_digests_are_those_of_the_keys(void **state)
{
    static const enum lewes_kem kems[] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
    size_t len;
    char *const text = ordinary(&len);

    (void)state;
    assert_int_equal(description_try_text(text, len, gateway, &found), LEWES_DESCRIPTION_OK);
    assert_int_equal(found.suite_count, 3);
    for (size_t i = 0; i < 3; i++) {
        struct lewes_kem_public key;
        struct lewes_kem_digest digest;

        assert_int_equal(lewes_identity_kem(identity, kems[i], &key), LEWES_OK);
        for (unsigned hash = 0; hash < LEWES_HASHES; hash++) {
            assert_int_equal(lewes_kem_digest(&digest, &key, (enum lewes_hash)hash), LEWES_OK);
            assert_memory_equal(lewes_description_digest(&found, kems[i], (enum lewes_hash)hash),
                                digest.bytes, sizeof digest.bytes);
        }
        assert_null(lewes_description_digest(&found, kems[i], (enum lewes_hash)LEWES_HASHES));
    }
    assert_null(lewes_description_digest(&found, (enum lewes_kem)2, LEWES_HASH_BLAKE3));
    free(text);
}

/* T13.1 */
static void the_order_of_the_keys_does_not_matter(void **state)
{
    json_t *const inner = description_inner(identity);
    json_t *const reversed = json_object();
    const char *names[32];
    json_t *value;
    const char *name;
    size_t count = 0;

    (void)state;
    json_object_foreach(inner, name, value) names[count++] = name;
    while (count-- > 0)
        assert_int_equal(
            json_object_set(reversed, names[count], json_object_get(inner, names[count])), 0);
    assert_int_equal(try_inner(reversed), LEWES_DESCRIPTION_OK);
    json_decref(reversed);
    json_decref(inner);
}

/* White space is part of what was signed, and of no other meaning. */
static void spaces_do_not_matter_if_they_are_signed(void **state)
{
    json_t *const inner = description_inner(identity);
    char *const text = json_dumps(inner, JSON_INDENT(4));
    json_t *const outer = description_outer(identity, text);

    (void)state;
    assert_int_equal(description_try(outer, gateway, &found), LEWES_DESCRIPTION_OK);
    json_decref(outer);
    free(text);
    json_decref(inner);
}

/* T13.1: in what was signed and in the signature every bit counts; elsewhere it may be one of the
 * three fields that prove nothing. */
static void no_flipped_bit_changes_what_is_read(void **state)
{
    size_t len;
    char *const text = ordinary(&len);
    const char *const from = strstr(text, "\"signed\"");
    struct lewes_description before;
    unsigned refused = 0;

    (void)state;
    assert_non_null(from);
    assert_int_equal(description_try_text(text, len, gateway, &before), LEWES_DESCRIPTION_OK);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        if (description_try_text(text, len, gateway, &found) == LEWES_DESCRIPTION_OK) {
            assert_true(text + bit / 8 < from);
            assert_memory_equal(&found, &before, sizeof found);
        } else {
            refused++;
        }
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
    assert_true(refused >= 8 * strlen(from));
    free(text);
}

static void every_truncation_is_refused(void **state)
{
    size_t len;
    char *const text = ordinary(&len);

    (void)state;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(description_try_text(text, cut, gateway, &found),
                         LEWES_DESCRIPTION_MALFORMED);
    text[len] = '}'; /* in the place of the NUL */
    assert_int_equal(description_try_text(text, len + 1, gateway, &found),
                     LEWES_DESCRIPTION_MALFORMED);
    free(text);
}

/* The signature is good: the inner text is what is cut. */
static void every_truncation_of_the_signed_text_is_refused(void **state)
{
    json_t *const inner = description_inner(identity);
    char *const text = json_dumps(inner, JSON_COMPACT);

    (void)state;
    for (size_t len = strlen(text); len-- > 0;) {
        json_t *outer;

        text[len] = '\0';
        outer = description_outer(identity, text);
        assert_int_equal(description_try(outer, gateway, &found), LEWES_DESCRIPTION_MALFORMED);
        json_decref(outer);
    }
    free(text);
    json_decref(inner);
}

static void a_text_may_have_65536_bytes(void **state)
{
    size_t len;
    char *const text = ordinary(&len);
    char *const large = malloc(LEWES_DESCRIPTION_MAX + 1);

    (void)state;
    assert_non_null(large);
    memset(large, ' ', LEWES_DESCRIPTION_MAX + 1);
    memcpy(large, text, len);
    assert_int_equal(description_try_text(large, LEWES_DESCRIPTION_MAX, gateway, &found),
                     LEWES_DESCRIPTION_OK);
    assert_int_equal(description_try_text(large, LEWES_DESCRIPTION_MAX + 1, gateway, &found),
                     LEWES_DESCRIPTION_MALFORMED);
    free(large);
    free(text);
}

static void another_gateways_description_is_told_apart(void **state)
{
    json_t *const inner = description_inner(identity);
    char *const text = json_dumps(inner, JSON_COMPACT);
    json_t *outer = description_outer(identity, text);
    char name[LEWES_BASE58_CAP];

    (void)state;
    assert_int_equal(description_try(outer, lewes_identity_public(other), &found),
                     LEWES_DESCRIPTION_IDENTITY);
    /* It claims to be the one that was asked for: the signature tells. */
    lewes_base58_encode(name, lewes_identity_public(other)->bytes);
    json_object_set_new(outer, "identity", json_string(name));
    assert_int_equal(description_try(outer, lewes_identity_public(other), &found),
                     LEWES_DESCRIPTION_SIGNATURE);
    json_decref(outer);
    /* It is signed by the one that was asked for, but speaks of another. */
    outer = description_outer(other, text);
    assert_int_equal(description_try(outer, lewes_identity_public(other), &found),
                     LEWES_DESCRIPTION_IDENTITY);
    json_decref(outer);
    free(text);
    json_decref(inner);
}

/* ---- members ---- */

static void each_member_is_needed(void **state)
{
    json_t *const whole = description_inner(identity);
    const char *name;
    json_t *value;
    unsigned count = 0;

    (void)state;
    json_object_foreach(whole, name, value)
    {
        json_t *const inner = json_deep_copy(whole);

        json_object_del(inner, name);
        assert_int_equal(try_inner(inner), LEWES_DESCRIPTION_MALFORMED);
        json_decref(inner);
        count++;
    }
    assert_int_equal(count, 13);
    json_decref(whole);
}

static void each_outer_member_that_proves_something_is_needed(void **state)
{
    static const char *const needed[] = {"signed", "signed_signature", "identity"};
    static const char *const plain[] = {"enabled", "control_port", "data_port"};
    json_t *const inner = description_inner(identity);
    char *const text = json_dumps(inner, JSON_COMPACT);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        json_t *const outer = description_outer(identity, text);

        json_object_set_new(outer, plain[i], json_string("whatever"));
        assert_int_equal(description_try(outer, gateway, &found), LEWES_DESCRIPTION_OK);
        json_object_set_new(outer, needed[i], json_integer(1));
        assert_int_equal(description_try(outer, gateway, &found), LEWES_DESCRIPTION_MALFORMED);
        json_object_del(outer, needed[i]);
        assert_int_equal(description_try(outer, gateway, &found), LEWES_DESCRIPTION_MALFORMED);
        json_decref(outer);
    }
    free(text);
    json_decref(inner);
}

static void unknown_members_and_words_are_ignored(void **state)
{
    json_t *const inner = description_inner(identity);

    (void)state;
    json_object_set_new(inner, "mood", json_pack("{s:[i,i]}", "of", 1, 2));
    json_array_append_new(json_object_get(inner, "modes"), json_string("teleport"));
    json_array_append_new(json_object_get(inner, "modes"), json_string("mixnet"));
    json_array_append_new(json_object_get(inner, "ticket_types"), json_string("gold"));
    json_array_append_new(json_object_get(inner, "generations"), json_integer(2));
    json_array_insert_new(json_object_get(inner, "protocol_versions"), 0, json_integer(7));
    json_array_insert_new(
        json_object_get(inner, "suites"), 0,
        json_pack("{s:i, s:s, s:{}}", "generation", 2, "kem", "x25519", "digests"));
    json_array_append_new(json_object_get(inner, "suites"),
                          json_pack("{s:i, s:s, s:{s:s}, s:i}", "generation", 1, "kem", "mceliece",
                                    "digests", "blake3", "long", "size", 3));
    assert_int_equal(try_inner(inner), LEWES_DESCRIPTION_OK);
    assert_int_equal(found.modes, 1u << LEWES_MODE_DVPN | 1u << LEWES_MODE_MIXNET);
    assert_int_equal(found.ticket_types, 1u << LEWES_TICKET_WG_ENTRY | 1u << LEWES_TICKET_WG_EXIT);
    assert_int_equal(found.suite_count, 3);
    json_decref(inner);
}

/* jansson writes no object with two equal keys, so this is text. */
static void a_member_that_is_there_twice_is_refused(void **state)
{
    static const char twice[] = "\"format\":1,";
    json_t *const inner = description_inner(identity);
    char *const text = json_dumps(inner, JSON_COMPACT);
    const size_t len = strlen(text) + sizeof twice;
    char *const longer = malloc(len);
    json_t *outer;

    (void)state;
    assert_non_null(longer);
    snprintf(longer, len, "{%s%s", twice, text + 1);
    outer = description_outer(identity, longer);
    assert_int_equal(description_try(outer, gateway, &found), LEWES_DESCRIPTION_MALFORMED);
    json_decref(outer);
    free(longer);
    free(text);
    json_decref(inner);
}

struct change {
    const char *name, *json; /* the new value */
    bool good;
};

static void check_change(const struct change *change)
{
    json_t *const inner = description_inner(identity);
    json_t *const value = json_loads(change->json, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    json_object_set_new(inner, change->name, value);
    if (try_inner(inner) != (change->good ? LEWES_DESCRIPTION_OK : LEWES_DESCRIPTION_MALFORMED))
        fail_msg("%s: %s", change->name, change->json);
    json_decref(inner);
}

static void each_value_is_checked(void **state)
{
    static const struct change changes[] = {
        {"format", "2", false},
        {"format", "0", false},
        {"format", "\"1\"", false},
        {"format", "1.0", false},
        {"identity", "\"\"", false},
        {"identity", "\"Bow1CGKGDB9mNxeWdw85E2aCthQ1oZX4oFEe7fYT17e0\"", false},
        {"time", "-1", false},
        {"time", "1768471200", true},
        {"time", "1768471201", false}, /* after it has expired */
        {"time", "true", false},
        {"expires", "1768384800", true},
        {"expires", "1768384799", false},
        {"expires", "9223372036854775807", true},
        {"expires", "null", false},
        {"enabled", "false", true},
        {"enabled", "0", false},
        {"enabled", "null", false},
        {"control_port", "1", true},
        {"control_port", "65535", true},
        {"control_port", "65536", false},
        {"control_port", "0", false},
        {"control_port", "null", false},
        {"control_port", "\"41264\"", false},
        {"data_port", "51264", true},
        {"data_port", "0", false},
        {"data_port", "65536", false},
        {"data_port", "false", false},
        {"modes", "[]", true},
        {"modes", "\"dvpn\"", false},
        {"modes", "[1]", false},
        {"ticket_types", "{}", false},
        {"ticket_types", "[null]", false},
        {"generations", "[]", false},
        {"generations", "[2]", false},
        {"generations", "[2, 1]", true},
        {"generations", "1", false},
        {"generations", "[1, \"2\"]", false},
        {"protocol_versions", "[2]", false},
        {"suites", "[]", true},
        {"suites", "{}", false},
        {"suites", "[\"x25519\"]", false},
        {"suites", "[{\"generation\":1,\"kem\":\"x25519\"}]", false},
        {"suites", "[{\"generation\":1,\"digests\":{}}]", false},
        {"suites", "[{\"kem\":\"x25519\",\"digests\":{}}]", false},
        {"suites", "[{\"generation\":-1,\"kem\":\"x25519\",\"digests\":{}}]", false},
        {"software", "\"lewesd\"", false},
        {"software", "{\"name\":\"x\"}", false},
        {"software", "{\"name\":1,\"version\":\"1\"}", false},
        {"software", "{\"name\":\"\",\"version\":\"\"}", true},
        {"software", "{\"name\":\"a\\u001b[2J\",\"version\":\"1\"}", false},
        {"software", "{\"name\":\"a\\u007f\",\"version\":\"1\"}", false},
        {"software", "{\"name\":\"\\u00e9\",\"version\":\"1\"}", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        check_change(&changes[i]);
}

static void a_name_of_63_bytes_is_the_longest(void **state)
{
    char name[65];

    (void)state;
    memset(name, 'n', sizeof name);
    for (size_t len = 63; len <= 64; len++) {
        json_t *const inner = description_inner(identity);

        name[len] = '\0';
        json_object_set_new(json_object_get(inner, "software"), "name", json_string(name));
        assert_int_equal(try_inner(inner),
                         len == 63 ? LEWES_DESCRIPTION_OK : LEWES_DESCRIPTION_MALFORMED);
        json_decref(inner);
        name[len] = 'n';
    }
}

/* T13.2 */
static void a_data_port_is_found(void **state)
{
    json_t *const inner = description_inner(identity);

    (void)state;
    json_object_set_new(inner, "data_port", json_integer(51264));
    assert_int_equal(try_inner(inner), LEWES_DESCRIPTION_OK);
    assert_int_equal(found.data_port, 51264);
    json_decref(inner);
}

/* ---- suites ---- */

static json_t *digests_of(json_t *inner, size_t suite)
{
    return json_object_get(json_array_get(json_object_get(inner, "suites"), suite), "digests");
}

static void each_digest_is_64_lower_case_digits(void **state)
{
    static const char *const names[] = {"blake3", "sha3_256", "shake128", "shake256"};
    static const char good[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char *const bad[] = {
        "",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0",
        "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
        "g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef ",
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        json_t *const inner = description_inner(identity);

        json_object_set_new(digests_of(inner, 1), names[i], json_string(good));
        assert_int_equal(try_inner(inner), LEWES_DESCRIPTION_OK);
        for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++) {
            json_object_set_new(digests_of(inner, 1), names[i], json_string(bad[j]));
            assert_int_equal(try_inner(inner), LEWES_DESCRIPTION_MALFORMED);
        }
        json_object_del(digests_of(inner, 1), names[i]);
        assert_int_equal(try_inner(inner), LEWES_DESCRIPTION_MALFORMED);
        json_decref(inner);
    }
}

static void a_suite_that_is_there_twice_is_refused(void **state)
{
    json_t *const inner = description_inner(identity);
    json_t *const suites = json_object_get(inner, "suites");

    (void)state;
    json_array_append(suites, json_array_get(suites, 1));
    assert_int_equal(try_inner(inner), LEWES_DESCRIPTION_MALFORMED);
    json_decref(inner);
}

/* ---- memory ---- */

static unsigned allocations, failing;

static void *failing_malloc(size_t size)
{
    return ++allocations == failing ? NULL : malloc(size);
}

static void without_memory_nothing_is_read(void **state)
{
    size_t len;
    char *const text = ordinary(&len);
    enum lewes_description_status status = LEWES_DESCRIPTION_MEMORY;
    unsigned memory = 0;

    (void)state;
    json_set_alloc_funcs(failing_malloc, free);
    for (failing = 1; status != LEWES_DESCRIPTION_OK; failing++) {
        allocations = 0;
        status = description_try_text(text, len, gateway, &found);
        memory += status == LEWES_DESCRIPTION_MEMORY;
        assert_true(status != LEWES_DESCRIPTION_OK || allocations < failing);
        assert_true(failing < 1000);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(failing > 50);
    assert_true(memory > 0); /* mostly jansson finds fault with the text instead */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_in_it_is_found),
        cmocka_unit_test(the_digests_are_those_of_the_keys),
        cmocka_unit_test(the_order_of_the_keys_does_not_matter),
        cmocka_unit_test(spaces_do_not_matter_if_they_are_signed),
        cmocka_unit_test(no_flipped_bit_changes_what_is_read),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_truncation_of_the_signed_text_is_refused),
        cmocka_unit_test(a_text_may_have_65536_bytes),
        cmocka_unit_test(another_gateways_description_is_told_apart),
        cmocka_unit_test(each_member_is_needed),
        cmocka_unit_test(each_outer_member_that_proves_something_is_needed),
        cmocka_unit_test(unknown_members_and_words_are_ignored),
        cmocka_unit_test(a_member_that_is_there_twice_is_refused),
        cmocka_unit_test(each_value_is_checked),
        cmocka_unit_test(a_name_of_63_bytes_is_the_longest),
        cmocka_unit_test(a_data_port_is_found),
        cmocka_unit_test(each_digest_is_64_lower_case_digits),
        cmocka_unit_test(a_suite_that_is_there_twice_is_refused),
        cmocka_unit_test(without_memory_nothing_is_read),
    };

    return cmocka_run_group_tests(tests, make_identities, free_identities);
}
