/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/secret.h"

#include <stdint.h>

#define CHUNK 256

void make_secret(void *at, size_t len)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(at, len);
}

void make_public(void *at, size_t len)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(at, len);
}

bool is_secret(const void *at, size_t len)
{
    uint8_t bits[CHUNK] = {0};
    unsigned any = 0;

    for (size_t done = 0; done < len; done += CHUNK) {
        const size_t part = len - done < CHUNK ? len - done : CHUNK;
        (void)VALGRIND_GET_VBITS((const uint8_t *)at + done, bits, part);
        for (size_t i = 0; i < part; i++)
            any |= bits[i];
    }
    return any != 0;
}
