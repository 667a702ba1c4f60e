/* SPDX-License-Identifier: Apache-2.0 */
/* Keys around a registration: those of files, new ones, and those that a crash has left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/register_keys.h"
#include "tests/support/captured_stream.h"
#include "tests/support/temporary_dir.h"

struct place {
    struct temporary_dir dir;
    char key[TEMPORARY_PATH_CAP], out[TEMPORARY_PATH_CAP], left[TEMPORARY_PATH_CAP];
    struct register_arguments arguments;
    struct lewes_hop_options options;
    bool fresh;
};

static int set_up(void **state)
{
    static struct place place;
    memset(&place, 0, sizeof place);
    temporary_dir_make(&place.dir);
    temporary_dir_path(&place.dir, place.key, "wg.key");
    temporary_dir_path(&place.dir, place.out, "out.conf");
    temporary_dir_path(&place.dir, place.left, "out.conf.key");
    place.arguments.hops[0].gateway.bytes[0] = 1;
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    temporary_dir_remove(&place->dir);
    return 0;
}

/* Returns what was complained about, to be freed. */
static char *take(struct place *place, int expected)
{
    struct captured_stream captured;
    memset(&place->options, 0, sizeof place->options);
    captured_stream_begin(&captured, &stderr);
    int result =
        register_keys_take(&place->arguments, LEWES_HOP_ENTRY, &place->options, &place->fresh);
    char *said = captured_stream_end(&captured);
    assert_int_equal(result, expected);
    return said;
}

static struct lewes_hop_options take_quietly(struct place *place)
{
    char *said = take(place, 0);
    assert_string_equal(said, "");
    free(said);
    return place->options;
}

static bool same_key(const struct lewes_hop_options *a, const struct lewes_hop_options *b)
{
    return memcmp(&a->wg_key, &b->wg_key, sizeof a->wg_key) == 0;
}

static bool same_identity(const struct lewes_hop_options *a, const struct lewes_hop_options *b)
{
    return memcmp(&a->identity, &b->identity, sizeof a->identity) == 0;
}

static void a_key_of_a_file_keeps_its_identities(void **state)
{
    static const char text[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    struct place *place = *state;
    temporary_dir_write(&place->dir, "wg.key", text, strlen(text));
    place->arguments.hops[0].wg_key = place->key;
    place->arguments.hops[0].out = place->out;
    const struct lewes_hop_options first = take_quietly(place);
    assert_int_equal(first.wg_key.bytes[31], 31);
    assert_false(place->fresh);
    const struct lewes_hop_options second = take_quietly(place);
    assert_true(same_key(&first, &second) && same_identity(&first, &second));
    place->arguments.hops[0].gateway.bytes[0] = 2;
    const struct lewes_hop_options elsewhere = take_quietly(place);
    assert_true(same_key(&first, &elsewhere));
    assert_false(same_identity(&first, &elsewhere)); /* two gateways cannot link it */
    place->arguments.hops[0].gateway.bytes[0] = 1;
    const struct lewes_hop_options again = take_quietly(place);
    assert_true(same_identity(&first, &again));
    assert_int_equal(access(place->left, F_OK), -1);
}

static void a_new_key_is_kept_until_it_is_dropped(void **state)
{
    struct place *place = *state;
    struct stat st;
    place->arguments.hops[0].out = place->out;
    const struct lewes_hop_options first = take_quietly(place);
    assert_true(place->fresh);
    assert_int_equal(stat(place->left, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    char *said = take(place, 0);
    assert_non_null(strstr(said, "an earlier run did not come to its end"));
    free(said);
    assert_false(place->fresh);
    assert_true(same_key(&first, &place->options));
    assert_true(same_identity(&first, &place->options));
    register_keys_drop(&place->arguments, LEWES_HOP_ENTRY);
    assert_int_equal(access(place->left, F_OK), -1);
    const struct lewes_hop_options next = take_quietly(place);
    assert_false(same_key(&first, &next));
    assert_false(same_identity(&first, &next)); /* it belongs to the key */
}

static void a_new_identity_leaves_those_for_other_gateways(void **state)
{
    struct place *place = *state;
    place->arguments.hops[0].out = place->out;
    const struct lewes_hop_options one = take_quietly(place);
    place->arguments.hops[0].gateway.bytes[0] = 2;
    char *said = take(place, 0);
    free(said);
    const struct lewes_hop_options two = place->options;
    register_keys_drop(&place->arguments, LEWES_HOP_ENTRY);
    take_quietly(place);
    register_keys_drop(&place->arguments, LEWES_HOP_ENTRY);
    /* What the files say now, for a key that is not new. */
    temporary_dir_write(&place->dir, "out.conf.key",
                        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 44);
    free(take(place, 0));
    assert_false(same_identity(&two, &place->options));
    place->arguments.hops[0].gateway.bytes[0] = 1;
    free(take(place, 0));
    assert_true(same_identity(&one, &place->options));
}

static void dropping_leaves_the_keys_of_files_alone(void **state)
{
    struct place *place = *state;
    temporary_dir_write(&place->dir, "out.conf.key", "x", 1);
    place->arguments.hops[0].out = place->out;
    place->arguments.hops[0].wg_key = place->key;
    register_keys_drop(&place->arguments, LEWES_HOP_ENTRY);
    assert_int_equal(access(place->left, F_OK), 0);
}

static void a_key_without_a_place_is_new_each_time(void **state)
{
    struct place *place = *state;
    const struct lewes_hop_options first = take_quietly(place);
    const struct lewes_hop_options second = take_quietly(place);
    assert_false(same_key(&first, &second) || same_identity(&first, &second));
    assert_false(register_keys_last(&place->arguments, LEWES_HOP_ENTRY));
    assert_int_equal(temporary_dir_count(&place->dir, NULL), 0);
    place->arguments.hops[0].out = place->out;
    assert_true(register_keys_last(&place->arguments, LEWES_HOP_ENTRY));
}

static void refuse(struct place *place, const char *word)
{
    char *said = take(place, -1);
    if (!strstr(said, word))
        fail_msg("'%s' is not in: %s", word, said);
    free(said);
}

static void files_that_are_wrong_are_told(void **state)
{
    struct place *place = *state;
    place->arguments.hops[0].wg_key = place->key;
    refuse(place, "lewes genkey");
    temporary_dir_write(&place->dir, "wg.key", "short", 5);
    refuse(place, "not a private key");
    assert_int_equal(chmod(place->key, 0640), 0);
    refuse(place, "chmod 600");
    place->arguments.hops[0].wg_key = NULL;
    place->arguments.hops[0].out = "/nonexistent/out.conf";
    refuse(place, "could not be kept");
    place->arguments.hops[0].out = place->out;
    temporary_dir_write(&place->dir, "out.conf.lewes", "rubbish\n", 8);
    refuse(place, "not a list of identities");
}

static void the_mixnet_key_is_registered_by_its_public_half(void **state)
{
    /* RFC 7748, 6.1: Alice */
    static const char text[] = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=\n";
    static const uint8_t expected[LEWES_KEY_LEN] = {0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54,
                                                    0x74, 0x8b, 0x7d, 0xdc, 0xb4, 0x3e, 0xf7, 0x5a,
                                                    0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38, 0x1a, 0xf4,
                                                    0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};
    struct place *place = *state;
    struct lewes_register_options one = {0}, two = {0};
    temporary_dir_write(&place->dir, "wg.key", text, strlen(text));
    place->arguments.mixnet_key = place->key;
    assert_int_equal(register_keys_take_mixnet(&place->arguments, &one), 0);
    assert_memory_equal(one.mixnet_x25519.bytes, expected, sizeof expected);
    assert_int_equal(register_keys_take_mixnet(&place->arguments, &two), 0);
    assert_true(same_identity(&one.entry, &two.entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_of_a_file_keeps_its_identities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_key_is_kept_until_it_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_identity_leaves_those_for_other_gateways, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(dropping_leaves_the_keys_of_files_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_without_a_place_is_new_each_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_wrong_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_mixnet_key_is_registered_by_its_public_half, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
