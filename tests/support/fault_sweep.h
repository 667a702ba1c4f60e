/* SPDX-License-Identifier: Apache-2.0 */
/* One fault at every byte of a registration, and what its class must be (registration.md R15, 13
 * test 8). */
#ifndef TESTS_SUPPORT_FAULT_SWEEP_H
#define TESTS_SUPPORT_FAULT_SWEEP_H

#include "tests/support/virtual_net.h"

/* A group of tests, in which the connection fails, is reset, stalls or is spoiled after each number
 * of bytes, in what the client sends and in what it receives. Returns what main() is to return. */
int fault_sweep_run(bool two_hops);

#endif
