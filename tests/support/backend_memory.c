/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backend_memory.h"

#include <stdlib.h>
#include <string.h>

/* In front of each block, and as large as the strictest alignment. */
struct header {
    _Alignas(max_align_t) size_t size;
};

static unsigned allocations, failing;
static size_t blocks;

/* Hooks of the back end. */
void *OPENSSL_memory_alloc(size_t size);
void *OPENSSL_memory_realloc(void *block, size_t size);
void OPENSSL_memory_free(void *block);
size_t OPENSSL_memory_get_size(void *block);

void *OPENSSL_memory_alloc(size_t size)
{
    struct header *header;

    if (++allocations == failing)
        return NULL;
    header = malloc(sizeof *header + size);
    if (header == NULL)
        return NULL;
    header->size = size;
    blocks++;
    return header + 1;
}

size_t OPENSSL_memory_get_size(void *block)
{
    const struct header *const header = block;

    return header[-1].size;
}

void OPENSSL_memory_free(void *block)
{
    struct header *const header = (struct header *)block - 1;

    memset(block, 0, header->size);
    blocks--;
    free(header);
}

void *OPENSSL_memory_realloc(void *block, size_t size)
{
    void *const moved = OPENSSL_memory_alloc(size);
    size_t old;

    if (moved != NULL && block != NULL) {
        old = OPENSSL_memory_get_size(block);
        memcpy(moved, block, old < size ? old : size);
        OPENSSL_memory_free(block);
    }
    return moved;
}

void backend_memory_fail(unsigned n)
{
    allocations = 0;
    failing = n;
}

unsigned backend_memory_allocations(void)
{
    return allocations;
}

size_t backend_memory_blocks(void)
{
    return blocks;
}
