/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a gateway's self-description (gateway.md 13, T13 2, 3 and 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/registration.h>

#include "description/base64.h"
#include "description/write.h"
#include "tests/support/description_text.h"

static struct lewes_identity *identity;
static const struct lewes_ed25519_public *gateway;
static struct lewes_description made, found;

static int make_identity(void **state)
{
    (void)state;
    identity = description_identity(0x22);
    gateway = lewes_identity_public(identity);
    return 0;
}

static int free_identity(void **state)
{
    (void)state;
    lewes_identity_free(identity);
    return 0;
}

static void fill(void)
{
    memset(&made, 0xee, sizeof made);
    description_of_identity(&made, identity);
    made.time = 1768384800;
    made.expires = 1768471200;
    made.enabled = true;
    made.control_port = 41264;
    made.modes = 1u << LEWES_MODE_DVPN;
    made.ticket_types = 1u << LEWES_TICKET_WG_ENTRY | 1u << LEWES_TICKET_WG_EXIT;
    strcpy(made.software_name, "lewesd");
    strcpy(made.software_version, "9.8.7");
}

/* What was written, for json_decref(). */
static json_t *write_outer(void)
{
    size_t len = 0;
    char *const text = description_write(&made, identity, &len);
    json_t *outer;

    assert_non_null(text);
    assert_int_equal(strlen(text), len);
    assert_true(len <= LEWES_DESCRIPTION_MAX);
    outer = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(outer);
    free(text);
    return outer;
}

static json_t *inner_of(const json_t *outer)
{
    uint8_t bytes[LEWES_DESCRIPTION_MAX];
    size_t len = 0;
    const char *const text = json_string_value(json_object_get(outer, "signed"));
    json_t *inner;

    assert_non_null(text);
    assert_true(description_base64_decode(bytes, sizeof bytes, &len, text, strlen(text)));
    inner = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(inner);
    return inner;
}

/* The expected object is made from the text of the specification, not by our own writer. */
static void it_says_what_the_specification_lists(void **state)
{
    json_t *expected, *outer, *inner;

    (void)state;
    fill();
    expected = description_inner(identity);
    outer = write_outer();
    inner = inner_of(outer);
    assert_true(json_equal(inner, expected));
    json_decref(inner);
    json_decref(outer);
    json_decref(expected);
}

/* T13.5: the reader of the original looks for these and for nothing else. */
static void an_older_reader_finds_its_three_fields(void **state)
{
    json_t *outer;

    (void)state;
    fill();
    made.data_port = 51264;
    outer = write_outer();
    assert_int_equal(json_object_size(outer), 6);
    assert_true(json_is_true(json_object_get(outer, "enabled")));
    assert_int_equal(json_integer_value(json_object_get(outer, "control_port")), 41264);
    assert_int_equal(json_integer_value(json_object_get(outer, "data_port")), 51264);
    assert_string_equal(json_string_value(json_object_get(outer, "identity")),
                        "Bow1CGKGDB9mNxeWdw85E2aCthQ1oZX4oFEe7fYT17ew");
    json_decref(outer);
}

/* T13.2 */
static void a_data_port_that_is_off_is_null_and_to_older_readers_0(void **state)
{
    json_t *outer, *inner;

    (void)state;
    fill();
    made.enabled = false;
    outer = write_outer();
    inner = inner_of(outer);
    assert_true(json_is_null(json_object_get(inner, "data_port")));
    assert_true(json_is_integer(json_object_get(outer, "data_port")));
    assert_int_equal(json_integer_value(json_object_get(outer, "data_port")), 0);
    assert_true(json_is_false(json_object_get(inner, "enabled")));
    assert_true(json_is_false(json_object_get(outer, "enabled")));
    json_decref(inner);
    json_decref(outer);
}

static void what_is_written_can_be_read(void **state)
{
    json_t *outer;

    (void)state;
    fill();
    made.modes = 3;
    made.ticket_types = 15;
    made.data_port = 51264;
    outer = write_outer();
    assert_int_equal(description_try(outer, gateway, &found), LEWES_DESCRIPTION_OK);
    assert_memory_equal(&found, &made, sizeof found);
    json_decref(outer);
}

/* T13.3, where an identity serves X25519 alone. */
static void only_what_is_served_is_announced(void **state)
{
    struct lewes_identity *const all = identity;
    struct lewes_kem_public key;
    struct lewes_kem_digest digest;
    json_t *outer, *inner;

    (void)state;
    fill();
    assert_int_equal(made.suite_count, 3);
    assert_int_equal(lewes_identity_kem(all, LEWES_KEM_XWING, &key), LEWES_OK);
    assert_int_equal(lewes_kem_digest(&digest, &key, LEWES_HASH_SHAKE256), LEWES_OK);
    assert_memory_equal(lewes_description_digest(&made, LEWES_KEM_XWING, LEWES_HASH_SHAKE256),
                        digest.bytes, sizeof digest.bytes);
    made.suite_count = 1;
    memset(&made.suites[1], 0, sizeof made.suites - sizeof made.suites[0]);
    outer = write_outer();
    inner = inner_of(outer);
    assert_int_equal(json_array_size(json_object_get(inner, "suites")), 1);
    json_decref(inner);
    json_decref(outer);
}

static void what_no_reader_takes_is_not_written(void **state)
{
    size_t len = 99;

    (void)state;
    fill();
    made.control_port = 0;
    assert_null(description_write(&made, identity, &len));
    fill();
    made.expires = made.time - 1;
    assert_null(description_write(&made, identity, &len));
    fill();
    strcpy(made.software_name, "\xff"); /* not UTF-8 */
    assert_null(description_write(&made, identity, &len));
    assert_int_equal(len, 99);
}

static unsigned allocations, failing;

static void *failing_malloc(size_t size)
{
    return ++allocations == failing ? NULL : malloc(size);
}

static void without_memory_nothing_is_written(void **state)
{
    char *text = NULL;
    size_t len = 99;

    (void)state;
    fill();
    json_set_alloc_funcs(failing_malloc, free);
    for (failing = 1; text == NULL; failing++) {
        allocations = 0;
        text = description_write(&made, identity, &len);
        assert_true(text != NULL || len == 99);
        assert_true(failing < 1000);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(failing > 50);
    assert_int_equal(description_try_text(text, len, gateway, &found), LEWES_DESCRIPTION_OK);
    assert_memory_equal(&found, &made, sizeof found);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_the_specification_lists),
        cmocka_unit_test(an_older_reader_finds_its_three_fields),
        cmocka_unit_test(a_data_port_that_is_off_is_null_and_to_older_readers_0),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(only_what_is_served_is_announced),
        cmocka_unit_test(what_no_reader_takes_is_not_written),
        cmocka_unit_test(without_memory_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, make_identity, free_identity);
}
