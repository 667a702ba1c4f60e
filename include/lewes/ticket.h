/* SPDX-License-Identifier: Apache-2.0 */
/* Payments (ecash.md 5): their form, and a well-formed one that proves nothing, for development. */
#ifndef LEWES_TICKET_H
#define LEWES_TICKET_H

#include <lewes/base.h>
#include <lewes/registration.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_SERIAL_LEN 48 /* ecash.md 5, S */

/*
 * Checks the form of a payment: size, fixed bytes, value and scalars in range (ecash.md 6, step 1).
 * It says nothing about whether the payment is valid.
 *
 * @retval LEWES_ERROR_LENGTH  neither 1 157 nor 1 190 bytes
 * @retval LEWES_ERROR_FORMAT  a length byte, count, value or scalar is wrong
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_payment_check_form(const uint8_t *payment,
                                                                   size_t len);

/* Returns the ticket type that a payment of good form carries. */
LEWES_API enum lewes_ticket_type lewes_payment_type(const uint8_t *payment);

/* Copies the serial number of a payment of good form. */
LEWES_API void lewes_payment_serial(uint8_t serial[LEWES_SERIAL_LEN], const uint8_t *payment);

/* Writes a payment in which every point is a group generator and every scalar small: of good form,
 * decodable by the strictest reader, and worthless. */
LEWES_API void lewes_payment_mock(uint8_t out[LEWES_PAYMENT_BOUND_LEN],
                                  enum lewes_ticket_type type);

#ifdef __cplusplus
}
#endif

#endif
