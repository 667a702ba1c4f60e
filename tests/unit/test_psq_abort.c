/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that end the process of the original (protocol.md 16, rows 16 to 18; test 31): refused,
 * and not one allocation is made for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/psq/psq.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/psq_model.h"

/* The linker puts these between everything that is linked statically, the back end included, and
 * the C library. */
/* NOLINTBEGIN(bugprone-reserved-identifier): so they are called */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

static unsigned allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    allocations++;
    return __real_realloc(block, size);
}

/* Refused with `expected`; psq_model_accept_as() itself makes one copy. */
static void assert_refused(const struct psq_model *model, enum lewes_error expected)
{
    const struct lewesi_psq_acceptance in = psq_model_acceptance(model);
    allocations = 0;
    assert_int_equal(psq_model_accept_as(model, model->len, &in), expected);
    assert_int_equal(allocations, 1);
}

static void check_plaintexts(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    for (size_t len = 0; len <= LEWESI_PSQ_PLAINTEXT_LEN + 1; len++) {
        if (len == LEWESI_PSQ_PLAINTEXT_LEN)
            continue;
        model.plaintext_len = len;
        psq_model_write(&model);
        assert_refused(&model, LEWES_ERROR_PSQ);
    }
    model.plaintext_len = LEWESI_PSQ_PLAINTEXT_LEN;
    psq_model_write(&model);
    assert_int_equal(psq_model_accept(&model), LEWES_OK);
}

static void a_plaintext_of_another_length_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_plaintexts);
}

/* The X25519 suite needs no memory at all, so a whole message may be counted. */
static void a_time_that_overflows_is_refused(void **state)
{
    struct psq_model model;
    (void)state;
    psq_model_init(&model, lewesi_kem_find(LEWES_KEM_X25519));
    model.seconds = UINT64_MAX;
    model.milliseconds = 4000000000u;
    psq_model_write(&model);
    assert_refused(&model, LEWES_ERROR_CLOCK);
}

/* `tag` and a QUIC length of 8 bytes, c0… and ff…, in messages of `len` bytes. */
static void check_length_fields(const struct lewesi_kem *kem, uint8_t tag, size_t len)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    for (unsigned first = 0xc0; first <= 0xff; first++) {
        memset(model.message, first == 0xff ? 0xff : 0, sizeof model.message);
        model.message[0] = tag;
        model.message[1] = (uint8_t)first;
        model.len = len;
        assert_refused(&model, LEWES_ERROR_PSQ);
    }
}

static void check_tags(const struct lewesi_kem *kem)
{
    static const uint8_t tags[] = {0x03, 0x05};
    for (size_t i = 0; i < sizeof tags; i++) {
        check_length_fields(kem, tags[i], 60);
        check_length_fields(kem, tags[i], 9);
        check_length_fields(kem, tags[i], 2);
        check_length_fields(kem, tags[i], 207);
        check_length_fields(kem, tags[i], 1265);
        check_length_fields(kem, tags[i], 1297);
    }
}

static void a_length_field_of_any_size_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_tags);
}

/* A good message but for the three bytes that say what the ciphertext is. */
static void check_other_prefixes(const struct lewesi_kem *kem)
{
    struct psq_model model;
    psq_model_init(&model, kem);
    for (size_t at = 0; at < kem->prefix_len; at++) {
        for (unsigned value = 0; value < 256; value++) {
            psq_model_write(&model);
            if (model.message[at] == value)
                continue;
            model.message[at] = (uint8_t)value;
            assert_refused(&model, LEWES_ERROR_PSQ);
        }
    }
}

static void another_tag_or_length_of_the_ciphertext_is_refused(void **state)
{
    (void)state;
    kem_suites_each(check_other_prefixes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plaintext_of_another_length_is_refused),
        cmocka_unit_test(a_time_that_overflows_is_refused),
        cmocka_unit_test(a_length_field_of_any_size_is_refused),
        cmocka_unit_test(another_tag_or_length_of_the_ciphertext_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
