/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/transcript.h"

static json_t *root; /* of the recording */

static int load(void **state)
{
    (void)state;
    root = json_load_file(LEWES_VECTORS "/lp/generation1.json", 0, NULL);
    return root == NULL ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(root);
    return 0;
}

static json_t *transcript_named(const char *name)
{
    json_t *transcript;
    size_t i;

    json_array_foreach(json_object_get(root, "transcripts"), i, transcript)
    {
        if (strcmp(json_string_value(json_object_get(transcript, "name")), name) == 0)
            return transcript;
    }
    fail_msg("no transcript %s", name);
    return NULL;
}

static void assert_replays(const char *name, unsigned replays)
{
    struct transcript_result result = {0};

    transcript_replay(transcript_named(name), NULL, &result);
    assert_int_equal(result.equal, replays);
    assert_int_equal(result.different, 0);
    assert_int_equal(result.unsupported, 0);
}

static void an_accepted_registration_is_reproduced_byte_for_byte_in_both_roles(void **state)
{
    (void)state;
    assert_replays("dvpn-1", 2);
}

static void a_refused_registration_is_reproduced(void **state)
{
    (void)state;
    assert_replays("dvpn-reject", 2);
}

static void a_mixnet_registration_is_reproduced(void **state)
{
    (void)state;
    assert_replays("mixnet-1", 2);
}

static void both_sessions_of_a_forwarded_registration_are_reproduced(void **state)
{
    (void)state;
    assert_replays("forward-1", 4);
}

static void a_subsession_is_reproduced_with_what_it_carries(void **state)
{
    (void)state;
    assert_replays("subsession-1", 2);
}

/* Changes one character of one frame, as JSON text. */
static json_t *with_other_character(const char *name, size_t frame, size_t at)
{
    json_t *const transcript = json_deep_copy(transcript_named(name));
    json_t *const object = json_array_get(json_object_get(transcript, "wire"), frame);
    json_t *const text = json_object_get(object, "hex");
    const size_t len = json_string_length(text);
    char *const hex = malloc(len + 1);

    assert_non_null(hex);
    assert_true(at < len);
    memcpy(hex, json_string_value(text), len + 1);
    hex[at] = hex[at] == '0' ? '1' : '0';
    assert_int_equal(json_object_set_new(object, "hex", json_string(hex)), 0);
    free(hex);
    return transcript;
}

static void a_changed_byte_anywhere_in_a_recording_is_noticed(void **state)
{
    (void)state;
    /* All that dvpn-1 has, and then a subsession. */
    for (size_t frame = 0; frame < 13; frame++) {
        for (size_t at = 0; at < 80; at++) { /* prefix and headers, the smallest frame's trailer */
            json_t *const transcript = with_other_character("subsession-1", frame, at);
            struct transcript_result result = {0};

            transcript_replay(transcript, NULL, &result);
            assert_true(result.different > 0);
            json_decref(transcript);
        }
    }
}

static void frames_of_nobody_are_noticed(void **state)
{
    json_t *const transcript = json_deep_copy(transcript_named("dvpn-1"));
    const json_t *const other = json_object_get(transcript_named("dvpn-reject"), "wire");
    struct transcript_result result = {0};

    (void)state;
    assert_int_equal(
        json_array_extend(json_object_get(transcript, "wire"), (json_t *)(uintptr_t)other), 0);
    transcript_replay(transcript, NULL, &result);
    assert_int_equal(result.different, 1);
    json_decref(transcript);
}

static void a_session_that_cannot_be_replayed_is_not_counted_as_equal(void **state)
{
    json_t *const transcript = json_deep_copy(transcript_named("dvpn-1"));
    json_t *const session = json_array_get(json_object_get(transcript, "sessions"), 0);
    json_t *const gateway = json_object_get(session, "gateway");
    struct transcript_result result = {0};

    (void)state;
    assert_int_equal(json_object_set_new(gateway, "kem", json_string("McEliece")), 0);
    transcript_replay(transcript, NULL, &result);
    assert_int_equal(result.equal, 0);
    assert_int_equal(result.unsupported, 1);
    json_decref(transcript);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_registration_is_reproduced_byte_for_byte_in_both_roles),
        cmocka_unit_test(a_refused_registration_is_reproduced),
        cmocka_unit_test(a_mixnet_registration_is_reproduced),
        cmocka_unit_test(both_sessions_of_a_forwarded_registration_are_reproduced),
        cmocka_unit_test(a_subsession_is_reproduced_with_what_it_carries),
        cmocka_unit_test(a_changed_byte_anywhere_in_a_recording_is_noticed),
        cmocka_unit_test(frames_of_nobody_are_noticed),
        cmocka_unit_test(a_session_that_cannot_be_replayed_is_not_counted_as_equal),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
