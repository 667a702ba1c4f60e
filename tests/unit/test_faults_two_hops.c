/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever goes wrong at any byte of a registration has the class of its moment (R15): two hops. */
#include "tests/support/fault_sweep.h"

int main(void)
{
    return fault_sweep_run(true);
}
