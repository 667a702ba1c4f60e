/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of the one product (ecash.md E22), seen on their way into the back end: who makes a
 * payment must not know them before all of its points are fixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "lib/crypto/crypto.h"
#include "lib/ecash/curve.h"
#include "tests/support/tickets.h"

#define WEIGHT_BITS 128
#define EQUATIONS 3

/* The linker puts this between lib/ecash and the curve. */
void __real_blst_p1_mult(blst_p1 *out, const blst_p1 *point, const byte *scalar, size_t bits);
void __wrap_blst_p1_mult(blst_p1 *out, const blst_p1 *point, const byte *scalar, size_t bits);

static uint8_t used[2 * EQUATIONS][WEIGHT_BITS / 8]; /* for h and s of each equation */
static size_t count;

void __wrap_blst_p1_mult(blst_p1 *out, const blst_p1 *point, const byte *scalar, size_t bits)
{
    if (bits == WEIGHT_BITS) {
        assert_true(count < 2 * EQUATIONS);
        memcpy(used[count++], scalar, sizeof used[0]);
    }
    __real_blst_p1_mult(out, point, scalar, bits);
}

/* SHA-256(label ‖ SHA-256(payment ‖ pay_info ‖ day ‖ key) ‖ i), 16 bytes of it, odd. */
static void expect(uint8_t weight[WEIGHT_BITS / 8], const struct tickets_payment *payment,
                   struct lewesi_span key, uint8_t i)
{
    uint8_t bytes[LEWES_PAYMENT_BOUND_LEN + LEWES_PAY_INFO_LEN + 4], hash[32], outer[19 + 32 + 1];
    struct lewesi_writer w;

    lewesi_writer_init(&w, bytes, sizeof bytes);
    lewesi_write_copy(&w, payment->claim.payment, payment->claim.len);
    lewesi_write_copy(&w, payment->claim.pay_info, LEWES_PAY_INFO_LEN);
    lewesi_write_u32le(&w, payment->claim.day);
    lewesi_sha256(hash, (struct lewesi_span){bytes, w.at}, key);
    lewesi_writer_init(&w, outer, sizeof outer);
    lewesi_write_copy(&w, (const uint8_t *)"lewes-ecash-weights", 19);
    lewesi_write_copy(&w, hash, sizeof hash);
    lewesi_write_u8(&w, i);
    assert_false(w.failed);
    lewesi_sha256(hash, (struct lewesi_span){outer, w.at}, (struct lewesi_span){NULL, 0});
    memcpy(weight, hash, WEIGHT_BITS / 8);
    weight[0] |= 1;
}

static void weights_of_128_bits_depend_on_all_that_is_checked(void **state)
{
    static struct tickets tickets;
    static struct tickets_payment payment;
    uint8_t bytes[LEWES_MINT_KEY_MAX];
    struct lewes_ticket ticket;

    (void)state;
    tickets_load(&tickets);
    tickets_good(&tickets, &payment);
    const unsigned number = payment.key == tickets.keys[0] ? 0 : 1;
    const json_t *const set =
        json_array_get(vectors_member(tickets.root, "authority_sets"), number);
    const size_t len = vectors_hex(vectors_member(set, "aggregated_verification_key"), "bytes",
                                   bytes, sizeof bytes);
    assert_int_equal(lewes_ticket_verify(payment.key, &payment.claim, &ticket), LEWES_OK);
    assert_int_equal(count, 2 * EQUATIONS);
    for (uint8_t i = 0; i < EQUATIONS; i++) {
        uint8_t weight[WEIGHT_BITS / 8];

        expect(weight, &payment, (struct lewesi_span){bytes, len}, i);
        assert_memory_equal(used[2 * i], weight, sizeof weight);
        assert_memory_equal(used[2 * i + 1], weight, sizeof weight);
    }
    tickets_unload(&tickets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_128_bits_depend_on_all_that_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
