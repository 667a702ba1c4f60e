/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/wire/subsession.h"

#define ONE_BYTE_MAX 250 /* registration.md 1 */
#define MARK_U16 0xfb    /* registration.md 1 */
#define MARK_U32 0xfc    /* registration.md 1 */
#define LEN_U16 3
#define LEN_U32 5

struct lewesi_span lewesi_kk_read(struct lewesi_span body)
{
    if (body.len != LEWESI_KK_LEN || body.data[0] != LEWESI_KK_NOISE_LEN)
        return (struct lewesi_span){NULL, 0};
    return (struct lewesi_span){body.data + 1, LEWESI_KK_NOISE_LEN};
}

bool lewesi_ready_read(uint32_t *index, struct lewesi_span body)
{
    uint32_t value, least;

    if (body.len == 1 && body.data[0] <= ONE_BYTE_MAX) {
        value = body.data[0];
        least = 0;
    } else if (body.len == LEN_U16 && body.data[0] == MARK_U16) {
        value = (uint32_t)body.data[1] << 8 | body.data[2];
        least = ONE_BYTE_MAX + 1;
    } else if (body.len == LEN_U32 && body.data[0] == MARK_U32) {
        value = lewesi_load32be(body.data + 1);
        least = (uint32_t)UINT16_MAX + 1;
    } else {
        return false;
    }
    if (value < least)
        return false;
    *index = value;
    return true;
}

size_t lewesi_ready_write(uint8_t out[LEWESI_READY_MAX], uint32_t index)
{
    if (index <= ONE_BYTE_MAX) {
        out[0] = (uint8_t)index;
        return 1;
    }
    if (index <= UINT16_MAX) {
        out[0] = MARK_U16;
        out[1] = (uint8_t)(index >> 8);
        out[2] = (uint8_t)index;
        return LEN_U16;
    }
    out[0] = MARK_U32;
    lewesi_store32be(out + 1, index);
    return LEN_U32;
}
