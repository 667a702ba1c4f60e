/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/base.h>

/* The tables of protocol.md 10.1 and include/lewes/base.h. */
struct row {
    enum lewes_error error;
    enum lewes_error_class class;
};

static const struct row rows[] = {
    {LEWES_OK, LEWES_CLASS_NONE},
    {LEWES_ERROR_ARGUMENT, LEWES_CLASS_CALLER},
    {LEWES_ERROR_NOT_READY, LEWES_CLASS_CALLER},
    {LEWES_ERROR_CLOSED, LEWES_CLASS_CALLER},
    {LEWES_ERROR_READ_ONLY, LEWES_CLASS_CALLER},
    {LEWES_ERROR_TOO_LONG, LEWES_CLASS_CALLER},
    {LEWES_ERROR_SPACE, LEWES_CLASS_CALLER},
    {LEWES_ERROR_EXHAUSTED, LEWES_CLASS_CALLER},
    {LEWES_ERROR_VALUE, LEWES_CLASS_CALLER},
    {LEWES_ERROR_KEY, LEWES_CLASS_CALLER},
    {LEWES_ERROR_LENGTH, LEWES_CLASS_PACKET},
    {LEWES_ERROR_FORMAT, LEWES_CLASS_PACKET},
    {LEWES_ERROR_TYPE, LEWES_CLASS_PACKET},
    {LEWES_ERROR_INDEX, LEWES_CLASS_PACKET},
    {LEWES_ERROR_AUTH, LEWES_CLASS_PACKET},
    {LEWES_ERROR_REPLAY, LEWES_CLASS_PACKET},
    {LEWES_ERROR_STATE, LEWES_CLASS_PACKET},
    {LEWES_ERROR_KKT, LEWES_CLASS_PACKET},
    {LEWES_ERROR_PSQ, LEWES_CLASS_PACKET},
    {LEWES_ERROR_CLOCK, LEWES_CLASS_PACKET},
    {LEWES_ERROR_NOISE, LEWES_CLASS_PACKET},
    {LEWES_ERROR_COLLISION, LEWES_CLASS_SESSION},
    {LEWES_ERROR_BUSY, LEWES_CLASS_SESSION},
    {LEWES_ERROR_KKT_STATUS, LEWES_CLASS_SESSION},
    {LEWES_ERROR_KKT_KEY, LEWES_CLASS_SESSION},
    {LEWES_ERROR_SUITE, LEWES_CLASS_SESSION},
    {LEWES_ERROR_IDENTITY, LEWES_CLASS_SESSION},
    {LEWES_ERROR_PEER, LEWES_CLASS_SESSION},
    {LEWES_ERROR_GIVE_UP, LEWES_CLASS_SESSION},
    {LEWES_ERROR_TIMEOUT, LEWES_CLASS_SESSION},
    {LEWES_ERROR_MEMORY, LEWES_CLASS_MACHINE},
    {LEWES_ERROR_RANDOM, LEWES_CLASS_MACHINE},
    {LEWES_ERROR_CRYPTO, LEWES_CLASS_MACHINE},
    {LEWES_ERROR_TICKET_FORM, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_VALUE, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_SHAPE, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_TYPE, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_UNBOUND, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_POINT, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_PROOF, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_WALLET, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_DATE, LEWES_CLASS_TICKET},
    {LEWES_ERROR_TICKET_INDEX, LEWES_CLASS_TICKET},
};

#define ROWS (sizeof rows / sizeof rows[0])

static void every_error_has_its_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(lewes_error_class(rows[i].error), rows[i].class);
}

static void every_error_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const char *const text = lewes_strerror(rows[i].error);

        assert_true(strlen(text) > 0);
        assert_string_not_equal(text, "unknown error");
        assert_int_not_equal(text[strlen(text) - 1], '.');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(text, lewes_strerror(rows[j].error));
    }
}

static void all_other_numbers_are_unknown(void **state)
{
    unsigned known = 0;

    (void)state;
    for (int number = -1000; number <= 1000; number++) {
        /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
        known += strcmp(lewes_strerror((enum lewes_error)number), "unknown error") != 0;
    }
    assert_int_equal(known, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_class),
        cmocka_unit_test(every_error_has_a_text_of_its_own),
        cmocka_unit_test(all_other_numbers_are_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
