/* SPDX-License-Identifier: Apache-2.0 */
/* One fault at every byte of a registration, and what its class must be (registration.md R15, 13
 * test 8). */
#ifndef TESTS_SUPPORT_FAULT_SWEEP_H
#define TESTS_SUPPORT_FAULT_SWEEP_H

#include "tests/support/virtual_net.h"

/* Fails, resets, stalls or spoils the connection after each number of bytes, in what the client
 * sends or in what it receives. */
void fault_sweep(bool two_hops, enum vnet_fault fault, bool inbound);

#endif
