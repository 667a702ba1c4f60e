/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the cryptographic back end: counted, and failing on demand. Calling any of these
 * functions links the hooks in; there is one back end, so there is one state. */
#ifndef TESTS_SUPPORT_BACKEND_MEMORY_H
#define TESTS_SUPPORT_BACKEND_MEMORY_H

#include <stddef.h>

/* The n-th allocation from now on fails, and no other; 0 = none. */
void backend_memory_fail(unsigned n);

/* Allocations since the last backend_memory_fail(). */
unsigned backend_memory_allocations(void);

/* Blocks in use. */
size_t backend_memory_blocks(void);

#endif
