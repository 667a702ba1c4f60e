/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CONSTANT_TIME_TICKETS_H
#define TESTS_CONSTANT_TIME_TICKETS_H

/* A subject: an authority, a book from it, and payments from the book; in one process, with every
 * key, blinding and random number secret. */
void tickets_from_key_to_payment(void);
/* Adds to `sink` in a way that depends on a number of the book that has come a long way. */
void tickets_leak(volatile unsigned *sink);

#endif
