/* SPDX-License-Identifier: Apache-2.0 */
/* Which suites a hop may use, and whether its clock is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "client/kem_cache.h"
#include "client/suites.h"
#include "tests/support/temporary_dir.h"

#define NOW UINT64_C(1768384800)
#define DAY (24 * 60 * 60)

#define XWING (1u << 0)
#define MLKEM768 (1u << 1)
#define X25519 (1u << 2)
#define NO_DESCRIPTION (1u << 3)

static const enum lewes_kem kems[] = {LEWES_KEM_XWING, LEWES_KEM_MLKEM768, LEWES_KEM_X25519};

/* Digests that tell suite and hash. The weakest suite is named first. */
static struct lewes_description describe(unsigned named)
{
    struct lewes_description description = {.time = NOW - 60, .expires = NOW + DAY};
    for (size_t i = LEWES_KEM_SUITES; i-- > 0;) {
        struct lewes_description_suite *suite = &description.suites[description.suite_count];
        if (!(named & 1u << i))
            continue;
        suite->kem = kems[i];
        for (size_t hash = 0; hash < LEWES_HASHES; hash++)
            memset(suite->digests[hash], (int)(0x10 * (i + 1) + hash), LEWES_KEM_DIGEST_LEN);
        description.suite_count++;
    }
    return description;
}

static void assert_list(const struct hop_suites *suites, const enum lewes_kem *expected,
                        size_t count)
{
    assert_int_equal(suites->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(suites->list[i].kem, expected[i]);
}

static void each_choice_gives_its_suites(void **state)
{
    enum { X = LEWES_KEM_XWING, M = LEWES_KEM_MLKEM768, C = LEWES_KEM_X25519 };
    static const struct {
        enum lewes_kem_choice choice;
        bool require_pq;
        unsigned named;
        enum suites_status status;
        size_t count;
        int list[LEWES_KEM_SUITES];
    } rows[] = {
        {LEWES_CHOOSE_AUTO, false, NO_DESCRIPTION, SUITES_OK, 1, {C}},
        {LEWES_CHOOSE_AUTO, false, 0, SUITES_OK, 1, {C}},
        {LEWES_CHOOSE_AUTO, false, X25519, SUITES_OK, 1, {C}},
        {LEWES_CHOOSE_AUTO, false, MLKEM768, SUITES_OK, 1, {M}},
        {LEWES_CHOOSE_AUTO, false, XWING, SUITES_OK, 1, {X}},
        {LEWES_CHOOSE_AUTO, false, MLKEM768 | X25519, SUITES_OK, 2, {M, C}},
        {LEWES_CHOOSE_AUTO, false, XWING | X25519, SUITES_OK, 2, {X, C}},
        {LEWES_CHOOSE_AUTO, false, XWING | MLKEM768 | X25519, SUITES_OK, 3, {X, M, C}},
        {LEWES_CHOOSE_AUTO, true, NO_DESCRIPTION, SUITES_NO_PQ, 0, {0}},
        {LEWES_CHOOSE_AUTO, true, 0, SUITES_NO_PQ, 0, {0}},
        {LEWES_CHOOSE_AUTO, true, X25519, SUITES_NO_PQ, 0, {0}},
        {LEWES_CHOOSE_AUTO, true, MLKEM768 | X25519, SUITES_OK, 1, {M}},
        {LEWES_CHOOSE_AUTO, true, XWING | MLKEM768 | X25519, SUITES_OK, 2, {X, M}},
        {LEWES_CHOOSE_X25519, false, NO_DESCRIPTION, SUITES_OK, 1, {C}},
        {LEWES_CHOOSE_X25519, false, XWING | MLKEM768 | X25519, SUITES_OK, 1, {C}},
        {LEWES_CHOOSE_X25519, false, XWING, SUITES_NOT_OFFERED, 0, {0}},
        {LEWES_CHOOSE_X25519, true, XWING | MLKEM768 | X25519, SUITES_NO_PQ, 0, {0}},
        {LEWES_CHOOSE_MLKEM768, false, NO_DESCRIPTION, SUITES_NOT_OFFERED, 0, {0}},
        {LEWES_CHOOSE_MLKEM768, false, XWING | X25519, SUITES_NOT_OFFERED, 0, {0}},
        {LEWES_CHOOSE_MLKEM768, false, XWING | MLKEM768 | X25519, SUITES_OK, 1, {M}},
        {LEWES_CHOOSE_MLKEM768, true, MLKEM768 | X25519, SUITES_OK, 1, {M}},
        {LEWES_CHOOSE_XWING, false, NO_DESCRIPTION, SUITES_NOT_OFFERED, 0, {0}},
        {LEWES_CHOOSE_XWING, false, MLKEM768 | X25519, SUITES_NOT_OFFERED, 0, {0}},
        {LEWES_CHOOSE_XWING, true, XWING | MLKEM768 | X25519, SUITES_OK, 1, {X}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct lewes_description description = describe(rows[i].named);
        const struct lewes_hop_options hop = {
            .description = rows[i].named & NO_DESCRIPTION ? NULL : &description};
        const struct lewes_register_options options = {.kem = rows[i].choice,
                                                       .require_pq = rows[i].require_pq};
        enum lewes_kem expected[LEWES_KEM_SUITES];
        struct hop_suites suites;
        for (size_t k = 0; k < LEWES_KEM_SUITES; k++)
            expected[k] = (enum lewes_kem)rows[i].list[k];
        memset(&suites, 0x5a, sizeof suites);
        assert_int_equal(suites_choose(&suites, &options, &hop, NOW), rows[i].status);
        assert_list(&suites, expected, rows[i].count);
    }
}

static void what_the_description_says_is_pinned(void **state)
{
    const struct lewes_description description = describe(XWING | MLKEM768 | X25519);
    const struct lewes_hop_options hop = {.description = &description};
    const struct lewes_register_options options = {0};
    struct hop_suites suites;
    (void)state;
    assert_int_equal(suites_choose(&suites, &options, &hop, NOW), SUITES_OK);
    for (size_t i = 0; i < LEWES_KEM_SUITES; i++) {
        const struct lewes_kem_digest *digest = suites.list[i].digest;
        uint8_t expected[LEWES_KEM_DIGEST_LEN];
        memset(expected, (int)(0x10 * (i + 1) + KEM_CACHE_HASH), sizeof expected);
        assert_ptr_equal(digest, &suites.digests[i]);
        assert_int_equal(digest->kem, kems[i]);
        assert_int_equal(digest->hash, KEM_CACHE_HASH);
        assert_memory_equal(digest->bytes, expected, sizeof expected);
        assert_null(suites.list[i].key);
    }
}

static void without_a_description_nothing_is_pinned(void **state)
{
    const struct lewes_hop_options hop = {0};
    const struct lewes_register_options options = {0};
    struct hop_suites suites;
    (void)state;
    assert_int_equal(suites_choose(&suites, &options, &hop, NOW), SUITES_OK);
    assert_null(suites.list[0].digest);
    assert_null(suites.list[0].key);
}

static void a_key_of_the_cache_goes_with_its_digest(void **state)
{
    struct temporary_dir dir;
    struct lewes_description description = describe(XWING | MLKEM768 | X25519);
    const struct lewes_hop_options hop = {.description = &description};
    struct lewes_register_options options = {.kem = LEWES_CHOOSE_AUTO};
    const struct lewes_kem_public key = {.kem = LEWES_KEM_MLKEM768, .len = 1184};
    struct lewes_kem_digest digest;
    struct hop_suites suites;
    (void)state;
    temporary_dir_make(&dir);
    assert_int_equal(lewes_kem_digest(&digest, &key, KEM_CACHE_HASH), LEWES_OK);
    assert_int_equal(description.suites[1].kem, LEWES_KEM_MLKEM768);
    memcpy(description.suites[1].digests[KEM_CACHE_HASH], digest.bytes, sizeof digest.bytes);
    kem_cache_put(dir.path, &key);
    assert_int_equal(suites_choose(&suites, &options, &hop, NOW), SUITES_OK);
    assert_null(suites.list[1].key); /* no cache was given */
    options.cache = dir.path;
    assert_int_equal(suites_choose(&suites, &options, &hop, NOW), SUITES_OK);
    assert_null(suites.list[0].key);
    assert_ptr_equal(suites.list[1].key, &suites.keys[1]);
    assert_memory_equal(suites.keys[1].bytes, key.bytes, key.len);
    assert_null(suites.list[2].key);
    temporary_dir_remove(&dir);
}

static void a_description_that_has_expired_pins_nothing(void **state)
{
    struct lewes_description description = describe(XWING | X25519);
    const struct lewes_hop_options hop = {.description = &description};
    static const enum lewes_kem_choice choices[] = {LEWES_CHOOSE_AUTO, LEWES_CHOOSE_X25519,
                                                    LEWES_CHOOSE_XWING};
    struct hop_suites suites;
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const struct lewes_register_options options = {.kem = choices[i]};
        description.expires = NOW;
        assert_int_equal(suites_choose(&suites, &options, &hop, NOW), SUITES_EXPIRED);
        assert_int_equal(suites.count, 0);
        description.expires = NOW + 1;
        assert_int_equal(suites_choose(&suites, &options, &hop, NOW), SUITES_OK);
    }
}

/* Times of the description relative to the clock, and what the clock is corrected by. */
static void the_clock_is_corrected_by_what_a_description_proves(void **state)
{
    static const struct {
        int64_t time;
        bool is_new;
        int64_t offset;
    } rows[] = {
        {0, false, 0},          {10, false, 0},         {11, false, 11},   {86400, false, 86400},
        {-10, false, 0},        {-11, false, 0},        {-3600, false, 0}, /* it may be so old */
        {10, true, 0},          {11, true, 11},         {-10, true, 0},    {-11, true, -11},
        {-86400, true, -86400}, {-1700000000, true, 0}, /* nobody's clock is that wrong */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct lewes_description description = {.time = NOW + (uint64_t)rows[i].time};
        const struct lewes_hop_options hop = {.description = &description,
                                              .description_is_new = rows[i].is_new};
        assert_int_equal(suites_clock_offset(&hop, NOW), rows[i].offset);
    }
}

static void times_that_cannot_be_correct_nothing(void **state)
{
    static const uint64_t times[] = {UINT64_MAX, UINT64_MAX / 2, INT64_MAX, 0};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const struct lewes_description description = {.time = times[i]};
        const struct lewes_hop_options hop = {.description = &description,
                                              .description_is_new = true};
        assert_int_equal(suites_clock_offset(&hop, NOW), 0);
    }
}

static void without_a_description_the_clock_is_right(void **state)
{
    const struct lewes_hop_options hop = {.description_is_new = true};
    (void)state;
    assert_int_equal(suites_clock_offset(&hop, NOW), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_choice_gives_its_suites),
        cmocka_unit_test(what_the_description_says_is_pinned),
        cmocka_unit_test(without_a_description_nothing_is_pinned),
        cmocka_unit_test(a_key_of_the_cache_goes_with_its_digest),
        cmocka_unit_test(a_description_that_has_expired_pins_nothing),
        cmocka_unit_test(the_clock_is_corrected_by_what_a_description_proves),
        cmocka_unit_test(times_that_cannot_be_correct_nothing),
        cmocka_unit_test(without_a_description_the_clock_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
