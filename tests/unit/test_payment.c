/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/ticket.h>

#include "tests/support/messages.h"

#define LEN LEWES_PAYMENT_BOUND_LEN

/* Where the table of ecash.md 5 puts what is fixed in a bound payment. */
static const struct {
    size_t at;
    uint8_t value;
} fixed[] = {
    {0, 0x60},    {97, 0x60},   {194, 0x30},  {243, 0x30}, {292, 0x30},  {341, 0x30}, {390, 1},
    {391, 0x60},  {488, 1},     {489, 0x30},  {538, 0x30}, {587, 1},     {588, 0x30}, {637, 1},
    {638, 0x30},  {687, 1},     {688, 0x30},  {737, 1},    {738, 0x30},  {788, 0x20}, {821, 0x20},
    {854, 0x20},  {887, 1},     {888, 0x20},  {921, 1},    {922, 0x20},  {955, 1},    {956, 0x20},
    {989, 0x20},  {1022, 1},    {1023, 0x20}, {1056, 1},   {1057, 0x20}, {1090, 3},   {1091, 0x20},
    {1124, 0x20}, {1157, 0x20},
};

static void a_mock_payment_has_good_form_and_the_type_asked_for(void **state)
{
    uint8_t payment[LEN];
    (void)state;
    for (int type = 0; type <= LEWES_TICKET_WG_EXIT; type++) {
        lewes_payment_mock(payment, (enum lewes_ticket_type)type);
        struct lewes_payment_view view;
        assert_int_equal(lewes_payment_peek(&view, payment, sizeof payment), LEWES_OK);
        assert_int_equal(view.type, type);
        assert_true(view.bound);
    }
}

/* The published payment was decoded by the original, which checks that points are points: every
 * point of ours is one of its points. */
static void the_points_of_a_mock_payment_are_those_of_the_published_one(void **state)
{
    static const size_t points[][2] = {{1, 96},   {98, 96},  {195, 48}, {244, 48}, {293, 48},
                                       {342, 48}, {392, 96}, {490, 48}, {539, 48}, {589, 48},
                                       {639, 48}, {689, 48}, {739, 48}};
    struct lewes_request request;
    uint8_t published[LEN], mock[LEN];
    (void)state;
    message_request(&request, published);
    lewes_payment_mock(mock, LEWES_TICKET_WG_ENTRY);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        assert_memory_equal(mock + points[i][0], published + points[i][0], points[i][1]);
}

static void the_published_payment_has_good_form(void **state)
{
    struct lewes_request request;
    struct lewes_payment_view view;
    uint8_t payment[LEN];
    size_t len = 0;
    (void)state;
    message_request(&request, payment);
    assert_int_equal(lewes_payment_measure(payment, LEN, &len), LEWES_OK);
    assert_int_equal(len, LEWES_PAYMENT_UNBOUND_LEN);
    assert_int_equal(lewes_payment_peek(&view, payment, len), LEWES_OK);
    assert_int_equal(view.type, LEWES_TICKET_WG_ENTRY);
    assert_false(view.bound);
    assert_memory_equal(view.serial, payment + 589, sizeof view.serial);
    assert_memory_equal(view.tag, payment + 639, sizeof view.tag);
}

static void a_payment_ends_where_it_ends(void **state)
{
    static uint8_t payment[LEN + 100];
    struct lewes_payment_view view;
    size_t len = 0;
    (void)state;
    lewes_payment_mock(payment, LEWES_TICKET_WG_ENTRY);
    for (size_t available = 0; available < LEN; available++) {
        assert_int_equal(lewes_payment_measure(payment, available, &len), LEWES_ERROR_TICKET_FORM);
        assert_int_equal(lewes_payment_peek(&view, payment, available), LEWES_ERROR_TICKET_FORM);
    }
    assert_int_equal(len, 0);
    assert_int_equal(lewes_payment_measure(payment, sizeof payment, &len), LEWES_OK);
    assert_int_equal(len, LEN);
    assert_int_equal(lewes_payment_peek(&view, payment, LEN + 1), LEWES_ERROR_TICKET_FORM);
}

static bool is_count(size_t at)
{
    static const size_t counts[] = {390, 488, 587, 637, 687, 887, 921, 955, 1022, 1056, 1090};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i] == at)
            return true;
    return false;
}

/* What a fixed byte of another value means (ecash.md 6, step 1). */
static enum lewes_error verdict_of(size_t at, unsigned value)
{
    const bool one_byte = value <= 250; /* ecash.md E3 */
    if (one_byte && at == 737)
        return LEWES_ERROR_TICKET_VALUE;
    if (one_byte && at == 390 && value > 1 && value <= 50) /* tickets of one book */
        return LEWES_ERROR_TICKET_VALUE;
    /* Without rho_rk the rest stands 33 bytes earlier: its first list has a scalar for its count.
     */
    if (at == 887 && value == 0)
        return LEWES_ERROR_TICKET_SHAPE;
    return one_byte && is_count(at) ? LEWES_ERROR_TICKET_SHAPE : LEWES_ERROR_TICKET_FORM;
}

static void every_fixed_byte_has_one_value(void **state)
{
    struct lewes_payment_view view;
    uint8_t payment[LEN];
    (void)state;
    lewes_payment_mock(payment, LEWES_TICKET_WG_ENTRY);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const size_t at = fixed[i].at;
        assert_int_equal(payment[at], fixed[i].value);
        for (unsigned value = 0; value < 256; value++) {
            payment[at] = (uint8_t)value;
            assert_int_equal(lewes_payment_peek(&view, payment, LEN),
                             value == fixed[i].value ? LEWES_OK : verdict_of(at, value));
        }
        payment[at] = fixed[i].value;
    }
}

static void a_type_above_3_is_refused(void **state)
{
    struct lewes_payment_view view;
    uint8_t payment[LEN];
    (void)state;
    lewes_payment_mock(payment, LEWES_TICKET_WG_ENTRY);
    payment[787] = 4;
    assert_int_equal(lewes_payment_peek(&view, payment, LEN), LEWES_ERROR_TICKET_TYPE);
}

static void a_scalar_is_below_the_order_of_the_group(void **state)
{
    static const uint8_t order[32] = {/* r of BLS12-381, little-endian */
                                      0x01, 0,    0,    0,    0xff, 0xff, 0xff, 0xff,
                                      0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53,
                                      0x05, 0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33,
                                      0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73};
    static const size_t scalars[] = {789, 822,  855,  889,  923,  957,
                                     990, 1024, 1058, 1092, 1125, 1158};
    struct lewes_payment_view view;
    uint8_t payment[LEN];
    (void)state;
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        lewes_payment_mock(payment, LEWES_TICKET_WG_ENTRY);
        memcpy(payment + scalars[i], order, sizeof order);
        assert_int_equal(lewes_payment_peek(&view, payment, LEN), LEWES_ERROR_TICKET_FORM);
        payment[scalars[i]] = 0; /* r - 1 */
        assert_int_equal(lewes_payment_peek(&view, payment, LEN), LEWES_OK);
        payment[scalars[i] + 31] = 0xff;
        assert_int_equal(lewes_payment_peek(&view, payment, LEN), LEWES_ERROR_TICKET_FORM);
    }
}

static void a_point_is_compressed(void **state)
{
    struct lewes_payment_view view;
    uint8_t payment[LEN];
    (void)state;
    lewes_payment_mock(payment, LEWES_TICKET_WG_ENTRY);
    payment[1] &= 0x7f;
    assert_int_equal(lewes_payment_peek(&view, payment, LEN), LEWES_ERROR_TICKET_FORM);
    payment[1] |= 0xe0; /* infinity with a sign */
    assert_int_equal(lewes_payment_peek(&view, payment, LEN), LEWES_ERROR_TICKET_FORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mock_payment_has_good_form_and_the_type_asked_for),
        cmocka_unit_test(the_points_of_a_mock_payment_are_those_of_the_published_one),
        cmocka_unit_test(the_published_payment_has_good_form),
        cmocka_unit_test(a_payment_ends_where_it_ends),
        cmocka_unit_test(every_fixed_byte_has_one_value),
        cmocka_unit_test(a_type_above_3_is_refused),
        cmocka_unit_test(a_scalar_is_below_the_order_of_the_group),
        cmocka_unit_test(a_point_is_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
