/* SPDX-License-Identifier: Apache-2.0 */
#include <lewes/session.h>

#include "lib/base/bytes.h"

enum lewes_error lewes_frame_length(const uint8_t prefix[LEWES_FRAME_PREFIX_LEN], size_t cap,
                                    size_t *len)
{
    size_t announced = lewesi_load32be(prefix);

    if (announced < LEWES_PACKET_MIN || announced > LEWES_PACKET_MAX || announced > cap)
        return LEWES_ERROR_LENGTH;
    *len = announced;
    return LEWES_OK;
}

void lewes_frame_prefix(uint8_t out[LEWES_FRAME_PREFIX_LEN], size_t len)
{
    lewesi_store32be(out, (uint32_t)len);
}
