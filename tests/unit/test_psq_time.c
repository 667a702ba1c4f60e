/* SPDX-License-Identifier: Apache-2.0 */
/* The time in a registration message (protocol.md P37, steps 6 and 7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/psq/psq.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/psq_model.h"

struct moment {
    uint64_t now_ms;
    uint32_t tolerance;
    uint64_t seconds;
    uint32_t milliseconds;
    bool good;
};

#define NOW PSQ_MODEL_NOW
#define NOW_MS (1000 * PSQ_MODEL_NOW)

static void check_moments(const struct moment *moments, size_t count)
{
    struct psq_model model;
    psq_model_init(&model, lewesi_kem_find(LEWES_KEM_X25519));
    for (size_t i = 0; i < count; i++) {
        struct lewesi_psq_acceptance in = psq_model_acceptance(&model);
        in.unix_ms = moments[i].now_ms;
        in.clock_tolerance = moments[i].tolerance;
        model.seconds = moments[i].seconds;
        model.milliseconds = moments[i].milliseconds;
        psq_model_write(&model);
        enum lewes_error error = psq_model_accept_as(&model, model.len, &in);
        if (error != (moments[i].good ? LEWES_OK : LEWES_ERROR_CLOCK))
            fail_msg("moment %zu: error %d", i, error);
    }
}
#define CHECK(moments) check_moments((moments), sizeof(moments) / sizeof *(moments))

static void a_time_may_be_30_s_ahead(void **state)
{
    static const struct moment moments[] = {
        {NOW_MS, 30, NOW, 0, true},
        {NOW_MS, 30, NOW, 1, true},
        {NOW_MS, 30, NOW + 29, 999, true},
        {NOW_MS, 30, NOW + 30, 0, true},
        {NOW_MS, 30, NOW + 30, 1, false},
        {NOW_MS, 30, NOW + 31, 0, false},
        {NOW_MS + 500, 30, NOW + 30, 500, true},
        {NOW_MS + 500, 30, NOW + 30, 501, false},
        {NOW_MS, 30, NOW + 3600, 0, false},
    };
    (void)state;
    CHECK(moments);
}

static void a_time_may_be_less_than_3630_s_behind(void **state)
{
    static const struct moment moments[] = {
        {NOW_MS, 30, NOW - 300, 0, true},           {NOW_MS, 30, NOW - 3600, 0, true},
        {NOW_MS, 30, NOW - 3629, 0, true},          {NOW_MS, 30, NOW - 3630, 1, true},
        {NOW_MS, 30, NOW - 3630, 0, false},         {NOW_MS, 30, NOW - 3631, 0, false},
        {NOW_MS, 30, NOW - 3631, 999, false},       {NOW_MS + 999, 30, NOW - 3629, 0, true},
        {NOW_MS + 999, 30, NOW - 3630, 999, false}, {NOW_MS, 30, 0, 0, false},
    };
    (void)state;
    CHECK(moments);
}

static void the_tolerance_moves_both_ends(void **state)
{
    static const struct moment moments[] = {
        {NOW_MS, 0, NOW, 0, true},
        {NOW_MS, 0, NOW, 1, false},
        {NOW_MS, 0, NOW - 3600, 1, true},
        {NOW_MS, 0, NOW - 3600, 0, false},
        {NOW_MS, 3600, NOW + 3600, 0, true},
        {NOW_MS, 3600, NOW + 3600, 1, false},
        {NOW_MS, 3600, NOW - 7200, 1, true},
        {NOW_MS, 3600, NOW - 7200, 0, false},
        {NOW_MS, UINT32_MAX, NOW + UINT32_MAX, 0, true},
        {NOW_MS, UINT32_MAX, NOW + UINT32_MAX, 1, false},
    };
    (void)state;
    CHECK(moments);
}

static void milliseconds_end_at_999(void **state)
{
    static const struct moment moments[] = {
        {NOW_MS, 30, NOW, 999, true},         {NOW_MS, 30, NOW, 1000, false},
        {NOW_MS, 30, NOW - 1, 1000, false},   {NOW_MS, 30, NOW - 1, 1500, false},
        {NOW_MS, 30, NOW, UINT32_MAX, false},
    };
    (void)state;
    CHECK(moments);
}

/* 2^40 seconds at the most, so that nothing can overflow; a clock of the far future shows it. */
static void seconds_end_before_2_to_the_40(void **state)
{
    const uint64_t limit = UINT64_C(1) << 40;
    const struct moment moments[] = {
        {1000 * limit, 30, limit - 1, 999, true},
        {1000 * limit, 30, limit, 0, false},
        {NOW_MS, 30, limit - 1, 0, false},
        {NOW_MS, 30, limit + NOW, 0, false},
        {NOW_MS, 30, UINT64_C(1) << 63, 0, false},
        /* Times 1000 these are NOW_MS again, modulo 2^64. */
        {NOW_MS, 30, NOW + (UINT64_C(1) << 61), 0, false},
        {NOW_MS, 30, UINT64_MAX, 0, false},
        {NOW_MS, 30, UINT64_MAX, 999, false},
        {NOW_MS, 30, UINT64_MAX, 4000000000u, false},
        {UINT64_MAX, 30, UINT64_MAX, 4000000000u, false},
        {UINT64_MAX, 30, NOW, 0, false},
    };
    (void)state;
    CHECK(moments);
}

static void a_clock_that_has_just_begun_is_no_trouble(void **state)
{
    static const struct moment moments[] = {
        {0, 30, 0, 0, true},     {0, 30, 30, 0, true},      {0, 30, 30, 1, false},
        {10000, 30, 0, 0, true}, {3629999, 30, 0, 0, true}, {3630000, 30, 0, 0, false},
        {0, 30, NOW, 0, false},
    };
    (void)state;
    CHECK(moments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_may_be_30_s_ahead),
        cmocka_unit_test(a_time_may_be_less_than_3630_s_behind),
        cmocka_unit_test(the_tolerance_moves_both_ends),
        cmocka_unit_test(milliseconds_end_at_999),
        cmocka_unit_test(seconds_end_before_2_to_the_40),
        cmocka_unit_test(a_clock_that_has_just_begun_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
