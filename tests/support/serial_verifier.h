/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier that keeps serial numbers, as the one for real tickets does, but looks at no proof.
 * Its verdict comes when the test says so. */
#ifndef TESTS_SUPPORT_SERIAL_VERIFIER_H
#define TESTS_SUPPORT_SERIAL_VERIFIER_H

#include "gateway/verifier.h"

extern const struct verifier serial_verifier;

/* From now on checks wait for serial_verifier_decide(); false: each is valid at once. */
void serial_verifier_hold(bool hold);

/* Checks that wait. */
size_t serial_verifier_waiting(void);

/* Decides the check that has waited longest. */
void serial_verifier_decide(bool valid);

#endif
