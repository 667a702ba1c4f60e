/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/secret.h"

#include <string.h>

#include <lewes/keys.h>

/* Hides a value from the optimiser, which could otherwise leave a loop early. */
static unsigned opaque(unsigned v)
{
    __asm__ volatile("" : "+r"(v));
    return v;
}

void lewesi_wipe(void *block, size_t len)
{
    if (len == 0)
        return;
    memset(block, 0, len);
    /* Somebody might read it: the memset must stay. */
    __asm__ volatile("" : : "r"(block) : "memory");
}

void lewes_wipe(void *block, size_t len)
{
    lewesi_wipe(block, len);
}

bool lewesi_equal(const void *a, const void *b, size_t len)
{
    const uint8_t *const x = a, *const y = b;
    unsigned difference = 0;

    for (size_t i = 0; i < len; i++)
        difference = opaque(difference | (unsigned)(x[i] ^ y[i]));
    return difference == 0;
}

bool lewesi_is_zero(const void *a, size_t len)
{
    const uint8_t *const x = a;
    unsigned bits = 0;

    for (size_t i = 0; i < len; i++)
        bits = opaque(bits | x[i]);
    return bits == 0;
}
