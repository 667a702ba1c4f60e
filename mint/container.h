/* SPDX-License-Identifier: Apache-2.0 */
/* The credential container of a registration (registration.md 4). */
#ifndef LEWES_MINT_CONTAINER_H
#define LEWES_MINT_CONTAINER_H

#include <stdbool.h>

#include <lewes/registration.h>

#define CONTAINER_CAP 1400

/* Returns the length; 0 if a field has no encoding. */
size_t container_write(uint8_t out[CONTAINER_CAP], const struct lewes_credential *credential);

/* The payment points into `bytes`, and its form is sound as far as lewes_payment_measure() goes.
 * LEWES_ERROR_FORMAT, or the verdict on the payment. */
LEWES_MUST_USE enum lewes_error container_read(struct lewes_credential *credential,
                                               const uint8_t *bytes, size_t len);

/* 00:00 UTC of the date. */
uint32_t container_day(const struct lewes_credential *credential);

#endif
