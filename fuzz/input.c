/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz/fuzz.h"

uint8_t input_u8(struct input *input)
{
    if (input->len == 0)
        return 0;
    input->len--;
    return *input->data++;
}

uint16_t input_u16(struct input *input)
{
    const unsigned high = input_u8(input);
    return (uint16_t)(high << 8 | input_u8(input));
}

uint32_t input_u32(struct input *input)
{
    const uint32_t high = input_u16(input);
    return high << 16 | input_u16(input);
}

size_t input_bytes(struct input *input, uint8_t *out, size_t cap)
{
    const size_t len = input->len < cap ? input->len : cap;
    if (len > 0)
        memcpy(out, input->data, len);
    input->data += len;
    input->len -= len;
    return len;
}

bool same_bytes(const void *a, const void *b, size_t len)
{
    return memcmp((const uint8_t *)a, (const uint8_t *)b, len) == 0;
}

/* ---- environment ---- */

static bool fails_now(struct fuzz_env *fuzz)
{
    if (fuzz->fails_in == 0)
        return false;
    fuzz->fails_in--;
    return fuzz->fails_in == 0;
}

static void *allocate(void *user, size_t size)
{
    struct fuzz_env *const fuzz = user;
    void *const block = fails_now(fuzz) ? NULL : malloc(size);
    if (block != NULL)
        fuzz->blocks++;
    return block;
}

static void release(void *user, void *block, size_t size)
{
    struct fuzz_env *const fuzz = user;
    (void)size;
    fuzz->blocks--;
    free(block);
}

/* SplitMix64 */
static int draw(void *user, uint8_t *out, size_t len)
{
    struct fuzz_env *const fuzz = user;
    if (fails_now(fuzz))
        return -1;
    for (size_t i = 0; i < len; i++) {
        uint64_t z = fuzz->stream += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        out[i] = (uint8_t)(z >> 56);
    }
    return 0;
}

void fuzz_env_init(struct fuzz_env *fuzz, uint64_t seed)
{
    *fuzz = (struct fuzz_env){.env = {fuzz, allocate, release, draw}, .stream = seed};
}
